//! Freshness: the time up to which a source is loaded.

use chrono::{DateTime, NaiveTime, Utc};
use tidegauge_core::coverage::CoverageLedger;
use tidegauge_core::tables::{Coverage, Quarantine};
use tidegauge_core::{Aggregate, Cell, Cursor, ErrorKind, Filter, Measure, TableRef};
use tidegauge_simulation::{Classic, Exchange};

use crate::config::OwnSource;
use crate::sources::{self, FILL, Fills};
use crate::{Result, Tidegauge};

/// The column that tells the rows of several sources apart, where it is part of the key.
const SOURCE: &str = "source";

impl Tidegauge {
    /// Returns the time up to which `source`, whose cursor is given, is loaded: by the gap ledger
    /// if it lists the source, by the cursor for the simulation, else the newest event time among
    /// its rows. `None` if no table has one, or its rows cannot be told from those of another
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
        if sources::is_simulation(source) {
            let day = Exchange::parse_cursor(cursor).or_else(|| Classic::parse_cursor(cursor));
            let day = day.and_then(|(_, _, day)| day);
            return Ok(day.map(|day| day.and_time(NaiveTime::MIN).and_utc()));
        }
        // A span that is loaded again does not say up to when the source is loaded.
        if source.ends_with(FILL) {
            return Ok(None);
        }
        let config = self.config();
        let own = config.own_sources().find(|own| own.name == source);
        let is_alone = |own: &OwnSource<'_>| {
            // A source that is switched off and does not share the table was not loaded into it
            // either.
            let is_other = |other: &OwnSource<'_>| {
                other.name != own.name
                    && other.table == own.table
                    && (other.enabled || other.shared)
            };
            !own.shared && !config.own_sources().any(|other| is_other(&other))
        };
        if !own.is_none_or(|own| is_alone(&own)) {
            return Ok(None);
        }
        // A source that cannot be opened as configured is reported by a run.
        let Ok(Some(fills)) = sources::fills(source, config, self.context()) else {
            return Ok(None);
        };
        let mut newest = None;
        let notes = [Coverage::table(), Quarantine::table()];
        for table in fills.tables.iter().filter(|table| !notes.contains(table)) {
            newest = newest.max(self.newest(source, table, &fills).await?);
        }
        Ok(newest)
    }

    /// Returns the newest event time among the rows of `source` in `table`.
    async fn newest(
        &self,
        source: &str,
        table: &TableRef,
        fills: &Fills,
    ) -> Result<Option<DateTime<Utc>>> {
        let Some(time) = &table.time else { return Ok(None) };
        let mut newest = Aggregate::new(table).max(time.to_string());
        if fills.names_itself && table.key.iter().any(|column| column == SOURCE) {
            newest = newest.filter(Filter::eq(SOURCE, source));
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
