//! The origins of settings, for errors that are found after they were read.

use super::lines::Lines;
use super::names::variable;
use super::store::StoreUrl;
use crate::Error;

/// The origins of the settings of a configuration. They do not affect equality: all origins are
/// equal.
#[derive(Debug, Clone, Default)]
pub(crate) struct Origins {
    lines: Option<Lines>,
    /// The stores as they were read: flags may have replaced them since.
    stores: Vec<(StoreUrl, Vec<String>)>,
    /// The sources as they were read, likewise.
    sources: Vec<String>,
}

impl PartialEq for Origins {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Origins {
    /// Creates the origins of settings that were read from the file with these `lines`, if any, and
    /// from the environment.
    pub(super) fn new(
        warehouse: &StoreUrl,
        backups: &[StoreUrl],
        sources: &[String],
        lines: Option<Lines>,
    ) -> Self {
        let backups = backups.iter().enumerate();
        let backups =
            backups.map(|(at, url)| (url.clone(), vec!["backups".into(), at.to_string()]));
        let warehouse = (warehouse.clone(), vec!["warehouse".into()]);
        let stores = std::iter::once(warehouse).chain(backups).collect();
        Self { lines, stores, sources: sources.to_vec() }
    }

    /// Returns the error of an invalid setting with the position of the setting.
    pub(super) fn with_position(&self, error: Error) -> Error {
        let Error::Setting { setting, reason } = error else { return error };
        let path: Vec<_> = setting.split('.').map(str::to_owned).collect();
        match self.position(&path) {
            Some(position) => Error::Config { reason: format!("{position}: {reason}") },
            None => Error::Setting { setting, reason },
        }
    }

    /// Returns the error of an invalid store with the setting or variable that names it.
    pub(crate) fn store_error(&self, url: &StoreUrl, error: tidegauge_storage::Error) -> Error {
        let found = self.stores.iter().find(|(known, _)| known == url);
        match found.and_then(|(_, path)| self.position(path)) {
            Some(position) => Error::Config { reason: format!("{position}: {error}") },
            None => error.into(),
        }
    }

    /// Returns the error of the invalid source at index `at` of `sources` with the line or variable
    /// that names it.
    pub(crate) fn source_error(&self, sources: &[String], at: usize, reason: String) -> Error {
        let path = vec!["sources".to_owned(), at.to_string()];
        match (self.sources == sources).then(|| self.position(&path)).flatten() {
            Some(position) => Error::Config { reason: format!("{position}: {reason}") },
            None => Error::Setting { setting: "sources", reason },
        }
    }

    /// Returns the file and the line of the setting at `path`; `None` if no file contains it.
    pub(crate) fn line(&self, path: &[String]) -> Option<String> {
        let lines = self.lines.as_ref().filter(|lines| lines.has(path))?;
        Some(lines.position(path))
    }

    /// Returns the error of the invalid setting at `path` with its position.
    pub(crate) fn setting_error(
        &self,
        path: &[String],
        setting: &'static str,
        reason: String,
    ) -> Error {
        match self.position(path) {
            Some(position) => Error::Config { reason: format!("{position}: {reason}") },
            None => Error::Setting { setting, reason },
        }
    }

    /// Returns the position and the name of the setting at `path`; `None` for a default, and for a
    /// flag.
    fn position(&self, path: &[String]) -> Option<String> {
        if let Some(variable) = variable(path) {
            return Some(variable);
        }
        let lines = self.lines.as_ref().filter(|lines| lines.has(path))?;
        Some(format!("{}: {}", lines.position(path), path.join(".")))
    }
}
