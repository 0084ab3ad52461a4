//! Estimates: reference values, and what must not change them.

use proptest::prelude::*;
use tidegauge_models::estimate::{
    Amounts, Estimate, Interval, Method, difference, log_normal, logit_normal, mean, newcombe,
    normal, product, quotient, wilson,
};

/// Returns value, lower and upper bound.
fn parts(estimate: Estimate) -> (f64, f64, f64) {
    let interval = estimate.interval.unwrap();
    (estimate.value.unwrap(), interval.low, interval.high)
}

/// Asserts that two numbers agree to a relative precision.
fn assert_near(one: f64, other: f64, precision: f64) {
    assert!((one - other).abs() <= precision * one.abs().max(other.abs()), "{one} {other}");
}

/// Returns skewed amounts of `n` users, most of them 0, by a fixed rule.
fn amounts(n: u32) -> Vec<f64> {
    let amount = |user: u32| {
        let spread = f64::from(user.wrapping_mul(2_654_435_761) >> 16) / 65_536.0;
        if spread < 0.5 { 0.0 } else { 3.0 / (1.02 - spread) }
    };
    (0..n).map(amount).collect()
}

/// R. G. Newcombe (1998), Statistics in Medicine 17, 857–872, table I.
#[test]
fn wilson_gives_the_published_intervals() {
    let published = [
        ((81, 263), (0.2553, 0.3662)),
        ((15, 148), (0.0624, 0.1605)),
        ((0, 20), (0.0, 0.1611)),
        ((1, 29), (0.0061, 0.1718)),
    ];
    for ((count, total), (low, high)) in published {
        let (_, lower, upper) = parts(wilson(count, total, 0.95));
        assert!((lower - low).abs() < 5e-5 && (upper - high).abs() < 5e-5, "{lower} {upper}");
    }
    assert_eq!(parts(wilson(9, 9, 0.9)).2, 1.0);
    assert_eq!(wilson(0, 0, 0.9), Estimate::undetermined(0));
    assert_eq!(wilson(3, 2, 0.9).value, None);
    assert_eq!(wilson(1, 2, 1.0).interval, None);
}

/// R. G. Newcombe (1998), Statistics in Medicine 17, 873–890, table II, method 10.
#[test]
fn newcombe_gives_the_published_intervals() {
    let published = [
        ((56, 70), (48, 80), (0.0524, 0.3339)),
        ((9, 10), (3, 10), (0.1705, 0.8090)),
        ((6, 7), (2, 7), (0.0582, 0.8062)),
        ((5, 56), (0, 29), (-0.0381, 0.1926)),
        ((0, 10), (0, 20), (-0.1611, 0.2775)),
        ((10, 10), (0, 20), (0.6791, 1.0)),
    ];
    for (a, b, (low, high)) in published {
        let (_, lower, upper) = parts(newcombe(a, b, 0.95));
        assert!((lower - low).abs() < 5e-5 && (upper - high).abs() < 5e-5, "{lower} {upper}");
    }
    assert_eq!(newcombe((1, 2), (0, 0), 0.9).value, None);
}

#[test]
fn a_mean_says_its_method_and_its_limits() {
    let sparse: Vec<f64> =
        (0..200).map(|user| if user < 12 { 10.0 + f64::from(user) } else { 0.0 }).collect();
    let few = mean(&sparse, 0.9, 1);
    assert_eq!(few.interval.unwrap().method, Method::HybridT);
    assert!(few.flags.few && !few.flags.heavy);
    assert!(few.with_heavy(true).flags.heavy);
    assert!(!mean(&amounts(200), 0.9, 1).flags.few);
    let large = mean(&amounts(50_000), 0.9, 1);
    assert_eq!(large.interval.unwrap().method, Method::LogNormal);
}

