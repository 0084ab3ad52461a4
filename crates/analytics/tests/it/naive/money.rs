//! Lifetime value and unit economics.

use std::collections::BTreeSet;

use chrono::{NaiveDate, TimeDelta};

use super::{Event, Rows, Spend, User, ratio, sum};

/// The lifetime value of some users.
#[derive(Debug)]
pub(crate) struct Ltv {
    pub(crate) net: f64,
    pub(crate) gross: f64,
    pub(crate) volume: f64,
    /// By age: the users who have reached it, and the value per user.
    pub(crate) by_age: Vec<(u64, Option<f64>)>,
}

/// Returns the events of a user on a day of age, from 1 on.
fn on_day(user: &User, day: i64) -> impl Iterator<Item = &Event> {
    user.events.iter().filter(move |event| (event.at - user.signup).num_days() == day - 1)
}

fn revenue_on_day(user: &User, day: i64, gross: bool) -> f64 {
    sum(on_day(user, day).map(|event| event.revenue(gross)))
}

pub(crate) fn ltv(rows: &Rows, users: &[&User], ages: &[u32], gross: bool) -> Ltv {
    let all = || users.iter().flat_map(|user| &user.events);
    let reached = |age: i64| users.iter().filter(move |user| rows.observed_days(user) >= age);
    // The users who have reached each age, and the value per user up to it.
    let (mut values, mut value) = (vec![], 0.0);
    for day in 1..=i64::from(ages.iter().copied().max().unwrap_or(0)) {
        let old: Vec<_> = reached(day).collect();
        if !old.is_empty() {
            let revenue = sum(old.iter().map(|user| revenue_on_day(user, day, gross)));
            value += revenue / old.len() as f64;
        }
        values.push((old.len() as u64, (!old.is_empty()).then_some(value)));
    }
    Ltv {
        net: sum(all().map(|event| event.revenue(false))),
        gross: sum(all().map(|event| event.revenue(true))),
        volume: sum(all().map(|event| event.volume)),
        by_age: ages.iter().map(|age| values[*age as usize - 1]).collect(),
    }
}

/// The unit economics of some users and of the spend on them.
#[derive(Debug)]
pub(crate) struct Economics {
    pub(crate) users: u64,
    pub(crate) steps: [u64; 3],
    pub(crate) spend: f64,
    pub(crate) revenue: f64,
    pub(crate) cac: Option<f64>,
    pub(crate) roas: Option<f64>,
    /// By age: users, spend, value per user, revenue per dollar.
    pub(crate) by_age: Vec<(u64, f64, Option<f64>, Option<f64>)>,
    pub(crate) payback_days: Option<u32>,
}

/// The parameters: ages, margin, fewest users, gross revenue.
#[derive(Debug, Clone)]
pub(crate) struct EconomicsParams {
    pub(crate) ages: Vec<u32>,
    pub(crate) margin: f64,
    pub(crate) min_users: u64,
    pub(crate) gross: bool,
}

/// Returns `true` if all signups of a date have reached an age.
fn has_reached(rows: &Rows, signup: NaiveDate, age: i64) -> bool {
    signup + TimeDelta::days(1 + age) <= rows.date(rows.end)
}

pub(crate) fn economics(
    rows: &Rows,
    (users, spend): (&[&User], &[&Spend]),
    params: &EconomicsParams,
) -> Economics {
    let at_age = |age: i64| {
        let old = users.iter().filter(|user| has_reached(rows, rows.date(user.signup), age));
        let spent = spend.iter().filter(|spend| has_reached(rows, spend.day, age));
        let spent = sum(spent.map(|spend| spend.usd));
        let revenue = sum(old.clone().map(|user| revenue_on_day(user, age, params.gross)));
        (old.count() as u64, spent, revenue)
    };
    // Each day of age from the first on: users, spend, value per user, revenue per dollar.
    let (mut value, mut returned) = (0.0, Some(0.0));
    let mut days = Vec::new();
    for age in 1.. {
        let (count, spent, revenue) = at_age(age);
        if count == 0 && spent == 0.0 {
            break;
        }
        value += ratio(revenue, count as f64).unwrap_or(0.0);
        returned = returned.and_then(|sum: f64| Some(sum + ratio(revenue, spent)?));
        days.push((count, spent, value, returned));
    }
    let by_age = |age: &u32| match days.get(*age as usize - 1) {
        Some((count, spent, value, returned)) => {
            let known = *count > 0 && *count >= params.min_users;
            (*count, *spent, known.then_some(*value), returned.filter(|_| known))
        }
        None => (0, 0.0, None, None),
    };
    let judged: Vec<f64> = days
        .iter()
        .take_while(|day| day.0 > 0 && day.0 >= params.min_users)
        .map_while(|day| day.3)
        .collect();
    let covers = |returned: &f64| returned * params.margin >= 1.0;
    let payback = judged.iter().position(covers).filter(|_| judged.last().is_some_and(covers));
    let has = |user: &User, kinds: &[&str]| {
        user.events.iter().any(|event| !event.is_reversal && kinds.contains(&event.kind.as_str()))
    };
    let count = |step: &dyn Fn(&User) -> bool| users.iter().filter(|user| step(user)).count();
    let all = users.iter().flat_map(|user| &user.events);
    let revenue = sum(all.map(|event| event.revenue(params.gross)));
    let spent = sum(spend.iter().map(|spend| spend.usd));
    Economics {
        users: users.len() as u64,
        steps: [
            count(&|user| user.verified.is_some_and(|at| at < rows.end)) as u64,
            count(&|user| has(user, &["deposit", "ramp"])) as u64,
            count(&|user| has(user, &["trade"])) as u64,
        ],
        spend: spent,
        revenue,
        cac: ratio(spent, users.len() as f64).filter(|_| spent > 0.0),
        roas: ratio(revenue, spent),
        by_age: params.ages.iter().map(by_age).collect(),
        payback_days: payback.map(|day| u32::try_from(day + 1).unwrap()),
    }
}

/// Returns the channels of users and spend, the null last.
pub(crate) fn channels(rows: &Rows) -> Vec<Option<String>> {
    let of_users = rows.users.iter().map(|user| user.label("channel"));
    let of_spend = rows.spend.iter().map(|spend| Some(spend.channel.clone()));
    // The crate sorts channels with the null first.
    of_users.chain(of_spend).collect::<BTreeSet<_>>().into_iter().collect()
}
