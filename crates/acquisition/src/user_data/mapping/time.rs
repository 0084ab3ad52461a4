//! Formats of dates and times.

use chrono::{DateTime, NaiveDateTime, NaiveTime};
use tidegauge_core::digits;

use super::columns::Rule;
use super::epoch::TimeBounds;
use super::instant::{DAY, days, in_range, is_number, micros, parse_date, parse_local_time};
use super::notes::ValueContext;
use super::time_pattern::{ParsedTime, Pattern, strftime};
use super::zone::Zone;

/// The format of a column's dates and times, and their plausible range.
#[derive(Debug, Clone)]
pub(super) struct TimeFormat {
    /// The patterns. If empty, times are in the format of RFC 3339, or numbers whose unit is inferred
    /// from their magnitude.
    patterns: Vec<Pattern>,
    /// The time zone of times that have none.
    zone: Zone,
    bounds: TimeBounds,
}

impl TimeFormat {
    pub(super) fn new(rule: &Rule) -> Result<Self, String> {
        let formats = rule.format.iter().flat_map(|formats| &formats.0);
        let patterns = formats.map(|text| Pattern::new(text)).collect::<Result<Vec<_>, _>>()?;
        if rule.format.is_some() && patterns.is_empty() {
            return Err("its list of formats is empty".into());
        }
        let zone = rule.zone.as_deref().map_or(Ok(Zone::UTC), Zone::read)?;
        let bounds = TimeBounds::new(rule.earliest.as_deref(), rule.latest.as_deref())?;
        Ok(Self { patterns, zone, bounds })
    }

    /// Returns the microseconds since 1970; further decimals are truncated.
    pub(super) fn instant(
        &self,
        text: &str,
        context: &mut ValueContext<'_>,
    ) -> Result<i64, String> {
        match self.parse(text, context)? {
            ParsedTime::Number(micros) => Ok(micros),
            ParsedTime::Instant(micros) => self.bounds.written(micros),
            ParsedTime::Local(local) => self.bounds.written(self.zoned(local, text, context)?),
        }
    }

    /// Returns the instant of `local`, written as `text`, in the column's time zone.
    fn zoned(
        &self,
        local: NaiveDateTime,
        text: &str,
        context: &mut ValueContext<'_>,
    ) -> Result<i64, String> {
        let (offset, twice) = self.zone.offset(local)?;
        let micros = in_range(micros(local, offset))?;
        if twice {
            context.notes.twice.add(context.place, text);
        }
        Ok(micros)
    }

    /// Returns the days since 1970. A time is accepted as a date if it is midnight, in the time
    /// zone that the text names, or else in local time.
    pub(super) fn day(&self, text: &str, context: &mut ValueContext<'_>) -> Result<i32, String> {
        let micros = match (self.patterns.is_empty(), digits::day(text.as_bytes())) {
            (true, Some(day)) => in_range(micros(day.and_time(NaiveTime::MIN), 0))?,
            _ => match self.parse(text, context) {
                Ok(ParsedTime::Number(micros)) => return days(micros),
                Ok(ParsedTime::Instant(micros)) => micros,
                Ok(ParsedTime::Local(local)) => in_range(micros(local, 0))?,
                Err(_) if self.patterns.is_empty() && !is_number(text) => {
                    return Err("is not a day (YYYY-MM-DD; else give its format)".into());
                }
                Err(reason) => return Err(reason),
            },
        };
        days(self.bounds.written(micros)?)
    }

    /// Returns a typed timestamp of a file, if it is plausible.
    pub(super) fn typed_timestamp(&self, micros: i64) -> Result<i64, String> {
        self.bounds.stored(in_range(Some(micros))?)
    }

    /// Returns the instant of a typed local time of a file in the column's time zone, if it is
    /// plausible.
    pub(super) fn typed_local(
        &self,
        micros: i64,
        text: &str,
        context: &mut ValueContext<'_>,
    ) -> Result<i64, String> {
        let local = DateTime::from_timestamp_micros(in_range(Some(micros))?);
        let local = local.ok_or("is too far")?.naive_utc();
        self.bounds.stored(self.zoned(local, text, context)?)
    }

    /// Returns the instant at which a typed date of a file begins in the column's time zone, if it
    /// is plausible.
    pub(super) fn typed_day_start(
        &self,
        days: i32,
        text: &str,
        context: &mut ValueContext<'_>,
    ) -> Result<i64, String> {
        let local = DateTime::from_timestamp_micros(in_range(i64::from(days).checked_mul(DAY))?);
        let local = local.ok_or("is too far")?.naive_utc();
        self.bounds.written(self.zoned(local, text, context)?)
    }

    /// Returns a typed date of a file, in microseconds since 1970, if it is plausible.
    pub(super) fn typed_day(&self, days: i32) -> Result<i64, String> {
        self.typed_midnight(i64::from(days).saturating_mul(DAY))
    }

    /// Returns a typed timestamp of a file that stands for a date, if it is plausible.
    pub(super) fn typed_midnight(&self, micros: i64) -> Result<i64, String> {
        self.bounds.written(in_range(Some(micros))?)
    }

