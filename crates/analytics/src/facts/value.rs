//! What a unit of a currency or a token was worth in US dollars on a day.

use std::collections::{BTreeMap, HashMap};

use polars::prelude::*;
use tidegauge_core::tables::{Candle, FxRate, RawCryptoMarketData};
use tidegauge_core::{Scan, Warehouse};

use crate::frames::{Compute, ints, look_up, micros, sums};
use crate::period::{after_epoch, epoch_day};
use crate::{Error, Result};

/// A value by day (days since 1970-01-01).
type ByDay = BTreeMap<i64, f64>;

/// What a unit of a currency or a token was worth in US dollars, as of any day.
#[derive(Debug, Clone, Default)]
pub(crate) struct Usd {
    /// Units of the second currency for one of the first.
    rates: HashMap<(String, String), ByDay>,
    /// US dollars for one token.
    prices: HashMap<String, ByDay>,
}

impl Usd {
    /// Reads `fx_rates`, daily candles and raw prices. Where sources differ on a day, the first
    /// one by name is taken.
    pub(crate) async fn read(warehouse: &dyn Warehouse) -> Result<Self> {
        let mut usd = Self::default();
        let columns = ["base", "quote", "rate_date", "source", "rate"];
        let fx = warehouse.scan(&Scan::columns(FxRate::table(), columns)).await?;
        let fx = by_day(fx.lazy(), "rate_date", "rate", &["source"])?;
        let (bases, quotes) = (fx.column("base")?.str()?, fx.column("quote")?.str()?);
        for ((base, quote), (day, rate)) in bases.iter().zip(quotes.iter()).zip(values(&fx)?) {
            let pair = (base.unwrap_or_default().to_owned(), quote.unwrap_or_default().to_owned());
            positive("fx_rates", &pair.0, day, rate)?;
            usd.rates.entry(pair).or_default().entry(day).or_insert(rate);
        }
        let columns = ["symbol", "interval", "open_at", "source", "close"];
        let candles = warehouse.scan(&Scan::columns(Candle::table(), columns)).await?;
        let daily = candles.lazy().filter(col("interval").eq(lit("1d")));
        usd.observe("candles", &by_day(daily, "open_at", "close", &["source"])?)?;
        let columns = ["symbol", "observed_at", "source", "price_usd"];
        let raw = warehouse.scan(&Scan::columns(RawCryptoMarketData::table(), columns)).await?;
        // The last price of a day comes first.
        let raw = raw.lazy().with_column((lit(0i64) - micros("observed_at")).alias("latest"));
        let raw = by_day(raw, "observed_at", "price_usd", &["latest", "source"])?;
        usd.observe("raw_crypto_market_data", &raw)?;
        Ok(usd)
    }

    /// Takes in the prices of days that have none yet: what comes first wins.
    fn observe(&mut self, table: &'static str, frame: &DataFrame) -> Result<()> {
        for (symbol, (day, price)) in frame.column("symbol")?.str()?.iter().zip(values(frame)?) {
            let symbol = symbol.unwrap_or_default();
            positive(table, symbol, day, price)?;
            self.prices.entry(symbol.to_owned()).or_default().entry(day).or_insert(price);
        }
        Ok(())
    }

    /// US dollars for one unit of `currency` as of `day` (days since 1970-01-01): by the fixing of
    /// the pair, else through the euro, else by the token's price; always the latest on or before.
    pub(crate) fn of(&self, currency: &str, day: i64) -> Option<f64> {
        if currency == "USD" {
            return Some(1.0);
        }
        let through_euro =
            || Some(self.rate("EUR", "USD", day)? / self.rate("EUR", currency, day)?);
        self.rate(currency, "USD", day)
            .or_else(through_euro)
            .or_else(|| as_of(self.prices.get(currency)?, day))
    }

    fn rate(&self, base: &str, quote: &str, day: i64) -> Option<f64> {
        let fixing = |base: &str, quote: &str| {
            as_of(self.rates.get(&(base.to_owned(), quote.to_owned()))?, day)
        };
        fixing(base, quote).or_else(|| Some(1.0 / fixing(quote, base)?))
    }

    /// Adds `into`: the amounts in US dollars as of the day of `at`.
    pub(crate) fn convert(
        &self,
        frame: LazyFrame,
        at: &str,
        (amount, currency): (&str, &str),
        into: &str,
    ) -> Result<LazyFrame> {
        let frame = frame.with_columns([
            epoch_day(col(at)).alias("usd_day"),
            col(currency).alias("usd_currency"),
        ]);
        let keys = ["usd_currency", "usd_day"];
        let order = SortMultipleOptions::default();
        let needed = frame
            .clone()
            .select(keys.map(col))
            .unique(None, UniqueKeepStrategy::Any)
            .sort(keys, order)
            .compute()?;
        let (currencies, days) = (needed.column(keys[0])?.str()?, needed.column(keys[1])?.i64()?);
        // A null has no worth; who checks the facts refuses it by name.
        let worth = currencies.iter().zip(days.iter()).map(|key| {
            let (Some(currency), Some(day)) = key else { return Ok(None) };
            let worth = self.of(currency, day);
            worth.map(Some).ok_or_else(|| Error::NoRate {
                currency: currency.into(),
                day: after_epoch(day).unwrap_or_default(),
            })
        });
        let worth = worth.collect::<Result<Vec<Option<f64>>>>()?;
        let grid = needed.hstack(&[Column::new("usd_worth".into(), worth)])?;
        let usd = col(amount).cast(DataType::Float64) * col("usd_worth");
        Ok(look_up(frame, grid.lazy(), &keys).with_column(usd.alias(into)).drop(cols([
            "usd_day",
            "usd_currency",
            "usd_worth",
        ])))
    }
}

/// The latest value on or before `day`.
fn as_of(values: &ByDay, day: i64) -> Option<f64> {
    values.range(..=day).next_back().map(|(_, value)| *value)
}

/// The frame with a `day` and a `value`, sorted by day and then by `order`.
fn by_day(frame: LazyFrame, at: &str, value: &str, order: &[&str]) -> Result<DataFrame> {
    let columns =
        [epoch_day(col(at)).alias("day"), col(value).cast(DataType::Float64).alias("value")];
    let order: Vec<&str> = [&["day"], order].concat();
    Ok(frame.with_columns(columns).sort(order, SortMultipleOptions::default()).compute()?)
}

fn values(frame: &DataFrame) -> Result<impl Iterator<Item = (i64, f64)>> {
    Ok(ints(frame, "day")?.into_iter().zip(sums(frame, "value")?))
}

fn positive(table: &'static str, instrument: &str, day: i64, value: f64) -> Result<()> {
    if value > 0.0 {
        return Ok(());
    }
    let day = after_epoch(day).unwrap_or_default();
    Err(Error::NotPositive { table, instrument: instrument.into(), day })
}
