//! Kaplan–Meier, its quantiles and restricted mean.

use tidegauge_models::Method;
use tidegauge_models::survival::{Curve, Life, LifeCounts, RiskTable, SurvivalError, kaplan_meier};

use super::data::*;
use crate::support::assert_near;

/// Checks a curve against rows of time, at risk, S, standard error and bounds.
fn assert_curve(curve: &Curve, level: f64, rows: &[(f64, u64, f64, f64, f64, f64)]) {
    for (time, at_risk, survival, error, low, high) in rows {
        let step = curve.steps().iter().find(|step| step.time == *time).unwrap();
        assert_eq!(step.at_risk, *at_risk);
        assert_near(step.survival, *survival, 1e-14);
        assert_near(step.std_error().unwrap(), *error, 1e-14);
        let estimate = curve.at(*time, level);
        let interval = estimate.interval.unwrap();
        assert_near(estimate.value.unwrap(), *survival, 1e-14);
        assert_near(interval.low, *low, 1e-13);
        assert_near(interval.high, *high, 1e-13);
        assert_eq!((interval.level, interval.method), (level, Method::LogLog));
    }
}

/// Checks a quantile against its value and bounds.
fn assert_quantile(curve: &Curve, share: f64, value: f64, low: f64, high: f64) {
    let estimate = curve.quantile(share, 0.9);
    let interval = estimate.interval.unwrap();
    assert_eq!((estimate.value, interval.low, interval.high), (Some(value), low, high));
}

#[test]
fn kaplan_meier_of_aml_is_that_of_r() {
    let curve = kaplan_meier(&observed(&MAINTAINED));
    assert_curve(
        &curve,
        0.9,
        &[
            (9.0, 11, 0.909090909090909, 0.0866784172041448, 0.6101574570968592, 0.981780712557400),
            (
                13.0,
                10,
                0.818181818181818,
                0.1162912998303329,
                0.5255235498394997,
                0.939327339190272,
            ),
            (18.0, 8, 0.715909090909091, 0.1396649705572278, 0.4177040954769867, 0.879904440048019),
            (23.0, 7, 0.613636363636364, 0.1526323310273120, 0.3234555108947046, 0.809534436374599),
            (31.0, 5, 0.490909090909091, 0.1641932672211358, 0.2140303029131577, 0.720096791568727),
            (34.0, 4, 0.368181818181818, 0.1626688858270948, 0.1264599741240629, 0.617050413941411),
            (48.0, 2, 0.184090909090909, 0.1534927457862937, 0.0222433979987111, 0.471166182529230),
            (
                161.0,
                1,
                0.184090909090909,
                0.1534927457862937,
                0.0222433979987111,
                0.471166182529230,
            ),
        ],
    );
    assert_quantile(&curve, 0.25, 18.0, 9.0, 31.0);
    assert_quantile(&curve, 0.5, 31.0, 18.0, 48.0);
    assert_quantile(&curve, 0.75, 48.0, 31.0, f64::INFINITY);
    assert_eq!(curve.median(0.9), curve.quantile(0.5, 0.9));
    assert_near(curve.restricted_mean(48.0, 0.9).value.unwrap(), 31.84318181818182, 1e-14);
    assert_near(curve.restricted_mean_std_error(48.0).unwrap(), 4.52788471175049, 1e-14);
    // Between steps, after the last one, and without a level.
    assert_eq!(curve.at(30.9, 0.9).value, curve.at(23.0, 0.9).value);
    assert_eq!(curve.at(161.5, 0.9).value, None);
    assert_eq!(curve.at(20.0, 1.0).interval, None);
    assert_eq!((curve.at(20.0, 0.9).n, curve.lives()), (11, 11));
}

