//! The calendar in which days, weeks and months are counted: a time zone and a first day of the
//! week.

use chrono::{
    DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone, Utc, Weekday,
};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::dates::{DAY, date_from_epoch_day};
use crate::metrics::Period;

/// Microseconds in a second.
const SECOND: i64 = 1_000_000;

/// A time zone and the first day of the week.
///
/// ```
/// use chrono::Weekday;
/// use tidegauge_analytics::{Calendar, Period};
///
/// let calendar = Calendar { zone: "Australia/Sydney".parse()?, week_start: Weekday::Sun };
/// // Saturday evening in London is Sunday in Sydney, and the first day of a week.
/// let time = "2026-01-03T20:00:00Z".parse()?;
/// assert_eq!(calendar.date(time).to_string(), "2026-01-04");
/// let week = calendar.period(Period::Week, calendar.date(time));
/// assert_eq!(calendar.period_start(Period::Week, week).to_string(), "2026-01-04");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Calendar {
    /// The time zone of the IANA database, such as `Europe/Berlin`.
    pub zone: Tz,
    /// The first day of the week.
    pub week_start: Weekday,
}

impl Default for Calendar {
    /// Returns the calendar of ISO 8601 in UTC: weeks begin on Monday.
    fn default() -> Self {
        Self { zone: Tz::UTC, week_start: Weekday::Mon }
    }
}

impl Calendar {
    /// Returns the date of a time in the zone.
    pub fn date(&self, time: DateTime<Utc>) -> NaiveDate {
        time.with_timezone(&self.zone).date_naive()
    }

    /// Returns the instant at which a date begins in the zone. Where a change of the clock skips
    /// midnight, it is the first instant after it.
    pub fn midnight(&self, date: NaiveDate) -> DateTime<Utc> {
        let midnight = date.and_time(NaiveTime::MIN);
        if let Some(time) = self.zone.from_local_datetime(&midnight).earliest() {
            return time.to_utc();
        }
        // The offset before the change dates the skipped midnight at the change itself.
        let before = midnight - chrono::TimeDelta::hours(26);
        let offset = self.zone.offset_from_utc_datetime(&before).fix();
        NaiveDateTime::and_utc(
            &(midnight - chrono::TimeDelta::seconds(offset.local_minus_utc().into())),
        )
    }

    /// Returns the number of the period that contains a date. Numbers are consecutive across
    /// years, also for weeks and months.
    pub fn period(&self, period: Period, date: NaiveDate) -> i64 {
        self.period_of_day(period, (date - NaiveDate::default()).num_days())
    }

    /// Returns the number of the period that contains a day since 1970-01-01.
    pub(crate) fn period_of_day(&self, period: Period, day: i64) -> i64 {
        match period {
            Period::Day => day,
            Period::Week => (day + self.days_into_week_of_epoch()).div_euclid(7),
            Period::Month => date_from_epoch_day(day)
                .map_or(i64::MAX, |date| i64::from(date.year()) * 12 + i64::from(date.month0())),
        }
    }

    /// Returns the first date of the period with that number.
    pub fn period_start(&self, period: Period, number: i64) -> NaiveDate {
        let date = match period {
            Period::Day => date_from_epoch_day(number),
            Period::Week => number
                .checked_mul(7)
                .and_then(|days| date_from_epoch_day(days - self.days_into_week_of_epoch())),
            Period::Month => i32::try_from(number.div_euclid(12)).ok().and_then(|year| {
                let month = u32::try_from(number.rem_euclid(12) + 1).ok()?;
                NaiveDate::from_ymd_opt(year, month, 1)
            }),
        };
        date.unwrap_or(if number < 0 { NaiveDate::MIN } else { NaiveDate::MAX })
    }

    /// Returns the days from the start of its week to 1970-01-01, a Thursday.
    fn days_into_week_of_epoch(&self) -> i64 {
        i64::from(Weekday::Thu.days_since(self.week_start))
    }

