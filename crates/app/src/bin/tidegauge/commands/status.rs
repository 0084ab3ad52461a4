//! The command `tidegauge status`.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use tidegauge::core::tables::RunRecord;
use tidegauge::text::{Table, truncate};
use tidegauge::{Result, SourceProgress, TableOrigin, TableStatus, Tidegauge, WarehouseStatus};

use crate::output::{self, Document, Text};
use crate::{args, log};

/// The contents of the warehouse.
#[derive(Debug, Serialize)]
struct Status {
    warehouse: String,
    is_empty: bool,
    tables: Vec<TableStatus>,
    sources: Vec<SourceProgress>,
    /// The last run of each source, the latest first.
    last_runs: Vec<LastRun>,
    /// The declarations of the settings that no run uses, one sentence each.
    unused: Vec<String>,
    /// `true` if the text shows the cursors.
    #[serde(skip)]
    shows_cursors: bool,
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
    /// Creates the answer of `status`: with `all`, every source and built-in table, else the
    /// sources that are configured or were loaded, and the tables that are declared or have rows.
    fn new(warehouse: String, status: WarehouseStatus, args: &args::Status) -> Self {
        let is_empty = status.is_empty();
        let WarehouseStatus { mut tables, mut sources, runs, unused, .. } = status;
        if !args.all {
            tables.retain(|table| table.rows != Some(0) || table.origin != TableOrigin::BuiltIn);
            sources.retain(|source| {
                let has_run = || runs.iter().any(|run| run.source == source.source);
                source.is_on || source.cursor.is_some() || has_run()
            });
        }
        let last_runs = runs.into_iter().map(LastRun::from).collect();
        let shows_cursors = args.cursors;
        Self { warehouse, is_empty, tables, sources, last_runs, unused, shows_cursors }
    }

    fn tables(&self) -> Table {
        let mut table = Table::new(["table", "rows", "what"]);
        for TableStatus { name, rows, description, .. } in &self.tables {
            let rows = rows.map_or_else(|| "?".into(), |rows| rows.to_string());
            table.row([name, &rows, description]);
        }
        table.align_right([1])
    }

    fn sources(&self) -> Table {
        let header = ["source", "in a run", "read to", "lag"];
        let cursor = self.shows_cursors.then_some("cursor");
        let mut table = Table::new(header.into_iter().chain(cursor));
        for progress in &self.sources {
            let cursor = progress.cursor.as_ref().map(|cursor| cursor.as_str());
            let read_to = match (progress.read_to, cursor) {
                (Some(at), _) => at.format("%Y-%m-%d %H:%M").to_string(),
                (None, Some(_)) => "loaded".to_owned(),
                (None, None) => "never loaded".to_owned(),
            };
            let row = [
                progress.source.clone(),
                match progress.is_on {
                    true => "yes",
                    // The derived tables are not a source.
                    false if progress.source == super::run::MARKET => "worked out",
                    false => "no",
                }
                .to_owned(),
                read_to,
                progress.lag_seconds.map(format_duration).unwrap_or_default(),
            ];
            let cursor =
                self.shows_cursors.then(|| truncate(cursor.unwrap_or_default(), 80).into_owned());
            table.row(row.into_iter().chain(cursor));
        }
        table.align_right([3])
    }

    /// Returns the last run of each source, with the reason of each failure.
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
        table.align_right([3, 4])
    }
}

impl Document for Status {
    fn text(&self) -> Text {
        let mut text = Text::default();
        text.line(format!("warehouse  {}", self.warehouse));
        text.line("");
        if self.is_empty {
            text.line("It is empty: `tidegauge run` fills it.");
            self.unused.iter().for_each(|unused| text.line(format!("note: {unused}")));
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
        self.unused.iter().for_each(|unused| text.line(format!("note: {unused}")));
        if !self.last_runs.is_empty() {
            text.line("");
            text.table(&self.last_runs());
        }
        text
    }
}

/// Prints the contents of the warehouse, the progress of each source, and the outcome of its last
/// run.
pub(crate) async fn status(tidegauge: &Tidegauge, args: &args::Status) -> Result<()> {
    let status = tidegauge.status().await?;
    output::print_document(&Status::new(tidegauge.config().warehouse.to_string(), status, args));
    Ok(())
}

/// Returns a duration in its largest unit.
fn format_duration(seconds: i64) -> String {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    match seconds {
        ..MINUTE => format!("{seconds} s"),
        MINUTE..HOUR => format!("{} min", seconds / MINUTE),
        // A duration of one and a half days is 36 hours.
        seconds if seconds < 2 * DAY => format!("{} h", seconds / HOUR),
        _ => format!("{} days", seconds / DAY),
    }
}
