//! Prices of coins by day, derived from candles and observations.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use chrono::{NaiveDate, TimeDelta};

use super::columns::{Columns, day_of};
use super::rate::rescaling_factor;
use crate::{Batch, Result, SetAsideReason, SetAsideRows, divide_half_even};

/// The columns that are read.
pub(super) const CANDLE_COLUMNS: [&str; 9] =
    ["source", "symbol", "interval", "open_at", "open", "high", "low", "close", "currency"];
pub(super) const OBSERVATION_COLUMNS: [&str; 4] = ["symbol", "observed_at", "source", "price_usd"];

/// The number of microseconds in a minute and in a day.
const MINUTE_MICROS: i64 = 60_000_000;
const DAY_MICROS: i64 = 24 * 60 * MINUTE_MICROS;

/// The prices of one UTC day, in units of US dollars as [`Crypto`](crate::Crypto) has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayPrices {
    /// The first price.
    pub open: i128,
    /// The highest price.
    pub high: i128,
    /// The lowest price.
    pub low: i128,
    /// The last price.
    pub close: i128,
}

impl DayPrices {
    /// Returns the same prices in units of `places` decimal places, rounded half to even.
    #[must_use]
    pub fn rounded(self, places: u32) -> Self {
        let Some(power) = rescaling_factor(places) else { return self };
        let Self { open, high, low, close } = self;
        let [open, high, low, close] =
            [open, high, low, close].map(|price| divide_half_even(price, power));
        Self { open, high, low, close }
    }
}

/// The prices of each symbol and day.
#[derive(Debug, Clone, Default)]
pub(super) struct Prices(BTreeMap<String, BTreeMap<NaiveDate, Day>>);

/// The prices of a day, and the rows that they come from.
#[derive(Debug, Clone)]
struct Day {
    /// The kind and the source of the rows that are used.
    rank: (RowKind, String),
    prices: DayPrices,
    /// The row that gave the open: the earliest; on a tie the shortest.
    opened: (i64, i64, i128),
    /// The row that gave the close: the one that ends last; on a tie the shortest.
    closed: (i64, Reverse<i64>, i128),
    /// The lowest and the highest price of all rows, used or not.
    range: (i128, i128),
}

/// The kinds of rows, in order of preference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum RowKind {
    Daily,
    Intraday,
    Raw,
}

/// A row of `candles` or `raw_crypto_market_data`.
struct Row<'f> {
    symbol: &'f str,
    source: &'f str,
    kind: RowKind,
    /// The start and the length, in microseconds.
    at: i64,
    length: i64,
    prices: DayPrices,
}

impl Prices {
    pub(super) fn on(&self, symbol: &str, day: NaiveDate) -> Option<&DayPrices> {
        self.0.get(symbol)?.get(&day).map(|day| &day.prices)
    }

    pub(super) fn range(&self, symbol: &str, day: NaiveDate) -> Option<(i128, i128)> {
        self.0.get(symbol)?.get(&day).map(|day| day.range)
    }

    /// Returns the latest day with prices on or before `day`, with its prices.
    pub(super) fn latest(&self, symbol: &str, day: NaiveDate) -> Option<(NaiveDate, &DayPrices)> {
        let found = self.0.get(symbol)?.range(..=day).next_back();
        found.map(|(day, known)| (*day, &known.prices))
    }

    pub(super) fn has_symbol(&self, symbol: &str) -> bool {
        self.0.contains_key(symbol)
    }

    /// Returns the first and the last day with prices.
    pub(super) fn span(&self, symbol: &str) -> Option<(NaiveDate, NaiveDate)> {
        let days = self.0.get(symbol)?;
        let (first, last) = days.first_key_value().zip(days.last_key_value())?;
        Some((*first.0, *last.0))
    }

