//! The patterns of dates and times: those of strftime, and epoch times.

use std::borrow::Cow;
use std::fmt;

use chrono::format::{Item, Parsed, StrftimeItems};
use chrono::{NaiveDateTime, NaiveTime};

use super::epoch::EpochUnit;
use super::instant::{in_range, micros};

/// A pattern of dates and times.
#[derive(Debug, Clone)]
pub(super) enum Pattern {
    Unix(EpochUnit),
    Strftime(Vec<Item<'static>>, String),
}

/// The time in a text, before the column's time zone is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ParsedTime {
    /// Microseconds since 1970, from a number.
    Number(i64),
    /// Microseconds since 1970, from a time with a zone.
    Instant(i64),
    /// A local time.
    Local(NaiveDateTime),
}

impl Pattern {
    pub(super) fn new(text: &str) -> Result<Self, String> {
        if let Some(unit) = EpochUnit::named(text) {
            return Ok(Self::Unix(unit));
        }
        let items = StrftimeItems::new(text).parse_to_owned().map_err(|_| {
            format!("`{text}` is neither a pattern of strftime nor unix, unix_ms, unix_us, unix_ns")
        })?;
        if !items.iter().any(|item| matches!(item, Item::Numeric(..) | Item::Fixed(_))) {
            return Err(format!("the format `{text}` has no day and no time in it"));
        }
        Ok(Self::Strftime(items, text.into()))
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unix(unit) => unit.format(),
            Self::Strftime(_, pattern) => pattern,
        })
    }
}

/// Parses `text` by a pattern of strftime.
pub(super) fn strftime(
    items: &[Item<'_>],
    pattern: &str,
    text: &str,
) -> Result<ParsedTime, String> {
    // September is the only month that newspapers shorten to four letters.
    let text = match text.split_once("Sept") {
        Some((before, after)) if !after.starts_with(char::is_alphabetic) => {
            Cow::Owned(format!("{before}Sep{after}"))
        }
        _ => Cow::Borrowed(text),
    };
    let mut parsed = Parsed::new();
    chrono::format::parse(&mut parsed, &text, items.iter())
        .map_err(|_| {
            format!("is not a time written as `{pattern}`: `format` may be a list, of all ways that they are written in")
        })?;
    // Chrono accepts `24` as the year 24 for `%Y`, although 2024 (`%y`) is meant.
    if parsed.year.is_some_and(|year| (0..1_000).contains(&year)) {
        return Err(format!(
            "is not a time written as `{pattern}`: `%Y` is a year of four digits, and `%y` one of two"
        ));
    }
    let time = parsed.to_naive_datetime_with_offset(0);
    let midnight = || parsed.to_naive_date().map(|day| day.and_time(NaiveTime::MIN));
    let local = time
        .or_else(|_| midnight())
        .map_err(|_| format!("is no day and time that there is, by `{pattern}`"))?;
    match (parsed.timestamp, parsed.offset) {
        // A timestamp (%s) is in UTC, and so is the local time resolved from it above.
        (Some(_), _) => in_range(micros(local, 0)).map(ParsedTime::Instant),
        (None, Some(zone)) => in_range(micros(local, zone.into())).map(ParsedTime::Instant),
        (None, None) => Ok(ParsedTime::Local(local)),
    }
}
