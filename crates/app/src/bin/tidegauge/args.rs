//! The command line.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use clap::builder::OsStringValueParser;
use clap::builder::TypedValueParser as _;
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use tidegauge::simulation::Shard;

/// Market data in, three answers out: which cohorts become high-volume traders, which churn, and
/// what they are worth.
#[derive(Debug, Parser)]
#[command(version, after_help = AFTER, propagate_version = true)]
pub(crate) struct Args {
    /// Settings [default: tidegauge.toml in the working directory, if it is there]
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "TIDEGAUGE_CONFIG",
        hide_env_values = true
    )]
    pub(crate) config: Option<PathBuf>,

    /// The warehouse: sqlite://FILE, parquet://FOLDER or postgres://… [default: sqlite://tidegauge.db]
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) warehouse: Option<String>,

    /// How to print the answer, and errors: `text`, or one document of `json` [default: text]
    #[arg(long, global = true, value_name = "FORMAT", value_parser = output())]
    output: Option<Output>,

    /// Print nothing but errors, and with `--output json` the answer
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,

    /// Log what is done on the standard error; twice: every request and page
    #[arg(long, short, global = true, action = clap::ArgAction::Count, conflicts_with = "quiet")]
    pub(crate) verbose: u8,

    #[command(subcommand)]
    pub(crate) command: Command,
}

const AFTER: &str = "\
Start here:
  tidegauge init      write settings for your own data; with --demo for a simulated exchange
  tidegauge import    look at a file of your own, and write the settings that load it
  tidegauge run       load what they name; again and again, each time what is new
  tidegauge verify    check every rule of consistency
  tidegauge report    write the three answers to report.html

Exit codes:
  0    done
  1    run: some sources failed, or a service refused a series; what was loaded stays;
       gaps: something is missing; check: a source does not answer
  2    the command line or a setting is wrong, or a key is missing (configuration)
  3    verify: a rule is broken
  4    another runner was quicker, or holds what is needed; nothing was written, run again;
       verify, report: the warehouse was being loaded while it was read (conflict)
  5    a key is wrong or expired, a password is wrong or missing (authentication)
  6    a key, a user or a file does not allow this (permission)
  7    a limit or a budget of requests is used up, try later (rate_limited)
  8    a service or server cannot be reached or is busy, try again (unavailable)
  9    a disk or a quota is full (out_of_space)
  10   something is not there: a file, a price, rows to judge (not_found)
  11   a value, a row or a file makes no sense (invalid_input)
  12   a table, a file or an answer has other columns than expected (schema_mismatch)
  13   stored data contradicts itself (corrupt)
  14   a fault of tidegauge (bug)
  130  interrupted; what was loaded stays";

/// The format of the answers.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Output {
    Text,
    Json,
    /// The `--output FILE` that `report` had before there were formats.
    File(PathBuf),
}

fn output() -> impl clap::builder::TypedValueParser<Value = Output> {
    OsStringValueParser::new().map(|value| match value.to_str() {
        Some("text") => Output::Text,
        Some("json") => Output::Json,
        _ => Output::File(value.into()),
    })
}

/// Returns `true` if the command line asks for JSON, even if it is invalid otherwise.
pub(crate) fn asks_for_json(args: &[OsString]) -> bool {
    let pair = [OsStr::new("--output"), OsStr::new("json")];
    args.contains(&"--output=json".into()) || args.windows(2).any(|words| words == pair)
}

/// Returns `text`, in which clap repeats words of the command line, without secrets: of a URL,
/// whose flag may have been forgotten, only the scheme is shown.
pub(crate) fn without_urls(text: &str, words: &[OsString]) -> String {
    let words = words.iter().skip(1).map(|word| word.to_string_lossy());
    let shown = words.fold(text.to_owned(), |text, word| {
        let Some((before, _)) = word.split_once("://") else { return text };
        let begin = before.rfind('=').map_or(0, |at| at + 1);
        text.replace(&word[begin..], &format!("{}://…", &before[begin..]))
    });
    tidegauge::without_userinfo(&shown)
}

impl Args {
    /// Parses a command line, whose first word is the program.
    pub(crate) fn read(args: &[OsString]) -> Result<Self, clap::Error> {
        let mut read = Self::try_parse_from(args)?;
        match (read.output.take(), &mut read.command) {
            (Some(Output::File(file)), Command::Report(report)) => {
                if report.file.replace(file).is_some() {
                    let twice = "the file of the report is given twice: by `--file` and `--output`";
                    return Err(Self::command().error(ErrorKind::ArgumentConflict, twice));
                }
            }
            (Some(Output::File(other)), _) => {
                let unknown = format!("there is no format `{}`: text or json", other.display());
                return Err(Self::command().error(ErrorKind::InvalidValue, unknown));
            }
            (format, _) => read.output = format,
        }
        Ok(read)
    }

