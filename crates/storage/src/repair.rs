//! Repair of a folder: rebuilding its manifest.

use tidegauge_core::TableRef;

use crate::repair_report::RepairReport;
use crate::url::StoreUrl;
use crate::{Error, Result};

/// Rebuilds the manifest of the folder of Parquet files at `url` if it is missing, damaged, older
/// than its files, or names missing files. `tables` are the known definitions, by which files of
/// releases without notes are interpreted. Nothing is deleted: rejected files are moved aside.
///
/// # Errors
/// When `url` is of a store without such a manifest, in which case the error says what to do
/// instead, or when the store cannot be read or written.
pub async fn repair(url: &str, tables: &[TableRef]) -> Result<RepairReport> {
    #[cfg(not(feature = "parquet"))]
    let _ = tables;
    match StoreUrl::parse(url)? {
        #[cfg(feature = "parquet")]
        StoreUrl::Parquet(dir) => Ok(crate::parquet::open(dir).repair(tables).await?),
        #[cfg(feature = "object-store")]
        StoreUrl::Bucket(bucket) => Ok(crate::parquet::open_bucket(bucket).repair(tables).await?),
        #[cfg(feature = "csv")]
        StoreUrl::Csv(dir) => Err(Error::Unrepairable {
            name: format!("csv://{}", dir.display()),
            reason:
                "its lines do not say who loaded them; put its manifest back, or move the folder \
                     away, and the next run writes a new one from the beginning"
                    .into(),
        }),
        #[allow(unreachable_patterns)]
        _ => Err(Error::Unrepairable {
            name: url.split("://").next().unwrap_or_default().into(),
            reason: "it is no folder of files with a manifest; restore it from a backup".into(),
        }),
    }
}
