//! Market data as they would be in another market.

use std::sync::Arc;

use async_trait::async_trait;
use tidegauge_core::market::candle_length;
use tidegauge_core::polars::error::PolarsResult;
use tidegauge_core::polars::frame::DataFrame;
use tidegauge_core::polars::prelude::{Int128Chunked, IntoColumn};
use tidegauge_core::tables::{Candle, MarketTrade, Quote, RawCryptoMarketData};
use tidegauge_core::{Batch, Cursor, Error, Page, Result, Source, TableRef, divide_half_even};

use crate::Scenario;
use crate::world::{DAY, midnight};

/// The coins whose prices move: those that the exchange trades, but for the one that is worth a dollar.
const COINS: [&str; 3] = ["BTC", "ETH", "SOL"];

/// What prices are multiplied by, in parts of this.
const WHOLE: i128 = 1_000_000_000;

/// A source of market data in which the bull runs and crashes of some scenarios take place: whoever prices
/// anything by what it gives, the simulated exchange as well as the metrics, sees the same market.
///
/// Prices of BTC, ETH and SOL in `candles`, `raw_crypto_market_data`, `quotes` and `market_trades` are multiplied
/// by what the scenarios make of them at their time, rounded half to even; all others stay.
#[derive(Debug)]
pub struct Bent {
    source: Arc<dyn Source>,
    moves: Vec<Move>,
}

/// A rise or a fall.
#[derive(Debug, Clone, Copy)]
struct Move {
    from: i64,
    days: i128,
    /// By what part in all, in parts of [`WHOLE`]; below zero for a fall.
    by: i128,
}

impl Bent {
    /// `source`, as it would be with those of `scenarios` that are about the market; itself if none is.
    pub fn of(source: Arc<dyn Source>, scenarios: &[Scenario]) -> Arc<dyn Source> {
        let moves: Vec<_> = scenarios.iter().filter_map(Move::of).collect();
        if moves.is_empty() { source } else { Arc::new(Self { source, moves }) }
    }

    /// What a price is multiplied by at a moment.
    fn factor(&self, at: i64) -> i128 {
        let each = self.moves.iter().map(|it| it.factor(at));
        each.fold(WHOLE, |product, factor| divide_half_even(product.saturating_mul(factor), WHOLE))
    }

    fn bend(&self, batch: Batch) -> Result<Batch> {
        let table = batch.table().clone();
        let Some(prices) = prices(&table) else { return Ok(batch) };
        let frame = self.bend_prices(batch.into_frame(), prices);
        Batch::new(&table, frame.map_err(|error| Error::source(self.name(), error))?)
    }

    fn bend_prices(&self, mut frame: DataFrame, (time, prices): Prices) -> PolarsResult<DataFrame> {
        frame.rechunk_mut();
        let at = frame.column(time)?.datetime()?.physical().clone();
        let symbols = frame.column("symbol")?.str()?.clone();
        let intervals = frame.column("interval").ok();
        let intervals = intervals.map(|it| it.str().cloned()).transpose()?;
        // What each row is multiplied by where it begins, and where it ends.
        let factors = |row: usize| {
            let Some(at) = at
                .get(row)
                .filter(|_| symbols.get(row).is_some_and(|symbol| COINS.contains(&symbol)))
            else {
                return [WHOLE; 2];
            };
            let interval = intervals.as_ref().and_then(|it| candle_length(it.get(row)?));
            let length = interval.and_then(|it| it.num_microseconds()).unwrap_or(0);
            [self.factor(at), self.factor(at + length)]
        };
        let factors: Vec<_> = (0..frame.height()).map(factors).collect();
        for (name, which) in prices {
            let values = frame.column(name)?.decimal()?;
            let (precision, scale) = (values.precision(), values.scale());
            let bent = values.physical().iter().zip(&factors).map(|(units, [begins, ends])| {
                let factor = match which {
                    Which::Begins => *begins,
                    Which::Ends => *ends,
                    Which::Most => *begins.max(ends),
                    Which::Least => *begins.min(ends),
                };
                units.map(|units| divide_half_even(units.saturating_mul(factor), WHOLE))
            });
            let bent: Int128Chunked = bent.collect();
            let bent = bent.with_name((*name).into());
            frame.with_column(bent.into_decimal_unchecked(precision, scale).into_column())?;
        }
        Ok(frame)
    }
}

