//! The summary of a run.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use chrono::DateTime;
use tidegauge_acquisition::http::Traffic;
use tidegauge_core::coverage::CoverageState;
use tidegauge_core::tables::{Coverage, Quarantine};
use tidegauge_core::{Batch, Cell, Loaded, Page, RowCounts, Span, TableRef};

use crate::text::Table;

/// The result of a run, by table.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Summary {
    /// One entry per source and table, in the order of loading, without the gap ledger.
    pub tables: Vec<TableSummary>,
    /// The number of sources that ended without failure, with new rows or not.
    pub completed: usize,
    /// The spans that services refused permanently, while the run continued.
    pub refused: Vec<RefusedSpan>,
    /// The traffic by service, without services that received no request.
    pub traffic: BTreeMap<&'static str, Traffic>,
    /// The findings of reads that are not errors.
    pub notes: Vec<Note>,
}

/// A finding of reading a source that is not an error.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Note {
    /// The name of the source.
    pub source: String,
    /// A sentence without its full stop.
    pub text: String,
}

/// A span of a series that a service refused permanently.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RefusedSpan {
    /// The name of the source.
    pub source: String,
    /// The name of the series.
    pub series: String,
    /// The span, as in the gap ledger.
    pub span: Span,
    /// The message of the service.
    pub reason: String,
}

impl fmt::Display for RefusedSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, series, span, reason } = self;
        write!(f, "{source}: `{series}` from {span} was refused: {reason}")
    }
}

/// The result of a run for one table.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TableSummary {
    /// The source that filled it.
    pub source: String,
    /// The name of the table.
    pub table: String,
    /// The number of rows taken from the source.
    pub rows: usize,
    /// The row counts of the first sink, which is the warehouse.
    pub counts: RowCounts,
    /// The time from the request of a page to its last commit; a page's time is divided among its
    /// tables by their rows.
    pub time: Duration,
}

impl TableSummary {
    /// Returns the rows per second; `None` if nothing was loaded.
    pub fn rows_per_second(&self) -> Option<f64> {
        let seconds = self.time.as_secs_f64();
        (self.rows > 0 && seconds > 0.0).then(|| self.rows as f64 / seconds)
    }
}

impl Summary {
    /// Returns the number of rows of all tables.
    pub fn rows(&self) -> usize {
        self.tables.iter().map(|table| table.rows).sum()
    }

    /// Returns the row counts of all tables.
    pub fn counts(&self) -> RowCounts {
        let mut all = RowCounts::default();
        self.tables.iter().for_each(|table| all += table.counts);
        all
    }

    /// Adds the summary of another run.
    pub fn extend(&mut self, other: Self) {
        self.tables.extend(other.tables);
        self.completed += other.completed;
        self.refused.extend(other.refused);
        self.notes.extend(other.notes);
        for (service, traffic) in other.traffic {
            *self.traffic.entry(service).or_default() += traffic;
        }
    }

    /// Adds an entry for `table` of `source`, unless the table only describes other rows.
    pub(super) fn add_table(&mut self, source: &str, table: &TableRef) {
        if table != Coverage::table() && table != Quarantine::table() {
            self.entry(source, &table.name);
        }
    }

    /// Adds the notes of reading `source`.
    pub(super) fn add_notes(&mut self, source: &str, notes: Vec<String>) {
        let notes = notes.into_iter().map(|text| Note { source: source.to_owned(), text });
        self.notes.extend(notes);
    }

    pub(super) fn add(&mut self, source: &str, page: &Page, loaded: &Loaded, time: Duration) {
        let mut counted: Vec<&str> = Vec::new();
        let all = page_rows(page).max(1) as f64;
        for batch in &page.batches {
            if batch.table() == Coverage::table() {
                self.refused.extend(refused_spans(batch));
                continue;
            }
            let entry = self.entry(source, &batch.table().name);
            entry.rows += batch.rows();
            entry.time += time.mul_f64(batch.rows() as f64 / all);
            // The sink counts by table, of which a page may have several batches.
            if !counted.contains(&&*batch.table().name) {
                entry.counts += loaded.of(&batch.table().name);
                counted.push(&batch.table().name);
            }
        }
    }

    fn entry(&mut self, source: &str, table: &str) -> &mut TableSummary {
        let found =
            self.tables.iter().position(|entry| entry.source == source && entry.table == table);
        let at = found.unwrap_or_else(|| {
            self.tables.push(TableSummary {
                source: source.into(),
                table: table.into(),
                rows: 0,
                counts: RowCounts::default(),
                time: Duration::ZERO,
            });
            self.tables.len() - 1
        });
        &mut self.tables[at]
    }
}

/// Returns the number of rows of a page, without the gap ledger's.
pub(super) fn page_rows(page: &Page) -> usize {
    let own = page.batches.iter().filter(|batch| batch.table() != Coverage::table());
    own.map(Batch::rows).sum()
}

/// Returns the refusals in a batch of the gap ledger.
fn refused_spans(ledger: &Batch) -> Vec<RefusedSpan> {
    let text = |name: &str, row: usize| match ledger.column(name).ok()?.cell(row) {
        Cell::Text(text) => Some(text.to_owned()),
        _ => None,
    };
    let time = |name: &str, row: usize| match ledger.column(name).ok()?.cell(row) {
        Cell::Timestamp(micros) => DateTime::from_timestamp_micros(micros),
        _ => None,
    };
    let refused = |row: usize| {
        (text("state", row)? == CoverageState::Failed.name()).then_some(())?;
        Some(RefusedSpan {
            source: text("source", row)?,
            series: text("series", row)?,
            span: Span::new(time("start_at", row)?, time("end_at", row)?),
            reason: text("reason", row).unwrap_or_default(),
        })
    };
    (0..ledger.rows()).filter_map(refused).collect()
}

/// Formats a table with the rows, seconds and rows per second of each loaded table, and the row
/// counts unless all rows were new.
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (counts, rows) = (self.counts(), self.rows());
        let cells = |counts: RowCounts| {
            let RowCounts { inserted, updated, identical, conflicting, removed } = counts;
            [inserted, updated, identical, conflicting, removed].map(|count| count.to_string())
        };
        let shows_counts = RowCounts { inserted: 0, ..counts } != RowCounts::default();
        // Most runs remove nothing.
        let shown_counts = if counts.removed > 0 { 5 } else { 4 };
        let mut header = vec!["source", "table", "rows"];
        if shows_counts {
            let names = ["inserted", "updated", "identical", "conflicting", "removed"];
            header.extend(&names[..shown_counts]);
        }
        header.extend(["seconds", "rows/s"]);
        let width = header.len();
        let mut table = Table::new(header);
        let time: Duration = self.tables.iter().map(|table| table.time).sum();
        let (source, name) = (String::new(), "all".into());
        let all = TableSummary { source, table: name, rows, counts, time };
        for loaded in self.tables.iter().chain([&all]) {
            let speed = loaded.rows_per_second();
            let mut row =
                vec![loaded.source.clone(), loaded.table.clone(), loaded.rows.to_string()];
            if shows_counts {
                row.extend(cells(loaded.counts).into_iter().take(shown_counts));
            }
            row.push(format!("{:.2}", loaded.time.as_secs_f64()));
            row.push(speed.map_or_else(String::new, |speed| format!("{speed:.0}")));
            table.row(row);
        }
        table.align_right(2..width).fmt(f)
    }
}
