//! Classification against R and against cases worked by hand.
//!
//! Reference values: R 4.2.2 (`glm`; the ridge by Newton's method in R), pROC 1.18.0.

#![allow(clippy::excessive_precision, reason = "reference values as printed")]

use proptest::prelude::*;
use tidegauge_models::Method;
use tidegauge_models::classify::{
    ClassifyError, Features, Logistic, LogisticParams, Unidentified, auc, auc_difference,
    calibration,
};

use crate::support::{Coverage, Draws, assert_near};

/// Cars with manual transmission (`am`) by consumption, power and weight.
struct Cars {
    manual: Vec<bool>,
    mpg: Vec<f64>,
    hp: Vec<f64>,
    wt: Vec<f64>,
}

fn cars() -> Cars {
    let rows: Vec<Vec<f64>> = include_str!("data/mtcars.csv")
        .lines()
        .filter(|line| line.starts_with(['0', '1']))
        .map(|line| line.split(',').map(|cell| cell.parse().unwrap()).collect())
        .collect();
    let column = |at: usize| rows.iter().map(|row| row[at]).collect::<Vec<f64>>();
    let manual = rows.iter().map(|row| row[0] == 1.0).collect();
    Cars { manual, mpg: column(1), hp: column(2), wt: column(3) }
}

impl Cars {
    /// Returns power and weight by row.
    fn table(&self) -> Vec<f64> {
        self.hp.iter().zip(&self.wt).flat_map(|(hp, wt)| [*hp, *wt]).collect()
    }
}

const UNPENALIZED: LogisticParams = LogisticParams { ridge: 0.0 };

#[test]
fn logistic_regression_is_that_of_r() {
    let cars = cars();
    let table = cars.table();
    let features = Features::new(&table, 2).unwrap();
    let model = Logistic::fit(&features, &cars.manual, None, UNPENALIZED).unwrap();
    assert_near(model.intercept(), 18.8662987172041312, 1e-11);
    assert_near(model.coefficient(0), 0.0362555960822166, 1e-12);
    assert_near(model.coefficient(1), -8.0834751824446371, 1e-12);
    assert_near(model.log_likelihood(), -5.02955523613349, 1e-13);
    assert_near(model.probability(&[120.0, 2.8]), 0.641812528409382, 1e-12);
    let error =
        |column: usize| model.covariance(column + 1, column + 1).sqrt() / model.deviation(column);
    assert_near(error(0), 0.01773415433194717, 1e-11);
    assert_near(error(1), 3.06867527539063900, 1e-11);

    let times = [1_u8, 2, 3, 4].repeat(8);
    let weights: Vec<f64> = times.iter().map(|times| f64::from(*times)).collect();
    let weighted = Logistic::fit(&features, &cars.manual, Some(&weights), UNPENALIZED).unwrap();
    assert_near(weighted.intercept(), 28.7796901666489475, 1e-11);
    assert_near(weighted.coefficient(1), -11.5211848505103465, 1e-11);
    let repeated = |of: &[f64]| -> Vec<f64> {
        let rows = of.chunks(2).zip(&times);
        rows.flat_map(|(row, times)| row.repeat(usize::from(*times))).collect()
    };
    let outcomes: Vec<bool> = cars
        .manual
        .iter()
        .zip(&times)
        .flat_map(|(outcome, times)| vec![*outcome; usize::from(*times)])
        .collect();
    let table = repeated(&table);
    let features = Features::new(&table, 2).unwrap();
    let listed = Logistic::fit(&features, &outcomes, None, UNPENALIZED).unwrap();
    assert_near(listed.coefficient(0), weighted.coefficient(0), 1e-12);
}

