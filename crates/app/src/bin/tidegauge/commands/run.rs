//! The command `tidegauge run`.

use std::collections::BTreeMap;
use std::process::ExitCode;

use chrono::{DateTime, Utc};
use serde::Serialize;
use tidegauge::core::{Clock, Span, SystemClock};
use tidegauge::pipeline::{RefusedSpan, SourceFailure, Summary};
use tidegauge::{Config, Error, ReloadSpan, ReloadSpans, Result, SourceGaps, StoreUrl, Tidegauge};

use super::gaps::{SourceReport, format_time};
use super::reset::{Removed, Reset};
use crate::failure::Failure;
use crate::output::{self, Document, Text};
use crate::shutdown::Shutdown;
use crate::{args, log, progress};

/// The name of the derived market tables: not a configured source, but computed by every run.
pub(super) const MARKET: &str = "market";

/// Loads what is new, or what is missing, and prints a summary.
pub(crate) async fn run(
    mut config: Config,
    args: args::Run,
    shutdown: &Shutdown,
) -> Result<ExitCode, Failure> {
    if !args.sources.is_empty() {
        config.select_sources(args.sources);
    }
    if !args.full_refresh.is_empty() {
        let mut sources = args.full_refresh.clone();
        sources.retain(|source| source != MARKET);
        config.market.derive |= sources.len() < args.full_refresh.len();
        config.select_sources(sources);
    }
    config.backups.extend(args.backups.into_iter().map(StoreUrl::from));
    if let Some(seed) = args.seed {
        config.simulation.seed = seed;
    }
    if let Some(shard) = args.shard {
        config.simulation.shard = shard;
    }
    if args.dry_run && args.full_refresh.is_empty() && args.from.is_none() && !args.fill_gaps {
        let reason = "what a source has that is new is known once it is read: --dry-run goes with --full-refresh, --from \
                      or --fill-gaps; `tidegauge check` asks each source, and `tidegauge status` says how far each \
                      is loaded";
        return Err(Error::Setting { setting: "dry_run", reason: reason.into() }.into());
    }
    let token = shutdown.token();
    let tidegauge = super::open(config)?.cancelled_by(token.clone());
    let mut removed = None;
    if !args.full_refresh.is_empty() {
        let resets = tidegauge.reset_before_run(&args.full_refresh, args.dry_run).await?;
        if args.dry_run {
            let end = "nothing was removed, and nothing loaded: this is a dry run";
            output::print_document(&Reset::dry(resets, end));
            return Ok(ExitCode::SUCCESS);
        }
        removed = Some(Removed::from(resets));
    }
    let observer = progress::observer();
    let wanted = args.from.map(|from| span(from, args.to)).transpose()?;
    let mut all = RunResults::default();
    if args.fill_gaps || wanted.is_some() {
        let gaps = tidegauge.gaps(wanted).await?;
        let mut own = match wanted {
            Some(span) => tidegauge.reload_spans(span).await?,
            None => ReloadSpans::default(),
        };
        // A source without spans does not prevent others from being loaded; if there is no other,
        // that is the error.
        if gaps.is_empty() && own.spans.is_empty() && !own.skipped.is_empty() {
            return Err(own.skipped.swap_remove(0).error.into());
        }
        let estimate = Estimate::new(&gaps, &own);
        if args.dry_run {
            output::print_document(&estimate);
            return Ok(ExitCode::SUCCESS);
        }
        output::print_progress(&estimate.costs());
        all.add(tidegauge.backfill_and_reload(gaps, own, observer.as_ref()).await)?;
    } else {
        all.add(tidegauge.run(args.until, observer.as_ref()).await)?;
        if tidegauge.is_live() && !all.is_cancelled {
            output::print_line("streaming; Ctrl-C ends it, and what was heard by then is kept");
            all.add(tidegauge.stream(observer.as_ref(), token.cancelled()).await)?;
        }
    }
    output::print_document(&Run { removed, ..Run::new(&all.summary, &tidegauge) });
    all.into_exit_code()
}

/// Returns the span from `from` up to, and without, `to`, or up to now.
///
/// # Errors
/// When the span is empty.
fn span(from: DateTime<Utc>, to: Option<DateTime<Utc>>) -> Result<Span> {
    let span = Span::new(from, to.unwrap_or(SystemClock.now()));
    if span.is_empty() {
        let reason =
            format!("{} does not lie before {}", format_time(span.from), format_time(span.to));
        return Err(Error::Setting { setting: "from", reason });
    }
    Ok(span)
}

/// Loads a span again, and prints a summary.
pub(crate) async fn reload(
    mut config: Config,
    args: args::Reload,
    shutdown: &Shutdown,
) -> Result<ExitCode, Failure> {
    config.select_sources(args.sources.clone());
    config.backups.extend(args.backups.into_iter().map(StoreUrl::from));
    let tidegauge = super::open(config)?.cancelled_by(shutdown.token());
    let span = span(args.from, args.to)?;
    let (gaps, mut own) = (tidegauge.gaps_for_reload(span)?, tidegauge.reload_spans(span).await?);
    // Each source was named explicitly.
    if !own.skipped.is_empty() {
        return Err(own.skipped.swap_remove(0).error.into());
    }
    let has_spans = |name: &&String| {
        gaps.iter().any(|gaps| gaps.source() == **name)
            || own.spans.iter().any(|own| own.source() == **name)
    };
    if let Some(name) = args.sources.iter().find(|name| !has_spans(name)) {
        let reason = format!(
            "no span of `{name}` can be loaded by itself: `tidegauge run --full-refresh {name}` loads all of it again"
        );
        return Err(Error::Setting { setting: "reload", reason }.into());
    }
    let estimate = Estimate::new(&gaps, &own);
    if args.dry_run {
        output::print_document(&estimate);
        return Ok(ExitCode::SUCCESS);
    }
    output::print_progress(&estimate.costs());
    let mut all = RunResults::default();
    let observer = progress::observer();
    all.add(tidegauge.backfill_and_reload(gaps, own, observer.as_ref()).await)?;
    output::print_document(&Run::new(&all.summary, &tidegauge));
    all.into_exit_code()
}

