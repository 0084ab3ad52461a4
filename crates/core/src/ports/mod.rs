//! The ports: sources, sinks, and warehouses, which are sinks that can be read.

mod cursor;
mod data_version;
mod ext;
mod lease;
mod load;
mod reset;
mod row_tally;
mod sink;
mod source;
mod warehouse;

pub use cursor::{Cursor, Page};
pub use data_version::RUN_HISTORY;
pub use ext::{SinkExt, WarehouseExt};
pub use lease::Lease;
pub use load::{Load, Loaded, OnDuplicate, RowCounts};
pub use reset::{Removal, Reset};
pub use row_tally::RowTally;
pub use sink::{Sink, SinkCapabilities};
pub use source::{Source, SourceCapabilities};
pub use warehouse::Warehouse;
