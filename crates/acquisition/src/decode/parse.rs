//! Parsers of dates, times and numbers, digit by digit.

use chrono::{DateTime, NaiveDate, SubsecRound, Utc};
use tidegauge_core::Fixed;

use crate::bad_row_policy::FinePrices;
use crate::text::cut;
use crate::{Error, Result};

/// Parses a calendar day such as `2026-02-16`.
pub(crate) fn date(of: &str, field: &str, text: &str) -> Result<NaiveDate> {
    text.parse().map_err(|_| Error::value(of, field, text, "which is not a day (YYYY-MM-DD)"))
}

/// Parses an instant such as `2026-09-25T17:48:26.844359Z`, truncated to microseconds.
pub(crate) fn time(of: &str, field: &str, text: &str) -> Result<DateTime<Utc>> {
    let time = DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc().trunc_subsecs(6));
    time.filter(|at| (FIRST..LAST).contains(&at.timestamp_micros()))
        .ok_or_else(|| not_a_time(of, field, text))
}

/// Parses an instant in whole milliseconds since 1970.
pub(crate) fn millis(of: &str, field: &str, text: &str) -> Result<DateTime<Utc>> {
    instant(of, field, text, micros(of, field, text, 1_000)?)
}

/// Parses milliseconds since 1970 and returns microseconds: for bulk reads, as a calendar conversion costs as
/// much as the number.
pub(crate) fn micros_of_millis(of: &str, field: &str, text: &str) -> Result<i64> {
    micros(of, field, text, 1_000)
}

/// Parses an instant in whole seconds since 1970.
pub(crate) fn seconds(of: &str, field: &str, text: &str) -> Result<DateTime<Utc>> {
    instant(of, field, text, micros(of, field, text, 1_000_000)?)
}

const FIRST: i64 = 1_230_940_800_000_000; // 2009-01-03, in microseconds
const LAST: i64 = 4_102_444_800_000_000; // 2100-01-01

/// Parses an integer number of `unit` microseconds and returns it in microseconds.
///
/// No crypto asset had a price before the first block, and no service reports prices of the next century: an
/// instant outside of that range is in another unit.
fn micros(of: &str, field: &str, text: &str, unit: i64) -> Result<i64> {
    let not_whole =
        |_| Error::decode(of, field, format!("`{}` is not a whole number", cut(text, 40)));
    let micros = text.parse::<i64>().map_err(not_whole)?.checked_mul(unit);
    micros
        .filter(|micros| (FIRST..LAST).contains(micros))
        .ok_or_else(|| not_a_time(of, field, text))
}

fn instant(of: &str, field: &str, text: &str, micros: i64) -> Result<DateTime<Utc>> {
    DateTime::from_timestamp_micros(micros).ok_or_else(|| not_a_time(of, field, text))
}

fn not_a_time(of: &str, field: &str, text: &str) -> Error {
    Error::value(of, field, text, "which is not a time between 2009 and 2100")
}

/// The reason for rejecting a number with more decimal places than its column, because numbers are not
/// rounded silently.
const TOO_FINE: &str = "which has more than 18 decimal places";
/// The reason for rejecting a number with more integer digits than its column.
const TOO_LARGE: &str = "which is larger than the column holds";

/// Returns `true` if a number was rejected only because of its number of digits.
pub(crate) fn has_too_many_digits(error: &Error) -> bool {
    matches!(error, Error::BadValue { reason, .. } if [TOO_FINE, TOO_LARGE].contains(reason))
}

/// Parses a number above zero, exactly.
pub(crate) fn price<const SCALE: u32>(of: &str, field: &str, text: &str) -> Result<Fixed<SCALE>> {
    let price = number(of, field, text)?;
    if price.units() > 0 {
        return Ok(price);
    }
    Err(Error::value(of, field, text, "which is not above zero"))
}

/// Parses a number above zero; `fine` says whether one with more places than the column holds is rounded.
pub(crate) fn price_or_rounded<const SCALE: u32>(
    of: &str,
    field: &str,
    text: &str,
    fine: FinePrices,
) -> Result<Fixed<SCALE>> {
    price(of, field, text).or_else(|error| {
        let rounds = fine == FinePrices::Round
            && matches!(&error, Error::BadValue { reason, .. } if *reason == TOO_FINE);
        let rounded = rounds.then(|| Fixed::rounded(text).ok()).flatten();
        rounded.filter(|price| price.units() > 0).ok_or(error)
    })
}

/// Parses a number of zero or more; `None` for `null`.
///
/// Money of two places is rounded half to even, because services send market caps and volumes as floats that
/// mean cents. Everything else is exact.
pub(crate) fn amount<const SCALE: u32>(
    of: &str,
    field: &str,
    text: &str,
) -> Result<Option<Fixed<SCALE>>> {
    if text == "null" {
        return Ok(None);
    }
    let amount = number(of, field, text)?;
    if amount.units() < 0 {
        return Err(Error::value(of, field, text, "which is negative"));
    }
    Ok(Some(amount))
}

/// Parses a JSON number; a string, `null` and `true` are errors.
fn number<const SCALE: u32>(of: &str, field: &str, text: &str) -> Result<Fixed<SCALE>> {
    if !matches!(text.as_bytes().first(), Some(b'-' | b'0'..=b'9')) {
        let reason = format!("`{}` is not a number", cut(text, 40));
        return Err(Error::decode(of, field, reason));
    }
    let fits = |value: &Fixed<SCALE>| value.units().unsigned_abs() < const { bound(SCALE) };
    let rounded = || Fixed::rounded(text).ok().filter(fits);
    let number = if SCALE == CENTS { rounded() } else { text.parse().ok().filter(fits) };
    let digits = |byte: u8| byte.is_ascii_digit() || b"+-.eE".contains(&byte);
    number.ok_or_else(|| {
        let reason = match text.bytes().all(digits) {
            true if rounded().is_some() => TOO_FINE,
            true => TOO_LARGE,
            false => "which is not a number",
        };
        Error::value(of, field, text, reason)
    })
}

/// The decimal places of fiat money.
const CENTS: u32 = 2;

/// Returns the exclusive bound on the units of a column: 18 digits for fiat money, 38 for everything else.
const fn bound(scale: u32) -> u128 {
    10u128.pow(if scale == CENTS { 18 } else { 38 })
}

/// Checks that `code` looks like a currency code of ISO 4217.
pub(crate) fn check_currency(setting: &'static str, code: &str) -> Result<()> {
    if code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Ok(());
    }
    let shown = cut(code, 40);
    Err(Error::config(setting, format!("`{shown}` is not three capital letters, as in `USD`")))
}
