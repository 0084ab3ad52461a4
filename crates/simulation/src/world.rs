//! What the simulated world is made of: time, countries, coins, channels, names, fees.

use chrono::{DateTime, NaiveDate, Utc};
pub(crate) use tidegauge_core::divide_half_even as divide;
use tidegauge_core::market::Market;
use tidegauge_core::{Crypto, Fixed, fees};

/// Microseconds in a day, an hour, a minute, a second.
pub(crate) const DAY: i64 = 24 * HOUR;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const MINUTE: i64 = 60 * SECOND;
pub(crate) const SECOND: i64 = 1_000_000;

/// The decimal places that the simulation reckons with, however many the tables have: what a seed gives does not
/// hang on them.
pub(crate) const PLACES: u32 = 8;

/// An amount as the simulation reckons it.
pub(crate) type Amount = Fixed<PLACES>;

/// One unit of anything, in 10⁻⁸.
pub(crate) const ONE: i128 = Amount::ONE;
/// One cent, in 10⁻⁸.
pub(crate) const CENT: i128 = 1_000_000;

/// The coins, and how often each is chosen.
pub(crate) const COINS: [(&str, u32); 4] = [("BTC", 45), ("ETH", 30), ("SOL", 15), ("USDT", 10)];

/// Country, its currency, and its share of users.
pub(crate) const COUNTRIES: [((&str, &str), u32); 8] = [
    (("US", "USD"), 38),
    (("GB", "GBP"), 16),
    (("DE", "EUR"), 13),
    (("CA", "CAD"), 12),
    (("FR", "EUR"), 8),
    (("ES", "EUR"), 5),
    (("NL", "EUR"), 4),
    (("IT", "EUR"), 4),
];

/// Returns the first day that an exchange cannot be played on since `market` has ended: a coin that its users trade has
/// no prices from there on, or a currency of theirs no exchange rate. `None` if a coin has no prices at all.
///
/// A hole before that day is an error when it is met.
pub fn playable_until(market: &Market) -> Option<NaiveDate> {
    let last = COINS.iter().map(|(coin, _)| market.last_day(coin)).min()??;
    let rated = |day: &NaiveDate| {
        COUNTRIES.iter().all(|((_, currency), _)| market.rate(currency, *day).is_ok())
    };
    let days = std::iter::successors(Some(last), NaiveDate::pred_opt);
    days.take(MOST_DAYS).find(rated)?.succ_opt()
}

/// How far behind the prices the rates may have ended: a century.
const MOST_DAYS: usize = 36_525;

/// A way in: who comes through it, and what they are like.
#[derive(Debug)]
pub(crate) struct Channel {
    pub(crate) name: &'static str,
    /// Campaigns and how often each wins the user; none for channels that nobody pays for.
    pub(crate) campaigns: &'static [(&'static str, u32)],
    /// What a signup costs in US dollars, on average.
    pub(crate) cost: f64,
    /// How active its users are, against the average of one.
    pub(crate) activity: f64,
    /// How long its users stay on average, in days, if they ever leave.
    pub(crate) stay: f64,
    /// The share of its users who never leave.
    pub(crate) loyal: f64,
}

/// The channels, and their share of users.
pub(crate) const CHANNELS: [(Channel, u32); 5] = [
    (
        Channel {
            name: "organic",
            campaigns: &[],
            cost: 0.0,
            activity: 1.0,
            stay: 75.0,
            loyal: 0.35,
        },
        30,
    ),
    (
        Channel {
            name: "paid_search",
            campaigns: &[("brand-search", 40), ("generic-search", 60)],
            cost: 38.0,
            activity: 1.2,
            stay: 60.0,
            loyal: 0.30,
        },
        25,
    ),
    (
        Channel {
            name: "paid_social",
            campaigns: &[("launch-video", 55), ("lookalike", 45)],
            cost: 24.0,
            activity: 0.5,
            stay: 28.0,
            loyal: 0.12,
        },
        20,
    ),
    (
        Channel {
            name: "affiliate",
            campaigns: &[("partner-network", 100)],
            cost: 46.0,
            activity: 1.5,
            stay: 40.0,
            loyal: 0.20,
        },
        13,
    ),
    (
        Channel {
            name: "referral",
            campaigns: &[],
            cost: 0.0,
            activity: 1.4,
            stay: 90.0,
            loyal: 0.45,
        },
        12,
    ),
];

/// What the exchange takes of a trade, in 10⁻⁴ of the quote amount.
pub(crate) const MAKER_FEE: i128 = fees::FLAT.steps()[0].maker;
pub(crate) const TAKER_FEE: i128 = fees::FLAT.steps()[0].taker;
/// What it takes of a ramp purchase, in 10⁻⁴ of the fiat amount.
pub(crate) const RAMP_FEE: i128 = fees::RAMP;

/// What it takes of a withdrawal, in 10⁻⁸ of the currency withdrawn.
pub(crate) fn withdrawal_fee(currency: &str) -> i128 {
    match currency {
        "BTC" => 2_000,
        "ETH" => 50_000,
        "SOL" => 1_000_000,
        _ => ONE,
    }
}

pub(crate) const FIRST_NAMES: [&str; 24] = [
    "amelia", "ben", "carla", "david", "elena", "felix", "grace", "hugo", "ines", "james", "katia",
    "liam", "maria", "noah", "olivia", "pablo", "quinn", "rosa", "samuel", "tessa", "ursula",
    "victor", "willem", "yasmin",
];

pub(crate) const LAST_NAMES: [&str; 24] = [
    "adams", "bauer", "clark", "dubois", "evans", "ferrari", "garcia", "hughes", "jansen",
    "keller", "lopez", "martin", "novak", "ortega", "patel", "quintero", "rossi", "smith",
    "tremblay", "vermeer", "walker", "young", "zeller", "moreau",
];

/// The UTC day of a moment.
pub(crate) fn day_of(micros: i64) -> NaiveDate {
    time_of(micros).date_naive()
}

/// A moment as chrono has it. Moments of the simulation lie well within chrono's range.
pub(crate) fn time_of(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap_or_default()
}

/// Midnight at which a UTC day begins.
pub(crate) fn midnight(day: NaiveDate) -> i64 {
    (day - NaiveDate::default()).num_days() * DAY
}

/// Returns an amount in 10⁻⁸ in the units of the tables. What is too large for them is so afterwards as well, and
/// refused with its row.
pub(crate) fn stored(amount: i128) -> i128 {
    amount.saturating_mul(Crypto::ONE / ONE)
}

/// Returns the same as a value of a row.
pub(crate) fn crypto(amount: i128) -> Crypto {
    Crypto::from_units(stored(amount))
}

/// Returns an amount of a row in 10⁻⁸, in which it was reckoned.
pub(crate) fn reckoned(amount: Crypto) -> i128 {
    amount.units() / (Crypto::ONE / ONE)
}

/// The nearest cent, in 10⁻⁸.
pub(crate) fn to_cents(amount: i128) -> i128 {
    divide(amount, CENT) * CENT
}

/// A drawn size as exact units: rounded down to a multiple of `step`.
#[allow(clippy::cast_possible_truncation)] // sizes are drawn far below 2⁶³
pub(crate) fn units(size: f64, step: i128) -> i128 {
    (size * ONE as f64) as i128 / step * step
}

/// A drawn span of time, in microseconds.
#[allow(clippy::cast_possible_truncation)] // spans are drawn far below 2⁶³
pub(crate) fn micros(span: f64) -> i64 {
    span as i64
}
