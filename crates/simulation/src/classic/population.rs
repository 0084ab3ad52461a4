//! The population of the `classic` preset: a thousand users with individual activity.

use tidegauge_core::tables::User;

use crate::classic::parameters::{CHANNELS, COUNTRIES, FIRST_NAMES, LAST_NAMES};
use crate::rng::{RandomStream, StreamId};
use crate::units::{DAY, HOUR, MINUTE, micros, time_of};

/// Number of users.
pub(super) const USERS: usize = 1_000;
/// Length of the signup period, in days.
pub(super) const DAYS: i64 = 90;
/// Number of users on the waiting list, who sign up within twelve hours of the opening.
const WAITING_LIST: usize = 200;

/// A user, with the attributes that no table holds.
#[derive(Debug)]
pub(super) struct SimulatedUser {
    pub(super) row: User,
    pub(super) currency: &'static str,
    /// Time of the successful identity check, if any, in microseconds since 1970.
    pub(super) verified_at: Option<i64>,
    /// Time of churn in microseconds since 1970; `i64::MAX` for users who never churn.
    pub(super) churned_at: i64,
    /// Factor on the number of actions.
    pub(super) activity: f64,
    /// Factor on the size of transactions.
    pub(super) size_factor: f64,
}

/// Returns all users by id: a deterministic function of the seed and the opening.
pub(super) fn population(seed: u64, opening: i64) -> Vec<SimulatedUser> {
    let end = opening + DAYS * DAY;
    let mut plan = RandomStream::new(seed, StreamId::Plan, 0);
    let mut signups: Vec<i64> = (0..USERS)
        .map(|at| {
            let span = if at < WAITING_LIST { 12 * HOUR } else { DAYS * DAY - HOUR };
            opening + plan.between(0, span)
        })
        .collect();
    signups.sort_unstable();
    let mut kyc = repeat_names(&[("verified", 700), ("pending", 200), ("rejected", 100)]);
    let mut tiers = repeat_names(&[("starter", 600), ("intermediate", 300), ("pro", 100)]);
    plan.shuffle(&mut kyc);
    plan.shuffle(&mut tiers);
    let users = signups.into_iter().zip(kyc).zip(tiers).enumerate();
    users.map(|(at, ((signup, kyc), tier))| user(seed, at, signup, kyc, tier, end)).collect()
}

/// Draws one user.
fn user(seed: u64, at: usize, signup: i64, kyc: &str, tier: &str, end: i64) -> SimulatedUser {
    let user_id = row_id(at);
    let mut rng = RandomStream::new(seed, StreamId::UserAttributes, user_id.unsigned_abs());
    let (country, currency) = *rng.pick(&COUNTRIES);
    let channel = rng.pick(&CHANNELS);
    let campaign = (!channel.campaigns.is_empty()).then(|| *rng.pick(channel.campaigns));
    let first = FIRST_NAMES[rng.index(FIRST_NAMES.len())];
    let last = LAST_NAMES[rng.index(LAST_NAMES.len())];
    // Verification mostly takes less than an hour, and at most half of the remaining period.
    let wait = rng.exponential(40.0 * MINUTE as f64);
    let waited = micros(wait).clamp(MINUTE, 48 * HOUR).min((end - signup) / 2);
    let loyal = rng.chance(channel.loyal);
    let stays = micros(rng.exponential(channel.stay * DAY as f64)).max(2 * HOUR);
    let size_factor = match tier {
        "pro" => 5.0,
        "intermediate" => 1.8,
        _ => 1.0,
    };
    let verified_at = (kyc == "verified").then_some(signup + waited);
    let churned_at = if loyal { i64::MAX } else { signup + waited + stays };
    SimulatedUser {
        currency,
        verified_at,
        churned_at,
        activity: channel.activity * rng.log_normal(1.0, 0.9),
        size_factor: size_factor * rng.log_normal(1.0, 0.7),
        row: User {
            user_id,
            email: Some(format!("{first}.{last}{user_id}@example.com")),
            country: Some(country.into()),
            kyc_status: Some(kyc.into()),
            kyc_verified_at: verified_at.map(time_of),
            account_tier: Some(tier.into()),
            is_active: Some(kyc != "rejected" && churned_at > end),
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
pub(super) fn repeat_names(counts: &[(&'static str, usize)]) -> Vec<&'static str> {
    counts.iter().flat_map(|(name, count)| std::iter::repeat_n(*name, *count)).collect()
}

/// Returns the id of the row at an index, counted from 1.
pub(super) fn row_id(at: usize) -> i64 {
    i64::try_from(at).unwrap_or(i64::MAX).saturating_add(1)
}
