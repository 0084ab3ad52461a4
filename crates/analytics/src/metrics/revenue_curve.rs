//! Cumulative revenue of users by age: the mean cumulative function, which includes users who have
//! not been observed for that long (right-censored). See `docs/metrics/ltv.md`.

use std::collections::BTreeMap;

use polars::prelude::*;

use crate::Result;
use crate::dates::DAY;
use crate::facts::{EventFilter, Facts};
use crate::frames::{CollectBlocking, ints, left_join, sums};
use crate::stats::{Interval, MIN_SAMPLE_SIZE, log_interval, ratio};

/// The revenue of one user by age in whole days, in ascending order.
pub(crate) type RevenueByAge = Vec<(i64, f64)>;

/// Returns the revenue by age of every user, in the order of the users.
///
/// # Errors
/// When a frame cannot be computed.
pub(crate) fn revenue_by_user(facts: &Facts) -> Result<Vec<RevenueByAge>> {
    let users = facts.users().select(["user", "signup_at"])?.with_row_index("row".into(), None)?;
    let rows = left_join(facts.filtered_events(&EventFilter::Any), users.lazy(), &["user"])
        .with_column(Facts::event_age().floor_div(lit(DAY)).alias("age"))
        .group_by_stable([col("row"), col("age")])
        .agg([col("revenue_usd").sum()])
        .collect_blocking()?;
    let mut revenue = vec![RevenueByAge::new(); facts.users().height()];
    let at = ints(&rows, "row")?.into_iter().zip(ints(&rows, "age")?);
    for ((row, age), amount) in at.zip(sums(&rows, "revenue_usd")?) {
        if let Some(user) = usize::try_from(row).ok().and_then(|row| revenue.get_mut(row)) {
            user.push((age, amount));
        }
    }
    Ok(revenue)
}

/// The cumulative revenue of users with unequal observation times, and the spend on them.
#[derive(Debug, Clone, Default)]
pub(crate) struct CumulativeRevenue {
    /// The number of users, and the spend on them, by the number of whole days that they were
    /// observed.
    by_observed_days: BTreeMap<i64, (u64, f64)>,
    /// The paying users: the number of days that they were observed, and their revenue.
    payers: Vec<(i64, RevenueByAge)>,
}

impl CumulativeRevenue {
    /// Adds a user who was observed for a number of whole days.
    pub(crate) fn add_user(&mut self, observed_days: i64, revenue: &RevenueByAge) {
        self.by_observed_days.entry(observed_days).or_default().0 += 1;
        if !revenue.is_empty() {
            self.payers.push((observed_days, revenue.clone()));
        }
    }

    /// Adds spend on users who were observed for a number of whole days.
    pub(crate) fn add_spend(&mut self, observed_days: i64, spend: f64) {
        self.by_observed_days.entry(observed_days).or_default().1 += spend;
    }

    /// Adds the users and the spend of `other`.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (observed_days, (users, spend)) in &other.by_observed_days {
            let ours = self.by_observed_days.entry(*observed_days).or_default();
            ours.0 += users;
            ours.1 += spend;
        }
        self.payers.extend_from_slice(&other.payers);
    }

    /// Returns the number of users.
    pub(crate) fn users(&self) -> u64 {
        self.by_observed_days.values().map(|(users, _)| users).sum()
    }

    /// Returns the total spend in US dollars.
    pub(crate) fn spend(&self) -> f64 {
        self.by_observed_days.values().map(|(_, spend)| spend).sum()
    }

    /// Returns the revenue to date of each paying user.
    pub(crate) fn payer_totals(&self) -> impl Iterator<Item = f64> {
        self.payers.iter().map(|(_, revenue)| revenue.iter().map(|(_, amount)| amount).sum())
    }

    /// Returns the revenue per user, and per dollar spent, by day of age.
    pub(crate) fn curve(&self) -> RevenueCurve<'_> {
        let oldest = self.by_observed_days.keys().next_back().copied().unwrap_or_default();
        let mut by_age = BTreeMap::<i64, Vec<(usize, f64)>>::new();
        for (payer, (observed_days, revenue)) in self.payers.iter().enumerate() {
            // The day of age that begins at `age` is observed to its end by `age + 1`.
            for (age, amount) in revenue.iter().filter(|(age, _)| age < observed_days) {
                by_age.entry(*age).or_default().push((payer, *amount));
            }
        }
        // Per dollar: the revenue of each paying user, and the sum of its squares.
        let (mut per_payer, mut squares) = (vec![0.0; self.payers.len()], 0.0);
        let (mut per_user, mut per_dollar, mut dilution) = (0.0, Some(0.0), 0.0);
        let mut points = Vec::new();
        for age in 0..oldest {
            let old = self.by_observed_days.range(age + 1..);
            let (users, spend) =
                old.fold((0, 0.0), |(users, spend), (_, old)| (users + old.0, spend + old.1));
            let paid = by_age.get(&age).map(Vec::as_slice).unwrap_or_default();
            let sum: f64 = paid.iter().map(|(_, amount)| amount).sum();
            let mean = ratio(sum, users as f64).unwrap_or_default();
            per_user += mean;
            dilution += ratio(mean, users as f64).unwrap_or_default();
            per_dollar = per_dollar.and_then(|so_far: f64| Some(so_far + ratio(sum, spend)?));
            if per_dollar.is_some() {
                for (payer, amount) in paid {
                    let more = per_payer[*payer] + amount / spend;
                    squares += more * more - per_payer[*payer] * per_payer[*payer];
                    per_payer[*payer] = more;
                }
            }
            let error = f64::sqrt(squares.max(0.0));
            points.push(CurvePoint { users, spend, per_user, per_dollar, error, dilution });
        }
        RevenueCurve { revenue: self, points }
    }
}

