//! Connections to stores by their URLs.

use std::sync::Arc;

use tidegauge_core::{Sink, Warehouse};

use crate::Result;
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
        StoreUrl::Csv(dir) => Ok(Arc::new(crate::csv::open(dir))),
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

/// Returns the name of the store at `url` for messages: the URL without secrets. Opens no store.
///
/// # Errors
/// The same as for [`connect_sink`].
pub fn store_name(url: &str) -> Result<String> {
    Ok(StoreUrl::parse(url)?.name())
}

/// Returns the identity of the store at `url`: the same text for two URLs of the same store, even
/// through links and other spellings. It contains no secret.
///
/// # Errors
/// The same as for [`connect_sink`].
pub fn identity(url: &str) -> Result<String> {
    Ok(StoreUrl::parse(url)?.identity())
}

/// Returns the warehouse at `url`.
fn open(url: StoreUrl) -> Result<Arc<dyn Warehouse>> {
    match url {
        #[cfg(feature = "sqlite")]
        StoreUrl::Sqlite { path, read_only } => Ok(Arc::new(crate::sqlite::open(path, read_only))),
        #[cfg(feature = "postgres")]
        StoreUrl::Postgres(target) => Ok(Arc::new(crate::postgres::open(target))),
        #[cfg(feature = "mysql")]
        StoreUrl::MySql(target) => Ok(Arc::new(crate::mysql::open(target))),
        #[cfg(feature = "bigquery")]
        StoreUrl::BigQuery(dataset) => Ok(Arc::new(crate::bigquery::open(dataset)?)),
        #[cfg(feature = "parquet")]
        StoreUrl::Parquet(dir) => Ok(Arc::new(crate::parquet::open(dir))),
        #[cfg(feature = "object-store")]
        StoreUrl::Bucket(bucket) => Ok(Arc::new(crate::parquet::open_bucket(bucket))),
        #[cfg(feature = "csv")]
        StoreUrl::Csv(_) => Err(crate::Error::NotReadable),
    }
}
