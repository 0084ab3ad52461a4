//! The Aalen–Johansen estimator of competing causes.

use crate::estimate::{Estimate, Interval};

use super::risk::{RiskRow, RiskTable};
use super::steps::{LivesAt, step_at};
use super::transform::interval;

/// A cumulative incidence: F(t), the share of lives that have ended by one of several competing
/// causes by the time t.
#[derive(Debug, Clone, PartialEq)]
pub struct Incidence {
    lives: u64,
    steps: Vec<IncidenceStep>,
}

/// A cumulative incidence from one time to the next.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct IncidenceStep {
    /// The time.
    pub time: f64,
    /// The number of lives at risk at the time.
    pub at_risk: u64,
    /// The number of events of the cause at the time.
    pub events: u64,
    /// The number of lives that ended otherwise at the time: by another cause, or censored.
    pub others: u64,
    /// S(t), the share of lives that no cause has ended.
    pub survival: f64,
    /// F(t), from this time to before the next.
    pub incidence: f64,
    /// The variance of F(t).
    pub variance: f64,
}

/// Computes the Aalen–Johansen estimator of a cause, F(t) = Σ S(before tⱼ) · dⱼ/nⱼ over the times
/// up to t, where S is the Kaplan–Meier estimator of all causes, dⱼ the events of the cause and nⱼ
/// the lives at risk.
///
/// One minus Kaplan–Meier of the cause alone overstates F wherever another cause ends lives first.
/// The variance is of Greenwood's type, with multinomial increments (Gaynor et al. 1993; Allignol,
/// Schumacher and Beyersmann 2010), the interval is on the scale ln(−ln(1 − F)): of a single cause
/// both equal those of [`kaplan_meier`](super::kaplan_meier).
///
/// ```
/// use tidegauge_models::survival::{Life, RiskTable, aalen_johansen};
///
/// let lives = [Life::ended_by(1.0, 0), Life::ended_by(2.0, 1), Life::ended_by(3.0, 0),
///     Life::censored(5.0)];
/// let table = RiskTable::of(&lives)?;
/// assert_eq!(aalen_johansen(&table, 0).at(4.0, 0.9).value, Some(0.5));
/// assert_eq!(aalen_johansen(&table, 1).at(4.0, 0.9).value, Some(0.25));
/// # Ok::<(), tidegauge_models::survival::SurvivalError>(())
/// ```
#[must_use]
pub fn aalen_johansen(table: &RiskTable, cause: u8) -> Incidence {
    let mut state = State::default();
    let step = |(index, row): (usize, &RiskRow)| {
        let events = table.events_of(index, cause);
        state.add(row.at_risk as f64, row.events as f64, events as f64);
        IncidenceStep {
            time: row.time,
            at_risk: row.at_risk,
            events,
            others: row.events - events + row.censored,
            survival: state.survival,
            incidence: state.incidence,
            variance: state.variance(),
        }
    };
    Incidence { lives: table.lives(), steps: table.rows().iter().enumerate().map(step).collect() }
}

/// The running estimate. With the increments h = d/n of all causes and hₖ of the one, F(t) moves
/// by S(before tⱼ) per unit of hₖ and by −(F(t) − F(tⱼ))/(1 − h) per unit of h at tⱼ, so that its
/// variance is a quadratic in F(t) with sums over the times as coefficients.
#[derive(Debug)]
struct State {
    survival: f64,
    incidence: f64,
    square: f64,
    linear: f64,
    constant: f64,
}

impl Default for State {
    fn default() -> Self {
        Self { survival: 1.0, incidence: 0.0, square: 0.0, linear: 0.0, constant: 0.0 }
    }
}

impl State {
    /// Adds a time with `d` events among `n` lives, `own` of them of the cause.
    fn add(&mut self, n: f64, d: f64, own: f64) {
        if d <= 0.0 {
            return;
        }
        let before = self.survival;
        self.survival *= (n - d) / n;
        self.incidence += before * own / n;
        self.constant += before * before * own * (n - own) / (n * n * n);
        // Once every life has ended F stays, and the terms of F(t) − F(tⱼ) vanish.
        if d < n {
            let (greenwood, cross) = (d / (n * (n - d)), before * own / (n * n));
            let f = self.incidence;
            self.square += greenwood;
            self.linear += f * greenwood + cross;
            self.constant += f * f * greenwood + 2.0 * f * cross;
        }
    }

    fn variance(&self) -> f64 {
        let f = self.incidence;
        ((self.square * f - 2.0 * self.linear) * f + self.constant).max(0.0)
    }
}

