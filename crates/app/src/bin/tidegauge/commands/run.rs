//! `tidegauge run`

use std::process::ExitCode;

use tidegauge::core::{Clock, Span, SystemClock};
use tidegauge::pipeline::Summary;
use tidegauge::{Config, Result, StoreUrl, Tidegauge};

use crate::stop::Stop;
use crate::{args, out, progress};

/// Loads what is new, or what is missing, and says what that was.
pub(crate) async fn run(mut config: Config, args: args::Run, stop: &Stop) -> Result<ExitCode> {
    if !args.sources.is_empty() {
        config.sources = args.sources;
    }
    config.backups.extend(args.backups.into_iter().map(StoreUrl::from));
    if let Some(seed) = args.seed {
        config.simulation.seed = seed;
    }
    if let Some(shard) = args.shard {
        config.simulation.shard = shard;
    }
    let house = super::open(config)?;
    let now = SystemClock.now();
    let wanted = args.from.map(|from| Span::new(from, args.to.unwrap_or(now)));
    let summary = if args.fill_gaps || wanted.is_some() {
        fill(&house, wanted).await?
    } else {
        let mut summary = house.run(args.until, progress::observer().as_ref()).await?;
        if house.is_live() {
            out::line("streaming; Ctrl-C ends it, and what was heard by then is kept");
            summary.extend(house.stream(progress::observer().as_ref(), stop.asked_for()).await?);
        }
        summary
    };
    out::line(&format!("\n{summary}\n"));
    told(&house);
    Ok(failures(&summary))
}

/// Says what bringing the missing costs, and brings it.
async fn fill(house: &Tidegauge, wanted: Option<Span>) -> Result<Summary> {
    let gaps = house.gaps(wanted).await?;
    for gaps in &gaps {
        if gaps.is_empty() {
            out::line(&format!("{}: nothing is missing", gaps.source()));
        } else {
            out::line(&format!("{}: {}", gaps.source(), gaps.estimate));
        }
    }
    house.fill(gaps, progress::observer().as_ref()).await
}

/// Where it went, and what went over the wire for it.
fn told(house: &Tidegauge) {
    for (service, traffic) in house.traffic() {
        out::line(&format!(
            "{service:<18} {} requests, {} of them again, {} kB, {:.0} s waited",
            traffic.requests,
            traffic.retries,
            traffic.bytes.div_ceil(1_000),
            traffic.waited.as_secs_f64()
        ));
    }
    out::line(&format!("warehouse  {}", house.config().warehouse));
    for backup in &house.config().backups {
        out::line(&format!("backup     {backup}"));
    }
}

/// What the sources refused for good.
fn failures(summary: &Summary) -> ExitCode {
    for failure in &summary.failures {
        out::error(&failure.to_string());
    }
    if summary.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
