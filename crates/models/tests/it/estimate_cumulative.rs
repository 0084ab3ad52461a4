//! The mean cumulative amount: against its definition, whole and in parts.

use proptest::prelude::*;
use tidegauge_models::estimate::{CumulativeMean, Estimate, TwoWay, mean};

/// The ages in the tests, in days.
const AGES: [u32; 3] = [3, 10, 25];

/// A user: days observed, and amounts by day of age.
type User = (u32, Vec<(u32, f64)>);

/// Accumulates users of which some part is given.
fn accumulate<'a>(
    all: &[User],
    part: impl IntoIterator<Item = (usize, &'a User)>,
) -> CumulativeMean {
    let mut cumulative = CumulativeMean::new(&AGES, all.iter().map(|user| (user.0, 1)));
    for (_, (observed, amounts)) in part {
        cumulative.add(*observed, amounts).unwrap();
    }
    cumulative
}

/// Returns Dₙ and the parts of its variance by their definitions, from the influence of each user
/// on each day.
fn defined(users: &[User], age: u32) -> (f64, TwoWay) {
    let (mut value, mut influences) = (0.0, Vec::new());
    for day in 0..age {
        let amount = |user: &User| -> f64 {
            user.1.iter().filter(|(other, _)| *other == day).map(|(_, amount)| amount).sum()
        };
        let observed = || users.iter().enumerate().filter(|(_, user)| user.0 > day);
        let at_risk = observed().count() as f64;
        let rate = observed().map(|(_, user)| amount(user)).sum::<f64>() / at_risk;
        value += rate;
        influences.extend(observed().map(|(index, user)| {
            let week = u64::from((user.0 - 1 - day) / 7);
            (index as u64, week, (amount(user) - rate) / at_risk)
        }));
    }
    (value, TwoWay::of(influences))
}

/// Users observed for 1 to 60 days who pay now and then, before and after what is observed.
fn users() -> impl Strategy<Value = Vec<User>> {
    let payment = (0_u32..70, (-2.0..5.0_f64).prop_map(f64::exp));
    let user = (1_u32..60, prop::collection::vec(payment, 0..4));
    prop::collection::vec(user, 0..60)
}

/// Asserts that two estimates agree but for rounding.
fn assert_alike(one: Estimate, other: Estimate) {
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * a.abs().max(b.abs());
    assert_eq!(one.n, other.n);
    assert!(one.value.zip(other.value).is_none_or(|(a, b)| near(a, b)), "{one:?} {other:?}");
    assert_eq!(one.interval.is_some(), other.interval.is_some());
    if let Some((a, b)) = one.interval.zip(other.interval) {
        assert!(near(a.low, b.low) && near(a.high, b.high), "{a:?} {b:?}");
    }
}

#[test]
fn a_day_counts_the_users_observed_through_it() {
    let users =
        [(3, vec![(0, 4.0), (2, 6.0)]), (2, vec![(1, 9.0)]), (1, vec![(0, 2.0), (1, 50.0)])];
    let cumulative = accumulate(&users, users.iter().enumerate());
    let estimate = cumulative.estimate(0, 0.9, 1);
    // Day 0: 6 of three users; day 1: 9 of two, not what is not observed in whole; day 2: 6 of one.
    assert!((estimate.value.unwrap() - (2.0 + 4.5 + 6.0)).abs() < 1e-12);
    assert_eq!((estimate.n, estimate.interval), (1, None));
    assert_eq!(cumulative.observed(0), 1);
    let later = cumulative.estimate(1, 0.9, 1);
    assert_eq!((later.value, later.n), (None, 0));
    assert_eq!(cumulative.estimate(3, 0.9, 1), Estimate::undetermined(0));
}

#[test]
fn a_user_who_was_not_declared_is_refused() {
    let mut cumulative = CumulativeMean::new(&AGES, [(30, 2)]);
    let error = cumulative.add(29, &[(0, 1.0)]).unwrap_err();
    assert!(error.to_string().contains("29 days"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn value_and_variance_follow_their_definitions(users in users()) {
        let cumulative = accumulate(&users, users.iter().enumerate());
        for (index, age) in AGES.iter().enumerate() {
            let last = cumulative.observed(index) as f64;
            let Some(variance) = cumulative.variance(index) else { continue };
            let (value, defined) = defined(&users, *age);
            let factor = last / (last - 1.0);
            let near = |a: f64, b: f64| (a - b * factor).abs() <= 1e-9 * (a + b).max(1e-12);
            prop_assert!(near(variance.users, defined.users), "{variance:?} {defined:?}");
            prop_assert!(near(variance.both, defined.both), "{variance:?} {defined:?}");
            if variance.week_count == defined.week_count {
                prop_assert!(near(variance.weeks, defined.weeks), "{variance:?} {defined:?}");
            }
            let estimate = cumulative.estimate(index, 0.9, 1).value.unwrap();
            prop_assert!((estimate - value).abs() <= 1e-9 * value);
            prop_assert!(variance.design_effect() >= 1.0);
        }
    }

    #[test]
    fn parts_merge_to_the_whole(users in users(), parts in 1_usize..5) {
        let whole = accumulate(&users, users.iter().enumerate());
        let part = |part| {
            accumulate(&users, users.iter().enumerate().filter(|(index, _)| index % parts == part))
        };
        let merged = (0..parts).rev().map(part).reduce(|mut merged, part| {
            merged.merge(part);
            merged
        });
        let merged = merged.unwrap();
        for index in 0..AGES.len() {
            assert_alike(merged.estimate(index, 0.9, 5), whole.estimate(index, 0.9, 5));
        }
    }

    #[test]
    fn of_users_all_observed_it_is_their_mean(mut users in users()) {
        users.iter_mut().for_each(|user| user.0 = 60);
        let cumulative = accumulate(&users, users.iter().enumerate());
        let total = |user: &User| -> f64 {
            user.1.iter().filter(|(day, _)| *day < AGES[2]).map(|(_, amount)| amount).sum()
        };
        let amounts: Vec<f64> = users.iter().map(total).collect();
        assert_alike(cumulative.estimate(2, 0.9, 5), mean(&amounts, 0.9, 5));
    }
}
