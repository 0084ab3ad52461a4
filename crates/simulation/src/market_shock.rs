//! A market-data source with simulated bull runs and crashes.

use std::sync::Arc;

use async_trait::async_trait;
use tidegauge_core::market::candle_length;
use tidegauge_core::tables::{Candle, MarketTrade, Quote, RawCryptoMarketData};
use tidegauge_core::{
    Batch, ColumnView, Cursor, DataType, Error, Page, Result, Source, SourceCapabilities, TableRef,
    Values, divide_half_even,
};

use crate::exchange::Scenario;
use crate::units::{DAY, midnight, stored};

/// Coins whose prices a shock changes: all that the exchange trades except the stablecoin USDT.
const COINS: [&str; 3] = ["BTC", "ETH", "SOL"];

/// The fixed-point scale of price factors: a factor of 1 is this many parts.
const FACTOR_SCALE: i128 = 1_000_000_000;

/// A source of market data in which the bull runs and crashes of some scenarios take place.
///
/// Because prices are changed as they are loaded, the simulated exchange and the metrics see the same market.
///
/// Prices of BTC, ETH and SOL in `candles`, `raw_crypto_market_data`, `quotes` and `market_trades` are
/// multiplied by the factor of their time and rounded half to even to eight decimal places. All other columns
/// and symbols stay unchanged.
#[derive(Debug)]
pub struct ShockedSource {
    source: Arc<dyn Source>,
    shocks: Vec<PriceShock>,
}

/// A linear rise or fall of prices over some days, after which prices stay at the new level.
#[derive(Debug, Clone, Copy)]
struct PriceShock {
    from: i64,
    days: i128,
    /// Total change in parts of [`FACTOR_SCALE`]; negative for a fall.
    by: i128,
}

impl ShockedSource {
    /// Returns `source` with the market scenarios among `scenarios` applied, or `source` itself if there are
    /// none.
    pub fn wrap(source: Arc<dyn Source>, scenarios: &[Scenario]) -> Arc<dyn Source> {
        let shocks: Vec<_> = scenarios.iter().filter_map(PriceShock::from_scenario).collect();
        if shocks.is_empty() { source } else { Arc::new(Self { source, shocks }) }
    }

    /// Returns the price factor at `at` (microseconds since 1970), in parts of [`FACTOR_SCALE`].
    fn factor(&self, at: i64) -> i128 {
        let each = self.shocks.iter().map(|shock| shock.factor(at));
        each.fold(FACTOR_SCALE, |product, factor| {
            divide_half_even(product.saturating_mul(factor), FACTOR_SCALE)
        })
    }

    /// Multiplies the prices of a batch by the factors of their times.
    ///
    /// # Errors
    /// Returns [`Error::Mismatch`] if a column has an unexpected type.
    fn apply_shocks(&self, batch: Batch) -> Result<Batch> {
        let table = batch.table().clone();
        let Some((time, prices)) = prices(&table) else { return Ok(batch) };
        let factors = self.factors(&batch, time)?;
        let mut columns = Vec::with_capacity(table.columns.len());
        for (definition, array) in table.columns.iter().zip(batch.record().columns()) {
            let price = prices.iter().find(|(name, _)| definition.name == *name);
            columns.push(match price {
                Some((name, price_time)) => {
                    let units = typed(&batch, name, |column| column.as_decimal())?.iter();
                    let dtype = definition.dtype;
                    let shocked = units.zip(&factors).map(|(units, factors)| {
                        Some(scale_amount(units?, price_time.of(*factors), dtype))
                    });
                    Values::SomeDecimals(shocked.collect())
                }
                None => Values::Array(array.clone()),
            });
        }
        Batch::from_columns(&table, batch.rows(), columns)
    }

