//! Instants in microseconds since 1970: their range, and how they are parsed and shown.

use chrono::{DateTime, NaiveDateTime, NaiveTime};
use tidegauge_core::{digits, parse_units};

use super::zone;

/// 0001-01-01 and 10000-01-01: the range that every store supports.
pub(super) const SUPPORTED_RANGE: std::ops::Range<i64> =
    -62_135_596_800_000_000..253_402_300_800_000_000;
pub(super) const DAY: i64 = 86_400_000_000;

/// Returns `true` for a zero date, which MySQL writes for a missing date.
pub(super) fn is_zero(text: &str) -> bool {
    text.strip_prefix("0000-00-00").is_some_and(|rest| {
        rest.is_empty()
            || (rest.starts_with([' ', 'T']) && rest[1..].chars().all(|c| "0:.Z+".contains(c)))
    })
}

/// Returns `true` for the infinite times of PostgreSQL.
pub(super) fn is_infinite(text: &str) -> bool {
    text.strip_prefix('-').unwrap_or(text).eq_ignore_ascii_case("infinity")
}

/// Parses a date or time of a rule. Returns its first and last microsecond, since 1970.
pub(super) fn parse_bound(text: &str) -> Option<(i64, i64)> {
    if let Some(day) = digits::day(text.as_bytes()) {
        let start = micros(day.and_time(NaiveTime::MIN), 0)?;
        return Some((start, start + DAY - 1));
    }
    let (local, zone) = parse_local_time(text)?;
    let at = micros(local, zone.unwrap_or(0))?;
    Some((at, at))
}

/// Returns a time in its shortest form.
pub(super) fn format_instant(micros: i64) -> String {
    let at = DateTime::from_timestamp_micros(micros);
    let format = if micros.rem_euclid(DAY) == 0 { "%Y-%m-%d" } else { "%Y-%m-%d %H:%M:%S" };
    at.map_or_else(|| micros.to_string(), |at| at.format(format).to_string())
}

pub(super) fn is_number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit() || "+-".contains(c))
        && parse_units(text, 9).is_ok()
}

/// Converts an instant at midnight to days since 1970.
pub(super) fn days(micros: i64) -> Result<i32, String> {
    in_range(Some(micros))?;
    if micros.rem_euclid(DAY) != 0 {
        return Err("is a time within a day, where a day is wanted".into());
    }
    i32::try_from(micros.div_euclid(DAY)).map_err(|_| "is too far".into())
}

pub(super) fn in_range(micros: Option<i64>) -> Result<i64, String> {
    micros
        .filter(|micros| SUPPORTED_RANGE.contains(micros))
        .ok_or_else(|| "is not a time of the years 1 to 9999".into())
}

pub(super) fn micros(local: NaiveDateTime, zone: i64) -> Option<i64> {
    local.and_utc().timestamp_micros().checked_sub(zone.checked_mul(1_000_000)?)
}

/// Parses a date as its beginning, in the column's time zone.
pub(super) fn parse_date(text: &str) -> Option<(NaiveDateTime, Option<i64>)> {
    Some((digits::day(text.as_bytes())?.and_time(NaiveTime::MIN), None))
}

/// Parses `YYYY-MM-DD`, `T` or a space, and `HH:MM`, optionally with seconds, a fraction of them,
/// and a zone. Returns the local time, and the zone's offset in seconds, if there is one.
pub(super) fn parse_local_time(text: &str) -> Option<(NaiveDateTime, Option<i64>)> {
    let bytes = text.as_bytes();
    let day = digits::day(bytes.get(..10)?)?;
    if !matches!(bytes.get(10)?, b'T' | b't' | b' ') {
        return None;
    }
    let pair = |at: usize| digits::number(bytes.get(at..at + 2)?);
    let (hour, minute) = (pair(11)?, pair(14)?);
    if bytes.get(13) != Some(&b':') {
        return None;
    }
    let (mut at, mut second, mut nanos) = (16, 0, 0);
    if bytes.get(at) == Some(&b':') {
        (second, at) = (pair(17)?, 19);
        if bytes.get(at) == Some(&b'.') {
            let digits = bytes[at + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            if digits == 0 {
                return None;
            }
            for place in 0..9 {
                let digit = bytes.get(at + 1 + place).filter(|_| place < digits);
                nanos = nanos * 10 + u32::from(digit.map_or(0, |digit| digit - b'0'));
            }
            at += 1 + digits;
        }
    }
    let time = day.and_hms_nano_opt(hour, minute, second, nanos)?;
    match text.get(at..)?.trim_start() {
        "" => Some((time, None)),
        "Z" | "z" => Some((time, Some(0))),
        text => Some((time, Some(zone::offset(text)?))),
    }
}
