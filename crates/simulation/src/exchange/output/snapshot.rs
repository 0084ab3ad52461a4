//! Rows that describe a user: the latest snapshot in `users`, and the true parameters in `truth_users`.

use std::fmt::Write;

use crate::exchange::account::user_account::{ASSET_SLOTS, UserAccount};
use crate::exchange::account::user_state::{DOLLAR, UserState};
use crate::exchange::market::assets::code;
use crate::exchange::marketing::channels::CHANNELS;
use crate::exchange::output::enum_values::{AccountTier, KycStatus};
use crate::exchange::output::rows::{Truth, UserRow};
use crate::exchange::population::countries::COUNTRIES;
use crate::exchange::population::device;
use crate::exchange::population::identity::Identity;
use crate::exchange::population::signup::Signup;
use crate::rng::{RandomStream, StreamId};
use crate::units::DAY;

/// Time without activity after which a user is inactive: thirty days, in microseconds.
const MONTH: i64 = 30 * DAY;

/// Trading volume from which an account is `intermediate` or `pro`, in US cents.
const VOLUME_TIERS: [i64; 2] = [10_000 * DOLLAR, 100_000 * DOLLAR];

/// Number of devices that all accounts of a fraud ring share.
const DEVICES: u64 = 3;

/// Writes the user's row as of the end of the window, if it differs from the row as of the start.
pub(crate) fn write_user(state: &mut UserState<'_>) {
    let (signup, window) = (&state.signup, state.account.window.clone());
    let attributes = |at: i64, at_index: usize| {
        let kyc = if signup.checked_at < at { signup.kyc } else { KycStatus::Pending };
        let tier = match state.volume[at_index] {
            volume if volume >= VOLUME_TIERS[1] => AccountTier::Pro,
            volume if volume >= VOLUME_TIERS[0] => AccountTier::Intermediate,
            _ => AccountTier::Starter,
        };
        let seen = state.last[at_index].unwrap_or(signup.at);
        (kyc, tier, kyc != KycStatus::Rejected && seen > at - MONTH)
    };
    let now = attributes(window.end, 1);
    let was_there = signup.at < window.start;
    if was_there && now == attributes(window.start, 0) && !state.account.has_changed() {
        return;
    }
    let (kyc, account_tier, is_active) = now;
    let country = COUNTRIES[signup.country].name;
    let number = signup.id.unsigned_abs();
    let seed = state.context.seed;
    let identity = Identity::draw(
        &mut RandomStream::new(seed, StreamId::Identity, number),
        country,
        signup.id,
    );
    // Accounts of a ring share a few devices.
    let owner =
        signup.ring.map_or(number, |ring| (1 << 47) + ring as u64 * DEVICES + number % DEVICES);
    let row = UserRow {
        user_id: signup.id,
        email: identity.email,
        country: code(signup.country),
        kyc_status: kyc as u8,
        kyc_verified_at: (kyc == KycStatus::Verified).then_some(signup.checked_at),
        account_tier: account_tier as u8,
        is_active,
        signup_at: signup.at,
        acquisition_channel: signup.attribution.channel().name,
        campaign: signup.attribution.campaign(),
        name: Some(identity.name),
        phone: Some(identity.phone),
        address: Some(identity.address),
        device: Some(device::device(&mut RandomStream::new(seed, StreamId::Device, owner))),
        referred_by: signup.referred_by,
        balances: Some(balances(state.account)),
    };
    state.account.rows.users.push(row);
}

/// Returns the balances as a JSON object with sorted keys; zero balances are left out.
fn balances(account: &UserAccount) -> String {
    let mut text = String::from("{");
    let mut balances: [(&str, i64); ASSET_SLOTS] = [("", 0); ASSET_SLOTS];
    for (slot, balance) in balances.iter_mut().enumerate() {
        *balance = (account.name(slot), account.balance(slot));
    }
    balances.sort_unstable();
    for (name, units) in balances.into_iter().filter(|(_, units)| *units != 0) {
        let comma = if text.len() > 1 { "," } else { "" };
        let (whole, places) = (units / 100_000_000, format!("{:08}", units % 100_000_000));
        let places = places.trim_end_matches('0');
        let dot = if places.is_empty() { "" } else { "." };
        let _ = write!(text, "{comma}\"{name}\":\"{whole}{dot}{places}\"");
    }
    text.push('}');
    text
}

/// Writes the true model parameters of a user.
pub(crate) fn write_truth(signup: &Signup, account: &mut UserAccount) {
    let customer = signup.customer;
    let value = |days| if signup.started.is_some() { customer.expected_value(days) } else { 0.0 };
    account.rows.true_parameters.push(Truth {
        user_id: signup.id,
        signup_at: signup.at,
        channel: CHANNELS[signup.attribution.channel].name,
        started_at: signup.started,
        rate: customer.rate,
        dropout: customer.dropout,
        mean_value: customer.mean_value(),
        lasts: customer.lifetime_trades,
        value_30d: value(30.0),
        value_90d: value(90.0),
        value_180d: value(180.0),
        value_365d: value(365.0),
    });
}
