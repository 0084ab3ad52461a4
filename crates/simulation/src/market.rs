//! The market that the simulated users trade against: real prices and exchange rates, by day.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use tidegauge_core::polars::prelude::DataFrame;

use crate::world::{self, DAY};
use crate::{Error, Result};

/// The prices of one UTC day, in 10⁻⁸ US dollars.
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
    /// The price at a moment of the day, `elapsed` microseconds after midnight.
    ///
    /// Between the four known prices the path is drawn straight: open, then the extreme that the
    /// day turned away from, then the other, then close.
    fn at(&self, elapsed: i64) -> i128 {
        let (first, second) =
            if self.close >= self.open { (self.low, self.high) } else { (self.high, self.low) };
        let leg = i128::from(DAY / 3);
        let elapsed = i128::from(elapsed.rem_euclid(DAY));
        let (from, to, gone) = match elapsed / leg {
            0 => (self.open, first, elapsed),
            1 => (first, second, elapsed - leg),
            _ => (second, self.close, elapsed - 2 * leg),
        };
        (from + (to - from) * gone / leg).clamp(self.low, self.high)
    }
}

type Series<T> = BTreeMap<NaiveDate, T>;

/// Prices by symbol and day, and exchange rates, read from the market tables.
///
/// A day's prices come from its `1d` candle; else from its shorter candles; else from its raw
/// observations. Where several sources have a day, the one whose name sorts first is taken.
#[derive(Debug, Clone, Default)]
pub struct Market {
    prices: BTreeMap<String, Series<DayPrices>>,
    /// base → quote → day → units of quote for one of base, in 10⁻⁸.
    rates: BTreeMap<String, BTreeMap<String, Series<i128>>>,
}

/// Where a day's prices came from, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Grade {
    Daily,
    Intraday,
    Raw,
}

/// Observations of one symbol and day from the best place seen so far.
#[derive(Debug)]
struct Seen {
    rank: (Grade, String),
    first: i64,
    last: i64,
    prices: DayPrices,
}

impl Market {
    /// Reads the tables `candles`, `raw_crypto_market_data` and `fx_rates`.
    ///
    /// # Errors
    /// When a column is missing or of another type, or a price is not above zero.
    pub fn from_frames(candles: &DataFrame, raw: &DataFrame, fx: &DataFrame) -> Result<Self> {
        let mut seen: BTreeMap<(String, NaiveDate), Seen> = BTreeMap::new();
        read_candles(candles, &mut seen)?;
        read_raw(raw, &mut seen)?;
        let mut market = Self { rates: read_rates(fx)?, ..Self::default() };
        for ((symbol, day), Seen { prices, .. }) in seen {
            market.prices.entry(symbol).or_default().insert(day, prices);
        }
        Ok(market)
    }

    /// The prices of a day.
    ///
    /// # Errors
    /// [`Error::NoPrice`], naming the days that there are.
    pub fn day(&self, symbol: &str, day: NaiveDate) -> Result<&DayPrices> {
        let days = self.prices.get(symbol);
        days.and_then(|days| days.get(&day)).ok_or_else(|| Error::NoPrice {
            symbol: symbol.into(),
            day,
            known: match days.and_then(|days| days.first_key_value().zip(days.last_key_value())) {
                Some(((first, _), (last, _))) => format!("{symbol} from {first} to {last}"),
                None => format!("no {symbol} at all"),
            },
        })
    }

    /// The price at a moment (microseconds since 1970), in 10⁻⁸ of `currency`, on the tick of its
    /// magnitude where the day's range allows it.
    pub(crate) fn price(&self, symbol: &str, currency: &str, at: i64) -> Result<i128> {
        let day = world::day_of(at);
        let prices = self.day(symbol, day)?;
        let (per_currency, per_usd) = self.rate(currency, day)?;
        let convert = |usd: i128| world::divide(usd * per_currency, per_usd);
        let exact = convert(prices.at(at));
        let tick = match exact {
            100_000_000_000.. => 1_000_000,
            1_000_000_000.. => 10_000,
            _ => 1_000,
        };
        let ticked = world::divide(exact, tick) * tick;
        let range = convert(prices.low)..=convert(prices.high);
        Ok(if range.contains(&ticked) { ticked } else { exact })
    }

    /// `amount` of `currency` in US dollars, the same units.
    pub(crate) fn to_usd(&self, amount: i128, currency: &str, day: NaiveDate) -> Result<i128> {
        let (per_currency, per_usd) = self.rate(currency, day)?;
        Ok(world::divide(amount * per_usd, per_currency))
    }

    /// `x / y` such that one US dollar is worth `x / y` of `currency`, as of the day.
    fn rate(&self, currency: &str, day: NaiveDate) -> Result<(i128, i128)> {
        if currency == "USD" {
            return Ok((1, 1));
        }
        let as_of = |base: &str, quote: &str| {
            if base == quote {
                return Some(100_000_000);
            }
            let series = self.rates.get(base)?.get(quote)?;
            series.range(..=day).next_back().map(|(_, rate)| *rate)
        };
        // The euro first: the ECB fixes everything against it.
        let bases = ["EUR", "USD"].into_iter().chain(self.rates.keys().map(String::as_str));
        bases
            .filter_map(|base| as_of(base, currency).zip(as_of(base, "USD")))
            .next()
            .ok_or_else(|| Error::NoRate { currency: currency.into(), day })
    }
}