    /// Returns `true` if answers and errors are printed as JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.output == Some(Output::Json)
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write a commented tidegauge.toml to start from, for your own files and databases
    Init {
        /// Write the settings of the demo: prices up to yesterday, and an exchange that is simulated from them
        #[arg(long)]
        demo: bool,
    },
    /// Look at a file of your own, and write the settings by which `tidegauge run` loads it
    Import(Import),
    /// Load what the sources have that is new into the warehouse and its backups
    Run(Run),
    /// Check every rule of consistency on the warehouse
    Verify,
    /// Write the three answers as one HTML file that needs no network
    Report(Report),
    /// Tell what the warehouse holds, how far each source has come, and its last run
    Status(Status),
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
    /// Describe the built-in tables and those of the settings
    Tables(Tables),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Write the manual pages, one for each command
    Man {
        /// The folder, as in ~/.local/share/man/man1; it is made if it is missing
        folder: PathBuf,
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

    /// Do nothing: with --full-refresh say what would be removed, with --from or --fill-gaps what bringing it costs
    #[arg(long)]
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
pub(crate) struct Import {
    /// The file, or a pattern of files that are alike: 'exports/orders-*.csv'
    pub(crate) file: String,

    /// The built-in table that it fills [default: the one that it fits, or one of its own]
    #[arg(long, value_name = "TABLE")]
    pub(crate) table: Option<String>,

    /// What the source is called [default: as the file]
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,

    /// A column of the built-in table, and what the file calls it: 'user_id=Customer No'; may be given several times
    #[arg(long = "column", value_name = "COLUMN=NAME", value_parser = pair)]
    pub(crate) columns: Vec<(String, String)>,

    /// The zone of times that name none: Europe/Madrid, +02:00 [default: UTC]
    #[arg(long, value_name = "ZONE")]
    pub(crate) zone: Option<String>,

    /// The currency of amounts, where no column says it: EUR
    #[arg(long, value_name = "CODE")]
    pub(crate) currency: Option<String>,

    /// 01/02/2024 is the first of February
    #[arg(long, conflicts_with = "month_first")]
    pub(crate) day_first: bool,

    /// 01/02/2024 is the second of January
    #[arg(long)]
    pub(crate) month_first: bool,

    /// Show the settings, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Parses `COLUMN=NAME`.
fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=').map(|(column, name)| (column.trim(), name.trim())) {
        Some((column, name)) if !column.is_empty() && !name.is_empty() => {
            Ok((column.to_owned(), name.to_owned()))
        }
        _ => Err("it is a column of the table, `=`, and a column of the file".into()),
    }
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
    /// The sources: files, databases, and services that any span can be asked of
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

/// Parses a day (its start) or a time, in UTC.
fn time(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(day) = text.parse::<NaiveDate>() {
        return Ok(day.and_time(NaiveTime::MIN).and_utc());
    }
    let time = DateTime::parse_from_rfc3339(text).map(|time| time.to_utc());
    time.map_err(|_| "it is neither a day (2024-01-31) nor a time (2024-01-31T12:00:00Z)".into())
}

#[derive(Debug, clap::Args)]
pub(crate) struct Report {
    /// Where to write it; `--output FILE` does the same [default: report.html]
    #[arg(long, short = 'o', value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,

    /// Write the data of all panels as JSON as well: `-` for the standard output, in place of the answer
    #[arg(long, value_name = "FILE")]
    pub(crate) data: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Status {
    /// List every source and table that there is, not only those that are configured or have rows
    #[arg(long)]
    pub(crate) all: bool,

    /// Show the cursor of each source, by which it goes on
    #[arg(long)]
    pub(crate) cursors: bool,
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
    use super::*;

    fn read(line: &str) -> Result<Args, clap::Error> {
        let words: Vec<_> = line.split_whitespace().map(OsString::from).collect();
        let read = Args::read(&words);
        if let Ok(args) = &read {
            assert_eq!(args.is_json(), asks_for_json(&words), "{line}");
        }
        read
    }

    #[test]
    fn the_command_line_holds_together() {
        Args::command().debug_assert();
    }

    #[test]
    fn a_format_is_taken_before_and_behind_the_command() {
        for line in ["tidegauge --output json status", "tidegauge status --output=json"] {
            assert!(read(line).unwrap().is_json(), "{line}");
        }
        assert!(!read("tidegauge status --output text").unwrap().is_json());
        let unknown = read("tidegauge status --output yaml").unwrap_err();
        assert!(unknown.to_string().contains("`yaml`"), "{unknown}");
    }

    #[test]
    fn a_report_takes_its_file_by_the_old_name_as_well() {
        for line in ["report --output a.html", "report --file a.html", "report -o a.html"] {
            let args = read(&format!("tidegauge {line}")).unwrap();
            let Command::Report(report) = args.command else { panic!("{line}") };
            assert_eq!(report.file, Some("a.html".into()), "{line}");
        }
        let both = read("tidegauge report --output json --file a.html").unwrap();
        assert!(both.is_json());
        assert!(read("tidegauge report --output b.html --file a.html").is_err());
    }
}