    /// Returns the factor at the start and at the end of each row's interval, in parts of [`FACTOR_SCALE`].
    ///
    /// # Errors
    /// Returns [`Error::Mismatch`] if the time, symbol or interval column has an unexpected type.
    fn factors(&self, batch: &Batch, time: &str) -> Result<Vec<[i128; 2]>> {
        let at = typed(batch, time, |column| column.as_timestamp())?;
        let symbols = typed(batch, "symbol", |column| column.as_text())?;
        let intervals = match batch.table().column("interval") {
            Ok(_) => Some(typed(batch, "interval", |column| column.as_text())?),
            Err(_) => None,
        };
        let factors = |(row, at): (usize, Option<i64>)| {
            let is_shocked = symbols.get(row).is_some_and(|symbol| COINS.contains(&symbol));
            let Some(at) = at.filter(|_| is_shocked) else { return [FACTOR_SCALE; 2] };
            let interval = intervals.and_then(|intervals| candle_length(intervals.get(row)?));
            let length = interval.and_then(|length| length.num_microseconds()).unwrap_or(0);
            [self.factor(at), self.factor(at + length)]
        };
        Ok(at.iter().enumerate().map(factors).collect())
    }
}

/// Multiplies an amount by a factor in parts of [`FACTOR_SCALE`].
///
/// A price that changes is rounded to eight places before and after, so the result is independent of the
/// column's scale.
fn scale_amount(units: i128, factor: i128, dtype: DataType) -> i128 {
    let unit = if dtype == DataType::CRYPTO { stored(1) } else { 1 };
    match factor {
        FACTOR_SCALE => units,
        _ => {
            let product = divide_half_even(units, unit).saturating_mul(factor);
            divide_half_even(product, FACTOR_SCALE).saturating_mul(unit)
        }
    }
}

/// Returns a column viewed as the type that `typed` expects.
///
/// # Errors
/// Returns [`Error::Mismatch`] if the column has another type.
fn typed<'b, T>(
    batch: &'b Batch,
    name: &str,
    typed: impl FnOnce(ColumnView<'b>) -> Option<T>,
) -> Result<T> {
    typed(batch.column(name)?).ok_or_else(|| Error::Mismatch {
        table: batch.table().name.to_string(),
        column: name.into(),
        row: None,
        reason: "it is of another type than the market tables have".into(),
    })
}

