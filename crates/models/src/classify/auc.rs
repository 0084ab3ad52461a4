//! The area under the receiver operating characteristic.

use crate::estimate::{Estimate, Interval, Method};
use crate::math::level::two_sided;

use super::error::ClassifyError;

/// Computes the area under the ROC curve (AUC): the probability that a score of a positive
/// outcome exceeds one of a negative outcome, ties counted half.
///
/// The variance is DeLong's, in O(n log n) (DeLong, DeLong and Clarke-Pearson 1988; Sun and Xu
/// 2014); the interval is on the scale of the log-odds of the AUC. An AUC of 0 or 1, or fewer than
/// two outcomes of a class, has none.
///
/// # Errors
/// If lengths differ, a score is NaN, or all outcomes are the same.
///
/// ```
/// use tidegauge_models::classify::auc;
///
/// let area = auc(&[0.1, 0.4, 0.35, 0.8], &[false, false, true, true], 0.9)?;
/// assert_eq!(area.value, Some(0.75));
/// # Ok::<(), tidegauge_models::classify::ClassifyError>(())
/// ```
pub fn auc(scores: &[f64], outcomes: &[bool], level: f64) -> Result<Estimate, ClassifyError> {
    let placements = Placements::of(scores, outcomes)?;
    let (area, variance) = (placements.area(), placements.covariance(&placements));
    let interval = variance.filter(|variance| *variance > 0.0).zip(two_sided(level)).and_then(
        |(variance, z)| {
            let (odds, reach) = (area / (1.0 - area), z * variance.sqrt() / (area * (1.0 - area)));
            let share = |odds: f64| odds / (1.0 + odds);
            let low = share(odds * libm::exp(-reach));
            let high = 1.0 - share(libm::exp(-reach) / odds);
            Interval::new(low, high, level, Method::DeLong)
        },
    );
    Ok(Estimate::new(area, interval, outcomes.len() as u64))
}

/// Computes the difference of the AUC of two scores of the same observations, the first less the
/// second, with DeLong's normal interval, which accounts for their correlation.
///
/// # Errors
/// As [`auc`].
///
/// ```
/// use tidegauge_models::classify::auc_difference;
///
/// let outcomes = [false, false, true, true];
/// let gain = auc_difference(&[1.0, 2.0, 3.0, 4.0], &[1.0, 3.0, 2.0, 4.0], &outcomes, 0.9)?;
/// assert_eq!(gain.value, Some(0.25));
/// # Ok::<(), tidegauge_models::classify::ClassifyError>(())
/// ```
pub fn auc_difference(
    scores: &[f64],
    other_scores: &[f64],
    outcomes: &[bool],
    level: f64,
) -> Result<Estimate, ClassifyError> {
    let one = Placements::of(scores, outcomes)?;
    let other = Placements::of(other_scores, outcomes)?;
    let difference = one.area() - other.area();
    let covariances = (one.covariance(&one), one.covariance(&other), other.covariance(&other));
    let interval = match covariances {
        (Some(first), Some(both), Some(second)) => {
            let variance = Some(first + second - 2.0 * both).filter(|variance| *variance > 1e-15);
            variance.zip(two_sided(level)).and_then(|(variance, z)| {
                let reach = z * variance.sqrt();
                let (low, high) = ((difference - reach).max(-1.0), (difference + reach).min(1.0));
                Interval::new(low, high, level, Method::DeLong)
            })
        }
        _ => None,
    };
    Ok(Estimate::new(difference, interval, outcomes.len() as u64))
}

/// The share of the other class that each score is on the right side of.
struct Placements {
    positive: Vec<f64>,
    negative: Vec<f64>,
}

impl Placements {
    fn of(scores: &[f64], outcomes: &[bool]) -> Result<Self, ClassifyError> {
        let (left, right) = (scores.len(), outcomes.len());
        if left != right {
            return Err(ClassifyError::Length { what: "scores", left, right });
        }
        if let Some(index) = scores.iter().position(|score| score.is_nan()) {
            let (what, value, range) = ("the score", scores[index], "a number");
            return Err(ClassifyError::Number { what, value, index, range });
        }
        let of_class = |class: bool| {
            let chosen = scores.iter().zip(outcomes).filter(|(_, outcome)| **outcome == class);
            chosen.map(|(score, _)| *score).collect::<Vec<f64>>()
        };
        let (positive, negative) = (of_class(true), of_class(false));
        if positive.is_empty() || negative.is_empty() {
            return Err(ClassifyError::OneClass);
        }
        let sorted = |scores: &[f64]| {
            let mut sorted = scores.to_vec();
            sorted.sort_unstable_by(f64::total_cmp);
            sorted
        };
        let (sorted_positive, sorted_negative) = (sorted(&positive), sorted(&negative));
        Ok(Self {
            positive: positive.iter().map(|score| below(&sorted_negative, *score)).collect(),
            negative: negative.iter().map(|score| 1.0 - below(&sorted_positive, *score)).collect(),
        })
    }

    fn area(&self) -> f64 {
        self.positive.iter().sum::<f64>() / self.positive.len() as f64
    }

    /// Returns the covariance of two areas of the same observations, or `None` with fewer than two
    /// outcomes of a class.
    fn covariance(&self, other: &Self) -> Option<f64> {
        let part = |one: &[f64], two: &[f64]| {
            let n = one.len() as f64;
            let (first, second) = (one.iter().sum::<f64>() / n, two.iter().sum::<f64>() / n);
            let sum: f64 = one.iter().zip(two).map(|(a, b)| (a - first) * (b - second)).sum();
            (one.len() > 1).then(|| sum / (n - 1.0) / n)
        };
        Some(part(&self.positive, &other.positive)? + part(&self.negative, &other.negative)?)
    }
}

/// Returns the share of sorted scores below a score, ties counted half.
fn below(sorted: &[f64], score: f64) -> f64 {
    let less = sorted.partition_point(|other| *other < score);
    let at_most = sorted.partition_point(|other| *other <= score);
    (less + at_most) as f64 / (2 * sorted.len()) as f64
}
