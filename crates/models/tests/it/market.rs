//! Series against R and against cases worked by hand.
//!
//! Reference values: R 4.2.2 (`cor`, `lm`, `sd`, `mad`).

#![allow(clippy::excessive_precision, reason = "reference values as printed")]

use proptest::prelude::*;
use tidegauge_models::Method;
use tidegauge_models::series::{
    BlockBootstrap, SeriesError, beta, correlation, cross_correlation, drawdowns,
    exponential_moving_average, log_returns, max_drawdown, realized_volatility, robust_z,
    rolling_volatility, rolling_z, simple_moving_average, spearman,
};

use crate::support::{Draws, assert_near};

/// The first 61 closing prices of DAX and FTSE in the data set `EuStockMarkets` of R.
const DAX: [f64; 61] = [
    1628.75, 1613.63, 1606.51, 1621.04, 1618.16, 1610.61, 1630.75, 1640.17, 1635.47, 1645.89,
    1647.84, 1638.35, 1629.93, 1621.49, 1624.74, 1627.63, 1631.99, 1621.18, 1613.42, 1604.95,
    1605.75, 1616.67, 1619.29, 1620.49, 1619.67, 1623.07, 1613.98, 1631.87, 1630.37, 1633.47,
    1626.55, 1650.43, 1650.06, 1654.11, 1653.6, 1501.82, 1524.28, 1603.65, 1622.49, 1636.68,
    1652.1, 1645.81, 1650.36, 1651.55, 1649.88, 1653.52, 1657.51, 1649.55, 1649.09, 1646.41,
    1638.65, 1625.8, 1628.64, 1632.22, 1633.65, 1631.17, 1635.8, 1621.27, 1624.7, 1616.13, 1618.12,
];
const FTSE: [f64; 61] = [
    2443.6, 2460.2, 2448.2, 2470.4, 2484.7, 2466.8, 2487.9, 2508.4, 2510.5, 2497.4, 2532.5, 2556.8,
    2561.0, 2547.3, 2541.5, 2558.5, 2587.9, 2580.5, 2579.6, 2589.3, 2595.0, 2595.6, 2588.8, 2591.7,
    2601.7, 2585.4, 2573.3, 2597.4, 2600.6, 2570.6, 2569.4, 2584.9, 2608.8, 2617.2, 2621.0, 2540.5,
    2554.5, 2601.9, 2623.0, 2640.7, 2640.7, 2619.8, 2624.2, 2638.2, 2645.7, 2679.6, 2669.0, 2664.6,
    2663.3, 2667.4, 2653.2, 2630.8, 2626.6, 2641.9, 2625.8, 2606.0, 2594.4, 2583.6, 2588.7, 2600.3,
    2579.5,
];

fn some(values: &[f64]) -> Vec<Option<f64>> {
    values.iter().copied().map(Some).collect()
}

fn returns() -> (Vec<Option<f64>>, Vec<Option<f64>>) {
    (log_returns(&some(&DAX)), log_returns(&some(&FTSE)))
}

/// Few samples of the bootstrap, where its interval does not matter.
const QUICK: BlockBootstrap = BlockBootstrap { replicates: 99, seed: 1, block: None };

