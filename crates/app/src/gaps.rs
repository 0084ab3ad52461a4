//! Gaps: the data that is missing, the cost of a backfill, and the backfill of exactly that data.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tidegauge_acquisition::backfill::{Backfill, BackfillTask, Estimate, HistoricalSource};
use tidegauge_acquisition::{Context, Reload};
use tidegauge_core::coverage::{CoverageLedger, Gap};
use tidegauge_core::{Aggregate, Measure, Span};

use crate::pipeline::{Observer, PipelineSource, Session, Summary};
use crate::{Error, Result, Tidegauge, sources};

impl Tidegauge {
    /// Returns the missing data of each configured historical source within `wanted` (`None`: the
    /// whole configured span), with the cost of its backfill. No request is sent.
    ///
    /// # Errors
    /// When a source cannot be opened, or the warehouse cannot be read.
    pub async fn gaps(&self, wanted: Option<Span>) -> Result<Vec<SourceGaps>> {
        self.gaps_in(&CoverageLedger::read(self.warehouse().as_ref()).await?, wanted)
    }

    /// Returns all of `wanted` for each configured historical source, whether it is loaded or not,
    /// with the cost of its backfill; [`backfill`](Self::backfill) then loads it again. No request is sent.
    ///
    /// # Errors
    /// When a source cannot be opened.
    pub fn gaps_for_reload(&self, wanted: Span) -> Result<Vec<SourceGaps>> {
        self.gaps_in(&CoverageLedger::default(), Some(wanted))
    }

    /// Returns the rows of a span of each configured file and database of the user's own, to be
    /// loaded [again](Self::backfill_and_reload). Those that have no spans, such as snapshots and
    /// tables without a time, are listed as left out. The sources are not read.
    ///
    /// # Errors
    /// When a source cannot be opened, its rows would mix with those of another source, or the
    /// warehouse cannot be read.
    pub async fn reload_spans(&self, wanted: Span) -> Result<ReloadSpans> {
        sources::validate(self.config())?;
        self.reject_mixed_rows().await?;
        let (active, mut reload_spans) = (self.config().active_sources(), ReloadSpans::default());
        for own in self.config().user_sources() {
            if !active.iter().any(|name| name == own.name) {
                continue;
            }
            let source = self.open_source(own.name)?.handle.source();
            let reload = match Reload::new(source, wanted, self.context().clock.as_ref()) {
                Ok(reload) => reload,
                Err(error) => {
                    let (source, error) = (own.name.to_owned(), error.into());
                    reload_spans.skipped.push(SkippedSource { source, error });
                    continue;
                }
            };
            let count = Aggregate::new(reload.table()).count().time_range(wanted);
            let counted = self.warehouse().aggregate(&count).await?;
            let rows = counted.column(&Measure::Count.name())?.as_i64();
            let rows = rows.and_then(|rows| rows.values().first().copied()).unwrap_or_default();
            reload_spans.spans.push(ReloadSpan { reload, rows });
        }
        Ok(reload_spans)
    }

    fn gaps_in(&self, ledger: &CoverageLedger, wanted: Option<Span>) -> Result<Vec<SourceGaps>> {
        let now = self.context().clock.now();
        let mut gaps = Vec::new();
        for source in self.open_configured(false)? {
            if let Some(historical) = source.handle.historical() {
                gaps.push(SourceGaps::new(historical, ledger, wanted, now)?);
            }
        }
        // Files and databases keep no ledger, but have spans.
        let active = self.config().active_sources();
        let has_user_sources =
            self.config().user_sources().any(|own| active.iter().any(|name| name == own.name));
        if gaps.is_empty() && !(has_user_sources && wanted.is_some()) {
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
    pub async fn backfill(
        &self,
        gaps: Vec<SourceGaps>,
        observer: &dyn Observer,
    ) -> Result<Summary> {
        self.backfill_and_reload(gaps, ReloadSpans::default(), observer).await
    }

    /// Backfills what `gaps` lists as missing, loads the spans of `spans` again, page by page, and
    /// then recomputes the derived tables. Skipped sources are among the notes of the summary.
    ///
    /// # Errors
    /// As for [`backfill`](Self::backfill).
    pub async fn backfill_and_reload(
        &self,
        gaps: Vec<SourceGaps>,
        spans: ReloadSpans,
        observer: &dyn Observer,
    ) -> Result<Summary> {
        let mut pipeline = self.pipeline();
        for ReloadSpan { reload, .. } in spans.spans {
            let usage = Some(self.open_source(reload.source().name())?.usage);
            pipeline = pipeline.add(PipelineSource { source: Arc::new(reload), usage });
        }
        for gaps in gaps.into_iter().filter(|gaps| !gaps.is_empty()) {
            let usage = Some(self.open_source(gaps.source())?.usage);
            let source = self.with_market_shocks(Arc::new(gaps.into_backfill(self.context())));
            pipeline = pipeline.add(PipelineSource { source, usage });
        }
        let mut session = Session::begin(&pipeline, observer);
        for SkippedSource { source, error } in spans.skipped {
            session.add_note(&source, format!("it is left out: {error}"));
        }
        session.load_all().await;
        self.load_derived_tables(&mut session).await;
        Ok(session.finish().await?)
    }
}

/// The spans of the user's own files and databases that are to be loaded again.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct ReloadSpans {
    /// The spans, one per source that has spans.
    pub spans: Vec<ReloadSpan>,
    /// The sources without spans.
    pub skipped: Vec<SkippedSource>,
}

/// A source of which no single span can be loaded.
#[derive(Debug)]
#[non_exhaustive]
pub struct SkippedSource {
    /// The name of the source.
    pub source: String,
    /// The reason, and the command that loads it.
    pub error: Error,
}

/// A span of the rows of a file or a database of the user's own, to be loaded again.
#[derive(Debug)]
pub struct ReloadSpan {
    reload: Reload,
    /// The number of rows of the span that the table holds now.
    pub rows: i64,
}

impl ReloadSpan {
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
pub struct SourceGaps {
    source: Arc<dyn HistoricalSource>,
    /// The series of the source, with the span that is wanted of each and the gaps in it.
    pub series: Vec<SeriesGaps>,
    /// The backfill tasks that fetch what is missing.
    tasks: Vec<BackfillTask>,
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
    pub gaps: Vec<Gap>,
}

impl SourceGaps {
    /// Compares `ledger` with the series of `source` within `wanted` (`None`: the whole configured
    /// span) and returns the gaps.
    ///
    /// # Errors
    /// When the budget of the source cannot be read.
    pub(crate) fn new(
        source: &Arc<dyn HistoricalSource>,
        ledger: &CoverageLedger,
        wanted: Option<Span>,
        now: DateTime<Utc>,
    ) -> Result<Self> {
        let tasks = BackfillTask::all(source.as_ref(), ledger, wanted, now);
        let estimate = Estimate::of(&tasks, &source.budget()?);
        let series = source.series(now).into_iter().filter_map(|series| {
            let wanted = series.wanted(wanted, now)?;
            let gaps = ledger.gaps(source.name(), &series.name, wanted);
            let rows = ledger.rows(source.name(), &series.name);
            Some(SeriesGaps { series: series.name, wanted, rows, gaps })
        });
        let series = series.collect();
        Ok(Self { source: source.clone(), series, tasks, estimate })
    }

    /// Returns the name of the source.
    pub fn source(&self) -> &str {
        self.source.name()
    }

    /// Returns `true` if nothing is missing.
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Returns the source that backfills what is missing.
    pub(crate) fn into_backfill(self, context: &Context) -> Backfill {
        Backfill::new(self.source, self.tasks, context)
    }
}
