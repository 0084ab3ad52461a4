//! Units of time and money, and conversions between them.

use chrono::{DateTime, NaiveDate, Utc};
pub(crate) use tidegauge_core::divide_half_even as divide;
use tidegauge_core::{Crypto, Fixed};

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
pub(crate) fn from_crypto(amount: Crypto) -> i128 {
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
