//! High-volume traders, and the spread of volume over users.

use chrono::TimeDelta;

use super::{Rows, User, ratio, sum};

/// Returns the Gini coefficient, Σ over pairs |xᵢ − xⱼ| / (2 n (n − 1) x̄).
pub(crate) fn gini(amounts: &[f64]) -> Option<f64> {
    let n = amounts.len() as f64;
    let mut distances = 0.0;
    for one in amounts {
        for other in amounts {
            distances += (one - other).abs();
        }
    }
    ratio(distances, 2.0 * (n - 1.0) * sum(amounts.iter().copied()))
}

/// Returns the share that the top `share` of the users have, the one at the boundary in part.
pub(crate) fn top_share(amounts: &[f64], share: f64) -> Option<f64> {
    let mut sorted = amounts.to_vec();
    sorted.sort_by(|one, other| other.total_cmp(one));
    let mut left = share * amounts.len() as f64;
    let mut top = 0.0;
    for amount in &sorted {
        top += amount * left.clamp(0.0, 1.0);
        left -= 1.0;
    }
    ratio(top, sum(sorted))
}

/// Returns the share that the lowest `share` of the users have.
pub(crate) fn lorenz(amounts: &[f64], share: f64) -> Option<f64> {
    top_share(amounts, 1.0 - share).map(|top| 1.0 - top)
}

/// Returns the volume of each tenth of the users, highest first.
pub(crate) fn deciles(amounts: &[f64]) -> Vec<(u64, f64)> {
    let mut sorted = amounts.to_vec();
    sorted.sort_by(|one, other| other.total_cmp(one));
    let n = sorted.len();
    (1..=10)
        .map(|decile| {
            let of = &sorted[n * (decile - 1) / 10..n * decile / 10];
            (of.len() as u64, sum(of.iter().copied()))
        })
        .collect()
}

/// Returns the volumes within some days of signup of the users who are that old, or all volumes.
pub(crate) fn volumes(rows: &Rows, users: &[&User], within_days: Option<u32>) -> Vec<f64> {
    let mut volumes = Vec::new();
    for user in users {
        let until = match within_days {
            Some(days) => user.signup + TimeDelta::days(days.into()),
            None => rows.end,
        };
        if until <= rows.end {
            let own = user.events.iter().filter(|event| event.at < until);
            volumes.push(sum(own.map(|event| event.volume)).max(0.0));
        }
    }
    volumes
}

/// Returns the users observed for a day, and by horizon the share who reach the threshold
/// (Aalen–Johansen of one cause); `None` if none was observed for as long.
pub(crate) fn incidence(
    rows: &Rows,
    users: &[&User],
    threshold: f64,
    horizons: &[u32],
) -> (u64, Vec<Option<f64>>) {
    // The day of age of the end of each time at risk, and whether the threshold was reached.
    let mut times: Vec<(i64, bool)> = Vec::new();
    let longest = i64::from(*horizons.iter().max().unwrap());
    for user in users {
        let observed = rows.observed_days(user).min(longest);
        if observed == 0 {
            continue;
        }
        let mut reached = None;
        for event in &user.events {
            // All that happened up to this instant, reversals of it included.
            let so_far = user.events.iter().filter(|other| other.at <= event.at);
            if reached.is_none() && sum(so_far.map(|other| other.volume)) >= threshold {
                reached = Some((event.at - user.signup).num_days());
            }
        }
        times.push(match reached.filter(|day| *day < observed) {
            Some(day) => (day, true),
            None => (observed - 1, false),
        });
    }
    // The share of users who have reached it by the end of each day of age.
    let (mut shares, mut left, mut reached) = (vec![], 1.0, 0.0);
    for day in 0..longest {
        let at_risk = times.iter().filter(|(until, _)| *until >= day).count();
        let now = times.iter().filter(|time| **time == (day, true)).count();
        if at_risk > 0 {
            reached += left * now as f64 / at_risk as f64;
            left *= 1.0 - now as f64 / at_risk as f64;
        }
        shares.push((at_risk > 0 || left == 0.0).then_some(reached));
    }
    let share = |horizon: &u32| shares[*horizon as usize - 1];
    (times.len() as u64, horizons.iter().map(share).collect())
}
