//! A market that moves tick by tick through recorded days.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use tidegauge_core::{Clock, Fixed};

/// The number of ticks in a recorded day: one for every five minutes.
const TICKS_PER_DAY: usize = 288;

/// The number of ticks that are always kept; at most twice as many are.
const KEPT_TICKS: usize = 10_000;

/// The id of the first trade.
const FIRST_TRADE_ID: i64 = 1_000_001;

/// A price or an amount with the eight decimal places that exchanges send.
pub type Price = Fixed<8>;

/// An error of a price file that cannot be parsed.
#[derive(Debug, thiserror::Error)]
#[error("line {line} of the prices cannot be read: it is to be `date,symbol,open,high,low,close`")]
pub struct PriceFileError {
    /// The line number; the header is line 1.
    pub line: usize,
}

/// The source of the market's time.
#[derive(Debug, Clone)]
pub enum TimeSource {
    /// The time of a clock.
    Clock(Arc<dyn Clock>),
    /// A fixed step from each tick to the next.
    Steps {
        /// The time of the first tick.
        from: DateTime<Utc>,
        /// The step between two ticks.
        step: TimeDelta,
    },
}

/// A trade, and with it a price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tick {
    /// The id of the trade.
    pub id: i64,
    /// The time of the trade.
    pub at: DateTime<Utc>,
    /// The price.
    pub price: Price,
    /// The traded quantity.
    pub quantity: Price,
    /// `true` if the taker was the buyer.
    pub is_buy: bool,
}

impl Tick {
    /// Returns the bid, one basis point (1/10,000) below the price.
    pub fn bid(&self) -> Price {
        Price::from_units(self.price.units() * 9_999 / 10_000)
    }

    /// Returns the ask, one basis point (1/10,000) above the price.
    pub fn ask(&self) -> Price {
        Price::from_units(self.price.units() * 10_001 / 10_000)
    }
}

/// A candle of ticks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Candle {
    pub(crate) begin: DateTime<Utc>,
    pub(crate) open: Price,
    pub(crate) high: Price,
    pub(crate) low: Price,
    pub(crate) close: Price,
    pub(crate) volume: Price,
    pub(crate) trades: usize,
}

/// The open, high, low and close of a recorded day.
type Day = [Price; 4];

/// A market that replays recorded days, and starts over after the last one.
#[derive(Debug, Clone)]
pub struct Market {
    days: BTreeMap<String, Vec<Day>>,
    ticks: BTreeMap<String, Vec<Tick>>,
    elapsed_ticks: usize,
}

impl Market {
    /// Creates a market from daily prices, oldest first: a header, and lines of
    /// `date,symbol,open,high,low,close` with any further columns, which are ignored.
    ///
    /// # Errors
    /// When a line does not have this form.
    pub fn from_csv(prices: &str) -> Result<Self, PriceFileError> {
        let mut days: BTreeMap<String, Vec<Day>> = BTreeMap::new();
        for (at, line) in prices.lines().enumerate().skip(1) {
            let bad = || PriceFileError { line: at + 1 };
            let mut cells = line.split(',');
            let symbol = cells.nth(1).ok_or_else(bad)?;
            let prices: Vec<Price> =
                cells.take(4).map_while(|cell| Price::rounded(cell).ok()).collect();
            let day = <Day>::try_from(prices).map_err(|_| bad())?;
            days.entry(symbol.into()).or_default().push(day);
        }
        Ok(Self { ticks: BTreeMap::new(), days, elapsed_ticks: 0 })
    }

    /// Returns `true` if `symbol` is traded on this market.
    pub fn trades(&self, symbol: &str) -> bool {
        self.days.contains_key(symbol)
    }

    /// Returns the ticks so far, oldest first. The oldest ones are dropped when there are too many.
    pub fn ticks(&self, symbol: &str) -> &[Tick] {
        self.ticks.get(symbol).map_or(&[], Vec::as_slice)
    }

