//! The population of the `classic` preset: a thousand users with individual activity.

use tidegauge_core::tables::User;

use crate::draw::{Draws, Stream};
use crate::world::{
    CHANNELS, COUNTRIES, DAY, FIRST_NAMES, HOUR, LAST_NAMES, MINUTE, micros, time_of,
};

/// Number of users.
pub(super) const USERS: usize = 1_000;
/// Length of the signup period, in days.
pub(super) const DAYS: i64 = 90;
/// Number of users on the waiting list, who sign up within twelve hours of the opening.
const WAITING_LIST: usize = 200;

/// A user, with the attributes that no table holds.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) row: User,
    pub(super) currency: &'static str,
    /// Time of the successful identity check, if any, in microseconds since 1970.
    pub(super) verified_at: Option<i64>,
    /// Time of churn in microseconds since 1970; `i64::MAX` for users who never churn.
    pub(super) lapses_at: i64,
    /// Factor on the number of actions.
    pub(super) activity: f64,
    /// Factor on the size of transactions.
    pub(super) purse: f64,
}

/// Returns all users by id: a deterministic function of the seed and the opening.
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

/// Draws one user.
fn person(seed: u64, at: usize, signup: i64, kyc: &str, tier: &str, end: i64) -> Person {
    let user_id = id(at);
    let mut draws = Draws::of(seed, Stream::Person, user_id.unsigned_abs());
    let (country, currency) = *draws.pick(&COUNTRIES);
    let channel = draws.pick(&CHANNELS);
    let campaign = (!channel.campaigns.is_empty()).then(|| *draws.pick(channel.campaigns));
    let first = FIRST_NAMES[draws.index(FIRST_NAMES.len())];
    let last = LAST_NAMES[draws.index(LAST_NAMES.len())];
    // Verification mostly takes less than an hour, and at most half of the remaining period.
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

/// Returns a list that repeats each name `count` times.
pub(super) fn shares(counts: &[(&'static str, usize)]) -> Vec<&'static str> {
    counts.iter().flat_map(|(name, count)| std::iter::repeat_n(*name, *count)).collect()
}

/// Returns the id of the row at an index, counted from 1.
pub(super) fn id(at: usize) -> i64 {
    i64::try_from(at).unwrap_or(i64::MAX).saturating_add(1)
}
