//! The state of one series: its coverage run, and the ids for deduplication.

use std::collections::{BTreeSet, VecDeque};

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use tidegauge_core::coverage::CoverageState;
use tidegauge_core::tables::{Candle, Coverage, MarketTrade};

/// The margin for latency and clock skew: everything sent earlier than this has been received.
const CLOCK_MARGIN: TimeDelta = TimeDelta::seconds(5);

/// The number of trade ids kept for deduplication; the service repeats fewer.
const DEDUP_IDS: usize = 1_024;

/// A growing span without a gap.
#[derive(Debug)]
struct CoverageRun {
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    rows: i64,
    /// The reason for which the service refuses the series, if it does.
    refused: Option<String>,
    /// The end and the number of rows as last recorded in the gap ledger.
    recorded: Option<(DateTime<Utc>, i64)>,
}

/// The state of one series of a stream.
#[derive(Debug)]
pub(super) struct SeriesState {
    pub(super) name: String,
    run: Option<CoverageRun>,
    /// The previous run, on another connection.
    previous: Option<CoverageRun>,
    /// The time of the last event.
    pub(super) last: Option<DateTime<Utc>>,
    ids: BTreeSet<i64>,
    oldest_ids: VecDeque<i64>,
    candles: OpenCandle,
}

impl SeriesState {
    pub(super) fn new(name: String) -> Self {
        Self {
            name,
            run: None,
            previous: None,
            last: None,
            ids: BTreeSet::new(),
            oldest_ids: VecDeque::new(),
            candles: OpenCandle::default(),
        }
    }

    /// Returns `true` if the service has accepted or refused the subscription.
    pub(super) fn is_answered(&self) -> bool {
        self.run.is_some()
    }

    pub(super) fn is_refused(&self) -> bool {
        self.refusal().is_some()
    }

    /// Returns the reason for which the service refuses the series, if it does.
    pub(super) fn refusal(&self) -> Option<&str> {
        self.run.as_ref()?.refused.as_deref()
    }

    pub(super) fn begin(&mut self, now: DateTime<Utc>, refused: Option<String>) {
        if let (Some(last), None) = (self.last, &refused) {
            tracing::info!(series = self.name, %last, "new coverage run begins");
        }
        // A refusal covers a single instant.
        let length = TimeDelta::microseconds(i64::from(refused.is_some()));
        self.run =
            Some(CoverageRun { start: now, end: now + length, rows: 0, refused, recorded: None });
    }

    /// Ends the run after the connection is lost. Returns the coverage that is not recorded yet.
    pub(super) fn end(&mut self, source: &str, now: DateTime<Utc>) -> Option<Coverage> {
        // A candle in progress is discarded, because its final state is not known.
        self.candles.running = None;
        let coverage = self.coverage(source, now);
        if let Some(run) = self.run.take().filter(|run| run.refused.is_none()) {
            self.previous = Some(run);
        }
        coverage
    }

    /// Extends the run to `at`, the time of an event: everything before it has been received.
    pub(super) fn event(&mut self, at: DateTime<Utc>) {
        self.last = self.last.max(Some(at));
        if let Some(run) = &mut self.run {
            run.end = run.end.max(at);
        }
    }

    /// Extends the run back to `at`, although the subscription began later. If that is within the previous
    /// run, nothing was missed and both are merged.
    pub(super) fn extend_back(&mut self, at: DateTime<Utc>) {
        // A recorded run is identified by its start in the ledger, so that its start must not change.
        let Some(run) = self.run.as_mut().filter(|run| run.recorded.is_none()) else { return };
        run.start = run.start.min(at);
        if let Some(previous) = self.previous.take_if(|previous| at <= previous.end) {
            run.start = run.start.min(previous.start);
            run.rows += previous.rows;
            run.recorded = previous.recorded;
        }
    }

    /// Counts one more row of this run.
    pub(super) fn add_row(&mut self) {
        if let Some(run) = &mut self.run {
            run.rows += 1;
        }
    }

    /// Extends the run, given that everything sent up to `received` has been received.
    pub(super) fn extend(&mut self, received: DateTime<Utc>) {
        let reached = match self.candles.interval {
            _ if self.is_refused() => None,
            // Candles are covered as far as they are final.
            Some(interval) => match &self.candles.running {
                Some(running) => Some(running.open_at),
                None => (received - CLOCK_MARGIN).duration_trunc(interval).ok(),
            },
            None => Some(received - CLOCK_MARGIN),
        };
        if let (Some(run), Some(reached)) = (&mut self.run, reached) {
            run.end = run.end.max(reached);
        }
    }