/// The time column of a table, and its price columns.
type Prices = (&'static str, &'static [(&'static str, PriceTime)]);

/// The moment of a row's interval that a price column refers to.
#[derive(Debug, Clone, Copy)]
enum PriceTime {
    Start,
    End,
    Max,
    Min,
}

impl PriceTime {
    /// Returns the factor of this price, given the factors at the start and the end of the row's interval.
    fn of(self, [start, end]: [i128; 2]) -> i128 {
        match self {
            Self::Start => start,
            Self::End => end,
            Self::Max => start.max(end),
            Self::Min => start.min(end),
        }
    }
}

/// Returns the time and price columns of a market table, or `None` if the table has no prices.
fn prices(table: &TableRef) -> Option<Prices> {
    use PriceTime::{End, Max, Min, Start};
    let is = |other: &TableRef| table.name == other.name;
    if is(Candle::table()) {
        return Some(("open_at", &[("open", Start), ("close", End), ("high", Max), ("low", Min)]));
    }
    if is(RawCryptoMarketData::table()) {
        return Some(("observed_at", &[("price_usd", Start), ("market_cap_usd", Start)]));
    }
    if is(Quote::table()) {
        return Some(("at", &[("price", Start), ("bid", Start), ("ask", Start)]));
    }
    is(MarketTrade::table()).then_some(("at", &[("price", Start)]))
}

impl PriceShock {
    /// Converts a market scenario, or returns `None` for any other.
    fn from_scenario(scenario: &Scenario) -> Option<Self> {
        let (from, days, by) = match scenario {
            Scenario::BullRun { from, days, by } => (from, days, *by),
            Scenario::Crash { from, days, by } => (from, days, -by),
            _ => return None,
        };
        Some(Self { from: midnight(*from), days: (*days).max(1).into(), by: to_scale(by) })
    }

    /// Returns the price factor at `at` (microseconds since 1970), in parts of [`FACTOR_SCALE`].
    fn factor(&self, at: i64) -> i128 {
        let duration = self.days * i128::from(DAY);
        let elapsed = i128::from(at).saturating_sub(self.from.into()).clamp(0, duration);
        FACTOR_SCALE + divide_half_even(self.by * elapsed, duration)
    }
}

/// Converts a relative change to parts of [`FACTOR_SCALE`].
#[allow(clippy::cast_possible_truncation)] // checked to be a hundred at most
fn to_scale(by: f64) -> i128 {
    (by * FACTOR_SCALE as f64).round() as i128
}

#[async_trait]
impl Source for ShockedSource {
    fn name(&self) -> &str {
        self.source.name()
    }

    fn tables(&self) -> Vec<TableRef> {
        self.source.tables()
    }

    fn capabilities(&self) -> SourceCapabilities {
        self.source.capabilities()
    }

    async fn fetch(&self, cursor: Option<&Cursor>) -> Result<Page> {
        let Page { batches, cursor, done } = self.source.fetch(cursor).await?;
        let batches = batches.into_iter().map(|batch| self.apply_shocks(batch));
        Ok(Page { batches: batches.collect::<Result<_>>()?, cursor, done })
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;

    fn shocked(scenarios: &[Scenario]) -> ShockedSource {
        let shocks = scenarios.iter().filter_map(PriceShock::from_scenario).collect();
        ShockedSource { source: Arc::new(EmptySource), shocks }
    }

    #[derive(Debug)]
    struct EmptySource;

    #[async_trait]
    impl Source for EmptySource {
        fn name(&self) -> &str {
            "nothing"
        }

        fn tables(&self) -> Vec<TableRef> {
            vec![]
        }

        async fn fetch(&self, _: Option<&Cursor>) -> Result<Page> {
            Ok(Page { batches: vec![], cursor: Cursor::new("0"), done: true })
        }
    }

    fn candle(symbol: &str, day: &str) -> Candle {
        let price = |text: &str| text.parse().unwrap();
        Candle {
            source: "a".into(),
            symbol: symbol.into(),
            interval: "1d".into(),
            open_at: format!("{day}T00:00:00Z").parse().unwrap(),
            open: price("100"),
            high: price("110"),
            low: price("90"),
            close: price("105"),
            volume: None,
            base_volume: None,
            currency: "USD".into(),
        }
    }

    #[test]
    fn crashes_lower_prices_linearly_and_permanently() {
        let from = "2020-10-01".parse().unwrap();
        let crash = shocked(&[Scenario::Crash { from, days: 4, by: 0.4 }]);
        let candles = [
            candle("BTC", "2020-09-30"),
            candle("BTC", "2020-10-01"),
            candle("BTC", "2020-10-04"),
            candle("BTC", "2020-11-01"),
            candle("USDT", "2020-11-01"),
        ];
        let batch = Batch::from_rows(Candle::table(), candles).unwrap();
        let shocked = crash.apply_shocks(batch).unwrap();
        let units = |name: &str| -> Vec<i128> {
            let values = typed(&shocked, name, |column| column.as_decimal()).unwrap();
            values.iter().map(|units| units.unwrap() / stored(1_000_000)).collect()
        };
        assert_eq!(units("open"), [10_000, 10_000, 7_000, 6_000, 10_000]);
        assert_eq!(units("close"), [10_500, 9_450, 6_300, 6_300, 10_500]);
        assert_eq!(units("high"), [11_000, 11_000, 7_700, 6_600, 11_000]);
        assert_eq!(units("low"), [9_000, 8_100, 5_400, 5_400, 9_000]);
    }

    #[test]
    fn shocks_multiply_and_other_scenarios_have_no_effect() {
        let from: NaiveDate = "2020-10-01".parse().unwrap();
        let both = shocked(&[
            Scenario::BullRun { from, days: 2, by: 1.0 },
            Scenario::Crash { from, days: 1, by: 0.5 },
            Scenario::KycOutage { from, days: 2 },
        ]);
        let day = midnight(from);
        let factors = [0, 1, 2, 3].map(|days| both.factor(day + days * DAY) * 100 / FACTOR_SCALE);
        assert_eq!(factors, [100, 75, 100, 100]);
        let none =
            ShockedSource::wrap(Arc::new(EmptySource), &[Scenario::KycOutage { from, days: 2 }]);
        assert!(format!("{none:?}").starts_with("EmptySource"), "itself");
    }
}