    /// Adds one trade of every instrument.
    pub(crate) fn advance(&mut self, time: &TimeSource) {
        let n = self.elapsed_ticks;
        self.elapsed_ticks += 1;
        let steps = i32::try_from(n).unwrap_or(i32::MAX);
        let at = match time {
            TimeSource::Clock(clock) => clock.now(),
            TimeSource::Steps { from, step } => *from + *step * steps,
        };
        for (symbol, days) in &self.days {
            let day = &days[n / TICKS_PER_DAY % days.len()];
            let ticks = self.ticks.entry(symbol.clone()).or_default();
            if ticks.len() == 2 * KEPT_TICKS {
                ticks.drain(..KEPT_TICKS);
            }
            ticks.push(Tick {
                id: FIRST_TRADE_ID + i64::from(steps),
                at,
                price: price(day, n % TICKS_PER_DAY),
                // Quantities from 0.01 to 0.97; two in succession always differ.
                quantity: Price::from_units((i128::from(steps) * 37 % 97 + 1) * 1_000_000),
                is_buy: n.is_multiple_of(2),
            });
        }
    }

    /// Aggregates the ticks to candles of `minutes` minutes, oldest first.
    pub(crate) fn candles(&self, symbol: &str, minutes: u32) -> Vec<Candle> {
        let length = i64::from(minutes) * 60;
        let mut candles: Vec<Candle> = Vec::new();
        for tick in self.ticks(symbol) {
            let seconds = tick.at.timestamp();
            let begin = seconds - seconds.rem_euclid(length);
            let begin = DateTime::from_timestamp(begin, 0).unwrap_or(tick.at);
            match candles.last_mut().filter(|candle| candle.begin == begin) {
                Some(candle) => {
                    candle.high = candle.high.max(tick.price);
                    candle.low = candle.low.min(tick.price);
                    candle.close = tick.price;
                    candle.volume =
                        Price::from_units(candle.volume.units() + tick.quantity.units());
                    candle.trades += 1;
                }
                None => candles.push(Candle {
                    begin,
                    open: tick.price,
                    high: tick.price,
                    low: tick.price,
                    close: tick.price,
                    volume: tick.quantity,
                    trades: 1,
                }),
            }
        }
        candles
    }
}

/// Returns the price at tick `at` of a day. It moves linearly from the open through both extremes
/// to the close, first through the extreme that is further from the close.
fn price(&[open, high, low, close]: &Day, at: usize) -> Price {
    let leg_ticks = TICKS_PER_DAY / 3;
    let path = if close >= open { [open, low, high, close] } else { [open, high, low, close] };
    let (leg, step) = ((at / leg_ticks).min(2), at % leg_ticks);
    let (from, to) = (path[leg].units(), path[leg + 1].units());
    // The last leg ends at the close, the others where the next one begins.
    let steps = if leg == 2 { leg_ticks - 1 } else { leg_ticks };
    let (step, steps) = (i128::try_from(step).unwrap_or(0), i128::try_from(steps).unwrap_or(1));
    Price::from_units(from + (to - from) * step / steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_goes_from_open_to_close_through_high_and_low() {
        for prices in ["100,120,90,110", "100,120,90,95"] {
            let csv = format!("date,symbol,open,high,low,close,more\n2021-02-26,BTC,{prices},7\n");
            let mut market = Market::from_csv(&csv).unwrap();
            let from = "2026-01-01T00:00:00Z".parse().unwrap();
            let time = TimeSource::Steps { from, step: TimeDelta::seconds(20) };
            (0..TICKS_PER_DAY).for_each(|_| market.advance(&time));
            let ticks = market.ticks("BTC");
            let shown = |price: Option<Price>| {
                price.map(|price| price.to_string().replace(".00000000", ""))
            };
            let [open, high, low, close] = [
                ticks.first().map(|tick| tick.price),
                ticks.iter().map(|tick| tick.price).max(),
                ticks.iter().map(|tick| tick.price).min(),
                ticks.last().map(|tick| tick.price),
            ]
            .map(|price| shown(price).unwrap());
            assert_eq!([open, high, low, close].join(","), prices);
            let candles = market.candles("BTC", 1);
            assert_eq!(candles.len(), TICKS_PER_DAY / 3);
            assert!(candles.iter().all(|candle| candle.trades == 3));
        }
        assert_eq!(Market::from_csv("h\n2021-02-26,BTC,1,x,3,4").unwrap_err().line, 2);
    }
}