#[test]
fn a_ridge_shrinks_the_standardized_coefficients() {
    let cars = cars();
    let table = cars.table();
    let features = Features::new(&table, 2).unwrap();
    let model = Logistic::fit(&features, &cars.manual, None, LogisticParams::default()).unwrap();
    assert_near(model.effect(0, 0.9).value.unwrap(), 0.550244274209072, 1e-12);
    assert_near(model.effect(1, 0.9).value.unwrap(), -2.317878563599343, 1e-12);
    assert_near(model.coefficient(1), -2.40681594530001819, 1e-12);
    assert_near(model.covariance(0, 0).sqrt(), 0.463773934959027, 1e-12);
    assert_near(model.covariance(2, 2).sqrt(), 0.651429933420738, 1e-12);
    let interval = model.effect(0, 0.9).interval.unwrap();
    assert_near(interval.high - interval.low, 2.0 * 1.6448536269514722 * 0.441228133761024, 1e-12);
    // A table in other units: the same model.
    let scaled: Vec<f64> = table.chunks(2).flat_map(|row| [row[0] * 1e6, row[1] - 7.0]).collect();
    let features = Features::new(&scaled, 2).unwrap();
    let other = Logistic::fit(&features, &cars.manual, None, LogisticParams::default()).unwrap();
    assert_near(
        other.probability(&[120.0 * 1e6, 2.8 - 7.0]),
        model.probability(&[120.0, 2.8]),
        1e-12,
    );
}

#[test]
fn what_the_data_leave_open_is_named() {
    let outcomes = [false, false, true, true, false, true];
    let fit = |columns: usize, table: &[f64], ridge: f64| {
        Logistic::fit(
            &Features::new(table, columns).unwrap(),
            &outcomes,
            None,
            LogisticParams { ridge },
        )
    };
    let unidentified =
        |column: usize, reason: Unidentified| Err(ClassifyError::Unidentified { column, reason });
    // Separated completely, in part (all of 3 and above positive), and not at all.
    let complete = [1.0, 2.0, 5.0, 6.0, 2.5, 7.0];
    assert_eq!(fit(1, &complete, 0.0), unidentified(0, Unidentified::Separated));
    let partial = [1.0, 2.0, 2.0, 6.0, 2.0, 7.0];
    assert_eq!(fit(1, &partial, 0.0), unidentified(0, Unidentified::Separated));
    let error = fit(1, &complete, 0.0).unwrap_err().to_string();
    assert!(error.contains("column 0") && error.contains("ridge above 0"), "{error}");
    let ridged = fit(1, &complete, 1.0).unwrap();
    assert!(ridged.probability(&[7.0]) > 0.8 && ridged.probability(&[1.0]) < 0.2);
    // A constant column, and one twice another.
    let constant: Vec<f64> =
        [3.0, 1.0, 4.0, 1.0, 5.0, 9.0].iter().flat_map(|x| [*x, 0.1]).collect();
    assert_eq!(fit(2, &constant, 0.0), unidentified(1, Unidentified::Dependent));
    assert_eq!(fit(2, &constant, 1.0).unwrap().coefficient(1), 0.0);
    let twice: Vec<f64> =
        [3.0, 1.0, 4.0, 1.0, 5.0, 9.0].iter().flat_map(|x| [*x, 2.0 * x]).collect();
    assert_eq!(fit(2, &twice, 0.0), unidentified(1, Unidentified::Dependent));
    let shared = fit(2, &twice, 1.0).unwrap();
    assert_near(shared.coefficient(0), 2.0 * shared.coefficient(1), 1e-10);
}

#[test]
fn bad_input_is_named() {
    let table = [1.0, 2.0, 3.0, 4.0];
    assert!(matches!(Features::new(&table, 3), Err(ClassifyError::Shape { .. })));
    assert!(matches!(Features::new(&table, 0), Err(ClassifyError::Shape { .. })));
    let error = Features::new(&[1.0, f64::NAN], 1).unwrap_err();
    assert_eq!(error.to_string(), "the feature NaN at position 1 is not finite");
    let features = Features::new(&table, 1).unwrap();
    let fit = |outcomes: &[bool], weights: Option<&[f64]>, ridge| {
        Logistic::fit(&features, outcomes, weights, LogisticParams { ridge }).unwrap_err()
    };
    let mixed = [true, false, true, false];
    assert_eq!(fit(&[true; 4], None, 1.0), ClassifyError::OneClass);
    assert_eq!(fit(&mixed, Some(&[1.0, 0.0, 1.0, 0.0]), 1.0), ClassifyError::OneClass);
    assert!(fit(&mixed[..3], None, 1.0).to_string().starts_with("4 rows of features, but 3"));
    assert!(fit(&mixed, Some(&[1.0, -1.0, 1.0, 1.0]), 1.0).to_string().contains("weight -1"));
    assert!(fit(&mixed, None, f64::NAN).to_string().contains("ridge NaN"));
    assert_eq!(auc(&[1.0, 2.0], &[true, true], 0.9), Err(ClassifyError::OneClass));
    assert!(auc(&[1.0, f64::NAN], &[true, false], 0.9).is_err());
    assert!(calibration(&[0.5, 1.5], &[true, false], 10, 0.9).is_err());
}

