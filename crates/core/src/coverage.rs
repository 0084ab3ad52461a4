//! The coverage ledger: which spans of which series are stored, and which are missing.
//!
//! Sources write the table `coverage` in the same load as the rows that it describes, so it is
//! consistent with the stored rows. This module reads it and returns the covered spans and the
//! gaps.

use std::collections::BTreeMap;
use std::fmt;

use arrow_array::Array;
use chrono::{DateTime, Utc};

use crate::query::next;
use crate::tables::Coverage;
use crate::{Batch, Error, Result, Scan, Span, Spans, TextView, Warehouse};

/// The result of reading a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CoverageState {
    /// The rows of the span are stored.
    Present,
    /// The source has no rows in the span.
    Empty,
    /// Requested by the user, and not read yet.
    Requested,
    /// Refused by the source permanently.
    Failed,
}

impl CoverageState {
    /// Returns the name as stored in the column `state`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::Empty => "empty",
            Self::Requested => "requested",
            Self::Failed => "failed",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::Present, Self::Empty, Self::Requested, Self::Failed]
            .into_iter()
            .find(|state| state.name() == name)
    }
}

impl fmt::Display for CoverageState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A gap: a span that is wanted and not stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// The missing span.
    pub span: Span,
    /// The reason why it is missing.
    pub reason: GapReason,
}

/// The reason why a span is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GapReason {
    /// It has not been requested yet.
    NotRequested,
    /// The user requested it, and the run ended before it was read.
    Requested,
    /// The source refused it, with this message.
    Failed(String),
}

/// The ledger's entries for one series.
#[derive(Debug, Clone, Default)]
struct SeriesCoverage {
    covered: Spans,
    empty: Spans,
    requested: Spans,
    failed: Vec<(Span, String)>,
    rows: i64,
}

/// The coverage ledger of a warehouse.
///
/// Where rows of the ledger overlap, a stored span takes precedence over a failed one, and a failed
/// one over a requested one.
#[derive(Debug, Clone, Default)]
pub struct CoverageLedger(BTreeMap<(String, String), SeriesCoverage>);

impl CoverageLedger {
    /// Reads the ledger of a warehouse.
    ///
    /// # Errors
    /// When the table `coverage` cannot be read, or has invalid rows.
    pub async fn read(warehouse: &dyn Warehouse) -> Result<Self> {
        let mut ledger = Self::default();
        let mut batches = warehouse.scan(&Scan::all(Coverage::table())).await?;
        while let Some(batch) = next(&mut batches).await {
            ledger.add(&batch?)?;
        }
        Ok(ledger)
    }

    /// Adds rows of the table `coverage`.
    ///
    /// # Errors
    /// When a column is missing, a row lacks its source, series or times, a time is out of range,
    /// or a state is not one of the four.
    pub fn add(&mut self, batch: &Batch) -> Result<()> {
        let (sources, series) = (text(batch, "source")?, text(batch, "series")?);
        let (starts, ends) = (times(batch, "start_at")?, times(batch, "end_at")?);
        let (states, reasons) = (text(batch, "state")?, text(batch, "reason")?);
        let requests = times(batch, "requested_to")?;
        let rows = batch.column("rows")?.as_i64().ok_or_else(|| wrong_type("rows"))?;
        for row in 0..batch.rows() {
            let missing = || invalid(format!("row {row} lacks its source, series or times"));
            let (source, series) = sources.get(row).zip(series.get(row)).ok_or_else(missing)?;
            let (from, to) = starts[row].zip(ends[row]).ok_or_else(missing)?;
            let state = states.get(row).and_then(CoverageState::from_name).ok_or_else(|| {
                invalid(format!("`{}` is no state", states.get(row).unwrap_or_default()))
            })?;
            let span = Span::new(from, to);
            let coverage = self.0.entry((source.into(), series.into())).or_default();
            match state {
                CoverageState::Present => coverage.covered.add(span),
                CoverageState::Empty => {
                    coverage.covered.add(span);
                    coverage.empty.add(span);
                }
                CoverageState::Requested => coverage.requested.add(span),
                CoverageState::Failed => {
                    coverage.failed.push((span, reasons.get(row).unwrap_or_default().to_owned()));
                }
            }
            if let Some(requested) = requests[row] {
                coverage.requested.add(Span::new(to, requested));
            }
            coverage.rows += if rows.is_null(row) { 0 } else { rows.value(row) };
        }
        Ok(())
    }

    /// Returns the series of `source` in the ledger.
    pub fn series<'l>(&'l self, source: &'l str) -> impl Iterator<Item = &'l str> {
        self.0.keys().filter(move |key| key.0 == source).map(|key| key.1.as_str())
    }

    /// Returns the spans of a series that were read, with rows or without.
    pub fn covered(&self, source: &str, series: &str) -> Spans {
        self.coverage_of(source, series)
            .map(|coverage| coverage.covered.clone())
            .unwrap_or_default()
    }

