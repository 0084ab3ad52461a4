//! The rule that trades happen at the market's prices.

use tidegauge_core::Crypto;

use super::books::Books;
use super::{EXAMPLES, RuleResult};
use crate::facts::Usd;
use crate::frames::DAY;

/// The relative tolerance of exchange rates.
const RELATIVE: f64 = 1e-6;
/// The last of the 8 decimal places of the simulation.
const PLACE: f64 = 1e-8;

/// Reports the implausible rows of the market tables, which are left out of every valuation.
pub(super) fn rows(usd: &Usd) -> RuleResult {
    let mut rule = RuleResult::new(
        "market_rows_make_sense",
        "prices and exchange rates are above zero, candles are low ≤ open, close ≤ high, and nothing is missing",
    );
    rule.tried = usd.rows();
    for aside in usd.set_aside() {
        rule.broken += aside.rows;
        let examples = aside.examples.iter().map(|row| format!("{}: {row}", aside.table));
        let room = EXAMPLES.saturating_sub(rule.examples.len());
        rule.examples.extend(examples.take(room));
    }
    rule
}

pub(super) fn rule(books: &Books<'_>, usd: &Usd) -> RuleResult {
    let mut rule = RuleResult::new(
        "trade_price_within_market_range",
        "a trade's price in US dollars lies between the market's lowest and highest of its day",
    )
    .of_simulation(false);
    let trades = &books.trades;
    for (row, id) in trades.id.iter().enumerate() {
        if !books.is_simulated("trades", *id, trades.user[row]) {
            continue; // another venue has prices of its own
        }
        let day = trades.at[row].div_euclid(DAY);
        let range = usd.range(trades.base.get(row), day);
        // A day without prices, or a currency without a rate, cannot be checked.
        let Some(((low, high), rate)) = range.zip(usd.of(trades.quote.get(row), day).ok()) else {
            continue;
        };
        let Some(price) = trades.price.get(row) else { continue };
        let price = Crypto::from_units(price).to_f64() * rate;
        let slack = PLACE * rate.max(1.0);
        let inside =
            low * (1.0 - RELATIVE) - slack <= price && price <= high * (1.0 + RELATIVE) + slack;
        rule.check(inside, || format!("trades {id}"));
    }
    rule
}
