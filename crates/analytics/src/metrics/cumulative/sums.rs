//! The sums behind cumulative revenue, of each cohort, in one pass over the events.

use std::ops::Range;

use tidegauge_models::estimate::{Amounts, Dispersion};

use super::revenue::Revenue;
use crate::Result;
use crate::dates::DAY;
use crate::facts::{Accumulate, Facts, UserEvents};
use crate::metrics::cohort::Groups;

/// The exposure of a cohort: its users, and the spend on them, by the number of whole days that
/// they have been observed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Exposure {
    /// Users by observed days.
    users: Vec<u64>,
    /// Spend by observed days.
    spend: Vec<f64>,
    /// The users who have been observed for more than so many days.
    users_beyond: Vec<u64>,
    /// The spend on them.
    spend_beyond: Vec<f64>,
}

impl Exposure {
    pub(crate) fn add_user(&mut self, observed_days: usize) {
        self.extend_to(observed_days);
        self.users[observed_days] += 1;
    }

    pub(crate) fn add_spend(&mut self, observed_days: usize, spend: f64) {
        self.extend_to(observed_days);
        self.spend[observed_days] += spend;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        if let Some(last) = other.users.len().checked_sub(1) {
            self.extend_to(last);
        }
        self.users.iter_mut().zip(&other.users).for_each(|(ours, theirs)| *ours += theirs);
        self.spend.iter_mut().zip(&other.spend).for_each(|(ours, theirs)| *ours += theirs);
    }

    fn extend_to(&mut self, observed_days: usize) {
        if self.users.len() <= observed_days {
            self.users.resize(observed_days + 1, 0);
            self.spend.resize(observed_days + 1, 0.0);
        }
    }

    /// Computes the users and the spend beyond each number of days; called once all are added.
    pub(crate) fn close(&mut self) {
        self.users_beyond = vec![0; self.users.len()];
        self.spend_beyond = vec![0.0; self.users.len()];
        for day in (1..self.users.len()).rev() {
            self.users_beyond[day - 1] = self.users_beyond[day] + self.users[day];
            self.spend_beyond[day - 1] = self.spend_beyond[day] + self.spend[day];
        }
    }

    /// Returns the number of users.
    pub(crate) fn total_users(&self) -> u64 {
        self.users.iter().sum()
    }

    /// Returns the total spend in US dollars.
    pub(crate) fn total_spend(&self) -> f64 {
        self.spend.iter().sum()
    }

    /// Returns the number of days for which some user or spend has been observed.
    pub(crate) fn oldest(&self) -> usize {
        self.users.len().saturating_sub(1)
    }

    /// Returns the users by the number of days that they have been observed.
    pub(crate) fn users_by_days(&self) -> &[u64] {
        &self.users
    }

    /// Returns the number of users who have been observed to the end of the day of age that begins
    /// at `day`.
    pub(crate) fn users_at(&self, day: usize) -> u64 {
        self.users_beyond.get(day).copied().unwrap_or_default()
    }

    /// Returns the spend on them.
    pub(crate) fn spend_at(&self, day: usize) -> f64 {
        self.spend_beyond.get(day).copied().unwrap_or_default()
    }
}

/// The number of days of which counts may be alike, beside the day itself: the rest of a week.
const LAGS: usize = 6;

impl Exposure {
    /// Returns the dispersion of daily signups over the days from the first to the last with spend,
    /// around a constant number per dollar; where more than a tenth of these days are without
    /// spend, such as of a monthly budget, around a constant number per day. It is at least 1,
    /// since arrivals are not more even than by chance, and that of Poisson counts below 21 days.
    pub(crate) fn dispersion(&self) -> Dispersion {
        let is_spent = |spend: &f64| *spend > 0.0;
        let days = self.spend.iter().position(is_spent).zip(self.spend.iter().rposition(is_spent));
        let Some((last, first)) = days else { return Dispersion::POISSON };
        let (users, spend) = (&self.users[last..=first], &self.spend[last..=first]);
        let counts: Vec<f64> = users.iter().map(|users| *users as f64).collect();
        let idle = spend.iter().filter(|spend| !is_spent(spend)).count();
        let exposure =
            if idle * 10 > spend.len() { vec![1.0; spend.len()] } else { spend.to_vec() };
        match Dispersion::of(&counts, &exposure, LAGS) {
            Some(mut dispersion) => {
                dispersion.phi = dispersion.phi.max(1.0);
                dispersion
            }
            None => Dispersion::POISSON,
        }
    }
}

