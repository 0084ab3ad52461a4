//! Incremental rounds: every series is read up to the present, from the cursor on, oldest first.
//!
//! Delivery is at-least-once: a page whose cursor was not committed is read again. Its rows have the same keys,
//! so that loading them again is idempotent.

use chrono::{DateTime, Utc};
use tidegauge_core::{Batch, Cursor, Page, Span};

use super::coverage::CoverageWriter;
use super::progress::{CoverageRun, Paging, RoundProgress};
use super::window::{self, Outcome};
use super::{Continuation, HistoricalSource, Series, WindowRequest};
use crate::{Context, Result, cursor};

/// Returns the page that follows `before`: the implementation of
/// [`Source::fetch`](tidegauge_core::Source::fetch) for a [`HistoricalSource`].
///
/// A round reads every series that is due up to the instant at which the round began, one call per page. If
/// none is due, nothing is new. A window that the service refuses permanently is recorded in the gap ledger,
/// and the other series continue.
///
/// # Errors
/// Any failure that prevents an answer, or the cursor of another source.
pub async fn sync_page<A: HistoricalSource + ?Sized>(
    source: &A,
    context: &Context,
    before: Option<&Cursor>,
) -> Result<Page> {
    let name = source.name();
    let now = context.clock.now();
    let mut progress = match before {
        None => RoundProgress::begin(now),
        Some(before) => {
            let progress: RoundProgress = cursor::read(name, before)?;
            match progress.next {
                Some(_) => progress,
                None if is_due(source, &progress, now) => progress.next_round(now),
                None => return Ok(cursor::nothing_new(before)),
            }
        }
    };
    let as_of = progress.as_of().unwrap_or(now);
    let all = source.series(as_of);
    // If the series is no longer configured, the round starts over.
    let next = progress.next.take().unwrap_or_default();
    let at = all.iter().position(|series| series.name == next);
    if at.is_none() {
        progress.paging = None;
    }
    for (place, series) in all.iter().enumerate().skip(at.unwrap_or(0)) {
        if !progress.is_due(series, as_of) {
            continue;
        }
        let Some(call) = WindowCall::of(series, &progress, as_of, now) else {
            progress.finish(&series.name);
            continue;
        };
        let (batches, over) = call.read(source, context, &mut progress, now).await?;
        if over {
            progress.finish(&series.name);
            progress.next = all.get(place + 1).map(|next| next.name.clone());
        } else {
            progress.next = Some(series.name.clone());
        }
        let done = progress.next.is_none() && !is_due(source, &progress, now);
        return Ok(Page { batches, cursor: cursor::write(name, &progress)?, done });
    }
    let done = !is_due(source, &progress, now);
    Ok(Page { batches: Vec::new(), cursor: cursor::write(name, &progress)?, done })
}

/// Returns `true` if any series is due at `now`. A round that is resumed long after it began ends at the
/// instant at which it would have ended then, and is followed by another.
fn is_due<A: HistoricalSource + ?Sized>(
    source: &A,
    progress: &RoundProgress,
    now: DateTime<Utc>,
) -> bool {
    source.series(now).iter().any(|series| progress.is_due(series, now))
}

/// One call, and the gap to record before it.
struct WindowCall<'a> {
    series: &'a Series,
    window: Span,
    /// The span that is no longer within the service's lookback.
    lost: Option<Span>,
    reaches_now: bool,
}

impl<'a> WindowCall<'a> {
    /// Returns the call that `series` needs, or `None` if it is up to date.
    fn of(
        series: &'a Series,
        progress: &RoundProgress,
        as_of: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Option<Self> {
        let Some(since) = series.start() else {
            return Some(Self {
                series,
                window: Span::new(as_of, as_of),
                lost: None,
                reaches_now: true,
            });
        };
        let time = DateTime::from_timestamp_micros;
        if let Some(paging) = progress.paging.as_ref().filter(|paging| paging.series == series.name)
        {
            let window = Span::new(time(paging.from)?, time(paging.to)?);
            return Some(Self { series, window, lost: None, reaches_now: window.to >= as_of });
        }
        let horizon = series.horizon(as_of);
        let run = progress.read(&series.name).and_then(|read| read.run);
        let from = run.and_then(|run| time(run.to)).unwrap_or(since);
        let earliest = series.earliest(now).unwrap_or(from).max(from).min(horizon.max(from));
        // Only a series with progress can lose a span: a new one begins with what the service has.
        let lost = run.map(|_| Span::new(from, earliest)).filter(|lost| !lost.is_empty());
        let window = series.first_window(Span::new(earliest, horizon));
        if window.is_empty() && lost.is_none() {
            return None;
        }
        Some(Self { series, window, lost, reaches_now: window.to >= horizon })
    }

    /// Makes the call. Returns the batches, and `true` if the series is complete for this round.
    async fn read<A: HistoricalSource + ?Sized>(
        self,
        source: &A,
        context: &Context,
        progress: &mut RoundProgress,
        now: DateTime<Utc>,
    ) -> Result<(Vec<Batch>, bool)> {
        let (name, series) = (source.name(), self.series);
        let mut coverage = CoverageWriter::new(name, series, now);
        if let Some(lost) = self.lost {
            let reason = "the service does not look back that far any more";
            tracing::warn!(source = name, series = series.name, span = %lost, "{reason}");
            coverage.record_failed(lost, reason);
        }
        if self.window.is_empty() && series.since.is_some() {
            return Ok((coverage.finish()?, true));
        }
        let paging = progress.paging.take().filter(|paging| paging.series == series.name);
        let resume_token = progress.read(&series.name).filter(|_| self.lost.is_none());
        let resume_token = resume_token.and_then(|read| read.resume_token.clone());
        let request = WindowRequest {
            series,
            window: self.window,
            page_token: paging.as_ref().map(|paging| paging.page_token.as_str()),
            resume_token: resume_token.as_deref(),
            reaches_now: self.reaches_now,
            now,
        };
        let earlier = paging.as_ref().map_or(0, |paging| paging.rows);
        let asked = window::fetch_window(source, &request, earlier, context.bad_rows).await?;
        let (mut answer, rows) = match asked {
            Outcome::Answered(answer, rows) => (answer, rows),
            Outcome::Refused(reason) => {
                coverage.record_failed(self.window, reason);
                return Ok((coverage.finish()?, true));
            }
        };
        coverage.record_refused(self.window, std::mem::take(&mut answer.refused));
        // The first page of a window is the newest: its mark is kept.
        let resume_token = paging.and_then(|paging| paging.resume_token).or(answer.resume_token);
        let (reached, over) = match answer.next {
            Continuation::Page(page_token) => {
                progress.paging =
                    Some(Paging::of(series, self.window, page_token, resume_token, rows));
                return Ok((coverage.finish_with(answer.batches, answer.bad)?, false));
            }
            Continuation::Done => (self.window.to, self.reaches_now),
            Continuation::From(at) => (at, at >= self.window.to && self.reaches_now),
            Continuation::Until(at) => (at, true),
        };
        if series.since.is_some() {
            let read = progress.read_mut(&series.name);
            if reached > self.window.from {
                let run =
                    CoverageRun::after(read.run, self.window.from, reached, rows, self.reaches_now);
                read.run = Some(run);
                coverage.record_run(run, None);
            }
            read.resume_token = resume_token.or(read.resume_token.take());
        }
        Ok((coverage.finish_with(answer.batches, answer.bad)?, over))
    }
}
