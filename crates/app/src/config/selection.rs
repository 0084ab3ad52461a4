//! The selection of the sources of a run: those that the settings list, and every file and database
//! of the user's own that is not switched off.

use tidegauge_acquisition::mapping::{TableConfig, WriteConfig};
use tidegauge_acquisition::snapshot::WriteRows;

use super::settings::Config;

/// A file or a database of the user's own, as the settings declare it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UserSource<'a> {
    pub(crate) name: &'a str,
    /// The table that it fills.
    pub(crate) table: &'a str,
    /// `true` if it is part of a run that does not name its sources.
    pub(crate) enabled: bool,
    /// `true` if another source may fill the table as well.
    pub(crate) shared: bool,
    /// `true` if each load replaces all rows of the table.
    pub(crate) replaces: bool,
    /// The section of the settings in which it is declared, and its index there.
    section: (&'static str, usize),
}

impl UserSource<'_> {
    /// Returns the path of one of its settings.
    pub(crate) fn path(&self, setting: &str) -> Vec<String> {
        let (section, place) = self.section;
        vec![section.into(), place.to_string(), setting.into()]
    }

    /// Returns the header of its section, as in `[[files]]`.
    pub(crate) fn section(&self) -> String {
        format!("[[{}]]", self.section.0)
    }
}

impl Config {
    /// Returns the names of the sources that a run loads: those that were [chosen](Self::select_sources),
    /// or else those of [`sources`](Self::sources) and every declared file and database that is not
    /// switched off.
    pub fn active_sources(&self) -> Vec<String> {
        if let Some(selected_sources) = &self.selected_sources {
            return selected_sources.clone();
        }
        let own = || self.user_sources();
        let is_off = |name: &&String| own().any(|own| own.name == **name && !own.enabled);
        let mut active: Vec<_> =
            self.sources.iter().filter(|name| !is_off(name)).cloned().collect();
        for own in own().filter(|own| own.enabled) {
            if active.iter().all(|name| name != own.name) {
                active.push(own.name.to_owned());
            }
        }
        active
    }

    /// Makes runs load the sources called `names` and no others, independent of the settings, even
    /// if they are switched off.
    pub fn select_sources(&mut self, names: Vec<String>) {
        self.selected_sources = Some(names);
    }

    /// Returns the declarations that a run does not use, one sentence each: sources that are
    /// switched off, and tables that no file and no database fills. Empty if the sources of the run
    /// were [chosen](Self::select_sources).
    pub fn unused(&self) -> Vec<String> {
        if self.selected_sources.is_some() {
            return Vec::new();
        }
        let place = |path: &[String]| {
            self.origins.line(path).map_or_else(String::new, |line| format!(" ({line})"))
        };
        let off = self.user_sources().filter(|own| !own.enabled).map(|own| {
            let at = place(&own.path("enabled"));
            format!("`{}` is switched off and not read: `enabled = false`{at}", own.name)
        });
        let is_filled =
            |table: &str| self.user_sources().any(|own| own.enabled && own.table == table);
        let tables = self.tables.iter().enumerate();
        let unfilled = tables.filter(|(_, table)| !is_filled(&table.name)).map(|(at, table)| {
            let at = place(&["tables".into(), at.to_string()]);
            format!("no file and no database fills the table `{}`{at}", table.name)
        });
        off.chain(unfilled).collect()
    }

    /// Returns the files and databases of the user's own, in the order of the settings.
    pub(crate) fn user_sources(&self) -> impl Iterator<Item = UserSource<'_>> {
        let replaces = |write: WriteRows, table: &str| {
            let is_snapshot = |declared: &TableConfig| {
                declared.name == table && declared.write == WriteConfig::Replace
            };
            write == WriteRows::Replace || self.tables.iter().any(is_snapshot)
        };
        let files = self.files.iter().enumerate().map(move |(at, file)| UserSource {
            name: &file.name,
            table: &file.table,
            enabled: file.enabled,
            shared: file.shared,
            replaces: replaces(file.write, &file.table),
            section: ("files", at),
        });
        let databases = self.databases.iter().enumerate().map(move |(at, database)| UserSource {
            name: &database.name,
            table: &database.table,
            enabled: database.enabled,
            shared: database.shared,
            replaces: replaces(database.write, &database.table),
            section: ("databases", at),
        });
        files.chain(databases)
    }
}
