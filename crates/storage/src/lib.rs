//! The stores of Tidegauge: where rows go, and where they are read back from.
//!
//! | URL | what | reads back |
//! |---|---|---|
//! | `sqlite://tidegauge.db` | a SQLite database; `?mode=ro` opens it for reading only | yes |
//! | `postgres://user:password@host:5432/database?schema=mine` | a schema of a PostgreSQL database | yes |
//! | `mysql://user:password@host:3306/database` | a MySQL or MariaDB database | yes |
//! | `bigquery://project/dataset?location=EU` | a dataset of BigQuery | yes |
//! | `parquet://dir` | a folder of Parquet files | yes |
//! | `s3://bucket/folder`, `gs://bucket/folder` | the same in a bucket, with the feature `object-store` | yes |
//! | `csv://dir` | a folder of CSV files, as a backup | no |
//!
//! Paths are relative to the working directory, or absolute with a third slash
//! (`sqlite:///var/lib/tidegauge.db`); they are taken as written, without percent-decoding.
//!
//! ```
//! use tidegauge_core::{Batch, Cursor, Load, Scan, tables::FxRate};
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
//! let load = Load { source: "ecb", batches: &[batch], before: None, after: &after };
//! warehouse.load(load).await?;
//!
//! assert_eq!(warehouse.cursor("ecb").await?, Some(after));
//! let rates = warehouse.scan(&Scan::columns(FxRate::table(), ["rate"])).await?;
//! assert_eq!(rates.height(), 1);
//! # Ok(())
//! # }
//! ```

mod bigquery;
mod cells;
mod csv;
mod error;
mod folder;
mod mysql;
mod parquet;
mod postgres;
mod random;
mod sql;
mod sqlite;
mod text;
mod url;

use std::sync::Arc;

use tidegauge_core::{Sink, TableRef, Warehouse};

pub use error::{Error, Result};

use crate::url::StoreUrl;

/// The store at `url`, to load into.
///
/// Nothing is opened yet: that happens with the first call that needs it, inside a tokio runtime.
///
/// # Errors
/// When `url` names no store that this crate knows, naming those that it does.
pub fn connect_sink(url: &str) -> Result<Arc<dyn Sink>> {
    match StoreUrl::parse(url)? {
        StoreUrl::Csv(dir) => Ok(Arc::new(csv::open(dir))),
        readable => Ok(open(readable)?),
    }
}

/// The store at `url`, to load into and to read from.
///
/// Nothing is opened yet: that happens with the first call that needs it, inside a tokio runtime.
///
/// # Errors
/// When `url` names no store that this crate knows, or one that cannot be read back.
pub fn connect(url: &str) -> Result<Arc<dyn Warehouse>> {
    open(StoreUrl::parse(url)?)
}

fn open(url: StoreUrl) -> Result<Arc<dyn Warehouse>> {
    Ok(match url {
        StoreUrl::Sqlite { path, read_only } => Arc::new(sqlite::Sqlite::open(path, read_only)),
        StoreUrl::Postgres(place) => Arc::new(postgres::Postgres::open(place)),
        StoreUrl::MySql(place) => Arc::new(mysql::MySql::open(place)),
        StoreUrl::BigQuery(place) => Arc::new(bigquery::BigQuery::open(place)?),
        StoreUrl::Parquet(dir) => Arc::new(parquet::open(dir)),
        #[cfg(feature = "object-store")]
        StoreUrl::Bucket(bucket) => Arc::new(parquet::open_bucket(bucket)),
        StoreUrl::Csv(_) => return Err(Error::NotReadable),
    })
}

/// Refuses a table that no store may hold: names become paths and tables beside our own.
fn check(table: &TableRef) -> Result<()> {
    table.validate()?;
    for reserved in ["_tidegauge", "_sqlx_", "sqlite_", "pg_"] {
        if table.name.starts_with(reserved) {
            return Err(Error::Reserved { table: table.name.to_string(), prefix: reserved });
        }
    }
    Ok(())
}
