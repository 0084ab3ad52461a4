//! Influence values: against leaving users out, and in known cases.

use crate::coverage_draw::Draw;
use crate::coverage_populations::Population;
use proptest::prelude::*;
use tidegauge_models::estimate::{
    Dispersion, Influence, Transform, TwoWay, cost_per_user, expected_count, gini, lorenz, mean,
    product, top_share,
};

/// Amounts of users who paid nothing or something.
fn amounts() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(prop_oneof![Just(0.0), (-2.0..4.0_f64).prop_map(f64::exp)], 60..150)
}

/// Returns the jackknife variance of a measure: (n − 1)/n Σ (θ₍ᵢ₎ − θ̄)².
fn jackknife(amounts: &[f64], measure: impl Fn(&[f64]) -> Option<Influence>) -> f64 {
    let without = |left_out: usize| {
        let mut rest = amounts.to_vec();
        rest.remove(left_out);
        measure(&rest).unwrap().value()
    };
    let values: Vec<f64> = (0..amounts.len()).map(without).collect();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (n - 1.0) / n * values.iter().map(|value| (value - mean).powi(2)).sum::<f64>()
}

#[test]
fn concentration_is_known_in_simple_cases() {
    let value = |influence: Option<Influence>| influence.unwrap().value();
    assert!(value(Influence::gini(&[5.0; 9])).abs() < 1e-12);
    assert!((value(Influence::gini(&[0.0, 0.0, 7.0])) - 1.0).abs() < 1e-12);
    // Σ |xᵢ − xⱼ| = 2 (1 + 2 + 3 + 1 + 2 + 1) = 20, over 2 · 4 · 3 · 2.5.
    assert!((value(Influence::gini(&[3.0, 1.0, 4.0, 2.0])) - 20.0 / 60.0).abs() < 1e-12);
    assert!((value(Influence::top_share(&[1.0, 2.0, 3.0, 4.0], 0.25)) - 0.4).abs() < 1e-12);
    // A third of four users: the first whole, the second for a third.
    let third = value(Influence::top_share(&[1.0, 2.0, 3.0, 4.0], 1.0 / 3.0));
    assert!((third - 0.5).abs() < 1e-12);
    assert!((value(Influence::lorenz(&[1.0, 2.0, 3.0, 4.0], 0.5)) - 0.3).abs() < 1e-12);
    for none in [
        Influence::gini(&[]),
        Influence::gini(&[3.0]),
        Influence::gini(&[0.0, 0.0]),
        Influence::gini(&[1.0, -1.0, 3.0]),
        Influence::gini(&[1.0, f64::NAN]),
        Influence::top_share(&[1.0, 2.0], 0.0),
        Influence::top_share(&[1.0, 2.0], 1.0),
        Influence::ratio(&[1.0], &[1.0, 2.0]),
        Influence::ratio(&[1.0, 2.0], &[0.0, 0.0]),
        Influence::ratio(&[1.0, 2.0], &[3.0, 0.0]),
        Influence::mean(&[]),
    ] {
        assert_eq!(none, None);
    }
    assert_eq!(gini(&[0.0; 40], 0.9, 1).value, None);
    assert_eq!(top_share(&[1.0; 100], 0.01, 0.9, 1).interval, None);
}

#[test]
fn complements_have_complementary_intervals() {
    let amounts: Vec<f64> = (1..400).map(|user| f64::from(user % 50).powi(2)).collect();
    let top = top_share(&amounts, 0.2, 0.9, 3);
    let rest = lorenz(&amounts, 0.8, 0.9, 3);
    let (top_interval, rest_interval) = (top.interval.unwrap(), rest.interval.unwrap());
    assert!((top.value.unwrap() + rest.value.unwrap() - 1.0).abs() < 1e-12);
    assert!((top_interval.low + rest_interval.high - 1.0).abs() < 1e-12);
    assert!((top_interval.high + rest_interval.low - 1.0).abs() < 1e-12);
}

#[test]
fn estimates_of_the_same_users_share_their_errors() {
    let amounts: Vec<f64> = (0..90).map(|user| f64::from(user % 9)).collect();
    let double: Vec<f64> = amounts.iter().map(|amount| 2.0 * amount + 1.0).collect();
    let (one, other) = (Influence::mean(&amounts).unwrap(), Influence::mean(&double).unwrap());
    let difference = other.minus(&one).unwrap();
    assert!((difference.value() - 5.0).abs() < 1e-12);
    assert!((difference.standard_error() - one.standard_error()).abs() < 1e-12);
    assert_eq!(one.minus(&Influence::mean(&[1.0]).unwrap()), None);
    let interval = difference.estimate(Transform::Identity, 0.9, 1).interval.unwrap();
    assert!(interval.low < 5.0 && 5.0 < interval.high);
    assert_eq!(difference.estimate(Transform::Logit, 0.9, 1).interval, None);
    assert_eq!(one.minus(&one).unwrap().estimate(Transform::Identity, 0.9, 1).interval, None);
}

