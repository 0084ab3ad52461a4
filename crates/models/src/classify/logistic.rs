//! Logistic regression with a ridge penalty.

use crate::estimate::{Estimate, normal};

use super::error::ClassifyError;
use super::features::Features;
use super::newton::{Maximum, Problem, logistic};
use super::scale::Scale;

/// Settings of a logistic regression.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogisticParams {
    /// The ridge penalty λ ≥ 0: the fit maximises ln L − λ/2 · Σ β², with β in log-odds per
    /// standard deviation of a column. The prior of a coefficient is normal of variance 1/λ. At 0
    /// it is maximum likelihood.
    pub ridge: f64,
}

impl Default for LogisticParams {
    /// A ridge of 1: a prior of one log-odds per standard deviation.
    fn default() -> Self {
        Self { ridge: 1.0 }
    }
}

/// A fitted logistic regression, ln(p/(1 − p)) = intercept + Σ coefficient · value.
#[derive(Debug, Clone, PartialEq)]
pub struct Logistic {
    scale: Scale,
    /// The intercept and the coefficients of the standardised columns.
    standardized: Vec<f64>,
    covariance: Vec<f64>,
    log_likelihood: f64,
    iterations: u32,
    observations: u64,
}

impl Logistic {
    /// Fits outcomes to features by Newton's method (iteratively reweighted least squares), on
    /// standardised columns with an intercept that is not penalised.
    ///
    /// `weights` are numbers of identical observations, at least 0; `None` is 1 for each. A
    /// constant column has a coefficient of 0 under a ridge.
    ///
    /// # Errors
    /// If lengths differ, a weight or the ridge is negative or not finite, all outcomes are the
    /// same, or the data leave a coefficient open (dependent columns or separated outcomes, without
    /// ridge).
    ///
    /// ```
    /// use tidegauge_models::classify::{Features, Logistic, LogisticParams};
    ///
    /// // Did users with more trades in their first week reach a high volume?
    /// let trades = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 9.0];
    /// let reached = [false, false, true, false, false, true, true, true];
    /// let features = Features::new(&trades, 1)?;
    /// let model = Logistic::fit(&features, &reached, None, LogisticParams::default())?;
    /// assert!(model.probability(&[8.0]) > model.probability(&[1.0]));
    /// # Ok::<(), tidegauge_models::classify::ClassifyError>(())
    /// ```
    pub fn fit(
        features: &Features<'_>,
        outcomes: &[bool],
        weights: Option<&[f64]>,
        params: LogisticParams,
    ) -> Result<Self, ClassifyError> {
        let (rows, right) = (features.rows().len(), outcomes.len());
        if rows != right {
            return Err(ClassifyError::Length { what: "rows of features", left: rows, right });
        }
        let equal = vec![1.0; rows];
        let weights = weights.unwrap_or(&equal);
        check(outcomes, weights, params)?;
        let scale = Scale::of(features, weights);
        let size = features.columns() + 1;
        let mut values = vec![0.0; rows * size];
        for (row, into) in features.rows().zip(values.chunks_exact_mut(size)) {
            scale.standardize(row, into);
        }
        let (values, offsets, ridge) = (&values[..], &vec![0.0; rows][..], params.ridge);
        let problem = Problem { values, size, outcomes, weights, offsets, ridge };
        let Maximum { coefficients, covariance, log_likelihood, iterations } =
            problem.maximize()?;
        let observations = weights.iter().filter(|weight| **weight > 0.0).count() as u64;
        let standardized = coefficients;
        Ok(Self { scale, standardized, covariance, log_likelihood, iterations, observations })
    }

    /// Returns the probability of the outcome for the values of one observation.
    ///
    /// Values beyond the columns of the fit are ignored, and missing ones are taken at their mean.
    ///
    /// ```
    /// use tidegauge_models::classify::{Features, Logistic, LogisticParams};
    ///
    /// // Of four users without a purchase one reached, of four with one three did.
    /// let purchases = [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0];
    /// let reached = [true, false, false, false, true, true, true, false];
    /// let features = Features::new(&purchases, 1)?;
    /// let model = Logistic::fit(&features, &reached, None, LogisticParams { ridge: 0.0 })?;
    /// assert!((model.probability(&[1.0]) - 0.75).abs() < 1e-9);
    /// # Ok::<(), tidegauge_models::classify::ClassifyError>(())
    /// ```
    #[must_use]
    pub fn probability(&self, row: &[f64]) -> f64 {
        logistic(self.log_odds(row))
    }

