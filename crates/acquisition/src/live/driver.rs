//! The driver of a live stream: its parts, and its state between fetches.

use std::fmt::{self, Debug};
use std::sync::Arc;

use tidegauge_core::tables::{Coverage, Quarantine};
use tidegauge_core::{Clock, Cursor, Page, TableRef};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::buffer::RowBuffer;
use super::config::LiveConfig;
use super::connection::Connection;
use super::protocol::Protocol;
use super::series_state::SeriesState;
use crate::bad_rows::BadRows;
use crate::http::Budget;
use crate::http::socket::Sockets;
use crate::{Context, Error, Result};

/// A live stream of one service.
pub(crate) struct Live<P> {
    pub(super) protocol: P,
    pub(super) sockets: Sockets,
    pub(super) config: LiveConfig,
    pub(super) bad_rows: BadRows,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) state: Mutex<State>,
}

impl<P: Debug> Debug for Live<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Live");
        debug.field("protocol", &self.protocol).field("sockets", &self.sockets);
        debug.finish_non_exhaustive()
    }
}

#[derive(Debug)]
/// The state of a stream between fetches.
pub(super) struct State {
    /// The number of pages so far; `None` before a cursor was read.
    pub(super) page: Option<u64>,
    /// The last page and the cursor before it: until its own cursor is passed back, it may be requested
    /// again.
    pub(super) last_page: Option<(Option<Cursor>, Page)>,
    pub(super) buffer: RowBuffer,
    pub(super) series: Vec<SeriesState>,
    pub(super) connection: Connection,
    /// Whether the service has ever accepted a subscription.
    pub(super) ever_accepted: bool,
    /// The error to return once the pending rows are loaded.
    pub(super) broken: Option<Error>,
    /// The last instant at which a fetch was listening.
    pub(super) last_listen: Instant,
    /// The time of the last update of the gap ledger.
    pub(super) recorded: Instant,
    /// The number of invalid messages so far.
    pub(super) bad: u64,
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

    /// Implements [`Stream::budget`](crate::live::Stream::budget).
    pub(crate) fn budget(&self) -> Result<Budget> {
        self.sockets.budget()
    }

    /// Implements [`Stream::check`](crate::live::Stream::check).
    pub(crate) async fn check(&self) -> Result<()> {
        self.sockets.open(self.protocol.path()).await.map(drop)
    }

    /// Returns the tables `own` and those that every stream fills: the gap ledger and the quarantine.
    pub(crate) fn tables(own: impl IntoIterator<Item = TableRef>) -> Vec<TableRef> {
        let ledger = [Coverage::table().clone(), Quarantine::table().clone()];
        own.into_iter().chain(ledger).collect()
    }
}
