//! The status of the sources, and the check of whether they answer.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use tidegauge_acquisition::http::Budget;
use tidegauge_acquisition::live::Stream;
use tidegauge_core::Cursor;
use tidegauge_core::coverage::CoverageLedger;

use crate::sources::{self, Needs, Offer, Opened, SIMULATION};
use crate::{Error, Result, Tidegauge};

/// The time for which a stream may be silent while it is checked.
const PATIENCE: Duration = Duration::from_secs(30);

/// The status of a source.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SourceStanding {
    /// The description of the source.
    pub offer: Offer,
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
pub struct Visit {
    /// The name of the source.
    pub source: String,
    /// The answer, or what is wrong and how to fix it.
    pub outcome: Result<String>,
}

impl Tidegauge {
    /// Returns the status of every known source. No request is sent.
    ///
    /// # Errors
    /// When the warehouse cannot be read, or the budget of a source cannot be read.
    pub async fn sources(&self) -> Result<Vec<SourceStanding>> {
        let ledger = CoverageLedger::read(self.warehouse().as_ref()).await?;
        let mut cursors = self.warehouse().cursors().await?;
        let (active, mut standings) = (self.config().active_sources(), Vec::new());
        for offer in sources::offers(self.config()) {
            let is_ready = match &offer.needs {
                Needs::Nothing => true,
                Needs::Key(variable) | Needs::Url(variable) => self.secrets().has(variable),
            };
            let budget = if is_ready { self.budget(&offer.name)? } else { None };
            let covered = ledger
                .series(&offer.name)
                .filter_map(|series| ledger.covered(&offer.name, series).iter().last());
            standings.push(SourceStanding {
                is_on: active.contains(&offer.name),
                is_ready,
                budget,
                cursor: cursors.remove(&offer.name),
                fresh_to: covered.map(|span| span.to).max(),
                offer,
            });
        }
        Ok(standings)
    }

    fn budget(&self, name: &str) -> Result<Option<Budget>> {
        if name == SIMULATION {
            return Ok(None);
        }
        // A check reports what is wrong with the settings of a source.
        let opened = self.handle(name).ok().map(|handle| handle.opened);
        Ok(opened.map(|opened| opened.budget()).transpose()?.flatten())
    }

    /// Checks the sources called `names`, or the configured ones, with the smallest request that
    /// shows whether each answers. Nothing is loaded.
    ///
    /// # Errors
    /// When there is no source of such a name, or none is configured. The failure of a source is in
    /// its own result.
    pub async fn visit(&self, names: &[String]) -> Result<Vec<Visit>> {
        let active = self.config().active_sources();
        let names = if names.is_empty() { &active } else { names };
        if names.is_empty() {
            return Err(Error::NoSources { unused: self.config().unused() });
        }
        let offers = sources::offers(self.config());
        let unknown = |name: &&String| !offers.iter().any(|offer| offer.name == **name);
        if let Some(name) = names.iter().find(unknown) {
            return Err(Error::Setting {
                setting: "check",
                reason: format!("there is no source `{name}`: `tidegauge sources` lists them"),
            });
        }
        // Concurrently, because a source that does not answer takes until its timeout.
        Ok(join_all(
            names.iter().map(async |name| Visit {
                source: name.clone(),
                outcome: self.visit_one(name).await,
            }),
        )
        .await)
    }

    /// Waits for the first rows of a stream and returns a sentence with their number; silence alone
    /// is no proof of a working stream.
    async fn listen(&self, source: &dyn Stream) -> Result<String> {
        source.check().await?;
        let heard = async {
            let mut cursor = None;
            loop {
                let page = source.fetch(cursor.as_ref()).await?;
                if page.rows() > 0 {
                    return Ok(format!("streams, {} rows at once", page.rows()));
                }
                cursor = Some(page.cursor);
            }
        };
        let silent = |_| Error::Silent { name: source.name().into(), seconds: PATIENCE.as_secs() };
        tokio::time::timeout(PATIENCE, heard).await.map_err(silent)?
    }

    async fn visit_one(&self, name: &str) -> Result<String> {
        if name == SIMULATION {
            return Ok("needs nobody".into());
        }
        let opened = match self.handle(name)?.opened {
            // Rows that are received here are not loaded: the stream that is kept must not miss
            // them.
            Opened::Live(_) => sources::open(name, self.config(), self.secrets(), self.context())?,
            kept => kept,
        };
        match opened {
            Opened::Historical(archive) => Ok(archive.check(self.context().clock.now()).await?),
            Opened::Live(stream) => self.listen(stream.as_ref()).await,
            opened => {
                let page = opened.source().fetch(None).await?;
                let first = if page.done { "" } else { " on its first page" };
                Ok(format!("answers, {} rows{first}", page.rows()))
            }
        }
    }
}