fn read_candles(frame: &DataFrame, seen: &mut BTreeMap<(String, NaiveDate), Seen>) -> Result<()> {
    if frame.height() == 0 {
        return Ok(());
    }
    let table = Reader { table: "candles", frame };
    let (symbols, sources) = (table.text("symbol")?, table.text("source")?);
    let (intervals, opens) = (table.text("interval")?, table.times("open_at")?);
    let [open, high, low, close] =
        [table.money("open")?, table.money("high")?, table.money("low")?, table.money("close")?];
    for row in 0..frame.height() {
        let grade = match intervals[row].as_str() {
            "1d" => Grade::Daily,
            interval if interval.ends_with('m') || interval.ends_with('h') => Grade::Intraday,
            _ => continue, // longer than a day: says nothing of one day
        };
        let prices =
            DayPrices { open: open[row], high: high[row], low: low[row], close: close[row] };
        let ordered = prices.low > 0
            && [prices.open, prices.close].iter().all(|it| (prices.low..=prices.high).contains(it));
        if !ordered {
            return Err(table.wrong(format!(
                "the {} candle of {} at {} is not low ≤ open, close ≤ high",
                intervals[row],
                symbols[row],
                world::time_of(opens[row])
            )));
        }
        take(seen, &symbols[row], (grade, sources[row].clone()), opens[row], prices);
    }
    Ok(())
}

fn read_raw(frame: &DataFrame, seen: &mut BTreeMap<(String, NaiveDate), Seen>) -> Result<()> {
    if frame.height() == 0 {
        return Ok(());
    }
    let table = Reader { table: "raw_crypto_market_data", frame };
    let (symbols, sources) = (table.text("symbol")?, table.text("source")?);
    let (times, money) = (table.times("observed_at")?, table.money("price_usd")?);
    for row in 0..frame.height() {
        let price = money[row];
        if price <= 0 {
            return Err(table.wrong(format!("a price of {} is not above zero", symbols[row])));
        }
        let prices = DayPrices { open: price, high: price, low: price, close: price };
        take(seen, &symbols[row], (Grade::Raw, sources[row].clone()), times[row], prices);
    }
    Ok(())
}

fn take(
    seen: &mut BTreeMap<(String, NaiveDate), Seen>,
    symbol: &str,
    rank: (Grade, String),
    at: i64,
    prices: DayPrices,
) {
    let key = (symbol.to_owned(), world::day_of(at));
    match seen.get_mut(&key) {
        Some(best) if best.rank == rank => {
            if at < best.first {
                (best.first, best.prices.open) = (at, prices.open);
            }
            if at >= best.last {
                (best.last, best.prices.close) = (at, prices.close);
            }
            best.prices.high = best.prices.high.max(prices.high);
            best.prices.low = best.prices.low.min(prices.low);
        }
        Some(best) if best.rank < rank => {}
        _ => {
            seen.insert(key, Seen { rank, first: at, last: at, prices });
        }
    }
}

type Rates = BTreeMap<String, BTreeMap<String, Series<i128>>>;

fn read_rates(frame: &DataFrame) -> Result<Rates> {
    let mut rates = Rates::new();
    if frame.height() == 0 {
        return Ok(rates);
    }
    let table = Reader { table: "fx_rates", frame };
    let (bases, quotes) = (table.text("base")?, table.text("quote")?);
    let (sources, days, money) =
        (table.text("source")?, table.days("rate_date")?, table.money("rate")?);
    let mut rows: Vec<usize> = (0..frame.height()).collect();
    // Later ones overwrite: of several sources, the one whose name sorts first stays.
    rows.sort_by(|a, b| sources[*b].cmp(&sources[*a]));
    for row in rows {
        if money[row] <= 0 {
            return Err(table.wrong(format!(
                "the rate of {}/{} on {} is not above zero",
                bases[row], quotes[row], days[row]
            )));
        }
        let quotes = rates.entry(bases[row].clone()).or_default().entry(quotes[row].clone());
        quotes.or_default().insert(days[row], money[row]);
    }
    Ok(rates)
}

/// Columns of a market frame as plain vectors.
struct Reader<'f> {
    table: &'static str,
    frame: &'f DataFrame,
}

impl Reader<'_> {
    fn wrong(&self, reason: String) -> Error {
        Error::Market { table: self.table, reason }
    }

    fn text(&self, name: &str) -> Result<Vec<String>> {
        let column = self.frame.column(name).map_err(|error| self.wrong(error.to_string()))?;
        let values = column.str().map_err(|error| self.wrong(error.to_string()))?;
        self.whole(name, values.iter().map(|value| value.map(str::to_owned)))
    }

    fn times(&self, name: &str) -> Result<Vec<i64>> {
        let column = self.frame.column(name).map_err(|error| self.wrong(error.to_string()))?;
        let values = column.datetime().map_err(|error| self.wrong(error.to_string()))?;
        self.whole(name, values.physical().iter())
    }

    fn days(&self, name: &str) -> Result<Vec<NaiveDate>> {
        let column = self.frame.column(name).map_err(|error| self.wrong(error.to_string()))?;
        let values = column.date().map_err(|error| self.wrong(error.to_string()))?;
        let day = |days: i32| world::day_of(i64::from(days) * DAY);
        self.whole(name, values.physical().iter().map(|value| value.map(day)))
    }

    /// Decimals of eight places, as their units.
    fn money(&self, name: &str) -> Result<Vec<i128>> {
        let column = self.frame.column(name).map_err(|error| self.wrong(error.to_string()))?;
        let values = column.decimal().map_err(|error| self.wrong(error.to_string()))?;
        if values.scale() != 8 {
            return Err(self.wrong(format!("column `{name}` has not eight decimal places")));
        }
        self.whole(name, values.physical().iter())
    }

    fn whole<T>(&self, name: &str, values: impl Iterator<Item = Option<T>>) -> Result<Vec<T>> {
        let values: Option<Vec<T>> = values.collect();
        values.ok_or_else(|| self.wrong(format!("column `{name}` has a null")))
    }
}
