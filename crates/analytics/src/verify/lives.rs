//! The rules of the order of events in a user's life.

use super::RuleResult;
use super::books::Books;

pub(super) fn rules(books: &Books<'_>) -> [RuleResult; 3] {
    let [signup, kyc] = after_signup_and_kyc(books);
    [signup, kyc, completed(books)]
}

fn after_signup_and_kyc(books: &Books<'_>) -> [RuleResult; 2] {
    let mut signup = RuleResult::new(
        "nothing_before_signup",
        "no identity check, deposit, withdrawal, order, trade or purchase comes before its user's signup",
    );
    let mut kyc = RuleResult::new(
        "nothing_before_kyc",
        "deposits, withdrawals, orders, trades and purchases are of verified users, not before they were",
    )
    .of_simulation(!books.subject.own.verified_first.is_empty());
    let verified_first = &books.subject.own.verified_first;
    let mut people: Vec<_> = books.users.iter().collect();
    people.sort_unstable_by_key(|(id, _)| **id);
    for (id, person) in people {
        if let Some(checked_at) = person.checked_at {
            signup.check(checked_at >= person.signup_at, || format!("users {id}"));
        }
    }
    let (deposits, withdrawals) = (&books.deposits, &books.withdrawals);
    let (orders, trades, ramp) = (&books.orders, &books.trades, &books.ramp);
    for (name, ids, users, times) in [
        ("deposits", deposits.id, deposits.user, deposits.created_at),
        ("withdrawals", withdrawals.id, withdrawals.user, withdrawals.created_at),
        ("orders", orders.id, orders.user, orders.created_at),
        ("trades", trades.id, trades.user, trades.at),
        ("ramp_transactions", ramp.id, ramp.user, ramp.at),
    ] {
        for ((id, user), at) in ids.iter().zip(users).zip(times) {
            // Unknown users are violations of the foreign keys.
            let Some(person) = books.users.get(user) else { continue };
            let key = || format!("{name} {id}");
            signup.check(*at >= person.signup_at, key);
            let in_funnel = verified_first.iter().any(|table| table == name);
            if !in_funnel && !books.is_simulated(name, *id, *user) {
                continue;
            }
            if person.has_status {
                kyc.check(person.verified_at.is_some_and(|verified| *at >= verified), key);
            }
        }
    }
    [signup, kyc]
}

fn completed(books: &Books<'_>) -> RuleResult {
    let mut rule = RuleResult::new(
        "completed_after_created",
        "completed_at is set where the status is completed and only there, not before created_at",
    );
    for transfers in [&books.deposits, &books.withdrawals] {
        for (row, id) in transfers.id.iter().enumerate() {
            let fine = match (transfers.status.get(row), transfers.completed_at.get(row)) {
                ("completed", Some(at)) => at >= transfers.created_at[row],
                ("completed", None) => false,
                (_, at) => at.is_none(),
            };
            rule.check(fine, || format!("{} {id}", transfers.name));
        }
    }
    rule
}