/// Cumulative revenue by age, from day 1 on.
#[derive(Debug)]
pub(crate) struct RevenueCurve<'r> {
    revenue: &'r CumulativeRevenue,
    points: Vec<CurvePoint>,
}

/// The state at the end of one day of age.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CurvePoint {
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
    dilution: f64,
}

impl CurvePoint {
    /// Returns the interval of `per_dollar`.
    pub(crate) fn per_dollar_interval(&self) -> Option<Interval> {
        log_interval(self.per_dollar?, self.error).filter(|_| self.users >= MIN_SAMPLE_SIZE)
    }
}

impl RevenueCurve<'_> {
    /// Returns the end of each day of age, from day 1 on.
    pub(crate) fn points(&self) -> &[CurvePoint] {
        &self.points
    }

    /// Returns the end of day `age`; `None` if no user has been observed for that long.
    pub(crate) fn at(&self, age: u32) -> Option<&CurvePoint> {
        self.points.get(usize::try_from(age).ok()?.checked_sub(1)?).filter(|point| point.users > 0)
    }

    /// Returns the interval of revenue per user at an age.
    pub(crate) fn per_user_interval(&self, age: u32) -> Option<Interval> {
        let point = self.at(age).filter(|point| point.users >= MIN_SAMPLE_SIZE)?;
        let age = i64::from(age);
        // A user raises the mean by the revenue, and lowers it by adding to the number of users.
        let dilution_at = |observed_days: i64| {
            let last = usize::try_from(observed_days.min(age)).ok()?.checked_sub(1)?;
            self.points.get(last).map(|point| point.dilution)
        };
        let dilution = |observed_days: i64| dilution_at(observed_days).unwrap_or_default();
        let all = self.revenue.by_observed_days.iter();
        let all: f64 = all
            .map(|(observed_days, (users, _))| *users as f64 * dilution(*observed_days).powi(2))
            .sum();
        let payers = self.revenue.payers.iter().map(|(observed_days, revenue)| {
            let paid = revenue.iter().filter(|(day, _)| day < observed_days && *day < age);
            let up: f64 = paid
                .filter_map(|(day, amount)| {
                    let point = self.points.get(usize::try_from(*day).ok()?)?;
                    ratio(*amount, point.users as f64)
                })
                .sum();
            up * up - 2.0 * up * dilution(*observed_days)
        });
        let squares: f64 = all + payers.sum::<f64>();
        // The correction of a sample variance: the mean was computed from the same users.
        let users = point.users as f64;
        log_interval(point.per_user, (squares.max(0.0) * users / (users - 1.0)).sqrt())
    }
}

/// Returns the interval of the mean revenue of `users`, where `paid` are the revenues of the paying
/// ones; `None` below [`MIN_SAMPLE_SIZE`] users.
pub(crate) fn mean_interval(users: u64, paid: impl Iterator<Item = f64>) -> Option<Interval> {
    if users < MIN_SAMPLE_SIZE {
        return None;
    }
    let (sum, squares) =
        paid.fold((0.0, 0.0), |(sum, squares), paid| (sum + paid, squares + paid * paid));
    let users = users as f64;
    let mean: f64 = sum / users;
    let variance = (squares - users * mean * mean).max(0.0) / (users - 1.0);
    log_interval(mean, (variance / users).sqrt())
}

/// Returns the interval of ROAS, revenue over spend, where `paid` are the revenues of the paying
/// users: the same spend might have acquired other users, and another number of them.
pub(crate) fn roas_interval(
    users: u64,
    spend: f64,
    paid: impl Iterator<Item = f64>,
) -> Option<Interval> {
    if users < MIN_SAMPLE_SIZE || spend <= 0.0 {
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
    fn coverage_percent(users: u64, paying: f64, sigma: f64, draws: &mut Normal) -> f64 {
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
    fn interval_coverage_agrees_with_the_documentation() {
        let mut draws = Normal(42);
        let mut found = Vec::new();
        for (paying, sigma) in [(0.6, 1.0), (0.6, 1.5), (0.5, 2.0)] {
            for users in [40, 130, 400] {
                found.push(coverage_percent(users, paying, sigma, &mut draws));
            }
        }
        let page = [89.5, 93.7, 93.7, 83.0, 88.8, 89.3, 65.3, 75.6, 82.9];
        for (found, page) in found.iter().zip(page) {
            // Another machine's library may round a draw to the other side of a bound.
            assert!((found - page).abs() <= 0.5, "{found} %, and the page says {page} %");
        }
    }
}
