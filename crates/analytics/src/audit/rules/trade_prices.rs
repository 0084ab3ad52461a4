//! The rule that trades happen at the market's prices.

use tidegauge_core::Crypto;

use crate::audit::records::Records;
use crate::audit::report::RuleResult;
use crate::dates::DAY;
use crate::facts::UsdPrices;

/// The relative tolerance of exchange rates.
const RELATIVE_TOLERANCE: f64 = 1e-6;
/// The last of the 8 decimal places of the simulation.
const LAST_PLACE: f64 = 1e-8;

/// Checks the price of every simulated trade.
pub(crate) fn rule(records: &Records<'_>, usd: &UsdPrices) -> RuleResult {
    let mut rule = RuleResult::new(
        "trade_price_within_market_range",
        "a trade's price in US dollars lies between the market's lowest and highest of its day",
    )
    .only_simulated_unless(false);
    let trades = &records.trades;
    for (row, id) in trades.id.iter().enumerate() {
        if !records.is_simulated("trades", *id, trades.user[row]) {
            continue; // other venues have other prices
        }
        let day = trades.at[row].div_euclid(DAY);
        let range = usd.price_range(trades.base.get(row), day);
        // A day without prices, or a currency without a rate, cannot be checked.
        let Some(((low, high), rate)) = range.zip(usd.price(trades.quote.get(row), day).ok())
        else {
            continue;
        };
        let Some(price) = trades.price.get(row) else { continue };
        let price = Crypto::from_units(price).to_f64() * rate;
        let tolerance = LAST_PLACE * rate.max(1.0);
        let is_inside = low * (1.0 - RELATIVE_TOLERANCE) - tolerance <= price
            && price <= high * (1.0 + RELATIVE_TOLERANCE) + tolerance;
        rule.check(is_inside, || format!("trades {id}"));
    }
    rule
}
