//! Cumulative revenue by age, per user and per dollar spent.

use tidegauge_models::Estimate;

use super::sums::CohortSums;
use crate::stats::ratio;

/// Cumulative revenue by age, from day 1 on.
#[derive(Debug)]
pub(crate) struct Curve<'s> {
    sums: &'s CohortSums,
    ages: &'s [u32],
    level: f64,
    seed: u64,
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
    /// The sum over users of the square of their part of `per_user`.
    squares_per_user: f64,
    /// The standard error of `per_dollar`: the number of users is random too.
    error_per_dollar: f64,
    /// The sum over the days of mean / users: the amount by which a user without revenue lowers the
    /// mean.
    dilution: f64,
    /// The sum over users of the square of the expected revenue per dollar of a user observed for
    /// as long.
    expected_squares: f64,
}

impl<'s> Curve<'s> {
    /// Creates the curve of a cohort, whose amounts are known at `ages`, with intervals of a nominal
    /// level and a seed.
    pub(crate) fn new(sums: &'s CohortSums, ages: &'s [u32], (level, seed): (f64, u64)) -> Self {
        let exposure = &sums.exposure;
        let (mut per_user, mut per_dollar, mut dilution) = (0.0, Some(0.0), 0.0);
        let (mut squares_per_user, mut squares_per_dollar) = (0.0, 0.0);
        // The expected revenue per dollar of a user, and the squares of users who are no longer
        // observed.
        let (mut expected, mut settled) = (0.0, 0.0);
        let mut points = Vec::with_capacity(sums.revenue_by_day.len());
        for (day, sum) in sums.revenue_by_day.iter().copied().enumerate() {
            let (users, spend) = (exposure.users_at(day), exposure.spend_at(day));
            settled += exposure.users_by_days()[day] as f64 * expected * expected;
            expected += ratio(sum, users as f64 * spend).unwrap_or_default();
            let mean = ratio(sum, users as f64).unwrap_or_default();
            per_user += mean;
            dilution += ratio(mean, users as f64).unwrap_or_default();
            per_dollar = per_dollar.and_then(|so_far: f64| Some(so_far + ratio(sum, spend)?));
            squares_per_user += sums.squares_per_user[day];
            squares_per_dollar += sums.squares_per_dollar[day];
            points.push(CurvePoint {
                users,
                spend,
                per_user,
                per_dollar,
                squares_per_user,
                error_per_dollar: f64::sqrt(squares_per_dollar.max(0.0)),
                dilution,
                expected_squares: settled + users as f64 * expected * expected,
            });
        }
        Self { sums, ages, level, seed, points }
    }

    /// Sets the dispersion φ of the number of users: the variance of revenue per dollar grows by
    /// φ − 1 times the sum over users of the square of what each is expected to bring.
    pub(crate) fn dispersed(mut self, phi: f64) -> Self {
        for point in &mut self.points {
            let variance = point.error_per_dollar.powi(2) + (phi - 1.0) * point.expected_squares;
            point.error_per_dollar = variance.sqrt();
        }
        self
    }

    /// Returns the sum over users of the square of the expected revenue of a user of their age.
    pub(crate) fn squares_to_date(&self) -> f64 {
        let users = self.sums.exposure.users_by_days().iter().enumerate().skip(1);
        let expected = |(days, users): (usize, &u64)| {
            self.points.get(days - 1).map_or(0.0, |point| *users as f64 * point.per_user.powi(2))
        };
        users.map(expected).sum()
    }

    /// Returns the end of each day of age, from day 1 on.
    pub(crate) fn points(&self) -> &[CurvePoint] {
        &self.points
    }

    /// Returns the end of day `age`; `None` if no user has been observed for that long.
    pub(crate) fn at(&self, age: u32) -> Option<&CurvePoint> {
        self.points.get(usize::try_from(age).ok()?.checked_sub(1)?).filter(|point| point.users > 0)
    }

    /// Returns the revenue per user at one of the ages.
    pub(crate) fn per_user(&self, age: u32) -> Estimate {
        let place = self.ages.iter().position(|known| *known == age);
        let (Some(point), Some(place)) = (self.at(age), place) else {
            return Estimate::undetermined(0);
        };
        let all = self.sums.exposure.total_users() as f64;
        // A user raises the mean by the revenue, and lowers it by adding to the number of users.
        let dilution_at = |observed_days: usize| {
            let last = observed_days.min(usize::try_from(age).unwrap_or(usize::MAX));
            let point = last.checked_sub(1).and_then(|last| self.points.get(last));
            point.map_or(0.0, |point| point.dilution)
        };
        let by_days = self.sums.per_user_by_days[place].iter().enumerate();
        let products: f64 = by_days.map(|(days, amount)| amount / all * dilution_at(days)).sum();
        let users = self.sums.exposure.users_by_days().iter().enumerate();
        let dilutions: f64 =
            users.map(|(days, users)| *users as f64 * dilution_at(days).powi(2)).sum();
        let squares = point.squares_per_user - 2.0 * products + dilutions;
        // The correction of a sample variance: the mean was computed from the same users.
        let n = point.users as f64;
        let error = (squares.max(0.0) * n / (n - 1.0)).sqrt();
        let amounts = &self.sums.per_user[place];
        let seed = self.seed ^ u64::from(age);
        let estimate = amounts.estimate_around(point.per_user, error, self.level, seed);
        of_users(estimate, point.users)
    }

    /// Returns the revenue per dollar at one of the ages: the same spend might have acquired other
    /// users, and another number of them.
    pub(crate) fn per_dollar(&self, age: u32) -> Estimate {
        let place = self.ages.iter().position(|known| *known == age);
        let (Some(point), Some(place)) = (self.at(age), place) else {
            return Estimate::undetermined(0);
        };
        let Some(value) = point.per_dollar else { return Estimate::undetermined(point.users) };
        let amounts = &self.sums.per_dollar[place];
        let seed = self.seed ^ u64::from(age);
        let estimate = amounts.estimate_around(value, point.error_per_dollar, self.level, seed);
        of_users(estimate, point.users)
    }

    /// Returns the bounds of the revenue per dollar at the end of each day of age: the standard
    /// error is of the day, the shape of the interval of the nearest of the ages that has one.
    pub(crate) fn per_dollar_band(&self) -> Vec<Option<(f64, f64)>> {
        let shape = |age: u32| {
            let point = self.at(age)?;
            let (value, interval) = (point.per_dollar?, self.per_dollar(age).interval?);
            let relative = point.error_per_dollar / value;
            let reach = |bound: f64| libm::log(bound / value) / relative;
            let reaches = (reach(interval.low), reach(interval.high));
            (reaches.0.is_finite() && reaches.1.is_finite()).then_some((age, reaches))
        };
        let shapes: Vec<(u32, (f64, f64))> =
            self.ages.iter().filter_map(|age| shape(*age)).collect();
        let band = |(point, age): (&CurvePoint, u32)| {
            let (_, (low, high)) = shapes.iter().min_by_key(|(known, _)| known.abs_diff(age))?;
            let value = point.per_dollar.filter(|value| *value > 0.0)?;
            let relative = point.error_per_dollar / value;
            Some((value * libm::exp(low * relative), value * libm::exp(high * relative)))
        };
        self.points.iter().zip(1u32..).map(band).collect()
    }
}

/// Returns an estimate with the number of users who have reached its age.
fn of_users(mut estimate: Estimate, users: u64) -> Estimate {
    estimate.n = users;
    estimate
}