    fn parse(&self, text: &str, context: &mut ValueContext<'_>) -> Result<ParsedTime, String> {
        match self.patterns.as_slice() {
            [] => match parse_local_time(text).or_else(|| parse_date(text)) {
                Some((local, None)) => Ok(ParsedTime::Local(local)),
                Some((local, Some(zone))) => in_range(micros(local, zone)).map(ParsedTime::Instant),
                None if is_number(text) => self.detect(text, context).map(ParsedTime::Number),
                None => Err("is not a time (RFC 3339, or YYYY-MM-DD or YYYY-MM-DD HH:MM:SS in UTC; else give \
                             its format)"
                    .into()),
            },
            [pattern] => self.parse_by(pattern, text, context),
            patterns => self.parse_by_any(patterns, text, context),
        }
    }

    fn parse_by(
        &self,
        pattern: &Pattern,
        text: &str,
        context: &ValueContext<'_>,
    ) -> Result<ParsedTime, String> {
        match pattern {
            Pattern::Unix(unit) => {
                self.bounds.number(text, *unit, context.tomorrow).map(ParsedTime::Number)
            }
            Pattern::Strftime(items, pattern) => strftime(items, pattern, text),
        }
    }

    /// Parses `text` by the pattern that fits. If several fit, they must give the same time, which
    /// `%d/%m/%Y` and `%m/%d/%Y` may not.
    fn parse_by_any(
        &self,
        patterns: &[Pattern],
        text: &str,
        context: &ValueContext<'_>,
    ) -> Result<ParsedTime, String> {
        let mut found: Option<(ParsedTime, &Pattern)> = None;
        for pattern in patterns {
            let Ok(parsed_time) = self.parse_by(pattern, text, context) else { continue };
            match found {
                Some((other, by)) if other != parsed_time => {
                    return Err(format!(
                        "means one time by `{by}` and another by `{pattern}`: leave one of them out"
                    ));
                }
                _ => found = Some((parsed_time, pattern)),
            }
        }
        found.map(|(parsed_time, _)| parsed_time).ok_or_else(|| {
            let patterns: Vec<_> = patterns.iter().map(|pattern| format!("`{pattern}`")).collect();
            format!("is not a time written as any of {}", patterns.join(", "))
        })
    }