    /// Returns the coverage of the run, or `None` if the ledger has it already.
    pub(super) fn coverage(&mut self, source: &str, now: DateTime<Utc>) -> Option<Coverage> {
        let run = self.run.as_mut()?;
        let known = run.recorded == Some((run.end, run.rows));
        if known || run.end <= run.start {
            return None;
        }
        run.recorded = Some((run.end, run.rows));
        Some(Coverage {
            source: source.into(),
            series: self.name.clone(),
            start_at: run.start,
            end_at: run.end,
            state: if run.refused.is_some() {
                CoverageState::Failed
            } else {
                CoverageState::Present
            }
            .to_string(),
            rows: run.rows,
            requested_to: None,
            reason: run.refused.clone(),
            noted_at: now,
        })
    }

    /// Returns `true` if the trade is new, and remembers its id.
    pub(super) fn is_new(&mut self, trade: &MarketTrade) -> bool {
        let new = self.ids.insert(trade.trade_id);
        if new {
            self.oldest_ids.push_back(trade.trade_id);
            if self.oldest_ids.len() > DEDUP_IDS
                && let Some(oldest) = self.oldest_ids.pop_front()
            {
                self.ids.remove(&oldest);
            }
        }
        new
    }

    /// Takes the latest state of a candle. Returns the candle that became final by it, if any.
    pub(super) fn candle(&mut self, candle: Candle, interval: TimeDelta) -> Option<Candle> {
        let finished = self.candles.push(candle, interval);
        self.finished(finished)
    }

    /// Returns the candle that has been over for `grace`, if any.
    pub(super) fn overdue(&mut self, now: DateTime<Utc>, grace: TimeDelta) -> Option<Candle> {
        let finished = self.candles.overdue(now, grace);
        self.finished(finished)
    }

    fn finished(&mut self, candle: Option<Candle>) -> Option<Candle> {
        if let (Some(candle), Some(interval)) = (&candle, self.candles.interval) {
            self.event(candle.open_at + interval);
        }
        candle
    }
}

/// The candle in progress.
#[derive(Debug, Default)]
struct OpenCandle {
    interval: Option<TimeDelta>,
    running: Option<Candle>,
}

impl OpenCandle {
    fn push(&mut self, candle: Candle, interval: TimeDelta) -> Option<Candle> {
        self.interval = Some(interval);
        match &mut self.running {
            Some(running) if candle.open_at > running.open_at => {
                Some(std::mem::replace(running, candle))
            }
            // An update after its end is the final state.
            Some(running) if candle.open_at < running.open_at => Some(candle),
            running => {
                *running = Some(candle);
                None
            }
        }
    }

    fn overdue(&mut self, now: DateTime<Utc>, grace: TimeDelta) -> Option<Candle> {
        let interval = self.interval?;
        self.running.take_if(|candle| candle.open_at + interval + grace <= now)
    }
}

#[cfg(test)]
mod tests {
    use tidegauge_core::Crypto;

    use super::*;

    fn minute(minute: u32, close: i128) -> Candle {
        let price = Crypto::from_units(close);
        Candle {
            source: "s".into(),
            symbol: "BTC".into(),
            interval: "1m".into(),
            open_at: format!("2026-09-25T17:{minute:02}:00Z").parse().unwrap(),
            open: price,
            high: price,
            low: price,
            close: price,
            volume: None,
            base_volume: None,
            currency: "USD".into(),
        }
    }

    #[test]
    fn a_candle_becomes_final_by_a_later_one_or_the_clock_but_not_by_a_disconnect() {
        let (one, grace) = (TimeDelta::minutes(1), TimeDelta::seconds(10));
        let at = |text: &str| format!("2026-09-25T{text}Z").parse().unwrap();
        let mut series = SeriesState::new("candles BTC 1m".into());
        series.begin(at("17:48:30"), None);
        assert_eq!(series.candle(minute(48, 1), one), None);
        assert_eq!(series.candle(minute(48, 2), one), None);
        assert_eq!(series.candle(minute(49, 3), one), Some(minute(48, 2)));
        assert_eq!(series.candle(minute(48, 4), one), Some(minute(48, 4)));
        series.extend(at("17:49:59"));
        let known = series.coverage("s", at("17:50:00")).unwrap();
        assert_eq!((known.start_at, known.end_at), (at("17:48:30"), at("17:49:00")));
        assert_eq!(series.overdue(at("17:50:09"), grace), None);
        assert_eq!(series.overdue(at("17:50:10"), grace), Some(minute(49, 3)));
        // Without trades, candles that do not exist are covered nevertheless.
        series.extend(at("17:53:07"));
        assert_eq!(series.coverage("s", at("17:54:00")).unwrap().end_at, at("17:53:00"));
        assert_eq!(series.candle(minute(54, 5), one), None);
        series.end("s", at("17:55:00"));
        series.begin(at("17:56:00"), None);
        assert_eq!(series.overdue(at("18:00:00"), grace), None);
    }
}
