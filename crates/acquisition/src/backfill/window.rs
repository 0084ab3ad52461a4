//! The planning of backfill windows: the next window of a series, the call for it, and its outcome.

use chrono::{DateTime, TimeDelta, Utc};
use tidegauge_core::{Batch, Span};

use super::{BadRows, Continuation, HistoricalSource, Series, WindowRequest, WindowResponse};
use crate::http::RefusalKind;
use crate::{Error, Result};

impl Series {
    /// Returns the instant up to which the series is final at `now`: for candles, the end of the last closed
    /// one.
    pub(crate) fn horizon(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.floor(now - self.finality_delay)
    }

    /// Returns the span of the series that should be stored at `now`: the available part of `asked`, or
    /// everything configured except for the most recent part, younger than a refresh or than the distance
    /// between rows, which the next round reads. `None` for a snapshot.
    pub fn wanted(&self, asked: Option<Span>, now: DateTime<Utc>) -> Option<Span> {
        let since = self.start()?;
        if let Some(asked) = asked {
            return Some(Span::new(asked.from, asked.to.min(self.horizon(now))));
        }
        let since = self.earliest(now).map_or(since, |earliest| since.max(earliest));
        let young = TimeDelta::from_std(self.refresh).ok()?.max(self.max_gap);
        Some(Span::new(since, self.horizon(now.checked_sub_signed(young)?)))
    }

    /// Returns the first instant that the service still has at `now`, or `None` if its lookback is unlimited.
    pub(crate) fn earliest(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.lookback.and_then(|lookback| now.checked_sub_signed(lookback)).map(|at| self.ceil(at))
    }

    /// Returns the part of `span` that one call covers, from its beginning; it is aligned, so that candles
    /// are not split.
    pub(crate) fn first_window(&self, span: Span) -> Span {
        let end = span.from.checked_add_signed(self.window).unwrap_or(span.to);
        let end = Some(self.floor(end)).filter(|end| *end > span.from).unwrap_or(end);
        Span::new(span.from, end.min(span.to))
    }

    /// Returns the number of calls that `span` takes, without pagination.
    pub(crate) fn calls(&self, span: Span) -> u64 {
        let window = self.window.num_microseconds().unwrap_or(i64::MAX).max(1);
        let length = span.length().num_microseconds().unwrap_or(i64::MAX);
        u64::try_from(length).unwrap_or_default().div_ceil(u64::try_from(window).unwrap_or(1))
    }

    /// Returns the aligned beginning of the history, or `None` for a snapshot.
    pub(crate) fn start(&self) -> Option<DateTime<Utc>> {
        self.since.map(|since| self.ceil(since))
    }

    fn ceil(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        let floor = self.floor(at);
        if floor < at { floor + self.alignment.unwrap_or_default() } else { at }
    }

    /// Returns the last aligned instant at or before `at`, in whole microseconds, the resolution of the gap
    /// ledger.
    fn floor(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        let alignment = self
            .alignment
            .and_then(|alignment| alignment.num_microseconds())
            .filter(|alignment| *alignment > 0);
        let micros = at.timestamp_micros();
        let over = alignment.map_or(0, |alignment| micros.rem_euclid(alignment));
        DateTime::from_timestamp_micros(micros - over).unwrap_or(at)
    }
}

/// The outcome of a call.
#[derive(Debug)]
pub(super) enum Outcome {
    /// An answer, and the number of rows of its window so far.
    Answered(WindowResponse, i64),
    /// A permanent refusal of this window, with its reason.
    Refused(String),
}

/// Makes the call and distinguishes a refusal of this series from an error of the source. `earlier` is the
/// number of rows of the previous pages of the window.
pub(super) async fn fetch_window<A: HistoricalSource + ?Sized>(
    source: &A,
    request: &WindowRequest<'_>,
    earlier: i64,
    bad_rows: BadRows,
) -> Result<Outcome> {
    match source.read(request).await {
        Ok(answer) => {
            check_progress(source.name(), request, &answer)?;
            let rows: usize = answer.batches.iter().map(Batch::rows).sum();
            let rows = i64::try_from(rows).unwrap_or(i64::MAX).saturating_add(earlier);
            Ok(Outcome::Answered(answer, rows))
        }
        Err(error)
            if is_refusal(&error)
                || (bad_rows == BadRows::Quarantine && is_undecodable(&error)) =>
        {
            let series = &request.series.name;
            tracing::warn!(source = source.name(), series, window = %request.window, %error, "window refused, recorded as a gap");
            Ok(Outcome::Refused(error.to_string()))
        }
        Err(error) => Err(error),
    }
}

/// Returns `true` for permanent refusals that do not concern other series.
fn is_refusal(error: &Error) -> bool {
    match error {
        Error::Status { kind: RefusalKind::Absent, .. } => true,
        Error::Status { kind: RefusalKind::Other, status, .. } => {
            (400..500).contains(status) && !matches!(status, 408 | 429)
        }
        Error::NoInstrument { .. } | Error::SymbolRefused { .. } => true,
        _ => false,
    }
}

/// Returns `true` for an answer that cannot be read as a whole: if bad rows are quarantined, its window is
/// recorded as a gap.
fn is_undecodable(error: &Error) -> bool {
    matches!(error, Error::Decode { .. } | Error::BadValue { .. } | Error::BadRow { .. })
}

/// Checks that the answer makes progress; otherwise the same call would be repeated forever.
fn check_progress(
    source: &str,
    request: &WindowRequest<'_>,
    answer: &WindowResponse,
) -> Result<()> {
    let Span { from, to } = request.window;
    let wrong = match &answer.next {
        Continuation::From(at) => *at <= from || *at > to,
        // At the present the service's clock may be ahead of the local one.
        Continuation::Until(at) => *at < from || (*at > to && !request.reaches_now),
        Continuation::Page(page_token) => Some(page_token.as_str()) == request.page_token,
        Continuation::Done => false,
    };
    if !wrong {
        return Ok(());
    }
    let reason = format!("after {}, `{source}` goes on at {:?}", request.window, answer.next);
    Err(Error::decode(&request.series.name, "paging", reason))
}
