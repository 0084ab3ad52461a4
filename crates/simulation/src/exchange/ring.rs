//! Fraud rings: groups of accounts in addition to the regular users.

use chrono::NaiveDate;

use super::channels::CHANNELS;
use super::names::Kyc;
use super::nature::Nature;
use super::plan::Way;
use super::signup::{Signup, id};
use super::{Scenario, World};
use crate::draw::{Draws, Stream};
use crate::world::{DAY, HOUR, MINUTE, micros, midnight};

/// A fraud ring.
#[derive(Debug)]
pub(super) struct Ring {
    from: NaiveDate,
    days: i64,
    accounts: u64,
    /// Total number of accounts of the rings before this one.
    before: u64,
}

/// Returns the fraud rings of the scenarios by start date, so that a later ring does not renumber earlier
/// ones.
pub(super) fn rings(scenarios: &[Scenario]) -> Vec<Ring> {
    let mut scenarios: Vec<_> = scenarios.iter().collect();
    scenarios.sort_by_key(|scenario| scenario.from());
    let mut before = 0;
    let ring = |scenario: &Scenario| {
        let Scenario::FraudRing { from, days, accounts } = scenario else { return None };
        let (days, accounts) = ((*days).max(1).into(), u64::from(*accounts));
        let ring = Ring { from: *from, days, accounts, before };
        before += accounts;
        Some(ring)
    };
    scenarios.into_iter().filter_map(ring).collect()
}

/// Returns the number of accounts of all rings that start before a day.
pub(super) fn accounts(rings: &[Ring], before: NaiveDate) -> u64 {
    rings.iter().filter(|ring| ring.from < before).map(|ring| ring.accounts).sum()
}

/// Returns the account with that number, counted from 0 over all rings, and the random stream of its trades.
/// User numbers of rings follow those of all regular users.
pub(super) fn signup(world: &World, account: u64) -> Option<(Signup, Draws)> {
    let (ring, fraud_ring) = world
        .rings
        .iter()
        .enumerate()
        .find(|(_, ring)| (ring.before..ring.before + ring.accounts).contains(&account))?;
    let number = world.plan.users() + account;
    let mut draws = Draws::of(world.seed, Stream::Life, number);
    let day = midnight(fraud_ring.from) + draws.between(0, ring_found.days) * DAY;
    let at = world.clock.moment(0, day, draws.unit());
    let asks = micros(draws.exponential(HOUR as f64)) + MINUTE;
    let takes = micros(draws.exponential(4.0 * HOUR as f64)) + MINUTE;
    let checked_at = world.checked(at + asks, takes);
    let begins = micros(draws.exponential(HOUR as f64)) + MINUTE;
    // Ring accounts trade quickly and stop when the first cards are blocked.
    let nature = Nature {
        rate: 6.0,
        dropout: 0.2,
        lasts: draws.geometric(0.2).saturating_add(1),
        shape: 4.0,
        scale: 120.0,
    };
    let channel =
        CHANNELS.iter().position(|channel| channel.campaigns.is_empty() && !channel.is_referral)?;
    let signup = Signup {
        id: id(number),
        way: Way { channel, campaign: None },
        country: 0,
        at,
        kyc: Kyc::Verified,
        checked_at,
        nature,
        started: Some(checked_at + begins),
        referred_by: None,
        ring: Some(ring),
    };
    Some((signup, draws))
}
