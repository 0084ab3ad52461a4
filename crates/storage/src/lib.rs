//! The stores of Tidegauge: sinks and warehouses with transactional, idempotent loads.
//!
//! Rows and the cursor of their source are committed together, if the cursor is still the expected
//! one (compare-and-swap), so that a load that is repeated after a failure is applied once.
//!
//! | URL | what | feature | reads back |
//! |---|---|---|---|
//! | `sqlite://tidegauge.db` | a SQLite database; `?mode=ro` opens it for reading only | `sqlite` | yes |
//! | `postgres://user:password@host:5432/database?schema=mine` | a schema of a PostgreSQL database | `postgres` | yes |
//! | `mysql://user:password@host:3306/database` | a MySQL or MariaDB database | `mysql` | yes |
//! | `bigquery://project/dataset?location=EU` | a dataset of BigQuery | `bigquery` | yes |
//! | `parquet://dir` | a folder of Parquet files | `parquet` | yes |
//! | `s3://bucket/folder`, `gs://bucket/folder` | the same in a bucket | `object-store` | yes |
//! | `csv://dir` | a folder of CSV files, as a backup | `csv` | no |
//!
//! No feature is on by default. The URL of a store whose feature is off is refused with
//! [`Error::MissingFeature`], which names the feature.
//!
//! Paths are relative to the working directory, or absolute with a third slash
//! (`sqlite:///var/lib/tidegauge.db`); they are taken as written, without percent-decoding.
//!
#![cfg_attr(feature = "sqlite", doc = "```")]
#![cfg_attr(not(feature = "sqlite"), doc = "```ignore")]
//! use tidegauge_core::{Batch, Cursor, Load, Scan, WarehouseExt, tables::FxRate};
//! # use serde::Serialize;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let dir = tempfile::tempdir()?;
//! # let path = dir.path().join("tidegauge.db");
//! # #[derive(Serialize)]
//! # struct Row { base: &'static str, quote: &'static str, rate_date: &'static str,
//! #              source: &'static str, rate: &'static str }
//! let warehouse = tidegauge_storage::connect(&format!("sqlite://{}", path.display()))?;
//!
//! let batch = Batch::from_rows(FxRate::table(), [Row {
//!     base: "EUR", quote: "USD", rate_date: "2020-09-25", source: "ecb", rate: "1.1634",
//! }])?;
//! let after = Cursor::new("2020-09-25");
//! let batches = [batch];
//! let load = Load::new("ecb", &batches, None, &after);
//! warehouse.load(load).await?;
//!
//! assert_eq!(warehouse.cursor("ecb").await?, Some(after));
//! let rates = warehouse.read(&Scan::columns(FxRate::table(), ["rate"])).await?;
//! assert_eq!(rates.rows(), 1);
//! # Ok(())
//! # }
//! ```

// What the stores share is complete where all of them are built: in a build with few, parts are
// unused.
#[cfg(any(feature = "_folder", feature = "_sql"))]
mod batches;
#[cfg(feature = "bigquery")]
mod bigquery;
mod connect;
#[cfg(feature = "csv")]
mod csv;
#[cfg(any(feature = "_folder", feature = "_sql"))]
mod duplicates;
mod error;
#[cfg(feature = "_folder")]
mod folder;
#[cfg(any(feature = "bigquery", feature = "csv", feature = "mysql", feature = "sqlite"))]
#[cfg_attr(not(feature = "sqlite"), allow(dead_code))]
mod format;
#[allow(dead_code)] // each half is for some of the stores
mod identity;
#[cfg(any(feature = "_folder", feature = "_sql"))]
#[cfg_attr(not(feature = "parquet"), allow(dead_code))]
mod keys;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "parquet")]
mod parquet;
#[cfg(any(feature = "parquet", feature = "bigquery"))]
mod parquet_file;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(any(feature = "bigquery", feature = "parquet"))]
mod random;
mod repair;
mod repair_report;
#[cfg(any(feature = "_sql", feature = "_folder"))]
mod reserved;
#[cfg(any(feature = "_folder", feature = "_http", feature = "sqlite"))]
mod retry;
#[cfg(feature = "_sql")]
#[cfg_attr(
    not(all(feature = "bigquery", feature = "mysql", feature = "postgres", feature = "sqlite")),
    allow(dead_code, unused_imports)
)]
mod sql;
#[cfg(feature = "sqlite")]
mod sqlite;
mod url;

pub use connect::{connect, connect_sink, identity, store_name};
pub use error::{Error, Result};
pub use repair::repair;
pub use repair_report::{RejectedFile, RepairReport, TableContents};
