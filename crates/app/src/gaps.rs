//! What is missing, what bringing it costs, and bringing exactly that.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tidegauge_acquisition::Context;
use tidegauge_acquisition::series::{Archive, Errand, Estimate, Fill};
use tidegauge_core::Span;
use tidegauge_core::coverage::{Hole, Ledger};

use crate::pipeline::{Member, Observer, Session, Summary};
use crate::{Error, Result, Tidegauge};

impl Tidegauge {
    /// What is missing of each configured source that any span can be asked of, within `wanted`
    /// (`None`: all that is configured), and what bringing it costs. Nothing is asked of anybody.
    ///
    /// # Errors
    /// When a source cannot be made, or the warehouse cannot be read.
    pub async fn gaps(&self, wanted: Option<Span>) -> Result<Vec<Gaps>> {
        self.lacking(&Ledger::read(self.warehouse().as_ref()).await?, wanted)
    }

    /// All of `wanted` of each configured source that any span can be asked of, whether it is there or not, and
    /// what bringing it costs: to [`fill`](Self::fill) it is to load it again. Nothing is asked of anybody.
    ///
    /// # Errors
    /// When a source cannot be made.
    pub fn again(&self, wanted: Span) -> Result<Vec<Gaps>> {
        self.lacking(&Ledger::default(), Some(wanted))
    }

    fn lacking(&self, ledger: &Ledger, wanted: Option<Span>) -> Result<Vec<Gaps>> {
        let now = self.context().clock.now();
        let mut gaps = Vec::new();
        for handle in self.configured(false)? {
            if let Some(archive) = handle.opened.archive() {
                gaps.push(Gaps::of(archive, ledger, wanted, now)?);
            }
        }
        if gaps.is_empty() {
            let names = self.config().sources.join(", ");
            let reason = format!(
                "none of {names} keeps a ledger of what is missing; coingecko, kraken, twelvedata, \
                 ecb, frankfurter and x do"
            );
            return Err(Error::Setting { setting: "sources", reason });
        }
        Ok(gaps)
    }

    /// Brings exactly what `gaps` says is missing, oldest first, and works out anew what follows
    /// from it. Whoever is killed on the way asks for the gaps again, and finds what is left.
    ///
    /// # Errors
    /// [`Error::Run`] when sources or sinks failed, or it was cancelled; what was loaded stays.
    pub async fn fill(&self, gaps: Vec<Gaps>, observer: &dyn Observer) -> Result<Summary> {
        let mut pipeline = self.pipeline();
        for gaps in gaps.into_iter().filter(|gaps| !gaps.is_empty()) {
            let usage = Some(self.handle(gaps.source())?.usage);
            let source = self.bent(Arc::new(gaps.fill(self.context())));
            pipeline = pipeline.member(Member { source, usage });
        }
        let mut session = Session::begin(&pipeline, observer);
        session.load_all().await;
        self.derive_in(&mut session).await;
        Ok(session.finish().await?)
    }
}

/// A source that any span can be asked of, and what of it is missing.
#[derive(Debug, Clone)]
pub struct Gaps {
    archive: Arc<dyn Archive>,
    /// The series, with where they are wanted from and up to, and the holes within.
    pub series: Vec<SeriesGaps>,
    /// What there is to fetch.
    errands: Vec<Errand>,
    /// What that costs.
    pub estimate: Estimate,
}

/// What of a series is missing.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SeriesGaps {
    /// The series.
    pub series: String,
    /// What of it is wanted.
    pub wanted: Span,
    /// The rows of it that were taken so far.
    pub rows: i64,
    /// What of it is missing, in the order of time.
    pub holes: Vec<Hole>,
}

impl Gaps {
    /// What `ledger` lacks of `archive` within `wanted` (`None`: all that is configured).
    pub(crate) fn of(
        archive: &Arc<dyn Archive>,
        ledger: &Ledger,
        wanted: Option<Span>,
        now: DateTime<Utc>,
    ) -> Result<Self> {
        let errands = Errand::all(archive.as_ref(), ledger, wanted, now);
        let estimate = Estimate::of(&errands, &archive.budget()?);
        let series = archive.series(now).into_iter().filter_map(|series| {
            let wanted = series.wanted(wanted, now)?;
            let holes = ledger.holes(archive.name(), &series.name, wanted);
            let rows = ledger.rows(archive.name(), &series.name);
            Some(SeriesGaps { series: series.name, wanted, rows, holes })
        });
        let series = series.collect();
        Ok(Self { archive: archive.clone(), series, errands, estimate })
    }

    /// The source.
    pub fn source(&self) -> &str {
        self.archive.name()
    }

    /// Whether nothing is missing.
    pub fn is_empty(&self) -> bool {
        self.errands.is_empty()
    }

    /// The source that brings what is missing.
    pub(crate) fn fill(self, context: &Context) -> Fill {
        Fill::new(self.archive, self.errands, context)
    }
}
