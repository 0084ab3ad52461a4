//! The complete periods of the calendar in the time of observation.

use chrono::NaiveDate;

use super::period::Period;
use crate::calendar::{Calendar, LocalDays};
use crate::facts::Facts;

/// The periods from that of the first signup to the last one that is over at the end of
/// observation, each with its place from 0 on.
#[derive(Debug)]
pub(crate) struct CompletePeriods {
    calendar: Calendar,
    period: Period,
    days: LocalDays,
    /// The number of the first period.
    first: i64,
    count: usize,
    /// The day of the first signup, since 1970-01-01.
    first_day: i64,
    /// The place of the period of each day from the first one on.
    of_days: Vec<u32>,
}

impl CompletePeriods {
    /// Returns the complete periods of the facts; none without users.
    pub(crate) fn of(facts: &Facts, period: Period) -> Self {
        let (calendar, days) = (*facts.calendar(), facts.local_days());
        let first_signup = facts.users.signup_at.iter().min().copied();
        let first_day = days.of(first_signup.unwrap_or(facts.end_micros()));
        let number = |day: i64| calendar.period_of_day(period, day);
        // The period of the end has begun and is not over; those before it are.
        let (first, end) = (number(first_day), number(days.of(facts.end_micros())));
        let place = |day: i64| u32::try_from(number(day) - first).unwrap_or_default();
        let over = (first_day..).take_while(|day| number(*day) < end);
        Self {
            of_days: over.map(place).collect(),
            count: usize::try_from(end - first).unwrap_or_default(),
            calendar,
            period,
            days,
            first,
            first_day,
        }
    }

    /// Returns the number of periods.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// Returns the number of days from the first signup to the end of the last period.
    pub(crate) fn day_count(&self) -> usize {
        self.of_days.len()
    }

    /// Returns the place of the day of a time; `None` if its period is not over.
    #[inline]
    pub(crate) fn day_place(&self, at: i64) -> Option<usize> {
        let place = usize::try_from(self.days.of(at) - self.first_day).ok()?;
        (place < self.of_days.len()).then_some(place)
    }

    /// Returns the place of the period of a time; `None` if it is not over.
    #[inline]
    pub(crate) fn place(&self, at: i64) -> Option<usize> {
        self.day_place(at).map(|day| self.of_days[day] as usize)
    }

    /// Returns the first day of the period at a place.
    pub(crate) fn start(&self, place: usize) -> NaiveDate {
        let number = self.first.saturating_add_unsigned(place as u64);
        self.calendar.period_start(self.period, number)
    }

    /// Returns the number of days of the period at a place.
    pub(crate) fn days_of(&self, place: usize) -> i64 {
        (self.start(place + 1) - self.start(place)).num_days()
    }

    /// Returns the places of the days of the period at a place, from the first signup on.
    pub(crate) fn days_at(&self, place: usize) -> std::ops::Range<usize> {
        let before = |place: usize| self.of_days.partition_point(|of| (*of as usize) < place);
        before(place)..before(place + 1)
    }

    /// Returns `true` if the period at a place was observed from its first day on: the first one
    /// may begin before the data do.
    pub(crate) fn is_whole(&self, place: usize) -> bool {
        i64::try_from(self.days_at(place).len()).is_ok_and(|days| days == self.days_of(place))
    }
}
