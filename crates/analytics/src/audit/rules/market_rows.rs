//! The rule that the rows of the market tables are plausible.

use crate::audit::report::{MAX_EXAMPLES, RuleResult};
use crate::facts::UsdPrices;

/// Reports the implausible rows of the market tables, which are left out of every valuation.
pub(crate) fn rule(usd: &UsdPrices) -> RuleResult {
    let mut rule = RuleResult::new(
        "market_rows_make_sense",
        "prices and exchange rates are above zero, candles are low ≤ open, close ≤ high, and nothing is missing",
    );
    rule.checked = usd.rows();
    for group in usd.set_aside() {
        rule.violations += group.rows;
        let examples = group.examples.iter().map(|row| format!("{}: {row}", group.table));
        let free = MAX_EXAMPLES.saturating_sub(rule.examples.len());
        rule.examples.extend(examples.take(free));
    }
    rule
}