#[test]
fn a_curve_that_reaches_zero_is_that_of_r() {
    let curve = kaplan_meier(&observed(&NOT_MAINTAINED));
    assert_curve(
        &curve,
        0.9,
        &[
            (5.0, 12, 0.833333333333333, 0.1075828707279838, 0.5574776885687392, 0.944700474610229),
            (16.0, 7, 0.583333333333333, 0.1423187606383278, 0.3214736302023905, 0.774143163056829),
            (
                43.0,
                2,
                0.0972222222222222,
                0.0918663649675205,
                0.0106683029031330,
                0.302267471543785,
            ),
        ],
    );
    assert_quantile(&curve, 0.25, 8.0, 5.0, 23.0);
    assert_quantile(&curve, 0.5, 23.0, 8.0, 33.0);
    assert_quantile(&curve, 0.75, 33.0, 23.0, f64::INFINITY);
    assert_near(curve.restricted_mean(30.0, 0.9).value.unwrap(), 19.69444444444445, 1e-14);
    assert_near(curve.restricted_mean_std_error(30.0).unwrap(), 3.05419793071765, 1e-14);
    // All have ended: S stays 0, and the mean is determined for every horizon.
    let end = curve.at(1_000.0, 0.9);
    assert_eq!((end.value, end.interval), (Some(0.0), None));
    assert_eq!(curve.steps().last().unwrap().std_error(), None);
    assert_eq!(curve.restricted_mean(45.0, 0.9).value, curve.restricted_mean(1_000.0, 0.9).value);
}

#[test]
fn kaplan_meier_of_six_mp_is_that_of_the_book() {
    let curve = kaplan_meier(&observed(&SIX_MP));
    assert_curve(
        &curve,
        0.95,
        &[
            (6.0, 21, 0.857142857142857, 0.0763603548321213, 0.619717955265984, 0.951551747646997),
            (10.0, 15, 0.752941176470588, 0.0963496529943205, 0.503199510799957, 0.889361835169265),
            (22.0, 7, 0.537815126050420, 0.1282337516930340, 0.267778936767135, 0.746790717635394),
            (35.0, 1, 0.448179271708683, 0.1345914567557604, 0.188052005959232, 0.680142628495241),
        ],
    );
    let median = curve.median(0.95);
    assert_eq!(median.value, Some(23.0));
    assert_eq!(median.interval.map(|i| (i.low, i.high)), Some((13.0, f64::INFINITY)));
    let never = curve.quantile(0.75, 0.95);
    assert_eq!((never.value, never.interval.map(|i| i.low)), (None, Some(23.0)));
}

#[test]
fn before_the_first_event_the_interval_is_wilsons() {
    let curve = kaplan_meier(&observed(&SIX_MP));
    let early = curve.at(3.0, 0.9);
    let interval = early.interval.unwrap();
    let square = 1.6448536269514722_f64.powi(2);
    assert_eq!((early.value, interval.high, interval.method), (Some(1.0), 1.0, Method::Wilson));
    assert_near(interval.low, 21.0 / (21.0 + square), 1e-14);
    // No event at all: no variance, and so no interval of the restricted mean.
    let none = kaplan_meier(&table([Life::censored(5.0), Life::censored(9.0)]));
    assert_near(none.at(6.0, 0.9).interval.unwrap().low, 1.0 / (1.0 + square), 1e-14);
    let mean = none.restricted_mean(9.0, 0.9);
    assert_eq!((mean.value, mean.interval), (Some(9.0), None));
    assert_eq!(none.restricted_mean(9.5, 0.9).value, None);
    assert_eq!(none.median(0.9).value, None);
    let empty = kaplan_meier(&table([]));
    assert_eq!((empty.at(0.0, 0.9).value, empty.restricted_mean(0.0, 0.9).value), (None, None));
}

#[test]
fn late_entries_are_those_of_r() {
    let curve = kaplan_meier(&late());
    assert_curve(
        &curve,
        0.9,
        &[
            (3.0, 11, 0.818181818181818, 0.1162912998303330, 0.5255235498394996, 0.939327339190272),
            (5.0, 12, 0.619834710743802, 0.1328813385110743, 0.3679770984456918, 0.795460605023729),
            (8.0, 11, 0.456423741547709, 0.1268765459632272, 0.2453660375074440, 0.645423417906040),
            (12.0, 5, 0.127798647633358, 0.0828357937407801, 0.0316090855802199, 0.293676930797225),
        ],
    );
    assert_quantile(&curve, 0.5, 8.0, 4.0, 12.0);
    assert_near(curve.restricted_mean(10.0, 0.9).value.unwrap(), 7.119083395942901, 1e-14);
    assert_near(curve.restricted_mean_std_error(10.0).unwrap(), 0.780683565116781, 1e-14);
}