#[test]
fn weeks_add_what_users_share() {
    let (a, b) = (0.25, -0.25);
    // Four users, in two weeks, with the same error in each week.
    let shared = TwoWay::of((0..4).flat_map(|user| [(user, 1, a), (user, 2, b)]));
    assert_eq!((shared.users, shared.weeks, shared.both), (0.0, 4.0, 0.5));
    assert_eq!((shared.variance(), shared.design_effect()), (3.5, 1.0));
    // Each user in a week of their own: nothing is shared, but for G/(G − 1).
    let apart = TwoWay::of((0..4).map(|user| (user, user, if user % 2 == 0 { a } else { b })));
    assert_eq!((apart.users, apart.both, apart.week_count), (0.25, 0.25, 4));
    assert!((apart.design_effect() - 4.0 / 3.0).abs() < 1e-12);
}

#[test]
fn dispersion_counts_what_days_share() {
    let steady: Vec<f64> = (0..84).map(|day| if day % 2 == 0 { 9.0 } else { 11.0 }).collect();
    let alternating = Dispersion::of(&steady, &[1.0; 84], 0).unwrap();
    assert!((alternating.phi - 0.1 * 84.0 / 83.0).abs() < 1e-12);
    // Days that make up for each other vary less in sum, and runs of alike days more.
    assert!(Dispersion::of(&steady, &[1.0; 84], 6).unwrap().phi < 0.02);
    let runs: Vec<f64> = (0..84).map(|day| if day / 7 % 2 == 0 { 5.0 } else { 15.0 }).collect();
    let of_runs = |lags| Dispersion::of(&runs, &[1.0; 84], lags).unwrap().phi;
    assert!(of_runs(6) > 2.0 * of_runs(0));
    // Counts in proportion to spend have no dispersion.
    let spend: Vec<f64> = runs.iter().map(|count| 40.0 * count).collect();
    assert!(Dispersion::of(&runs, &spend, 6).unwrap().phi < 1e-12);
    for none in [(&runs[..13], &spend[..13], 0), (&runs[..60], &spend[..60], 21), (&runs, &[], 0)] {
        assert_eq!(Dispersion::of(none.0, none.1, none.2), None);
    }
    let zeros = [0.0; 84];
    assert_eq!(Dispersion::of(&zeros, &spend, 0), None);
    assert_eq!(Dispersion::of(&runs, &zeros, 0), None);
}

#[test]
fn the_next_spend_is_as_uncertain_as_its_count() {
    let z = 1.644_853_626_951_472_7;
    let cost = cost_per_user(8_000.0, 200, Dispersion::POISSON, 0.9);
    let interval = cost.interval.unwrap();
    assert!((interval.low - 40.0 * (-z / 200.0_f64.sqrt()).exp()).abs() < 1e-9);
    assert_eq!(cost_per_user(8_000.0, 0, Dispersion::POISSON, 0.9).value, None);
    let value = mean(&(0..200).map(f64::from).collect::<Vec<_>>(), 0.9, 1);
    let revenue = product(expected_count(200, Dispersion::POISSON, 0.9), value);
    assert!((revenue.value.unwrap() - 19_900.0).abs() < 1e-9);
    let (one, both) = (value.interval.unwrap(), revenue.interval.unwrap());
    assert!(both.high / both.low > one.high / one.low);
}

#[test]
fn influence_is_what_leaving_a_user_out_changes() {
    type Measure = fn(&[f64]) -> Option<Influence>;
    let measures: [Measure; 4] = [
        Influence::mean,
        Influence::gini,
        |amounts| Influence::top_share(amounts, 0.1),
        |amounts| Influence::lorenz(amounts, 0.8),
    ];
    let amounts = Population::LogNormal { share: 0.6, sigma: 1.0 }.draw(300, &mut Draw::new(5, 0));
    for measure in measures {
        let influence = measure(&amounts).unwrap();
        assert!(influence.psi().iter().sum::<f64>().abs() < 1e-12 * amounts.len() as f64);
        let (variance, left_out) =
            (influence.standard_error().powi(2), jackknife(&amounts, measure));
        assert!((variance / left_out - 1.0).abs() < 0.1, "{variance} {left_out}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn concentration_has_no_unit_and_no_order(
        (amounts, shuffled) in amounts().prop_flat_map(|users| {
            (Just(users.clone()), Just(users).prop_shuffle())
        }),
    ) {
        let scaled: Vec<f64> = amounts.iter().map(|amount| amount * 100.0).collect();
        let (one, other) = (gini(&amounts, 0.9, 5), gini(&scaled, 0.9, 5));
        prop_assert!((one.value.unwrap() - other.value.unwrap()).abs() < 1e-12);
        let (low, high) = (one.interval.unwrap().low, other.interval.unwrap().low);
        prop_assert!((low - high).abs() < 1e-9);
        let (one, other) = (gini(&amounts, 0.9, 5), gini(&shuffled, 0.9, 5));
        prop_assert!((one.value.unwrap() - other.value.unwrap()).abs() < 1e-12);
        let (one, other) = (one.interval.unwrap(), other.interval.unwrap());
        prop_assert!((one.low - other.low).abs() < 1e-9 && (one.high - other.high).abs() < 1e-9);
        prop_assert!(one.low >= 0.0 && one.high <= 1.0);
    }
}
