//! What can go wrong in the app.

use std::io;
use std::path::PathBuf;

use tidegauge_core::ErrorKind;

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong in the app.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The configuration cannot be read, or a setting of it makes no sense.
    #[error("{reason}")]
    Config {
        /// Where the setting stands, its name, and what it is to be. What was found there is not
        /// repeated: it may be a secret in the wrong place.
        reason: String,
    },
    /// The configuration file that was named is not there.
    #[error("there is no `{}`; `tidegauge init` writes a tidegauge.toml to start from", file.display())]
    NoConfig {
        /// The file.
        file: PathBuf,
    },
    /// A setting makes no sense.
    #[error("{setting}: {reason}")]
    Setting {
        /// The setting.
        setting: &'static str,
        /// What is wrong, and what would be right.
        reason: String,
    },
    /// No source is configured, so there is nothing to load.
    #[error(
        "there is nothing to load yet{}: `tidegauge import FILE` declares a file of your own, as [[files]] and \
         [[databases]] in tidegauge.toml do; name market data in `sources` (`tidegauge sources` lists all; ecb and kraken need no \
         key), or begin with `tidegauge init --demo`",
        all_of(unused)
    )]
    NoSources {
        /// What is declared and not used.
        unused: Vec<String>,
    },
    /// The warehouse has no users, or nothing at all, so there is nothing to tell.
    #[error("{warehouse} holds nothing to judge yet: `tidegauge run` fills it")]
    Nothing {
        /// The warehouse, without secrets.
        warehouse: String,
    },
    /// The warehouse was loaded while it was read, or pages of a source are still to come, so that nothing
    /// can be said of it.
    #[error(
        "{warehouse} is being loaded ({}): what was read is not of one moment, or not all there; run again \
         when the load has ended, and after one that was broken off `tidegauge run` first", sources.join(", ")
    )]
    LoadUnderWay {
        /// The warehouse, without secrets.
        warehouse: String,
        /// The sources that moved, or whose pages are not all there.
        sources: Vec<String>,
    },
    /// The warehouse has rows, and none that the question is about.
    #[error(
        "{warehouse} has rows in {tables} alone, and none of users, their records or the market to \
         judge: map your files or databases onto the tables that `tidegauge tables` lists"
    )]
    Elsewhere {
        /// The warehouse, without secrets.
        warehouse: String,
        /// The tables that have rows.
        tables: String,
    },
    /// The warehouse has purchases of which none is completed, and nothing else that a report is about.
    #[error(
        "no row of `ramp_transactions` in {warehouse} is completed, and there are no users and no trades: the `values` of \
         the mapping say which status means `completed`, `pending` or `failed`"
    )]
    NoneCompleted {
        /// The warehouse, without secrets.
        warehouse: String,
    },
    /// What is to be loaded anew cannot be read, so what is there stays.
    #[error("{0}; nothing was removed")]
    NothingRemoved(#[source] tidegauge_core::Error),
    /// A stream brought nothing while it was tried.
    #[error(
        "`{name}` brought nothing within {seconds} s: check the network and the key, and whether \
         its market is open"
    )]
    Silent {
        /// The source.
        name: String,
        /// For how long it was listened to.
        seconds: u64,
    },
    /// A file cannot be written.
    #[error("cannot write {}: {error}", file.display())]
    Write {
        /// The file.
        file: PathBuf,
        /// Why not.
        #[source]
        error: io::Error,
    },
    /// A question cannot be answered, or the report's page cannot be made.
    #[error(transparent)]
    Report(#[from] tidegauge_report::Error),
    /// Sources failed in a run, or it was cancelled; what was loaded stays.
    #[error(transparent)]
    Run(#[from] crate::pipeline::RunError),
    /// Some of the sinks were reset, and then one failed.
    #[error("{error}; {} reset by then: the same command again finishes it", were(done))]
    PartlyReset {
        /// The sinks that were reset, without secrets.
        done: Vec<String>,
        /// What kept the next one from it.
        #[source]
        error: Box<tidegauge_core::Error>,
    },
    /// A source, a sink or a batch failed.
    #[error(transparent)]
    Core(#[from] tidegauge_core::Error),
    /// A file cannot be looked at, or fills no table.
    #[error(transparent)]
    Import(Box<tidegauge_acquisition::Error>),
    /// A source cannot be set up.
    #[error(transparent)]
    Acquisition(#[from] tidegauge_acquisition::Error),
    /// The market or the exchange cannot be set up.
    #[error(transparent)]
    Simulation(#[from] tidegauge_simulation::Error),
    /// A warehouse or a sink cannot be opened.
    #[error(transparent)]
    Storage(#[from] tidegauge_storage::Error),
    /// The numbers cannot be worked out.
    #[error(transparent)]
    Analytics(#[from] tidegauge_analytics::Error),
}

impl Error {
    /// Joins the errors of several settings; `None` if there are none.
    pub(crate) fn all(mut errors: Vec<Self>) -> Option<Self> {
        if errors.len() > 1 {
            let reasons: Vec<_> = errors.iter().map(ToString::to_string).collect();
            return Some(Self::Config { reason: reasons.join("; ") });
        }
        errors.pop()
    }

    /// Returns what kind of failure this is, for a program to act on; of a run that failed, the kind of
    /// its first failure.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Config { .. }
            | Self::NoConfig { .. }
            | Self::NoSources { .. }
            | Self::Setting { .. } => ErrorKind::Configuration,
            Self::Nothing { .. } | Self::Elsewhere { .. } | Self::NoneCompleted { .. } => {
                ErrorKind::NotFound
            }
            Self::NothingRemoved(error) => error.kind(),
            Self::LoadUnderWay { .. } => ErrorKind::Conflict,
            Self::Silent { .. } => ErrorKind::Unavailable,
            Self::Write { error, .. } => match error.kind() {
                io::ErrorKind::AlreadyExists
                | io::ErrorKind::IsADirectory
                | io::ErrorKind::NotADirectory
                | io::ErrorKind::InvalidFilename
                | io::ErrorKind::InvalidInput => ErrorKind::InvalidInput,
                _ => ErrorKind::of_io(error).unwrap_or(ErrorKind::Unavailable),
            },
            Self::Report(error) => error.kind(),
            Self::Run(error) => {
                error.failures().first().map_or(ErrorKind::Bug, |failure| failure.error.kind())
            }
            Self::PartlyReset { error, .. } => error.kind(),
            Self::Core(error) => error.kind(),
            Self::Import(error) => error.kind(),
            Self::Acquisition(error) => error.kind(),
            Self::Simulation(error) => error.kind(),
            Self::Storage(error) => error.kind(),
            Self::Analytics(error) => error.kind(),
        }
    }
}

fn all_of(unused: &[String]) -> String {
    if unused.is_empty() { String::new() } else { format!(" ({})", unused.join("; ")) }
}

fn were(done: &[String]) -> String {
    let verb = if done.len() == 1 { "was" } else { "were" };
    format!("{} {verb}", done.join(", "))
}
