//! The population: a thousand users, each with a nature of their own.

use tidegauge_core::tables::User;

use crate::draw::{Draws, Stream};
use crate::world::{
    CHANNELS, COUNTRIES, DAY, FIRST_NAMES, HOUR, LAST_NAMES, MINUTE, micros, time_of,
};

pub(super) const USERS: usize = 1_000;
/// The first days' length, over which users sign up.
pub(super) const DAYS: i64 = 90;
/// Everybody on the waiting list signs up within twelve hours of the opening.
const WAITING_LIST: usize = 200;

/// A user, and what the tables do not say of them.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) row: User,
    pub(super) currency: &'static str,
    /// When the identity check succeeded, if it did.
    pub(super) verified_at: Option<i64>,
    /// When they stop doing anything; far away for those who stay.
    pub(super) lapses_at: i64,
    /// How much more than others they do.
    pub(super) activity: f64,
    /// How much more than others they spend at a time.
    pub(super) purse: f64,
}

/// The population of a seed, by user id. It depends on nothing but the seed and the opening.
pub(super) fn population(seed: u64, opening: i64) -> Vec<Person> {
    let end = opening + DAYS * DAY;
    let mut plan = Draws::of(seed, Stream::Plan, 0);
    let mut signups: Vec<i64> = (0..USERS)
        .map(|at| {
            let span = if at < WAITING_LIST { 12 * HOUR } else { DAYS * DAY - HOUR };
            opening + plan.between(0, span)
        })
        .collect();
    signups.sort_unstable();
    let mut kyc = shares(&[("verified", 700), ("pending", 200), ("rejected", 100)]);
    let mut tiers = shares(&[("starter", 600), ("intermediate", 300), ("pro", 100)]);
    plan.shuffle(&mut kyc);
    plan.shuffle(&mut tiers);
    let people = signups.into_iter().zip(kyc).zip(tiers).enumerate();
    people.map(|(at, ((signup, kyc), tier))| person(seed, at, signup, kyc, tier, end)).collect()
}

fn person(seed: u64, at: usize, signup: i64, kyc: &str, tier: &str, end: i64) -> Person {
    let user_id = id(at);
    let mut draws = Draws::of(seed, Stream::Person, user_id.unsigned_abs());
    let (country, currency) = *draws.pick(&COUNTRIES);
    let channel = draws.pick(&CHANNELS);
    let campaign = (!channel.campaigns.is_empty()).then(|| *draws.pick(channel.campaigns));
    let first = FIRST_NAMES[draws.index(FIRST_NAMES.len())];
    let last = LAST_NAMES[draws.index(LAST_NAMES.len())];
    // Mostly within the hour; never later than halfway to the end of the first ninety days.
    let wait = draws.exponential(40.0 * MINUTE as f64);
    let waited = micros(wait).clamp(MINUTE, 48 * HOUR).min((end - signup) / 2);
    let loyal = draws.chance(channel.loyal);
    let stays = micros(draws.exponential(channel.stay * DAY as f64)).max(2 * HOUR);
    let purse = match tier {
        "pro" => 5.0,
        "intermediate" => 1.8,
        _ => 1.0,
    };
    let verified_at = (kyc == "verified").then_some(signup + waited);
    let lapses_at = if loyal { i64::MAX } else { signup + waited + stays };
    Person {
        currency,
        verified_at,
        lapses_at,
        activity: channel.activity * draws.log_normal(1.0, 0.9),
        purse: purse * draws.log_normal(1.0, 0.7),
        row: User {
            user_id,
            email: Some(format!("{first}.{last}{user_id}@example.com")),
            country: Some(country.into()),
            kyc_status: Some(kyc.into()),
            kyc_verified_at: verified_at.map(time_of),
            account_tier: Some(tier.into()),
            is_active: Some(kyc != "rejected" && lapses_at > end),
            signup_at: time_of(signup),
            acquisition_channel: Some(channel.name.into()),
            campaign: campaign.map(str::to_owned),
            name: None,
            phone: None,
            address: None,
            device: None,
            referred_by: None,
            balances: None,
            external_id: None,
        },
    }
}

/// A list with each name as often as it says.
pub(super) fn shares(counts: &[(&'static str, usize)]) -> Vec<&'static str> {
    counts.iter().flat_map(|(name, count)| std::iter::repeat_n(*name, *count)).collect()
}

/// The id of the row at an index: they count from one.
pub(super) fn id(at: usize) -> i64 {
    i64::try_from(at).unwrap_or(i64::MAX).saturating_add(1)
}
