//! The import: a file of the user's own is inspected, tried, and added to the settings.

mod preview;
mod render;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tidegauge_acquisition::files::import::{Inspection, inspect};
use tidegauge_acquisition::mapping::TableConfig;
use tidegauge_acquisition::{Context, files};
use tidegauge_core::tables::FxRate;
use tidegauge_core::{Clock, SystemClock};

pub use preview::Preview;
pub use tidegauge_acquisition::files::import::{Guess, Hints, Question};

use crate::{Config, Error, FILE, Result, report, sources};

/// The settings by which a file would be loaded, and the result of reading it by them.
#[derive(Debug)]
#[non_exhaustive]
pub struct Import {
    /// The entries of the settings.
    pub entries: Vec<files::Config>,
    /// The declarations of new tables, if the file fits no built-in one.
    pub tables: Vec<TableConfig>,
    /// The name of the export format, if it is a known one.
    pub preset: Option<String>,
    /// Notes for users of that format.
    pub notes: Vec<String>,
    /// The findings of the inspection.
    pub found: Vec<String>,
    /// The assumptions, with the options that replace them.
    pub guesses: Vec<Guess>,
    /// The result of reading each entry.
    pub previews: Vec<Preview>,
}

impl Import {
    /// Inspects the file at `path`, and reads it by the resulting settings. Nothing is written.
    ///
    /// # Errors
    /// When the file cannot be read, has no rows, or cannot fill the table that `hints` request.
    pub async fn inspect(path: &str, hints: &Hints, clock: Arc<dyn Clock>) -> Result<Self> {
        let found =
            inspect(path, hints, clock.now()).map_err(|error| Error::Import(Box::new(error)))?;
        let mut previews = Vec::with_capacity(found.entries.len());
        for entry in &found.entries {
            previews.push(Preview::read(entry, &found.tables, clock.clone()).await?);
        }
        let Inspection { entries, tables, preset, notes, found, guesses, .. } = found;
        Ok(Self { entries, tables, preset, notes, found, guesses, previews })
    }

    /// Returns the entries as TOML, with the guesses as comments.
    pub fn settings(&self) -> String {
        render::settings(&render::Settings {
            preset: self.preset.as_deref(),
            notes: &self.notes,
            guesses: &self.guesses,
            tables: &self.tables,
            entries: &self.entries,
        })
    }

    /// Adds the entries to the settings in `file`, or in `tidegauge.toml`, atomically; a missing
    /// file is first filled as by `tidegauge init`. Returns the file.
    ///
    /// # Errors
    /// When an entry or a table of that name exists already, the settings are invalid, or the file
    /// cannot be written.
    pub fn write_settings(&mut self, file: Option<&Path>) -> Result<PathBuf> {
        let file = file.unwrap_or(Path::new(FILE)).to_owned();
        let before = match fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Config::default().template(),
            Err(error) => return Err(Error::Write { file, error }),
        };
        let config = Config::read_text(&file, &before)?;
        self.reject_existing_names(&config)?;
        self.mark_shared(&config);
        self.note_missing_rates(&config);
        let settings = format!("{}\n\n{}", before.trim_end(), self.settings());
        // The result must be readable.
        Config::read_text(&file, &settings)?;
        // The target of a link is replaced, and the link stays.
        let target = fs::canonicalize(&file).unwrap_or_else(|_| file.clone());
        report::write(&target, &settings)
            .map_err(|error| Error::Write { file: file.clone(), error })?;
        Ok(file)
    }

    /// Sets `shared` on entries that fill a table that an entry of the settings fills as well.
    fn mark_shared(&mut self, config: &Config) {
        for entry in &mut self.entries {
            let other = config.user_sources().find(|own| own.table == entry.table);
            if let Some(other) = other.filter(|other| !other.shared && !entry.shared) {
                entry.shared = true;
                self.guesses.push(Guess {
                    text: format!(
                        "`{}` fills `{}` together with `{}` (`shared = true`): rows of one key would take each \
                         other's place",
                        entry.name, entry.table, other.name
                    ),
                    question: None,
                });
            }
        }
    }

    /// Adds a note that amounts need exchange rates, if the settings name no source of them.
    fn note_missing_rates(&mut self, config: &Config) {
        let has_rates = |name: &String| {
            let filled = sources::tables_of(name, config, &Context::new(Arc::new(SystemClock)))
                .ok()
                .flatten();
            filled.is_some_and(|filled| {
                filled.tables.iter().any(|table| table.name == FxRate::table().name)
            })
        };
        let found = self.previews.iter().flat_map(|preview| &preview.currencies);
        let foreign: BTreeSet<_> = found.filter(|currency| *currency != "USD").collect();
        if !foreign.is_empty() && !config.sources.iter().any(has_rates) {
            let foreign: Vec<_> = foreign.into_iter().map(String::as_str).collect();
            let first = self.previews.iter().filter_map(|preview| preview.first_day).min();
            let since = first.map_or(String::new(), |day| {
                format!(
                    "; the first day is {day}, which `history_days` of these sources has to reach"
                )
            });
            self.guesses.push(Guess {
                text: format!(
                    "amounts in {} want rates and prices to be worth US dollars: name sources of them in `sources`, as \
                     `ecb` for currencies and `kraken` for coins, which need no key{since}",
                    foreign.join(", ")
                ),
                question: None,
            });
        }
    }

    /// Refuses names that exist already.
    fn reject_existing_names(&self, config: &Config) -> Result<()> {
        let exists = |name: &str| {
            config.files.iter().any(|entry| entry.name == name)
                || config.databases.iter().any(|entry| entry.name == name)
        };
        if let Some(entry) = self.entries.iter().find(|entry| exists(&entry.name)) {
            let reason = format!(
                "the settings have an entry `{}` already: remove it, or take another name (`--name`)",
                entry.name
            );
            return Err(Error::Setting { setting: "name", reason });
        }
        let is_declared =
            |table: &&TableConfig| config.tables.iter().any(|own| own.name == table.name);
        if let Some(table) = self.tables.iter().find(is_declared) {
            let reason = format!(
                "the settings have a table `{}` already: remove it, or take another name (`--name`)",
                table.name
            );
            return Err(Error::Setting { setting: "name", reason });
        }
        Ok(())
    }
}
