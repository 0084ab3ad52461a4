//! The command line.

mod analyze;
mod commands;
mod definitions;
mod values;

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

pub(crate) use self::analyze::{Analyze, Columns, Format};
pub(crate) use self::commands::{Gaps, Import, Reload, Report, Reset, Run, Status, Tables};
use self::values::{Output, output};

/// Market data in, three answers out: which cohorts become high-volume traders, which churn, and
/// what they are worth.
#[derive(Debug, Parser)]
#[command(version, after_help = AFTER, propagate_version = true)]
pub(crate) struct Args {
    /// The settings file [default: tidegauge.toml in the working directory, if it exists]
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "TIDEGAUGE_CONFIG",
        hide_env_values = true
    )]
    pub(crate) config: Option<PathBuf>,

    /// The URL of the warehouse: sqlite://FILE, parquet://FOLDER or postgres://… [default: sqlite://tidegauge.db]
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) warehouse: Option<String>,

    /// The format of the answer and of errors: `text`, or `json` for one document [default: text]
    #[arg(long, global = true, value_name = "FORMAT", value_parser = output())]
    output: Option<Output>,

    /// Print errors only, and with `--output json` the answer
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,

    /// Log each step to standard error; given twice, every request and page
    #[arg(long, short, global = true, action = clap::ArgAction::Count, conflicts_with = "quiet")]
    pub(crate) verbose: u8,

    #[command(subcommand)]
    pub(crate) command: Command,
}

const AFTER: &str = "\
Start here:
  tidegauge analyze   report on a file of purchases, without any settings
  tidegauge init      write settings for your own data; with --demo for a simulated exchange
  tidegauge import    inspect a file of your own and write the settings that load it
  tidegauge run       load new rows from the configured sources; run it again for later rows
  tidegauge verify    check every audit rule
  tidegauge report    write the three answers to report.html

Exit codes:
  0    success
  1    run: some sources failed, or a service refused a series; loaded rows stay;
       gaps: there are gaps; check: a source does not answer
  2    the command line or a setting is invalid, or a key is missing (configuration)
  3    verify: a rule is violated
  4    another runner committed first or holds a lock; nothing was written, run again;
       verify, report: the warehouse was being loaded while it was read (conflict)
  5    a key is wrong or expired, a password is wrong or missing (authentication)
  6    a key, a user or a file does not have the permission (permission)
  7    a rate limit or a quota is used up, try later (rate_limited)
  8    a service or server cannot be reached or is busy, try again (unavailable)
  9    a disk or a quota is full (out_of_space)
  10   something is missing: a file, a price, rows to analyze (not_found)
  11   a value, a row or a file is invalid (invalid_input)
  12   a table, a file or a reply has other columns than expected (schema_mismatch)
  13   stored data contradicts itself (corrupt)
  14   a bug of tidegauge (bug)
  130  interrupted; loaded rows stay";

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
    pub(crate) fn parse_words(args: &[OsString]) -> Result<Self, clap::Error> {
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
    /// Write a commented tidegauge.toml for your own files and databases
    Init {
        /// Write the settings of the demo: prices up to yesterday, and an exchange simulated from them
        #[arg(long)]
        demo: bool,
    },
    /// Analyze a file of purchases, without settings and database: who stays, who leaves, what users are worth
    Analyze(Box<Analyze>),
    /// Inspect a file of your own and write the settings by which `tidegauge run` loads it
    Import(Import),
    /// Load new rows from the sources into the warehouse and its backups
    Run(Run),
    /// Check every audit rule on the warehouse
    Verify,
    /// Write the three answers as one self-contained HTML file
    Report(Box<Report>),
    /// Show the contents of the warehouse, and the freshness and last run of each source
    Status(Status),
    /// Rebuild the manifest of a folder of Parquet files from the metadata of the files
    Repair,
    /// List every source with its data, key, limits and freshness
    Sources {
        /// Print Markdown, as in docs/sources/README.md
        #[arg(long)]
        markdown: bool,
    },
    /// Check whether sources answer, and print the fault of each and its remedy
    Check {
        /// The sources [default: the sources of the settings]
        sources: Vec<String>,
    },
    /// List the gaps of each source and the cost of their backfill
    Gaps(Gaps),
    /// Load a span of time again although it is present
    Reload(Reload),
    /// Remove the rows and cursors of sources, so that they are loaded from the beginning
    Reset(Reset),
    /// List the instruments, or search those of the services
    Instruments {
        /// Search the instruments of CoinGecko and Kraken for this text
        #[arg(long, value_name = "TEXT")]
        find: Option<String>,
    },
    /// Describe the built-in tables and the tables of the settings
    Tables(Tables),
    /// Print the completion script of a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Write the manual pages, one per command
    Man {
        /// The folder, such as ~/.local/share/man/man1; it is created if missing
        folder: PathBuf,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Args, clap::Error> {
        let words: Vec<_> = line.split_whitespace().map(OsString::from).collect();
        let read = Args::parse_words(&words);
        if let Ok(args) = &read {
            assert_eq!(args.is_json(), asks_for_json(&words), "{line}");
        }
        read
    }

    #[test]
    fn command_line_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn output_format_is_accepted_before_and_after_the_command() {
        for line in ["tidegauge --output json status", "tidegauge status --output=json"] {
            assert!(read(line).unwrap().is_json(), "{line}");
        }
        assert!(!read("tidegauge status --output text").unwrap().is_json());
        let unknown = read("tidegauge status --output yaml").unwrap_err();
        assert!(unknown.to_string().contains("`yaml`"), "{unknown}");
    }

    #[test]
    fn report_accepts_its_file_as_output_too() {
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
