//! `tidegauge run`

use std::collections::BTreeMap;
use std::process::ExitCode;

use chrono::{DateTime, Utc};
use serde::Serialize;
use tidegauge::core::{Clock, Span, SystemClock};
use tidegauge::pipeline::{Failure as Refusal, SourceFailure, Summary};
use tidegauge::{Config, Error, Result, StoreUrl, Tidegauge};

use super::gaps::Source as Missing;
use super::reset::{Removed, Reset};
use crate::failure::Failure;
use crate::output::{self, Document, Text};
use crate::shutdown::Shutdown;
use crate::{args, log, progress};

/// What follows from the market tables: no source that is configured, and worked out by every run.
const MARKET: &str = "market";

/// Loads what is new, or what is missing, and says what that was.
pub(crate) async fn run(
    mut config: Config,
    args: args::Run,
    shutdown: &Shutdown,
) -> Result<ExitCode, Failure> {
    if !args.sources.is_empty() {
        config.sources = args.sources;
    }
    if !args.full_refresh.is_empty() {
        let mut sources = args.full_refresh.clone();
        sources.retain(|source| source != MARKET);
        config.market.derive |= sources.len() < args.full_refresh.len();
        config.sources = sources;
    }
    config.backups.extend(args.backups.into_iter().map(StoreUrl::from));
    if let Some(seed) = args.seed {
        config.simulation.seed = seed;
    }
    if let Some(shard) = args.shard {
        config.simulation.shard = shard;
    }
    let token = shutdown.token();
    let tidegauge = super::open(config)?.cancelled_by(token.clone());
    let mut removed = None;
    if !args.full_refresh.is_empty() {
        let resets = tidegauge.reset_to_run(&args.full_refresh, args.dry_run).await?;
        if args.dry_run {
            let end = "nothing was removed, and nothing loaded: this is a dry run";
            output::document(&Reset::dry(resets, end));
            return Ok(ExitCode::SUCCESS);
        }
        let done = Removed::from(resets);
        output::talk(&done.text());
        removed = Some(done);
    }
    let observer = progress::observer();
    let now = SystemClock.now();
    let wanted = args.from.map(|from| Span::new(from, args.to.unwrap_or(now)));
    let mut all = Loaded::default();
    if args.fill_gaps || wanted.is_some() {
        let gaps = tidegauge.gaps(wanted).await?;
        let missing: Vec<_> = gaps.iter().map(Missing::from).collect();
        output::talk(&costs(&missing));
        all.take(tidegauge.fill(gaps, observer.as_ref()).await)?;
    } else {
        all.take(tidegauge.run(args.until, observer.as_ref()).await)?;
        if tidegauge.is_live() && !all.is_cancelled {
            output::line("streaming; Ctrl-C ends it, and what was heard by then is kept");
            all.take(tidegauge.stream(observer.as_ref(), token.cancelled()).await)?;
        }
    }
    output::document(&Run { removed, ..Run::new(&all.summary, &tidegauge) });
    all.end()
}

/// Loads a span again, and says what that was.
pub(crate) async fn reload(
    mut config: Config,
    args: args::Reload,
    shutdown: &Shutdown,
) -> Result<ExitCode, Failure> {
    config.sources = args.sources;
    config.backups.extend(args.backups.into_iter().map(StoreUrl::from));
    let tidegauge = super::open(config)?.cancelled_by(shutdown.token());
    let gaps = tidegauge.again(Span::new(args.from, args.to.unwrap_or(SystemClock.now())))?;
    let sources: Vec<_> = gaps.iter().map(Missing::from).collect();
    if args.dry_run {
        output::document(&Estimate { dry_run: true, sources });
        return Ok(ExitCode::SUCCESS);
    }
    output::talk(&costs(&sources));
    let mut all = Loaded::default();
    all.take(tidegauge.fill(gaps, progress::observer().as_ref()).await)?;
    output::document(&Run::new(&all.summary, &tidegauge));
    all.end()
}

/// What would be loaded again, and what that would cost.
#[derive(Debug, Serialize)]
struct Estimate {
    dry_run: bool,
    sources: Vec<Missing>,
}

impl Document for Estimate {
    fn text(&self) -> Text {
        let mut text = costs(&self.sources);
        text.line("nothing was loaded: this is a dry run");
        text
    }
}

/// Says what bringing what is missing costs.
fn costs(sources: &[Missing]) -> Text {
    let mut text = Text::default();
    for source in sources {
        text.line(format!("{}: {}", source.name(), source.cost()));
    }
    text
}