    /// Returns a conversion of times to days of the zone, for times from `first` to `last`, in
    /// microseconds since 1970.
    pub(crate) fn days(&self, first: i64, last: i64) -> LocalDays {
        let offset = |micros: i64| {
            let time = DateTime::from_timestamp_micros(micros).unwrap_or_default().naive_utc();
            i64::from(self.zone.offset_from_utc_datetime(&time).fix().local_minus_utc()) * SECOND
        };
        let mut shifts = vec![(i64::MIN, offset(first))];
        if self.zone == Tz::UTC {
            return LocalDays { shifts };
        }
        // No zone changes its clock twice within a day.
        let mut from = first;
        while from < last {
            let to = (from + DAY).min(last);
            if offset(from) != offset(to) {
                let (mut before, mut after) = (from, to);
                while after - before > SECOND {
                    let middle = before + (after - before) / 2;
                    if offset(middle) == offset(from) { before = middle } else { after = middle }
                }
                shifts.push((after.div_euclid(SECOND) * SECOND, offset(to)));
            }
            from = to;
        }
        LocalDays { shifts }
    }
}

/// A conversion of times to days of a zone.
#[derive(Debug, Clone)]
pub(crate) struct LocalDays {
    /// The offsets from UTC in microseconds, each with the time from which it holds.
    shifts: Vec<(i64, i64)>,
}

impl LocalDays {
    /// Returns the day since 1970-01-01, in the zone, of a time in microseconds since 1970.
    #[inline]
    pub(crate) fn of(&self, at: i64) -> i64 {
        let offset = match self.shifts.as_slice() {
            [(_, offset)] => *offset,
            shifts => {
                let after = shifts.partition_point(|(from, _)| *from <= at);
                shifts[after.max(1) - 1].1
            }
        };
        at.saturating_add(offset).div_euclid(DAY)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Zones east and west of UTC, of quarter hours, and with clocks that change at midnight.
    const ZONES: [Tz; 7] = [
        Tz::UTC,
        Tz::Pacific__Kiritimati,
        Tz::Pacific__Pago_Pago,
        Tz::Asia__Kathmandu,
        Tz::Europe__Berlin,
        Tz::America__Sao_Paulo,
        Tz::Australia__Lord_Howe,
    ];

    proptest! {
        #[test]
        fn days_are_those_of_the_zone(
            zone in proptest::sample::select(&ZONES),
            first in 0i64..1_700_000_000,
            after in 0i64..400 * 86_400,
        ) {
            let calendar = Calendar { zone, ..Calendar::default() };
            let (from, at) = (first * SECOND, (first + after) * SECOND);
            let days = calendar.days(from, from + 400 * DAY);
            let date = calendar.date(DateTime::from_timestamp_micros(at).unwrap());
            prop_assert_eq!(days.of(at), calendar.period(Period::Day, date));
            // A day begins at its midnight, and an instant earlier it is the day before.
            let midnight = calendar.midnight(date);
            prop_assert_eq!(calendar.date(midnight), date);
            let before = midnight - chrono::TimeDelta::microseconds(1);
            prop_assert_eq!(calendar.date(before).succ_opt(), Some(date));
        }

        #[test]
        fn periods_begin_and_end_with_their_days(
            days in -200_000i64..200_000,
            week_start in 0u8..7,
        ) {
            let week_start = Weekday::try_from(week_start).unwrap();
            let calendar = Calendar { week_start, ..Calendar::default() };
            let date = date_from_epoch_day(days).unwrap();
            for period in [Period::Day, Period::Week, Period::Month] {
                let number = calendar.period(period, date);
                let start = calendar.period_start(period, number);
                prop_assert!(start <= date && date < calendar.period_start(period, number + 1));
                if period == Period::Week {
                    prop_assert_eq!(start.weekday(), week_start);
                }
            }
        }
    }
}
