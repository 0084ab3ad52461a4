//! The rule that quote amounts follow from prices. The arithmetic is exact, on integer units.

use super::exact_products::{ONE, is_near, is_within};
use crate::audit::records::Records;
use crate::audit::report::RuleResult;

/// Checks the quote amount of every trade with a known price and base amount.
pub(crate) fn rule(records: &Records<'_>) -> RuleResult {
    let mut rule = RuleResult::new(
        "quote_amount_is_price_times_base",
        "quote_amount is price times base_amount, rounded to the cent; of a user's own trades within a thousandth",
    );
    let trades = &records.trades;
    for (row, id) in trades.id.iter().enumerate() {
        let known = trades.price.get(row).zip(trades.base_amount.get(row));
        let Some((price, base)) = known else { continue };
        let paid = trades.quote_amount[row];
        // In other data the price of a trade may be a rounded average.
        let is_own = !records.is_simulated("trades", *id, trades.user[row]);
        let is_close = is_own && is_within(price, base, paid, ONE, paid.abs() / 1_000);
        rule.check(is_close || is_near(price, base, paid, ONE), || format!("trades {id}"));
    }
    rule
}
