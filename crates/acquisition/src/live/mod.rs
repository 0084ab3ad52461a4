//! Live streams: the driver that all services with push share.
//!
//! It connects, subscribes, receives, and reconnects when the connection breaks, falls silent or is refused
//! temporarily. Messages are divided into pages. The gap ledger records, by series, the spans in which the
//! stream has no gap: one row for each run of a connection.
//!
//! Only a fetch receives. Between fetches nothing is read, so that a slow load causes backpressure instead of
//! memory growth; and rows that have been read are kept until a page with them is loaded.

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

use buffer::RowBuffer;
pub use config::{LiveConfig, Reconnect};
use connection::Connection;
use series_state::SeriesState;

use crate::bad_rows::BadRows;
use crate::http::{Budget, Sockets};
use crate::{Context, Error, Result, cursor};

/// A live stream: a source that never ends.
#[async_trait]
pub trait Stream: Source {
    /// Returns the quota of connection attempts and what is left of it.
    ///
    /// # Errors
    /// When the record of requests cannot be read.
    fn budget(&self) -> Result<Budget>;

    /// Checks the service by opening a connection and closing it again.
    ///
    /// # Errors
    /// When the connection is refused or fails.
    async fn check(&self) -> Result<()>;
}

/// The protocol of one service: it encodes requests and decodes messages, independent of the connection.
pub(crate) trait Protocol: Debug + Send + Sync {
    /// Returns the name of the source.
    fn name(&self) -> &'static str;

    /// Returns the path below the base URL.
    fn path(&self) -> &'static [&'static str];

    /// Returns the names of the series, as in the gap ledger: `quotes BTC`.
    fn series(&self) -> Vec<String>;

    /// Returns the messages that subscribe to all series.
    fn subscribe(&self) -> Vec<String>;

    /// Returns the interval and the text of heartbeats to send, or `None` if the service needs none.
    fn heartbeat(&self) -> Option<(Duration, &'static str)>;

    /// Decodes a message. Series are identified by their index in [`Self::series`].
    ///
    /// # Errors
    /// When the message cannot be decoded.
    fn read(&self, text: &str, now: DateTime<Utc>) -> Result<Vec<ServerMessage>>;
}

/// A decoded message of a service.
#[derive(Debug)]
pub(crate) enum ServerMessage {
    /// The subscription to a series was accepted.
    Accepted(usize),
    /// The subscription to a series was refused, with the reason.
    Refused(usize, String),
    /// An error of the service about the whole connection, which is then closed.
    ConnectionError(String),
    /// A market event.
    Event { series: usize, event: Event, snapshot: bool },
    /// An invalid row.
    Bad { table: &'static str, content: String, error: Error },
}

/// An event on a market.
#[derive(Debug)]
pub(crate) enum Event {
    Quote(Quote),
    Trade(MarketTrade),
    /// The latest state of a candle, and its length.
    Candle(Candle, TimeDelta),
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
        let mut debug = f.debug_struct("Live");
        debug.field("protocol", &self.protocol).field("sockets", &self.sockets);
        debug.finish_non_exhaustive()
    }
}

/// The content of the cursor.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StreamProgress {
    /// The number of pages so far.
    page: u64,
    /// The time of the last event, by series.
    last: BTreeMap<String, DateTime<Utc>>,
}

