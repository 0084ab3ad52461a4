//! Live streams: what is the same for every service that pushes.
//!
//! A line is opened, subscribed over, listened to, and opened anew when it breaks, falls silent or
//! is refused for a while. What comes is cut into pages. The gap ledger says, series by series,
//! from when to when the stream is without a hole: one row for each run of a line.
//!
//! Only a fetch listens. Between two of them nothing is read, so that whoever is slow to load holds
//! up the service and not the memory; and what has been read stays until a page with it was taken.

mod buffer;
mod config;
mod connection;
mod series_state;

use std::collections::BTreeMap;
use std::fmt::{self, Debug};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use tidegauge_core::tables::{Candle, Coverage, MarketTrade, Quarantine, Quote};
use tidegauge_core::{Clock, Cursor, Page, Source, TableRef};
use tokio::sync::Mutex;
use tokio::time::Instant;

use buffer::Pending;
pub use config::{LiveConfig, Reconnect};
use connection::Connection;
use series_state::Track;

use crate::bad_rows::BadRows;
use crate::http::{Budget, Sockets};
use crate::{Context, Error, Result, cursor};

/// A source that never ends.
#[async_trait]
pub trait Stream: Source {
    /// How often lines may be opened, and how much of that is left.
    ///
    /// # Errors
    /// When the record of what was spent cannot be read.
    fn budget(&self) -> Result<Budget>;

    /// Opens a line to the service, and closes it again.
    ///
    /// # Errors
    /// When the service lets nobody in.
    async fn check(&self) -> Result<()>;
}

/// What is particular to a service. It knows no line: it writes requests and reads messages.
pub(crate) trait Protocol: Debug + Send + Sync {
    /// The name of the source.
    fn name(&self) -> &'static str;

    /// The path below the base URL.
    fn path(&self) -> &'static [&'static str];

    /// The names of the series, as the ledger has them: `quotes BTC`.
    fn series(&self) -> Vec<String>;

    /// The messages that subscribe to all of them.
    fn subscribe(&self) -> Vec<String>;

    /// What the service wants to hear from us, and how often.
    fn heartbeat(&self) -> Option<(Duration, &'static str)>;

    /// What a message says. Series are told by their place in [`Self::series`].
    ///
    /// # Errors
    /// When it cannot be read.
    fn read(&self, text: &str, now: DateTime<Utc>) -> Result<Vec<ServerMessage>>;
}

/// What a service says.
#[derive(Debug)]
pub(crate) enum ServerMessage {
    /// A series is subscribed to.
    Accepted(usize),
    /// A series is not, and why.
    Refused(usize, String),
    /// The service is angry with us: the line is better closed.
    Complaint(String),
    /// Something happened.
    Event { series: usize, event: Event, snapshot: bool },
    /// A row that makes no sense.
    Bad { table: &'static str, content: String, error: Error },
}

/// Something that happened on a market.
#[derive(Debug)]
pub(crate) enum Event {
    Quote(Quote),
    Trade(MarketTrade),
    /// The latest state of a bar, and its length.
    Bar(Candle, TimeDelta),
}

/// A live stream of one service.
pub(crate) struct Live<P> {
    protocol: P,
    sockets: Sockets,
    config: LiveConfig,
    bad_rows: BadRows,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

impl<P: Debug> Debug for Live<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut it = f.debug_struct("Live");
        it.field("protocol", &self.protocol).field("sockets", &self.sockets);
        it.finish_non_exhaustive()
    }
}

/// What the cursor holds.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Progress {
    /// How many pages there were.
    page: u64,
    /// The time of the last event, by series.
    last: BTreeMap<String, DateTime<Utc>>,
}

#[derive(Debug)]
struct State {
    /// The pages so far; none before a cursor was read.
    page: Option<u64>,
    /// The last page and the cursor before it: until its own comes back, it may be wanted again.
    kept: Option<(Option<Cursor>, Page)>,
    pending: Pending,
    tracks: Vec<Track>,
    line: Connection,
    /// Whether the service has ever accepted anything.
    welcome: bool,
    /// What is to be told once the pending rows are taken.
    broken: Option<Error>,
    /// The last moment at which somebody was listening.
    listened: Instant,
    /// When the ledger was last told.
    noted: Instant,
    /// How many rows were put aside.
    bad: u64,
}

