//! Rounds: every series brought up to the present, from where the cursor stands, oldest first.

use chrono::{DateTime, Utc};
use tidegauge_core::coverage::State;
use tidegauge_core::{Batch, Cursor, Page, Span};

use super::progress::{Paging, Progress, Run};
use super::window::{self, Outcome};
use super::{Archive, Ask, Next, Series};
use crate::{Context, Result, cursor};

/// The page that follows `before`: what an [`Archive`] does as a source.
///
/// A round brings every series that is due up to the instant at which the round began, one call a
/// page. With nothing due there is nothing new. A window that the service refuses for good is noted
/// in the ledger, and the other series go on.
///
/// # Errors
/// What keeps the service from answering, or a cursor of somebody else's.
pub async fn round<A: Archive + ?Sized>(
    archive: &A,
    context: &Context,
    before: Option<&Cursor>,
) -> Result<Page> {
    let name = archive.name();
    let now = context.clock.now();
    let mut progress = match before {
        None => Progress::begin(now),
        Some(before) => cursor::read(name, before)?,
    };
    if progress.next.is_none() {
        if !is_due(archive, &progress, now) {
            return Ok(before.map_or_else(|| nothing(now), cursor::nothing_new));
        }
        progress = progress.again(now);
    }
    let as_of = progress.as_of().unwrap_or(now);
    let all = archive.series(as_of);
    // A series that is configured no more: the round starts over.
    let next = progress.next.take().unwrap_or_default();
    let at = all.iter().position(|series| series.name == next);
    if at.is_none() {
        progress.paging = None;
    }
    for (place, series) in all.iter().enumerate().skip(at.unwrap_or(0)) {
        if !progress.is_due(series, as_of) {
            continue;
        }
        let Some(step) = Step::of(series, &progress, as_of, now) else {
            progress.finish(&series.name);
            continue;
        };
        let (batches, over) = step.take(archive, &mut progress, now).await?;
        if over {
            progress.finish(&series.name);
            progress.next = all.get(place + 1).map(|next| next.name.clone());
        } else {
            progress.next = Some(series.name.clone());
        }
        let done = progress.next.is_none() && !is_due(archive, &progress, now);
        return Ok(Page { batches, cursor: cursor::write(name, &progress)?, done });
    }
    let done = !is_due(archive, &progress, now);
    Ok(Page { batches: Vec::new(), cursor: cursor::write(name, &progress)?, done })
}

/// Whether a round that began now would ask for anything: one that was taken up long after it began
/// ends where it would have ended then.
fn is_due<A: Archive + ?Sized>(archive: &A, progress: &Progress, now: DateTime<Utc>) -> bool {
    archive.series(now).iter().any(|series| progress.is_due(series, now))
}

/// The page of a source without any series.
fn nothing(now: DateTime<Utc>) -> Page {
    Page { batches: Vec::new(), cursor: Cursor::new(now.to_rfc3339()), done: true }
}

/// One call, and what has to be noted before it.
struct Step<'a> {
    series: &'a Series,
    window: Span,
    /// The service does not look back there any more.
    lost: Option<Span>,
    at_edge: bool,
}

impl<'a> Step<'a> {
    /// The call that `series` needs; none if it has come as far as it can.
    fn of(
        series: &'a Series,
        progress: &Progress,
        as_of: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Option<Self> {
        let Some(since) = series.begins() else {
            return Some(Self {
                series,
                window: Span::new(as_of, as_of),
                lost: None,
                at_edge: true,
            });
        };
        let time = DateTime::from_timestamp_micros;
        if let Some(paging) = progress.paging.as_ref().filter(|it| it.series == series.name) {
            let window = Span::new(time(paging.from)?, time(paging.to)?);
            return Some(Self { series, window, lost: None, at_edge: window.to >= as_of });
        }
        let horizon = series.horizon(as_of);
        let run = progress.read(&series.name).and_then(|read| read.run);
        let from = run.and_then(|run| time(run.to)).unwrap_or(since);
        let earliest = series.earliest(now).unwrap_or(from).max(from).min(horizon.max(from));
        // Lost is only what there was once: whoever begins, begins with what there is.
        let lost = run.map(|_| Span::new(from, earliest)).filter(|lost| !lost.is_empty());
        let window = series.first_window(Span::new(earliest, horizon));
        if window.is_empty() && lost.is_none() {
            return None;
        }
        Some(Self { series, window, lost, at_edge: window.to >= horizon })
    }

    /// Makes the call, and says whether the series is through with this round.
    async fn take<A: Archive + ?Sized>(
        self,
        archive: &A,
        progress: &mut Progress,
        now: DateTime<Utc>,
    ) -> Result<(Vec<Batch>, bool)> {
        let (name, series) = (archive.name(), self.series);
        let mut coverage = Vec::new();
        if let Some(lost) = self.lost {
            let reason = "the service does not look back that far any more".to_owned();
            tracing::warn!(source = name, series = series.name, span = %lost, "{reason}");
            let failed = State::Failed;
            coverage.push(window::bare_row(name, &series.name, lost, failed, Some(reason), now));
        }
        if self.window.is_empty() && series.since.is_some() {
            let batches = window::batches(name, Vec::new(), Vec::new(), coverage, now)?;
            return Ok((batches, true));
        }
        let paging = progress.paging.take().filter(|it| it.series == series.name);
        let mark = progress.read(&series.name).filter(|_| self.lost.is_none());
        let mark = mark.and_then(|read| read.mark.clone());
        let ask = Ask {
            series,
            window: self.window,
            page: paging.as_ref().map(|paging| paging.page.as_str()),
            mark: mark.as_deref(),
            at_edge: self.at_edge,
            now,
        };
        let answer = match window::ask(archive, &ask).await? {
            Outcome::Answered(answer) => answer,
            Outcome::Refused(reason) => {
                let (span, failed) = (self.window, State::Failed);
                coverage.push(window::bare_row(
                    name,
                    &series.name,
                    span,
                    failed,
                    Some(reason),
                    now,
                ));
                let batches = window::batches(name, Vec::new(), Vec::new(), coverage, now)?;
                return Ok((batches, true));
            }
        };
        let rows: usize = answer.batches.iter().map(Batch::rows).sum();
        let earlier = paging.as_ref().map_or(0, |paging| paging.rows);
        let rows = i64::try_from(rows).unwrap_or(i64::MAX).saturating_add(earlier);
        // The first page of a window is the newest: what it says to remember stays.
        let mark = paging.and_then(|paging| paging.mark).or(answer.mark);
        let reached = match answer.next {
            Next::Page(page) => {
                let Span { from, to } = self.window;
                let (from, to) = (from.timestamp_micros(), to.timestamp_micros());
                let series = series.name.clone();
                progress.paging = Some(Paging { series, from, to, page, mark, rows });
                let batches = window::batches(name, answer.batches, answer.bad, coverage, now)?;
                return Ok((batches, false));
            }
            Next::Done => self.window.to,
            Next::From(at) | Next::Until(at) => at,
        };
        let over =
            matches!(answer.next, Next::Until(_)) || (reached >= self.window.to && self.at_edge);
        if series.since.is_some() {
            let read = progress.read_mut(&series.name);
            if reached > self.window.from {
                let run = Run::after(read.run, self.window.from, reached, rows, self.at_edge);
                read.run = Some(run);
                coverage.push(window::run_row(name, &series.name, run, now));
            }
            read.mark = mark.or(read.mark.take());
        }
        let batches = window::batches(name, answer.batches, answer.bad, coverage, now)?;
        Ok((batches, over))
    }
}
