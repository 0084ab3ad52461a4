//! Allocation of fixed totals of deposits, withdrawals and orders to users.

use super::population::{SimulatedUser, repeat_names};
use crate::rng::{RandomStream, StreamId, Weighted};
use crate::units::DAY;

/// The planned statuses of one user's deposits, withdrawals and orders in the first ninety days.
#[derive(Debug, Default)]
pub(super) struct ActivityPlan {
    pub(super) deposits: Vec<&'static str>,
    pub(super) withdrawals: Vec<&'static str>,
    pub(super) orders: Vec<&'static str>,
}

/// Allocates 800 deposits, 600 withdrawals and 3,000 orders with exact shares of statuses.
///
/// Only users who are active for at least two days after verification take part. Orders and withdrawals
/// require a completed deposit, and pending items require a user who is active at the end. Returns `None` if
/// no user qualifies.
pub(super) fn allocate(seed: u64, users: &[SimulatedUser], end: i64) -> Option<Vec<ActivityPlan>> {
    let mut rng = RandomStream::new(seed, StreamId::Plan, 1);
    let mut plans: Vec<ActivityPlan> = users.iter().map(|_| ActivityPlan::default()).collect();
    let takes_part = |user: &SimulatedUser| {
        user.verified_at.is_some_and(|at| user.churned_at.min(end) - at >= 2 * DAY)
    };
    let activity = |user: &SimulatedUser| if takes_part(user) { user.activity } else { 0.0 };
    let stayed = |user: &SimulatedUser| if user.churned_at >= end { 1.0 } else { 0.0 };
    let depositors = Weighted::new(users.iter().map(|user| activity(user).sqrt()));
    let waiting = Weighted::new(users.iter().map(|user| activity(user).sqrt() * stayed(user)));
    let statuses = repeat_names(&[("completed", 720), ("pending", 56), ("failed", 24)]);
    for status in statuses {
        let candidates = if status == "pending" { &waiting } else { &depositors };
        plans[candidates.draw(&mut rng)?].deposits.push(status);
    }
    let funded = |plan: &ActivityPlan| plan.deposits.contains(&"completed");
    let weights: Vec<f64> = users
        .iter()
        .zip(&plans)
        .map(|(user, plan)| if funded(plan) { activity(user) } else { 0.0 })
        .collect();
    let customers = Weighted::new(weights.iter().copied());
    let waiting = Weighted::new(users.iter().zip(&weights).map(|(user, all)| all * stayed(user)));
    let statuses = repeat_names(&[
        ("filled", 1_200),
        ("open", 900),
        ("cancelled", 600),
        ("partially_filled", 240),
        ("expired", 60),
    ]);
    for status in statuses {
        plans[customers.draw(&mut rng)?].orders.push(status);
    }
    // Pending ones first, because few users qualify.
    let statuses =
        repeat_names(&[("pending", 60), ("completed", 510), ("failed", 18), ("cancelled", 12)]);
    for status in statuses {
        let candidates = if status == "pending" { &waiting } else { &customers };
        // The number of withdrawals is limited to three per completed deposit.
        let plan = loop {
            let plan = &mut plans[candidates.draw(&mut rng)?];
            let paid_in = plan.deposits.iter().filter(|status| **status == "completed").count();
            if plan.withdrawals.len() < 3 * paid_in {
                break plan;
            }
        };
        plan.withdrawals.push(status);
    }
    for plan in &mut plans {
        // The first deposit must complete; all others are in random order.
        let skip = usize::from(funded(plan));
        rng.shuffle(plan.deposits.get_mut(skip..).unwrap_or_default());
        rng.shuffle(&mut plan.orders);
        rng.shuffle(&mut plan.withdrawals);
    }
    Some(plans)
}
