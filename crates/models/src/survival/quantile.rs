//! Quantiles of a survival curve.

use crate::estimate::{Estimate, Flags, Interval, Method};
use crate::math::level::two_sided;

use super::kaplan_meier::{Curve, Step};
use super::transform::log_log;

/// How near a curve must be to a probability to have reached it: rounding in the product must not
/// decide whether half of the lives have ended.
const TOLERANCE: f64 = 1.5e-8;

impl Curve {
    /// Returns the median duration with its interval; see [`quantile`](Self::quantile).
    ///
    /// ```
    /// use tidegauge_models::survival::{Life, RiskTable, kaplan_meier};
    ///
    /// let lives: Vec<Life> = (1..=9).map(|day| Life::ended(f64::from(day))).collect();
    /// let curve = kaplan_meier(&RiskTable::of(&lives)?);
    /// assert_eq!(curve.median(0.9).value, Some(5.0));
    /// # Ok::<(), tidegauge_models::survival::SurvivalError>(())
    /// ```
    #[must_use]
    pub fn median(&self, level: f64) -> Estimate {
        self.quantile(0.5, level)
    }

    /// Returns the time by which the `share` of the lives have ended, with its interval.
    ///
    /// The value is the first time with S(t) ≤ 1 − `share`, the middle of the times if S equals
    /// 1 − `share` from one to the other, and `None` if S does not fall so far. The bounds are the
    /// same of the bounds of S (Brookmeyer and Crowley 1982, on the scale ln(−ln S)); the upper
    /// one is infinite if the upper bound of S does not fall so far. As R's `quantile.survfit`.
    ///
    /// ```
    /// use tidegauge_models::survival::{Life, RiskTable, kaplan_meier};
    ///
    /// let lives = [Life::ended(1.0), Life::ended(2.0), Life::censored(2.5), Life::ended(4.0)];
    /// let curve = kaplan_meier(&RiskTable::of(&lives)?);
    /// assert_eq!(curve.quantile(0.25, 0.9).value, Some(1.5)); // S is 3/4 from 1 to 2
    /// # Ok::<(), tidegauge_models::survival::SurvivalError>(())
    /// ```
    #[must_use]
    pub fn quantile(&self, share: f64, level: f64) -> Estimate {
        let survival = 1.0 - share;
        let value = self.first_time(survival, |step| step.survival);
        let interval = two_sided(level).and_then(|z| {
            let bounds = |step: &Step| match step.survival {
                p if p >= 1.0 => (1.0, 1.0),
                p if p <= 0.0 => (0.0, f64::NAN),
                p => log_log(p, step.log_variance, z),
            };
            let low = self.first_time(survival, |step| bounds(step).0)?;
            let high = self.first_time(survival, |step| bounds(step).1).unwrap_or(f64::INFINITY);
            Some(Interval { low, high, level, method: Method::LogLog })
        });
        Estimate { value, interval, n: self.lives(), flags: Flags::default() }
    }

    /// Returns the time at which a decreasing function of the steps reaches `target`.
    fn first_time(&self, target: f64, value: impl Fn(&Step) -> f64) -> Option<f64> {
        let steps = self.steps();
        let first = steps.iter().position(|step| value(step) <= target + TOLERANCE)?;
        let (time, reached) = (steps[first].time, value(&steps[first]));
        if (reached - target).abs() > TOLERANCE {
            return Some(time);
        }
        let lower = steps[first..].iter().find(|step| value(step) < reached - TOLERANCE);
        let until = lower.or(steps.last()).map_or(time, |step| step.time);
        Some(f64::midpoint(time, until))
    }
}
