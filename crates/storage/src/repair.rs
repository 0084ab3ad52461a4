//! Repair of a folder: rebuilding its manifest.

use std::collections::BTreeMap;

use tidegauge_core::{Cursor, TableRef};

use crate::url::StoreUrl;
use crate::{Error, Result};

/// The result of a repair, and the state after it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Repair {
    /// The store's name, without secrets.
    pub store: String,
    /// The faults found, as sentences without a full stop; if empty, nothing was changed.
    pub faults: Vec<String>,
    /// The content of each table.
    pub tables: BTreeMap<String, Held>,
    /// The cursor of each source.
    pub cursors: BTreeMap<String, Cursor>,
    /// The folder to which rejected files and the old manifest were moved.
    pub folder: Option<String>,
    /// The rejected files.
    pub aside: Vec<SetAside>,
    /// Facts that cannot be restored, with advice on how to continue.
    pub unknown: Vec<String>,
}

/// The content of a table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Held {
    /// The number of files.
    pub files: usize,
    /// The number of rows; in a merge table, including replaced ones.
    pub rows: usize,
}

/// A file that was moved aside.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SetAside {
    /// The former path within the store.
    pub path: String,
    /// The reason why it is rejected.
    pub reason: String,
}

/// Rebuilds the manifest of the folder of Parquet files at `url` if it is missing, damaged, older
/// than its files, or names missing files. `tables` are the known definitions, by which files of
/// releases without notes are interpreted. Nothing is deleted: rejected files are moved aside.
///
/// # Errors
/// When `url` is of a store without such a manifest, in which case the error says what to do
/// instead, or when the store cannot be read or written.
pub async fn repair(url: &str, tables: &[TableRef]) -> Result<Repair> {
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
