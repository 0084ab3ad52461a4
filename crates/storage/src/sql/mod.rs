//! The shared part of the SQL stores.
//!
//! A [`Dialect`] describes the SQL of a database; [`select()`] and [`summarise`] build the queries of
//! a scan and a summary from it. A [`Database`] is a client of one database; [`SqlStore`] is the
//! sink and warehouse over any of them: its connections, the steps of a load in order, and streams
//! of rows.

mod catalog;
mod checkpoint;
mod dialect;
#[cfg(any(feature = "_sqlx", feature = "mysql"))]
mod driver;
mod filter;
#[cfg(any(feature = "_sqlx", feature = "mysql"))]
mod load;
#[cfg(test)]
pub(crate) mod migrations;
#[cfg(any(feature = "_sqlx", feature = "mysql"))]
mod patience;
mod prepared;
mod query;
mod reset;
#[cfg(any(feature = "_sqlx", feature = "mysql"))]
mod rows;
mod select;
mod summary;

#[cfg(feature = "_sqlx")]
pub(crate) use catalog::MIGRATIONS_TABLE;
#[cfg(any(feature = "_sqlx", feature = "mysql"))]
pub(crate) use catalog::refuse_views;
pub(crate) use catalog::{StoredColumn, Wider, compare};
pub(crate) use checkpoint::{Checkpoint, missing};
pub(crate) use dialect::{Dialect, Lists, Summary, TEXT_DAYS, TEXT_MICROS};
#[cfg(any(feature = "_sqlx", feature = "mysql"))]
pub(crate) use driver::{Database, SqlStore};
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(crate) use patience::locked_out;
#[cfg(any(feature = "_sqlx", feature = "mysql"))]
pub(crate) use patience::{LOCK_TIMEOUT, told};
pub(crate) use prepared::Prepared;
pub(crate) use query::{Param, Query, cell};
#[cfg(feature = "bigquery")]
pub(crate) use reset::{compare as compare_cursors, cursors, delete};
#[cfg(any(feature = "_sqlx", feature = "mysql"))]
pub(crate) use rows::Rows;
pub(crate) use select::{Select, select};
#[cfg(feature = "bigquery")]
pub(crate) use summary::Plan;
pub(crate) use summary::summarise;

/// The name of the table of cursors.
pub(crate) const CURSORS: &str = "_tidegauge_cursors";
