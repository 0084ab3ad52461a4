//! The restricted mean of a survival curve.

use crate::estimate::{Estimate, Interval, Method};
use crate::math::level::two_sided;

use super::kaplan_meier::Curve;

impl Curve {
    /// Returns the mean duration up to `horizon`, ∫₀ʰ S(t) dt, in the unit of the times, with its
    /// normal interval.
    ///
    /// The value is `None` if lives are observed for less than `horizon` and some have not ended;
    /// there is no interval without events before it. As R's `print(survfit(…), rmean = horizon)`.
    ///
    /// ```
    /// use tidegauge_models::survival::{Life, RiskTable, kaplan_meier};
    ///
    /// let lives = [Life::ended(2.0), Life::ended(4.0), Life::censored(10.0)];
    /// let curve = kaplan_meier(&RiskTable::of(&lives)?);
    /// let days = curve.restricted_mean(10.0, 0.9).value.unwrap();
    /// assert!((days - (2.0 + 4.0 + 10.0) / 3.0).abs() < 1e-12);
    /// # Ok::<(), tidegauge_models::survival::SurvivalError>(())
    /// ```
    #[must_use]
    pub fn restricted_mean(&self, horizon: f64, level: f64) -> Estimate {
        let Some((mean, variance)) = self.area(horizon) else {
            return Estimate::undetermined(self.lives());
        };
        let interval = normal(mean, variance, level, (0.0, horizon));
        Estimate::new(mean, interval, self.lives())
    }

    /// Returns the standard error of the [`restricted_mean`](Self::restricted_mean): the root of
    /// Σ A² · d/(n·(n − d)) over the times up to `horizon`, where A is the area below the curve
    /// from the time to `horizon`. `None` where the mean is.
    ///
    /// ```
    /// use tidegauge_models::survival::{Life, RiskTable, kaplan_meier};
    ///
    /// let lives = [Life::ended(1.0), Life::ended(2.0), Life::censored(2.5), Life::ended(4.0)];
    /// let curve = kaplan_meier(&RiskTable::of(&lives)?);
    /// assert!(curve.restricted_mean_std_error(3.0) > Some(0.0));
    /// # Ok::<(), tidegauge_models::survival::SurvivalError>(())
    /// ```
    #[must_use]
    pub fn restricted_mean_std_error(&self, horizon: f64) -> Option<f64> {
        self.area(horizon).map(|(_, variance)| variance.sqrt())
    }

    /// Returns the difference of the restricted means of two independent groups, this one less
    /// `other`, with its normal interval (Royston and Parmar 2013). The number of lives is of both.
    ///
    /// ```
    /// use tidegauge_models::survival::{Life, RiskTable, kaplan_meier};
    ///
    /// let curve = |days: [f64; 3]| {
    ///     RiskTable::of(&days.map(Life::ended)).map(|table| kaplan_meier(&table))
    /// };
    /// let longer = curve([4.0, 8.0, 9.0])?;
    /// let gain = longer.restricted_mean_difference(&curve([2.0, 4.0, 9.0])?, 9.0, 0.9);
    /// assert!((gain.value.unwrap() - 2.0).abs() < 1e-12);
    /// # Ok::<(), tidegauge_models::survival::SurvivalError>(())
    /// ```
    #[must_use]
    pub fn restricted_mean_difference(&self, other: &Self, horizon: f64, level: f64) -> Estimate {
        let n = self.lives().saturating_add(other.lives());
        let Some((one, two)) = self.area(horizon).zip(other.area(horizon)) else {
            return Estimate::undetermined(n);
        };
        let (value, variance) = (one.0 - two.0, one.1 + two.1);
        Estimate::new(value, normal(value, variance, level, (-horizon, horizon)), n)
    }

    /// Returns the area below the curve up to `horizon`, and its variance.
    fn area(&self, horizon: f64) -> Option<(f64, f64)> {
        let last = self.steps().last()?;
        if !(horizon >= 0.0 && horizon.is_finite()) || (horizon > last.time && last.survival > 0.0)
        {
            return None;
        }
        let within = self.steps().partition_point(|step| step.time <= horizon);
        let (mut area, mut variance, mut until) = (0.0, 0.0, horizon);
        for step in self.steps()[..within].iter().rev() {
            area += step.survival * (until - step.time);
            until = step.time;
            // After the last life has ended no area is left, and nothing varies.
            if step.events > 0 && area > 0.0 {
                let (n, d) = (step.at_risk as f64, step.events as f64);
                variance += area * area * d / (n * (n - d));
            }
        }
        Some((area + until, variance))
    }
}

/// Returns the normal interval within a range, or `None` without variance.
fn normal(value: f64, variance: f64, level: f64, (least, most): (f64, f64)) -> Option<Interval> {
    let half = two_sided(level).filter(|_| variance > 0.0)? * variance.sqrt();
    Interval::new((value - half).max(least), (value + half).min(most), level, Method::Normal)
}
