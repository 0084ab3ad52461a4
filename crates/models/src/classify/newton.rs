//! Maximum of a penalised logistic likelihood.

use crate::math::cholesky::Cholesky;

use super::error::{ClassifyError, Unidentified};

/// The most Newton steps.
const MOST_ITERATIONS: u32 = 100;
/// The standard error, in log-odds per standard deviation, beyond which a coefficient counts as
/// infinite.
const INFINITE: f64 = 1e3;

/// Observations with standardised columns, the first of which is 1.
pub(super) struct Problem<'a> {
    /// Rows one after the other.
    pub(super) values: &'a [f64],
    pub(super) size: usize,
    pub(super) outcomes: &'a [bool],
    pub(super) weights: &'a [f64],
    /// A fixed term of each log-odds.
    pub(super) offsets: &'a [f64],
    pub(super) ridge: f64,
}

/// The maximum.
pub(super) struct Maximum {
    pub(super) coefficients: Vec<f64>,
    /// The inverse of the penalised information, by rows.
    pub(super) covariance: Vec<f64>,
    pub(super) log_likelihood: f64,
    pub(super) iterations: u32,
}

/// The penalised log-likelihood at a point, with its derivatives.
struct Point {
    objective: f64,
    log_likelihood: f64,
    gradient: Vec<f64>,
    information: Vec<f64>,
}

impl Problem<'_> {
    /// Finds the maximum by Newton's method, each step halved until the objective rises.
    pub(super) fn maximize(&self) -> Result<Maximum, ClassifyError> {
        let mut at = vec![0.0; self.size];
        let mut point = self.evaluate(&at);
        for iteration in 1..=MOST_ITERATIONS {
            // At 0 all observations have their full weight: what depends there always depends.
            let reason =
                if iteration == 1 { Unidentified::Dependent } else { Unidentified::Separated };
            let factor = Cholesky::of(&point.information, self.size).map_err(|row| {
                ClassifyError::Unidentified { column: row.saturating_sub(1), reason }
            })?;
            let step = factor.solve(&point.gradient);
            let decrement: f64 = step.iter().zip(&point.gradient).map(|(s, g)| s * g).sum();
            let (next, moved) = self.step(&at, &step, &point);
            // Quadratic convergence: the error after the step is of the order of the decrement.
            if decrement < 1e-12 {
                return self.finish(next, &moved, iteration);
            }
            (at, point) = (next, moved);
        }
        Err(ClassifyError::NotConverged { iterations: MOST_ITERATIONS })
    }

    /// Moves along a step, or the largest half of halves of it that does not lower the objective.
    fn step(&self, at: &[f64], step: &[f64], from: &Point) -> (Vec<f64>, Point) {
        let mut length = 1.0;
        loop {
            let next: Vec<f64> = at.iter().zip(step).map(|(b, s)| b + length * s).collect();
            let moved = self.evaluate(&next);
            // Below this a fall is rounding in the sum over observations.
            let tolerance = 1e-11 * from.objective.abs();
            if moved.objective >= from.objective - tolerance || length < 1e-10 {
                return (next, moved);
            }
            length /= 2.0;
        }
    }

    fn finish(
        &self,
        coefficients: Vec<f64>,
        point: &Point,
        iterations: u32,
    ) -> Result<Maximum, ClassifyError> {
        let unidentified = |row: usize| ClassifyError::Unidentified {
            column: row.saturating_sub(1),
            reason: Unidentified::Separated,
        };
        let covariance =
            Cholesky::of(&point.information, self.size).map_err(unidentified)?.inverse();
        let error = |row: &usize| covariance[row * self.size + row].sqrt();
        // The intercept is named only if it is alone: it grows along with a separating column.
        let widest = (1..self.size).chain([0]).find(|row| error(row) > INFINITE);
        match widest {
            Some(row) => Err(unidentified(row)),
            None => {
                let log_likelihood = point.log_likelihood;
                Ok(Maximum { coefficients, covariance, log_likelihood, iterations })
            }
        }
    }

    fn evaluate(&self, at: &[f64]) -> Point {
        let size = self.size;
        let mut log_likelihood = 0.0;
        let mut gradient = vec![0.0; size];
        let mut information = vec![0.0; size * size];
        let observations = self.outcomes.iter().zip(self.weights).zip(self.offsets);
        for (row, ((outcome, weight), offset)) in self.values.chunks_exact(size).zip(observations) {
            let log_odds = offset + row.iter().zip(at).map(|(x, b)| x * b).sum::<f64>();
            let probability = logistic(log_odds);
            // ln p = −ln(1 + exp(−η)), and ln(1 − p) the same of −η.
            log_likelihood -= weight * softplus(if *outcome { -log_odds } else { log_odds });
            let residual = weight * (f64::from(u8::from(*outcome)) - probability);
            let curvature = weight * probability * logistic(-log_odds);
            for (one, value) in row.iter().enumerate() {
                gradient[one] += residual * value;
                let scaled = curvature * value;
                for (sum, other) in information[one * size..=one * size + one].iter_mut().zip(row) {
                    *sum += scaled * other;
                }
            }
        }
        let mut objective = log_likelihood;
        for column in 1..size {
            objective -= 0.5 * self.ridge * at[column] * at[column];
            gradient[column] -= self.ridge * at[column];
            information[column * size + column] += self.ridge;
        }
        Point { objective, log_likelihood, gradient, information }
    }
}

/// Returns the probability of a log-odds.
pub(super) fn logistic(log_odds: f64) -> f64 {
    if log_odds >= 0.0 {
        1.0 / (1.0 + libm::exp(-log_odds))
    } else {
        let odds = libm::exp(log_odds);
        odds / (1.0 + odds)
    }
}

/// Returns ln(1 + exp(x)).
fn softplus(x: f64) -> f64 {
    x.max(0.0) + libm::log1p(libm::exp(-x.abs()))
}
