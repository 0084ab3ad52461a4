//! Agreement of predicted probabilities with outcomes.

use crate::estimate::{Estimate, normal, wilson};

use super::error::ClassifyError;
use super::newton::Problem;

/// How near to 0 or 1 a predicted probability is taken at most: beyond, its log-odds would decide
/// the calibration alone.
const NEAREST: f64 = 1e-12;

/// How predicted probabilities agree with outcomes.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Calibration {
    /// The slope of the outcomes' log-odds on the predicted log-odds; 1 if predictions are
    /// calibrated, below 1 if they are too extreme. Undetermined if predictions are all equal or
    /// separate the outcomes perfectly.
    pub slope: Estimate,
    /// The log-odds to be added to the predictions so that they sum to the number of outcomes
    /// (calibration in the large); 0 if predictions are right on average.
    pub intercept: Estimate,
    /// The mean squared difference of prediction and outcome, from 0 (best) to 1.
    pub brier: Estimate,
    /// Predicted and observed shares in groups of ascending prediction.
    pub groups: Vec<CalibrationGroup>,
}

/// Observations of similar prediction.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct CalibrationGroup {
    /// The mean prediction.
    pub predicted: f64,
    /// The share of outcomes, with Wilson's interval.
    pub observed: Estimate,
}

/// Compares predicted probabilities with outcomes, best of observations that the model was not
/// fitted to, in at most `groups` groups of equal number (10 for deciles); equal predictions are
/// in one group.
///
/// Slope and intercept are of Cox (1958): logistic regressions of the outcome on the predicted
/// log-odds, and with the predicted log-odds as offset. Their intervals are normal.
///
/// # Errors
/// If lengths differ, a probability is not within 0 and 1, or all outcomes are the same.
///
/// ```
/// use tidegauge_models::classify::calibration;
///
/// let predicted = [0.1, 0.2, 0.2, 0.4, 0.6, 0.7, 0.9, 0.9];
/// let outcomes = [false, false, true, false, true, true, false, true];
/// let result = calibration(&predicted, &outcomes, 4, 0.9)?;
/// assert!((result.brier.value.unwrap() - 0.24).abs() < 1e-12);
/// assert_eq!(result.groups.len(), 4);
/// # Ok::<(), tidegauge_models::classify::ClassifyError>(())
/// ```
pub fn calibration(
    probabilities: &[f64],
    outcomes: &[bool],
    groups: usize,
    level: f64,
) -> Result<Calibration, ClassifyError> {
    let (left, right) = (probabilities.len(), outcomes.len());
    if left != right {
        return Err(ClassifyError::Length { what: "probabilities", left, right });
    }
    if let Some(index) = probabilities.iter().position(|p| !(0.0..=1.0).contains(p)) {
        let (what, value, range) = ("the probability", probabilities[index], "within 0 and 1");
        return Err(ClassifyError::Number { what, value, index, range });
    }
    if outcomes.iter().all(|outcome| *outcome) || !outcomes.iter().any(|outcome| *outcome) {
        return Err(ClassifyError::OneClass);
    }
    let log_odds: Vec<f64> = probabilities
        .iter()
        .map(|p| p.clamp(NEAREST, 1.0 - NEAREST))
        .map(|p| libm::log(p) - libm::log1p(-p))
        .collect();
    Ok(Calibration {
        slope: regress(&log_odds, true, outcomes, level)?,
        intercept: regress(&log_odds, false, outcomes, level)?,
        brier: brier(probabilities, outcomes, level),
        groups: group(probabilities, outcomes, groups, level),
    })
}

/// Returns the coefficient of the log-odds beside an intercept, or the intercept beside the
/// log-odds as offset.
fn regress(
    log_odds: &[f64],
    slope: bool,
    outcomes: &[bool],
    level: f64,
) -> Result<Estimate, ClassifyError> {
    let weights = &vec![1.0; outcomes.len()][..];
    let zeros = &vec![0.0; outcomes.len()][..];
    let (values, size): (Vec<f64>, usize) = if slope {
        (log_odds.iter().flat_map(|log_odds| [1.0, *log_odds]).collect(), 2)
    } else {
        (weights.to_vec(), 1)
    };
    let offsets = if slope { zeros } else { log_odds };
    let problem = Problem { values: &values, size, outcomes, weights, offsets, ridge: 0.0 };
    let n = outcomes.len() as u64;
    let maximum = match problem.maximize() {
        Ok(maximum) => maximum,
        Err(ClassifyError::Unidentified { .. }) => return Ok(Estimate::undetermined(n)),
        Err(error) => return Err(error),
    };
    let last = size - 1;
    let error = maximum.covariance[last * size + last].sqrt();
    Ok(normal(maximum.coefficients[last], error, n, level))
}

/// Computes the Brier score, the mean squared difference of prediction and outcome, with its
/// normal interval.
fn brier(probabilities: &[f64], outcomes: &[bool], level: f64) -> Estimate {
    let n = outcomes.len() as f64;
    let losses: Vec<f64> = probabilities
        .iter()
        .zip(outcomes)
        .map(|(p, outcome)| (p - f64::from(u8::from(*outcome))).powi(2))
        .collect();
    let mean = losses.iter().sum::<f64>() / n;
    let squares: f64 = losses.iter().map(|loss| (loss - mean).powi(2)).sum();
    normal(mean, (squares / (n - 1.0) / n).sqrt(), outcomes.len() as u64, level)
}

/// Groups observations by the rank of their prediction, equal predictions by their middle rank.
fn group(
    probabilities: &[f64],
    outcomes: &[bool],
    groups: usize,
    level: f64,
) -> Vec<CalibrationGroup> {
    let n = probabilities.len();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|one, other| probabilities[*one].total_cmp(&probabilities[*other]));
    let mut sums = vec![(0_u64, 0_u64, 0.0); groups];
    let mut first = 0;
    for tied in order.chunk_by(|one, other| probabilities[*one] == probabilities[*other]) {
        // Twice the middle rank over twice the number, without rounding.
        let at = (2 * first + tied.len()) * groups / (2 * n);
        first += tied.len();
        if let Some((total, count, predicted)) = sums.get_mut(at) {
            *total += tied.len() as u64;
            *count += tied.iter().filter(|at| outcomes[**at]).count() as u64;
            *predicted += tied.len() as f64 * probabilities[tied[0]];
        }
    }
    let filled = sums.into_iter().filter(|(total, ..)| *total > 0);
    let group = |(total, count, predicted)| CalibrationGroup {
        predicted: predicted / total as f64,
        observed: wilson(count, total, level),
    };
    filled.map(group).collect()
}
