//! The signup schedule and the marketing spend of every day, fixed before any user trades.

use std::ops::Range;

use chrono::{Datelike, Days, NaiveDate};

use crate::exchange::marketing::channels::{CHANNELS, Channel};
use crate::exchange::scenario::Scenario;
use crate::exchange::scenario::span;
use crate::rng::{RandomStream, StreamId};

/// A channel and one of its campaigns; unpaid channels have no campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Attribution {
    pub(crate) channel: usize,
    pub(crate) campaign: Option<usize>,
}

impl Attribution {
    /// Returns the channel.
    pub(crate) fn channel(self) -> &'static Channel {
        &CHANNELS[self.channel]
    }

    /// Returns the name of the campaign, or `None` for an unpaid channel.
    pub(crate) fn campaign(self) -> Option<&'static str> {
        self.campaign.and_then(|at| self.channel().campaigns.get(at)).map(|campaign| campaign.name)
    }
}

/// The schedule of signups and marketing spend by day, channel and campaign.
#[derive(Debug)]
pub(crate) struct SignupPlan {
    attributions: Vec<Attribution>,
    /// Cumulative signups before each day and campaign, day-major.
    before: Vec<u64>,
    /// Spend of each day and campaign, in US cents, day-major.
    spend: Vec<i64>,
    users: u64,
    /// Channels that are switched off, with their days counted from the first.
    off: Vec<(usize, Range<usize>)>,
}

impl SignupPlan {
    /// Schedules `users` signups over `days` days from `first` on. Channels that a scenario switches off keep
    /// their users' numbers.
    pub(crate) fn new(
        seed: u64,
        users: u64,
        first: NaiveDate,
        days: usize,
        scenarios: &[Scenario],
    ) -> Self {
        let attributions = attributions();
        let mut weights = vec![0.0; days * attributions.len()];
        let mut spends = weights.clone();
        for (at, attribution) in attributions.iter().enumerate() {
            let mut rng = RandomStream::new(seed, StreamId::Campaign, at as u64);
            let channel = attribution.channel();
            let share = attribution.campaign.map_or(1.0, |at| channel.campaigns[at].share);
            let (mut total, mut spent, mut noise) = (0.0, 0.0, 0.0);
            for day in 0..days {
                // Demand is autocorrelated: an AR(1) process.
                noise = 0.8 * noise + 0.15 * rng.normal();
                let effort = seasonal_factor(first, day) * growth(day, days) * libm::exp(noise);
                // Campaigns pause occasionally.
                let effort = if rng.chance(0.02) { 0.1 * effort } else { effort };
                let demand = libm::pow(effort, channel.saturation);
                weights[day * attributions.len() + at] = demand;
                spends[day * attributions.len() + at] = effort;
                (total, spent) = (total + demand, spent + effort);
            }
            let signups = channel.share * share * users as f64;
            let cost = signups * channel.cost * 100.0;
            for day in 0..days {
                weights[day * attributions.len() + at] *= signups / total;
                spends[day * attributions.len() + at] *= cost / spent;
            }
        }
        // Rounding cumulative sums places every user exactly once.
        let (mut sum, mut before) = (0.0, Vec::with_capacity(weights.len() + 1));
        for weight in &weights {
            before.push(to_count(sum).min(users));
            sum += weight;
        }
        before.push(users);
        let spend = spends
            .iter()
            .map(|cents| i64::try_from(to_count(*cents)).unwrap_or(i64::MAX))
            .collect();
        let off = scenarios.iter().filter_map(|scenario| channel_off(scenario, first)).collect();
        Self { attributions, before, spend, users, off }
    }

    /// Returns `true` if a channel is off on a day, counted from the first. Its users keep their numbers, so
    /// that the numbers of all other users stay the same.
    pub(crate) fn is_off(&self, day: usize, attribution: Attribution) -> bool {
        self.off
            .iter()
            .any(|(channel, days)| *channel == attribution.channel && days.contains(&day))
    }

    /// Returns the signup day, counted from the first, and the campaign of a user, counted from 0.
    pub(crate) fn signup(&self, user: u64) -> (usize, Attribution) {
        let cell = self.before.partition_point(|before| *before <= user).saturating_sub(1);
        let cell = cell.min(self.spend.len().saturating_sub(1));
        (cell / self.attributions.len(), self.attributions[cell % self.attributions.len()])
    }

    /// Returns the total number of scheduled users.
    pub(crate) fn users(&self) -> u64 {
        self.users
    }

    /// Returns the number of users who sign up before a day.
    pub(crate) fn signed_up_before(&self, day: usize) -> u64 {
        self.before.get(day * self.attributions.len()).copied().unwrap_or(self.users)
    }