#[test]
fn a_level_curve_has_its_median_in_the_middle() {
    let last = |ended| {
        kaplan_meier(&table(
            [1.0, 2.0].map(Life::ended).into_iter().chain([Life::censored(3.0), life(4.0, ended)]),
        ))
    };
    assert_quantile(&last(false), 0.25, 1.5, 1.0, f64::INFINITY);
    assert_quantile(&last(false), 0.5, 3.0, 1.0, f64::INFINITY);
    assert_quantile(&last(true), 0.5, 3.0, 1.0, f64::INFINITY);
    assert_quantile(&last(true), 0.75, 4.0, 1.0, f64::INFINITY);
}

#[test]
fn veteran_is_that_of_r() {
    let curve = kaplan_meier(&table(veteran().into_iter().map(|(life, ..)| life)));
    assert_quantile(&curve, 0.1, 10.0, 7.0, 15.0);
    assert_quantile(&curve, 0.5, 80.0, 53.0, 99.0);
    assert_quantile(&curve, 0.9, 340.0, 260.0, 392.0);
    assert_near(curve.restricted_mean(365.0, 0.9).value.unwrap(), 115.65921555233430, 1e-13);
    assert_near(curve.restricted_mean_std_error(365.0).unwrap(), 9.88315099942787, 1e-13);
    let month = curve.at(100.0, 0.9);
    assert_near(month.value.unwrap(), 0.4179945071967927, 1e-13);
    assert_near(month.interval.unwrap().low, 0.3476615135320830, 1e-13);
}

#[test]
fn weights_are_numbers_of_lives() {
    // `survfit(Surv(c(1, 2, 2, 3, 5), c(1, 1, 0, 1, 0)) ~ 1, weights = c(3, 2, 4, 1, 5))`.
    let weighted = table([
        Life::ended(1.0).repeated(3),
        Life::ended(2.0).repeated(2),
        Life::censored(2.0).repeated(4),
        Life::ended(3.0),
        Life::censored(5.0).repeated(5),
    ]);
    assert_curve(
        &kaplan_meier(&weighted),
        0.9,
        &[
            (1.0, 15, 0.800000000000000, 0.103279555898864, 0.561061568372065, 0.917448922974990),
            (2.0, 12, 0.666666666666667, 0.121716123890037, 0.427251923558785, 0.824212162181568),
            (3.0, 6, 0.555555555555556, 0.143443827637312, 0.298006620967533, 0.751728020609103),
        ],
    );
}

#[test]
fn bad_lives_are_named() {
    let error = RiskTable::of(&[Life::ended(1.0), Life::ended(f64::NAN)]).unwrap_err();
    assert!(error.to_string().starts_with("life 1 has the duration NaN"), "{error}");
    let error = RiskTable::of(&[Life::ended(3.0).entered_at(3.0)]).unwrap_err();
    assert!(error.to_string().contains("enters at 3 and leaves at 3"), "{error}");
    let all = Life::ended(1.0).repeated(u64::MAX);
    assert_eq!(RiskTable::of(&[all, all]).unwrap_err(), SurvivalError::Overflow);
    let mut counts = LifeCounts::new(10, 2);
    assert_eq!(counts.add_censored(11, 1), Err(SurvivalError::Day { day: 11, last: 10 }));
    assert_eq!(counts.add_event(1, 2, 1), Err(SurvivalError::Cause { cause: 2, causes: 2 }));
    let error = counts.merge(&LifeCounts::new(10, 1)).unwrap_err();
    assert_eq!(error, SurvivalError::Shape { left: (10, 1), right: (10, 2) });
    counts.add_event(4, 1, 5).unwrap();
    assert_eq!(counts.enter_late(2, 6), Err(SurvivalError::Unentered { day: 2 }));
    counts.enter_late(4, 1).unwrap();
    assert_eq!(RiskTable::of_counts(&counts), Err(SurvivalError::Unentered { day: 4 }));
}

#[test]
fn chained_cells_do_not_mix_cohorts() {
    // Ages 1 to 3 of cohorts of 1,000 (3 ages over), 500 (2) and 200 (1), which lose half at age 1.
    let curve = Curve::of_cells([(1.0, 1_700, 850), (2.0, 750, 75), (3.0, 450, 0)]);
    assert_near(curve.at(3.0, 0.9).value.unwrap(), 0.45, 1e-15);
    assert!(curve.at(4.0, 0.9).value.is_none());
}