    /// Adds rows of `candles`; invalid ones go to `aside`.
    pub(super) fn add_candles(&mut self, batch: &Batch, aside: &mut SetAsideRows) -> Result<()> {
        let table = Columns { table: "candles", batch };
        let (symbols, sources) = (table.text("symbol")?, table.text("source")?);
        let (intervals, times) = (table.text("interval")?, table.times("open_at")?);
        let (open, high) = (table.money("open")?, table.money("high")?);
        let (low, close) = (table.money("low")?, table.money("close")?);
        let currencies = table.text("currency")?;
        for row in (0..batch.rows())
            .filter(|row| currencies[*row].is_none_or(|currency| currency == "USD"))
        {
            let (Some(symbol), Some(source), Some(interval)) =
                (symbols[row], sources[row], intervals[row])
            else {
                aside.add(table.table, SetAsideReason::Incomplete, 1, || {
                    describe(symbols[row], None)
                });
                continue;
            };
            let Some(length) = length(interval) else { continue };
            let values = (currencies[row], times[row], open[row], high[row], low[row], close[row]);
            let (Some(_), Some(at), Some(open), Some(high), Some(low), Some(close)) = values else {
                let day = times[row].and_then(day_of);
                aside.add(table.table, SetAsideReason::Incomplete, 1, || {
                    describe(Some(symbol), day)
                });
                continue;
            };
            let kind = if interval == "1d" { RowKind::Daily } else { RowKind::Intraday };
            let prices = DayPrices { open, high, low, close };
            let Some(day) = day_of(at) else {
                let reason = SetAsideReason::BeyondCalendar;
                aside.add(table.table, reason, 1, || describe(Some(symbol), None));
                continue;
            };
            if prices.low <= 0 {
                let reason = SetAsideReason::NotPositive;
                aside.add(table.table, reason, 1, || describe(Some(symbol), Some(day)));
                continue;
            }
            let bounds = prices.low..=prices.high;
            if !bounds.contains(&prices.open) || !bounds.contains(&prices.close) {
                aside.add(table.table, SetAsideReason::Inverted, 1, || {
                    format!("the {interval} candle of `{symbol}` on {day} by {source}")
                });
                continue;
            }
            self.add_row(day, &Row { symbol, source, kind, at, length, prices });
        }
        Ok(())
    }

    /// Adds rows of `raw_crypto_market_data`; invalid ones go to `aside`.
    pub(super) fn add_raw(&mut self, batch: &Batch, aside: &mut SetAsideRows) -> Result<()> {
        let table = Columns { table: "raw_crypto_market_data", batch };
        let (symbols, sources) = (table.text("symbol")?, table.text("source")?);
        let (times, money) = (table.times("observed_at")?, table.money("price_usd")?);
        for row in 0..batch.rows() {
            let day = times[row].and_then(day_of);
            let mut set_aside =
                |reason| aside.add(table.table, reason, 1, || describe(symbols[row], day));
            let values = (symbols[row], sources[row], times[row], money[row]);
            let (Some(symbol), Some(source), Some(at), Some(price)) = values else {
                set_aside(SetAsideReason::Incomplete);
                continue;
            };
            let Some(day) = day else {
                set_aside(SetAsideReason::BeyondCalendar);
                continue;
            };
            if price <= 0 {
                set_aside(SetAsideReason::NotPositive);
                continue;
            }
            let prices = DayPrices { open: price, high: price, low: price, close: price };
            self.add_row(day, &Row { symbol, source, kind: RowKind::Raw, at, length: 0, prices });
        }
        Ok(())
    }

    /// Adds a row. Rows come in any order, so which one wins depends on their values only.
    fn add_row(&mut self, day: NaiveDate, row: &Row<'_>) {
        if !self.0.contains_key(row.symbol) {
            self.0.insert(row.symbol.to_owned(), BTreeMap::new());
        }
        let Some(days) = self.0.get_mut(row.symbol) else { return };
        let Some(known) = days.get_mut(&day) else {
            days.insert(day, Day::from_row(row));
            return;
        };
        let DayPrices { high, low, .. } = row.prices;
        let range = (known.range.0.min(low), known.range.1.max(high));
        match (row.kind, row.source).cmp(&(known.rank.0, known.rank.1.as_str())) {
            std::cmp::Ordering::Less => *known = Day::from_row(row),
            std::cmp::Ordering::Equal => known.merge(&Day::from_row(row)),
            std::cmp::Ordering::Greater => {}
        }
        known.range = range;
    }
}

