//! What is missing, what bringing it costs, and bringing exactly that.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tidegauge_acquisition::backfill::{Backfill, BackfillTask, Estimate, HistoricalSource};
use tidegauge_acquisition::{Context, Reload};
use tidegauge_core::coverage::{Hole, Ledger};
use tidegauge_core::{Aggregate, Measure, Span};

use crate::pipeline::{Member, Observer, Session, Summary};
use crate::{Error, Result, Tidegauge, sources};

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

    /// Returns the rows of a span of each configured file and database of the user's own, to be loaded
    /// [again](Self::fill_and_reload). Those that have no spans, as snapshots and tables without a time, are left out.
    /// The sources are not read.
    ///
    /// # Errors
    /// When a source cannot be made, its rows would mix with those of another source, or the warehouse cannot be read.
    pub async fn own_spans(&self, wanted: Span) -> Result<OwnSpans> {
        sources::check(self.config())?;
        self.refuse_mixed().await?;
        let (active, mut own_spans) = (self.config().active_sources(), OwnSpans::default());
        for own in self.config().own_sources() {
            if !active.iter().any(|name| name == own.name) {
                continue;
            }
            let source = self.handle(own.name)?.opened.source();
            let reload = match Reload::new(source, wanted, self.context().clock.as_ref()) {
                Ok(reload) => reload,
                Err(error) => {
                    let (source, error) = (own.name.to_owned(), error.into());
                    own_spans.left_out.push(LeftOut { source, error });
                    continue;
                }
            };
            let count = Aggregate::of(reload.table()).count().during(wanted);
            let counted = self.warehouse().aggregate(&count).await?;
            let rows = counted.column(&Measure::Count.name())?.as_i64();
            let rows = rows.and_then(|rows| rows.values().first().copied()).unwrap_or_default();
            own_spans.spans.push(OwnSpan { reload, rows });
        }
        Ok(own_spans)
    }

    fn lacking(&self, ledger: &Ledger, wanted: Option<Span>) -> Result<Vec<Gaps>> {
        let now = self.context().clock.now();
        let mut gaps = Vec::new();
        for handle in self.configured(false)? {
            if let Some(archive) = handle.opened.archive() {
                gaps.push(Gaps::of(archive, ledger, wanted, now)?);
            }
        }
        // Files and databases keep no ledger, and have spans all the same.
        let active = self.config().active_sources();
        let has_own = self.config().own_sources().any(|own| active.iter().any(|it| it == own.name));
        if gaps.is_empty() && !(has_own && wanted.is_some()) {
            let streams: Vec<_> = sources::configured(self.config(), true).collect();
            let streams = match streams.as_slice() {
                [] => "",
                _ => {
                    "; what a stream has missed stands in the table `coverage`, and the stream cannot bring it again"
                }
            };
            let reason = format!(
                "no span can be asked of {}: coingecko, kraken, twelvedata, ecb, frankfurter and x say what of them \
                 is missing, and bring it{streams}",
                active.join(", ")
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
        self.fill_and_reload(gaps, OwnSpans::default(), observer).await
    }

    /// Brings what `gaps` says is missing, and loads the spans of `own` again, page by page; then works out anew what
    /// follows from it. What `own` leaves out is among the notes of the summary.
    ///
    /// # Errors
    /// As for [`fill`](Self::fill).
    pub async fn fill_and_reload(
        &self,
        gaps: Vec<Gaps>,
        own: OwnSpans,
        observer: &dyn Observer,
    ) -> Result<Summary> {
        let mut pipeline = self.pipeline();
        for OwnSpan { reload, .. } in own.spans {
            let usage = Some(self.handle(reload.source().name())?.usage);
            pipeline = pipeline.member(Member { source: Arc::new(reload), usage });
        }
        for gaps in gaps.into_iter().filter(|gaps| !gaps.is_empty()) {
            let usage = Some(self.handle(gaps.source())?.usage);
            let source = self.bent(Arc::new(gaps.fill(self.context())));
            pipeline = pipeline.member(Member { source, usage });
        }
        let mut session = Session::begin(&pipeline, observer);
        for LeftOut { source, error } in own.left_out {
            session.remark(&source, format!("it is left out: {error}"));
        }
        session.load_all().await;
        self.derive_in(&mut session).await;
        Ok(session.finish().await?)
    }
}

/// The spans of the user's own files and databases that are to be loaded again.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct OwnSpans {
    /// One of each source that has spans.
    pub spans: Vec<OwnSpan>,
    /// The sources that have none.
    pub left_out: Vec<LeftOut>,
}

/// A source of which no span can be loaded by itself.
#[derive(Debug)]
#[non_exhaustive]
pub struct LeftOut {
    /// The source.
    pub source: String,
    /// Why, and what loads it.
    pub error: Error,
}

/// A span of the rows of a file or a database of the user's own, to be loaded again.
#[derive(Debug)]
pub struct OwnSpan {
    reload: Reload,
    /// The rows of the span that the table holds now.
    pub rows: i64,
}

impl OwnSpan {
    /// Returns the source.
    pub fn source(&self) -> &str {
        self.reload.source().name()
    }

    /// Returns the table that it fills.
    pub fn table(&self) -> &str {
        &self.reload.table().name
    }

    /// Returns the span.
    pub fn span(&self) -> Span {
        self.reload.span()
    }
}

/// A source that any span can be asked of, and what of it is missing.
#[derive(Debug, Clone)]
pub struct Gaps {
    archive: Arc<dyn HistoricalSource>,
    /// The series, with where they are wanted from and up to, and the holes within.
    pub series: Vec<SeriesGaps>,
    /// What there is to fetch.
    errands: Vec<BackfillTask>,
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
        archive: &Arc<dyn HistoricalSource>,
        ledger: &Ledger,
        wanted: Option<Span>,
        now: DateTime<Utc>,
    ) -> Result<Self> {
        let errands = BackfillTask::all(archive.as_ref(), ledger, wanted, now);
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
    pub(crate) fn fill(self, context: &Context) -> Backfill {
        Backfill::new(self.archive, self.errands, context)
    }
}
