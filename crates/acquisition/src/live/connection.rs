//! The connection to a service: opening, subscription, receiving and reconnect.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use super::{Event, Live, Protocol, ServerMessage, State};
use crate::bad_rows::RowFilter;
use crate::http::backoff::Backoff;
use crate::http::{Socket, SocketMessage};
use crate::{Error, Result};

#[derive(Debug)]
pub(super) enum Connection {
    /// No connection, after this number of consecutive failures.
    Closed {
        failures: u32,
        not_before: Instant,
    },
    Open(Box<Open>),
}

#[derive(Debug)]
pub(super) struct Open {
    socket: Socket,
    since: Instant,
    /// The number of consecutive failures before this connection.
    failures: u32,
    /// The time of the last message.
    heard: Instant,
    /// The time of the last event.
    event: Instant,
    /// The deadline for the answers to all subscriptions; `None` once all are there.
    answers_due: Option<Instant>,
    next_beat: Option<Instant>,
    /// The last instant at which every message that had arrived was processed.
    quiet: DateTime<Utc>,
    /// The value of `quiet` before the last message: everything sent before it has been received.
    pub(super) complete: DateTime<Utc>,
}

impl Open {
    /// Extends the timeouts by `away`, the time in which no fetch listened, which is no fault of the service.
    pub(super) fn forgive(&mut self, away: std::time::Duration) {
        self.heard += away;
        self.event += away;
        self.answers_due = self.answers_due.map(|due| due + away);
    }

    fn broken(&self, reason: impl Into<String>) -> Error {
        broken(&self.socket, reason)
    }
}

fn broken(socket: &Socket, reason: impl Into<String>) -> Error {
    Error::Interrupted { endpoint: socket.endpoint().clone(), reason: reason.into() }
}

impl<P: Protocol> Live<P> {
    /// Waits for the end of the backoff, if it is before `deadline`, and connects.
    pub(super) async fn reconnect(&self, state: &mut State, deadline: Instant) {
        let Connection::Closed { failures, not_before } = state.line else { return };
        sleep_until(not_before.min(deadline)).await;
        if not_before > deadline {
            return;
        }
        match self.connect(failures).await {
            Ok(up) => state.line = Connection::Open(Box::new(up)),
            Err(error) => self.fall(state, error),
        }
    }

    async fn connect(&self, failures: u32) -> Result<Open> {
        let mut socket = self.sockets.open(self.protocol.path()).await?;
        for text in self.protocol.subscribe() {
            let sent = timeout(self.config.ack_timeout, socket.send(text)).await;
            sent.unwrap_or_else(|_| Err(broken(&socket, "it does not take a subscription")))?;
        }
        let (since, now) = (Instant::now(), self.clock.now());
        Ok(Open {
            socket,
            since,
            failures,
            heard: since,
            event: since,
            answers_due: Some(since + self.config.ack_timeout),
            next_beat: self.protocol.heartbeat().map(|(every, _)| since + every),
            quiet: now,
            complete: now,
        })
    }

    /// Receives one message, if one arrives before `deadline`, and does what is due.
    pub(super) async fn listen(&self, state: &mut State, deadline: Instant) {
        let Connection::Open(up) = &mut state.line else { return };
        let heard = match up.socket.heard() {
            Some(heard) => heard,
            None => {
                up.quiet = self.clock.now();
                if let Err(error) = self.keep_up(state).await {
                    return self.fall(state, error);
                }
                let Connection::Open(up) = &mut state.line else { return };
                let wake = self.due(up).min(deadline);
                match timeout_at(wake, up.socket.hear()).await {
                    Ok(heard) => heard,
                    Err(_) => return,
                }
            }
        };
        let heard = match heard {
            Ok(heard) => heard,
            Err(error) => return self.fall(state, error),
        };
        if let Some(up) = up_of(state) {
            up.heard = Instant::now();
            up.complete = up.quiet;
        }
        match heard {
            SocketMessage::Text(text) => self.take(state, &text),
            SocketMessage::Binary(bytes) => {
                tracing::debug!(source = self.protocol.name(), bytes, "a binary message, ignored");
            }
            SocketMessage::Life => {}
        }
    }

