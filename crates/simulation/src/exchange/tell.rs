//! Rows that describe a user: the latest snapshot in `users`, and the true parameters in `truth_users`.

use std::fmt::Write;

use super::assets::code;
use super::book::{Book, KINDS};
use super::channels::CHANNELS;
use super::countries::COUNTRIES;
use super::device;
use super::life::{DOLLAR, Life};
use super::names::{Kyc, Tier};
use super::people::Person;
use super::rows::{Truth, UserRow};
use super::signup::Signup;
use crate::draw::{Draws, Stream};
use crate::world::DAY;

/// Time without activity after which a user is inactive: thirty days, in microseconds.
const MONTH: i64 = 30 * DAY;

/// Trading volume from which an account is `intermediate` or `pro`, in US cents.
const TIERS: [i64; 2] = [10_000 * DOLLAR, 100_000 * DOLLAR];

/// Number of devices that all accounts of a fraud ring share.
const DEVICES: u64 = 3;

/// Writes the user's row as of the end of the window, if it differs from the row as of the start.
pub(super) fn user(life: &mut Life<'_>) {
    let (signup, window) = (&life.signup, life.book.window.clone());
    let state = |at: i64, of: usize| {
        let kyc = if signup.checked_at < at { signup.kyc } else { Kyc::Pending };
        let tier = match life.volume[of] {
            volume if volume >= TIERS[1] => Tier::Pro,
            volume if volume >= TIERS[0] => Tier::Intermediate,
            _ => Tier::Starter,
        };
        let seen = life.last[of].unwrap_or(signup.at);
        (kyc, tier, kyc != Kyc::Rejected && seen > at - MONTH)
    };
    let now = state(window.end, 1);
    let was_there = signup.at < window.start;
    if was_there && now == state(window.start, 0) && !life.book.has_changed() {
        return;
    }
    let (kyc, account_tier, is_active) = now;
    let country = COUNTRIES[signup.country].name;
    let number = signup.id.unsigned_abs();
    let seed = life.world.seed;
    let person = Person::of(&mut Draws::of(seed, Stream::Name, number), country, signup.id);
    // Accounts of a ring share a few devices.
    let owner =
        signup.ring.map_or(number, |ring| (1 << 47) + ring as u64 * DEVICES + number % DEVICES);
    let row = UserRow {
        user_id: signup.id,
        email: person.email,
        country: code(signup.country),
        kyc_status: kyc as u8,
        kyc_verified_at: (kyc == Kyc::Verified).then_some(signup.checked_at),
        account_tier: account_tier as u8,
        is_active,
        signup_at: signup.at,
        acquisition_channel: signup.way.channel().name,
        campaign: signup.way.campaign(),
        name: Some(person.name),
        phone: Some(person.phone),
        address: Some(person.address),
        device: Some(device::device(&mut Draws::of(seed, Stream::Device, owner))),
        referred_by: signup.referred_by,
        balances: Some(balances(life.book)),
    };
    life.book.rows.users.push(row);
}

/// Returns the balances as a JSON object with sorted keys; zero balances are left out.
fn balances(book: &Book) -> String {
    let mut text = String::from("{");
    let mut has: [(&str, i64); KINDS] = [("", 0); KINDS];
    for (kind, place) in has.iter_mut().enumerate() {
        *place = (book.name(kind), book.has(kind));
    }
    has.sort_unstable();
    for (name, units) in has.into_iter().filter(|(_, units)| *units != 0) {
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
pub(super) fn truth(signup: &Signup, book: &mut Book) {
    let nature = signup.nature;
    let value = |days| if signup.started.is_some() { nature.expected_value(days) } else { 0.0 };
    book.rows.truths.push(Truth {
        user_id: signup.id,
        signup_at: signup.at,
        channel: CHANNELS[signup.way.channel].name,
        started_at: signup.started,
        rate: nature.rate,
        dropout: nature.dropout,
        mean_value: nature.mean_value(),
        lasts: nature.lasts,
        value_30d: value(30.0),
        value_90d: value(90.0),
        value_180d: value(180.0),
        value_365d: value(365.0),
    });
}
