//! The mean cumulative amount by age, of users observed for different times.

use std::collections::BTreeMap;

use super::amounts::Amounts;
use super::cluster::TwoWay;
use super::sum::Sum;
use super::types::Estimate;

/// The number of days of a week.
const WEEK: u32 = 7;

/// The mean cumulative amount per user by age, Dₙ, streamed: a mergeable accumulator.
///
/// User i is observed for oᵢ whole days of age, of which day d has the amount r_id; N_d users are
/// observed through day d, counted from 0, and N = N₀:
///
/// ```text
/// Dₙ = Σ over d < n of Σᵢ r_id / N_d  =  mean of yᵢ,     yᵢ = Σ over d < min(n, oᵢ) of r_id N/N_d
/// ψᵢ = Σ over d < min(n, oᵢ) of (r_id − r̄_d) / N_d
/// ```
///
/// The standard error is √(Nₙ/(Nₙ − 1) Σψ²) with Nₙ the users observed to age n, and the interval
/// the hybrid bootstrap-t of the yᵢ. If all users are observed to age n, the estimate is the
/// [`mean`](super::mean()) of their amounts. It is assumed that the time of observation says
/// nothing about the amounts.
///
/// Sources: W. Nelson (1995), Technometrics 37, 147–157; J. F. Lawless and C. Nadeau (1995),
/// Technometrics 37, 158–168.
///
/// ```
/// use tidegauge_models::estimate::CumulativeMean;
///
/// // Forty users observed for 30 days, and twenty for 7.
/// let mut revenue = CumulativeMean::new(&[7, 30], [(30, 40), (7, 20)]);
/// for user in 0..12_u32 {
///     revenue.add(30, &[(0, 6.0), (14, f64::from(user))])?;
/// }
/// let week = revenue.estimate(0, 0.9, 7);
/// assert_eq!((week.value, week.n), (Some(12.0 * 6.0 / 60.0), 60));
/// let month = revenue.estimate(1, 0.9, 7);
/// assert!((month.value.unwrap_or(0.0) - (1.2 + 66.0 / 40.0)).abs() < 1e-12);
/// # Ok::<(), tidegauge_models::estimate::NotDeclared>(())
/// ```
#[derive(Debug, Clone)]
pub struct CumulativeMean {
    ages: Vec<Age>,
    /// Users observed through each day of age, up to the largest age.
    at_risk: Vec<u64>,
    /// By the number of days observed.
    groups: BTreeMap<u32, Group>,
}

/// The error of a user whose time of observation was not declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "no user was declared to be observed for {days} days: count every user by days observed when \
     the accumulator is created"
)]
pub struct NotDeclared {
    days: u32,
}

/// An age at which the mean is estimated.
#[derive(Debug, Clone)]
struct Age {
    days: u32,
    /// The weighted amounts yᵢ.
    amounts: Amounts,
    /// The sum of squares of the weighted amounts by user, and by user and calendar week.
    by_user: Sum,
    by_week: Sum,
}

/// Users who are observed for the same number of days: their signup is the same day.
#[derive(Debug, Clone)]
struct Group {
    users: u64,
    /// The sum of their amounts by day of age.
    totals: Vec<Sum>,
}

impl CumulativeMean {
    /// Creates the accumulator for ages in days, from the number of users by the number of whole
    /// days for which they are observed. Users observed for no day count nowhere.
    ///
    /// ```
    /// use tidegauge_models::estimate::CumulativeMean;
    ///
    /// // Four users observed for 30 days, and two for 7.
    /// let mut revenue = CumulativeMean::new(&[7, 30], [(30, 4), (7, 2)]);
    /// assert_eq!((revenue.observed(0), revenue.observed(1)), (6, 4));
    /// # let _ = &mut revenue;
    /// ```
    #[must_use]
    pub fn new(ages: &[u32], observed: impl IntoIterator<Item = (u32, u64)>) -> Self {
        let longest = ages.iter().copied().max().unwrap_or(0);
        let mut groups = BTreeMap::new();
        for (days, users) in observed {
            let totals = vec![Sum::default(); days.min(longest) as usize];
            groups.entry(days).or_insert(Group { users: 0, totals }).users += users;
        }
        let through =
            |day| groups.range(day + 1..).map(|(_, group): (_, &Group)| group.users).sum();
        let at_risk = (0..longest).map(through).collect();
        let age = |days: &u32| Age {
            days: *days,
            amounts: Amounts::new(),
            by_user: Sum::default(),
            by_week: Sum::default(),
        };
        Self { ages: ages.iter().map(age).collect(), at_risk, groups }
    }

