//! The rule that the activity of users agrees with their ground truth.

use std::collections::{HashMap, HashSet};

use crate::audit::records::{GroundTruth, Records, UserRecord};
use crate::audit::report::RuleResult;

/// The activity of a user that the ground truth describes.
#[derive(Clone, Copy)]
struct ObservedActivity {
    /// The time of the first trade or completed purchase.
    first: i64,
    /// The number of orders with fills and of completed purchases.
    times: i64,
}

/// Checks every user, if there is a ground truth; `channels` are those that it has.
pub(crate) fn rule(records: &Records<'_>, channels: Option<&HashSet<String>>) -> RuleResult {
    let mut rule = RuleResult::new(
        "truth_fits",
        "every user has one truth, which makes sense, and did nothing that it rules out",
    )
    .only_simulated_unless(false);
    let Some(channels) = channels else { return rule };
    let truth = &records.ground_truth;
    let mut rows: HashMap<i64, Vec<usize>> = HashMap::new();
    for (row, user) in truth.user.iter().enumerate() {
        rows.entry(*user).or_default().push(row);
    }
    let observed = observed_activity(records);
    for (id, record) in records.users_by_id() {
        if !records.is_simulated("users", id, id) {
            continue;
        }
        let holds = match rows.get(&id).map(Vec::as_slice) {
            Some([row]) => {
                channels.contains(record.channel)
                    && is_consistent(truth, *row)
                    && allows(truth, *row, record, observed.get(&id))
            }
            _ => false,
        };
        rule.check(holds, || format!("users {id}"));
    }
    rule
}

fn is_consistent(truth: &GroundTruth<'_>, row: usize) -> bool {
    let values = truth.values.map(|values| values[row]);
    truth.rate[row] > 0.0
        && 0.0 < truth.dropout[row]
        && truth.dropout[row] < 1.0
        && truth.lasts[row] >= 2
        && values[0] >= 0.0
        && values.is_sorted()
}

fn allows(
    truth: &GroundTruth<'_>,
    row: usize,
    record: &UserRecord<'_>,
    done: Option<&ObservedActivity>,
) -> bool {
    let activity_is_allowed = match (done, truth.started_at.get(row)) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(done), Some(started)) => started <= done.first && done.times <= truth.lasts[row],
    };
    activity_is_allowed
        && truth.signup_at[row] == record.signup_at
        && truth.channel.get(row) == record.channel
}

fn observed_activity(records: &Records<'_>) -> HashMap<i64, ObservedActivity> {
    let mut done: HashMap<i64, ObservedActivity> = HashMap::new();
    let mut add = |user: i64, at: i64, times: i64| {
        let activity = done.entry(user).or_insert(ObservedActivity { first: at, times: 0 });
        activity.first = activity.first.min(at);
        activity.times += times;
    };
    let (orders, trades, ramp) = (&records.orders, &records.trades, &records.ramp);
    for (user, at) in trades.user.iter().zip(trades.at) {
        add(*user, *at, 0);
    }
    for (row, user) in orders.user.iter().enumerate() {
        if matches!(orders.status.get(row), "filled" | "partially_filled") {
            // The time of its fills is that of its trades.
            add(*user, i64::MAX, 1);
        }
    }
    for (row, user) in ramp.user.iter().enumerate() {
        if ramp.status.get(row) == "completed" {
            add(*user, ramp.at[row], 1);
        }
    }
    done
}
