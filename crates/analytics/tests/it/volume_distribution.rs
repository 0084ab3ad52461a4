use tidegauge_analytics::Facts;
use tidegauge_analytics::volume::{self, Concentration};

use crate::support::facts;

fn facts_of(amounts: &[f64]) -> Facts {
    let names: Vec<String> = (0..amounts.len()).map(|user| format!("u{user:04}")).collect();
    let users: Vec<_> = names.iter().map(|name| (name.as_str(), "2026-01-01", None)).collect();
    let events: Vec<_> = names
        .iter()
        .zip(amounts)
        .map(|(name, amount)| (name.as_str(), "2026-01-02", *amount, 0.0))
        .collect();
    facts(&users, &events, "2026-02-01")
}

fn concentration(amounts: &[f64]) -> Concentration {
    volume::concentration(&facts_of(amounts), None).unwrap()
}

#[test]
fn the_lorenz_curve_and_the_gini_coefficient_are_those_by_hand() {
    // Of 1, 2, 3 and 4 of 10 in all: Σ |xᵢ − xⱼ| = 20, so that G = 20 / (2 · 4 · 3 · 2.5) = 1/3.
    let spread = concentration(&[1.0, 2.0, 3.0, 4.0]);
    assert!((spread.gini.value.unwrap() - 1.0 / 3.0).abs() < 1e-12);
    let lower_half = spread.lorenz.iter().find(|point| point.users == 0.5).unwrap();
    assert!((lower_half.volume.value.unwrap() - 0.3).abs() < 1e-12);
    // The top tenth of four users is 0.4 of the first one.
    assert!((spread.top_10.value.unwrap() - 0.16).abs() < 1e-12);
    // One user in 100, at least one: the whole of the first one.
    assert_eq!(spread.top_1_percent, Some(0.4));
    let shares: Vec<_> = spread.deciles.iter().map(|decile| decile.share.unwrap()).collect();
    assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    assert_eq!(spread.frame().unwrap().shape(), (11, 1 + 7));
    // Intervals are for more users than these.
    assert!(spread.gini.interval.is_none() && spread.top_1.interval.is_none());
}

#[test]
fn the_curve_ascends_below_the_diagonal() {
    let amounts: Vec<f64> = (0..2_500).map(|user| f64::from(user * user % 997)).collect();
    let spread = concentration(&amounts);
    let points: Vec<_> =
        spread.lorenz.iter().map(|point| (point.users, point.volume.value.unwrap())).collect();
    assert!(points.windows(2).all(|pair| pair[0].1 < pair[1].1), "{points:?}");
    assert!(points.iter().all(|(users, volume)| volume < users), "{points:?}");
    for estimate in [spread.gini, spread.top_1, spread.top_10] {
        let interval = estimate.interval.unwrap();
        assert!(interval.contains(estimate.value.unwrap()), "{estimate:?}");
        assert_eq!(estimate.n, 2_500);
    }
    // The same users in another order.
    let mut reversed = amounts;
    reversed.reverse();
    assert_eq!(concentration(&reversed), spread);
}

#[test]
fn equal_volumes_are_not_concentrated_and_none_has_no_measure() {
    let equal = concentration(&[5.0; 200]);
    assert!(equal.gini.value.unwrap().abs() < 1e-12);
    assert!((equal.top_10.value.unwrap() - 0.1).abs() < 1e-12);
    let none = concentration(&[0.0, 0.0]);
    assert_eq!((none.gini.value, none.top_1.value, none.top_1_percent), (None, None, None));
}