#[derive(Debug)]
struct State {
    /// The number of pages so far; `None` before a cursor was read.
    page: Option<u64>,
    /// The last page and the cursor before it: until its own cursor is passed back, it may be requested
    /// again.
    last_page: Option<(Option<Cursor>, Page)>,
    buffer: RowBuffer,
    series: Vec<SeriesState>,
    connection: Connection,
    /// Whether the service has ever accepted a subscription.
    ever_accepted: bool,
    /// The error to return once the pending rows are loaded.
    broken: Option<Error>,
    /// The last instant at which a fetch was listening.
    last_listen: Instant,
    /// The time of the last update of the gap ledger.
    recorded: Instant,
    /// The number of invalid messages so far.
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
            last_page: None,
            buffer: RowBuffer::default(),
            series: protocol.series().into_iter().map(SeriesState::new).collect(),
            connection: Connection::Closed { failures: 0, not_before: now },
            ever_accepted: false,
            broken: None,
            last_listen: now,
            recorded: now,
            bad: 0,
        };
        let (bad_rows, clock) = (context.bad_rows, context.clock.clone());
        Ok(Self { protocol, sockets, config, bad_rows, clock, state: Mutex::new(state) })
    }

    /// Implements [`Stream::budget`].
    pub(crate) fn budget(&self) -> Result<Budget> {
        self.sockets.budget()
    }

    /// Implements [`Stream::check`].
    pub(crate) async fn check(&self) -> Result<()> {
        self.sockets.open(self.protocol.path()).await.map(drop)
    }

    /// Returns the tables `own` and those that every stream fills: the gap ledger and the quarantine.
    pub(crate) fn tables(own: impl IntoIterator<Item = TableRef>) -> Vec<TableRef> {
        let ledger = [Coverage::table().clone(), Quarantine::table().clone()];
        own.into_iter().chain(ledger).collect()
    }

    /// Returns the next page. Cancel-safe: no received message is lost. If it is called with the cursor
    /// before the last page, it returns that page again.
    pub(crate) async fn page(&self, before: Option<&Cursor>) -> Result<Page> {
        let mut state = self.state.lock().await;
        let state = &mut *state;
        if let Some((before_last_page, page)) = &state.last_page {
            if before_last_page.as_ref() == before && before != Some(&page.cursor) {
                return Ok(page.clone());
            }
            state.last_page = None;
        }
        self.resume(state, before)?;
        let deadline = Instant::now() + self.config.batch_for;
        while state.buffer.rows() < self.config.batch_rows && Instant::now() < deadline {
            if let Connection::Open(_) = state.connection {
                self.listen(state, deadline).await;
                state.last_listen = Instant::now();
                continue;
            }
            if !state.buffer.is_empty() {
                break;
            }
            if let Some(error) = state.broken.take() {
                return Err(error);
            }
            self.reconnect(state, deadline).await;
        }
        self.build_page(state, before)
    }

    /// Reads the first cursor, and extends the timeouts by the time in which no fetch listened.
    fn resume(&self, state: &mut State, before: Option<&Cursor>) -> Result<()> {
        if state.page.is_none() {
            let progress: StreamProgress = match before {
                Some(before) => cursor::read(self.protocol.name(), before)?,
                None => StreamProgress::default(),
            };
            state.page = Some(progress.page);
            for series in &mut state.series {
                series.last = progress.last.get(&series.name).copied();
            }
        }
        let idle = state.last_listen.elapsed();
        if let Connection::Open(open) = &mut state.connection {
            open.extend_timeouts(idle);
        }
        state.last_listen = Instant::now();
        Ok(())
    }

    /// Builds a page of the pending rows, which stay pending if that fails.
    fn build_page(&self, state: &mut State, before: Option<&Cursor>) -> Result<Page> {
        let now = self.clock.now();
        if state.buffer.rows() > 0 || state.recorded.elapsed() >= self.config.idle_for {
            state.recorded = Instant::now();
            if let Connection::Open(open) = &state.connection {
                state.series.iter_mut().for_each(|series| series.extend(open.complete));
            }
            for series in &mut state.series {
                if let Some(row) = series.coverage(self.protocol.name(), now) {
                    state.buffer.coverage(row);
                }
            }
        }
        let batches = state.buffer.batches(self.protocol.name(), now)?;
        let page = state.page.unwrap_or_default() + u64::from(!batches.is_empty());
        let last = state.series.iter();
        let last = last.filter_map(|series| Some((series.name.clone(), series.last?))).collect();
        let cursor = cursor::write(self.protocol.name(), &StreamProgress { page, last })?;
        let built = Page { batches, cursor, done: false };
        state.page = Some(page);
        state.buffer = RowBuffer::default();
        state.last_page = Some((before.cloned(), built.clone()));
        Ok(built)
    }
}