    /// Adds a user who has an amount, by the number of days observed, and amounts by day of age, in
    /// any order; a user is added once.
    ///
    /// Amounts on days that are not observed in whole are left out. Users without any amount need
    /// not be added: they are known from their number.
    ///
    /// # Errors
    /// Returns an error if no users were declared for that number of days; the accumulator is then
    /// unchanged.
    ///
    /// ```
    /// use tidegauge_models::estimate::CumulativeMean;
    ///
    /// // Four users observed for 30 days, and two for 7.
    /// let mut revenue = CumulativeMean::new(&[7, 30], [(30, 4), (7, 2)]);
    /// revenue.add(30, &[(0, 6.0), (14, 8.0)])?;
    /// assert!(revenue.add(20, &[(0, 1.0)]).is_err()); // no user was declared for 20 days
    /// assert_eq!(revenue.estimate(1, 0.9, 7).value, Some(6.0 / 6.0 + 8.0 / 4.0));
    /// # Ok::<(), tidegauge_models::estimate::NotDeclared>(())
    /// ```
    pub fn add(&mut self, observed: u32, amounts: &[(u32, f64)]) -> Result<(), NotDeclared> {
        let group = self.groups.get_mut(&observed).ok_or(NotDeclared { days: observed })?;
        let mut amounts: Vec<(u32, f64)> =
            amounts.iter().copied().filter(|(day, _)| *day < observed).collect();
        amounts.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        for (day, amount) in &amounts {
            if let Some(total) = group.totals.get_mut(*day as usize) {
                total.add(*amount);
            }
        }
        let all = self.at_risk.first().copied().unwrap_or(0) as f64;
        for age in &mut self.ages {
            let (mut sum, mut of_week, mut week) = (0.0, 0.0, None);
            for (day, amount) in amounts.iter().filter(|(day, _)| *day < age.days) {
                if week != Some(week_of(observed, *day)) {
                    age.by_week.add_square(of_week);
                    (of_week, week) = (0.0, Some(week_of(observed, *day)));
                }
                let weighted = amount * (all / self.at_risk[*day as usize] as f64);
                sum += weighted;
                of_week += weighted;
            }
            age.by_week.add_square(of_week);
            age.by_user.add_square(sum);
            if sum != 0.0 {
                age.amounts.add(sum);
            }
        }
        Ok(())
    }

    /// Adds the users of another part, created with the same ages and numbers of users.
    ///
    /// ```
    /// use tidegauge_models::estimate::CumulativeMean;
    ///
    /// // Four users observed for 30 days, and two for 7.
    /// let mut revenue = CumulativeMean::new(&[7, 30], [(30, 4), (7, 2)]);
    /// let mut other = revenue.clone();
    /// revenue.add(30, &[(0, 6.0)])?;
    /// other.add(7, &[(3, 12.0)])?;
    /// revenue.merge(other);
    /// assert_eq!(revenue.estimate(0, 0.9, 7).value, Some(18.0 / 6.0));
    /// # Ok::<(), tidegauge_models::estimate::NotDeclared>(())
    /// ```
    pub fn merge(&mut self, other: Self) {
        for (age, other) in self.ages.iter_mut().zip(other.ages) {
            age.amounts.merge(other.amounts);
            age.by_user.merge(other.by_user);
            age.by_week.merge(other.by_week);
        }
        for (days, other) in other.groups {
            let totals = self.groups.get_mut(&days).into_iter().flat_map(|own| &mut own.totals);
            for (own, other) in totals.zip(other.totals) {
                own.merge(other);
            }
        }
    }

    /// Returns the number of users observed to an age, given by its index.
    ///
    /// ```
    /// use tidegauge_models::estimate::CumulativeMean;
    ///
    /// // Four users observed for 30 days, and two for 7.
    /// let mut revenue = CumulativeMean::new(&[7, 30], [(30, 4), (7, 2)]);
    /// assert_eq!((revenue.observed(0), revenue.observed(1)), (6, 4));
    /// # let _ = &mut revenue;
    /// ```
    #[must_use]
    pub fn observed(&self, age: usize) -> u64 {
        let last = self.ages.get(age).and_then(|age| age.days.checked_sub(1));
        last.and_then(|day| self.at_risk.get(day as usize)).copied().unwrap_or(0)
    }

    /// Returns Dₙ at an age, given by its index, with its interval if users are independent; `n` is
    /// the number of users observed to that age, and without any the age is undetermined.
    ///
    /// ```
    /// use tidegauge_models::estimate::CumulativeMean;
    ///
    /// // Four users observed for 30 days, and two for 7.
    /// let mut revenue = CumulativeMean::new(&[7, 30], [(30, 4), (7, 2)]);
    /// revenue.add(30, &[(0, 6.0), (14, 8.0)])?;
    /// assert_eq!(revenue.estimate(0, 0.9, 7).value, Some(1.0));
    /// # Ok::<(), tidegauge_models::estimate::NotDeclared>(())
    /// ```
    #[must_use]
    pub fn estimate(&self, age: usize, level: f64, seed: u64) -> Estimate {
        self.with_variance(age, level, seed, |variance| variance.users)
    }

