//! Freshness: the time up to which a source is loaded.

use chrono::{DateTime, NaiveTime, Utc};
use tidegauge_core::coverage::CoverageLedger;
use tidegauge_core::tables::{
    Chargeback, Coverage, Deposit, Quarantine, RampTransaction, Trade, User, Withdrawal,
};
use tidegauge_core::{Aggregate, Cell, Cursor, ErrorKind, Filter, Measure, TableRef};
use tidegauge_simulation::{Classic, Exchange};

use crate::config::UserSource;
use crate::source_names::{self, BACKFILL_SUFFIX};
use crate::sources::{self, SourceTables};
use crate::{Result, Tidegauge};

/// The column that tells the rows of several sources apart, where it is part of the key.
const SOURCE_COLUMN: &str = "source";

impl Tidegauge {
    /// Returns the time up to which `source`, whose cursor is given, is loaded: by the gap ledger
    /// if it lists the source, by the cursor for the simulation, else the newest event time among
    /// its rows. `None` if no table has one, or its rows cannot be distinguished from those of another
    /// source.
    pub(crate) async fn read_to(
        &self,
        source: &str,
        cursor: &Cursor,
        ledger: &CoverageLedger,
    ) -> Result<Option<DateTime<Utc>>> {
        let covered = ledger
            .series(source)
            .filter_map(|series| ledger.covered(source, series).iter().last())
            .map(|span| span.to);
        if let Some(covered) = covered.max() {
            return Ok(Some(covered));
        }
        if source_names::is_simulation(source) {
            let day = Exchange::parse_cursor(cursor).or_else(|| Classic::parse_cursor(cursor));
            let day = day.and_then(|(_, _, day)| day);
            return Ok(day.map(|day| day.and_time(NaiveTime::MIN).and_utc()));
        }
        // A span that is loaded again does not say up to when the source is loaded.
        if source.ends_with(BACKFILL_SUFFIX) {
            return Ok(None);
        }
        let config = self.config();
        let own = config.user_sources().find(|own| own.name == source);
        let is_only_source = |own: &UserSource<'_>| {
            // A source that is switched off and does not share the table was not loaded into it
            // either.
            let is_other = |other: &UserSource<'_>| {
                other.name != own.name
                    && other.table == own.table
                    && (other.enabled || other.shared)
            };
            !own.shared && !config.user_sources().any(|other| is_other(&other))
        };
        if !own.is_none_or(|own| is_only_source(&own)) {
            return Ok(None);
        }
        // A source that cannot be opened as configured is reported by a run.
        let Ok(Some(filled)) = sources::tables_of(source, config, self.context()) else {
            return Ok(None);
        };
        let mut newest = None;
        let notes = [Coverage::table(), Quarantine::table()];
        for table in filled.tables.iter().filter(|table| !notes.contains(table)) {
            newest = newest.max(self.newest_event(source, table, &filled).await?);
        }
        Ok(newest)
    }

    /// Returns the time up to which every source of users and their transactions has been read, by
    /// the gap ledger or the cursor of the simulation; `None` if one of them does not tell, or has
    /// not completed a day.
    pub(crate) async fn observed_to(&self) -> Result<Option<DateTime<Utc>>> {
        let mut cursors = self.warehouse().cursors().await?;
        cursors.retain(|source, _| self.fills_facts(source));
        let ledger = match cursors.keys().all(|source| source_names::is_simulation(source)) {
            true => CoverageLedger::default(),
            false => CoverageLedger::read(self.warehouse().as_ref()).await?,
        };
        let mut observed: Option<DateTime<Utc>> = None;
        for (source, cursor) in cursors {
            let is_told =
                source_names::is_simulation(&source) || ledger.series(&source).next().is_some();
            let read_to = match is_told {
                true => self.read_to(&source, &cursor, &ledger).await?,
                false => None,
            };
            // While the first stretch of days is loaded no day is complete.
            let first_day = Exchange::parse_cursor(&cursor).map(|(_, first_day, _)| first_day);
            let is_begun = |read_to: &DateTime<Utc>| Some(read_to.date_naive()) != first_day;
            let Some(read_to) = read_to.filter(is_begun) else { return Ok(None) };
            observed = Some(observed.map_or(read_to, |observed| observed.min(read_to)));
        }
        Ok(observed)
    }

    /// Returns `true` if a source fills a table of users or of their transactions.
    fn fills_facts(&self, source: &str) -> bool {
        if source_names::is_simulation(source) {
            return true;
        }
        let facts = [
            User::table(),
            Trade::table(),
            RampTransaction::table(),
            Deposit::table(),
            Withdrawal::table(),
            Chargeback::table(),
        ];
        let filled = sources::tables_of(source, self.config(), self.context());
        let filled = filled.ok().flatten().map(|filled| filled.tables);
        filled.is_some_and(|tables| tables.iter().any(|table| facts.contains(&table)))
    }

    /// Returns the newest event time among the rows of `source` in `table`.
    async fn newest_event(
        &self,
        source: &str,
        table: &TableRef,
        filled: &SourceTables,
    ) -> Result<Option<DateTime<Utc>>> {
        let Some(time) = &table.time else { return Ok(None) };
        let mut newest = Aggregate::new(table).max(time.to_string());
        if filled.writes_source_name && table.key.iter().any(|column| column == SOURCE_COLUMN) {
            newest = newest.filter(Filter::eq(SOURCE_COLUMN, source));
        }
        let found = match self.warehouse().aggregate(&newest).await {
            Ok(found) => found,
            // The definition has changed since the load; the other tables are still readable.
            Err(error) if error.kind() == ErrorKind::SchemaMismatch => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        if found.rows() == 0 {
            return Ok(None);
        }
        Ok(match found.column(&Measure::Max(time.to_string()).name())?.cell(0) {
            Cell::Timestamp(micros) => DateTime::from_timestamp_micros(micros),
            Cell::Date(days) => DateTime::from_timestamp(i64::from(days) * 86_400, 0),
            _ => None,
        })
    }
}
