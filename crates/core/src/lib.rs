//! Tidegauge's shared vocabulary and its ports.
//!
//! Data flows one way: a [`Source`] returns [`Page`]s of validated [`Batch`]es, a [`Sink`] commits
//! each page together with the [`Cursor`] that records how far the source has been read, and a
//! [`Warehouse`] streams columns back for analysis. All of them can be implemented with this crate
//! alone: it does no I/O and needs no async runtime.
//!
//! ```
//! use serde::Serialize;
//! use tidegauge_core::{Batch, DataType, Table, WriteMode};
//!
//! #[derive(Serialize)]
//! struct Ticket { ticket_id: i64, subject: Option<String>, cost_usd: String }
//!
//! let table = Table::builder("tickets", "Support tickets")
//!     .column("ticket_id", DataType::Int64, "The ticket")
//!     .nullable("subject", DataType::Text, "What it is about")
//!     .column("cost_usd", DataType::FIAT, "What it cost us, US dollars")
//!     .key(["ticket_id"])
//!     .write(WriteMode::Merge)
//!     .build()?;
//! let batch = Batch::from_rows(&table, [Ticket {
//!     ticket_id: 1,
//!     subject: None,
//!     cost_usd: "12.50".into(),
//! }])?;
//! assert_eq!(batch.rows(), 1);
//! # Ok::<(), tidegauge_core::Error>(())
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