/// The sums of one cohort.
#[derive(Debug, Clone)]
pub(crate) struct CohortSums {
    pub(crate) exposure: Exposure,
    /// The revenue of users by day of age, of those who have been observed to the end of that day.
    pub(crate) revenue_by_day: Vec<f64>,
    /// The sum over users of the square of their weighted cumulative revenue at the end of each day:
    /// weighted by 1 over the users, and by 1 over the spend, of the day.
    pub(crate) squares_per_user: Vec<f64>,
    pub(crate) squares_per_dollar: Vec<f64>,
    /// The cumulative revenue per user at each of the ages, each user's weighted by the inverse of
    /// the share of users who are observed.
    pub(crate) per_user: Vec<Amounts>,
    /// The sum of those amounts by observed days.
    pub(crate) per_user_by_days: Vec<Vec<f64>>,
    /// The cumulative revenue per dollar at each of the ages, times the number of users.
    pub(crate) per_dollar: Vec<Amounts>,
    /// The revenue to date of each user.
    pub(crate) to_date: Amounts,
    pub(crate) volume_usd: f64,
    pub(crate) gross_revenue_usd: f64,
    users: u64,
    has_spend: bool,
}

impl CohortSums {
    /// Creates the sums of a cohort without users.
    pub(crate) fn empty(ages: usize) -> Self {
        Self::new(&Exposure::default(), ages)
    }

    fn new(exposure: &Exposure, ages: usize) -> Self {
        let days = exposure.oldest();
        Self {
            exposure: exposure.clone(),
            revenue_by_day: vec![0.0; days],
            squares_per_user: vec![0.0; days],
            squares_per_dollar: vec![0.0; days],
            per_user: vec![Amounts::new(); ages],
            per_user_by_days: vec![vec![0.0; days + 1]; ages],
            per_dollar: vec![Amounts::new(); ages],
            to_date: Amounts::new(),
            volume_usd: 0.0,
            gross_revenue_usd: 0.0,
            users: exposure.total_users(),
            has_spend: exposure.total_spend() > 0.0,
        }
    }

    /// Adds a user's amounts by day of age, in ascending order of days. Users without an amount up
    /// to an age are not counted in it until [`count_zeros`](Self::count_zeros).
    fn add_days(&mut self, observed: usize, days: &[(usize, f64)], ages: &[u32]) {
        let (mut per_user, mut per_dollar) = (0.0, 0.0);
        let mut next = 0;
        for (day, amount) in days.iter().copied().take_while(|(day, _)| *day < observed) {
            next = self.close_ages(ages, next..ages.len(), day, (observed, per_user, per_dollar));
            self.revenue_by_day[day] += amount;
            let more = amount / self.exposure.users_at(day) as f64;
            // The increase of the square, without the cancellation of a difference of squares.
            self.squares_per_user[day] += more * (2.0 * per_user + more);
            per_user += more;
            let spend = if self.has_spend { self.exposure.spend_at(day) } else { 0.0 };
            if spend > 0.0 {
                let more = amount / spend;
                self.squares_per_dollar[day] += more * (2.0 * per_dollar + more);
                per_dollar += more;
            }
        }
        self.close_ages(ages, next..ages.len(), usize::MAX, (observed, per_user, per_dollar));
    }

    /// Adds the amounts of a user to the ages up to a day, and returns the place of the next age.
    fn close_ages(
        &mut self,
        ages: &[u32],
        places: Range<usize>,
        up_to: usize,
        (observed, per_user, per_dollar): (usize, f64, f64),
    ) -> usize {
        let all = self.users as f64;
        for place in places.clone() {
            if ages[place] as usize > up_to {
                return place;
            }
            if per_user != 0.0 {
                self.per_user[place].add(per_user * all);
                self.per_user_by_days[place][observed] += per_user * all;
            }
            if per_dollar != 0.0 {
                self.per_dollar[place].add(per_dollar * all);
            }
        }
        places.end
    }