/// What was loaded, and what was not.
#[derive(Default)]
struct Loaded {
    summary: Summary,
    failures: Vec<SourceFailure>,
    is_cancelled: bool,
}

impl Loaded {
    /// Takes what became of a run; an error that kept it from beginning is handed on.
    fn take(&mut self, run: Result<Summary>) -> Result<()> {
        match run {
            Ok(summary) => self.summary.extend(summary),
            Err(Error::Run(error)) => {
                let (failures, is_cancelled, summary) = error.into_parts();
                self.summary.extend(summary);
                self.failures.extend(failures);
                self.is_cancelled |= is_cancelled;
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Ends the command: as failed if a source failed or was refused a series, or a signal came.
    fn end(self) -> Result<ExitCode, Failure> {
        let Self { summary, failures, is_cancelled } = self;
        if summary.failures.is_empty() && failures.is_empty() && !is_cancelled {
            return Ok(ExitCode::SUCCESS);
        }
        Err(Failure::of_run(&summary, &failures, is_cancelled))
    }
}

/// What was loaded, what went over the wire for it, and where it went.
#[derive(Debug, Serialize)]
struct Run<'a> {
    warehouse: String,
    backups: Vec<String>,
    rows: usize,
    tables: Vec<Table<'a>>,
    /// What services refused for good, while the rest went on.
    refused: Vec<Refused<'a>>,
    traffic: BTreeMap<&'static str, Traffic>,
    /// What reading came upon that is no error.
    notes: Vec<Note<'a>>,
    /// What was removed before, if that was asked for.
    removed: Option<Removed>,
    #[serde(skip)]
    summary: &'a Summary,
}

#[derive(Debug, Serialize)]
struct Table<'a> {
    source: &'a str,
    table: &'a str,
    rows: usize,
    inserted: usize,
    updated: usize,
    identical: usize,
    conflicting: usize,
    seconds: f64,
    rows_per_second: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Refused<'a> {
    source: &'a str,
    series: &'a str,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    reason: String,
}

#[derive(Debug, Serialize)]
struct Note<'a> {
    source: &'a str,
    note: String,
}

/// What went over the wire to a service.
#[derive(Debug, Serialize)]
struct Traffic {
    requests: u64,
    retries: u64,
    bytes: u64,
    seconds_waited: f64,
}

impl<'a> Run<'a> {
    fn new(summary: &'a Summary, tidegauge: &Tidegauge) -> Self {
        let config = tidegauge.config();
        let tables = summary.tables.iter().map(|loaded| Table {
            source: &loaded.source,
            table: &loaded.table,
            rows: loaded.rows,
            inserted: loaded.counts.inserted,
            updated: loaded.counts.updated,
            identical: loaded.counts.identical,
            conflicting: loaded.counts.conflicting,
            seconds: loaded.time.as_secs_f64(),
            rows_per_second: loaded.rows_per_second(),
        });
        let traffic = summary.traffic.iter().map(|(service, traffic)| {
            let (requests, retries, bytes) = (traffic.requests, traffic.retries, traffic.bytes);
            let seconds_waited = traffic.waited.as_secs_f64();
            (*service, Traffic { requests, retries, bytes, seconds_waited })
        });
        Self {
            warehouse: config.warehouse.to_string(),
            backups: config.backups.iter().map(ToString::to_string).collect(),
            rows: summary.rows(),
            tables: tables.collect(),
            refused: summary.failures.iter().map(Refused::from).collect(),
            traffic: traffic.collect(),
            notes: summary
                .notes
                .iter()
                .map(|note| Note { source: &note.source, note: log::redacted(&note.text) })
                .collect(),
            removed: None,
            summary,
        }
    }
}

impl<'a> From<&'a Refusal> for Refused<'a> {
    fn from(refusal: &'a Refusal) -> Self {
        let Refusal { source, series, span, reason, .. } = refusal;
        let reason = log::redacted(reason);
        Self { source, series, from: span.from, to: span.to, reason }
    }
}

impl Document for Run<'_> {
    fn text(&self) -> Text {
        let mut text = Text::default();
        text.line("");
        text.lines(self.summary);
        text.line("");
        for (service, traffic) in &self.traffic {
            text.line(format!(
                "{service:<18} {} requests, {} of them again, {} kB, {:.0} s waited",
                traffic.requests,
                traffic.retries,
                traffic.bytes.div_ceil(1_000),
                traffic.seconds_waited
            ));
        }
        for Note { source, note } in &self.notes {
            text.line(format!("note       {source}: {note}"));
        }
        text.line(format!("warehouse  {}", self.warehouse));
        for backup in &self.backups {
            text.line(format!("backup     {backup}"));
        }
        text
    }
}
