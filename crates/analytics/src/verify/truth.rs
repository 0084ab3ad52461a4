//! The rule that the activity of users agrees with their ground truth.

use std::collections::{HashMap, HashSet};

use super::RuleResult;
use super::books::{Books, Person, Truths};

/// The activity of a user that the ground truth describes.
#[derive(Clone, Copy)]
struct Done {
    /// The time of the first trade or completed purchase.
    first: i64,
    /// The number of orders with fills and of completed purchases.
    times: i64,
}

/// Checks every user, if there is a ground truth; `channels` are those that it has.
pub(super) fn rule(books: &Books<'_>, channels: Option<&HashSet<String>>) -> RuleResult {
    let mut rule = RuleResult::new(
        "truth_fits",
        "every user has one truth, which makes sense, and did nothing that it rules out",
    )
    .of_simulation(false);
    let Some(channels) = channels else { return rule };
    let truths = &books.truths;
    let mut rows: HashMap<i64, Vec<usize>> = HashMap::new();
    for (row, user) in truths.user.iter().enumerate() {
        rows.entry(*user).or_default().push(row);
    }
    let done = done(books);
    for (id, person) in books.people() {
        if !books.is_simulated("users", id, id) {
            continue;
        }
        let holds = match rows.get(&id).map(Vec::as_slice) {
            Some([row]) => {
                channels.contains(person.channel)
                    && makes_sense(truths, *row)
                    && fits(truths, *row, person, done.get(&id))
            }
            _ => false,
        };
        rule.check(holds, || format!("users {id}"));
    }
    rule
}

fn makes_sense(truths: &Truths<'_>, row: usize) -> bool {
    let values = truths.values.map(|values| values[row]);
    truths.rate[row] > 0.0
        && 0.0 < truths.dropout[row]
        && truths.dropout[row] < 1.0
        && truths.lasts[row] >= 2
        && values[0] >= 0.0
        && values.is_sorted()
}

fn fits(truths: &Truths<'_>, row: usize, person: &Person<'_>, done: Option<&Done>) -> bool {
    let did = match (done, truths.started_at.get(row)) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(done), Some(started)) => started <= done.first && done.times <= truths.lasts[row],
    };
    did && truths.signup_at[row] == person.signup_at && truths.channel.get(row) == person.channel
}

fn done(books: &Books<'_>) -> HashMap<i64, Done> {
    let mut done: HashMap<i64, Done> = HashMap::new();
    let mut note = |user: i64, at: i64, times: i64| {
        let it = done.entry(user).or_insert(Done { first: at, times: 0 });
        it.first = it.first.min(at);
        it.times += times;
    };
    let (orders, trades, ramp) = (&books.orders, &books.trades, &books.ramp);
    for (user, at) in trades.user.iter().zip(trades.at) {
        note(*user, *at, 0);
    }
    for (row, user) in orders.user.iter().enumerate() {
        if matches!(orders.status.get(row), "filled" | "partially_filled") {
            // The time of its fills is that of its trades.
            note(*user, i64::MAX, 1);
        }
    }
    for (row, user) in ramp.user.iter().enumerate() {
        if ramp.status.get(row) == "completed" {
            note(*user, ramp.at[row], 1);
        }
    }
    done
}