    /// Returns the next instant at which something is due.
    fn due(&self, up: &Open) -> Instant {
        let silence = up.heard + self.config.silence_timeout;
        let data = self.config.data_timeout.map(|most| up.event + most);
        [up.answers_due, up.next_beat, data].into_iter().flatten().fold(silence, Instant::min)
    }

    /// Does what is due while no message arrives: finalizes candles, checks timeouts and sends heartbeats.
    async fn keep_up(&self, state: &mut State) -> Result<()> {
        let now = Instant::now();
        let grace = TimeDelta::from_std(self.config.grace).unwrap_or(TimeDelta::MAX);
        let Connection::Open(up) = &mut state.line else { return Ok(()) };
        for track in &mut state.tracks {
            // The reference is the instant up to which messages were received, not the present.
            if let Some(bar) = track.overdue(up.complete, grace) {
                track.add_row();
                state.pending.candle(bar);
            }
        }
        if now >= up.heard + self.config.silence_timeout {
            return Err(up.broken("it has fallen silent"));
        }
        if self.config.data_timeout.is_some_and(|most| now >= up.event + most) {
            return Err(up.broken("it is alive and tells nothing"));
        }
        if up.next_beat.is_some_and(|due| now >= due)
            && let Some((every, text)) = self.protocol.heartbeat()
        {
            let sent = timeout(self.config.ack_timeout, up.socket.send(text.into())).await;
            sent.unwrap_or_else(|_| Err(up.broken("it takes nothing any more")))?;
            up.next_beat = Some(now + every);
        }
        if up.answers_due.is_some_and(|due| now >= due) {
            if state.tracks.iter().all(|track| !track.is_answered()) {
                return Err(up.broken("it does not answer our subscription"));
            }
            let waited = self.config.ack_timeout;
            for at in 0..state.tracks.len() {
                if !state.tracks[at].is_answered() {
                    self.refuse(state, at, format!("no answer to the subscription in {waited:?}"));
                }
            }
            self.answered(state)?;
        }
        Ok(())
    }

    /// Processes a message.
    fn take(&self, state: &mut State, text: &str) {
        let now = self.clock.now();
        let said = match self.protocol.read(text, now) {
            Ok(said) => said,
            Err(error) => return self.sift(state, "unknown", error, text),
        };
        for said in said {
            match said {
                ServerMessage::Accepted(at) => {
                    state.welcome = true;
                    state.tracks[at].begin(now, None);
                }
                ServerMessage::Refused(at, reason) => self.refuse(state, at, reason),
                ServerMessage::Complaint(reason) => {
                    return self.hang_up(state, format!("it says: {reason}"));
                }
                ServerMessage::Event { series, event, snapshot } => {
                    if let Some(up) = up_of(state) {
                        up.event = Instant::now();
                    }
                    take_event(state, series, event, snapshot);
                    continue;
                }
                ServerMessage::Bad { table, content, error } => {
                    self.sift(state, table, error, &content);
                    continue;
                }
            }
            if let Err(error) = self.answered(state) {
                return self.fall(state, error);
            }
        }
    }

    /// Quarantines an invalid message; or closes the connection and fails after the page with the good rows,
    /// because the ledger must not claim complete coverage.
    fn sift(&self, state: &mut State, table: &'static str, error: Error, content: &str) {
        let now = self.clock.now();
        let mut sieve =
            RowFilter::new(self.bad_rows, table, "message").hiding(self.sockets.hidden());
        state.bad += 1;
        let at = now.to_rfc3339_opts(SecondsFormat::Micros, true);
        let place = || format!("{at} #{}", state.bad);
        if let Err(error) = sieve.pass(Err::<(), _>(error), place, || content.into()) {
            self.hang_up(state, "its message makes no sense");
            state.broken = Some(error);
            return;
        }
        state.pending.bad.extend(sieve.into_bad());
    }

