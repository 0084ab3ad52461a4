//! Days and times, as people and systems write them.

use chrono::format::{Item, Parsed, StrftimeItems};
use chrono::{NaiveDateTime, NaiveTime};
use tidegauge_core::{digits, parse_units};

/// 0001-01-01 and 10000-01-01: what every store can hold lies between.
const RANGE: std::ops::Range<i64> = -62_135_596_800_000_000..253_402_300_800_000_000;
const DAY: i64 = 86_400_000_000;

/// How a column's days and times are written.
#[derive(Debug, Clone)]
pub(super) struct TimeFormat {
    pattern: Option<Pattern>,
    /// The zone of times that do not name theirs, in seconds east of UTC.
    offset: i64,
}

#[derive(Debug, Clone)]
enum Pattern {
    /// Seconds since 1970, at so many decimal places to the microsecond.
    Unix(u32),
    Strftime(Vec<Item<'static>>, String),
}

impl TimeFormat {
    pub(super) fn new(format: Option<&str>, offset: Option<&str>) -> Result<Self, String> {
        let pattern = match format {
            None => None,
            Some("unix") => Some(Pattern::Unix(6)),
            Some("unix_ms") => Some(Pattern::Unix(3)),
            Some("unix_us") => Some(Pattern::Unix(0)),
            Some(text) => {
                let items = StrftimeItems::new(text).parse_to_owned().map_err(|_| {
                    format!("`{text}` is neither a pattern of strftime nor unix, unix_ms, unix_us")
                })?;
                if !items.iter().any(|item| matches!(item, Item::Numeric(..) | Item::Fixed(_))) {
                    return Err(format!("the format `{text}` has no day and no time in it"));
                }
                Some(Pattern::Strftime(items, text.into()))
            }
        };
        let offset = offset.map_or(Some(0), zone).ok_or_else(|| {
            format!("`{}` is not an offset such as +02:00", offset.unwrap_or_default())
        })?;
        Ok(Self { pattern, offset })
    }

    /// Whether whole numbers are times.
    pub(super) fn is_unix(&self) -> bool {
        matches!(self.pattern, Some(Pattern::Unix(_)))
    }

    /// The microseconds since 1970; digits behind them are cut off.
    pub(super) fn instant(&self, text: &str) -> Result<i64, String> {
        let micros = match &self.pattern {
            None => {
                let (local, zone) = plain(text).ok_or(
                    "is not a time (RFC 3339, or YYYY-MM-DD HH:MM:SS in UTC; else give its format)",
                )?;
                micros(local, zone.unwrap_or(self.offset))
            }
            Some(Pattern::Unix(places)) => {
                let units = parse_units(text, *places)
                    .map_err(|_| "is not a number of seconds, or whatever its format says")?;
                i64::try_from(units).ok()
            }
            Some(Pattern::Strftime(items, pattern)) => {
                let mut parsed = Parsed::new();
                chrono::format::parse(&mut parsed, text, items.iter())
                    .map_err(|_| format!("is not a time written as `{pattern}`"))?;
                let time = parsed.to_naive_datetime_with_offset(0);
                let midnight = || parsed.to_naive_date().map(|day| day.and_time(NaiveTime::MIN));
                let local = time
                    .or_else(|_| midnight())
                    .map_err(|_| format!("is no day and time that there is, by `{pattern}`"))?;
                // A timestamp (%s) is UTC by itself, and so is what it was resolved to above.
                let zone = match (parsed.timestamp, parsed.offset) {
                    (Some(_), _) => 0,
                    (None, Some(zone)) => zone.into(),
                    (None, None) => self.offset,
                };
                micros(local, zone)
            }
        };
        in_range(micros)
    }

    /// The days since 1970. A time is a day when it is midnight, UTC.
    pub(super) fn day(&self, text: &str) -> Result<i32, String> {
        if self.pattern.is_none()
            && let Some(day) = digits::day(text.as_bytes())
        {
            return days(micros(day.and_time(NaiveTime::MIN), 0).unwrap_or(i64::MAX));
        }
        let instant = self.instant(text).map_err(|reason| match self.pattern {
            None => "is not a day (YYYY-MM-DD; else give its format)".to_owned(),
            Some(_) => reason,
        })?;
        days(instant)
    }
}

/// An instant at midnight, as days since 1970.
pub(super) fn days(micros: i64) -> Result<i32, String> {
    in_range(Some(micros))?;
    if micros.rem_euclid(DAY) != 0 {
        return Err("is a time within a day, where a day is wanted".into());
    }
    i32::try_from(micros.div_euclid(DAY)).map_err(|_| "is too far".into())
}

pub(super) fn in_range(micros: Option<i64>) -> Result<i64, String> {
    micros
        .filter(|micros| RANGE.contains(micros))
        .ok_or_else(|| "is not a time of the years 1 to 9999".into())
}

fn micros(local: NaiveDateTime, zone: i64) -> Option<i64> {
    local.and_utc().timestamp_micros().checked_sub(zone.checked_mul(1_000_000)?)
}

/// `YYYY-MM-DD`, `T` or a space, `HH:MM`, seconds and a fraction of them if need be, and a zone
/// if there is one.
fn plain(text: &str) -> Option<(NaiveDateTime, Option<i64>)> {
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
        text => Some((time, Some(zone(text)?))),
    }
}

