//! The contents of a warehouse: built-in tables, tables that the settings declare, and others that
//! runs have filled.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::Serialize;
use tidegauge_acquisition::mapping::declare;
use tidegauge_core::coverage::CoverageLedger;
use tidegauge_core::tables::RunRecord;
use tidegauge_core::{
    Cursor, ErrorKind, Lease, RUN_HISTORY, Table, TableRef, WarehouseExt, tables,
};

use crate::history::{INTERRUPTED, RUNNING};
use crate::{Config, Error, Result, Tidegauge, history, sources};

/// The progress of a source.
#[derive(Debug, Clone, Serialize)]
pub struct Progress {
    /// The name of the source.
    pub source: String,
    /// Its cursor in the warehouse (`None`: never loaded).
    pub cursor: Option<Cursor>,
    /// The reason why its rows do not match the cursor, and the way out; `None` if no mismatch is
    /// known.
    pub fault: Option<String>,
    /// `true` if it is part of a run.
    pub is_on: bool,
    /// The time up to which it is loaded: by the gap ledger, or else by the newest event among its
    /// rows. `None` if neither is known, or the rows cannot be told from those of another source.
    pub read_to: Option<DateTime<Utc>>,
    /// The lag of the source: the seconds since `read_to`.
    pub lag_seconds: Option<i64>,
}

/// The origin of the definition of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TableOrigin {
    /// One of [`tables::all`].
    BuiltIn,
    /// A declaration under `[[tables]]`.
    Declared,
    /// Unknown to this configuration: the table was filled by a run with other settings, or by a
    /// program with its own sources.
    Unknown,
}

/// A table, and the number of its rows in a warehouse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TableStanding {
    /// The name of the table.
    pub name: String,
    /// The number of rows; `None` if they cannot be counted because the stored columns differ from
    /// the definition.
    pub rows: Option<usize>,
    /// The origin of its definition.
    pub origin: TableOrigin,
    /// A one-line description.
    pub description: String,
}

impl TableStanding {
    fn new(table: &Table, rows: usize, origin: TableOrigin) -> Self {
        let description = table.description.to_string();
        Self { name: table.name.to_string(), rows: Some(rows), origin, description }
    }
}

/// The contents of a warehouse.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The built-in tables, every declared table, and every other table that a run has filled.
    pub tables: Vec<TableStanding>,
    /// The progress of each source: those of the settings, then others that the warehouse knows.
    pub sources: Vec<Progress>,
    /// The last run of each source, the latest first. A run without an end is `running` if its
    /// source never ends or it began within a day, else `interrupted`.
    pub runs: Vec<RunRecord>,
    /// The declarations of the settings that no run uses, one sentence each.
    pub unused: Vec<String>,
}

impl Standing {
    /// Returns `true` if nothing was ever loaded: no table has rows, and no source has a cursor.
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
    /// When a declaration contradicts itself, has the name of a built-in table, or occurs twice.
    pub fn declared_tables(&self) -> Result<Vec<TableRef>> {
        Ok(declare(&self.tables)?)
    }
}

impl Tidegauge {
    /// Returns the contents of the warehouse, the progress of each source, and the outcome of its
    /// last run.
    ///
    /// # Errors
    /// When the warehouse cannot be read, or a declaration of a table contradicts itself.
    pub async fn status(&self) -> Result<Standing> {
        let runs = self.runs().await?;
        let tables = self.counts(&history::filled(&runs)).await?;
        let mut cursors = self.warehouse().cursors().await?;
        cursors.retain(|name, _| name != RUN_HISTORY && !name.starts_with(Lease::PREFIX));
        let offers = sources::offers(self.config());
        let ledger = CoverageLedger::read(self.warehouse().as_ref()).await?;
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

    /// Returns the progress of `source`, and checks its rows.
    async fn progress(
        &self,
        source: String,
        cursor: Option<Cursor>,
        ledger: &CoverageLedger,
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

    /// Returns the reason why the rows of `source` do not match its cursor; `None` if they do, or
    /// the settings do not know which tables it fills.
    pub(crate) async fn fault(&self, source: &str) -> Result<Option<tidegauge_core::Error>> {
        // A source that cannot be opened as configured is reported by a run.
        let Ok(Some(fills)) = sources::fills(source, self.config(), self.context()) else {
            return Ok(None);
        };
        match self.warehouse().check(source, &fills.tables).await {
            Ok(()) => Ok(None),
            Err(error) if error.kind() == ErrorKind::Corrupt => Ok(Some(error)),
            // A reader without the permission to check loads can still read the rows.
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
                // The declaration has changed since the load; the other tables are still shown.
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

    /// Returns the error of a command that finds no rows to work on: the warehouse is empty, or all
    /// of its rows are in other tables.
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
