//! The history of runs: the table `runs` of the warehouse, and the cursor that moves with its rows.

use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::BuildHasher;
use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use tidegauge_core::tables::RunRecord;
use tidegauge_core::{
    Batch, Cell, Clock, Cursor, Error, ErrorKind, Load, RUN_HISTORY, Result, Scan, Sink, Warehouse,
    WarehouseExt,
};
use tokio::sync::Mutex;

use crate::Secrets;
use crate::pipeline::event::Outcome;
use crate::pipeline::summary::Summary;

/// The outcome of a source that has not ended.
pub(crate) const RUNNING: &str = "running";

/// The outcome of a source whose rows were removed.
pub(crate) const RESET: &str = "reset";

/// The displayed outcome of a source that has not ended within [`INTERRUPTED_AFTER`]. No stored row
/// has it.
pub(crate) const INTERRUPTED: &str = "interrupted";

/// The time after which a source that has not ended is presumed killed.
const INTERRUPTED_AFTER: TimeDelta = TimeDelta::days(1);

/// The number of retries of a write that conflicts with other runners, and the bounds of the pauses
/// between them: each pause is twice as long as the one before.
const MAX_CONFLICT_RETRIES: usize = 12;
const MIN_BACKOFF: Duration = Duration::from_millis(10);
const MAX_BACKOFF: Duration = Duration::from_millis(500);

/// The maximum number of characters of an error that are kept.
const MAX_MESSAGE_CHARS: usize = 2_000;

/// The maximum number of notes of a source that are kept.
const MAX_NOTES: usize = 100;

/// Returns a unique id for a run. No row of data depends on it, so it needs no seed.
pub(crate) fn run_id() -> String {
    format!("{:016x}", RandomState::new().hash_one(()))
}

/// The cursor of the table `runs`, as JSON: the day up to which the exchange is simulated,
/// and whether that run is finished. Up to version 0.1 it was kept without a table and without a
/// count of rows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RunState {
    /// The day before which the last run of the simulation ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<NaiveDate>,
    /// `true` if every step of that run is done.
    #[serde(default)]
    pub(crate) finished: bool,
    /// The number of rows that were written, so that the cursor moves with each.
    #[serde(default)]
    rows: u64,
}

impl RunState {
    /// Reads the state from a warehouse; returns the default if it has none, or one that cannot be
    /// read.
    pub(crate) async fn read(sink: &dyn Sink) -> Result<Self> {
        Ok(Self::parse(sink.cursor(RUN_HISTORY).await?.as_ref()))
    }

    fn parse(cursor: Option<&Cursor>) -> Self {
        let state = cursor.and_then(|cursor| serde_json::from_str(cursor.as_str()).ok());
        state.unwrap_or_default()
    }
}

/// Commits rows of the history together with the state that `change` makes. Conflicting runners
/// retry one after the other: a row belongs to one run, so none overwrites another's.
pub(crate) async fn write(
    sink: &dyn Sink,
    rows: &[RunRecord],
    change: impl Fn(&mut RunState),
) -> Result<()> {
    let batches = match rows {
        [] => Vec::new(),
        rows => vec![Batch::from_rows(RunRecord::table(), rows)?],
    };
    let mut backoff = ExponentialBuilder::new()
        .with_min_delay(MIN_BACKOFF)
        .with_max_delay(MAX_BACKOFF)
        .with_factor(2.0)
        .with_max_times(MAX_CONFLICT_RETRIES)
        .with_jitter()
        .build();
    loop {
        let before = sink.cursor(RUN_HISTORY).await?;
        let known = RunState::parse(before.as_ref());
        let mut state = known.clone();
        change(&mut state);
        state.rows += rows.len() as u64;
        if state == known {
            return Ok(());
        }
        let text = serde_json::to_string(&state);
        let after =
            Cursor::new(text.map_err(|error| Error::sink(sink.name(), ErrorKind::Bug, error))?);
        let (before, after) = (before.as_ref(), &after);
        let load = Load::new(RUN_HISTORY, &batches, before, after);
        let written = sink.load(load).await;
        match (&written, backoff.next()) {
            (Err(Error::Conflict { .. }), Some(pause)) => tokio::time::sleep(pause).await,
            _ => return written.map(|_| ()),
        }
    }
}

/// The dependencies of every run's history.
#[derive(Debug)]
pub(crate) struct Recorder {
    pub(crate) warehouse: Arc<dyn Sink>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) secrets: Secrets,
}

/// The history of one run, as it is written.
pub(crate) struct RunHistory {
    recorder: Arc<Recorder>,
    run_id: String,
    /// Rows that go with the next write: a source's last row waits for the first of the next
    /// source.
    pending: Mutex<Vec<RunRecord>>,
}

impl RunHistory {
    pub(crate) fn new(recorder: Arc<Recorder>, run_id: String) -> Self {
        Self { recorder, run_id, pending: Mutex::default() }
    }