/// `+02:00`, `+0200`, `+02`: seconds east of UTC.
fn zone(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let sign = match bytes.first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let minutes = match bytes.len() {
        3 => 0,
        5 => digits::number(&bytes[3..])?,
        6 if bytes[3] == b':' => digits::number(&bytes[4..])?,
        _ => return None,
    };
    let hours = digits::number(&bytes[1..3])?;
    (hours < 24 && minutes < 60).then(|| sign * i64::from(hours * 3_600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn instant(text: &str, format: Option<&str>, offset: Option<&str>) -> Result<i64, String> {
        TimeFormat::new(format, offset)?.instant(text)
    }

    #[test]
    fn times_as_they_are_written() {
        let noon = 1_600_000_000_000_000; // 2020-09-13T12:26:40Z
        for (text, format, offset) in [
            ("2020-09-13T12:26:40Z", None, None),
            ("2020-09-13 12:26:40", None, None),
            ("2020-09-13 12:26:40.000", None, None),
            ("2020-09-13 12:26:40+00", None, None),
            ("2020-09-13T14:26:40+02:00", None, None),
            ("2020-09-13T07:56:40.000000999-0430", None, None),
            ("2020-09-13 14:26:40", None, Some("+02:00")),
            ("2020-09-13T12:26:40Z", None, Some("+02:00")),
            ("13.09.2020 14:26:40", Some("%d.%m.%Y %H:%M:%S"), Some("+02:00")),
            ("13/Sep/2020:08:26:40 -0400", Some("%d/%b/%Y:%H:%M:%S %z"), Some("+02:00")),
            ("1600000000", Some("unix"), None),
            ("1600000000.000000", Some("unix"), None),
            ("1600000000000", Some("unix_ms"), None),
            ("1600000000000000", Some("unix_us"), None),
            ("1600000000", Some("%s"), Some("+02:00")),
        ] {
            assert_eq!(instant(text, format, offset), Ok(noon), "{text}");
        }
        let day = TimeFormat::new(Some("%d.%m.%Y"), None).unwrap();
        assert_eq!(day.day("13.09.2020"), Ok(18_518));
        assert_eq!(day.instant("13.09.2020"), Ok(18_518 * DAY));
        let plain = TimeFormat::new(None, None).unwrap();
        assert_eq!(plain.day("2020-09-13"), Ok(18_518));
        assert_eq!(plain.day("2020-09-13 00:00:00"), Ok(18_518));
    }

    #[test]
    fn what_is_no_time_is_said() {
        for text in [
            "",
            "now",
            "2020-09-13",
            "2020-02-30 00:00:00",
            "2020-09-13 24:00:00",
            "12:00",
            "2020-09-13 12:26:60",
            "2020-09-13 12:26:40.",
            "2020-09-13 12:26:40 CEST",
            "0000-01-01 00:00:00",
            "2020-09-13 1é:00:00",
            "20200913T122640Z",
            "-infinity",
        ] {
            assert!(instant(text, None, None).is_err(), "{text}");
        }
        assert!(instant("1600000000.1234567", Some("unix"), None).is_err());
        assert!(instant("1600000000000000000", Some("unix"), None).is_err());
        assert!(TimeFormat::new(Some("%Q"), None).unwrap_err().contains("%Q"));
        assert!(TimeFormat::new(Some("no"), None).unwrap_err().contains("no"));
        assert!(TimeFormat::new(None, Some("Berlin")).unwrap_err().contains("Berlin"));
        let plain = TimeFormat::new(None, None).unwrap();
        assert!(plain.day("2020-09-13 00:00:01").unwrap_err().contains("within a day"));
    }

    proptest! {
        #[test]
        fn nothing_panics(text in ".{0,40}", format in "(%[a-zA-Z%]|[ -~]){0,6}") {
            let _ = instant(&text, None, None);
            if let Ok(format) = TimeFormat::new(Some(&format), Some("-11:30")) {
                let _ = (format.instant(&text), format.day(&text));
            }
        }

        #[test]
        fn every_instant_comes_back(micros in RANGE) {
            let at = chrono::DateTime::from_timestamp_micros(micros).unwrap();
            prop_assert_eq!(instant(&at.to_rfc3339(), None, None), Ok(micros));
            let plain = at.format("%Y-%m-%d %H:%M:%S%.6f").to_string();
            prop_assert_eq!(instant(&plain, None, None), Ok(micros));
        }
    }
}
