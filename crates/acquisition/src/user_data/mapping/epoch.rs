//! Epoch times: numbers that are times since 1970, and their units.

use std::fmt;

use tidegauge_core::parse_units;

use super::instant::{self, DAY};

/// The unit of epoch times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EpochUnit {
    Seconds,
    Millis,
    Micros,
    Nanos,
}

impl EpochUnit {
    const ALL: [Self; 4] = [Self::Seconds, Self::Millis, Self::Micros, Self::Nanos];

    /// Returns the unit of the format `format`, or `None` if it is not an epoch time.
    pub(super) fn named(format: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|unit| unit.format() == format)
    }

    pub(super) fn format(self) -> &'static str {
        match self {
            Self::Seconds => "unix",
            Self::Millis => "unix_ms",
            Self::Micros => "unix_us",
            Self::Nanos => "unix_ns",
        }
    }

    /// Returns the microseconds since 1970 of the number `text` in this unit. `None` if it is not a
    /// number, has decimals below a microsecond, or is too large.
    fn micros(self, text: &str) -> Option<i64> {
        let micros = match self {
            Self::Seconds => parse_units(text, 6).ok()?,
            Self::Millis => parse_units(text, 3).ok()?,
            Self::Micros => parse_units(text, 0).ok()?,
            Self::Nanos => parse_units(text, 0).ok()?.div_euclid(1_000),
        };
        i64::try_from(micros).ok()
    }
}

impl fmt::Display for EpochUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Seconds => "seconds",
            Self::Millis => "milliseconds",
            Self::Micros => "microseconds",
            Self::Nanos => "nanoseconds",
        })
    }
}

/// 2009-01-01: no coin is older.
const FIRST_COIN: i64 = 1_230_768_000_000_000;
/// January 1970, in which a number lies if its unit was mistaken for a smaller one.
const SUSPECT_JANUARY: std::ops::Range<i64> = 0..31 * DAY;

/// The plausible times, in microseconds since 1970, both ends included.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct TimeBounds {
    earliest: Option<i64>,
    latest: Option<i64>,
}

impl TimeBounds {
    pub(super) fn new(earliest: Option<&str>, latest: Option<&str>) -> Result<Self, String> {
        let read = |setting: &str, text: &str| {
            instant::parse_bound(text).ok_or_else(|| {
                format!("`{setting}` is a day or a time, as in 2009-01-01, and not `{text}`")
            })
        };
        let earliest = earliest.map(|text| read("earliest", text)).transpose()?;
        let latest = latest.map(|text| read("latest", text)).transpose()?;
        let bounds =
            Self { earliest: earliest.map(|(start, _)| start), latest: latest.map(|(_, end)| end) };
        match (bounds.earliest, bounds.latest) {
            (Some(earliest), Some(latest)) if latest < earliest => {
                Err("`latest` lies before `earliest`".into())
            }
            _ => Ok(bounds),
        }
    }

    /// Returns a formatted time, if it is within the configured bounds.
    pub(super) fn written(&self, micros: i64) -> Result<i64, String> {
        self.within(micros, self.earliest.unwrap_or(i64::MIN), self.latest.unwrap_or(i64::MAX))
    }

    /// Returns a time that a file has as a number with a declared unit, if it is plausible: January
    /// 1970 is only plausible if `earliest` is set.
    pub(super) fn stored(&self, micros: i64) -> Result<i64, String> {
        if self.earliest.is_none() && SUSPECT_JANUARY.contains(&micros) {
            return Err(format!(
                "is {}: whatever wrote it likely took seconds or milliseconds for a smaller unit; \
                 set `earliest` of the column if it is right",
                instant::format_instant(micros)
            ));
        }
        self.written(micros)
    }

    /// Returns the microseconds since 1970 of a number in `unit`, if that is plausible.
    pub(super) fn number(&self, text: &str, unit: EpochUnit, tomorrow: i64) -> Result<i64, String> {
        let Some(micros) = unit.micros(text) else {
            return Err(format!("is not a number of {unit} since 1970"));
        };
        let (earliest, latest) = self.of_numbers(tomorrow);
        self.within(micros, earliest, latest).map_err(|reason| {
            match self.units(text, tomorrow).as_slice() {
                [other] => format!(
                    "{reason} (read as {unit}; in {other} it would be believed: set `format = \
                     \"{}\"`)",
                    other.format()
                ),
                _ => format!("{reason} (read as {unit})"),
            }
        })
    }