    /// Returns the log-odds of the outcome for the values of one observation; see
    /// [`probability`](Self::probability).
    ///
    /// ```
    /// use tidegauge_models::classify::{Features, Logistic, LogisticParams};
    ///
    /// // Of four users without a purchase one reached, of four with one three did.
    /// let purchases = [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0];
    /// let reached = [true, false, false, false, true, true, true, false];
    /// let features = Features::new(&purchases, 1)?;
    /// let model = Logistic::fit(&features, &reached, None, LogisticParams { ridge: 0.0 })?;
    /// assert!((model.log_odds(&[1.0]) - 3.0_f64.ln()).abs() < 1e-9);
    /// # Ok::<(), tidegauge_models::classify::ClassifyError>(())
    /// ```
    #[must_use]
    pub fn log_odds(&self, row: &[f64]) -> f64 {
        let mut standardized = vec![0.0; self.standardized.len()];
        self.scale.standardize(row, &mut standardized);
        standardized.iter().zip(&self.standardized).map(|(x, b)| x * b).sum()
    }

    /// Returns the intercept, the log-odds where every value is 0.
    ///
    /// ```
    /// use tidegauge_models::classify::{Features, Logistic, LogisticParams};
    ///
    /// // Of four users without a purchase one reached, of four with one three did.
    /// let purchases = [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0];
    /// let reached = [true, false, false, false, true, true, true, false];
    /// let features = Features::new(&purchases, 1)?;
    /// let model = Logistic::fit(&features, &reached, None, LogisticParams { ridge: 0.0 })?;
    /// assert!((model.intercept() + 3.0_f64.ln()).abs() < 1e-9); // odds of 1 to 3
    /// # Ok::<(), tidegauge_models::classify::ClassifyError>(())
    /// ```
    #[must_use]
    pub fn intercept(&self) -> f64 {
        let columns = 0..self.scale.means.len();
        let shift = |column: usize| self.coefficient(column) * self.scale.means[column];
        self.standardized[0] - columns.map(shift).sum::<f64>()
    }

    /// Returns the change of the log-odds per unit of a column; 0 for a constant column.
    ///
    /// # Panics
    /// If there is no such column.
    ///
    /// ```
    /// use tidegauge_models::classify::{Features, Logistic, LogisticParams};
    ///
    /// // Of four users without a purchase one reached, of four with one three did.
    /// let purchases = [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0];
    /// let reached = [true, false, false, false, true, true, true, false];
    /// let features = Features::new(&purchases, 1)?;
    /// let model = Logistic::fit(&features, &reached, None, LogisticParams { ridge: 0.0 })?;
    /// assert!((model.coefficient(0) - 9.0_f64.ln()).abs() < 1e-9); // the ratio of the odds
    /// # Ok::<(), tidegauge_models::classify::ClassifyError>(())
    /// ```
    #[must_use]
    pub fn coefficient(&self, column: usize) -> f64 {
        let deviation = self.scale.deviations[column];
        if deviation > 0.0 { self.standardized[column + 1] / deviation } else { 0.0 }
    }

    /// Returns the change of the log-odds per standard deviation of a column, by which columns
    /// compare, with its normal interval; under a ridge both are shrunk towards 0.
    ///
    /// # Panics
    /// If there is no such column.
    ///
    /// ```
    /// use tidegauge_models::classify::{Features, Logistic, LogisticParams};
    ///
    /// // Of four users without a purchase one reached, of four with one three did.
    /// let purchases = [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0];
    /// let reached = [true, false, false, false, true, true, true, false];
    /// let features = Features::new(&purchases, 1)?;
    /// let model = Logistic::fit(&features, &reached, None, LogisticParams { ridge: 0.0 })?;
    /// let effect = model.effect(0, 0.9);
    /// assert!((effect.value.unwrap() - model.coefficient(0) * model.deviation(0)).abs() < 1e-12);
    /// # Ok::<(), tidegauge_models::classify::ClassifyError>(())
    /// ```
    #[must_use]
    pub fn effect(&self, column: usize, level: f64) -> Estimate {
        let error = self.covariance(column + 1, column + 1).sqrt();
        normal(self.standardized[column + 1], error, self.observations, level)
    }