    fn hang_up(&self, state: &mut State, reason: impl Into<String>) {
        if let Connection::Open(up) = &state.line {
            let error = up.broken(reason);
            self.fall(state, error);
        }
    }

    fn refuse(&self, state: &mut State, at: usize, reason: String) {
        let reason = self.sockets.hidden().text(&reason);
        let track = &mut state.tracks[at];
        tracing::warn!(source = self.protocol.name(), series = track.series, reason, "refused");
        track.begin(self.clock.now(), Some(reason));
        if let Some(row) = track.coverage(self.protocol.name(), self.clock.now()) {
            state.pending.coverage(row);
        }
    }

    /// Checks the answers to the subscriptions: an error if all series are answered for and all are refused.
    fn answered(&self, state: &mut State) -> Result<()> {
        if state.tracks.iter().any(|track| !track.is_answered()) {
            return Ok(());
        }
        if let Some(up) = up_of(state) {
            up.answers_due = None;
        }
        match state.tracks.first().filter(|_| state.tracks.iter().all(|track| track.is_refused())) {
            None => Ok(()),
            Some(first) => Err(Error::Refused {
                service: self.protocol.name(),
                series: first.series.clone(),
                reason: first.refusal().unwrap_or_default().into(),
            }),
        }
    }

    /// Handles a lost connection: ends the runs, and schedules the reconnect, or fails if the error is
    /// permanent.
    pub(super) fn fall(&self, state: &mut State, error: Error) {
        let error = self.sockets.hidden().error(error);
        let now = self.clock.now();
        let failures = match &state.line {
            Connection::Closed { failures, .. } => failures.saturating_add(1),
            Connection::Open(up) if up.since.elapsed() >= self.config.reconnect.stable_after => 1,
            Connection::Open(up) => up.failures.saturating_add(1),
        };
        if let Connection::Open(up) = &state.line {
            for track in &mut state.tracks {
                track.extend(up.complete);
                if let Some(row) = track.end(self.protocol.name(), now) {
                    state.pending.coverage(row);
                }
            }
        }
        let reconnect = &self.config.reconnect;
        let backoff = Backoff::new(reconnect.first_pause, reconnect.longest_pause);
        let pause = backoff.after(failures);
        state.line = Connection::Closed { failures, not_before: Instant::now() + pause };
        let hopeless = match &error {
            Error::Auth { .. } | Error::TooLarge { .. } | Error::Config { .. } => true,
            // A service that accepted a subscription before will do so again.
            Error::Refused { .. } | Error::NotJson { .. } | Error::Redirect { .. } => {
                !state.welcome
            }
            error => !error.is_temporary() && !state.welcome,
        };
        if hopeless || reconnect.failures.is_some_and(|most| failures > most) {
            state.broken = Some(error);
        } else {
            let source = self.protocol.name();
            tracing::warn!(source, failures, ?pause, %error, "the stream broke off, will connect again");
        }
    }
}

fn up_of(state: &mut State) -> Option<&mut Open> {
    match &mut state.line {
        Connection::Open(up) => Some(up),
        Connection::Closed { .. } => None,
    }
}

fn take_event(state: &mut State, series: usize, event: Event, snapshot: bool) {
    let (track, pending) = (&mut state.tracks[series], &mut state.pending);
    match event {
        Event::Quote(quote) => {
            // The quote may be the latest one from long ago, so it does not extend the run backwards.
            track.event(quote.at);
            track.add_row();
            pending.quote(quote);
        }
        Event::Trade(trade) => {
            // A snapshot may omit trades of its first instant.
            let beyond = TimeDelta::microseconds(i64::from(snapshot));
            track.reach_back(trade.at + beyond);
            track.event(trade.at);
            if track.is_new(&trade) {
                track.add_row();
                pending.trade(trade);
            }
        }
        Event::Bar(bar, interval) => {
            track.reach_back(bar.open_at);
            track.event(bar.open_at);
            if let Some(finished) = track.bar(bar, interval) {
                track.add_row();
                pending.candle(finished);
            }
        }
    }
}
