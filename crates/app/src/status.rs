//! What a warehouse holds: built-in tables, tables that the settings declare, and others that runs have filled.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::Serialize;
use tidegauge_acquisition::mapping::declare;
use tidegauge_core::coverage::Ledger;
use tidegauge_core::tables::RunRecord;
use tidegauge_core::{
    Cursor, ErrorKind, Lease, RUN_HISTORY, Table, TableRef, WarehouseExt, tables,
};

use crate::history::{INTERRUPTED, RUNNING};
use crate::{Config, Error, Result, Tidegauge, history, sources};

/// How far a source has been loaded.
#[derive(Debug, Clone, Serialize)]
pub struct Progress {
    /// The source.
    pub source: String,
    /// Its cursor in the warehouse (`None`: never loaded).
    pub cursor: Option<Cursor>,
    /// Why its rows are not what the cursor says, and the way out; `None` if they are, as far as is known.
    pub fault: Option<String>,
    /// Whether it is part of a run.
    pub is_on: bool,
    /// Up to when it is read: by the gap ledger, or else by the newest event among its rows. `None` if neither knows,
    /// or the rows cannot be told from those of another source.
    pub read_to: Option<DateTime<Utc>>,
    /// How long ago that was.
    pub lag_seconds: Option<i64>,
}

/// Where the definition of a table comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TableOrigin {
    /// It is one of [`tables::all`].
    BuiltIn,
    /// It is declared under `[[tables]]`.
    Declared,
    /// It is unknown here: a run has filled it that had other settings, or a program with sources of its own.
    Unknown,
}

/// A table, and how many rows a warehouse has of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TableStanding {
    /// Its name.
    pub name: String,
    /// Its rows; `None` if they cannot be counted, because the stored columns are not those that are known here.
    pub rows: Option<usize>,
    /// Where its definition comes from.
    pub origin: TableOrigin,
    /// What it holds, in a line.
    pub description: String,
}

impl TableStanding {
    fn new(table: &Table, rows: usize, origin: TableOrigin) -> Self {
        let description = table.description.to_string();
        Self { name: table.name.to_string(), rows: Some(rows), origin, description }
    }
}

/// What a warehouse holds.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The built-in tables, every declared table, and every other table that a run has filled.
    pub tables: Vec<TableStanding>,
    /// How far each source has been loaded: those of the settings, then others that the warehouse knows.
    pub sources: Vec<Progress>,
    /// The last run of each source, the latest first. Of a source that never ends, or began within a day, it is
    /// `running` until it has ended; of any other it is `interrupted` by then.
    pub runs: Vec<RunRecord>,
    /// What the settings declare and no run uses, a sentence each.
    pub unused: Vec<String>,
}

impl Standing {
    /// Returns `true` if nothing was ever loaded: no table has rows, and no source a cursor.
    pub fn is_empty(&self) -> bool {
        self.tables.iter().all(|table| table.rows == Some(0))
            && self.sources.iter().all(|source| source.cursor.is_none())
            && self.runs.is_empty()
    }
}

impl Config {
    /// Returns the tables that are declared under `[[tables]]`.
    ///
    /// # Errors
    /// When a declaration contradicts itself, has the name of a built-in table, or is there twice.
    pub fn declared_tables(&self) -> Result<Vec<TableRef>> {
        Ok(declare(&self.tables)?)
    }
}

impl Tidegauge {
    /// Returns what the warehouse holds, how far each source has been loaded, and how its last run went.
    ///
    /// # Errors
    /// When the warehouse cannot be read, or a declaration of a table contradicts itself.
    pub async fn status(&self) -> Result<Standing> {
        let runs = self.runs().await?;
        let tables = self.counts(&history::filled(&runs)).await?;
        let mut cursors = self.warehouse().cursors().await?;
        cursors.retain(|name, _| name != RUN_HISTORY && !name.starts_with(Lease::PREFIX));
        let offers = sources::offers(self.config());
        let ledger = Ledger::read(self.warehouse().as_ref()).await?;
        let mut sources = Vec::new();
        for offer in &offers {
            let cursor = cursors.remove(&offer.name);
            sources.push(self.progress(offer.name.clone(), cursor, &ledger).await?);
        }
        for (source, cursor) in cursors {
            sources.push(self.progress(source, Some(cursor), &ledger).await?);
        }
        let (mut runs, now) = (history::last_of_each(runs), self.context().clock.now());
        let is_live = |name: &str| offers.iter().any(|offer| offer.is_live && offer.name == name);
        for run in runs.iter_mut().filter(|run| run.outcome == RUNNING && !is_live(&run.source)) {
            if history::is_given_up(run, now) {
                run.outcome = INTERRUPTED.into();
            }
        }
        Ok(Standing { tables, sources, runs, unused: self.config().unused() })
    }