    /// Parses a number whose unit is not configured, and infers it; all numbers of a file's column
    /// must have the same unit.
    fn detect(&self, text: &str, context: &mut ValueContext<'_>) -> Result<i64, String> {
        let (micros, unit) = self.bounds.detect(text, context.tomorrow)?;
        match context.notes.unit {
            Some(before) if before != unit => Err(format!(
                "is a time in {unit} since 1970, and the numbers before it were in {before}: set \
                 `format` if they are all of one unit"
            )),
            _ => {
                context.notes.unit = Some(unit);
                Ok(micros)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Formats;
    use super::super::epoch::EpochUnit;
    use super::super::instant::{SUPPORTED_RANGE, format_instant, is_zero, parse_bound};
    use super::super::notes::ColumnNotes;
    use super::*;

    fn format(format: Option<&str>, zone: Option<&str>) -> Result<TimeFormat, String> {
        let (format, zone) = (format.map(Into::into), zone.map(Into::into));
        TimeFormat::new(&Rule { format, zone, ..Rule::default() })
    }

    fn with<T>(read: impl FnOnce(&mut ValueContext<'_>) -> T) -> T {
        let mut notes = ColumnNotes::default();
        // 2030-01-01
        read(&mut ValueContext {
            tomorrow: 1_893_456_000_000_000,
            place: "a.csv",
            notes: &mut notes,
        })
    }

    fn instant(text: &str, pattern: Option<&str>, zone: Option<&str>) -> Result<i64, String> {
        let format = format(pattern, zone)?;
        with(|context| format.instant(text, context))
    }

    fn day(text: &str, pattern: Option<&str>, zone: Option<&str>) -> Result<i32, String> {
        let format = format(pattern, zone)?;
        with(|context| format.day(text, context))
    }

    #[test]
    fn common_time_formats_are_parsed() {
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
            ("1600000000000000999", Some("unix_ns"), None),
            ("1600000000", Some("%s"), Some("+02:00")),
            ("1600000000", None, Some("+02:00")),
            ("1600000000000", None, None),
            ("2020-09-13 14:26:40", None, Some("Europe/Madrid")),
        ] {
            assert_eq!(instant(text, format, offset), Ok(noon), "{text}");
        }
        // Only `%y` reads years of two digits.
        let both = Formats(vec!["%Y-%m-%d".into(), "%y-%m-%d".into()]);
        let both = TimeFormat::new(&Rule { format: Some(both), ..Rule::default() }).unwrap();
        for text in ["2020-09-13", "20-09-13"] {
            assert_eq!(with(|context| both.day(text, context)), Ok(18_518), "{text}");
        }
        let error = day("20-09-13", Some("%Y-%m-%d"), None).unwrap_err();
        assert!(error.contains("`%y`"), "{error}");
        for zone in [None, Some("+02:00"), Some("Europe/Berlin")] {
            assert_eq!(day("13.09.2020", Some("%d.%m.%Y"), zone), Ok(18_518), "a day has no zone");
            assert_eq!(day("2020-09-13 00:00:00", None, zone), Ok(18_518));
        }
        assert_eq!(instant("13.09.2020", Some("%d.%m.%Y"), None), Ok(18_518 * DAY));
        assert_eq!(instant("2020-09-13", None, None), Ok(18_518 * DAY));
        assert_eq!(instant("2020-09-13", None, Some("+02:00")), Ok(18_518 * DAY - 7_200_000_000));
        assert_eq!(day("2020-09-13", None, None), Ok(18_518));
        assert_eq!(day("1599955200000", None, None), Ok(18_518));
    }

    #[test]
    fn invalid_times_are_rejected_with_a_reason() {
        for text in [
            "",
            "now",
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
        assert!(format(Some("%Q"), None).unwrap_err().contains("%Q"));
        assert!(format(Some("no"), None).unwrap_err().contains("no"));
        assert!(format(None, Some("Berlin")).unwrap_err().contains("Europe/Madrid"));
        assert!(day("2020-09-13 00:00:01", None, None).unwrap_err().contains("within a day"));
        assert!(is_zero("0000-00-00") && is_zero("0000-00-00 00:00:00.000"));
        assert!(!is_zero("0000-00-01") && !is_zero("0000-00-00 00:00:01"));
    }

    #[test]
    fn a_column_may_have_several_formats() {
        let formats = |formats: &[&str]| {
            let format = Some(Formats(formats.iter().map(|format| (*format).into()).collect()));
            TimeFormat::new(&Rule { format, ..Rule::default() }).unwrap()
        };
        let months = formats(&["%b. %d, %Y, %I:%M %p", "%B %d, %Y, %I:%M %p"]);
        for (text, at) in [
            ("Feb. 3, 2021, 12:41 AM", "2021-02-03 00:41:00"),
            ("June 3, 2022, 01:05 PM", "2022-06-03 13:05:00"),
            ("Sept. 15, 2022, 07:30 AM", "2022-09-15 07:30:00"),
            ("September 15, 2022, 07:30 AM", "2022-09-15 07:30:00"),
        ] {
            let read = with(|context| months.instant(text, context)).map(format_instant);
            assert_eq!(read.as_deref(), Ok(at), "{text}");
        }
        let error = with(|context| months.instant("3 Feb 2021", context)).unwrap_err();
        assert!(error.contains("%b. %d") && error.contains("%B %d"), "{error}");
        let either = formats(&["%d/%m/%Y", "%m/%d/%Y"]);
        assert!(with(|context| either.instant("31/12/2020", context)).is_ok());
        assert!(with(|context| either.instant("12/12/2020", context)).is_ok());
        let error = with(|context| either.instant("03/04/2020", context)).unwrap_err();
        assert!(error.contains("one time by") && error.contains("another"), "{error}");
    }

    #[test]
    fn epoch_units_are_uniform_and_ambiguous_times_are_counted() {
        let mut notes = ColumnNotes::default();
        let tomorrow = 1_893_456_000_000_000;
        let mut context = ValueContext { tomorrow, place: "a.csv", notes: &mut notes };
        let any = format(None, None).unwrap();
        assert!(any.instant("1600000000", &mut context).is_ok());
        let error = any.instant("1600000000000", &mut context).unwrap_err();
        assert!(error.contains("milliseconds") && error.contains("were in seconds"), "{error}");
        let madrid = format(None, Some("Europe/Madrid")).unwrap();
        let at = madrid.instant("2023-10-29 02:30:00", &mut context).map(format_instant);
        assert_eq!(at.as_deref(), Ok("2023-10-29 00:30:00"));
        let error = madrid.instant("2023-03-26 02:30:00", &mut context).unwrap_err();
        assert!(error.contains("set forward"), "{error}");
        assert_eq!((notes.twice.rows, notes.unit), (1, Some(EpochUnit::Seconds)));
    }

    proptest! {
        #[test]
        fn nothing_panics(text in ".{0,40}", format in "(%[a-zA-Z%]|[ -~]){0,6}") {
            let _ = instant(&text, None, None);
            let _ = (instant(&text, Some(&format), Some("-11:30")), is_zero(&text));
            let _ = (day(&text, Some(&format), Some("Europe/Madrid")), parse_bound(&text));
        }

        #[test]
        fn every_instant_round_trips(micros in SUPPORTED_RANGE) {
            let at = DateTime::from_timestamp_micros(micros).unwrap();
            prop_assert_eq!(instant(&at.to_rfc3339(), None, None), Ok(micros));
            let plain = at.format("%Y-%m-%d %H:%M:%S%.6f").to_string();
            prop_assert_eq!(instant(&plain, None, None), Ok(micros));
        }
    }
}
