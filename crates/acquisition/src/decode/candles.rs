//! Candles (OHLCV), the same for every provider.

use chrono::{DateTime, Utc};
use tidegauge_core::tables::Candle;
use tidegauge_core::{Batch, Crypto, Fixed, Span, Values};

use crate::decode::dedup;
use crate::{Error, Result};

/// Candles in columnar form: amounts in units of [`Crypto`], times in microseconds since 1970.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OhlcvSeries {
    /// The opening times.
    pub open_at: Vec<i64>,
    /// The opening prices.
    pub open: Vec<i128>,
    /// The highest prices.
    pub high: Vec<i128>,
    /// The lowest prices.
    pub low: Vec<i128>,
    /// The closing prices.
    pub close: Vec<i128>,
    /// The volumes in the currency of the prices (quote currency).
    pub volume: Vec<Option<i128>>,
    /// The volumes in units of the instrument (base currency).
    pub base_volume: Vec<Option<i128>>,
}

/// One candle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ohlcv {
    /// The opening time.
    pub open_at: DateTime<Utc>,
    /// The opening price.
    pub open: Crypto,
    /// The highest price.
    pub high: Crypto,
    /// The lowest price.
    pub low: Crypto,
    /// The closing price.
    pub close: Crypto,
    /// The volume in the currency of the price (quote currency).
    pub volume: Option<Crypto>,
    /// The volume in units of the instrument (base currency).
    pub base_volume: Option<Crypto>,
}

/// The columns that all candles of a batch share.
#[derive(Debug, Clone, Copy)]
pub struct CandleKey<'a> {
    /// The source.
    pub source: &'a str,
    /// The symbol of the instrument in Tidegauge.
    pub symbol: &'a str,
    /// The length, as in `1h`.
    pub interval: &'a str,
    /// The quote currency.
    pub currency: &'a str,
}

impl Ohlcv {
    /// Checks that low ≤ open, close ≤ high.
    pub(crate) fn checked(self, of: &str) -> Result<Self> {
        if self.high >= self.open.max(self.close) && self.low <= self.open.min(self.close) {
            return Ok(self);
        }
        let value = format!("{}..{}", self.low, self.high);
        Err(Error::value(of, "low..high", &value, "which leaves out open or close"))
    }
}

impl OhlcvSeries {
    /// Returns the number of candles.
    pub fn len(&self) -> usize {
        self.open_at.len()
    }

    /// Returns `true` if there are no candles.
    pub fn is_empty(&self) -> bool {
        self.open_at.is_empty()
    }

    /// Returns the candle at index `at`, or `None` past the last.
    pub fn get(&self, at: usize) -> Option<Ohlcv> {
        let price = |units: &[i128]| units.get(at).copied().map(Fixed::from_units);
        let some = |units: &[Option<i128>]| units.get(at).copied().flatten().map(Fixed::from_units);
        Some(Ohlcv {
            open_at: DateTime::from_timestamp_micros(*self.open_at.get(at)?)?,
            open: price(&self.open)?,
            high: price(&self.high)?,
            low: price(&self.low)?,
            close: price(&self.close)?,
            volume: some(&self.volume),
            base_volume: some(&self.base_volume),
        })
    }

    /// Returns an iterator over the candles.
    pub fn iter(&self) -> impl Iterator<Item = Ohlcv> {
        (0..self.len()).filter_map(|at| self.get(at))
    }

    pub(crate) fn push(&mut self, candle: Ohlcv) {
        self.open_at.push(candle.open_at.timestamp_micros());
        self.open.push(candle.open.units());
        self.high.push(candle.high.units());
        self.low.push(candle.low.units());
        self.close.push(candle.close.units());
        self.volume.push(candle.volume.map(Fixed::units));
        self.base_volume.push(candle.base_volume.map(Fixed::units));
    }

    /// Returns the latest opening time, or `None` if there are no candles.
    pub(crate) fn last_open(&self) -> Option<DateTime<Utc>> {
        self.open_at.iter().max().and_then(|at| DateTime::from_timestamp_micros(*at))
    }

    /// Sorts the candles by time and keeps the last one of each instant.
    #[must_use]
    pub(crate) fn sorted(self, of: &str) -> Self {
        if self.open_at.is_sorted_by(|one, other| one < other) {
            return self;
        }
        let mut sorted = Self::default();
        let candles = dedup::last_of_each(of, self.iter().map(|candle| (candle.open_at, candle)));
        candles.for_each(|(_, candle)| sorted.push(candle));
        sorted
    }

    /// Keeps the candles that open within `window`.
    #[must_use]
    pub(crate) fn within(self, window: Span) -> Self {
        let span = window.from.timestamp_micros()..window.to.timestamp_micros();
        if self.open_at.iter().all(|at| span.contains(at)) {
            return self;
        }
        let inside = |candle: &Ohlcv| window.contains(candle.open_at);
        let mut kept = Self::default();
        self.iter().filter(inside).for_each(|candle| kept.push(candle));
        kept
    }

    /// Converts the candles to rows of the table `candles`.
    ///
    /// # Errors
    /// When a number has more digits than its column holds.
    pub fn into_batch(self, candle_key: CandleKey<'_>) -> Result<Batch> {
        let rows = self.len();
        let columns = vec![
            Values::Constant(candle_key.source),
            Values::Constant(candle_key.symbol),
            Values::Constant(candle_key.interval),
            Values::Timestamps(self.open_at),
            Values::Decimals(self.open),
            Values::Decimals(self.high),
            Values::Decimals(self.low),
            Values::Decimals(self.close),
            Values::SomeDecimals(self.volume),
            Values::SomeDecimals(self.base_volume),
            Values::Constant(candle_key.currency),
        ];
        Ok(Batch::from_columns(Candle::table(), rows, columns)?)
    }
}
