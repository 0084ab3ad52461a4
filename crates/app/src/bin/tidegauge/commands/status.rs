//! `tidegauge status`

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use tidegauge::core::tables::RunRecord;
use tidegauge::text::{Table, cut};
use tidegauge::{Progress, Result, Standing, TableStanding, Tidegauge};

use crate::log;
use crate::output::{self, Document, Text};

/// What the warehouse holds.
#[derive(Debug, Serialize)]
struct Status {
    warehouse: String,
    is_empty: bool,
    tables: Vec<TableStanding>,
    sources: Vec<Progress>,
    /// The last run of each source, the latest first.
    last_runs: Vec<LastRun>,
}

#[derive(Debug, Serialize)]
struct LastRun {
    run_id: String,
    source: String,
    started_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    outcome: String,
    rows: i64,
    seconds: Option<f64>,
    error_kind: Option<String>,
    error_message: Option<String>,
}

impl From<RunRecord> for LastRun {
    fn from(run: RunRecord) -> Self {
        let RunRecord { run_id, source, started_at, ended_at, outcome, rows, seconds, .. } = run;
        let (error_kind, error_message) = (run.error_kind, run.error_message);
        Self {
            run_id,
            source,
            started_at,
            ended_at,
            outcome,
            rows,
            seconds,
            error_kind,
            error_message,
        }
    }
}

impl Status {
    fn new(warehouse: String, standing: Standing) -> Self {
        let is_empty = standing.is_empty();
        let Standing { tables, sources, runs } = standing;
        let last_runs = runs.into_iter().map(LastRun::from).collect();
        Self { warehouse, is_empty, tables, sources, last_runs }
    }

    fn tables(&self) -> Table {
        let mut table = Table::new(["table", "rows", "what"]);
        for TableStanding { name, rows, description, .. } in &self.tables {
            let rows = rows.map_or_else(|| "?".into(), |rows| rows.to_string());
            table.row([name, &rows, description]);
        }
        table.right([1])
    }

    fn sources(&self) -> Table {
        let mut table = Table::new(["source", "cursor"]);
        for progress in &self.sources {
            let cursor = progress.cursor.as_ref().map_or("never loaded", |cursor| cursor.as_str());
            table.row([progress.source.as_str(), &cut(cursor, 80)]);
        }
        table
    }

    /// Returns the last run of each source, and why those failed that did.
    fn last_runs(&self) -> Table {
        let mut table = Table::new(["last run of", "began", "outcome", "rows", "seconds", "why"]);
        for run in &self.last_runs {
            let why = match (&run.error_kind, &run.error_message) {
                (Some(kind), Some(message)) => format!("{kind}: {message}"),
                _ if run.outcome == "interrupted" => {
                    "it has not ended within a day, and was killed: run it again".to_owned()
                }
                _ if run.ended_at.is_none() => "it is running, or was killed".to_owned(),
                _ => String::new(),
            };
            table.row([
                run.source.clone(),
                run.started_at.to_rfc3339_opts(SecondsFormat::Secs, true),
                run.outcome.clone(),
                run.rows.to_string(),
                run.seconds.map_or_else(String::new, |seconds| format!("{seconds:.2}")),
                why,
            ]);
        }
        table.right([3, 4])
    }
}

impl Document for Status {
    fn text(&self) -> Text {
        let mut text = Text::default();
        text.line(format!("warehouse  {}", self.warehouse));
        text.line("");
        if self.is_empty {
            text.line("It is empty: `tidegauge run` fills it.");
            return text;
        }
        if !self.tables.is_empty() {
            text.table(&self.tables());
            text.line("");
        }
        text.table(&self.sources());
        for fault in self.sources.iter().filter_map(|progress| progress.fault.as_ref()) {
            text.line(format!("warning: {}", log::redacted(fault)));
        }
        if !self.last_runs.is_empty() {
            text.line("");
            text.table(&self.last_runs());
        }
        text
    }
}

/// Says what the warehouse holds, how far each source has been loaded, and how its last run went.
pub(crate) async fn status(tidegauge: &Tidegauge) -> Result<()> {
    let standing = tidegauge.status().await?;
    output::document(&Status::new(tidegauge.config().warehouse.to_string(), standing));
    Ok(())
}
