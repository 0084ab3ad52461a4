//! Properties of the statistics of the market.

use polars::prelude::*;
use proptest::prelude::*;
use tidegauge_analytics::market_statistics::{
    AssociationParams, DailyMarket, VolatilityParams, correlations, drawdowns, log_returns,
    volatility,
};

use super::{day, until};

/// Returns a market of rows (instrument, day, price).
fn market(rows: &[(u8, u64, f64)], days: u64) -> DailyMarket {
    let frame = df!(
        "instrument" => rows.iter().map(|row| format!("I{}", row.0)).collect::<Vec<_>>(),
        "at" => rows.iter().map(|row| day(row.1)).collect::<Vec<_>>(),
        "price" => rows.iter().map(|row| row.2).collect::<Vec<_>>(),
    )
    .unwrap();
    DailyMarket::from_frame(&frame, &until(days)).unwrap()
}

fn rows() -> impl Strategy<Value = Vec<(u8, u64, f64)>> {
    proptest::collection::vec((0_u8..3, 0_u64..30, 0.5_f64..500.0), 2..80)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn another_unit_of_price_changes_no_return(rows in rows(), factor in 0.01_f64..100.0) {
        let scaled: Vec<_> = rows.iter().map(|row| (row.0, row.1, row.2 * factor)).collect();
        let (one, other) = (market(&rows, 30), market(&scaled, 30));
        let pairs = |market: &DailyMarket| {
            let returns = log_returns(market).instruments.into_iter().flat_map(|of| of.log_returns);
            let falls = drawdowns(market).instruments.into_iter().flat_map(|of| of.running);
            returns.chain(falls).collect::<Vec<_>>()
        };
        for (one, other) in pairs(&one).into_iter().zip(pairs(&other)) {
            prop_assert_eq!(one.is_some(), other.is_some());
            prop_assert!((one.unwrap_or(0.0) - other.unwrap_or(0.0)).abs() < 1e-9);
        }
    }

    #[test]
    fn the_order_of_rows_changes_nothing(rows in rows(), seed in 0_usize..1_000) {
        let mut shuffled = rows.clone();
        let len = shuffled.len();
        for at in 0..len {
            shuffled.swap(at, (at * 7 + seed) % len);
        }
        let (one, other) = (market(&rows, 30), market(&shuffled, 30));
        prop_assert_eq!(&one, &other);
        let params = AssociationParams::default();
        prop_assert_eq!(correlations(&one, &params).unwrap(), correlations(&other, &params).unwrap());
    }

    #[test]
    fn a_hole_changes_only_what_it_touches(rows in rows(), hole in 1_u64..29) {
        let all: Vec<_> = (0..30).map(|at| (7, at, 10.0 + at as f64)).chain(rows).collect();
        let without: Vec<_> =
            all.iter().copied().filter(|row| (row.0, row.1) != (7, hole)).collect();
        let (one, other) = (market(&all, 30), market(&without, 30));
        let returns = [&one, &other].map(|market| log_returns(market).instruments);
        for (one, other) in returns[0].iter().zip(&returns[1]) {
            for (at, (one_return, other_return)) in
                one.log_returns.iter().zip(&other.log_returns).enumerate()
            {
                let is_touched = one.instrument == "I7" && (at as u64 == hole || at as u64 == hole + 1);
                prop_assert_eq!(if is_touched { &None } else { one_return }, other_return);
            }
        }
        let params = VolatilityParams { window: 3, ..VolatilityParams::default() };
        let rolling = |market: &DailyMarket| {
            let table = volatility(market, &params).unwrap();
            table.instruments.into_iter().find(|of| of.instrument == "I7").unwrap().rolling
        };
        for (at, (with, without)) in rolling(&one).iter().zip(rolling(&other)).enumerate() {
            let is_touched = (hole..=hole + 3).contains(&(at as u64));
            prop_assert_eq!(if is_touched { None } else { *with }, without);
        }
    }
}