/// The time of a table's rows, and its prices.
type Prices = (&'static str, &'static [(&'static str, Which)]);

/// At which time of its row a price is one.
#[derive(Debug, Clone, Copy)]
enum Which {
    Begins,
    Ends,
    Most,
    Least,
}

/// The prices of a table, and the time of its rows; none if it has no prices.
fn prices(table: &TableRef) -> Option<Prices> {
    use Which::{Begins, Ends, Least, Most};
    let is = |other: &TableRef| table.name == other.name;
    if is(Candle::table()) {
        return Some((
            "open_at",
            &[("open", Begins), ("close", Ends), ("high", Most), ("low", Least)],
        ));
    }
    if is(RawCryptoMarketData::table()) {
        return Some(("observed_at", &[("price_usd", Begins), ("market_cap_usd", Begins)]));
    }
    if is(Quote::table()) {
        return Some(("at", &[("price", Begins), ("bid", Begins), ("ask", Begins)]));
    }
    is(MarketTrade::table()).then_some(("at", &[("price", Begins)]))
}

impl Move {
    fn of(scenario: &Scenario) -> Option<Self> {
        let (from, days, by) = match scenario {
            Scenario::BullRun { from, days, by } => (from, days, *by),
            Scenario::Crash { from, days, by } => (from, days, -by),
            _ => return None,
        };
        Some(Self { from: midnight(*from), days: (*days).max(1).into(), by: parts(by) })
    }

    fn factor(&self, at: i64) -> i128 {
        let all = self.days * i128::from(DAY);
        let gone = i128::from(at).saturating_sub(self.from.into()).clamp(0, all);
        WHOLE + divide_half_even(self.by * gone, all)
    }
}

#[allow(clippy::cast_possible_truncation)] // checked to be a hundred at most
fn parts(by: f64) -> i128 {
    (by * WHOLE as f64).round() as i128
}

#[async_trait]
impl Source for Bent {
    fn name(&self) -> &str {
        self.source.name()
    }

    fn tables(&self) -> Vec<TableRef> {
        self.source.tables()
    }

    fn is_live(&self) -> bool {
        self.source.is_live()
    }

    fn is_free(&self) -> bool {
        self.source.is_free()
    }

    async fn fetch(&self, cursor: Option<&Cursor>) -> Result<Page> {
        let Page { batches, cursor, done } = self.source.fetch(cursor).await?;
        let batches = batches.into_iter().map(|batch| self.bend(batch));
        Ok(Page { batches: batches.collect::<Result<_>>()?, cursor, done })
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;

    fn bent(scenarios: &[Scenario]) -> Bent {
        let moves = scenarios.iter().filter_map(Move::of).collect();
        Bent { source: Arc::new(Nothing), moves }
    }

    #[derive(Debug)]
    struct Nothing;

    #[async_trait]
    impl Source for Nothing {
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
    fn prices_fall_day_by_day_and_stay_there_and_a_dollar_stays_a_dollar() {
        let from = "2020-10-01".parse().unwrap();
        let crash = bent(&[Scenario::Crash { from, days: 4, by: 0.4 }]);
        let candles = [
            candle("BTC", "2020-09-30"),
            candle("BTC", "2020-10-01"),
            candle("BTC", "2020-10-04"),
            candle("BTC", "2020-11-01"),
            candle("USDT", "2020-11-01"),
        ];
        let batch = Batch::from_rows(Candle::table(), candles).unwrap();
        let frame = crash.bend(batch).unwrap().into_frame();
        let units = |name: &str| -> Vec<i128> {
            let values = frame.column(name).unwrap().decimal().unwrap().physical().clone();
            values.iter().map(|it| it.unwrap() / 1_000_000).collect()
        };
        assert_eq!(units("open"), [10_000, 10_000, 7_000, 6_000, 10_000]);
        assert_eq!(units("close"), [10_500, 9_450, 6_300, 6_300, 10_500]);
        assert_eq!(units("high"), [11_000, 11_000, 7_700, 6_600, 11_000]);
        assert_eq!(units("low"), [9_000, 8_100, 5_400, 5_400, 9_000]);
    }

    #[test]
    fn moves_multiply_and_others_change_nothing() {
        let from: NaiveDate = "2020-10-01".parse().unwrap();
        let both = bent(&[
            Scenario::BullRun { from, days: 2, by: 1.0 },
            Scenario::Crash { from, days: 1, by: 0.5 },
            Scenario::KycOutage { from, days: 2 },
        ]);
        let day = midnight(from);
        let factors = [0, 1, 2, 3].map(|it| both.factor(day + it * DAY) * 100 / WHOLE);
        assert_eq!(factors, [100, 75, 100, 100]);
        let none = Bent::of(Arc::new(Nothing), &[Scenario::KycOutage { from, days: 2 }]);
        assert!(format!("{none:?}").starts_with("Nothing"), "itself");
    }
}