    /// Counts the users without an amount up to an age.
    fn count_zeros(&mut self) {
        for amounts in self.per_user.iter_mut().chain(&mut self.per_dollar) {
            amounts.add_zeros(self.users.saturating_sub(amounts.users()));
        }
    }

    fn merge(&mut self, following: Self) {
        fn add(ours: &mut [f64], theirs: &[f64]) {
            ours.iter_mut().zip(theirs).for_each(|(ours, theirs)| *ours += theirs);
        }
        add(&mut self.revenue_by_day, &following.revenue_by_day);
        add(&mut self.squares_per_user, &following.squares_per_user);
        add(&mut self.squares_per_dollar, &following.squares_per_dollar);
        for (ours, theirs) in self.per_user_by_days.iter_mut().zip(&following.per_user_by_days) {
            add(ours, theirs);
        }
        let amounts = [
            (&mut self.per_user, following.per_user),
            (&mut self.per_dollar, following.per_dollar),
        ];
        for (ours, theirs) in amounts {
            ours.iter_mut().zip(theirs).for_each(|(ours, theirs)| ours.merge(theirs));
        }
        self.to_date.merge(following.to_date);
        self.volume_usd += following.volume_usd;
        self.gross_revenue_usd += following.gross_revenue_usd;
    }
}

/// A partition of the users into groups, with the exposure of each.
pub(crate) type Grouping<'g> = (&'g Groups, &'g [Exposure]);

/// The fold of all cohorts of some groupings.
struct Cumulation<'f> {
    facts: &'f Facts,
    observed_days: &'f [u32],
    revenue: Revenue,
    ages: &'f [u32],
    groupings: Vec<(&'f Groups, Vec<CohortSums>)>,
    /// The revenue of the current user by day of age.
    days: Vec<(usize, f64)>,
}

impl Accumulate for Cumulation<'_> {
    fn add(&mut self, user: UserEvents<'_>) {
        let signup = self.facts.users.signup_at[user.user];
        let observed = self.observed_days[user.user] as usize;
        self.days.clear();
        let (mut total, mut gross, mut volume) = (0.0, 0.0, 0.0);
        for event in user.iter() {
            let amount = self.revenue.of(&event);
            total += amount;
            gross += Revenue::Gross.of(&event);
            volume += event.volume_usd;
            let day = usize::try_from((event.at - signup).div_euclid(DAY)).unwrap_or_default();
            match self.days.last_mut() {
                Some((last, sum)) if *last == day => *sum += amount,
                _ => self.days.push((day, amount)),
            }
        }
        for (groups, cohorts) in &mut self.groupings {
            let cohort = &mut cohorts[groups.of(user.user)];
            cohort.volume_usd += volume;
            cohort.gross_revenue_usd += gross;
            cohort.to_date.add(total);
            cohort.add_days(observed, &self.days, self.ages);
        }
    }

    fn merge(&mut self, following: Self) {
        for ((_, ours), (_, theirs)) in self.groupings.iter_mut().zip(following.groupings) {
            ours.iter_mut().zip(theirs).for_each(|(ours, theirs)| ours.merge(theirs));
        }
    }
}

/// Returns the sums of each group of users, for each grouping. `observed_days` are the whole days
/// that each user has been observed; `ages` are in ascending order.
///
/// # Errors
/// When the events cannot be read.
pub(crate) fn cumulate<const N: usize>(
    facts: &Facts,
    groupings: [Grouping<'_>; N],
    observed_days: &[u32],
    (revenue, ages): (Revenue, &[u32]),
) -> Result<[Vec<CohortSums>; N]> {
    let sums = |exposures: &[Exposure]| {
        exposures.iter().map(|of| CohortSums::new(of, ages.len())).collect::<Vec<_>>()
    };
    let new = || Cumulation {
        facts,
        observed_days,
        revenue,
        ages,
        groupings: groupings.iter().map(|(groups, of)| (*groups, sums(of))).collect(),
        days: Vec::new(),
    };
    let mut cohorts = facts.fold(new)?.groupings.into_iter().map(|(_, cohorts)| cohorts);
    Ok(groupings.map(|_| {
        let mut cohorts = cohorts.next().unwrap_or_default();
        cohorts.iter_mut().for_each(CohortSums::count_zeros);
        cohorts
    }))
}
