//! The shared part of the SQL stores.
//!
//! A [`Dialect`] describes the SQL of a database; [`scan_query()`] and [`plan_aggregate`] build the
//! queries of a scan and an aggregate from it, with pushdown of projections and predicates. A
//! [`Database`] is the driver of one database; [`SqlStore`] is the sink and warehouse over any of
//! them: its connections, the steps of a load in order, and streams of rows.

mod aggregate;
#[cfg(any(feature = "_sqlx", feature = "mysql"))]
mod batch_sender;
mod catalog;
mod checkpoint;
mod cursors;
mod dialect;
#[cfg(any(feature = "_sqlx", feature = "mysql"))]
mod driver;
mod known_tables;
#[cfg(any(feature = "_sqlx", feature = "mysql"))]
mod load;
#[cfg(any(feature = "_sqlx", feature = "mysql"))]
mod lock_wait;
#[cfg(test)]
pub(crate) mod migrations;
mod pushdown;
mod query;
mod reset;
mod scan_query;
#[cfg(any(feature = "_sqlx", feature = "mysql"))]
mod store;
mod stored_column;
#[cfg(any(feature = "_sqlx", feature = "mysql"))]
mod writer;

#[cfg(feature = "bigquery")]
pub(crate) use aggregate::AggregatePlan;
pub(crate) use aggregate::plan_aggregate;
#[cfg(any(feature = "_sqlx", feature = "mysql"))]
pub(crate) use batch_sender::BatchSender;
#[cfg(feature = "_sqlx")]
pub(crate) use catalog::MIGRATIONS_TABLE;
pub(crate) use catalog::diff_schema;
#[cfg(any(feature = "_sqlx", feature = "mysql"))]
pub(crate) use catalog::refuse_views;
pub(crate) use checkpoint::{Checkpoint, rows_missing};
pub(crate) use cursors::CURSORS;
#[cfg(feature = "bigquery")]
pub(crate) use cursors::cursor_table;
pub(crate) use dialect::{
    AggregateSql, Dialect, ListBinding, TEXT_DATE_RANGE, TEXT_TIMESTAMP_RANGE,
};
#[cfg(any(feature = "_sqlx", feature = "mysql"))]
pub(crate) use driver::Database;
pub(crate) use known_tables::KnownTables;
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(crate) use lock_wait::lock_timeout_error;
#[cfg(any(feature = "_sqlx", feature = "mysql"))]
pub(crate) use lock_wait::{LOCK_TIMEOUT, warn_if_slow};
pub(crate) use query::{Param, Query, scalar_cell};
#[cfg(feature = "bigquery")]
pub(crate) use reset::{check_cursors, delete_statement};
pub(crate) use scan_query::{ScanQuery, scan_query};
#[cfg(any(feature = "_sqlx", feature = "mysql"))]
pub(crate) use store::SqlStore;
pub(crate) use stored_column::{StoredColumn, WiderDecimal};