    /// Returns the covariance of two terms of the standardised fit, 0 being the intercept and
    /// c + 1 the column c: the inverse of the penalised information.
    ///
    /// # Panics
    /// If there is no such term.
    ///
    /// ```
    /// use tidegauge_models::classify::{Features, Logistic, LogisticParams};
    ///
    /// // Of four users without a purchase one reached, of four with one three did.
    /// let purchases = [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0];
    /// let reached = [true, false, false, false, true, true, true, false];
    /// let features = Features::new(&purchases, 1)?;
    /// let model = Logistic::fit(&features, &reached, None, LogisticParams { ridge: 0.0 })?;
    /// assert!((model.covariance(0, 1) - model.covariance(1, 0)).abs() < 1e-12);
    /// # Ok::<(), tidegauge_models::classify::ClassifyError>(())
    /// ```
    #[must_use]
    pub fn covariance(&self, one: usize, other: usize) -> f64 {
        self.covariance[one * self.standardized.len() + other]
    }

    /// Returns the standard deviation of a column in the data of the fit.
    ///
    /// # Panics
    /// If there is no such column.
    ///
    /// ```
    /// use tidegauge_models::classify::{Features, Logistic, LogisticParams};
    ///
    /// // Of four users without a purchase one reached, of four with one three did.
    /// let purchases = [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0];
    /// let reached = [true, false, false, false, true, true, true, false];
    /// let features = Features::new(&purchases, 1)?;
    /// let model = Logistic::fit(&features, &reached, None, LogisticParams { ridge: 0.0 })?;
    /// assert!((0.5..0.54).contains(&model.deviation(0)));
    /// # Ok::<(), tidegauge_models::classify::ClassifyError>(())
    /// ```
    #[must_use]
    pub fn deviation(&self, column: usize) -> f64 {
        self.scale.deviations[column]
    }

    /// Returns the log-likelihood, without the penalty.
    ///
    /// ```
    /// use tidegauge_models::classify::{Features, Logistic, LogisticParams};
    ///
    /// // Of four users without a purchase one reached, of four with one three did.
    /// let purchases = [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0];
    /// let reached = [true, false, false, false, true, true, true, false];
    /// let features = Features::new(&purchases, 1)?;
    /// let model = Logistic::fit(&features, &reached, None, LogisticParams { ridge: 0.0 })?;
    /// let expected = 6.0 * 0.75_f64.ln() + 2.0 * 0.25_f64.ln();
    /// assert!((model.log_likelihood() - expected).abs() < 1e-9);
    /// # Ok::<(), tidegauge_models::classify::ClassifyError>(())
    /// ```
    #[must_use]
    pub fn log_likelihood(&self) -> f64 {
        self.log_likelihood
    }

    /// Returns the number of Newton steps.
    ///
    /// ```
    /// use tidegauge_models::classify::{Features, Logistic, LogisticParams};
    ///
    /// // Of four users without a purchase one reached, of four with one three did.
    /// let purchases = [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0];
    /// let reached = [true, false, false, false, true, true, true, false];
    /// let features = Features::new(&purchases, 1)?;
    /// let model = Logistic::fit(&features, &reached, None, LogisticParams { ridge: 0.0 })?;
    /// assert!(model.iterations() < 20);
    /// # Ok::<(), tidegauge_models::classify::ClassifyError>(())
    /// ```
    #[must_use]
    pub fn iterations(&self) -> u32 {
        self.iterations
    }
}

/// Checks what a fit needs.
fn check(
    outcomes: &[bool],
    weights: &[f64],
    LogisticParams { ridge }: LogisticParams,
) -> Result<(), ClassifyError> {
    let (left, right) = (weights.len(), outcomes.len());
    if left != right {
        return Err(ClassifyError::Length { what: "weights", left, right });
    }
    let negative = |value: &f64| !(*value >= 0.0 && value.is_finite());
    let range = "finite and at least 0";
    if let Some(index) = weights.iter().position(negative) {
        return Err(ClassifyError::Number {
            what: "the weight",
            value: weights[index],
            index,
            range,
        });
    }
    if negative(&ridge) {
        return Err(ClassifyError::Number { what: "the ridge", value: ridge, index: 0, range });
    }
    let mut counted = outcomes.iter().zip(weights).filter(|(_, weight)| **weight > 0.0);
    let first = counted.next().map(|(outcome, _)| *outcome);
    if counted.all(|(outcome, _)| Some(*outcome) == first) {
        return Err(ClassifyError::OneClass);
    }
    Ok(())
}
