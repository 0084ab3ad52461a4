//! The error type of this crate.

use std::io;
use std::path::PathBuf;

use tidegauge_core::ErrorKind;

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Any failure of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The configuration cannot be read, or a setting of it is invalid.
    #[error("{reason}")]
    Config {
        /// The position and the name of the setting, and the values it accepts. The value that was
        /// found is not repeated: it may be a secret in the wrong place.
        reason: String,
    },
    /// The configuration file that was named does not exist.
    #[error("there is no `{}`; `tidegauge init` writes a tidegauge.toml to start from", file.display())]
    NoConfig {
        /// The path of the file.
        file: PathBuf,
    },
    /// A setting is invalid.
    #[error("{setting}: {reason}")]
    Setting {
        /// The name of the setting.
        setting: &'static str,
        /// What is wrong, and what is valid.
        reason: String,
    },
    /// No source is configured, so there is nothing to load.
    #[error(
        "there is nothing to load yet{}: `tidegauge import FILE` declares a file of your own, as [[files]] and \
         [[databases]] in tidegauge.toml do; name market data in `sources` (`tidegauge sources` lists all; ecb and kraken need no \
         key), or begin with `tidegauge init --demo`",
        unused_suffix(unused)
    )]
    NoSources {
        /// The entries that are declared and not used.
        unused: Vec<String>,
    },
    /// The warehouse has no users, or no rows at all, so there is nothing to report.
    #[error("{warehouse} holds nothing to judge yet: `tidegauge run` fills it")]
    EmptyWarehouse {
        /// The name of the warehouse, without secrets.
        warehouse: String,
    },
    /// The warehouse was loaded while it was read, or pages of a source are still to come, so that
    /// no statement about it is possible.
    #[error(
        "{warehouse} is being loaded ({}): what was read is not of one moment, or not all there; run again \
         when the load has ended, and after one that was broken off `tidegauge run` first", sources.join(", ")
    )]
    LoadInProgress {
        /// The name of the warehouse, without secrets.
        warehouse: String,
        /// The sources whose cursors moved, or not all of whose pages are loaded.
        sources: Vec<String>,
    },
    /// The warehouse has rows, but none in the tables that the command reads.
    #[error(
        "{warehouse} has rows in {tables} alone, and none of users, their records or the market to \
         judge: map your files or databases onto the tables that `tidegauge tables` lists"
    )]
    NoAnalyticsRows {
        /// The name of the warehouse, without secrets.
        warehouse: String,
        /// The tables that have rows.
        tables: String,
    },
    /// The warehouse has purchases of which none is completed, and no other rows for a report.
    #[error(
        "no row of `ramp_transactions` in {warehouse} is completed, and there are no users and no trades: the `values` of \
         the mapping say which status means `completed`, `pending` or `failed`"
    )]
    NoCompletedPurchase {
        /// The name of the warehouse, without secrets.
        warehouse: String,
    },
    /// The rows that are to replace others cannot be read, so the stored rows stay.
    #[error("{0}; nothing was removed")]
    UnreadableSource(#[source] tidegauge_core::Error),
    /// A live stream delivered nothing while it was tested.
    #[error(
        "`{name}` brought nothing within {seconds} s: check the network and the key, and whether \
         its market is open"
    )]
    NoStreamData {
        /// The name of the source.
        name: String,
        /// How long the stream was listened to, in seconds.
        seconds: u64,
    },
    /// A file cannot be written.
    #[error("cannot write {}: {error}", file.display())]
    Write {
        /// The path of the file.
        file: PathBuf,
        /// The cause.
        #[source]
        error: io::Error,
    },
    /// A question cannot be answered, or the report's page cannot be rendered.
    #[error(transparent)]
    Report(#[from] tidegauge_report::Error),
    /// Sources failed in a run, or it was cancelled; rows that were loaded stay.
    #[error(transparent)]
    Run(#[from] crate::pipeline::RunError),
    /// Some of the sinks were reset before one failed.
    #[error(
        "{error}; {} reset by then: the same command again finishes it",
        joined_with_verb(done)
    )]
    PartialReset {
        /// The sinks that were reset, without secrets.
        done: Vec<String>,
        /// The failure of the next sink.
        #[source]
        error: Box<tidegauge_core::Error>,
    },
    /// A source, a sink or a batch failed.
    #[error(transparent)]
    Core(#[from] tidegauge_core::Error),
    /// A file cannot be inspected, or fills no table.
    #[error(transparent)]
    Import(Box<tidegauge_acquisition::Error>),
    /// A row of a file that is analyzed cannot be read.
    #[error("{place}, {reason}: mend the row, or leave `--strict` out to set such rows aside")]
    UnreadableRow {
        /// The file and the line.
        place: String,
        /// The column, the value, and what is wrong with it.
        reason: String,
    },
    /// Amounts of files that are analyzed are in several currencies.
    #[error(
        "amounts are in several currencies, which are not added up: {found}; `--only-currency {first}` analyzes one of \
         them"
    )]
    SeveralCurrencies {
        /// The currencies, with their numbers of rows.
        found: String,
        /// The one with most rows.
        first: String,
    },
    /// Files that are analyzed have no purchase.
    #[error("none of {rows} rows is a purchase{}", reasons_suffix(reasons))]
    NoPurchases {
        /// The number of rows.
        rows: u64,
        /// What the rows are, one sentence each.
        reasons: Vec<String>,
    },
    /// A source cannot be set up.
    #[error(transparent)]
    Acquisition(#[from] tidegauge_acquisition::Error),
    /// The market or the exchange cannot be set up.
    #[error(transparent)]
    Simulation(#[from] tidegauge_simulation::Error),
    /// A warehouse or a sink cannot be opened.
    #[error(transparent)]
    Storage(#[from] tidegauge_storage::Error),
    /// The metrics cannot be computed.
    #[error(transparent)]
    Analytics(#[from] tidegauge_analytics::Error),
}

impl Error {
    /// Joins the errors of several settings into one; returns `None` if there are none.
    pub(crate) fn join(mut errors: Vec<Self>) -> Option<Self> {
        if errors.len() > 1 {
            let reasons: Vec<_> = errors.iter().map(ToString::to_string).collect();
            return Some(Self::Config { reason: reasons.join("; ") });
        }
        errors.pop()
    }

    /// Returns the kind of the failure, for programs to act on; for a run that failed, the kind of
    /// its first failure.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Config { .. }
            | Self::NoConfig { .. }
            | Self::NoSources { .. }
            | Self::Setting { .. } => ErrorKind::Configuration,
            Self::EmptyWarehouse { .. }
            | Self::NoAnalyticsRows { .. }
            | Self::NoCompletedPurchase { .. }
            | Self::NoPurchases { .. } => ErrorKind::NotFound,
            Self::UnreadableRow { .. } | Self::SeveralCurrencies { .. } => ErrorKind::InvalidInput,
            Self::UnreadableSource(error) => error.kind(),
            Self::LoadInProgress { .. } => ErrorKind::Conflict,
            Self::NoStreamData { .. } => ErrorKind::Unavailable,
            Self::Write { error, .. } => match error.kind() {
                io::ErrorKind::AlreadyExists
                | io::ErrorKind::IsADirectory
                | io::ErrorKind::NotADirectory
                | io::ErrorKind::InvalidFilename
                | io::ErrorKind::InvalidInput => ErrorKind::InvalidInput,
                _ => ErrorKind::from_io(error).unwrap_or(ErrorKind::Unavailable),
            },
            Self::Report(error) => error.kind(),
            Self::Run(error) => {
                error.failures().first().map_or(ErrorKind::Bug, |failure| failure.error.kind())
            }
            Self::PartialReset { error, .. } => error.kind(),
            Self::Core(error) => error.kind(),
            Self::Import(error) => error.kind(),
            Self::Acquisition(error) => error.kind(),
            Self::Simulation(error) => error.kind(),
            Self::Storage(error) => error.kind(),
            Self::Analytics(error) => error.kind(),
        }
    }
}

fn unused_suffix(unused: &[String]) -> String {
    if unused.is_empty() { String::new() } else { format!(" ({})", unused.join("; ")) }
}

fn reasons_suffix(reasons: &[String]) -> String {
    let shown = reasons.iter().map(|reason| reason.trim_end_matches('.'));
    let shown: String = shown.flat_map(|reason| ["; ", reason]).collect();
    shown
}

fn joined_with_verb(done: &[String]) -> String {
    let verb = if done.len() == 1 { "was" } else { "were" };
    format!("{} {verb}", done.join(", "))
}
