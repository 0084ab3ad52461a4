//! Trades happen at the market's prices.

use super::RuleResult;
use super::books::Books;
use crate::facts::Usd;
use crate::frames::DAY;

/// Rounding of exchange rates, relative.
const RELATIVE: f64 = 1e-6;
/// The last of a price's 8 places.
const PLACE: f64 = 1e-8;

pub(super) fn rule(books: &Books<'_>, usd: &Usd) -> RuleResult {
    let mut rule = RuleResult::new(
        "trade_price_within_market_range",
        "a trade's price in US dollars lies between the market's lowest and highest of its day",
    );
    let trades = &books.trades;
    for (row, id) in trades.id.iter().enumerate() {
        let day = trades.at[row].div_euclid(DAY);
        let range = usd.range(trades.base.get(row), day);
        // A day without prices, or a currency without a rate, cannot be judged.
        let Some(((low, high), rate)) = range.zip(usd.of(trades.quote.get(row), day).ok()) else {
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