#[test]
fn what_the_data_do_not_determine_is_none() {
    assert_eq!(mean(&[], 0.9, 1).value, None);
    assert_eq!(mean(&[0.0; 30], 0.9, 1).value, Some(0.0));
    for without in [vec![0.0; 30], vec![5.0], vec![5.0; 40], [vec![0.0; 40], vec![9.0; 4]].concat()]
    {
        assert_eq!(mean(&without, 0.9, 1).interval, None, "{without:?}");
    }
    for broken in [f64::NAN, f64::INFINITY] {
        let mut amounts = amounts(60);
        amounts[7] = broken;
        assert_eq!(mean(&amounts, 0.9, 1).value, None);
        assert_eq!(mean(&amounts, 0.9, 1).interval, None);
    }
    assert_eq!(mean(&amounts(60), 1.0, 1).interval, None);
    assert_eq!(mean(&amounts(60), f64::NAN, 1).interval, None);
    // Equal payments among users who did not pay: only their share is uncertain.
    let equal = [vec![0.0; 40], vec![9.0; 40]].concat();
    let (value, low, high) = parts(mean(&equal, 0.9, 1));
    let (_, share_low, share_high) = parts(wilson(40, 80, 0.9));
    assert_eq!(value, 4.5);
    assert_near(low, 9.0 * share_low, 0.03);
    assert_near(high, 9.0 * share_high, 0.03);
}

#[test]
fn refunds_may_outweigh_revenue() {
    let mut net = amounts(300);
    for user in (0..300).step_by(7) {
        net[user] = -net[user];
    }
    let (value, low, high) = parts(mean(&net, 0.9, 1));
    assert!(low < value && value < high);
    let lost: Vec<f64> = amounts(300).into_iter().map(|amount| 0.1 * amount - 4.0).collect();
    let (value, low, high) = parts(mean(&lost, 0.9, 1));
    assert!(low < value && value < high && value < 0.0, "{low} {value} {high}");
}

#[test]
fn a_small_reversal_changes_little() {
    let before = amounts(400);
    let mut after = before.clone();
    let free = after.iter().position(|amount| *amount == 0.0).unwrap();
    after[free] = -0.01;
    let ((_, low, high), (_, lower, upper)) =
        (parts(mean(&before, 0.9, 3)), parts(mean(&after, 0.9, 3)));
    assert_near(low, lower, 0.03);
    assert_near(high, upper, 0.03);
}

#[test]
fn independent_estimates_combine_by_square_and_add() {
    let (a, b) = (log_normal(30.0, 3.0, 90, 0.9), log_normal(20.0, 4.0, 60, 0.9));
    let reach = 1.644_853_626_951_472_7 * (0.1_f64.powi(2) + 0.2_f64.powi(2)).sqrt();
    for combined in [quotient(a, b).scaled(400.0), product(a, b)] {
        let (value, low, high) = parts(combined);
        assert_near(value, 600.0, 1e-12);
        assert_near(low, 600.0 * (-reach).exp(), 1e-12);
        assert_near(high, 600.0 * reach.exp(), 1e-12);
    }
    let shares = difference(wilson(56, 70, 0.95), wilson(48, 80, 0.95));
    let newcombe = newcombe((56, 70), (48, 80), 0.95);
    assert_eq!(parts(shares), parts(newcombe));
    let other_level = difference(a, log_normal(20.0, 4.0, 60, 0.8));
    assert_eq!((other_level.value, other_level.interval), (Some(10.0), None));
    assert_eq!(quotient(a, normal(0.0, 1.0, 9, 0.9)).value, None);
    assert_eq!(quotient(a, normal(1.0, 1.0, 9, 0.9)).interval, None);
    assert!(difference(a.with_heavy(true), b).flags.heavy);
}

#[test]
fn intervals_of_a_standard_error_keep_their_range() {
    let (value, low, high) = parts(logit_normal(0.8, 0.05, 90, 0.9));
    let odds = |share: f64| (share / (1.0 - share)).ln();
    assert_near(odds(value) - odds(low), odds(high) - odds(value), 1e-12);
    assert_near(odds(value) - odds(low), 1.644_853_626_951_472_7 * 0.05 / 0.16, 1e-12);
    assert_eq!(logit_normal(1.0, 0.0, 9, 0.9).interval, None);
    assert_eq!(log_normal(-1.0, 0.5, 9, 0.9).interval, None);
    assert_eq!(Interval::new(2.0, 1.0, 0.9, Method::Normal), None);
    let (_, low, high) = parts(normal(1.0, 1.0, 9, 0.9).scaled(-2.0));
    assert_near(low + high, -4.0, 1e-12);
}

