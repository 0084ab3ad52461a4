//! Gaps: the data that is missing, the cost of a backfill, and the backfill of exactly that data.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tidegauge_acquisition::backfill::{Backfill, BackfillTask, Estimate, HistoricalSource};
use tidegauge_acquisition::{Context, Reload};
use tidegauge_core::coverage::{Gap, CoverageLedger};
use tidegauge_core::{Aggregate, Measure, Span};

use crate::pipeline::{Member, Observer, Session, Summary};
use crate::{Error, Result, Tidegauge, sources};

impl Tidegauge {
    /// Returns the missing data of each configured historical source within `wanted` (`None`: the
    /// whole configured span), with the cost of its backfill. No request is sent.
    ///
    /// # Errors
    /// When a source cannot be opened, or the warehouse cannot be read.
    pub async fn gaps(&self, wanted: Option<Span>) -> Result<Vec<Gaps>> {
        self.lacking(&CoverageLedger::read(self.warehouse().as_ref()).await?, wanted)
    }

    /// Returns all of `wanted` for each configured historical source, whether it is loaded or not,
    /// with the cost of its backfill; [`fill`](Self::fill) then loads it again. No request is sent.
    ///
    /// # Errors
    /// When a source cannot be opened.
    pub fn again(&self, wanted: Span) -> Result<Vec<Gaps>> {
        self.lacking(&CoverageLedger::default(), Some(wanted))
    }

    /// Returns the rows of a span of each configured file and database of the user's own, to be
    /// loaded [again](Self::fill_and_reload). Those that have no spans, such as snapshots and
    /// tables without a time, are listed as left out. The sources are not read.
    ///
    /// # Errors
    /// When a source cannot be opened, its rows would mix with those of another source, or the
    /// warehouse cannot be read.
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
            let count = Aggregate::new(reload.table()).count().time_range(wanted);
            let counted = self.warehouse().aggregate(&count).await?;
            let rows = counted.column(&Measure::Count.name())?.as_i64();
            let rows = rows.and_then(|rows| rows.values().first().copied()).unwrap_or_default();
            own_spans.spans.push(OwnSpan { reload, rows });
        }
        Ok(own_spans)
    }

    fn lacking(&self, ledger: &CoverageLedger, wanted: Option<Span>) -> Result<Vec<Gaps>> {
        let now = self.context().clock.now();
        let mut gaps = Vec::new();
        for handle in self.configured(false)? {
            if let Some(archive) = handle.opened.archive() {
                gaps.push(Gaps::of(archive, ledger, wanted, now)?);
            }
        }
        // Files and databases keep no ledger, but have spans.
        let active = self.config().active_sources();
        let has_own =
            self.config().own_sources().any(|own| active.iter().any(|name| name == own.name));
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

    /// Backfills exactly what `gaps` lists as missing, oldest first, and recomputes the derived
    /// tables. After an interruption [`gaps`](Self::gaps) returns what is left.
    ///
    /// # Errors
    /// [`Error::Run`] when sources or sinks failed, or it was cancelled; rows that were loaded
    /// stay.
    pub async fn fill(&self, gaps: Vec<Gaps>, observer: &dyn Observer) -> Result<Summary> {
        self.fill_and_reload(gaps, OwnSpans::default(), observer).await
    }

    /// Backfills what `gaps` lists as missing, loads the spans of `own` again, page by page, and
    /// then recomputes the derived tables. What `own` leaves out is among the notes of the summary.
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
    /// The spans, one per source that has spans.
    pub spans: Vec<OwnSpan>,
    /// The sources without spans.
    pub left_out: Vec<LeftOut>,
}

/// A source of which no single span can be loaded.
#[derive(Debug)]
#[non_exhaustive]
pub struct LeftOut {
    /// The name of the source.
    pub source: String,
    /// The reason, and the command that loads it.
    pub error: Error,
}

/// A span of the rows of a file or a database of the user's own, to be loaded again.
#[derive(Debug)]
pub struct OwnSpan {
    reload: Reload,
    /// The number of rows of the span that the table holds now.
    pub rows: i64,
}

impl OwnSpan {
    /// Returns the name of the source.
    pub fn source(&self) -> &str {
        self.reload.source().name()
    }

    /// Returns the name of the table that it fills.
    pub fn table(&self) -> &str {
        &self.reload.table().name
    }

    /// Returns the span.
    pub fn span(&self) -> Span {
        self.reload.span()
    }
}

/// The gaps of one historical source.
#[derive(Debug, Clone)]
pub struct Gaps {
    archive: Arc<dyn HistoricalSource>,
    /// The series of the source, with the span that is wanted of each and the gaps in it.
    pub series: Vec<SeriesGaps>,
    /// The backfill tasks that fetch what is missing.
    errands: Vec<BackfillTask>,
    /// The cost of the backfill.
    pub estimate: Estimate,
}

/// The gaps of one series.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SeriesGaps {
    /// The name of the series.
    pub series: String,
    /// The span that is wanted.
    pub wanted: Span,
    /// The number of rows of the series that were loaded so far.
    pub rows: i64,
    /// The gaps, in order of time.
    pub holes: Vec<Gap>,
}

impl Gaps {
    /// Compares `ledger` with the series of `archive` within `wanted` (`None`: the whole configured
    /// span) and returns the gaps.
    ///
    /// # Errors
    /// When the budget of the source cannot be read.
    pub(crate) fn of(
        archive: &Arc<dyn HistoricalSource>,
        ledger: &CoverageLedger,
        wanted: Option<Span>,
        now: DateTime<Utc>,
    ) -> Result<Self> {
        let errands = BackfillTask::all(archive.as_ref(), ledger, wanted, now);
        let estimate = Estimate::of(&errands, &archive.budget()?);
        let series = archive.series(now).into_iter().filter_map(|series| {
            let wanted = series.wanted(wanted, now)?;
            let holes = ledger.gaps(archive.name(), &series.name, wanted);
            let rows = ledger.rows(archive.name(), &series.name);
            Some(SeriesGaps { series: series.name, wanted, rows, holes })
        });
        let series = series.collect();
        Ok(Self { archive: archive.clone(), series, errands, estimate })
    }

    /// Returns the name of the source.
    pub fn source(&self) -> &str {
        self.archive.name()
    }

    /// Returns `true` if nothing is missing.
    pub fn is_empty(&self) -> bool {
        self.errands.is_empty()
    }

    /// Returns the source that backfills what is missing.
    pub(crate) fn fill(self, context: &Context) -> Backfill {
        Backfill::new(self.archive, self.errands, context)
    }
}
