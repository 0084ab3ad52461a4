//! Calendar periods with consecutive numbers.

use chrono::{Datelike, NaiveDate};
use polars::prelude::*;
use serde::{Deserialize, Serialize};

use crate::dates::{date_from_epoch_day, epoch_day};

/// A calendar period, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// A calendar day.
    Day,
    /// An ISO week, from Monday.
    Week,
    /// A calendar month.
    Month,
}

/// The number of days from Monday, 1969-12-29, to the epoch, a Thursday.
const EPOCH_FROM_MONDAY: i64 = 3;

impl Period {
    /// Returns the number of the period that contains `day`. Numbers are consecutive across years, also
    /// for weeks and months.
    ///
    /// ```
    /// use tidegauge_analytics::Period;
    ///
    /// let (eve, new_year) = ("2026-12-31".parse()?, "2027-01-01".parse()?);
    /// assert_eq!(Period::Week.number(eve), Period::Week.number(new_year));
    /// assert_eq!(Period::Month.number(eve) + 1, Period::Month.number(new_year));
    /// assert_eq!(Period::Week.start(Period::Week.number(new_year)).to_string(), "2026-12-28");
    /// # Ok::<(), chrono::ParseError>(())
    /// ```
    pub fn number(self, day: NaiveDate) -> i64 {
        let days = (day - NaiveDate::default()).num_days();
        match self {
            Self::Day => days,
            Self::Week => (days + EPOCH_FROM_MONDAY).div_euclid(7),
            Self::Month => i64::from(day.year()) * 12 + i64::from(day.month0()),
        }
    }

    /// Returns the first day of the period with that number.
    pub fn start(self, number: i64) -> NaiveDate {
        let day = match self {
            Self::Day => date_from_epoch_day(number),
            Self::Week => date_from_epoch_day(number * 7 - EPOCH_FROM_MONDAY),
            Self::Month => i32::try_from(number.div_euclid(12)).ok().and_then(|year| {
                let month = u32::try_from(number.rem_euclid(12) + 1).ok()?;
                NaiveDate::from_ymd_opt(year, month, 1)
            }),
        };
        day.unwrap_or(if number < 0 { NaiveDate::MIN } else { NaiveDate::MAX })
    }

    /// Returns the number of the period that contains `time`, as in [`Self::number`].
    pub(crate) fn number_of(self, time: Expr) -> Expr {
        match self {
            Self::Day => epoch_day(time),
            Self::Week => (epoch_day(time) + lit(EPOCH_FROM_MONDAY)).floor_div(lit(7i64)),
            Self::Month => {
                let year = time.clone().dt().year().cast(DataType::Int64);
                year * lit(12i64) + time.dt().month().cast(DataType::Int64) - lit(1i64)
            }
        }
    }

    /// Returns the first day of the period that contains `time`.
    pub(crate) fn start_of(self, time: Expr) -> Expr {
        let first = match self {
            Self::Day => epoch_day(time),
            Self::Week => self.number_of(time) * lit(7i64) - lit(EPOCH_FROM_MONDAY),
            Self::Month => {
                epoch_day(time.clone()) - time.dt().day().cast(DataType::Int64) + lit(1i64)
            }
        };
        first.cast(DataType::Int32).cast(DataType::Date)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::frames::CollectBlocking;

    proptest! {
        #[test]
        fn period_numbers_of_frames_and_dates_agree(days in -200_000i64..200_000) {
            let day = date_from_epoch_day(days).unwrap();
            let frame = df!("at" => [days * 86_400_000_000 + 86_399_999_999]).unwrap().lazy();
            let time = || col("at").cast(DataType::Datetime(TimeUnit::Microseconds, None));
            for period in [Period::Day, Period::Week, Period::Month] {
                let frame = frame.clone().select([
                    period.number_of(time()).alias("number"),
                    epoch_day(period.start_of(time())).alias("start"),
                ]).collect_blocking().unwrap();
                let number = frame.column("number").unwrap().i64().unwrap().get(0).unwrap();
                let start = frame.column("start").unwrap().i64().unwrap().get(0).unwrap();
                prop_assert_eq!(number, period.number(day));
                prop_assert_eq!(date_from_epoch_day(start).unwrap(), period.start(number));
                prop_assert!(period.start(number) <= day && day < period.start(number + 1));
            }
        }
    }
}
