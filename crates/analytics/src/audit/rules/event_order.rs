//! The rules of the order of a user's events: signup, identity check, activity.

use crate::audit::records::Records;
use crate::audit::report::RuleResult;

/// Checks the order of signup, identity check, activity and completion.
pub(crate) fn rules(records: &Records<'_>) -> [RuleResult; 3] {
    let [signup, kyc] = after_signup_and_kyc(records);
    [signup, kyc, completed(records)]
}

fn after_signup_and_kyc(records: &Records<'_>) -> [RuleResult; 2] {
    let mut signup = RuleResult::new(
        "nothing_before_signup",
        "no identity check, deposit, withdrawal, order, trade or purchase comes before its user's signup",
    );
    let mut kyc = RuleResult::new(
        "nothing_before_kyc",
        "deposits, withdrawals, orders, trades and purchases are of verified users, not before they were",
    )
    .only_simulated_unless(!records.scope.own.verified_first.is_empty());
    let verified_first = &records.scope.own.verified_first;
    let mut users: Vec<_> = records.users.iter().collect();
    users.sort_unstable_by_key(|(id, _)| **id);
    for (id, record) in users {
        if let Some(checked_at) = record.checked_at {
            signup.check(checked_at >= record.signup_at, || format!("users {id}"));
        }
    }
    let (deposits, withdrawals) = (&records.deposits, &records.withdrawals);
    let (orders, trades, ramp) = (&records.orders, &records.trades, &records.ramp);
    for (name, ids, users, times) in [
        ("deposits", deposits.id, deposits.user, deposits.created_at),
        ("withdrawals", withdrawals.id, withdrawals.user, withdrawals.created_at),
        ("orders", orders.id, orders.user, orders.created_at),
        ("trades", trades.id, trades.user, trades.at),
        ("ramp_transactions", ramp.id, ramp.user, ramp.at),
    ] {
        for ((id, user), at) in ids.iter().zip(users).zip(times) {
            // Unknown users are violations of the foreign keys.
            let Some(record) = records.users.get(user) else { continue };
            let key = || format!("{name} {id}");
            signup.check(*at >= record.signup_at, key);
            let in_funnel = verified_first.iter().any(|table| table == name);
            if !in_funnel && !records.is_simulated(name, *id, *user) {
                continue;
            }
            if record.has_status {
                kyc.check(record.verified_at.is_some_and(|verified| *at >= verified), key);
            }
        }
    }
    [signup, kyc]
}

fn completed(records: &Records<'_>) -> RuleResult {
    let mut rule = RuleResult::new(
        "completed_after_created",
        "completed_at is set where the status is completed and only there, not before created_at",
    );
    for transfers in [&records.deposits, &records.withdrawals] {
        for (row, id) in transfers.id.iter().enumerate() {
            let is_valid = match (transfers.status.get(row), transfers.completed_at.get(row)) {
                ("completed", Some(at)) => at >= transfers.created_at[row],
                ("completed", None) => false,
                (_, at) => at.is_none(),
            };
            rule.check(is_valid, || format!("{} {id}", transfers.name));
        }
    }
    rule
}
