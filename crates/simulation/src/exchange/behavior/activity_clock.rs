//! The activity clock of users: time passes faster on volatile days, and by weekday and hour.

use chrono::NaiveDate;

use crate::exchange::market::prices::MarketPrices;
use crate::exchange::marketing::signup_plan::weekday_factor;
use crate::exchange::population::countries::COUNTRIES;
use crate::units::{DAY, HOUR};

/// Minimum time between two trades of a user, in microseconds, which leaves room for a trade's other events.
const MIN_GAP: i64 = 64;

/// The intensity of trading by day and hour, as a time change of the trading process.
#[derive(Debug)]
pub(crate) struct ActivityClock {
    opening: i64,
    /// Intensity of each day relative to an average one; empty if the exchange is stationary.
    day_intensity: Vec<f64>,
    /// Activity time at the start of each day and at the end of the last, in microseconds of an average day.
    elapsed: Vec<f64>,
    /// `true` for days on which prices fell by more than three percent.
    fell: Vec<bool>,
    /// Cumulative share of a day's activity at the start of every hour, by country.
    hours: [[f64; 25]; COUNTRIES.len()],
}

impl ActivityClock {
    /// Creates the clock of all days of `prices`. If `stationary`, activity is uniform over time.
    pub(crate) fn new(
        opening: i64,
        first: NaiveDate,
        prices: &MarketPrices,
        stationary: bool,
    ) -> Self {
        let hours = std::array::from_fn(|country| {
            let mut elapsed = [0.0; 25];
            for (hour, share) in COUNTRIES[country].hours().iter().enumerate() {
                elapsed[hour + 1] = elapsed[hour] + share;
            }
            elapsed[24] = 1.0;
            elapsed
        });
        let mut clock =
            Self { opening, day_intensity: vec![], elapsed: vec![0.0], fell: vec![], hours };
        if stationary {
            return clock;
        }
        let mut elapsed = 0.0;
        for (day, (intensity, fell)) in first.iter_days().zip(prices.intensities()) {
            let day_intensity = weekday_factor(day) * intensity;
            elapsed += day_intensity * DAY as f64;
            clock.day_intensity.push(day_intensity);
            clock.elapsed.push(elapsed);
            clock.fell.push(fell);
        }
        clock
    }

    /// Returns `true` if prices fell on the day of a moment.
    pub(crate) fn is_falling(&self, at: i64) -> bool {
        let day = usize::try_from((at - self.opening).div_euclid(DAY)).unwrap_or(usize::MAX);
        self.fell.get(day).copied().unwrap_or_default()
    }

    /// Returns the moment of the day starting at `midnight` at which the share `part` of its activity has
    /// passed.
    pub(crate) fn moment(&self, country: usize, midnight: i64, part: f64) -> i64 {
        let hours = &self.hours[country];
        let hour = hours.partition_point(|elapsed| *elapsed <= part).clamp(1, 24) - 1;
        let fraction = (part - hours[hour]) / (hours[hour + 1] - hours[hour]);
        let at = hour as f64 + fraction.clamp(0.0, 1.0);
        midnight + truncate(at * HOUR as f64).min(DAY - 1)
    }

    /// Returns the moment at which `wait` microseconds of activity time have passed since `at`, or `i64::MAX`
    /// if that lies beyond the simulated days.
    pub(crate) fn after(&self, country: usize, at: i64, wait: f64) -> i64 {
        if self.day_intensity.is_empty() {
            return at.saturating_add(truncate(wait).max(MIN_GAP));
        }
        let day = (at - self.opening).div_euclid(DAY);
        let Some((day, day_intensity)) =
            usize::try_from(day).ok().and_then(|day| Some((day, self.day_intensity.get(day)?)))
        else {
            return i64::MAX;
        };
        let midnight = at - (at - self.opening).rem_euclid(DAY);
        let then = self.elapsed[day]
            + day_intensity * DAY as f64 * self.part(country, at - midnight)
            + wait;
        let later = self.elapsed[day..].partition_point(|elapsed| *elapsed <= then);
        let there = (day + later).saturating_sub(1);
        let Some(day_intensity) = self.day_intensity.get(there) else { return i64::MAX };
        let days = i64::try_from(there).unwrap_or(i64::MAX);
        let part = (then - self.elapsed[there]) / (day_intensity * DAY as f64);
        let next = self.moment(country, self.opening + days * DAY, part.clamp(0.0, 1.0));
        next.max(at.saturating_add(MIN_GAP))
    }

    /// Returns the share of a day's activity that has passed `since` microseconds after midnight.
    fn part(&self, country: usize, since: i64) -> f64 {
        let hour = usize::try_from(since / HOUR).unwrap_or_default().min(23);
        let fraction = (since % HOUR) as f64 / HOUR as f64;
        let hours = &self.hours[country];
        hours[hour] + (hours[hour + 1] - hours[hour]) * fraction
    }
}

/// Truncates a duration to whole microseconds.
#[allow(clippy::cast_possible_truncation)] // spans below 2⁶³, and cut there
fn truncate(span: f64) -> i64 {
    span as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(day_intensity: &[f64]) -> ActivityClock {
        let market = tidegauge_core::market::Market::default();
        let prices = MarketPrices::new(1, NaiveDate::default(), 0, &market).unwrap();
        let mut clock = ActivityClock::new(0, NaiveDate::default(), &prices, false);
        for day_intensity in day_intensity {
            clock.day_intensity.push(*day_intensity);
            clock.elapsed.push(clock.elapsed[clock.elapsed.len() - 1] + day_intensity * DAY as f64);
        }
        clock
    }

    #[test]
    fn double_intensity_halves_waiting_times() {
        let clock = clock(&[1.0, 2.0, 0.5, 1.0]);
        let midnight = |day: i64| day * DAY;
        // The hours of a day do not matter from midnight to midnight.
        for (from, wait, to) in [(0, 1.0, 1), (1, 2.0, 2), (2, 0.5, 3), (0, 3.5, 3)] {
            let after = clock.after(0, midnight(from), wait * DAY as f64);
            assert!((after - midnight(to)).abs() < 10, "{from} {wait}: {after}");
        }
        assert_eq!(clock.after(0, midnight(3), 1.5 * DAY as f64), i64::MAX);
    }

    #[test]
    fn elapsed_activity_is_additive() {
        let clock = clock(&[0.7, 1.9, 1.1, 0.6, 1.3]);
        for country in 0..COUNTRIES.len() {
            let (mut at, step) = (3 * HOUR, 0.05 * DAY as f64);
            for _ in 0..60 {
                at = clock.after(country, at, step);
            }
            let at_once = clock.after(country, 3 * HOUR, 60.0 * step);
            assert!((at - at_once).abs() < 1_000, "{at} {at_once}");
        }
    }

    #[test]
    fn stationary_clock_is_uniform() {
        let mut clock = clock(&[]);
        clock.day_intensity.clear();
        assert_eq!(clock.after(0, 100, 1_000.0), 1_100);
        assert_eq!(clock.after(0, 100, 1.0), 100 + MIN_GAP);
    }
}
