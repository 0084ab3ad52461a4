//! The Kaplan–Meier estimator.

use crate::estimate::Estimate;

use super::risk::{RiskRow, RiskTable};
use super::steps::{LivesAt, step_at};
use super::transform::interval;

/// A survival curve: S(t), the share of lives whose event has not happened by the time t.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    lives: u64,
    steps: Vec<Step>,
}

/// A survival curve from one time to the next.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Step {
    /// The time.
    pub time: f64,
    /// The number of lives at risk at the time.
    pub at_risk: u64,
    /// The number of events at the time.
    pub events: u64,
    /// The number of lives censored at the time.
    pub censored: u64,
    /// S(t), from this time to before the next.
    pub survival: f64,
    /// The variance of ln S(t), Greenwood's sum Σ d/(n·(n − d)); infinite where S(t) is 0.
    pub log_variance: f64,
}

impl Step {
    /// Returns the standard error of S(t), or `None` where S(t) is 0.
    ///
    /// ```
    /// use tidegauge_models::survival::{Life, RiskTable, kaplan_meier};
    ///
    /// let lives = [Life::ended(1.0), Life::ended(2.0), Life::censored(2.5), Life::ended(4.0)];
    /// let curve = kaplan_meier(&RiskTable::of(&lives)?);
    /// // S(1) = 3/4, √(S·(1 − S)/n).
    /// let error = curve.steps()[0].std_error().ok_or("S is above 0")?;
    /// assert!((error - (0.75_f64 * 0.25 / 4.0).sqrt()).abs() < 1e-12);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn std_error(&self) -> Option<f64> {
        (self.survival > 0.0).then(|| self.survival * self.log_variance.sqrt())
    }
}

/// Computes the Kaplan–Meier estimator S(t) = Π (1 − d/n) over the times up to t, with d events
/// (of any cause) among n lives at risk.
///
/// Its variance is Greenwood's, its intervals are on the scale ln(−ln S) (Kalbfleisch and Prentice
/// 2002, §1.4); it equals R's `survfit(…, conf.type = "log-log")`.
///
/// ```
/// use tidegauge_models::survival::{Life, RiskTable, kaplan_meier};
///
/// let lives = [Life::ended(1.0), Life::ended(2.0), Life::censored(2.5), Life::ended(4.0)];
/// let curve = kaplan_meier(&RiskTable::of(&lives)?);
/// assert_eq!(curve.at(3.0, 0.9).value, Some(0.5));
/// assert_eq!(curve.at(4.0, 0.9).value, Some(0.0));
/// # Ok::<(), tidegauge_models::survival::SurvivalError>(())
/// ```
#[must_use]
pub fn kaplan_meier(table: &RiskTable) -> Curve {
    Curve { lives: table.lives(), steps: steps(table.rows().iter().copied()) }
}

/// Returns the steps of the estimator.
pub(super) fn steps(rows: impl Iterator<Item = RiskRow>) -> Vec<Step> {
    let (mut survival, mut log_variance) = (1.0, 0.0);
    let step = |RiskRow { time, at_risk, events, censored }| {
        if events > 0 {
            let (n, d) = (at_risk as f64, events as f64);
            survival *= (n - d) / n;
            log_variance += d / (n * (n - d));
        }
        Step { time, at_risk, events, censored, survival, log_variance }
    };
    rows.map(step).collect()
}

impl Curve {
    /// Computes the curve of conditional shares by age, such as the retention of cohorts on and
    /// after each age: at each time, `lost` of the `at_risk` lives that reached it.
    ///
    /// The lives at risk may change from one time to the next, as cohorts too young for it drop
    /// out; the product of the conditional shares does not mix cohorts of unlike age.
    /// A cell whose losses exceed its lives is taken as all lost.
    ///
    /// ```
    /// use tidegauge_models::survival::Curve;
    ///
    /// // 300 of 1,000 users lost at age 1; of the 400 whose age 2 is over, 40 lost at it.
    /// let curve = Curve::of_cells([(1.0, 1_000, 300), (2.0, 400, 40)]);
    /// assert!((curve.at(2.0, 0.9).value.unwrap() - 0.7 * 0.9).abs() < 1e-12);
    /// ```
    #[must_use]
    pub fn of_cells(cells: impl IntoIterator<Item = (f64, u64, u64)>) -> Self {
        let rows: Vec<RiskRow> = cells
            .into_iter()
            .map(|(time, at_risk, lost)| {
                let events = lost.min(at_risk);
                RiskRow { time, at_risk, events, censored: 0 }
            })
            .collect();
        let lives = rows.iter().map(|row| row.at_risk).max().unwrap_or(0);
        Self { lives, steps: steps(rows.into_iter()) }
    }

