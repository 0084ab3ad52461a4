//! Counts that the same spend would bring again.

use super::delta::log_normal_of;
use super::types::Estimate;
use crate::math::student;

/// The dispersion of daily counts: the variance of their sum over what it would be if they were
/// Poisson.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Dispersion {
    /// The ratio φ of the variances.
    pub phi: f64,
    /// The degrees of freedom with which φ is known.
    pub degrees: f64,
}

impl Dispersion {
    /// The dispersion of Poisson counts, known.
    pub const POISSON: Self = Self { phi: 1.0, degrees: f64::INFINITY };

    /// Measures the dispersion of daily counts, such as signups.
    ///
    /// With T days, the residuals eₜ = yₜ − exposureₜ Σy/Σexposure, and Bartlett's weights up to
    /// `lags` days, so that the days of some weeks may be alike:
    ///
    /// ```text
    /// φ = (Σ eₜ² + 2 Σ over l ≤ lags (1 − l/(lags + 1)) Σ eₜ eₜ₊ₗ) / Σy / (1 − (lags + 1)/T)
    /// ```
    ///
    /// The last factor is what the fitted rate takes from the sum, and φ has 3T/2(lags + 1)
    /// degrees of freedom. The exposure of a day is what its count is expected to be proportional
    /// to: the day's spend, or 1. `None` if the numbers of days differ, below 14 days or three
    /// times `lags + 1` days, or unless both sums are positive.
    ///
    /// Sources: W. K. Newey and K. D. West (1987), Econometrica 55; for the degrees of freedom of
    /// Bartlett's weights M. B. Priestley (1981), "Spectral Analysis and Time Series", 6.2.
    ///
    /// ```
    /// use tidegauge_models::estimate::Dispersion;
    ///
    /// let signups = [9.0, 11.0, 10.0, 12.0, 8.0, 7.0, 13.0, 10.0, 9.0, 11.0, 10.0, 8.0, 12.0, 10.0];
    /// let dispersion = Dispersion::of(&signups, &[1.0; 14], 0).ok_or("too few days")?;
    /// assert!((dispersion.phi - 14.0 / 13.0 * 38.0 / 140.0).abs() < 1e-12);
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub fn of(counts: &[f64], exposure: &[f64], lags: usize) -> Option<Self> {
        let (days, total) = (counts.len(), counts.iter().sum::<f64>());
        let exposed: f64 = exposure.iter().sum();
        let enough = days == exposure.len() && days >= 14.max(3 * (lags + 1));
        if !(enough && total > 0.0 && exposed > 0.0) {
            return None;
        }
        let rate = total / exposed;
        let residuals: Vec<f64> =
            counts.iter().zip(exposure).map(|(count, exposure)| count - rate * exposure).collect();
        let lagged = |lag: usize| {
            residuals.iter().zip(&residuals[lag..]).map(|(one, other)| one * other).sum::<f64>()
        };
        let reach = (lags + 1) as f64;
        let weighted = |lag: usize| 2.0 * (1.0 - lag as f64 / reach) * lagged(lag);
        // Bartlett's weights keep the variance from being negative, but for rounding.
        let variance = (lagged(0) + (1..=lags).map(weighted).sum::<f64>()).max(0.0);
        let days = days as f64;
        let phi = variance / total / (1.0 - reach / days);
        phi.is_finite().then_some(Self { phi, degrees: 1.5 * days / reach })
    }
}

/// Returns a count with the interval of its expectation, on the scale of the logarithm with
/// standard error √(φ count) and Student's t; `n` is the count. Of 0 there is no interval.
///
/// Times the value of a user, by [`product`](super::product()), it is the revenue of the same spend
/// again.
///
/// ```
/// use tidegauge_models::estimate::{Dispersion, expected_count};
///
/// let signups = expected_count(400, Dispersion::POISSON, 0.9);
/// assert!(signups.interval.is_some_and(|interval| interval.low < 370.0));
/// ```
#[must_use]
pub fn expected_count(count: u64, dispersion: Dispersion, level: f64) -> Estimate {
    let number = count as f64;
    let reach = student::quantile(f64::midpoint(level, 1.0), dispersion.degrees)
        * (dispersion.phi / number).sqrt();
    log_normal_of(number, reach, count, level)
}

/// Returns the cost per user, `spend / users`, with the interval of what the same spend would cost
/// per user again: on the scale of the logarithm with standard error √(φ / users) and Student's t.
/// Undetermined without users.
///
/// The cost to date is a fact and has no interval; this one is about the next time.
///
/// ```
/// use tidegauge_models::estimate::{Dispersion, cost_per_user};
///
/// let cost = cost_per_user(8_000.0, 200, Dispersion::POISSON, 0.9);
/// assert_eq!(cost.value, Some(40.0));
/// ```
#[must_use]
pub fn cost_per_user(spend: f64, users: u64, dispersion: Dispersion, level: f64) -> Estimate {
    let number = users as f64;
    let reach = student::quantile(f64::midpoint(level, 1.0), dispersion.degrees)
        * (dispersion.phi / number).sqrt();
    log_normal_of(spend / number, reach, users, level)
}