    /// Records the start of a source and returns its row.
    pub(crate) async fn started(&self, source: &str) -> Result<RunRecord> {
        let record = running_record(&self.run_id, source, self.recorder.clock.now());
        let mut pending = self.pending.lock().await;
        pending.push(record.clone());
        if let Err(error) = self.write(&mut pending).await {
            // The source does not start, and rows that were pending before are retried.
            pending.pop();
            return Err(error);
        }
        Ok(record)
    }

    /// Records the end of a source. The row of a failure is written at once, any other with the
    /// next write.
    pub(crate) async fn ended(
        &self,
        mut record: RunRecord,
        outcome: Outcome,
        summary: &Summary,
        seconds: f64,
        error: Option<(ErrorKind, String)>,
    ) -> Result<()> {
        let mut tables: BTreeMap<&str, usize> = BTreeMap::new();
        for table in summary.tables.iter().filter(|table| table.rows > 0) {
            *tables.entry(&table.table).or_default() += table.rows;
        }
        // A series that was refused permanently ends the command with an error as well.
        let refused = || {
            Some((ErrorKind::Configuration, self.redacted(&summary.refused.first()?.to_string())))
        };
        let error = error.or_else(refused);
        let outcome = if error.is_some() { Outcome::Failed } else { outcome };
        let traffic = |count: fn(&tidegauge_acquisition::http::Traffic) -> u64| {
            saturating_i64(summary.traffic.values().map(count).sum::<u64>())
        };
        record.ended_at = Some(self.recorder.clock.now());
        record.outcome = outcome.name().into();
        record.rows = saturating_i64(summary.rows() as u64);
        record.rows_by_table = serde_json::to_string(&tables).ok();
        let counts = summary.counts();
        record.inserted = Some(saturating_i64(counts.inserted as u64));
        record.updated = Some(saturating_i64(counts.updated as u64));
        record.identical = Some(saturating_i64(counts.identical as u64));
        record.conflicting = Some(saturating_i64(counts.conflicting as u64));
        record.bytes = traffic(|traffic| traffic.bytes);
        record.requests = traffic(|traffic| traffic.requests);
        record.retries = traffic(|traffic| traffic.retries);
        record.seconds = Some(seconds);
        let (kind, message) = error.unzip();
        (record.error_kind, record.error_message) = (kind.map(|kind| kind.to_string()), message);
        let notes = summary.notes.iter().map(|note| self.redacted(&note.text));
        let notes: Vec<String> = notes.take(MAX_NOTES).collect();
        record.notes = if notes.is_empty() { None } else { serde_json::to_string(&notes).ok() };
        let mut pending = self.pending.lock().await;
        pending.push(record);
        if outcome == Outcome::Failed { self.write(&mut pending).await } else { Ok(()) }
    }

    /// Writes the pending rows.
    pub(crate) async fn flush(&self) -> Result<()> {
        let mut pending = self.pending.lock().await;
        self.write(&mut pending).await
    }

    async fn write(&self, pending: &mut Vec<RunRecord>) -> Result<()> {
        write(self.recorder.warehouse.as_ref(), pending, |_| ()).await?;
        pending.clear();
        Ok(())
    }

    /// Returns `text` without the secrets of the configuration, cut to [`MAX_MESSAGE_CHARS`] characters.
    pub(crate) fn redacted(&self, text: &str) -> String {
        self.recorder.secrets.redacted(text).chars().take(MAX_MESSAGE_CHARS).collect()
    }
}

/// Returns the row of a source that started at `now`.
fn running_record(run_id: &str, source: &str, now: DateTime<Utc>) -> RunRecord {
    RunRecord {
        run_id: run_id.to_owned(),
        source: source.to_owned(),
        started_at: now,
        ended_at: None,
        outcome: RUNNING.into(),
        rows: 0,
        rows_by_table: None,
        bytes: 0,
        requests: 0,
        retries: 0,
        seconds: None,
        error_kind: None,
        error_message: None,
        version: env!("CARGO_PKG_VERSION").into(),
        inserted: None,
        updated: None,
        identical: None,
        conflicting: None,
        notes: None,
    }
}

/// Returns the rows of sources that were reset together; the first holds the counts of removed
/// rows.
pub(crate) fn reset_records(
    sources: &[&str],
    removed: &[(String, usize)],
    now: DateTime<Utc>,
) -> Vec<RunRecord> {
    let run_id = run_id();
    let rows = sources.iter().enumerate().map(|(at, source)| {
        let removed = if at == 0 { removed } else { &[] };
        let tables: BTreeMap<&str, usize> =
            removed.iter().map(|(table, rows)| (table.as_str(), *rows)).collect();
        RunRecord {
            ended_at: Some(now),
            outcome: RESET.into(),
            rows: saturating_i64(tables.values().map(|rows| *rows as u64).sum()),
            rows_by_table: serde_json::to_string(&tables).ok(),
            seconds: Some(0.0),
            ..running_record(&run_id, source, now)
        }
    });
    rows.collect()
}