    /// Returns the spans of a series that were read and had no rows.
    pub fn empty(&self, source: &str, series: &str) -> Spans {
        self.coverage_of(source, series).map(|coverage| coverage.empty.clone()).unwrap_or_default()
    }

    /// Returns the number of rows that were read of a series.
    pub fn rows(&self, source: &str, series: &str) -> i64 {
        self.coverage_of(source, series).map(|coverage| coverage.rows).unwrap_or_default()
    }

    /// Returns the gaps of a series within `wanted`, ordered by time.
    pub fn gaps(&self, source: &str, series: &str, wanted: Span) -> Vec<Gap> {
        let Some(coverage) = self.coverage_of(source, series) else {
            let spans: Spans = [wanted].into_iter().collect();
            return spans
                .iter()
                .map(|span| Gap { span, reason: GapReason::NotRequested })
                .collect();
        };
        let mut gaps = Vec::new();
        let mut remaining = coverage.covered.missing(wanted);
        let mut explain = |missing: &Spans, explained: &Spans, reason: &GapReason| -> Spans {
            let mut rest = Spans::default();
            for span in missing.iter() {
                let found = explained.common(span).iter().collect::<Vec<_>>();
                gaps.extend(found.into_iter().map(|span| Gap { span, reason: reason.clone() }));
                explained.missing(span).iter().for_each(|span| rest.add(span));
            }
            rest
        };
        for (span, reason) in &coverage.failed {
            remaining = explain(
                &remaining,
                &[*span].into_iter().collect(),
                &GapReason::Failed(reason.clone()),
            );
        }
        remaining = explain(&remaining, &coverage.requested, &GapReason::Requested);
        gaps.extend(remaining.iter().map(|span| Gap { span, reason: GapReason::NotRequested }));
        gaps.sort_by_key(|gap| gap.span);
        gaps
    }

    fn coverage_of(&self, source: &str, series: &str) -> Option<&SeriesCoverage> {
        self.0.get(&(source.to_owned(), series.to_owned()))
    }
}

fn invalid(reason: impl fmt::Display) -> Error {
    Error::Market { table: "coverage".into(), reason: reason.to_string() }
}

fn wrong_type(name: &str) -> Error {
    invalid(format!("column `{name}` is of another type"))
}

fn text<'b>(batch: &'b Batch, name: &str) -> Result<TextView<'b>> {
    batch.column(name)?.as_text().ok_or_else(|| wrong_type(name))
}

fn times(batch: &Batch, name: &str) -> Result<Vec<Option<DateTime<Utc>>>> {
    let micros = batch.column(name)?.as_timestamp().ok_or_else(|| wrong_type(name))?;
    let time = |micros: Option<i64>| match micros {
        None => Ok(None),
        Some(micros) => DateTime::from_timestamp_micros(micros)
            .map(Some)
            .ok_or_else(|| invalid(format!("`{name}` has a time that no calendar reaches"))),
    };
    micros.iter().map(time).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: u32) -> DateTime<Utc> {
        format!("2026-01-{day:02}T00:00:00Z").parse().unwrap()
    }

    fn row(from: u32, to: u32, state: CoverageState) -> Coverage {
        Coverage {
            source: "s".into(),
            series: "BTC 1h".into(),
            start_at: at(from),
            end_at: at(to),
            state: state.name().into(),
            rows: 1,
            requested_to: None,
            reason: (state == CoverageState::Failed).then(|| "no such coin".into()),
            noted_at: at(20),
        }
    }

    #[test]
    fn stored_spans_take_precedence_over_failed_and_requested_ones() {
        let mut rows = vec![
            row(1, 20, CoverageState::Requested),
            row(3, 6, CoverageState::Present),
            row(6, 8, CoverageState::Empty),
            row(5, 10, CoverageState::Failed),
        ];
        rows.push(Coverage { requested_to: Some(at(25)), ..row(21, 22, CoverageState::Present) });
        let batch = Batch::from_rows(Coverage::table(), &rows).unwrap();
        let mut ledger = CoverageLedger::default();
        ledger.add(&batch.slice(0, 2)).unwrap();
        ledger.add(&batch.slice(2, 3)).unwrap();
        let gaps = ledger.gaps("s", "BTC 1h", Span::new(at(2), at(28)));
        let shown: Vec<_> = gaps
            .iter()
            .map(|gap| {
                let day = |at: DateTime<Utc>| at.format("%-d").to_string();
                format!("{}-{} {:?}", day(gap.span.from), day(gap.span.to), gap.reason)
            })
            .collect();
        assert_eq!(
            shown,
            [
                "2-3 Requested",
                "8-10 Failed(\"no such coin\")",
                "10-20 Requested",
                "20-21 NotRequested",
                "22-25 Requested",
                "25-28 NotRequested",
            ]
        );
        assert_eq!(ledger.rows("s", "BTC 1h"), 5);
        assert!(ledger.gaps("s", "BTC 1h", Span::new(at(4), at(8))).is_empty());
        assert_eq!(ledger.gaps("s", "ETH 1h", Span::new(at(4), at(8))).len(), 1);
    }
}
