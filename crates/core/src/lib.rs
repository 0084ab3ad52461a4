//! Tidegauge's data model and its ports: tables, validated Arrow batches, exact decimals, and the
//! traits of sources, sinks and warehouses.
//!
//! ```text
//! Source ── Page { batches, cursor } ──▶ Sink ── stored rows ──▶ Warehouse ── Scan, Aggregate ──▶ batches
//!    ▲                                    │
//!    └─────────── Cursor ─────────────────┘
//! ```
//!
//! A [`Source`] returns [`Page`]s of [`Batch`]es that are validated against their [`Table`]. A
//! [`Sink`] commits each page together with the [`Cursor`] that records how far the source has been
//! read, by compare-and-swap, so that loads are idempotent. A [`Warehouse`] streams columns back. All
//! three can be implemented with this crate alone: it does no I/O and needs no async runtime.
//!
//! | items | contents |
//! |---|---|
//! | [`Table`], [`Column`], [`DataType`], [`WriteMode`] | table definitions, [`tables`]: the built-in ones |
//! | [`Batch`], [`BatchBuilder`], [`Values`], [`ColumnView`] | validated record batches: built from rows, cells or columns, and read by typed views |
//! | [`Source`], [`Sink`], [`Warehouse`], [`Lease`] | the ports, and a lease on loading that any sink can keep |
//! | [`Load`], [`OnDuplicate`], [`RowTally`], [`Reset`] | what a sink commits, and policies for duplicate keys |
//! | [`Scan`], [`Filter`], [`Predicate`], [`Aggregate`] | projection, predicates, pushdown and grouped aggregates |
//! | [`Fixed`], [`Fiat`], [`Crypto`] | exact decimals for money |
//! | [`market`], [`instruments`], [`fees`] | prices and exchange rates by day, instruments, fee schedules |
//! | [`coverage`], [`Span`], [`Spans`] | the ledger of stored and missing time spans |
//! | [`Error`], [`ErrorKind`], [`SetAside`] | errors with a kind, and rows that a computation ignores |
//! | `conformance` (feature) | the guarantees of the ports as tests for other implementations |
//!
//! # Example
//!
//! A source of one table, whose cursor is the number of the next ticket:
//!
//! ```
//! use serde::Serialize;
//! use tidegauge_core::{Batch, Cursor, DataType, Filter, Page, Result, Scan, Source, Table, TableRef};
//!
//! #[derive(Serialize)]
//! struct Ticket { ticket_id: i64, subject: Option<String>, cost_usd: &'static str }
//!
//! #[derive(Debug)]
//! struct Tickets(TableRef);
//!
//! #[async_trait::async_trait]
//! impl Source for Tickets {
//!     fn name(&self) -> &str { "tickets" }
//!
//!     fn tables(&self) -> Vec<TableRef> { vec![self.0.clone()] }
//!
//!     async fn fetch(&self, cursor: Option<&Cursor>) -> Result<Page> {
//!         let next: i64 = cursor.and_then(|cursor| cursor.as_str().parse().ok()).unwrap_or(1);
//!         let rows = (next..=3).map(|ticket_id| Ticket { ticket_id, subject: None, cost_usd: "12.50" });
//!         let rows: Vec<_> = rows.collect();
//!         let batches = if rows.is_empty() { vec![] } else { vec![Batch::from_rows(&self.0, rows)?] };
//!         Ok(Page { batches, cursor: Cursor::new("4"), done: true })
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<()> {
//! let table = Table::builder("tickets", "Support tickets")
//!     .column("ticket_id", DataType::Int64, "The id of the ticket")
//!     .nullable("subject", DataType::Text, "The subject")
//!     .column("cost_usd", DataType::FIAT, "The cost of answering it, US dollars")
//!     .key(["ticket_id"])
//!     .build()?;
//! let page = Tickets(table.clone()).fetch(None).await?;
//! assert_eq!((page.rows(), page.cursor.as_str()), (3, "4"));
//!
//! let scan = Scan::columns(&table, ["cost_usd"]).filter(Filter::range("ticket_id", 2..));
//! let found = scan.apply(&page.batches[0])?;
//! assert_eq!(found.rows(), 2);
//! assert_eq!(found.column("cost_usd")?.shown(0).as_deref(), Some("12.50"));
//! # Ok(())
//! # }
//! ```

mod batch;
mod clock;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod connection_url;
pub mod coverage;
pub mod digits;
mod error;
pub mod fees;
mod fingerprint;
pub mod instruments;
pub mod market;
mod money;
pub mod panics;
mod ports;
mod query;
mod schema;
mod set_aside;
mod span;
pub mod tables;

pub use batch::{Batch, BatchBuilder, Cell, ColumnView, TextView, Values};
pub use clock::{Clock, FixedClock, SystemClock};
pub use error::{BoxError, Error, ErrorKind, Result};
pub use fingerprint::Fingerprint;
pub use money::{
    Crypto, Fiat, Fixed, InexactDecimal, divide_half_even, format_units, multiply_divide,
    multiply_divide_floor, parse_units, short_units, units_to_f64,
};
pub use ports::{
    Cursor, Lease, Load, Loaded, OnDuplicate, Page, RUN_HISTORY, Removal, Reset, RowCounts,
    RowTally, Sink, SinkCapabilities, SinkExt, Source, SourceCapabilities, Warehouse, WarehouseExt,
};
pub use query::{
    Aggregate, Aggregator, BatchStream, Condition, Filter, Group, Measure, Predicate, Scalar, Scan,
    Test, Value,
};
pub use schema::{Column, DataType, ForeignKey, Table, TableBuilder, TableRef, WriteMode};
pub use set_aside::{SetAside, SetAsideReason, SetAsideRows};
pub use span::{Span, Spans};

/// The Arrow crates in the version that batches use, so that no other crate needs to depend on one.
pub mod arrow {
    pub use arrow_array as array;
    pub use arrow_buffer as buffer;
    pub use arrow_schema as schema;
    pub use arrow_select as select;
}
