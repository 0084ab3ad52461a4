//! Receiving from a service: opening, subscription, messages, timeouts, and reconnect with backoff.

use chrono::{SecondsFormat, TimeDelta};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use super::connection::{Connection, OpenConnection, broken};
use super::driver::{Live, State};
use super::protocol::{Event, Protocol, ServerMessage};
use crate::bad_rows::RowFilter;
use crate::http::backoff::Backoff;
use crate::http::socket::SocketMessage;
use crate::{Error, Result};

impl<P: Protocol> Live<P> {
    /// Waits for the end of the backoff, if it is before `deadline`, and connects.
    pub(super) async fn reconnect(&self, state: &mut State, deadline: Instant) {
        let Connection::Closed { failures, not_before } = state.connection else { return };
        sleep_until(not_before.min(deadline)).await;
        if not_before > deadline {
            return;
        }
        match self.connect(failures).await {
            Ok(open) => state.connection = Connection::Open(Box::new(open)),
            Err(error) => self.disconnect(state, error),
        }
    }

    async fn connect(&self, failures: u32) -> Result<OpenConnection> {
        let mut socket = self.sockets.open(self.protocol.path()).await?;
        for text in self.protocol.subscribe() {
            let sent = timeout(self.config.ack_timeout, socket.send(text)).await;
            sent.unwrap_or_else(|_| Err(broken(&socket, "it does not take a subscription")))?;
        }
        let (since, now) = (Instant::now(), self.clock.now());
        Ok(OpenConnection {
            socket,
            since,
            failures,
            received: since,
            event: since,
            answers_due: Some(since + self.config.ack_timeout),
            next_heartbeat: self.protocol.heartbeat().map(|(every, _)| since + every),
            caught_up_at: now,
            complete: now,
        })
    }

    /// Receives one message, if one arrives before `deadline`, and does what is due.
    pub(super) async fn listen(&self, state: &mut State, deadline: Instant) {
        let Connection::Open(open) = &mut state.connection else { return };
        let received = match open.socket.try_receive() {
            Some(received) => received,
            None => {
                open.caught_up_at = self.clock.now();
                if let Err(error) = self.run_due_work(state).await {
                    return self.disconnect(state, error);
                }
                let Connection::Open(open) = &mut state.connection else { return };
                let wake = self.next_deadline(open).min(deadline);
                match timeout_at(wake, open.socket.receive()).await {
                    Ok(received) => received,
                    Err(_) => return,
                }
            }
        };
        let received = match received {
            Ok(received) => received,
            Err(error) => return self.disconnect(state, error),
        };
        if let Some(open) = open_connection(state) {
            open.received = Instant::now();
            open.complete = open.caught_up_at;
        }
        match received {
            SocketMessage::Text(text) => self.handle_message(state, &text),
            SocketMessage::Binary(bytes) => {
                tracing::debug!(source = self.protocol.name(), bytes, "binary message, ignored");
            }
            SocketMessage::Control => {}
        }
    }

    /// Returns the next instant at which something is due.
    fn next_deadline(&self, open: &OpenConnection) -> Instant {
        let silence = open.received + self.config.silence_timeout;
        let data = self.config.data_timeout.map(|most| open.event + most);
        [open.answers_due, open.next_heartbeat, data]
            .into_iter()
            .flatten()
            .fold(silence, Instant::min)
    }

    /// Does what is due while no message arrives: finalizes candles, checks timeouts and sends heartbeats.
    async fn run_due_work(&self, state: &mut State) -> Result<()> {
        let now = Instant::now();
        let grace = TimeDelta::from_std(self.config.grace).unwrap_or(TimeDelta::MAX);
        let Connection::Open(open) = &mut state.connection else { return Ok(()) };
        for series in &mut state.series {
            // The reference is the instant up to which messages were received, not the present.
            if let Some(candle) = series.overdue(open.complete, grace) {
                series.add_row();
                state.buffer.candle(candle);
            }
        }
        if now >= open.received + self.config.silence_timeout {
            return Err(open.broken("it has fallen silent"));
        }
        if self.config.data_timeout.is_some_and(|most| now >= open.event + most) {
            return Err(open.broken("it is alive and tells nothing"));
        }
        if open.next_heartbeat.is_some_and(|due| now >= due)
            && let Some((every, text)) = self.protocol.heartbeat()
        {
            let sent = timeout(self.config.ack_timeout, open.socket.send(text.into())).await;
            sent.unwrap_or_else(|_| Err(open.broken("it takes nothing any more")))?;
            open.next_heartbeat = Some(now + every);
        }
        if open.answers_due.is_some_and(|due| now >= due) {
            if state.series.iter().all(|series| !series.is_answered()) {
                return Err(open.broken("it does not answer our subscription"));
            }
            let waited = self.config.ack_timeout;
            for at in 0..state.series.len() {
                if !state.series[at].is_answered() {
                    self.refuse(state, at, format!("no answer to the subscription in {waited:?}"));
                }
            }
            self.check_answers(state)?;
        }
        Ok(())
    }