impl Day {
    fn from_row(row: &Row<'_>) -> Self {
        let DayPrices { open, high, low, close } = row.prices;
        Self {
            rank: (row.kind, row.source.to_owned()),
            prices: row.prices,
            opened: (row.at, row.length, open),
            closed: (row.at.saturating_add(row.length), Reverse(row.length), close),
            range: (low, high),
        }
    }

    /// Adds another row of the same kind and source.
    fn merge(&mut self, other: &Self) {
        if other.opened < self.opened {
            (self.opened, self.prices.open) = (other.opened, other.prices.open);
        }
        if other.closed > self.closed {
            (self.closed, self.prices.close) = (other.closed, other.prices.close);
        }
        self.prices.high = self.prices.high.max(other.prices.high);
        self.prices.low = self.prices.low.min(other.prices.low);
    }
}

/// Formats a price's symbol and day for messages.
fn describe(symbol: Option<&str>, day: Option<NaiveDate>) -> String {
    let symbol = symbol.map_or_else(|| "a price without symbol".into(), |name| format!("`{name}`"));
    day.map_or_else(|| symbol.clone(), |day| format!("{symbol} on {day}"))
}

/// Returns the length of a candle interval such as `30m`, `4h` or `1d`; `None` for an interval
/// longer than a day, which has no price of a single day, and for text that is not an interval.
///
/// ```
/// use chrono::TimeDelta;
/// use tidegauge_core::market::candle_length;
///
/// assert_eq!(candle_length("4h"), Some(TimeDelta::hours(4)));
/// assert_eq!([candle_length("1w"), candle_length("soon")], [None, None]);
/// ```
pub fn candle_length(interval: &str) -> Option<TimeDelta> {
    length(interval).map(TimeDelta::microseconds)
}