impl<P: Protocol> Live<P> {
    pub(crate) fn new(
        protocol: P,
        sockets: Sockets,
        config: LiveConfig,
        context: &Context,
    ) -> Result<Self> {
        config.validate()?;
        let now = Instant::now();
        let state = State {
            page: None,
            kept: None,
            pending: Pending::default(),
            tracks: protocol.series().into_iter().map(Track::new).collect(),
            line: Connection::Closed { failures: 0, not_before: now },
            welcome: false,
            broken: None,
            listened: now,
            noted: now,
            bad: 0,
        };
        let (bad_rows, clock) = (context.bad_rows, context.clock.clone());
        Ok(Self { protocol, sockets, config, bad_rows, clock, state: Mutex::new(state) })
    }

    /// As [`Stream::budget`].
    pub(crate) fn budget(&self) -> Result<Budget> {
        self.sockets.budget()
    }

    /// As [`Stream::check`].
    pub(crate) async fn check(&self) -> Result<()> {
        self.sockets.open(self.protocol.path()).await.map(drop)
    }

    /// The tables that every stream fills beside those of its own.
    pub(crate) fn tables(own: impl IntoIterator<Item = TableRef>) -> Vec<TableRef> {
        let ledger = [Coverage::table().clone(), Quarantine::table().clone()];
        own.into_iter().chain(ledger).collect()
    }

    /// The next page. Cancelling it loses nothing that was heard; asked with the cursor before the
    /// last page, it gives that one again.
    pub(crate) async fn page(&self, before: Option<&Cursor>) -> Result<Page> {
        let mut state = self.state.lock().await;
        let state = &mut *state;
        if let Some((kept_before, page)) = &state.kept {
            if kept_before.as_ref() == before && before != Some(&page.cursor) {
                return Ok(page.clone());
            }
            state.kept = None;
        }
        self.begin(state, before)?;
        let deadline = Instant::now() + self.config.batch_for;
        while state.pending.rows() < self.config.batch_rows && Instant::now() < deadline {
            if let Connection::Open(_) = state.line {
                self.listen(state, deadline).await;
                state.listened = Instant::now();
                continue;
            }
            if !state.pending.is_empty() {
                break;
            }
            if let Some(error) = state.broken.take() {
                return Err(error);
            }
            self.reconnect(state, deadline).await;
        }
        self.turn(state, before)
    }

    /// Reads the first cursor, and forgives the line the time in which nobody listened.
    fn begin(&self, state: &mut State, before: Option<&Cursor>) -> Result<()> {
        if state.page.is_none() {
            let progress: Progress = match before {
                Some(before) => cursor::read(self.protocol.name(), before)?,
                None => Progress::default(),
            };
            state.page = Some(progress.page);
            for track in &mut state.tracks {
                track.last = progress.last.get(&track.series).copied();
            }
        }
        let away = state.listened.elapsed();
        if let Connection::Open(up) = &mut state.line {
            up.forgive(away);
        }
        state.listened = Instant::now();
        Ok(())
    }

    /// Makes a page of what is pending. It stays pending if that fails.
    fn turn(&self, state: &mut State, before: Option<&Cursor>) -> Result<Page> {
        let now = self.clock.now();
        if state.pending.rows() > 0 || state.noted.elapsed() >= self.config.idle_for {
            state.noted = Instant::now();
            if let Connection::Open(up) = &state.line {
                state.tracks.iter_mut().for_each(|track| track.extend(up.complete));
            }
            for track in &mut state.tracks {
                if let Some(row) = track.coverage(self.protocol.name(), now) {
                    state.pending.coverage(row);
                }
            }
        }
        let batches = state.pending.batches(self.protocol.name(), now)?;
        let page = state.page.unwrap_or_default() + u64::from(!batches.is_empty());
        let last = state.tracks.iter();
        let last = last.filter_map(|track| Some((track.series.clone(), track.last?))).collect();
        let cursor = cursor::write(self.protocol.name(), &Progress { page, last })?;
        let page_made = Page { batches, cursor, done: false };
        state.page = Some(page);
        state.pending = Pending::default();
        state.kept = Some((before.cloned(), page_made.clone()));
        Ok(page_made)
    }
}