    /// Returns the steps, one for each distinct time of an end, ascending.
    ///
    /// ```
    /// use tidegauge_models::survival::{Life, RiskTable, kaplan_meier};
    ///
    /// let lives = [Life::ended(1.0), Life::ended(2.0), Life::censored(2.5), Life::ended(4.0)];
    /// let curve = kaplan_meier(&RiskTable::of(&lives)?);
    /// assert_eq!(curve.steps().iter().map(|step| step.at_risk).collect::<Vec<_>>(), [4, 3, 2, 1]);
    /// # Ok::<(), tidegauge_models::survival::SurvivalError>(())
    /// ```
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Returns the number of lives.
    ///
    /// ```
    /// use tidegauge_models::survival::{Life, RiskTable, kaplan_meier};
    ///
    /// let lives = [Life::ended(1.0), Life::ended(2.0), Life::censored(2.5), Life::ended(4.0)];
    /// let curve = kaplan_meier(&RiskTable::of(&lives)?);
    /// assert_eq!(curve.lives(), 4);
    /// # Ok::<(), tidegauge_models::survival::SurvivalError>(())
    /// ```
    #[must_use]
    pub fn lives(&self) -> u64 {
        self.lives
    }

    /// Returns S(`time`) with its interval; `n` is the number of lives.
    ///
    /// The value is `None` after the last time of an end, where the data say nothing unless S has
    /// reached 0. Before the first event the interval is Wilson's of no events among the lives at
    /// risk; at S = 0 there is none.
    ///
    /// ```
    /// use tidegauge_models::survival::{Life, RiskTable, kaplan_meier};
    ///
    /// let lives = [Life::ended(1.0), Life::ended(2.0), Life::censored(2.5), Life::ended(4.0)];
    /// let curve = kaplan_meier(&RiskTable::of(&lives)?);
    /// assert_eq!((curve.at(1.5, 0.9).value, curve.at(9.0, 0.9).value), (Some(0.75), Some(0.0)));
    /// # Ok::<(), tidegauge_models::survival::SurvivalError>(())
    /// ```
    #[must_use]
    pub fn at(&self, time: f64, level: f64) -> Estimate {
        let lives = |step: &Step| LivesAt {
            time: step.time,
            at_risk: step.at_risk,
            ended: step.events + step.censored,
            survival: step.survival,
        };
        let Some((step, observed)) = step_at(&self.steps, time, lives) else {
            return Estimate::undetermined(self.lives);
        };
        let (survival, log_variance) =
            step.map_or((1.0, 0.0), |step| (step.survival, step.log_variance));
        self.estimate(survival, log_variance, observed, level)
    }

    /// Returns time and S(t) with its interval at each step.
    ///
    /// ```
    /// use tidegauge_models::survival::{Life, RiskTable, kaplan_meier};
    ///
    /// let lives = [Life::ended(1.0), Life::ended(2.0), Life::censored(2.5), Life::ended(4.0)];
    /// let curve = kaplan_meier(&RiskTable::of(&lives)?);
    /// let shares: Vec<_> = curve.estimates(0.9).iter().map(|(_, share)| share.value).collect();
    /// assert_eq!(shares, [Some(0.75), Some(0.5), Some(0.5), Some(0.0)]);
    /// # Ok::<(), tidegauge_models::survival::SurvivalError>(())
    /// ```
    #[must_use]
    pub fn estimates(&self, level: f64) -> Vec<(f64, Estimate)> {
        let estimate = |step: &Step| {
            (step.time, self.estimate(step.survival, step.log_variance, step.at_risk, level))
        };
        self.steps.iter().map(estimate).collect()
    }

    fn estimate(&self, survival: f64, log_variance: f64, observed: u64, level: f64) -> Estimate {
        let interval = interval(survival, log_variance, observed, level);
        Estimate::new(survival, interval, self.lives)
    }
}
