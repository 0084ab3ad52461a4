//! The rule that balances never become negative.

use chrono::DateTime;

use super::movements::Movements;
use crate::audit::records::Records;
use crate::audit::report::RuleResult;

/// Checks each user's balance in each currency. Movements at the same instant are summed first.
pub(crate) fn rule(records: &Records<'_>, movements: &Movements<'_>) -> RuleResult {
    let mut rule = RuleResult::new(
        "balance_never_negative",
        "no user ever has less than nothing of any currency, after any completed event",
    )
    .only_simulated_unless(records.scope.own.complete_history);
    for account in movements.all.chunk_by(|a, b| (a.user, a.currency) == (b.user, b.currency)) {
        // Unknown users are violations of the foreign keys.
        if !records.users.contains_key(&account[0].user) || !records.has_history(account[0].user) {
            continue;
        }
        let mut balance = 0i128;
        let overdrawn = account.chunk_by(|a, b| a.at == b.at).find(|moment| {
            balance =
                moment.iter().fold(balance, |sum, movement| sum.saturating_add(movement.units));
            balance < 0
        });
        rule.check(overdrawn.is_none(), || {
            let at = overdrawn.and_then(|moment| DateTime::from_timestamp_micros(moment[0].at));
            let at = at.map(|at| at.to_rfc3339()).unwrap_or_default();
            format!("user {} {} at {at}", account[0].user, movements.currency(account[0].currency))
        });
    }
    rule
}
