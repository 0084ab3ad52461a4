//! What can be asked for.

use std::path::PathBuf;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use clap::{Parser, Subcommand};
use clap_complete::Shell;
use tidegauge::simulation::Shard;

/// Returns what was asked for; ends the program with help, or with what is wrong.
///
/// clap repeats what it does not know, as a URL whose flag was forgotten: of that, only the scheme is shown.
pub(crate) fn parse() -> Args {
    Args::try_parse().unwrap_or_else(|error| {
        let told = error.render().to_string();
        let urls = std::env::args().skip(1).filter(|arg| arg.contains("://"));
        let shown = urls.fold(told.clone(), |text, arg| {
            let (before, _) = arg.split_once("://").unwrap_or_default();
            let begin = before.rfind('=').map_or(0, |at| at + 1);
            text.replace(&arg[begin..], &format!("{}://…", &before[begin..]))
        });
        if shown == told {
            error.exit();
        }
        crate::output::raw_error(&shown);
        std::process::exit(error.exit_code())
    })
}

/// Market data in, three answers out: which cohorts become high-volume traders, which churn, and
/// what they are worth.
#[derive(Debug, Parser)]
#[command(version, after_help = AFTER, propagate_version = true)]
pub(crate) struct Args {
    /// Settings [default: tidegauge.toml in the working directory, if it is there]
    #[arg(long, global = true, value_name = "FILE", env = "TIDEGAUGE_CONFIG")]
    pub(crate) config: Option<PathBuf>,

    /// The warehouse: sqlite://FILE, parquet://FOLDER or postgres://… [default: sqlite://tidegauge.db]
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) warehouse: Option<String>,

    #[command(subcommand)]
    pub(crate) command: Command,
}

const AFTER: &str = "\
Start here:
  tidegauge run       load recorded prices and ninety days of a simulated exchange
  tidegauge verify    prove that its books balance
  tidegauge report    write the three answers to report.html

Exit codes:
  0    done
  1    something failed; what was loaded before stays, and the next run goes on from there;
       gaps: something is missing; check: a source does not answer
  2    the command line or a setting is wrong
  3    verify: a rule is broken
  4    another runner has loaded the same source meanwhile; nothing was written;
       verify, report: the warehouse was being loaded while it was read
  130  interrupted; what was loaded stays";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write a commented tidegauge.toml to start from
    Init,
    /// Load what the sources have that is new into the warehouse and its backups
    Run(Run),
    /// Check every rule of consistency on the warehouse
    Verify,
    /// Write the three answers as one HTML file that needs no network
    Report(Report),
    /// Tell what the warehouse holds, how far each source has come, and its last run
    Status,
    /// Make the manifest of a folder of Parquet files anew, from what its files say of themselves
    Repair,
    /// List every source: what it gives, its key, its limits, how far it has come
    Sources {
        /// As Markdown, the way docs/sources/README.md is made
        #[arg(long)]
        markdown: bool,
    },
    /// Try sources, and say what is wrong with each and how to mend it
    Check {
        /// The sources [default: those of the settings]
        sources: Vec<String>,
    },
    /// List what is missing of each source, and what bringing it would cost
    Gaps(Gaps),
    /// Load a span of time again, although it is there
    Reload(Reload),
    /// Remove what sources have loaded, with their cursors, so that they begin anew
    Reset(Reset),
    /// List the instruments, or look for one among the services' own names
    Instruments {
        /// Look for this in the names that CoinGecko and Kraken have
        #[arg(long, value_name = "TEXT")]
        find: Option<String>,
    },
    /// Describe the built-in tables
    Tables(Tables),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct Run {
    /// Load this source only; may be given several times [default: those of the settings]
    #[arg(long = "source", value_name = "NAME")]
    pub(crate) sources: Vec<String>,

    /// Fill this sink as well: csv://FOLDER, parquet://FOLDER…; may be given several times
    #[arg(long = "backup", value_name = "URL")]
    pub(crate) backups: Vec<String>,

    /// Bring what is missing from this day or time on, oldest first, and nothing else
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) from: Option<DateTime<Utc>>,

    /// Up to this day or time, and without it [default: now]
    #[arg(long, value_name = "TIME", value_parser = time, requires = "from")]
    pub(crate) to: Option<DateTime<Utc>>,

    /// Bring exactly what `tidegauge gaps` lists, and nothing else
    #[arg(long, conflicts_with = "from")]
    pub(crate) fill_gaps: bool,

    /// Remove what this source has loaded, as `tidegauge reset` does, and load it, and no other, from the
    /// beginning; may be given several times
    #[arg(long, value_name = "SOURCE", conflicts_with_all = ["sources", "from", "fill_gaps"])]
    pub(crate) full_refresh: Vec<String>,

    /// With --full-refresh: say what would be removed, and do nothing
    #[arg(long, requires = "full_refresh")]
    pub(crate) dry_run: bool,

    /// Simulate every day before this one, instead of one day more; from simulation.start_day on
    #[arg(long, value_name = "YYYY-MM-DD", conflicts_with_all = ["from", "fill_gaps"])]
    pub(crate) until: Option<NaiveDate>,

    /// The seed of the simulated exchange
    #[arg(long)]
    pub(crate) seed: Option<u64>,

    /// Play one part of the simulated exchange's users: 3/16 is the third of sixteen
    #[arg(long, value_name = "PART/OF")]
    pub(crate) shard: Option<Shard>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Reset {
    /// The sources, as `tidegauge sources` lists them; `market` for the derived market tables
    #[arg(required = true, value_name = "SOURCE")]
    pub(crate) sources: Vec<String>,

    /// Say what would be removed, and remove nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Reset this sink as well: csv://FOLDER, parquet://FOLDER…; may be given several times
    #[arg(long = "backup", value_name = "URL")]
    pub(crate) backups: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Reload {
    /// The sources, of those that any span can be asked of
    #[arg(required = true, value_name = "SOURCE")]
    pub(crate) sources: Vec<String>,

    /// From this day or time on, oldest first
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) from: DateTime<Utc>,

    /// Up to this day or time, and without it [default: now]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) to: Option<DateTime<Utc>>,

    /// Say what it would cost, and load nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Fill this sink as well: csv://FOLDER, parquet://FOLDER…; may be given several times
    #[arg(long = "backup", value_name = "URL")]
    pub(crate) backups: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Gaps {
    /// This source only; may be given several times [default: those of the settings]
    #[arg(long = "source", value_name = "NAME")]
    pub(crate) sources: Vec<String>,

    /// From this day or time on [default: from where each source is configured to begin]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) from: Option<DateTime<Utc>>,

    /// Up to this day or time, and without it [default: now]
    #[arg(long, value_name = "TIME", value_parser = time, requires = "from")]
    pub(crate) to: Option<DateTime<Utc>>,
}

/// A day, where it begins, or a time; UTC.
fn time(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(day) = text.parse::<NaiveDate>() {
        return Ok(day.and_time(NaiveTime::MIN).and_utc());
    }
    let time = DateTime::parse_from_rfc3339(text).map(|time| time.to_utc());
    time.map_err(|_| "it is neither a day (2024-01-31) nor a time (2024-01-31T12:00:00Z)".into())
}

#[derive(Debug, clap::Args)]
pub(crate) struct Report {
    /// Where to write it [default: report.html]
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Tables {
    /// Only this table
    pub(crate) name: Option<String>,

    /// As Markdown, the way docs/tables.md is made
    #[arg(long)]
    pub(crate) markdown: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_holds_together() {
        super::Args::command().debug_assert();
    }
}
