//! Where settings come from, for what is found wrong with them after they were read.

use super::file::Lines;
use super::refused::variable;
use super::{Config, StoreUrl};
use crate::Error;

/// Where the settings of a configuration come from. It is no part of what they say: all are equal.
#[derive(Debug, Clone, Default)]
pub(crate) struct Origins {
    lines: Option<Lines>,
    /// The stores as they were read: flags may name others since.
    stores: Vec<(StoreUrl, Vec<String>)>,
    /// Likewise the sources.
    sources: Vec<String>,
}

impl PartialEq for Origins {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Origins {
    pub(super) fn new(config: &Config, lines: Option<Lines>) -> Self {
        let backups = config.backups.iter().enumerate();
        let backups =
            backups.map(|(at, url)| (url.clone(), vec!["backups".into(), at.to_string()]));
        let warehouse = (config.warehouse.clone(), vec!["warehouse".into()]);
        let stores = std::iter::once(warehouse).chain(backups).collect();
        Self { lines, stores, sources: config.sources.clone() }
    }

    /// Says of a setting that makes no sense where it stands.
    pub(super) fn placed(&self, error: Error) -> Error {
        let Error::Setting { setting, reason } = error else { return error };
        let path: Vec<_> = setting.split('.').map(str::to_owned).collect();
        match self.at(&path) {
            Some(place) => Error::Config { reason: format!("{place}: {reason}") },
            None => Error::Setting { setting, reason },
        }
    }

    /// Says of a store that cannot be which setting or variable names it.
    pub(crate) fn of_store(&self, url: &StoreUrl, error: tidegauge_storage::Error) -> Error {
        let found = self.stores.iter().find(|(known, _)| known == url);
        match found.and_then(|(_, path)| self.at(path)) {
            Some(place) => Error::Config { reason: format!("{place}: {error}") },
            None => error.into(),
        }
    }

    /// Says of the source at a place of `sources` that cannot be which line or variable names it.
    pub(crate) fn of_source(&self, sources: &[String], at: usize, reason: String) -> Error {
        let path = vec!["sources".to_owned(), at.to_string()];
        match (self.sources == sources).then(|| self.at(&path)).flatten() {
            Some(place) => Error::Config { reason: format!("{place}: {reason}") },
            None => Error::Setting { setting: "sources", reason },
        }
    }

    /// Returns the file and the line where the setting at `path` stands; `None` if it stands in none.
    pub(crate) fn line(&self, path: &[String]) -> Option<String> {
        let lines = self.lines.as_ref().filter(|lines| lines.has(path))?;
        Some(lines.place(path))
    }

    /// Says of the setting at `path` that it cannot be, and where it stands.
    pub(crate) fn of_setting(
        &self,
        path: &[String],
        setting: &'static str,
        reason: String,
    ) -> Error {
        match self.at(path) {
            Some(place) => Error::Config { reason: format!("{place}: {reason}") },
            None => Error::Setting { setting, reason },
        }
    }

    /// Returns where the setting at `path` stands, and its name. `None` for a default, and for a flag.
    fn at(&self, path: &[String]) -> Option<String> {
        if let Some(variable) = variable(path) {
            return Some(variable);
        }
        let lines = self.lines.as_ref().filter(|lines| lines.has(path))?;
        Some(format!("{}: {}", lines.place(path), path.join(".")))
    }
}
