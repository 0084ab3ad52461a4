//! The rule that a chargeback follows its purchase.

use std::collections::HashSet;

use crate::audit::records::Records;
use crate::audit::report::RuleResult;

/// Checks every chargeback.
pub(crate) fn rule(records: &Records<'_>) -> RuleResult {
    let mut rule = RuleResult::new(
        "chargebacks_undo_purchases",
        "a chargeback undoes a completed purchase of the same user, all of it, after it and only once; of a user's own data a purchase of the same user, after it",
    );
    let (back, ramp) = (&records.chargebacks, &records.ramp);
    let mut undone = HashSet::new();
    for (row, id) in back.id.iter().enumerate() {
        let is_first = undone.insert(back.transaction[row]);
        let key = || format!("chargebacks {id}");
        let Some(purchase) = ramp.row(back.transaction[row]) else {
            // A purchase that does not exist is a violation of the foreign keys.
            if records.foreign_rows.purchases.contains(&back.transaction[row]) {
                rule.check(false, key);
            }
            continue;
        };
        let (user, at) = (back.user[row], back.at[row]);
        if !records.is_simulated("chargebacks", *id, user) {
            rule.check(ramp.user[purchase] == user && ramp.at[purchase] <= at, key);
            continue;
        }
        let undoes = ramp.status.get(purchase) == "completed"
            && ramp.user[purchase] == back.user[row]
            && ramp.fiat.get(purchase) == back.currency.get(row)
            && ramp.fiat_amount[purchase] == back.amount[row]
            && ramp.at[purchase] < back.at[row];
        rule.check(undoes && is_first, key);
    }
    rule
}
