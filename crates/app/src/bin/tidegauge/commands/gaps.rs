//! The command `tidegauge gaps`.

use std::process::ExitCode;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use tidegauge::acquisition::backfill::Estimate;
use tidegauge::core::coverage::GapReason;
use tidegauge::core::{Clock, Span, SystemClock};
use tidegauge::text::Table;
use tidegauge::{Config, Gaps, Result};

use crate::args;
use crate::failure::FAILED;
use crate::output::{self, Document, Text};

/// The gaps, and the cost of their backfill.
#[derive(Debug, Serialize)]
struct Missing {
    sources: Vec<Source>,
    /// The command that backfills exactly these; `None` if nothing is missing.
    command: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Source {
    source: String,
    gaps: Vec<Gap>,
    /// The cost of the backfill; `None` if nothing is missing.
    estimate: Option<Cost>,
}

#[derive(Debug, Serialize)]
struct Gap {
    series: String,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    reason: &'static str,
    /// The message of the service, if it refused the span.
    message: Option<String>,
}

#[derive(Debug, Serialize)]
struct Cost {
    calls: u64,
    credits: u64,
    seconds: u64,
    /// `true` if it may be more: the number of pages is not known in advance.
    is_at_least: bool,
    waits_for_credits: bool,
    #[serde(skip)]
    shown: String,
}

impl From<Estimate> for Cost {
    fn from(estimate: Estimate) -> Self {
        let shown = estimate.to_string();
        let Estimate { calls, credits, time, is_at_least, waits_for_credits } = estimate;
        Self { calls, credits, seconds: time.as_secs(), is_at_least, waits_for_credits, shown }
    }
}

impl From<&Gaps> for Source {
    fn from(gaps: &Gaps) -> Self {
        let holes = gaps.series.iter().flat_map(|series| {
            series.holes.iter().map(|gap| {
                let (reason, message) = match &gap.reason {
                    GapReason::NotRequested => ("not_asked", None),
                    GapReason::Requested => ("requested", None),
                    GapReason::Failed(words) => ("refused", Some(words.clone())),
                };
                let (series, from, to) = (series.series.clone(), gap.span.from, gap.span.to);
                Gap { series, from, to, reason, message }
            })
        });
        Self {
            source: gaps.source().to_owned(),
            gaps: holes.collect(),
            estimate: (!gaps.is_empty()).then(|| gaps.estimate.into()),
        }
    }
}

impl Gap {
    fn why(&self) -> &str {
        match (&self.message, self.reason) {
            (Some(message), _) => message,
            (None, "requested") => "asked for, and not there yet",
            (None, _) => "not asked for yet",
        }
    }
}

impl Source {
    /// Returns the cost of the backfill, in words.
    pub(super) fn cost(&self) -> &str {
        self.estimate.as_ref().map_or("nothing is missing", |estimate| &estimate.shown)
    }

    /// Returns the name of the source.
    pub(super) fn name(&self) -> &str {
        &self.source
    }
}

impl Document for Missing {
    fn text(&self) -> Text {
        let mut text = Text::default();
        let Some(command) = &self.command else {
            text.line("nothing is missing");
            return text;
        };
        let mut table = Table::new(["source", "series", "missing from", "to", "why"]);
        for source in &self.sources {
            for gap in &source.gaps {
                let (from, to) = (shown(gap.from), shown(gap.to));
                table.row([&source.source, &gap.series, &from, &to, gap.why()]);
            }
        }
        text.table(&table);
        text.line("");
        for source in self.sources.iter().filter(|source| source.estimate.is_some()) {
            text.line(format!("{}: {}", source.source, source.cost()));
        }
        text.line(format!("`{command}` brings exactly these"));
        text
    }
}

/// Lists the gaps and the cost of their backfill; exit code 1 if there are any.
pub(crate) async fn gaps(mut config: Config, args: args::Gaps) -> Result<ExitCode> {
    let mut command = "tidegauge run".to_owned();
    for source in &args.sources {
        command += &format!(" --source {source}");
    }
    if !args.sources.is_empty() {
        config.choose(args.sources);
    }
    let tidegauge = super::open(config)?;
    let wanted = args.from.map(|from| Span::new(from, args.to.unwrap_or(SystemClock.now())));
    let gaps = tidegauge.gaps(wanted).await?;
    command += &match wanted {
        Some(span) => format!(" --from {} --to {}", shown(span.from), shown(span.to)),
        None => " --fill-gaps".to_owned(),
    };
    let sources: Vec<_> = gaps.iter().map(Source::from).collect();
    let is_whole = sources.iter().all(|source| source.gaps.is_empty());
    output::document(&Missing { sources, command: (!is_whole).then_some(command) });
    Ok(if is_whole { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}

pub(super) fn shown(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