impl Incidence {
    /// Returns the steps, one for each distinct time of an end, ascending.
    ///
    /// ```
    /// use tidegauge_models::survival::{Life, RiskTable, aalen_johansen};
    ///
    /// // Two of four users become high-volume traders, one leaves before.
    /// let lives = [Life::ended(1.0), Life::ended_by(2.0, 1), Life::ended(3.0), Life::censored(4.0)];
    /// let incidence = aalen_johansen(&RiskTable::of(&lives)?, 0);
    /// assert_eq!(incidence.steps().len(), 4);
    /// # Ok::<(), tidegauge_models::survival::SurvivalError>(())
    /// ```
    #[must_use]
    pub fn steps(&self) -> &[IncidenceStep] {
        &self.steps
    }

    /// Returns the number of lives.
    ///
    /// ```
    /// use tidegauge_models::survival::{Life, RiskTable, aalen_johansen};
    ///
    /// // Two of four users become high-volume traders, one leaves before.
    /// let lives = [Life::ended(1.0), Life::ended_by(2.0, 1), Life::ended(3.0), Life::censored(4.0)];
    /// let incidence = aalen_johansen(&RiskTable::of(&lives)?, 0);
    /// assert_eq!(incidence.lives(), 4);
    /// # Ok::<(), tidegauge_models::survival::SurvivalError>(())
    /// ```
    #[must_use]
    pub fn lives(&self) -> u64 {
        self.lives
    }

    /// Returns F(`time`) with its interval; `n` is the number of lives.
    ///
    /// The value is `None` after the last time of an end, unless every life had ended by then.
    /// Before the first event the interval is Wilson's of no events among the lives at risk.
    ///
    /// ```
    /// use tidegauge_models::survival::{Life, RiskTable, aalen_johansen};
    ///
    /// // Two of four users become high-volume traders, one leaves before.
    /// let lives = [Life::ended(1.0), Life::ended_by(2.0, 1), Life::ended(3.0), Life::censored(4.0)];
    /// let incidence = aalen_johansen(&RiskTable::of(&lives)?, 0);
    /// assert_eq!(incidence.at(3.5, 0.9).value, Some(0.5));
    /// # Ok::<(), tidegauge_models::survival::SurvivalError>(())
    /// ```
    #[must_use]
    pub fn at(&self, time: f64, level: f64) -> Estimate {
        let lives = |step: &IncidenceStep| LivesAt {
            time: step.time,
            at_risk: step.at_risk,
            ended: step.events + step.others,
            survival: step.survival,
        };
        let Some((step, observed)) = step_at(&self.steps, time, lives) else {
            return Estimate::undetermined(self.lives);
        };
        let (incidence, variance) = step.map_or((0.0, 0.0), |step| (step.incidence, step.variance));
        self.estimate(incidence, variance, observed, level)
    }

    /// Returns time and F(t) with its interval at each step.
    ///
    /// ```
    /// use tidegauge_models::survival::{Life, RiskTable, aalen_johansen};
    ///
    /// // Two of four users become high-volume traders, one leaves before.
    /// let lives = [Life::ended(1.0), Life::ended_by(2.0, 1), Life::ended(3.0), Life::censored(4.0)];
    /// let incidence = aalen_johansen(&RiskTable::of(&lives)?, 0);
    /// let shares: Vec<_> = incidence.estimates(0.9).iter().map(|(_, share)| share.value).collect();
    /// assert_eq!(shares, [Some(0.25), Some(0.25), Some(0.5), Some(0.5)]);
    /// # Ok::<(), tidegauge_models::survival::SurvivalError>(())
    /// ```
    #[must_use]
    pub fn estimates(&self, level: f64) -> Vec<(f64, Estimate)> {
        let estimate = |step: &IncidenceStep| {
            (step.time, self.estimate(step.incidence, step.variance, step.at_risk, level))
        };
        self.steps.iter().map(estimate).collect()
    }

    fn estimate(&self, incidence: f64, variance: f64, observed: u64, level: f64) -> Estimate {
        // The rest of lives that have all ended is 0 but for rounding.
        let rest = Some(1.0 - incidence).filter(|rest| *rest > 1e-12).unwrap_or(0.0);
        let interval = interval(rest, variance / (rest * rest), observed, level)
            .map(|rest| Interval { low: 1.0 - rest.high, high: 1.0 - rest.low, ..rest });
        Estimate::new(incidence, interval, self.lives)
    }
}