fn length(interval: &str) -> Option<i64> {
    let minutes = match interval.strip_suffix('m') {
        Some(minutes) => minutes.parse::<i64>().ok()?,
        None => match interval.strip_suffix('h') {
            Some(hours) => hours.parse::<i64>().ok()?.checked_mul(60)?,
            None => return (interval == "1d").then_some(DAY_MICROS),
        },
    };
    let length = minutes.checked_mul(MINUTE_MICROS)?;
    (1..=DAY_MICROS).contains(&length).then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Crypto;
    use crate::tables::{Candle, RawCryptoMarketData};

    const ONE: i128 = Crypto::ONE;

    /// Builds a candle of `BTC` on 2026-01-05 from (source, interval, from, open, high, low,
    /// close).
    fn candle(of: (&str, &str, &str, i128, i128, i128, i128)) -> Candle {
        let (source, interval, from, open, high, low, close) = of;
        let price = |whole: i128| Crypto::from_units(whole * ONE);
        Candle {
            source: source.into(),
            symbol: "BTC".into(),
            interval: interval.into(),
            open_at: format!("2026-01-05T{from}:00Z").parse().unwrap(),
            open: price(open),
            high: price(high),
            low: price(low),
            close: price(close),
            volume: None,
            base_volume: None,
            currency: "USD".into(),
        }
    }

    fn raw(source: &str, at: &str, price: i128) -> RawCryptoMarketData {
        RawCryptoMarketData {
            symbol: "BTC".into(),
            observed_at: format!("2026-01-05T{at}:00Z").parse().unwrap(),
            source: source.into(),
            name: "Bitcoin".into(),
            price_usd: Crypto::from_units(price * ONE),
            volume_24h_usd: None,
            market_cap_usd: None,
        }
    }

    fn read(candles: &[Candle], raw: &[RawCryptoMarketData]) -> Result<Prices> {
        let candles = Batch::from_rows(Candle::table(), candles)?;
        let raw = Batch::from_rows(RawCryptoMarketData::table(), raw)?;
        let mut prices = Prices::default();
        let mut aside = SetAsideRows::default();
        prices.add_candles(&candles, &mut aside)?;
        prices.add_raw(&raw, &mut aside)?;
        assert!(aside.is_empty(), "{aside:?}");
        Ok(prices)
    }

    /// Returns open, high, low, close and the range of the day, and checks that the order of rows
    /// does not matter.
    fn day(candles: &[Candle], raw: &[RawCryptoMarketData]) -> ([i128; 4], (i128, i128)) {
        let read = |candles: &[Candle], raw: &[RawCryptoMarketData]| {
            let prices = read(candles, raw).unwrap();
            let day = "2026-01-05".parse().unwrap();
            let DayPrices { open, high, low, close } = *prices.on("BTC", day).unwrap();
            let (lowest, highest) = prices.range("BTC", day).unwrap();
            ([open, high, low, close].map(|price| price / ONE), (lowest / ONE, highest / ONE))
        };
        let (mut candles_reversed, mut raw_reversed) = (candles.to_vec(), raw.to_vec());
        candles_reversed.reverse();
        raw_reversed.reverse();
        let found = read(candles, raw);
        assert_eq!(found, read(&candles_reversed, &raw_reversed), "the order of rows says nothing");
        found
    }

    #[test]
    fn daily_candles_take_precedence_over_intraday_candles_and_observations() {
        let daily = candle(("z", "1d", "00:00", 10, 14, 9, 12));
        let short = candle(("a", "4h", "08:00", 20, 22, 19, 21));
        let seen = [raw("a", "10:00", 30), raw("a", "22:00", 29)];
        assert_eq!(day(&[daily, short.clone()], &seen), ([10, 14, 9, 12], (9, 30)));
        assert_eq!(day(&[short], &seen), ([20, 22, 19, 21], (19, 30)));
        assert_eq!(day(&[], &seen), ([30, 30, 29, 29], (29, 30)));
        // An interval longer than a day gives no prices of the day.
        let long = ["4d", "48h", "1w", "1M", "m"]
            .map(|interval| candle(("a", interval, "00:00", 1, 1, 1, 1)));
        assert_eq!(day(&long, &seen), ([30, 30, 29, 29], (29, 30)));
    }

    #[test]
    fn intraday_candles_of_one_source_are_merged() {
        let rows = [
            candle(("a", "4h", "00:00", 10, 13, 8, 12)),
            candle(("a", "30m", "00:00", 11, 12, 9, 10)), // the finer one has the open
            candle(("a", "4h", "20:00", 14, 16, 13, 15)),
            candle(("a", "30m", "23:30", 15, 15, 14, 14)), // and the close
            candle(("b", "4h", "12:00", 50, 60, 1, 55)),   // another source: only the range
        ];
        assert_eq!(day(&rows, &[]), ([11, 16, 8, 14], (1, 60)));
    }

    #[test]
    fn invalid_rows_are_set_aside_and_the_others_are_used() {
        let good = candle(("a", "1d", "00:00", 10, 14, 9, 12));
        for (bad, raw, says) in [
            (
                candle(("a", "4h", "00:00", 10, 12, 0, 11)),
                raw("a", "10:00", 13),
                "1 row of candles is left out: `BTC` on 2026-01-05 is not above zero",
            ),
            (
                candle(("a", "1d", "00:00", 10, 12, 9, 13)),
                raw("a", "10:00", 13),
                "1 row of candles is left out: the 1d candle of `BTC` on 2026-01-05 by a is not low \
                 ≤ open, close ≤ high",
            ),
            (
                candle(("b", "1d", "00:00", 10, 14, 9, 12)),
                raw("a", "10:00", -1),
                "1 row of raw_crypto_market_data is left out: `BTC` on 2026-01-05 is not above zero",
            ),
        ] {
            let candles = Batch::from_rows(Candle::table(), [good.clone(), bad]).unwrap();
            let raw = Batch::from_rows(RawCryptoMarketData::table(), [raw]).unwrap();
            let (mut prices, mut aside) = (Prices::default(), SetAsideRows::default());
            prices.add_candles(&candles, &mut aside).unwrap();
            prices.add_raw(&raw, &mut aside).unwrap();
            let told: Vec<_> = aside.as_slice().iter().map(ToString::to_string).collect();
            assert_eq!(told, [says]);
            let day = prices.on("BTC", "2026-01-05".parse().unwrap()).unwrap();
            assert_eq!((day.open, day.close), (10 * ONE, 12 * ONE));
        }
    }
}
