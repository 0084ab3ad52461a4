//! A market that goes on tick by tick, through the days that were recorded.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use tidegauge_core::{Clock, Fixed};

/// So many ticks make a recorded day: one for every five minutes of it.
const TICKS_A_DAY: usize = 288;

/// So many ticks are remembered at least, and twice as many at most.
const REMEMBERED: usize = 10_000;

/// The number of the first trade.
const FIRST_ID: i64 = 1_000_001;

/// A price or an amount, with the eight decimal places that exchanges send.
pub type Price = Fixed<8>;

/// Prices that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("line {line} of the prices cannot be read: it is to be `date,symbol,open,high,low,close`")]
pub struct BadPrices {
    /// The line, the header being 1.
    pub line: usize,
}

/// What time it is on the market.
#[derive(Debug, Clone)]
pub enum Time {
    /// That of a clock.
    Clock(Arc<dyn Clock>),
    /// The next tick is always so much later than the one before.
    Steps {
        /// The time of the first tick.
        from: DateTime<Utc>,
        /// From one to the next.
        step: TimeDelta,
    },
}

/// A trade, and the price with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tick {
    /// The number of the trade.
    pub id: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// The price.
    pub price: Price,
    /// How much was traded.
    pub quantity: Price,
    /// Whether the one who did not wait was a buyer.
    pub buy: bool,
}

impl Tick {
    /// What buyers offer: a ten-thousandth below.
    pub fn bid(&self) -> Price {
        Price::from_units(self.price.units() * 9_999 / 10_000)
    }

    /// What sellers ask: a ten-thousandth above.
    pub fn ask(&self) -> Price {
        Price::from_units(self.price.units() * 10_001 / 10_000)
    }
}

/// A bar of ticks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bar {
    pub(crate) begin: DateTime<Utc>,
    pub(crate) open: Price,
    pub(crate) high: Price,
    pub(crate) low: Price,
    pub(crate) close: Price,
    pub(crate) volume: Price,
    pub(crate) trades: usize,
}

/// Open, high, low and close of a recorded day.
type Day = [Price; 4];

/// A market that replays recorded days, and begins anew after the last one.
#[derive(Debug, Clone)]
pub struct Market {
    days: BTreeMap<String, Vec<Day>>,
    ticks: BTreeMap<String, Vec<Tick>>,
    passed: usize,
}

impl Market {
    /// The market of daily prices, oldest first: `date,symbol,open,high,low,close`, and columns
    /// behind them that do not matter, below a header.
    ///
    /// # Errors
    /// When a line is not of that form.
    pub fn from_csv(prices: &str) -> Result<Self, BadPrices> {
        let mut days: BTreeMap<String, Vec<Day>> = BTreeMap::new();
        for (at, line) in prices.lines().enumerate().skip(1) {
            let bad = || BadPrices { line: at + 1 };
            let mut cells = line.split(',');
            let symbol = cells.nth(1).ok_or_else(bad)?;
            let prices: Vec<Price> =
                cells.take(4).map_while(|it| Price::rounded(it).ok()).collect();
            let day = <Day>::try_from(prices).map_err(|_| bad())?;
            days.entry(symbol.into()).or_default().push(day);
        }
        Ok(Self { ticks: BTreeMap::new(), days, passed: 0 })
    }

    /// Whether `symbol` is traded here.
    pub fn has(&self, symbol: &str) -> bool {
        self.days.contains_key(symbol)
    }

    /// What was traded so far, oldest first; the oldest are forgotten in the end.
    pub fn ticks(&self, symbol: &str) -> &[Tick] {
        self.ticks.get(symbol).map_or(&[], Vec::as_slice)
    }

    /// One trade of every instrument.
    pub(crate) fn pass(&mut self, time: &Time) {
        let n = self.passed;
        self.passed += 1;
        let steps = i32::try_from(n).unwrap_or(i32::MAX);
        let at = match time {
            Time::Clock(clock) => clock.now(),
            Time::Steps { from, step } => *from + *step * steps,
        };
        for (symbol, days) in &self.days {
            let day = &days[n / TICKS_A_DAY % days.len()];
            let ticks = self.ticks.entry(symbol.clone()).or_default();
            if ticks.len() == 2 * REMEMBERED {
                ticks.drain(..REMEMBERED);
            }
            ticks.push(Tick {
                id: FIRST_ID + i64::from(steps),
                at,
                price: price(day, n % TICKS_A_DAY),
                // From 0.01 to 0.97: as good as any, and never the same twice in a row.
                quantity: Price::from_units((i128::from(steps) * 37 % 97 + 1) * 1_000_000),
                buy: n.is_multiple_of(2),
            });
        }
    }

    /// The bars of `minutes` that the ticks make, oldest first.
    pub(crate) fn bars(&self, symbol: &str, minutes: u32) -> Vec<Bar> {
        let length = i64::from(minutes) * 60;
        let mut bars: Vec<Bar> = Vec::new();
        for tick in self.ticks(symbol) {
            let seconds = tick.at.timestamp();
            let begin = seconds - seconds.rem_euclid(length);
            let begin = DateTime::from_timestamp(begin, 0).unwrap_or(tick.at);
            match bars.last_mut().filter(|bar| bar.begin == begin) {
                Some(bar) => {
                    bar.high = bar.high.max(tick.price);
                    bar.low = bar.low.min(tick.price);
                    bar.close = tick.price;
                    bar.volume = Price::from_units(bar.volume.units() + tick.quantity.units());
                    bar.trades += 1;
                }
                None => bars.push(Bar {
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
        bars
    }
}

/// The price at tick `at` of a day: a straight way from the open by both extremes to the close, the
/// one first that the close is further from.
fn price(&[open, high, low, close]: &Day, at: usize) -> Price {
    let third = TICKS_A_DAY / 3;
    let way = if close >= open { [open, low, high, close] } else { [open, high, low, close] };
    let (leg, step) = ((at / third).min(2), at % third);
    let (from, to) = (way[leg].units(), way[leg + 1].units());
    // The last leg ends on the close, the others where the next begins.
    let steps = if leg == 2 { third - 1 } else { third };
    let (step, steps) = (i128::try_from(step).unwrap_or(0), i128::try_from(steps).unwrap_or(1));
    Price::from_units(from + (to - from) * step / steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_goes_from_open_to_close_and_touches_its_extremes() {
        for prices in ["100,120,90,110", "100,120,90,95"] {
            let csv = format!("date,symbol,open,high,low,close,more\n2021-02-26,BTC,{prices},7\n");
            let mut market = Market::from_csv(&csv).unwrap();
            let from = "2026-01-01T00:00:00Z".parse().unwrap();
            let time = Time::Steps { from, step: TimeDelta::seconds(20) };
            (0..TICKS_A_DAY).for_each(|_| market.pass(&time));
            let ticks = market.ticks("BTC");
            let shown = |it: Option<Price>| it.map(|it| it.to_string().replace(".00000000", ""));
            let [open, high, low, close] = [
                ticks.first().map(|it| it.price),
                ticks.iter().map(|it| it.price).max(),
                ticks.iter().map(|it| it.price).min(),
                ticks.last().map(|it| it.price),
            ]
            .map(|it| shown(it).unwrap());
            assert_eq!([open, high, low, close].join(","), prices);
            let bars = market.bars("BTC", 1);
            assert_eq!(bars.len(), TICKS_A_DAY / 3);
            assert!(bars.iter().all(|bar| bar.trades == 3));
        }
        assert_eq!(Market::from_csv("h\n2021-02-26,BTC,1,x,3,4").unwrap_err().line, 2);
    }
}