    /// Returns Dₙ as [`estimate`](Self::estimate) does, with the interval that also allows for
    /// shocks which users share in a calendar week.
    ///
    /// ```
    /// use tidegauge_models::estimate::CumulativeMean;
    ///
    /// // Four users observed for 30 days, and two for 7.
    /// let mut revenue = CumulativeMean::new(&[7, 30], [(30, 4), (7, 2)]);
    /// revenue.add(30, &[(0, 6.0), (14, 8.0)])?;
    /// let (shared, independent) = (revenue.estimate_clustered(1, 0.9, 7), revenue.estimate(1, 0.9, 7));
    /// assert_eq!((shared.value, shared.n), (independent.value, 4));
    /// # Ok::<(), tidegauge_models::estimate::NotDeclared>(())
    /// ```
    #[must_use]
    pub fn estimate_clustered(&self, age: usize, level: f64, seed: u64) -> Estimate {
        self.with_variance(age, level, seed, |variance| variance.variance())
    }

    /// Returns an estimate whose standard error is chosen from the parts of the variance.
    fn with_variance(
        &self,
        age: usize,
        level: f64,
        seed: u64,
        choose: impl Fn(&TwoWay) -> f64,
    ) -> Estimate {
        let observed = self.observed(age);
        let Some(own) = self.ages.get(age).filter(|_| observed > 0) else {
            return Estimate::undetermined(observed);
        };
        // Of one user there is no variance, and without it no interval.
        let error = self.variance(age).map_or(f64::NAN, |variance| choose(&variance).sqrt());
        let all = self.at_risk.first().copied().unwrap_or(0);
        let zeros = all.saturating_sub(own.amounts.users());
        let estimate = own.amounts.estimate_with_error(zeros, error, level, seed);
        Estimate { n: observed, ..estimate }
    }

    /// Returns the variance of Dₙ at an age, given by its index, in its parts by user and by
    /// calendar week, counted backwards from the end of observation; `None` below two users
    /// observed to that age.
    ///
    /// ```
    /// use tidegauge_models::estimate::CumulativeMean;
    ///
    /// // Four users observed for 30 days, and two for 7.
    /// let mut revenue = CumulativeMean::new(&[7, 30], [(30, 4), (7, 2)]);
    /// revenue.add(30, &[(0, 6.0)])?;
    /// let variance = revenue.variance(0).ok_or("two users and more")?;
    /// assert!(variance.variance() >= variance.users && variance.users > 0.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn variance(&self, age: usize) -> Option<TwoWay> {
        let observed = self.observed(age);
        let age = self.ages.get(age).filter(|_| observed > 1)?;
        let all = *self.at_risk.first()? as f64;
        let days = age.days as usize;
        let mut rates = vec![0.0; days];
        for group in self.groups.values() {
            for (rate, total) in rates.iter_mut().zip(&group.totals) {
                *rate += total.value();
            }
        }
        for (rate, at_risk) in rates.iter_mut().zip(&self.at_risk) {
            *rate /= *at_risk as f64;
        }
        let weights: Vec<f64> =
            self.at_risk[..days].iter().map(|at_risk| all / *at_risk as f64).collect();
        // Σ (y − c)² = Σ y² − 2 c Σ y + users c², with c expected of a user's days of observation.
        let (mut by_user, mut by_week) = (age.by_user.value(), age.by_week.value());
        let last_week = self.groups.keys().last().map_or(0, |observed| week_of(*observed, 0));
        let mut weeks = vec![0.0; last_week as usize + 1];
        for (observed, group) in &self.groups {
            let users = group.users as f64;
            let less = |(expected, total): (f64, f64)| (users * expected - 2.0 * total) * expected;
            let (mut whole, mut of_week, mut week) = ((0.0, 0.0), (0.0, 0.0), None);
            let days = (0_u32..).zip(rates.iter().zip(&weights).zip(&group.totals));
            for (day, ((rate, weight), total)) in days {
                let (expected, total) = (rate * weight, total.value() * weight);
                let now = week_of(*observed, day);
                if week != Some(now) {
                    by_week += less(of_week);
                    (of_week, week) = ((0.0, 0.0), Some(now));
                }
                whole = (whole.0 + expected, whole.1 + total);
                of_week = (of_week.0 + expected, of_week.1 + total);
                weeks[now as usize] += total - users * expected;
            }
            by_week += less(of_week);
            by_user += less(whole);
        }
        weeks.retain(|influence| *influence != 0.0);
        let shared: f64 = weeks.iter().map(|sum| sum * sum).sum();
        let last = observed as f64;
        let scale = last / (last - 1.0) / (all * all);
        let parts = [by_user, shared, by_week].map(|part| part.max(0.0) * scale);
        Some(TwoWay::new(parts[0], parts[1], parts[2], weeks.len() as u64))
    }
}

/// Returns the calendar week of a day of age, counted backwards from the end of observation.
fn week_of(observed: u32, day: u32) -> u32 {
    observed.saturating_sub(day + 1) / WEEK
}