/// The spans that would be loaded again, and their cost.
#[derive(Debug, Serialize)]
struct Estimate {
    dry_run: bool,
    /// The historical sources.
    sources: Vec<SourceReport>,
    /// The files and databases of the user's own.
    own: Vec<ReloadedSpan>,
    /// Those of them that have no spans, and are left out.
    left_out: Vec<LeftOut>,
}

/// A source that is left out, with the reason.
#[derive(Debug, Serialize)]
struct LeftOut {
    source: String,
    reason: String,
}

/// A span of a file or a database that is read again.
#[derive(Debug, Serialize)]
struct ReloadedSpan {
    source: String,
    table: String,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    /// The number of rows of the span that the table holds now.
    rows: i64,
}

impl Estimate {
    fn new(gaps: &[SourceGaps], own: &ReloadSpans) -> Self {
        let span = |own: &ReloadSpan| {
            let Span { from, to } = own.span();
            let (source, table) = (own.source().to_owned(), own.table().to_owned());
            ReloadedSpan { source, table, from, to, rows: own.rows }
        };
        let left_out = own.skipped.iter().map(|left| LeftOut {
            source: left.source.clone(),
            reason: log::redacted(&left.error.to_string()),
        });
        Self {
            dry_run: true,
            sources: gaps.iter().map(SourceReport::from).collect(),
            own: own.spans.iter().map(span).collect(),
            left_out: left_out.collect(),
        }
    }

    /// Returns the cost as text.
    fn costs(&self) -> Text {
        let mut text = Text::default();
        for source in &self.sources {
            text.line(format!("{}: {}", source.name(), source.cost()));
        }
        for ReloadedSpan { source, table, from, to, rows } in &self.own {
            text.line(format!(
                "{source}: is read from its beginning, and its rows from {} to {} take the place of those in \
                 `{table}`, which has {rows} of that time",
                format_time(*from),
                format_time(*to)
            ));
        }
        for LeftOut { source, reason } in &self.left_out {
            text.line(format!("{source}: is left out: {reason}"));
        }
        text
    }
}

impl Document for Estimate {
    fn text(&self) -> Text {
        let mut text = self.costs();
        text.line("nothing was loaded: this is a dry run");
        text
    }
}

/// The result of one or more runs.
#[derive(Default)]
struct RunResults {
    summary: Summary,
    failures: Vec<SourceFailure>,
    is_cancelled: bool,
}

impl RunResults {
    /// Adds the result of a run; returns an error that prevented it from starting.
    fn add(&mut self, run: Result<Summary>) -> Result<()> {
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

    /// Ends the command: as failed if a source failed or was refused a series, or the run was
    /// cancelled.
    fn into_exit_code(self) -> Result<ExitCode, Failure> {
        let Self { summary, failures, is_cancelled } = self;
        if summary.refused.is_empty() && failures.is_empty() && !is_cancelled {
            return Ok(ExitCode::SUCCESS);
        }
        Err(Failure::of_run(&summary, &failures, is_cancelled))
    }
}

/// The rows that were loaded, the traffic, and the stores that were filled.
#[derive(Debug, Serialize)]
struct Run<'a> {
    warehouse: String,
    backups: Vec<String>,
    rows: usize,
    tables: Vec<Table<'a>>,
    /// The spans that services refused permanently, while the run continued.
    refused: Vec<Refused<'a>>,
    traffic: BTreeMap<&'static str, Traffic>,
    /// The findings of reads that are not errors.
    notes: Vec<Note<'a>>,
    /// The declarations of the settings that no run uses, one sentence each.
    unused: Vec<String>,
    /// The rows that were removed before, if requested.
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
    removed: usize,
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

/// The traffic to a service.
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
            removed: loaded.counts.removed,
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
            refused: summary.refused.iter().map(Refused::from).collect(),
            traffic: traffic.collect(),
            notes: summary
                .notes
                .iter()
                .map(|note| Note { source: &note.source, note: log::redacted(&note.text) })
                .collect(),
            unused: config.unused(),
            removed: None,
            summary,
        }
    }
}

impl<'a> From<&'a RefusedSpan> for Refused<'a> {
    fn from(refusal: &'a RefusedSpan) -> Self {
        let RefusedSpan { source, series, span, reason, .. } = refusal;
        let reason = log::redacted(reason);
        Self { source, series, from: span.from, to: span.to, reason }
    }
}

impl Document for Run<'_> {
    fn text(&self) -> Text {
        let mut text = Text::default();
        if let Some(removed) = &self.removed {
            text.append(&removed.text());
        }
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
        self.unused.iter().for_each(|unused| text.line(format!("note       {unused}")));
        text.line(format!("warehouse  {}", self.warehouse));
        for backup in &self.backups {
            text.line(format!("backup     {backup}"));
        }
        text
    }
}
