//! Making the manifest of a folder anew.

use std::collections::BTreeMap;

use tidegauge_core::{Cursor, TableRef};

use crate::url::StoreUrl;
use crate::{Error, Result};

/// What a repair has found, and what is there now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Repair {
    /// The store, without secrets.
    pub store: String,
    /// What was wrong, in sentences without their end; nothing was changed if that is nothing.
    pub faults: Vec<String>,
    /// What each table holds now.
    pub tables: BTreeMap<String, Held>,
    /// How far each source is loaded now.
    pub cursors: BTreeMap<String, Cursor>,
    /// The folder to which were moved what does not count, and the manifest of before.
    pub folder: Option<String>,
    /// What does not count.
    pub aside: Vec<SetAside>,
    /// What cannot be known, and how to go on.
    pub unknown: Vec<String>,
}

/// What a table holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Held {
    /// Its files.
    pub files: usize,
    /// Their rows; in a merge table, with those that were replaced.
    pub rows: usize,
}

/// A file that was moved out of the way.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SetAside {
    /// Where it was, within the store.
    pub path: String,
    /// Why it does not count.
    pub reason: String,
}

/// Makes the manifest of the folder of Parquet files at `url` anew, if it is gone, damaged, older than its
/// files, or names files that are gone. `tables` are the definitions that are known: files of releases that
/// noted nothing in them are understood by these. Nothing is removed: what does not count is moved.
///
/// # Errors
/// Returns an error if `url` is of a store that has no such manifest, naming what to do instead, or the store
/// cannot be read or written.
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
