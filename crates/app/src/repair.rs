//! The repair of the manifests of folders.

use tidegauge_acquisition::mapping::declare;
use tidegauge_core::tables;
use tidegauge_storage::RepairReport;

use crate::config::Config;
use crate::{Error, Result, Tidegauge};

impl Tidegauge {
    /// Rebuilds the manifest of the warehouse and of each backup that is a folder of Parquet files,
    /// if it does not match the files. Nothing is removed: files that do not count are moved.
    ///
    /// # Errors
    /// When neither the warehouse nor a backup is such a folder, or one cannot be repaired.
    pub async fn repair(&self) -> Result<Vec<RepairReport>> {
        let config = self.config();
        let is_folder = |url: &&str| {
            ["parquet://", "s3://", "gs://"].iter().any(|scheme| url.starts_with(scheme))
        };
        let stores = std::iter::once(&config.warehouse).chain(&config.backups);
        let folders: Vec<&str> = stores.map(|url| url.expose()).filter(is_folder).collect();
        if folders.is_empty() {
            return Err(Error::Setting {
                setting: "warehouse",
                reason: format!(
                    "there is nothing to repair: neither `{}` nor a backup is a folder of Parquet files, \
                     which alone can be made anew from its files",
                    config.warehouse
                ),
            });
        }
        let mut known = tables::all();
        known.extend(declare(&config.tables)?);
        let mut repairs = Vec::with_capacity(folders.len());
        for url in folders {
            let repair = tidegauge_storage::repair(url, &known).await;
            repairs.push(repair.map_err(|error| match error {
                tidegauge_storage::Error::Core(error) => Error::Core(error),
                other => Error::Storage(other),
            })?);
        }
        Ok(repairs)
    }
}

/// Refuses two stores at one location, where each load would conflict with its own copy.
///
/// # Errors
/// When two stores have the same location (the error names both), or a URL is invalid.
pub(crate) fn reject_duplicate_stores(config: &Config) -> Result<()> {
    let mut seen = Vec::new();
    for url in std::iter::once(&config.warehouse).chain(&config.backups) {
        let identity = tidegauge_storage::identity(url.expose())
            .map_err(|error| config.origins.store_error(url, error))?;
        if let Some((_, other)) = seen.iter().find(|(known, _)| *known == identity) {
            return Err(Error::Setting {
                setting: "backups",
                reason: format!(
                    "`{url}` and `{other}` are one place, and every load would meet itself there; name \
                     another place, or leave one out"
                ),
            });
        }
        seen.push((identity, url));
    }
    Ok(())
}
