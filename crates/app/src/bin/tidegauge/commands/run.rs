//! `tidegauge run`

use std::process::ExitCode;

use tidegauge::core::{Clock, Span, SystemClock};
use tidegauge::pipeline::{RunError, SourceFailure, Summary};
use tidegauge::{Config, Error, Gaps, Result, StoreUrl, Tidegauge};

use crate::shutdown::Shutdown;
use crate::{args, output, progress};

/// What follows from the market tables: no source that is configured, and worked out by every run.
const MARKET: &str = "market";

/// Loads what is new, or what is missing, and says what that was.
pub(crate) async fn run(
    mut config: Config,
    args: args::Run,
    shutdown: &Shutdown,
) -> Result<ExitCode> {
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
    if !args.full_refresh.is_empty() {
        let resets = tidegauge.reset_to_run(&args.full_refresh, args.dry_run).await?;
        super::reset::tell(&resets);
        if args.dry_run {
            output::line("nothing was removed, and nothing loaded: this is a dry run");
            return Ok(ExitCode::SUCCESS);
        }
    }
    let observer = progress::observer();
    let now = SystemClock.now();
    let wanted = args.from.map(|from| Span::new(from, args.to.unwrap_or(now)));
    let mut all = Loaded::default();
    if args.fill_gaps || wanted.is_some() {
        let gaps = tidegauge.gaps(wanted).await?;
        estimate(&gaps);
        all.take(tidegauge.fill(gaps, observer.as_ref()).await)?;
    } else {
        all.take(tidegauge.run(args.until, observer.as_ref()).await)?;
        if tidegauge.is_live() && !all.is_cancelled {
            output::line("streaming; Ctrl-C ends it, and what was heard by then is kept");
            all.take(tidegauge.stream(observer.as_ref(), token.cancelled()).await)?;
        }
    }
    all.tell(&tidegauge);
    all.end()
}

/// Loads a span again, and says what that was.
pub(crate) async fn reload(
    mut config: Config,
    args: args::Reload,
    shutdown: &Shutdown,
) -> Result<ExitCode> {
    config.sources = args.sources;
    config.backups.extend(args.backups.into_iter().map(StoreUrl::from));
    let tidegauge = super::open(config)?.cancelled_by(shutdown.token());
    let gaps = tidegauge.again(Span::new(args.from, args.to.unwrap_or(SystemClock.now())))?;
    estimate(&gaps);
    if args.dry_run {
        output::line("nothing was loaded: this is a dry run");
        return Ok(ExitCode::SUCCESS);
    }
    let mut all = Loaded::default();
    all.take(tidegauge.fill(gaps, progress::observer().as_ref()).await)?;
    all.tell(&tidegauge);
    all.end()
}

/// Says what bringing what is missing costs.
fn estimate(gaps: &[Gaps]) {
    for gaps in gaps {
        let estimate = gaps.estimate.to_string();
        let what = if gaps.is_empty() { "nothing is missing" } else { &estimate };
        output::line(&format!("{}: {what}", gaps.source()));
    }
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

    /// Says what was loaded, what went over the wire for it, and where it went.
    fn tell(&self, tidegauge: &Tidegauge) {
        output::line(&format!("\n{}\n", self.summary));
        for (service, traffic) in &self.summary.traffic {
            output::line(&format!(
                "{service:<18} {} requests, {} of them again, {} kB, {:.0} s waited",
                traffic.requests,
                traffic.retries,
                traffic.bytes.div_ceil(1_000),
                traffic.waited.as_secs_f64()
            ));
        }
        output::line(&format!("warehouse  {}", tidegauge.config().warehouse));
        for backup in &tidegauge.config().backups {
            output::line(&format!("backup     {backup}"));
        }
    }

    /// Ends the command: with an error if a source failed or was refused a series, or a signal came.
    fn end(self) -> Result<ExitCode> {
        for failure in &self.summary.failures {
            output::error(&failure.to_string());
        }
        if self.failures.is_empty() && !self.is_cancelled {
            let is_whole = self.summary.failures.is_empty();
            return Ok(if is_whole { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Err(RunError::new(self.failures, self.is_cancelled, self.summary).into())
    }
}
