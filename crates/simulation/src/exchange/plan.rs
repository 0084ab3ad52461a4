//! Who signs up when and through what, and what that costs: decided for all days before anybody trades.

use std::ops::Range;

use chrono::{Datelike, Days, NaiveDate};

use super::Scenario;
use super::channels::{CHANNELS, Channel};
use super::scenario::span;
use crate::draw::{Draws, Stream};

/// Channel and campaign; of a channel without campaigns, the channel alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Way {
    pub(super) channel: usize,
    pub(super) campaign: Option<usize>,
}

impl Way {
    pub(super) fn channel(self) -> &'static Channel {
        &CHANNELS[self.channel]
    }

    pub(super) fn campaign(self) -> Option<&'static str> {
        self.campaign.and_then(|at| self.channel().campaigns.get(at)).map(|it| it.name)
    }
}

/// The signups of every day and way, and what is spent.
#[derive(Debug)]
pub(super) struct Plan {
    ways: Vec<Way>,
    /// For each day and way, in this order, how many users have signed up before it.
    before: Vec<u64>,
    /// For each day and way, what is spent in cents.
    spend: Vec<i64>,
    users: u64,
    /// Channels that are off, and on which days.
    off: Vec<(usize, Range<usize>)>,
}

impl Plan {
    /// Brings `users` in `days` days from `first` on, less those of channels that are off.
    pub(super) fn new(
        seed: u64,
        users: u64,
        first: NaiveDate,
        days: usize,
        scenarios: &[Scenario],
    ) -> Self {
        let ways = ways();
        let mut weights = vec![0.0; days * ways.len()];
        let mut spends = weights.clone();
        for (at, way) in ways.iter().enumerate() {
            let mut draws = Draws::of(seed, Stream::Campaign, at as u64);
            let channel = way.channel();
            let share = way.campaign.map_or(1.0, |at| channel.campaigns[at].share);
            let (mut total, mut spent, mut calm) = (0.0, 0.0, 0.0);
            for day in 0..days {
                // What moves a campaign today moves it tomorrow, too.
                calm = 0.8 * calm + 0.15 * draws.normal();
                let effort = season(first, day) * growth(day, days) * libm::exp(calm);
                // An idle campaign is switched off now and then.
                let effort = if draws.chance(0.02) { 0.1 * effort } else { effort };
                let drawn = libm::pow(effort, channel.saturation);
                weights[day * ways.len() + at] = drawn;
                spends[day * ways.len() + at] = effort;
                (total, spent) = (total + drawn, spent + effort);
            }
            let signups = channel.share * share * users as f64;
            let cost = signups * channel.cost * 100.0;
            for day in 0..days {
                weights[day * ways.len() + at] *= signups / total;
                spends[day * ways.len() + at] *= cost / spent;
            }
        }
        // Rounded as a sum, so that all users are placed, and none twice.
        let (mut sum, mut before) = (0.0, Vec::with_capacity(weights.len() + 1));
        for weight in &weights {
            before.push(whole(sum).min(users));
            sum += weight;
        }
        before.push(users);
        let spend = spends.iter().map(|it| i64::try_from(whole(*it)).unwrap_or(i64::MAX)).collect();
        let off = scenarios.iter().filter_map(|scenario| off(scenario, first)).collect();
        Self { ways, before, spend, users, off }
    }

    /// Whether a channel is off on a day, counted from the first. Its users keep their numbers, so that
    /// everybody else's stay what they are.
    pub(super) fn is_off(&self, day: usize, way: Way) -> bool {
        self.off.iter().any(|(channel, days)| *channel == way.channel && days.contains(&day))
    }

    /// The day, counted from the first, and the way of a user, counted from 0.
    pub(super) fn signup(&self, user: u64) -> (usize, Way) {
        let cell = self.before.partition_point(|before| *before <= user).saturating_sub(1);
        let cell = cell.min(self.spend.len().saturating_sub(1));
        (cell / self.ways.len(), self.ways[cell % self.ways.len()])
    }

    /// How many users that will have been in the end.
    pub(super) fn users(&self) -> u64 {
        self.users
    }

