//! The log-rank test.

use tidegauge_models::survival::{Life, SurvivalError, log_rank, stratified_log_rank};

use super::data::*;
use crate::support::assert_near;

#[test]
fn the_log_rank_test_is_that_of_r() {
    let aml = log_rank(&[observed(&MAINTAINED), observed(&NOT_MAINTAINED)]).unwrap();
    assert_near(aml.statistic, 3.3963886989776, 1e-12);
    assert_near(aml.p_value, 0.0653393220405051, 1e-12);
    assert_near(aml.groups[0].expected, 10.68933599230072, 1e-14);
    assert_eq!((aml.degrees, aml.groups[0].observed, aml.groups[1].lives), (1, 7, 12));
    let placebo = table(PLACEBO.map(Life::ended));
    let six_mp = log_rank(&[observed(&SIX_MP), placebo]).unwrap();
    assert_near(six_mp.statistic, 16.7929409892165, 1e-12);
    assert_near(six_mp.groups[1].expected, 10.7494990519689, 1e-13);
}

const CELL_TYPES: [&str; 4] = ["squamous", "smallcell", "adeno", "large"];

#[test]
fn the_log_rank_test_of_several_groups_and_strata_is_that_of_r() {
    let lives = veteran();
    let of = |treatment: Option<&str>, cell_type: &str| {
        let chosen = lives.iter().filter(|(_, given, kind)| {
            kind == cell_type && treatment.is_none_or(|treatment| treatment == given)
        });
        table(chosen.map(|(life, ..)| *life))
    };
    let groups = log_rank(&CELL_TYPES.map(|kind| of(None, kind))).unwrap();
    assert_near(groups.statistic, 25.4037003457854, 1e-12);
    assert_near(groups.p_value, 1.27124593900609e-05, 1e-15);
    assert_eq!(groups.degrees, 3);
    for (group, expected) in groups.groups.iter().zip([47.6546776724754, 30.1020793268148]) {
        assert_near(group.expected, expected, 1e-12);
    }
    let strata = CELL_TYPES.map(|kind| ["1", "2"].map(|treatment| of(Some(treatment), kind)));
    let stratified = stratified_log_rank(&strata).unwrap();
    assert_near(stratified.statistic, 0.701743346844319, 1e-12);
    assert_near(stratified.p_value, 0.402198523780674, 1e-12);
    let treated = ["1", "2"].map(|treatment| CELL_TYPES.map(|kind| of(Some(treatment), kind)));
    let stratified = stratified_log_rank(&treated).unwrap();
    assert_near(stratified.statistic, 22.7821199353378, 1e-12);
    assert_near(stratified.p_value, 4.48336907606213e-05, 1e-15);
    assert_eq!(stratified.groups[3].observed, 26);
}

#[test]
fn log_rank_with_late_entries_is_worked_by_hand() {
    // A: at risk from the start, ends at 2. B: enters at 1, ends at 3. C: enters at 2, ends at 3.
    let one = table([Life::ended(2.0)]);
    let other = table([Life::ended(3.0).entered_at(1.0), Life::ended(3.0).entered_at(2.0)]);
    // At 2 one of {A, B} ends: E = 1/2, V = 1/4. At 3 only the second group is at risk.
    let test = log_rank(&[one, other]).unwrap();
    assert_near(test.groups[0].expected, 0.5, 1e-15);
    assert_near(test.groups[1].expected, 2.5, 1e-15);
    assert_near(test.statistic, 1.0, 1e-15);
}

#[test]
fn groups_that_nothing_compares_are_named() {
    let early = table([Life::ended(1.0), Life::ended(2.0)]);
    let later = table([Life::ended(8.0).entered_at(5.0), Life::ended(9.0).entered_at(5.0)]);
    let error = log_rank(&[early.clone(), later]).unwrap_err();
    assert_eq!(error, SurvivalError::Incomparable { group: 0 });
    let error = log_rank(std::slice::from_ref(&early)).unwrap_err();
    assert!(error.to_string().contains("at least 2"), "{error}");
    let error = stratified_log_rank(&[vec![early.clone(); 2], vec![early.clone(); 3]]).unwrap_err();
    assert_eq!(error, SurvivalError::Groups { stratum: 1, groups: 3, expected: 2 });
    // A group without lives has no expected events and no degree of freedom.
    let test = log_rank(&[early.clone(), table([])]).unwrap();
    assert_eq!((test.degrees, test.p_value), (0, 1.0));
    let test = log_rank(&[early.clone(), table([]), early]).unwrap();
    assert_eq!((test.degrees, test.statistic), (1, 0.0));
}
