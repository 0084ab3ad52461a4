//! Allocation of fixed totals of deposits, withdrawals and orders to users.

use super::people::{Person, shares};
use crate::draw::{Draws, Stream, Weighted};
use crate::world::DAY;

/// The planned statuses of one user's deposits, withdrawals and orders in the first ninety days.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) deposits: Vec<&'static str>,
    pub(super) withdrawals: Vec<&'static str>,
    pub(super) orders: Vec<&'static str>,
}

/// Allocates 800 deposits, 600 withdrawals and 3,000 orders with exact shares of statuses.
///
/// Only users who are active for at least two days after verification take part. Orders and withdrawals
/// require a completed deposit, and pending items require a user who is active at the end. Returns `None` if
/// no user qualifies.
pub(super) fn share_out(seed: u64, people: &[Person], end: i64) -> Option<Vec<Plan>> {
    let mut draws = Draws::of(seed, Stream::Plan, 1);
    let mut plans: Vec<Plan> = people.iter().map(|_| Plan::default()).collect();
    let takes_part = |person: &Person| {
        person.verified_at.is_some_and(|at| person.lapses_at.min(end) - at >= 2 * DAY)
    };
    let activity = |person: &Person| if takes_part(person) { person.activity } else { 0.0 };
    let stayed = |person: &Person| if person.lapses_at >= end { 1.0 } else { 0.0 };
    let depositors = Weighted::new(people.iter().map(|who| activity(who).sqrt()));
    let waiting = Weighted::new(people.iter().map(|who| activity(who).sqrt() * stayed(who)));
    let statuses = shares(&[("completed", 720), ("pending", 56), ("failed", 24)]);
    for status in statuses {
        let whose = if status == "pending" { &waiting } else { &depositors };
        plans[whose.draw(&mut draws)?].deposits.push(status);
    }
    let funded = |plan: &Plan| plan.deposits.contains(&"completed");
    let weights: Vec<f64> = people
        .iter()
        .zip(&plans)
        .map(|(who, plan)| if funded(plan) { activity(who) } else { 0.0 })
        .collect();
    let customers = Weighted::new(weights.iter().copied());
    let waiting = Weighted::new(people.iter().zip(&weights).map(|(who, all)| all * stayed(who)));
    let statuses = shares(&[
        ("filled", 1_200),
        ("open", 900),
        ("cancelled", 600),
        ("partially_filled", 240),
        ("expired", 60),
    ]);
    for status in statuses {
        plans[customers.draw(&mut draws)?].orders.push(status);
    }
    // Pending ones first, because few users qualify.
    let statuses =
        shares(&[("pending", 60), ("completed", 510), ("failed", 18), ("cancelled", 12)]);
    for status in statuses {
        let whose = if status == "pending" { &waiting } else { &customers };
        // The number of withdrawals is limited to three per completed deposit.
        let plan = loop {
            let plan = &mut plans[whose.draw(&mut draws)?];
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
        draws.shuffle(plan.deposits.get_mut(skip..).unwrap_or_default());
        draws.shuffle(&mut plan.orders);
        draws.shuffle(&mut plan.withdrawals);
    }
    Some(plans)
}
