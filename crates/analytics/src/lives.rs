//! Cumulative revenue of users by age, while most have not been observed for that long: the mean
//! cumulative function. See `docs/metrics/ltv.md`.

use std::collections::BTreeMap;

use polars::prelude::*;

use crate::frames::{Compute, DAY, ints, look_up, sums};
use crate::stats::{ENOUGH, Interval, log_interval, ratio};
use crate::{Facts, Kinds, Result};

/// The revenue of one user by age in whole days, in ascending order.
pub(crate) type Revenue = Vec<(i64, f64)>;

/// Returns the revenue of each of the facts' users, in their order.
pub(crate) fn revenue(facts: &Facts) -> Result<Vec<Revenue>> {
    let users = facts.users().select(["user", "signup_at"])?.with_row_index("row".into(), None)?;
    let rows = look_up(facts.events_of(&Kinds::Any), users.lazy(), &["user"])
        .with_column(Facts::age().floor_div(lit(DAY)).alias("age"))
        .group_by_stable([col("row"), col("age")])
        .agg([col("revenue_usd").sum()])
        .compute()?;
    let mut revenue = vec![Revenue::new(); facts.users().height()];
    let at = ints(&rows, "row")?.into_iter().zip(ints(&rows, "age")?);
    for ((row, age), amount) in at.zip(sums(&rows, "revenue_usd")?) {
        if let Some(user) = usize::try_from(row).ok().and_then(|row| revenue.get_mut(row)) {
            user.push((age, amount));
        }
    }
    Ok(revenue)
}

/// Users with unequal observation times, their revenue, and their common cost.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lives {
    /// The number of users, and the spend on them, by the number of whole days that they were
    /// observed.
    watched: BTreeMap<i64, (u64, f64)>,
    /// The paying users: the number of days that they were observed, and their revenue.
    payers: Vec<(i64, Revenue)>,
}

impl Lives {
    pub(crate) fn add_user(&mut self, watched: i64, revenue: &Revenue) {
        self.watched.entry(watched).or_default().0 += 1;
        if !revenue.is_empty() {
            self.payers.push((watched, revenue.clone()));
        }
    }

    pub(crate) fn add_spend(&mut self, watched: i64, spend: f64) {
        self.watched.entry(watched).or_default().1 += spend;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (watched, (users, spend)) in &other.watched {
            let ours = self.watched.entry(*watched).or_default();
            ours.0 += users;
            ours.1 += spend;
        }
        self.payers.extend_from_slice(&other.payers);
    }

    pub(crate) fn users(&self) -> u64 {
        self.watched.values().map(|(users, _)| users).sum()
    }

    pub(crate) fn spend(&self) -> f64 {
        self.watched.values().map(|(_, spend)| spend).sum()
    }

    /// Returns the revenue to date of each paying user.
    pub(crate) fn paid(&self) -> impl Iterator<Item = f64> {
        self.payers.iter().map(|(_, revenue)| revenue.iter().map(|(_, amount)| amount).sum())
    }

    /// Returns the revenue per user, and per dollar spent, by day of age.
    pub(crate) fn curve(&self) -> Curve<'_> {
        let oldest = self.watched.keys().next_back().copied().unwrap_or_default();
        let mut by_age = BTreeMap::<i64, Vec<(usize, f64)>>::new();
        for (payer, (watched, revenue)) in self.payers.iter().enumerate() {
            // The day of age that begins at `age` is observed to its end by `age + 1`.
            for (age, amount) in revenue.iter().filter(|(age, _)| age < watched) {
                by_age.entry(*age).or_default().push((payer, *amount));
            }
        }
        // Per dollar: the revenue of each paying user, and the sum of its squares.
        let (mut brought, mut squares) = (vec![0.0; self.payers.len()], 0.0);
        let (mut per_user, mut per_dollar, mut drift) = (0.0, Some(0.0), 0.0);
        let mut steps = Vec::new();
        for age in 0..oldest {
            let old = self.watched.range(age + 1..);
            let (users, spend) =
                old.fold((0, 0.0), |(users, spend), (_, old)| (users + old.0, spend + old.1));
            let paid = by_age.get(&age).map(Vec::as_slice).unwrap_or_default();
            let sum: f64 = paid.iter().map(|(_, amount)| amount).sum();
            let mean = ratio(sum, users as f64).unwrap_or_default();
            per_user += mean;
            drift += ratio(mean, users as f64).unwrap_or_default();
            per_dollar = per_dollar.and_then(|so_far: f64| Some(so_far + ratio(sum, spend)?));
            if per_dollar.is_some() {
                for (payer, amount) in paid {
                    let more = brought[*payer] + amount / spend;
                    squares += more * more - brought[*payer] * brought[*payer];
                    brought[*payer] = more;
                }
            }
            let error = f64::sqrt(squares.max(0.0));
            steps.push(Step { users, spend, per_user, per_dollar, error, drift });
        }
        Curve { lives: self, steps }
    }
}

/// Cumulative revenue by age, from day 1 on.
#[derive(Debug)]
pub(crate) struct Curve<'l> {
    lives: &'l Lives,
    steps: Vec<Step>,
}

