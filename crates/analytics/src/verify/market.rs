//! Trades happen at the market's prices.

use std::collections::HashMap;

use tidegauge_core::Warehouse;
use tidegauge_core::tables::{Candle, RawCryptoMarketData};

use super::RuleResult;
use super::books::{Books, amounts, scan, texts, times};
use crate::Result;
use crate::facts::Usd;
use crate::frames::DAY;

/// Rounding of exchange rates, relative.
const RELATIVE: f64 = 1e-6;
/// The last of a price's 8 places.
const PLACE: f64 = 1e-8;

/// The lowest and the highest price of each token on each day, US dollars: over all that was
/// recorded of that day, candles of at most a day and raw prices.
#[derive(Debug, Default)]
pub(super) struct Market(HashMap<String, HashMap<i64, (f64, f64)>>);

impl Market {
    pub(super) async fn read(warehouse: &dyn Warehouse) -> Result<Self> {
        let mut market = Self::default();
        let columns = ["symbol", "interval", "open_at", "low", "high"];
        let candles = scan(warehouse, Candle::table(), &columns).await?;
        let (symbols, intervals) = (texts(&candles, "symbol")?, texts(&candles, "interval")?);
        let (lows, highs) = (amounts(&candles, "low")?, amounts(&candles, "high")?);
        for (row, at) in times(&candles, "open_at")?.iter().enumerate() {
            let interval = intervals.get(row);
            if interval == "1d" || interval.ends_with(['m', 'h']) {
                market.observe(symbols.get(row), *at, lows[row], highs[row]);
            }
        }
        let columns = ["symbol", "observed_at", "price_usd"];
        let raw = scan(warehouse, RawCryptoMarketData::table(), &columns).await?;
        let (symbols, prices) = (texts(&raw, "symbol")?, amounts(&raw, "price_usd")?);
        for (row, at) in times(&raw, "observed_at")?.iter().enumerate() {
            market.observe(symbols.get(row), *at, prices[row], prices[row]);
        }
        Ok(market)
    }

    fn observe(&mut self, symbol: &str, at: i64, low: i128, high: i128) {
        if !self.0.contains_key(symbol) {
            self.0.insert(symbol.to_owned(), HashMap::new());
        }
        let (low, high) = (low as f64 * PLACE, high as f64 * PLACE);
        if let Some(days) = self.0.get_mut(symbol) {
            let range = days.entry(at.div_euclid(DAY)).or_insert((low, high));
            *range = (range.0.min(low), range.1.max(high));
        }
    }

    pub(super) fn trades_within_range(&self, books: &Books<'_>, usd: &Usd) -> RuleResult {
        let mut rule = RuleResult::new(
            "trade_price_within_market_range",
            "a trade's price in US dollars lies between the market's lowest and highest of its day",
        );
        let trades = &books.trades;
        for (row, id) in trades.id.iter().enumerate() {
            let day = trades.at[row].div_euclid(DAY);
            let range = self.0.get(trades.base.get(row)).and_then(|days| days.get(&day));
            // A day without prices, or a currency without a rate, cannot be judged.
            let Some(((low, high), rate)) = range.zip(usd.of(trades.quote.get(row), day)) else {
                continue;
            };
            let price = trades.price[row] as f64 * PLACE * rate;
            let slack = PLACE * rate.max(1.0);
            let inside =
                low * (1.0 - RELATIVE) - slack <= price && price <= high * (1.0 + RELATIVE) + slack;
            rule.check(inside, || format!("trades {id}"));
        }
        rule
    }
}
