//! The rule that the fee of a purchase follows from its amount.

use crate::audit::records::Records;
use crate::audit::report::RuleResult;
use crate::dates::DAY;
use crate::facts::UsdPrices;

/// The fee rate of the ramp, relative to the amount in US dollars.
const FEE_RATE: f64 = 0.015;

/// Checks the fee of every completed purchase.
pub(crate) fn rule(records: &Records<'_>, usd: &UsdPrices) -> RuleResult {
    let rule = RuleResult::new(
        "ramp_fees_follow_schedule",
        "the fee of a completed purchase is 1.5 %, or what the configuration says of a user's own, of the amount in US dollars, within one cent",
    );
    let own = records.scope.own.ramp_fee;
    let mut rule = rule.only_simulated_unless(own.is_some());
    let ramp = &records.ramp;
    for (row, id) in ramp.id.iter().enumerate() {
        if ramp.status.get(row) != "completed" {
            continue;
        }
        let simulated = records.is_simulated("ramp_transactions", *id, ramp.user[row]);
        let Some(share) = (if simulated { Some(FEE_RATE) } else { own }) else { continue };
        let Some(fee) = ramp.fee_usd.get(row) else { continue };
        // Without an exchange rate the rule cannot be checked.
        if let Ok(rate) = usd.price(ramp.fiat.get(row), ramp.at[row].div_euclid(DAY)) {
            let due = share * rate * ramp.fiat_amount[row] as f64;
            let difference = (fee as f64 - due).abs();
            rule.check(difference <= 1.0 + 1e-6, || format!("ramp_transactions {id}"));
        }
    }
    rule
}
