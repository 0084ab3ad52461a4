//! How the sources stand, and whether they answer.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use tidegauge_acquisition::http::Budget;
use tidegauge_acquisition::live::Stream;
use tidegauge_core::Cursor;
use tidegauge_core::coverage::Ledger;

use crate::sources::{self, Needs, Offer, Opened, SIMULATION};
use crate::{Error, Result, Tidegauge};

/// For how long a stream may be silent when it is tried.
const PATIENCE: Duration = Duration::from_secs(30);

/// How a source stands.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SourceStanding {
    /// What it is.
    pub offer: Offer,
    /// Whether it is part of a run.
    pub is_on: bool,
    /// Whether what it needs is there.
    pub is_ready: bool,
    /// What its service allows and what of that is left, where somebody counts.
    pub budget: Option<Budget>,
    /// How far it was loaded (`None`: never).
    pub cursor: Option<Cursor>,
    /// Up to when the gap ledger has it, where it is in there.
    pub fresh_to: Option<DateTime<Utc>>,
}

/// How a visit to a source went.
#[derive(Debug)]
#[non_exhaustive]
pub struct Visit {
    /// The source.
    pub source: String,
    /// What it said, or what is wrong and how to mend it.
    pub outcome: Result<String>,
}

impl Tidegauge {
    /// How every source that there is stands. Nothing is asked of anybody.
    ///
    /// # Errors
    /// When the warehouse cannot be read.
    pub async fn sources(&self) -> Result<Vec<SourceStanding>> {
        let ledger = Ledger::read(self.warehouse().as_ref()).await?;
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
        // What is wrong with its settings, a visit tells.
        let opened = self.handle(name).ok().map(|handle| handle.opened);
        Ok(opened.map(|opened| opened.budget()).transpose()?.flatten())
    }

    /// Tries the sources called `names`, or the configured ones: each is asked for as little as
    /// tells whether it answers. Nothing is loaded.
    ///
    /// # Errors
    /// When there is no source of such a name. What is wrong with one of them is in its visit.
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
        // All at once: one that nobody answers for takes its time.
        Ok(join_all(
            names.iter().map(async |name| Visit {
                source: name.clone(),
                outcome: self.visit_one(name).await,
            }),
        )
        .await)
    }

    /// A stream answers when it brings something: that it is quiet says nothing.
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
            // What is heard here is loaded nowhere: the one that is kept must not miss it.
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