#[test]
fn auc_and_its_variance_are_those_of_r() {
    let cars = cars();
    let minus = |values: &[f64]| values.iter().map(|value| -value).collect::<Vec<f64>>();
    let (hp, wt) = (minus(&cars.hp), minus(&cars.wt));
    for (scores, area, variance) in [
        (&cars.mpg, 0.82995951417004044, 0.00598431743221856_f64),
        (&hp, 0.7125506072874493, 0.0115162881250672),
        (&wt, 0.93319838056680160, 0.00231477687262899),
    ] {
        let estimate = auc(scores, &cars.manual, 0.9).unwrap();
        assert_near(estimate.value.unwrap(), area, 1e-14);
        let interval = estimate.interval.unwrap();
        let log_odds = |share: f64| (share / (1.0 - share)).ln();
        let reach = 1.6448536269514722 * variance.sqrt() / (area * (1.0 - area));
        assert_near(log_odds(interval.low), log_odds(area) - reach, 1e-11);
        assert_near(log_odds(interval.high), log_odds(area) + reach, 1e-11);
        assert_eq!(interval.method, Method::DeLong);
    }
    // pROC's `roc.test(paired = TRUE)`: z of the differences.
    for (one, other, z) in [(&cars.mpg, &hp, 2.46220936761356), (&wt, &cars.mpg, 2.09520247654529)]
    {
        let difference = auc_difference(one, other, &cars.manual, 0.9).unwrap();
        let interval = difference.interval.unwrap();
        let error = (difference.value.unwrap() - interval.low) / 1.6448536269514722;
        assert_near(difference.value.unwrap() / error, z, 1e-11);
    }
}

#[test]
fn areas_at_the_edge_have_no_interval() {
    let outcomes = [false, false, true, true];
    let perfect = auc(&[1.0, 2.0, 3.0, 4.0], &outcomes, 0.9).unwrap();
    assert_eq!((perfect.value, perfect.interval), (Some(1.0), None));
    let equal = auc(&[1.0; 4], &outcomes, 0.9).unwrap();
    assert_eq!((equal.value, equal.interval), (Some(0.5), None));
    let same =
        auc_difference(&[1.0, 3.0, 2.0, 4.0], &[2.0, 6.0, 4.0, 8.0], &outcomes, 0.9).unwrap();
    assert_eq!((same.value, same.interval), (Some(0.0), None));
}

#[test]
fn calibration_is_that_of_r() {
    let cars = cars();
    let predicted: Vec<f64> =
        cars.mpg.iter().map(|mpg| 1.0 / (1.0 + (-(mpg - 20.0) / 5.0).exp())).collect();
    let result = calibration(&predicted, &cars.manual, 4, 0.9).unwrap();
    let error = |estimate: tidegauge_models::Estimate| {
        (estimate.value.unwrap() - estimate.interval.unwrap().low) / 1.6448536269514722
    };
    assert_near(result.slope.value.unwrap(), 1.535140949764439, 1e-11);
    assert_near(error(result.slope), 0.5742085290858233, 1e-12);
    assert_near(result.intercept.value.unwrap(), -0.445615459338068, 1e-11);
    assert_near(error(result.intercept), 0.4107266340894747, 1e-12);
    assert_near(result.brier.value.unwrap(), 0.165752149934135, 1e-13);
    assert_near(error(result.brier), 0.0268685933367978, 1e-12);
    let sizes: Vec<u64> = result.groups.iter().map(|group| group.observed.n).collect();
    assert_eq!(sizes.iter().sum::<u64>(), 32);
    assert!(sizes.iter().all(|size| (6..=10).contains(size)), "{sizes:?}");
    let first = result.groups[0];
    assert!(first.predicted < result.groups[3].predicted);
    assert_eq!(first.observed.interval.unwrap().method, Method::Wilson);
}