    /// Processes a message.
    fn handle_message(&self, state: &mut State, text: &str) {
        let now = self.clock.now();
        let messages = match self.protocol.read(text, now) {
            Ok(messages) => messages,
            Err(error) => return self.handle_invalid(state, "unknown", error, text),
        };
        for message in messages {
            match message {
                ServerMessage::Accepted(at) => {
                    state.ever_accepted = true;
                    state.series[at].begin(now, None);
                }
                ServerMessage::Refused(at, reason) => self.refuse(state, at, reason),
                ServerMessage::ConnectionError(reason) => {
                    return self.close(state, format!("it says: {reason}"));
                }
                ServerMessage::Event { series, event, snapshot } => {
                    if let Some(open) = open_connection(state) {
                        open.event = Instant::now();
                    }
                    buffer_event(state, series, event, snapshot);
                    continue;
                }
                ServerMessage::Bad { table, content, error } => {
                    self.handle_invalid(state, table, error, &content);
                    continue;
                }
            }
            if let Err(error) = self.check_answers(state) {
                return self.disconnect(state, error);
            }
        }
    }

    /// Quarantines an invalid message; or closes the connection and fails after the page with the good rows,
    /// because the ledger must not claim complete coverage.
    fn handle_invalid(&self, state: &mut State, table: &'static str, error: Error, content: &str) {
        let now = self.clock.now();
        let mut row_filter =
            RowFilter::new(self.bad_rows, table, "message").redacting(self.sockets.redactor());
        state.bad += 1;
        let at = now.to_rfc3339_opts(SecondsFormat::Micros, true);
        let place = || format!("{at} #{}", state.bad);
        if let Err(error) = row_filter.pass(Err::<(), _>(error), place, || content.into()) {
            self.close(state, "its message makes no sense");
            state.broken = Some(error);
            return;
        }
        state.buffer.bad.extend(row_filter.into_bad());
    }

    fn close(&self, state: &mut State, reason: impl Into<String>) {
        if let Connection::Open(open) = &state.connection {
            let error = open.broken(reason);
            self.disconnect(state, error);
        }
    }

    fn refuse(&self, state: &mut State, at: usize, reason: String) {
        let reason = self.sockets.redactor().text(&reason);
        let series = &mut state.series[at];
        tracing::warn!(
            source = self.protocol.name(),
            series = series.name,
            reason,
            "subscription refused, recorded as a gap"
        );
        series.begin(self.clock.now(), Some(reason));
        if let Some(row) = series.coverage(self.protocol.name(), self.clock.now()) {
            state.buffer.coverage(row);
        }
    }

    /// Checks the answers to the subscriptions: an error if all series are answered for and all are refused.
    fn check_answers(&self, state: &mut State) -> Result<()> {
        if state.series.iter().any(|series| !series.is_answered()) {
            return Ok(());
        }
        if let Some(open) = open_connection(state) {
            open.answers_due = None;
        }
        match state.series.first().filter(|_| state.series.iter().all(|series| series.is_refused()))
        {
            None => Ok(()),
            Some(first) => Err(Error::Refused {
                service: self.protocol.name(),
                series: first.name.clone(),
                reason: first.refusal().unwrap_or_default().into(),
            }),
        }
    }

    /// Handles a lost connection: ends the runs, and schedules the reconnect, or fails if the error is
    /// permanent.
    pub(super) fn disconnect(&self, state: &mut State, error: Error) {
        let error = self.sockets.redactor().error(error);
        let now = self.clock.now();
        let failures = match &state.connection {
            Connection::Closed { failures, .. } => failures.saturating_add(1),
            Connection::Open(open)
                if open.since.elapsed() >= self.config.reconnect.stable_after =>
            {
                1
            }
            Connection::Open(open) => open.failures.saturating_add(1),
        };
        if let Connection::Open(open) = &state.connection {
            for series in &mut state.series {
                series.extend(open.complete);
                if let Some(row) = series.end(self.protocol.name(), now) {
                    state.buffer.coverage(row);
                }
            }
        }
        let reconnect = &self.config.reconnect;
        let backoff = Backoff::new(reconnect.first_pause, reconnect.longest_pause);
        let pause = backoff.pause_after(failures);
        state.connection = Connection::Closed { failures, not_before: Instant::now() + pause };
        let is_permanent = match &error {
            Error::Auth { .. } | Error::TooLarge { .. } | Error::Config { .. } => true,
            // A service that accepted a subscription before will do so again.
            Error::Refused { .. } | Error::NotJson { .. } | Error::Redirect { .. } => {
                !state.ever_accepted
            }
            error => !error.is_temporary() && !state.ever_accepted,
        };
        if is_permanent || reconnect.failures.is_some_and(|most| failures > most) {
            state.broken = Some(error);
        } else {
            let source = self.protocol.name();
            tracing::warn!(source, failures, ?pause, %error, "stream disconnected, reconnecting");
        }
    }
}

fn open_connection(state: &mut State) -> Option<&mut OpenConnection> {
    match &mut state.connection {
        Connection::Open(open) => Some(open),
        Connection::Closed { .. } => None,
    }
}

fn buffer_event(state: &mut State, series: usize, event: Event, snapshot: bool) {
    let (series, buffer) = (&mut state.series[series], &mut state.buffer);
    match event {
        Event::Quote(quote) => {
            // The quote may be the latest one from long ago, so it does not extend the run backwards.
            series.event(quote.at);
            series.add_row();
            buffer.quote(quote);
        }
        Event::Trade(trade) => {
            // A snapshot may omit trades of its first instant.
            let beyond = TimeDelta::microseconds(i64::from(snapshot));
            series.extend_back(trade.at + beyond);
            series.event(trade.at);
            if series.is_new(&trade) {
                series.add_row();
                buffer.trade(trade);
            }
        }
        Event::Candle(candle, interval) => {
            series.extend_back(candle.open_at);
            series.event(candle.open_at);
            if let Some(finished) = series.candle(candle, interval) {
                series.add_row();
                buffer.candle(finished);
            }
        }
    }
}