    /// Returns the spend of a day by campaign, in US cents; unpaid channels and channels that are off are
    /// left out.
    pub(crate) fn spend(&self, day: usize) -> impl Iterator<Item = (Attribution, i64)> {
        let from = day * self.attributions.len();
        let cells = self.spend.get(from..from + self.attributions.len()).unwrap_or_default();
        let all =
            self.attributions.iter().zip(cells).map(|(attribution, cents)| (*attribution, *cents));
        all.filter(move |(attribution, _)| {
            attribution.campaign.is_some() && !self.is_off(day, *attribution)
        })
    }
}

/// Returns the channel that a scenario switches off, and its days counted from `first`.
fn channel_off(scenario: &Scenario, first: NaiveDate) -> Option<(usize, Range<usize>)> {
    let Scenario::ChannelOff { channel, from, days } = scenario else { return None };
    let place = CHANNELS.iter().position(|candidate| candidate.name == channel)?;
    let (from, to) = span(*from, *days);
    let number = |day: NaiveDate| usize::try_from((day - first).num_days().max(0)).ok();
    Some((place, number(from)?..number(to)?))
}

/// Returns all pairs of channel and campaign.
fn attributions() -> Vec<Attribution> {
    let mut attributions = Vec::new();
    for (channel, definition) in CHANNELS.iter().enumerate() {
        match definition.campaigns.len() {
            0 => attributions.push(Attribution { channel, campaign: None }),
            count => attributions
                .extend((0..count).map(|at| Attribution { channel, campaign: Some(at) })),
        }
    }
    attributions
}

/// Returns the seasonal factor of a day: lower at weekends, higher around the new year.
fn seasonal_factor(first: NaiveDate, day: usize) -> f64 {
    let day = first.checked_add_days(Days::new(day as u64)).unwrap_or(first);
    let year = f64::from(day.ordinal0()) / 365.25;
    weekday_factor(day) * (1.0 + 0.15 * libm::cos(std::f64::consts::TAU * year))
}

/// Returns the activity on a day of the week relative to the average.
pub(crate) fn weekday_factor(day: NaiveDate) -> f64 {
    if day.weekday().num_days_from_monday() < 5 { 1.06 } else { 0.85 }
}

/// Returns the linear growth of demand, from half to full over the signup period.
fn growth(day: usize, days: usize) -> f64 {
    0.5 + 0.5 * day as f64 / days.max(1) as f64
}

/// Rounds to the nearest integer; negative values become 0.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // numbers of users and cents
fn to_count(value: f64) -> u64 {
    (value + 0.5).max(0.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_sign_up_once_and_channels_match_shares_and_costs() {
        let plan = SignupPlan::new(42, 100_000, NaiveDate::default(), 365, &[]);
        let (mut signups, mut last) = ([0u32; CHANNELS.len()], 0);
        for user in 0..100_000 {
            let (day, attribution) = plan.signup(user);
            assert!((last..365).contains(&day));
            assert!(plan.signed_up_before(day) <= user && user < plan.signed_up_before(day + 1));
            signups[attribution.channel] += 1;
            last = day;
        }
        let mut spent = [0; CHANNELS.len()];
        for (attribution, cents) in (0..365).flat_map(|day| plan.spend(day).collect::<Vec<_>>()) {
            spent[attribution.channel] += cents;
        }
        for ((channel, signups), cents) in CHANNELS.iter().zip(signups).zip(spent) {
            let wanted = channel.share * 100_000.0;
            assert!(
                (f64::from(signups) - wanted).abs() < 0.002 * wanted,
                "{} {signups}",
                channel.name
            );
            let cost = cents as f64 / 100.0 / f64::from(signups);
            assert!(
                (cost - channel.cost).abs() < 0.003 * channel.cost + 1e-9,
                "{} {cost}",
                channel.name
            );
        }
    }

    #[test]
    fn returns_on_daily_spend_diminish() {
        let plan = SignupPlan::new(42, 10_000_000, NaiveDate::default(), 365, &[]);
        let social = 2;
        let mut days: Vec<(i64, f64)> = (0..365)
            .map(|day| {
                let cents =
                    plan.spend(day).filter(|(attribution, _)| attribution.channel == social);
                let users = plan.signed_up_before(day)..plan.signed_up_before(day + 1);
                // One user in a hundred is a sufficient sample.
                let signups =
                    users.step_by(100).filter(|user| plan.signup(*user).1.channel == social);
                (cents.map(|(_, cents)| cents).sum(), signups.count() as f64)
            })
            .collect();
        days.sort_by_key(|(cents, _)| *cents);
        let cost = |days: &[(i64, f64)]| {
            let cents: i64 = days.iter().map(|day| day.0).sum();
            cents as f64 / days.iter().map(|day| day.1).sum::<f64>()
        };
        assert!(cost(&days[300..]) > 1.15 * cost(&days[..65]));
    }
}
