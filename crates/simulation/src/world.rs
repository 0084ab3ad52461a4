//! Units of time and money, and the parameters of the simulated exchange.

use chrono::{DateTime, NaiveDate, Utc};
pub(crate) use tidegauge_core::divide_half_even as divide;
use tidegauge_core::market::Market;
use tidegauge_core::{Crypto, Fixed, fees};

/// Microseconds in a day, an hour, a minute and a second.
pub(crate) const DAY: i64 = 24 * HOUR;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const MINUTE: i64 = 60 * SECOND;
pub(crate) const SECOND: i64 = 1_000_000;

/// Decimal places of simulated amounts. Fixed, so the data of a seed is independent of the tables' scale.
pub(crate) const PLACES: u32 = 8;

/// A simulated amount with [`PLACES`] decimal places.
pub(crate) type Amount = Fixed<PLACES>;

/// One unit of any currency, in 10⁻⁸.
pub(crate) const ONE: i128 = Amount::ONE;
/// One cent, in 10⁻⁸.
pub(crate) const CENT: i128 = 1_000_000;

/// Coins, and their weights in random choices.
pub(crate) const COINS: [(&str, u32); 4] = [("BTC", 45), ("ETH", 30), ("SOL", 15), ("USDT", 10)];

/// Countries with their currencies, and their shares of users in percent.
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

/// Returns the exclusive end of the days that `market` can price: the first day on which a traded coin has no
/// more prices, or a user's currency no exchange rate.
///
/// Returns `None` if a coin has no prices at all. A gap before that day is not detected here; it is an error
/// when the day is simulated.
pub fn playable_until(market: &Market) -> Option<NaiveDate> {
    let last = COINS.iter().map(|(coin, _)| market.last_day(coin)).min()??;
    let rated = |day: &NaiveDate| {
        COUNTRIES.iter().all(|((_, currency), _)| market.rate(currency, *day).is_ok())
    };
    let days = std::iter::successors(Some(last), NaiveDate::pred_opt);
    days.take(MOST_DAYS).find(rated)?.succ_opt()
}

/// Longest search for exchange rates before the last price, in days: a century.
const MOST_DAYS: usize = 36_525;

/// An acquisition channel and the behavior of the users it brings.
#[derive(Debug)]
pub(crate) struct Channel {
    pub(crate) name: &'static str,
    /// Campaigns with their weights; empty for unpaid channels.
    pub(crate) campaigns: &'static [(&'static str, u32)],
    /// Average cost per signup, in US dollars.
    pub(crate) cost: f64,
    /// Activity of its users, relative to an average of one.
    pub(crate) activity: f64,
    /// Mean lifetime of users who churn, in days.
    pub(crate) stay: f64,
    /// Share of users who never churn.
    pub(crate) loyal: f64,
}

/// Channels, and their shares of users in percent.
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

/// Trading fees in basis points (1/10,000) of the quote amount.
pub(crate) const MAKER_FEE: i128 = fees::FLAT.steps()[0].maker;
pub(crate) const TAKER_FEE: i128 = fees::FLAT.steps()[0].taker;
/// The fee of a ramp purchase in basis points (1/10,000) of the fiat amount.
pub(crate) const RAMP_FEE: i128 = fees::RAMP;

/// Returns the withdrawal fee in 10⁻⁸ of the withdrawn currency.
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

/// Returns the UTC day of a moment in microseconds since 1970.
pub(crate) fn day_of(micros: i64) -> NaiveDate {
    time_of(micros).date_naive()
}

/// Converts microseconds since 1970 to a `DateTime`. Simulated moments always lie within its range.
pub(crate) fn time_of(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap_or_default()
}

/// Returns the start of a UTC day in microseconds since 1970.
pub(crate) fn midnight(day: NaiveDate) -> i64 {
    (day - NaiveDate::default()).num_days() * DAY
}

/// Converts an amount in 10⁻⁸ to the units of the tables. Overflow saturates, and the row is then rejected by
/// its table.
pub(crate) fn stored(amount: i128) -> i128 {
    amount.saturating_mul(Crypto::ONE / ONE)
}

/// Converts an amount in 10⁻⁸ to the value of a row.
pub(crate) fn crypto(amount: i128) -> Crypto {
    Crypto::from_units(stored(amount))
}

/// Converts the value of a row to an amount in 10⁻⁸.
pub(crate) fn reckoned(amount: Crypto) -> i128 {
    amount.units() / (Crypto::ONE / ONE)
}

/// Rounds an amount in 10⁻⁸ half to even to a whole cent.
pub(crate) fn to_cents(amount: i128) -> i128 {
    divide(amount, CENT) * CENT
}

/// Converts a drawn size to 10⁻⁸, rounded down to a multiple of `step`.
#[allow(clippy::cast_possible_truncation)] // sizes are drawn far below 2⁶³
pub(crate) fn units(size: f64, step: i128) -> i128 {
    (size * ONE as f64) as i128 / step * step
}

/// Truncates a drawn duration to whole microseconds.
#[allow(clippy::cast_possible_truncation)] // spans are drawn far below 2⁶³
pub(crate) fn micros(span: f64) -> i64 {
    span as i64
}
