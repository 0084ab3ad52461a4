//! `tidegauge gaps`

use std::process::ExitCode;

use chrono::{DateTime, SecondsFormat, Utc};
use comfy_table::{CellAlignment, Table, presets};
use tidegauge::core::coverage::Why;
use tidegauge::core::{Clock, Span, SystemClock};
use tidegauge::{Config, Result};

use crate::{args, output};

/// Lists what is missing, and what bringing it would cost; exit code 1 if anything is.
pub(crate) async fn gaps(mut config: Config, args: args::Gaps) -> Result<ExitCode> {
    let mut how = "tidegauge run".to_owned();
    for source in &args.sources {
        how += &format!(" --source {source}");
    }
    if !args.sources.is_empty() {
        config.sources = args.sources;
    }
    let house = super::open(config)?;
    let wanted = args.from.map(|from| Span::new(from, args.to.unwrap_or(SystemClock.now())));
    let gaps = house.gaps(wanted).await?;
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["source", "series", "missing from", "to", "why"]);
    let mut missing = false;
    for gaps in &gaps {
        for series in &gaps.series {
            for hole in &series.holes {
                missing = true;
                let why = match &hole.why {
                    Why::NotAsked => "not asked for yet",
                    Why::Requested => "asked for, and not there yet",
                    Why::Failed(reason) => reason,
                };
                let (from, to) = (shown(hole.span.from), shown(hole.span.to));
                table.add_row([gaps.source(), &series.series, &from, &to, why]);
            }
        }
    }
    if !missing {
        output::line("nothing is missing");
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(column) = table.column_mut(4) {
        column.set_cell_alignment(CellAlignment::Left);
    }
    output::line(&format!("{table}\n"));
    for gaps in gaps.iter().filter(|gaps| !gaps.is_empty()) {
        output::line(&format!("{}: {}", gaps.source(), gaps.estimate));
    }
    how += &match wanted {
        Some(span) => format!(" --from {} --to {}", shown(span.from), shown(span.to)),
        None => " --fill-gaps".to_owned(),
    };
    output::line(&format!("`{how}` brings exactly these"));
    Ok(ExitCode::FAILURE)
}

fn shown(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