/// Users with amounts of any size and sign, most of them 0 or positive.
fn users() -> impl Strategy<Value = Vec<f64>> {
    let amount = prop_oneof![
        3 => Just(0.0),
        6 => (-3.0..6.0_f64).prop_map(f64::exp),
        1 => -20.0..0.0_f64,
    ];
    prop::collection::vec(amount, 0..200)
}

/// Amounts of users who paid nothing or something.
fn revenue() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(prop_oneof![Just(0.0), (-3.0..6.0_f64).prop_map(f64::exp)], 0..200)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn bounds_are_finite_and_hold_the_value(
        amounts in users(), level in 0.01..0.999_f64, seed: u64,
    ) {
        let estimate = mean(&amounts, level, seed);
        prop_assert_eq!(estimate.n, amounts.len() as u64);
        if let Some(interval) = estimate.interval {
            prop_assert!(interval.low.is_finite() && interval.high.is_finite());
            prop_assert!(level < 0.5 || interval.contains(estimate.value.unwrap()));
        }
    }

    #[test]
    fn the_order_of_users_changes_nothing(
        (amounts, shuffled) in users().prop_flat_map(|users| {
            (Just(users.clone()), Just(users).prop_shuffle())
        }),
    ) {
        prop_assert_eq!(mean(&amounts, 0.9, 5), mean(&shuffled, 0.9, 5));
    }

    #[test]
    fn money_in_another_unit_scales_the_bounds(amounts in users()) {
        let cents: Vec<f64> = amounts.iter().map(|amount| amount * 100.0).collect();
        let (one, other) = (mean(&amounts, 0.9, 5).scaled(100.0), mean(&cents, 0.9, 5));
        prop_assert_eq!(one.interval.is_some(), other.interval.is_some());
        if let Some((one, other)) = one.interval.zip(other.interval) {
            let size = one.low.abs().max(one.high.abs());
            prop_assert!((one.low - other.low).abs() < 1e-9 * size);
            prop_assert!((one.high - other.high).abs() < 1e-9 * size);
        }
    }

    #[test]
    fn a_higher_level_is_no_narrower(amounts in users(), level in 0.1..0.9_f64) {
        let (narrow, wide) = (mean(&amounts, level, 5), mean(&amounts, level + 0.09, 5));
        if let Some((narrow, wide)) = narrow.interval.zip(wide.interval) {
            prop_assert!(wide.low <= narrow.low && narrow.high <= wide.high);
        }
    }

    #[test]
    fn parts_merge_to_the_whole(amounts in users(), parts in 1_usize..5, seed: u64) {
        let mut cut: Vec<Amounts> = vec![Amounts::new(); parts];
        for (user, amount) in (1_u64..).zip(&amounts) {
            let hash = user.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ seed;
            cut[usize::try_from(hash % 97).unwrap() % parts].add(*amount);
        }
        let whole = cut.into_iter().fold(Amounts::new(), |mut whole, part| {
            whole.merge(part);
            whole
        });
        prop_assert_eq!(whole.estimate(0.9, 5), mean(&amounts, 0.9, 5));
        prop_assert_eq!(whole.users(), amounts.len() as u64);
    }

    #[test]
    fn users_who_paid_nothing_may_be_counted(amounts in revenue(), zeros in 0_u64..50) {
        let (mut counted, mut added) = (Amounts::new(), Amounts::new());
        for amount in &amounts {
            counted.add(*amount);
            added.add(*amount);
        }
        counted.add_zeros(zeros);
        (0..zeros).for_each(|_| added.add(0.0));
        prop_assert_eq!(counted.estimate(0.8, 5), added.estimate(0.8, 5));
    }
}

#[test]
fn beyond_the_kept_amounts_the_sums_stay_exact() {
    let amounts = amounts(60_000);
    let (mut whole, mut cut) = (Amounts::new(), vec![Amounts::new(); 3]);
    for (user, amount) in (1_u64..).zip(&amounts) {
        let hash = user.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        whole.add(*amount);
        cut[usize::try_from(hash % 3).unwrap()].add(*amount);
    }
    let merged = cut.into_iter().rev().fold(Amounts::new(), |mut merged, part| {
        merged.merge(part);
        merged
    });
    assert_eq!(merged.estimate(0.9, 5), whole.estimate(0.9, 5));
    assert_eq!(mean(&amounts, 0.9, 5), whole.estimate(0.9, 5));
    assert_eq!(whole.payers(), merged.payers());
}
