//! The stores of Tidegauge: sinks and warehouses.
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

// What stores share is whole where they are all there: of a build with a few, parts are not used.
#[cfg(any(feature = "_folder", feature = "_sql"))]
mod batches;
#[cfg(feature = "bigquery")]
mod bigquery;
#[cfg(feature = "csv")]
mod csv;
#[cfg(any(feature = "_folder", feature = "_sql"))]
mod duplicates;
mod error;
#[cfg(feature = "_folder")]
mod folder;
#[allow(dead_code)] // each half is for some of the stores
mod identity;
#[cfg(any(feature = "_folder", feature = "_sql"))]
#[cfg_attr(not(feature = "parquet"), allow(dead_code))]
mod keys;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "parquet")]
#[cfg(feature = "parquet")]
mod parquet;
#[cfg(any(feature = "parquet", feature = "bigquery"))]
mod parquet_file;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(any(feature = "bigquery", feature = "parquet"))]
mod random;
mod repair;
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
#[cfg(any(feature = "bigquery", feature = "csv", feature = "mysql", feature = "sqlite"))]
#[cfg_attr(not(feature = "sqlite"), allow(dead_code))]
mod text;
mod url;

use std::sync::Arc;

use tidegauge_core::{Sink, Warehouse};

pub use error::{Error, Result};
pub use repair::{Held, Repair, SetAside, repair};

use crate::url::StoreUrl;

/// Returns the store at `url` as a sink.
///
/// Opens no connection or file yet: the first call that needs one does, inside a tokio runtime.
///
/// # Errors
/// When `url` names no store of this crate, in which case the error names the known ones, or a
/// store whose feature is off, in which case the error names the feature.
pub fn connect_sink(url: &str) -> Result<Arc<dyn Sink>> {
    match StoreUrl::parse(url)? {
        #[cfg(feature = "csv")]
        StoreUrl::Csv(dir) => Ok(Arc::new(csv::open(dir))),
        #[cfg(any(feature = "_sql", feature = "parquet"))]
        readable => Ok(open(readable)?),
    }
}

/// Returns the store at `url` as a warehouse.
///
/// Opens no connection or file yet: the first call that needs one does, inside a tokio runtime.
///
/// # Errors
/// The same as for [`connect_sink`], and when the store cannot be read back.
pub fn connect(url: &str) -> Result<Arc<dyn Warehouse>> {
    open(StoreUrl::parse(url)?)
}

/// Returns the identity of the store at `url`: the same text for two URLs of the same store, even
/// through links and other spellings. It contains no secret.
///
/// # Errors
/// The same as for [`connect_sink`].
pub fn identity(url: &str) -> Result<String> {
    StoreUrl::parse(url)?.identity()
}

fn open(url: StoreUrl) -> Result<Arc<dyn Warehouse>> {
    match url {
        #[cfg(feature = "sqlite")]
        StoreUrl::Sqlite { path, read_only } => Ok(Arc::new(sqlite::open(path, read_only))),
        #[cfg(feature = "postgres")]
        StoreUrl::Postgres(target) => Ok(Arc::new(postgres::open(target))),
        #[cfg(feature = "mysql")]
        StoreUrl::MySql(target) => Ok(Arc::new(mysql::open(target))),
        #[cfg(feature = "bigquery")]
        StoreUrl::BigQuery(place) => Ok(Arc::new(bigquery::BigQuery::open(place)?)),
        #[cfg(feature = "parquet")]
        StoreUrl::Parquet(dir) => Ok(Arc::new(parquet::open(dir))),
        #[cfg(feature = "object-store")]
        StoreUrl::Bucket(bucket) => Ok(Arc::new(parquet::open_bucket(bucket))),
        #[cfg(feature = "csv")]
        StoreUrl::Csv(_) => Err(Error::NotReadable),
    }
}

/// Refuses a table that no store can hold: its name would conflict with paths or tables of the
/// store's own.
#[cfg(any(feature = "_sql", feature = "_folder"))]
fn check(table: &tidegauge_core::TableRef) -> Result<()> {
    table.validate()?;
    check_read(table)
}

/// Refuses to read a table that no store can hold. Any of its columns may be nullable, because the
/// audit looks for nulls where there must be none.
#[cfg(any(feature = "_sql", feature = "_folder"))]
fn check_read(table: &tidegauge_core::TableRef) -> Result<()> {
    table.validate_columns()?;
    for reserved in ["_tidegauge", "_sqlx_", "sqlite_", "pg_"] {
        if table.name.starts_with(reserved) {
            return Err(Error::Reserved { table: table.name.to_string(), prefix: reserved });
        }
    }
    Ok(())
}