#[test]
fn statistics_of_returns_are_those_of_r() {
    let (dax, ftse) = returns();
    let value = |estimate: tidegauge_models::Estimate| estimate.value.unwrap();
    assert_near(value(realized_volatility(&dax, 1.0, 0.9, QUICK)), 0.01525889971273888, 1e-14);
    assert_near(value(realized_volatility(&dax, 260.0, 0.9, QUICK)), 0.24604236487907902, 1e-14);
    assert_near(value(correlation(&dax, &ftse, 0.9, QUICK).unwrap()), 0.68982977790147504, 1e-13);
    assert_near(value(spearman(&dax, &ftse, 0.9, QUICK).unwrap()), 0.40122256182272864, 1e-13);
    assert_near(value(beta(&dax, &ftse, 0.9, QUICK).unwrap()), 1.38330671592274279, 1e-13);
    let rounded = |returns: &[Option<f64>]| -> Vec<Option<f64>> {
        returns.iter().map(|value| value.map(|value| (value * 1e3).round())).collect()
    };
    let tied = spearman(&rounded(&dax), &rounded(&ftse), 0.9, QUICK).unwrap();
    assert_near(value(tied), 0.4036048446491282, 1e-13);
    assert_eq!(tied.n, 60);
    let lags = cross_correlation(&dax, &ftse, 2, 0.9, QUICK).unwrap();
    let expected = [
        -0.2872540760606953,
        -0.03366387970420823,
        0.689829777901475,
        0.08584083575010419,
        -0.2762742804278748,
    ];
    for (lag, expected) in lags.iter().zip(expected) {
        assert_near(lag.correlation.value.unwrap(), expected, 1e-13);
    }
    assert_near(robust_z(&dax)[60].unwrap(), 0.08276687076321343, 1e-3);
    assert_near(
        exponential_moving_average(&some(&DAX), 10.0)[60].unwrap(),
        1626.771678815504,
        1e-14,
    );
    assert_near(simple_moving_average(&some(&DAX), 10)[60].unwrap(), 1626.75, 1e-14);
    let fall = max_drawdown(&some(&DAX)).unwrap();
    assert_near(fall.depth, 0.09206763758153935, 1e-14);
    assert_eq!((fall.peak, fall.trough, fall.recovered), (33, 35, Some(46)));
}

#[test]
fn a_missing_price_leaves_out_two_returns() {
    let prices = [Some(10.0), Some(20.0), None, Some(40.0), Some(0.0), Some(5.0), Some(5.0)];
    let returns = log_returns(&prices);
    let there: Vec<bool> = returns.iter().map(Option::is_some).collect();
    assert_eq!(there, [false, true, false, false, false, false, true]);
    assert_eq!(drawdowns(&prices)[4], None);
    assert!(log_returns(&[]).is_empty());
    // Windows with a gap have no value; an average passes over it.
    assert_eq!(simple_moving_average(&prices, 2)[1..4], [Some(15.0), None, None]);
    assert_eq!(rolling_volatility(&returns, 1, 365.25), vec![None; 7]);
    assert_eq!(rolling_z(&prices, 2)[3], None);
    // Two prices left of three pairs, and one is constant.
    let constant =
        correlation(&[Some(1.0), Some(1.0), None], &[Some(2.0), Some(3.0), Some(4.0)], 0.9, QUICK);
    assert_eq!(constant.map(|estimate| (estimate.value, estimate.n)), Ok((None, 2)));
}

#[test]
fn falls_are_worked_by_hand() {
    let prices = some(&[100.0, 90.0, 100.0, 120.0, 60.0, 90.0, 130.0, 91.0]);
    let fall = max_drawdown(&prices).unwrap();
    assert_eq!((fall.depth, fall.peak, fall.trough, fall.recovered), (0.5, 3, 4, Some(6)));
    assert_near(drawdowns(&prices)[7].unwrap(), 0.3, 1e-15);
    assert_eq!(max_drawdown(&some(&[1.0, 2.0, 2.0])), None);
}

#[test]
fn scores_of_values_that_do_not_vary_are_missing() {
    let equal = some(&[5.0, 5.0, 5.0, 5.0, 9.0]);
    assert_eq!(robust_z(&equal), vec![None; 5]);
    assert_eq!(rolling_z(&equal, 3), vec![None; 5]);
    assert_eq!(robust_z(&[]), Vec::<Option<f64>>::new());
}

#[test]
fn lengths_must_agree() {
    let (short, long) = (some(&[1.0, 2.0]), some(&[1.0, 2.0, 3.0]));
    let expected = SeriesError::Length { left: 2, right: 3 };
    assert_eq!(correlation(&short, &long, 0.9, QUICK), Err(expected.clone()));
    assert_eq!(cross_correlation(&short, &long, 1, 0.9, QUICK), Err(expected));
}

