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
mod driver;
mod pages;
mod protocol;
mod receive;
mod series_state;

use async_trait::async_trait;
use tidegauge_core::Source;

pub use config::{LiveConfig, Reconnect};
pub(crate) use driver::Live;
pub(crate) use protocol::{Event, Protocol, ServerMessage};

use crate::Result;
use crate::http::Budget;

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
