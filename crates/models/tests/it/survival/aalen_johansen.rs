//! Cumulative incidence of competing causes.

use tidegauge_models::Method;
use tidegauge_models::survival::{RiskTable, aalen_johansen};

use super::data::*;
use crate::support::assert_near;

/// Twenty right-censored lives with ties and two causes: end, cause (0: censored).
const COMPETING: [(f64, u8); 20] = [
    (1.0, 1),
    (1.0, 2),
    (2.0, 0),
    (3.0, 1),
    (3.0, 1),
    (3.0, 2),
    (4.0, 0),
    (5.0, 1),
    (5.0, 0),
    (6.0, 2),
    (7.0, 1),
    (7.0, 2),
    (8.0, 0),
    (8.0, 1),
    (9.0, 1),
    (10.0, 0),
    (10.0, 2),
    (11.0, 1),
    (12.0, 1),
    (12.0, 2),
];

/// Checks an incidence against rows of time, F and variance.
fn assert_incidence(table: &RiskTable, cause: u8, rows: &[(f64, f64, f64)]) {
    let incidence = aalen_johansen(table, cause);
    for (time, value, variance) in rows {
        let step = incidence.steps().iter().find(|step| step.time == *time).unwrap();
        assert_near(step.incidence, *value, 1e-14);
        assert_near(step.variance, *variance, 1e-14);
    }
}

#[test]
fn aalen_johansen_is_that_of_r() {
    let competing = table(COMPETING.iter().map(|(time, cause)| caused(*time, *cause)));
    assert_incidence(
        &competing,
        0,
        &[
            (1.0, 0.050000000000000, 0.00237500000000000),
            (3.0, 0.155882352941176, 0.00685393344188887),
            (7.0, 0.275092554504319, 0.01116774240541290),
            (11.0, 0.506602221308104, 0.01741332480294055),
            (12.0, 0.603352529823118, 0.01681634364519138),
        ],
    );
    assert_incidence(
        &competing,
        1,
        &[
            (6.0, 0.165137803373097, 0.00771377999272126),
            (10.0, 0.299897161661868, 0.01297158052737140),
            (12.0, 0.396647470176882, 0.01681634364519138),
        ],
    );
    // The interval of `summary(etm, ci.fun = "cloglog", level = 0.9)`.
    let interval = aalen_johansen(&competing, 1).at(10.5, 0.9).interval.unwrap();
    assert_near(interval.low, 0.15491887848013475, 1e-13);
    assert_near(interval.high, 0.530069353893294, 1e-13);
    // All have ended at 12: the incidence is known for every later time.
    assert_near(
        aalen_johansen(&competing, 1).at(99.0, 0.9).value.unwrap(),
        0.396647470176882,
        1e-14,
    );
}

#[test]
fn aalen_johansen_of_late_entries_is_that_of_r() {
    assert_incidence(
        &late(),
        0,
        &[
            (3.0, 0.181818181818182, 0.0135236664162284),
            (5.0, 0.305785123966942, 0.0162790047873034),
            (9.0, 0.447783621337340, 0.0158309022895114),
            (12.0, 0.639481592787378, 0.0147862698939215),
        ],
    );
    assert_incidence(
        &late(),
        1,
        &[
            (3.0, 0.0, 0.0),
            (4.0, 0.0743801652892562, 0.00514122855492980),
            (8.0, 0.1870773854244929, 0.00973527660839021),
            (12.0, 0.2327197595792637, 0.01082865218738010),
        ],
    );
    // Before the first event of the cause: Wilson's of none among 11 at risk.
    let early = aalen_johansen(&late(), 1).at(3.0, 0.9).interval.unwrap();
    let square = 1.6448536269514722_f64.powi(2);
    assert_eq!((early.low, early.method), (0.0, Method::Wilson));
    assert_near(early.high, square / (11.0 + square), 1e-14);
    assert_eq!(aalen_johansen(&late(), 0).at(14.5, 0.9).value, None);
}