    /// Returns how far `source` has been loaded, and whether its rows are there.
    async fn progress(
        &self,
        source: String,
        cursor: Option<Cursor>,
        ledger: &Ledger,
    ) -> Result<Progress> {
        let (mut fault, mut read_to) = (None, None);
        if let Some(cursor) = &cursor {
            fault = self.fault(&source).await?.map(|fault| fault.to_string());
            read_to = self.read_to(&source, cursor, ledger).await?;
        }
        let now = self.context().clock.now();
        let lag_seconds = read_to.map(|read_to| (now - read_to).num_seconds().max(0));
        let is_on = self.config().active_sources().contains(&source);
        Ok(Progress { source, cursor, fault, is_on, read_to, lag_seconds })
    }

    /// Returns why the rows of `source` are not what its cursor says; `None` if they are, or the settings do not know
    /// which tables it fills.
    pub(crate) async fn fault(&self, source: &str) -> Result<Option<tidegauge_core::Error>> {
        // What cannot be opened as it is configured is told by a run.
        let Ok(Some(fills)) = sources::fills(source, self.config(), self.context()) else {
            return Ok(None);
        };
        match self.warehouse().check(source, &fills.tables).await {
            Ok(()) => Ok(None),
            Err(error) if error.kind() == ErrorKind::Corrupt => Ok(Some(error)),
            // Whoever may only read what is loaded need not see how it is.
            Err(error) if error.kind() == ErrorKind::Permission => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Counts the rows of all tables, where `filled` are the names of those that runs have filled.
    async fn counts(&self, filled: &BTreeSet<String>) -> Result<Vec<TableStanding>> {
        let warehouse = self.warehouse().as_ref();
        let (declared, mut standing) = (self.config().declared_tables()?, Vec::new());
        for table in tables::all() {
            let rows = warehouse.count(&table).await?;
            standing.push(TableStanding::new(&table, rows, TableOrigin::BuiltIn));
        }
        for table in &declared {
            let origin = TableOrigin::Declared;
            standing.push(match warehouse.count(table).await {
                Ok(rows) => TableStanding::new(table, rows, origin),
                // The declaration has changed since: that must not hide all other tables.
                Err(error) if error.kind() == ErrorKind::SchemaMismatch => {
                    let (name, description) = (table.name.to_string(), error.to_string());
                    TableStanding { name, rows: None, origin, description }
                }
                Err(error) => return Err(error.into()),
            });
        }
        for name in filled {
            let is_known = declared.iter().any(|table| *table.name == *name);
            if !is_known && tables::by_name(name).is_none() {
                let (name, description) = (name.clone(), "not declared in these settings".into());
                let origin = TableOrigin::Unknown;
                standing.push(TableStanding { name, rows: None, origin, description });
            }
        }
        Ok(standing)
    }

    /// Returns the error of a command that finds no row that it is about: the warehouse is empty, or its rows
    /// are all in other tables.
    pub(crate) async fn nothing(&self) -> Error {
        let standing = match self.status().await {
            Ok(standing) => standing,
            Err(error) => return error,
        };
        let warehouse = self.warehouse().name().to_owned();
        let is_data = |table: &TableStanding| table.name != *RunRecord::table().name;
        let tables = standing.tables.into_iter().filter(|table| table.rows != Some(0));
        let filled = tables.filter(is_data);
        let names: Vec<_> = filled.map(|table| format!("`{}`", table.name)).collect();
        match names.as_slice() {
            [] => Error::Nothing { warehouse },
            _ if names.iter().any(|name| name == "`ramp_transactions`") => {
                Error::NoneCompleted { warehouse }
            }
            names => Error::Elsewhere { warehouse, tables: names.join(", ") },
        }
    }
}