    /// Returns the microseconds since 1970 of a number, and its unit, which is inferred from its
    /// magnitude: the only one in which it is plausible.
    pub(super) fn detect(&self, text: &str, tomorrow: i64) -> Result<(i64, EpochUnit), String> {
        match self.units(text, tomorrow).as_slice() {
            [unit] => Ok((self.number(text, *unit, tomorrow)?, *unit)),
            [] => {
                let (earliest, _) = self.of_numbers(tomorrow);
                Err(format!(
                    "is a number, and no time from {} to tomorrow in seconds, milliseconds, \
                     microseconds or nanoseconds since 1970; give its `format`, or set `earliest` \
                     and `latest` of the column",
                    instant::format_instant(earliest)
                ))
            }
            [one, other, ..] => Err(format!(
                "may be {one} or {other} since 1970: set `format = \"{}\"` or \"{}\"",
                one.format(),
                other.format()
            )),
        }
    }

    /// Returns the units in which a number is plausible.
    fn units(&self, text: &str, tomorrow: i64) -> Vec<EpochUnit> {
        let (earliest, latest) = self.of_numbers(tomorrow);
        let fits = |unit: &EpochUnit| {
            unit.micros(text).is_some_and(|micros| (earliest..=latest).contains(&micros))
        };
        EpochUnit::ALL.into_iter().filter(fits).collect()
    }

    fn of_numbers(&self, tomorrow: i64) -> (i64, i64) {
        (self.earliest.unwrap_or(FIRST_COIN), self.latest.unwrap_or(tomorrow))
    }

    fn within(&self, micros: i64, earliest: i64, latest: i64) -> Result<i64, String> {
        instant::in_range(Some(micros))?;
        if micros < earliest {
            return Err(format!(
                "is {}, before {}: set `earliest` of the column if it is right",
                instant::format_instant(micros),
                instant::format_instant(earliest)
            ));
        }
        if micros > latest {
            return Err(format!(
                "is {}, after {}: set `latest` of the column if it is right",
                instant::format_instant(micros),
                instant::format_instant(latest)
            ));
        }
        Ok(micros)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2020-09-13T12:26:40Z
    const AT: i64 = 1_600_000_000_000_000;
    /// 2024-01-01
    const TOMORROW: i64 = 1_704_067_200_000_000;

    #[test]
    fn the_unit_follows_from_the_magnitude() {
        let bounds = TimeBounds::default();
        for (text, unit) in [
            ("1600000000", EpochUnit::Seconds),
            ("1600000000.0", EpochUnit::Seconds),
            ("1600000000000", EpochUnit::Millis),
            ("1600000000000000", EpochUnit::Micros),
            ("1600000000000000999", EpochUnit::Nanos),
        ] {
            assert_eq!(bounds.detect(text, TOMORROW), Ok((AT, unit)), "{text}");
        }
        for text in ["0", "1", "-1600000000", "20200913", "1800000000", "1e30", "123"] {
            let error = bounds.detect(text, TOMORROW).unwrap_err();
            assert!(error.contains("2009-01-01") && error.contains("earliest"), "{error}");
        }
        let any = TimeBounds::new(Some("1970-01-01"), None).unwrap();
        let error = any.detect("1600000000000", TOMORROW).unwrap_err();
        assert!(error.contains("unix_ms") && error.contains("unix_us"), "{error}");
    }

    #[test]
    fn implausible_times_are_rejected_with_advice() {
        let bounds = TimeBounds::default();
        let error = bounds.number("1600000000", EpochUnit::Millis, TOMORROW).unwrap_err();
        for says in ["1970-01-19", "before 2009-01-01", "milliseconds", "`format = \"unix\"`"] {
            assert!(error.contains(says), "{error} should say {says}");
        }
        let error = bounds.number("1800000000", EpochUnit::Seconds, TOMORROW).unwrap_err();
        assert!(error.contains("after 2024-01-01") && error.contains("latest"), "{error}");
        let old = TimeBounds::new(Some("1990-01-01"), Some("2030-12-31")).unwrap();
        assert_eq!(old.number("700000000", EpochUnit::Seconds, TOMORROW), Ok(700_000_000_000_000));
        assert!(old.number("1900000000", EpochUnit::Seconds, TOMORROW).is_ok());
        assert!(old.written(0).unwrap_err().contains("before 1990-01-01"));
        assert!(bounds.written(0).is_ok(), "a time that is written out is what it says");
        assert!(bounds.stored(1_600_000_000).unwrap_err().contains("earliest"));
        assert_eq!(bounds.stored(AT), Ok(AT));
        assert!(TimeBounds::new(Some("soon"), None).unwrap_err().contains("soon"));
        assert!(TimeBounds::new(Some("2020-01-01"), Some("2019-12-31")).is_err());
    }
}
