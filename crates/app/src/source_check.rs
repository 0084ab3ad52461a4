//! The status of the sources, and the check of whether they answer.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use tidegauge_acquisition::SourceHandle;
use tidegauge_acquisition::http::Budget;
use tidegauge_acquisition::live::Stream;
use tidegauge_core::Cursor;
use tidegauge_core::coverage::CoverageLedger;

use crate::source_names::SIMULATION;
use crate::sources::{self, Credential, SourceInfo};
use crate::{Error, Result, Tidegauge};

/// The time for which a stream may be silent while it is checked.
const STREAM_TIMEOUT: Duration = Duration::from_secs(30);

/// The status of a source.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SourceStatus {
    /// The description of the source.
    pub info: SourceInfo,
    /// `true` if it is part of a run.
    pub is_on: bool,
    /// `true` if the credential that it needs is set.
    pub is_ready: bool,
    /// The allowance of its service and what is left of it, if requests are counted.
    pub budget: Option<Budget>,
    /// Its cursor (`None`: never loaded).
    pub cursor: Option<Cursor>,
    /// The time up to which the gap ledger covers it, if the ledger lists it.
    pub fresh_to: Option<DateTime<Utc>>,
}

/// The result of a check of a source.
#[derive(Debug)]
#[non_exhaustive]
pub struct CheckResult {
    /// The name of the source.
    pub source: String,
    /// The answer, or what is wrong and how to fix it.
    pub result: Result<String>,
}

impl Tidegauge {
    /// Returns the status of every known source. No request is sent.
    ///
    /// # Errors
    /// When the warehouse cannot be read, or the budget of a source cannot be read.
    pub async fn sources(&self) -> Result<Vec<SourceStatus>> {
        let ledger = CoverageLedger::read(self.warehouse().as_ref()).await?;
        let mut cursors = self.warehouse().cursors().await?;
        let (active, mut statuses) = (self.config().active_sources(), Vec::new());
        for info in sources::known_sources(self.config()) {
            let is_ready = match &info.credential {
                Credential::None => true,
                Credential::Key(variable) | Credential::Url(variable) => {
                    self.secrets().has(variable)
                }
            };
            let budget = if is_ready { self.budget(&info.name)? } else { None };
            let covered = ledger
                .series(&info.name)
                .filter_map(|series| ledger.covered(&info.name, series).iter().last());
            statuses.push(SourceStatus {
                is_on: active.contains(&info.name),
                is_ready,
                budget,
                cursor: cursors.remove(&info.name),
                fresh_to: covered.map(|span| span.to).max(),
                info,
            });
        }
        Ok(statuses)
    }

    fn budget(&self, name: &str) -> Result<Option<Budget>> {
        if name == SIMULATION {
            return Ok(None);
        }
        // A check reports what is wrong with the settings of a source.
        let handle = self.open_source(name).ok().map(|source| source.handle);
        Ok(handle.map(|handle| handle.budget()).transpose()?.flatten())
    }

    /// Checks the sources called `names`, or the configured ones, with the smallest request that
    /// shows whether each answers. Nothing is loaded.
    ///
    /// # Errors
    /// When there is no source of such a name, or none is configured. The failure of a source is in
    /// its own result.
    pub async fn check_sources(&self, names: &[String]) -> Result<Vec<CheckResult>> {
        let active = self.config().active_sources();
        let names = if names.is_empty() { &active } else { names };
        if names.is_empty() {
            return Err(Error::NoSources { unused: self.config().unused() });
        }
        let known = sources::known_sources(self.config());
        let unknown = |name: &&String| !known.iter().any(|info| info.name == **name);
        if let Some(name) = names.iter().find(unknown) {
            return Err(Error::Setting {
                setting: "check",
                reason: format!("there is no source `{name}`: `tidegauge sources` lists them"),
            });
        }
        // Concurrently, because a source that does not answer takes until its timeout.
        Ok(join_all(names.iter().map(async |name| CheckResult {
            source: name.clone(),
            result: self.check_source(name).await,
        }))
        .await)
    }

    /// Waits for the first rows of a stream and returns a sentence with their number; silence alone
    /// is no proof of a working stream.
    async fn await_stream_rows(&self, source: &dyn Stream) -> Result<String> {
        source.check().await?;
        let first_rows = async {
            let mut cursor = None;
            loop {
                let page = source.fetch(cursor.as_ref()).await?;
                if page.rows() > 0 {
                    return Ok(format!("streams, {} rows at once", page.rows()));
                }
                cursor = Some(page.cursor);
            }
        };
        let timed_out = |_| Error::NoStreamData {
            name: source.name().into(),
            seconds: STREAM_TIMEOUT.as_secs(),
        };
        tokio::time::timeout(STREAM_TIMEOUT, first_rows).await.map_err(timed_out)?
    }

    async fn check_source(&self, name: &str) -> Result<String> {
        if name == SIMULATION {
            return Ok("needs nobody".into());
        }
        let handle = match self.open_source(name)?.handle {
            // Rows that are received here are not loaded: the stream that is kept must not miss
            // them.
            SourceHandle::Live(_) => {
                sources::open(name, self.config(), self.secrets(), self.context())?
            }
            kept => kept,
        };
        match handle {
            SourceHandle::Historical(source) => {
                Ok(source.check(self.context().clock.now()).await?)
            }
            SourceHandle::Live(stream) => self.await_stream_rows(stream.as_ref()).await,
            handle => {
                let page = handle.source().fetch(None).await?;
                let first = if page.done { "" } else { " on its first page" };
                Ok(format!("answers, {} rows{first}", page.rows()))
            }
        }
    }
}