#[test]
fn equal_predictions_are_in_one_group() {
    let predicted = [0.5, 0.5, 0.5, 0.9, 0.1, 0.5];
    let outcomes = [true, false, true, true, false, false];
    let groups = calibration(&predicted, &outcomes, 3, 0.9).unwrap().groups;
    let shares: Vec<_> = groups.iter().map(|group| (group.predicted, group.observed.n)).collect();
    assert_eq!(shares, [(0.1, 1), (0.5, 4), (0.9, 1)]);
    // Predictions that tell nothing apart, or all: no slope.
    for predicted in [[0.3; 6], [1.0, 0.0, 1.0, 1.0, 0.0, 0.0]] {
        let result = calibration(&predicted, &outcomes, 3, 0.9).unwrap();
        assert_eq!((result.slope.value, result.slope.interval), (None, None));
    }
    let even = calibration(&[0.5; 6], &outcomes, 3, 0.9).unwrap();
    assert_eq!((even.intercept.value, even.brier.value), (Some(0.0), Some(0.25)));
}

/// Returns the area by its definition, over all pairs.
fn area_of_pairs(scores: &[f64], outcomes: &[bool]) -> f64 {
    let of = |class: bool| {
        scores.iter().zip(outcomes).filter(move |pair| *pair.1 == class).map(|pair| *pair.0)
    };
    let (mut sum, mut pairs) = (0.0, 0.0);
    for positive in of(true) {
        for negative in of(false) {
            sum += if positive > negative {
                1.0
            } else if positive == negative {
                0.5
            } else {
                0.0
            };
            pairs += 1.0;
        }
    }
    sum / pairs
}

proptest! {
    #[test]
    fn the_area_is_a_share_of_pairs(
        mut rows in prop::collection::vec((0_i32..20, any::<bool>()), 2..80),
    ) {
        rows.extend([(3, true), (4, false)]);
        let scores: Vec<f64> = rows.iter().map(|row| f64::from(row.0)).collect();
        let outcomes: Vec<bool> = rows.iter().map(|row| row.1).collect();
        let area = auc(&scores, &outcomes, 0.9).unwrap().value.unwrap();
        prop_assert!((area - area_of_pairs(&scores, &outcomes)).abs() < 1e-12);
        let opposite: Vec<bool> = outcomes.iter().map(|outcome| !outcome).collect();
        let mirrored = auc(&scores, &opposite, 0.9).unwrap().value.unwrap();
        prop_assert!((area + mirrored - 1.0).abs() < 1e-12);
        let monotone: Vec<f64> = scores.iter().map(|score| score.exp()).collect();
        prop_assert_eq!(auc(&monotone, &outcomes, 0.9).unwrap().value, Some(area));
    }
}

#[test]
fn intervals_of_areas_hold_their_level() {
    // Normal scores, a distance d apart: AUC = Φ(d/√2).
    for (distance, positives, negatives) in [(0.5_f64, 30, 100), (1.5, 30, 100), (2.5, 60, 400)] {
        let mut draws = Draws::new(23);
        let truth = tidegauge_models::math::normal::cdf(distance / 2.0_f64.sqrt());
        let (mut areas, mut gains) = (Coverage::default(), Coverage::default());
        for _ in 0..2_000 {
            let outcomes: Vec<bool> = (0..positives + negatives).map(|at| at < positives).collect();
            let common: Vec<f64> = outcomes.iter().map(|_| draws.normal()).collect();
            let mut score = || -> Vec<f64> {
                let pairs = outcomes.iter().zip(&common);
                pairs
                    .map(|(positive, common)| {
                        let noise = 0.8 * common + 0.6 * draws.normal();
                        if *positive { distance + noise } else { noise }
                    })
                    .collect()
            };
            let (one, other) = (score(), score());
            areas.add(&auc(&one, &outcomes, 0.9).unwrap(), truth);
            gains.add(&auc_difference(&one, &other, &outcomes, 0.9).unwrap(), 0.0);
        }
        areas.assert_within(&format!("AUC {truth:.3}, {positives} of {negatives}"), 86.5, 92.5);
        gains.assert_within(&format!("difference at AUC {truth:.3}"), 87.5, 92.5);
    }
}