#[test]
fn intervals_follow_from_the_seed() {
    let (dax, ftse) = returns();
    let of = |seed: u64| correlation(&dax, &ftse, 0.9, BlockBootstrap { seed, ..QUICK }).unwrap();
    assert_eq!(of(1), of(1));
    assert_ne!(of(1).interval, of(2).interval);
    let interval = of(1).interval.unwrap();
    assert_eq!(interval.method, Method::BlockBootstrap);
    assert!(interval.low < 0.69 && interval.high > 0.69 && interval.high < 1.0);
    let few = correlation(&dax[..20], &ftse[..20], 0.9, QUICK).unwrap();
    assert_eq!((few.n, few.interval), (19, None));
}

#[test]
fn the_leading_series_is_found() {
    let mut draws = Draws::new(5);
    let x: Vec<f64> = (0..300).map(|_| draws.normal()).collect();
    // y follows x by three positions, with noise.
    let y: Vec<f64> = (0..300)
        .map(|at: usize| at.checked_sub(3).map_or(0.0, |before| x[before]) + 2.0 * draws.normal())
        .collect();
    let lags = cross_correlation(&some(&x), &some(&y), 7, 0.9, QUICK).unwrap();
    let found: Vec<isize> = lags
        .iter()
        .filter(|lag| lag.adjusted.is_some_and(|p| p < 0.01))
        .map(|lag| lag.lag)
        .collect();
    assert_eq!(found, [3]);
    let mirrored = cross_correlation(&some(&y), &some(&x), 7, 0.9, QUICK).unwrap();
    assert_eq!(mirrored[4].lag, -3);
    assert_near(mirrored[4].correlation.value.unwrap(), lags[10].correlation.value.unwrap(), 1e-12);
    for lag in &lags {
        assert!(lag.adjusted >= lag.p_value);
    }
}

proptest! {
    #[test]
    fn correlations_are_symmetric_and_free_of_units(
        pairs in prop::collection::vec((-50_i32..50, -50_i32..50), 3..40),
    ) {
        let (x, y): (Vec<f64>, Vec<f64>) =
            pairs.iter().map(|(x, y)| (f64::from(*x), f64::from(*y))).unzip();
        let (x, y) = (some(&x), some(&y));
        let scaled: Vec<Option<f64>> = x.iter().map(|x| x.map(|x| 3.0 * x + 7.0)).collect();
        for of in [correlation, spearman] {
            let value = |x, y| of(x, y, 0.9, QUICK).unwrap().value;
            let near = |one: Option<f64>, other: Option<f64>| {
                one.zip(other).map_or(one == other, |(one, other)| (one - other).abs() < 1e-9)
            };
            prop_assert!(near(value(&x, &y), value(&y, &x)));
            prop_assert!(near(value(&x, &y), value(&scaled, &y)));
            prop_assert!(value(&x, &y).is_none_or(|r| (-1.0..=1.0).contains(&r)));
        }
    }

    #[test]
    fn falls_are_deepest_at_the_trough(prices in prop::collection::vec(1_u32..100, 1..60)) {
        let prices = some(&prices.into_iter().map(f64::from).collect::<Vec<f64>>());
        let deepest = drawdowns(&prices).into_iter().flatten().fold(0.0, f64::max);
        match max_drawdown(&prices) {
            None => prop_assert_eq!(deepest, 0.0),
            Some(fall) => {
                prop_assert_eq!(fall.depth, deepest);
                prop_assert!(fall.peak < fall.trough);
                prop_assert_eq!(1.0 - prices[fall.trough].unwrap() / prices[fall.peak].unwrap(), deepest);
                if let Some(at) = fall.recovered {
                    prop_assert!(at > fall.trough && prices[at] >= prices[fall.peak]);
                }
            }
        }
    }
}