    /// How many users have signed up before a day.
    pub(super) fn signed_up_before(&self, day: usize) -> u64 {
        self.before.get(day * self.ways.len()).copied().unwrap_or(self.users)
    }

    /// What is spent on a day, in cents, by way; nothing on what is free.
    pub(super) fn spend(&self, day: usize) -> impl Iterator<Item = (Way, i64)> {
        let from = day * self.ways.len();
        let cells = self.spend.get(from..from + self.ways.len()).unwrap_or_default();
        let all = self.ways.iter().zip(cells).map(|(way, cents)| (*way, *cents));
        all.filter(move |(way, _)| way.campaign.is_some() && !self.is_off(day, *way))
    }
}

/// The channel that is off, and when.
fn off(scenario: &Scenario, first: NaiveDate) -> Option<(usize, Range<usize>)> {
    let Scenario::ChannelOff { channel, from, days } = scenario else { return None };
    let place = CHANNELS.iter().position(|it| it.name == channel)?;
    let (from, to) = span(*from, *days);
    let number = |day: NaiveDate| usize::try_from((day - first).num_days().max(0)).ok();
    Some((place, number(from)?..number(to)?))
}

fn ways() -> Vec<Way> {
    let mut ways = Vec::new();
    for (channel, it) in CHANNELS.iter().enumerate() {
        match it.campaigns.len() {
            0 => ways.push(Way { channel, campaign: None }),
            count => ways.extend((0..count).map(|at| Way { channel, campaign: Some(at) })),
        }
    }
    ways
}

/// The week, and the year: fewer at weekends, more around the new year.
fn season(first: NaiveDate, day: usize) -> f64 {
    let day = first.checked_add_days(Days::new(day as u64)).unwrap_or(first);
    let year = f64::from(day.ordinal0()) / 365.25;
    weekly(day) * (1.0 + 0.15 * libm::cos(std::f64::consts::TAU * year))
}

/// How much more than on average is done on a day of the week.
pub(super) fn weekly(day: NaiveDate) -> f64 {
    if day.weekday().num_days_from_monday() < 5 { 1.06 } else { 0.85 }
}

/// Half as much in the beginning as in the end.
fn growth(day: usize, days: usize) -> f64 {
    0.5 + 0.5 * day as f64 / days.max(1) as f64
}

/// The nearest whole number; nothing below zero.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // numbers of users and cents
fn whole(value: f64) -> u64 {
    (value + 0.5).max(0.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_signs_up_once_and_channels_have_their_shares_and_costs() {
        let plan = Plan::new(42, 100_000, NaiveDate::default(), 365, &[]);
        let (mut signups, mut last) = ([0u32; CHANNELS.len()], 0);
        for user in 0..100_000 {
            let (day, way) = plan.signup(user);
            assert!((last..365).contains(&day));
            assert!(plan.signed_up_before(day) <= user && user < plan.signed_up_before(day + 1));
            signups[way.channel] += 1;
            last = day;
        }
        let mut spent = [0; CHANNELS.len()];
        for (way, cents) in (0..365).flat_map(|day| plan.spend(day).collect::<Vec<_>>()) {
            spent[way.channel] += cents;
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
    fn the_more_is_spent_in_a_day_the_more_a_signup_costs() {
        let plan = Plan::new(42, 10_000_000, NaiveDate::default(), 365, &[]);
        let social = 2;
        let mut days: Vec<(i64, f64)> = (0..365)
            .map(|day| {
                let cents = plan.spend(day).filter(|(way, _)| way.channel == social);
                let users = plan.signed_up_before(day)..plan.signed_up_before(day + 1);
                // By hundreds, which is enough to tell.
                let signups = users.step_by(100).filter(|it| plan.signup(*it).1.channel == social);
                (cents.map(|(_, cents)| cents).sum(), signups.count() as f64)
            })
            .collect();
        days.sort_by_key(|(cents, _)| *cents);
        let cost = |days: &[(i64, f64)]| {
            let cents: i64 = days.iter().map(|it| it.0).sum();
            cents as f64 / days.iter().map(|it| it.1).sum::<f64>()
        };
        assert!(cost(&days[300..]) > 1.15 * cost(&days[..65]));
    }
}