/// Reads the history of a warehouse, the latest start first.
pub(crate) async fn read(warehouse: &dyn Warehouse) -> Result<Vec<RunRecord>> {
    let mut records = parse_records(&warehouse.read(&Scan::all(RunRecord::table())).await?)?;
    records.sort_by(|a, b| (b.started_at, &b.source).cmp(&(a.started_at, &a.source)));
    Ok(records)
}

/// Returns the names of the tables that the runs have filled.
pub(crate) fn filled_tables(records: &[RunRecord]) -> BTreeSet<String> {
    let texts = records.iter().filter_map(|record| record.rows_by_table.as_deref());
    let counts = texts.filter_map(|text| serde_json::from_str::<BTreeMap<String, u64>>(text).ok());
    counts.flat_map(BTreeMap::into_keys).collect()
}

/// Returns the names of the tables that the runs have filled, by source.
pub(crate) fn filled_tables_by_source(records: &[RunRecord]) -> BTreeMap<String, BTreeSet<String>> {
    let mut filled: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    // A reset may name the tables of several sources.
    for record in records.iter().filter(|record| record.outcome != RESET) {
        let tables = record.rows_by_table.as_deref().map(serde_json::from_str);
        if let Some(Ok(tables)) = tables {
            let tables: BTreeMap<String, u64> = tables;
            filled.entry(record.source.clone()).or_default().extend(tables.into_keys());
        }
    }
    filled
}

/// Returns the first record of each source, in the given order.
pub(crate) fn last_run_per_source(mut records: Vec<RunRecord>) -> Vec<RunRecord> {
    let mut known = BTreeSet::new();
    records.retain(|record| known.insert(record.source.clone()));
    records
}

/// Returns `true` if the run of `record` was interrupted more than a day before `now`, so that no
/// runner continues it: it has not ended, or was cancelled after a page.
pub(crate) fn is_abandoned(record: &RunRecord, now: DateTime<Utc>) -> bool {
    let is_broken_off = [RUNNING, Outcome::Cancelled.name()].contains(&record.outcome.as_str());
    is_broken_off && now - record.ended_at.unwrap_or(record.started_at) > INTERRUPTED_AFTER
}

/// Converts the columns of a scan to rows of the table `runs`.
fn parse_records(batch: &Batch) -> Result<Vec<RunRecord>> {
    let cell = |name: &str, row: usize| Ok::<_, Error>(batch.column(name)?.cell(row));
    let text = |name: &str, row: usize| match cell(name, row)? {
        Cell::Text(text) => Ok::<_, Error>(Some(text.to_owned())),
        _ => Ok(None),
    };
    let time = |name: &str, row: usize| match cell(name, row)? {
        Cell::Timestamp(micros) => Ok::<_, Error>(DateTime::from_timestamp_micros(micros)),
        _ => Ok(None),
    };
    let optional_count = |name: &str, row: usize| match cell(name, row)? {
        Cell::Int(count) => Ok::<_, Error>(i64::try_from(count).ok()),
        _ => Ok(None),
    };
    let count = |name: &str, row: usize| optional_count(name, row).map(Option::unwrap_or_default);
    let record = |row: usize| {
        Ok(RunRecord {
            run_id: text("run_id", row)?.unwrap_or_default(),
            source: text("source", row)?.unwrap_or_default(),
            started_at: time("started_at", row)?.unwrap_or_default(),
            ended_at: time("ended_at", row)?,
            outcome: text("outcome", row)?.unwrap_or_default(),
            rows: count("rows", row)?,
            rows_by_table: text("rows_by_table", row)?,
            bytes: count("bytes", row)?,
            requests: count("requests", row)?,
            retries: count("retries", row)?,
            seconds: match cell("seconds", row)? {
                Cell::Float(seconds) => Some(seconds),
                _ => None,
            },
            error_kind: text("error_kind", row)?,
            error_message: text("error_message", row)?,
            version: text("version", row)?.unwrap_or_default(),
            inserted: optional_count("inserted", row)?,
            updated: optional_count("updated", row)?,
            identical: optional_count("identical", row)?,
            conflicting: optional_count("conflicting", row)?,
            notes: text("notes", row)?,
        })
    };
    (0..batch.rows()).map(record).collect()
}

fn saturating_i64(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_written_by_earlier_versions_is_read() {
        let text = r#"{"until":"2020-10-01","finished":true}"#;
        let state = RunState::parse(Some(&Cursor::new(text)));
        assert_eq!((state.until, state.finished), ("2020-10-01".parse().ok(), true));
        let text = serde_json::to_string(&state).unwrap();
        assert_eq!(text, r#"{"until":"2020-10-01","finished":true,"rows":0}"#);
        assert_eq!(RunState::parse(Some(&Cursor::new("of somebody else"))), RunState::default());
    }
}