/// The state at the end of one day of age.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    /// The number of users who were observed to the end of that day of their age.
    pub(crate) users: u64,
    /// The spend on them.
    pub(crate) spend: f64,
    /// Revenue per user up to then.
    pub(crate) per_user: f64,
    /// Revenue per dollar up to then; `None` from the first day without spend on.
    pub(crate) per_dollar: Option<f64>,
    /// The standard error of `per_dollar`.
    error: f64,
    /// The sum over the days of mean / users: the amount by which a user without revenue lowers the
    /// mean.
    drift: f64,
}

impl Step {
    /// Returns the interval of `per_dollar`.
    pub(crate) fn per_dollar_interval(&self) -> Option<Interval> {
        log_interval(self.per_dollar?, self.error).filter(|_| self.users >= ENOUGH)
    }
}

impl Curve<'_> {
    /// Returns the end of each day of age, from day 1 on.
    pub(crate) fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Returns the end of day `age`; `None` if no user has been observed for that long.
    pub(crate) fn at(&self, age: u32) -> Option<&Step> {
        self.steps.get(usize::try_from(age).ok()?.checked_sub(1)?).filter(|step| step.users > 0)
    }

    /// Returns the interval of revenue per user at an age.
    pub(crate) fn per_user_interval(&self, age: u32) -> Option<Interval> {
        let step = self.at(age).filter(|step| step.users >= ENOUGH)?;
        let age = i64::from(age);
        // A user raises the mean by the revenue, and lowers it by adding to the number of users.
        let down = |watched: i64| {
            let last = usize::try_from(watched.min(age)).ok()?.checked_sub(1)?;
            self.steps.get(last).map(|step| step.drift)
        };
        let down = |watched: i64| down(watched).unwrap_or_default();
        let all = self.lives.watched.iter();
        let all: f64 =
            all.map(|(watched, (users, _))| *users as f64 * down(*watched).powi(2)).sum();
        let payers = self.lives.payers.iter().map(|(watched, revenue)| {
            let paid = revenue.iter().filter(|(day, _)| day < watched && *day < age);
            let up: f64 = paid
                .filter_map(|(day, amount)| {
                    let step = self.steps.get(usize::try_from(*day).ok()?)?;
                    ratio(*amount, step.users as f64)
                })
                .sum();
            up * up - 2.0 * up * down(*watched)
        });
        let squares: f64 = all + payers.sum::<f64>();
        // The correction of a sample variance: the mean was computed from the same users.
        let users = step.users as f64;
        log_interval(step.per_user, (squares.max(0.0) * users / (users - 1.0)).sqrt())
    }
}

/// Returns the interval of the mean over `users`, where `paid` are the revenues of those who paid.
pub(crate) fn mean_interval(users: u64, paid: impl Iterator<Item = f64>) -> Option<Interval> {
    if users < ENOUGH {
        return None;
    }
    let (sum, squares) =
        paid.fold((0.0, 0.0), |(sum, squares), paid| (sum + paid, squares + paid * paid));
    let users = users as f64;
    let mean: f64 = sum / users;
    let variance = (squares - users * mean * mean).max(0.0) / (users - 1.0);
    log_interval(mean, (variance / users).sqrt())
}

/// Returns the interval of revenue over spend for a repetition of the same spend: then other users
/// would come, and another number of them.
pub(crate) fn return_interval(
    users: u64,
    spend: f64,
    paid: impl Iterator<Item = f64>,
) -> Option<Interval> {
    if users < ENOUGH || spend <= 0.0 {
        return None;
    }
    let (sum, squares) =
        paid.fold((0.0, 0.0), |(sum, squares), paid| (sum + paid, squares + paid * paid));
    log_interval(sum / spend, f64::sqrt(squares) / spend)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A deterministic generator of standard normal draws: Knuth's MMIX, Box and Muller.
    struct Normal(u64);

    impl Normal {
        fn unit(&mut self) -> f64 {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            ((self.0 >> 11) as f64 + 0.5) / (1u64 << 53) as f64
        }

        fn next(&mut self) -> f64 {
            (-2.0 * self.unit().ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos()
        }
    }

    /// Returns the percentage of a thousand samples whose interval holds the true mean; of `users`,
    /// the share `paying` has log-normal revenue.
    fn held(users: u64, paying: f64, sigma: f64, draws: &mut Normal) -> f64 {
        let mean = paying * (sigma * sigma / 2.0).exp();
        let holds = (0..1_000).filter(|_| {
            let payers = (0..users).filter(|_| draws.unit() < paying).count();
            let paid: Vec<f64> = (0..payers).map(|_| (sigma * draws.next()).exp()).collect();
            let interval = mean_interval(users, paid.into_iter()).unwrap();
            interval.low <= mean && mean <= interval.high
        });
        holds.count() as f64 / 10.0
    }

    /// Checks the figures of docs/metrics/ltv.md.
    #[test]
    fn intervals_hold_as_often_as_their_page_says() {
        let mut draws = Normal(42);
        let mut found = Vec::new();
        for (paying, sigma) in [(0.6, 1.0), (0.6, 1.5), (0.5, 2.0)] {
            for users in [40, 130, 400] {
                found.push(held(users, paying, sigma, &mut draws));
            }
        }
        let page = [89.5, 93.7, 93.7, 83.0, 88.8, 89.3, 65.3, 75.6, 82.9];
        for (found, page) in found.iter().zip(page) {
            // Another machine's library may round a draw to the other side of a bound.
            assert!((found - page).abs() <= 0.5, "{found} %, and the page says {page} %");
        }
    }
}
