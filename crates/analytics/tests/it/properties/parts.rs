//! Parts sum to the whole.

use proptest::prelude::*;
use serde_json::Value;
use tidegauge_analytics::retention::{RetentionParams, RetentionTable, retention};
use tidegauge_analytics::{Cohort, Period};

use super::world::{View, metrics, retention_params, world};

/// Returns the sum of a number of each of some rows.
fn total(rows: &Value, pointer: &str) -> f64 {
    let number = |row: &Value| row.pointer(pointer).and_then(Value::as_f64).unwrap_or(0.0);
    rows.as_array().unwrap().iter().map(number).sum()
}

/// Checks that the parts' numbers at a pointer sum to the whole's.
fn assert_sums(parts: &Value, whole: &Value, pointer: &str) {
    let expected = whole.pointer(pointer).and_then(Value::as_f64).unwrap_or(0.0);
    let found = total(parts, pointer);
    let largest = found.abs().max(expected.abs()).max(1.0);
    assert!((found - expected).abs() <= 1e-9 * largest, "{pointer}: {found} {expected}");
}

/// Returns the sums of users and of active users by window of the cohorts of a day or week, where
/// every part is complete.
fn active(table: &RetentionTable, start: chrono::NaiveDate) -> (u64, Vec<Option<u64>>) {
    let parts = || table.cohorts.iter().filter(|cohort| cohort.start == start && cohort.users > 0);
    let windows = parts().map(|cohort| cohort.cells.len()).min().unwrap_or(0);
    let of_window = |window: usize| {
        parts().map(|cohort| cohort.cells[window].map(|cell| cell.active)).sum::<Option<u64>>()
    };
    (parts().map(|cohort| cohort.users).sum(), (0..windows).map(of_window).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]

    #[test]
    fn retention_of_parts_sums_to_that_of_all(world in world()) {
        let facts = world.facts(&View::default());
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        for params in retention_params() {
            let of = |by: Vec<String>| {
                retention(&facts, &RetentionParams { by, ..params.clone() }).unwrap()
            };
            let whole = of(vec![]);
            for by in [
                names(&["channel"]),
                names(&["entry_product"]),
                names(&["channel", "entry_product"]),
            ] {
                let parts = of(by);
                for cohort in whole.cohorts.iter().filter(|cohort| cohort.users > 0) {
                    let (users, active) = active(&parts, cohort.start);
                    prop_assert_eq!(users, cohort.users);
                    // A part is complete before the whole if its youngest user is older.
                    prop_assert!(active.len() >= cohort.cells.len());
                    for (found, cell) in active.iter().zip(&cohort.cells) {
                        if let Some(cell) = cell {
                            prop_assert_eq!(*found, Some(cell.active), "{:?}", params);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn counts_and_sums_of_parts_are_those_of_all(world in world()) {
        let facts = world.facts(&View::default());
        let all = metrics(&facts, 0.01);
        let churn = &all["churn"];
        for pointer in
            ["/users", "/undetermined", "/never_active", "/churned/count", "/churned/of"]
        {
            assert_sums(&churn[0], &churn[1], pointer);
        }
        for metric in ["ltv", "ltv_by_week"] {
            for pointer in ["/users", "/revenue_usd", "/gross_revenue_usd", "/volume_usd"] {
                assert_sums(&all[metric][0], &all[metric][1], pointer);
            }
        }
        let economics = &all["economics"];
        for pointer in [
            "/users", "/spend_usd", "/revenue_usd", "/milestones/verified", "/milestones/funded",
            "/milestones/traded", "/by_age/0/users", "/by_age/1/users", "/by_age/1/spend_usd",
        ] {
            assert_sums(&economics[0], &economics[2], pointer);
        }
        let paid: Vec<Value> = economics[0].as_array().unwrap().iter()
            .filter(|channel| channel["spend_usd"].as_f64() > Some(0.0)).cloned().collect();
        for pointer in ["/users", "/spend_usd", "/revenue_usd"] {
            assert_sums(&Value::Array(paid.clone()), &economics[1], pointer);
        }
        for (metric, periods, keys) in [
            ("growth", "periods", &["active", "new", "retained", "resurrected", "churned"][..]),
            ("active_users", "days", &["dau", "wau", "mau"][..]),
        ] {
            let (parts, whole) = (&all[metric]["cohorts"], &all[metric]["overall"]);
            let count = whole[periods].as_array().unwrap().len();
            for pointer in
                keys.iter().flat_map(|key| (0..count).map(move |at| format!("/{periods}/{at}/{key}")))
            {
                assert_sums(parts, whole, &pointer);
            }
        }
        // The cohorts of the threshold and of incidence hold all users that are old enough.
        let volume = &all["volume"];
        let deciles = total(&volume[1]["deciles"], "/users");
        prop_assert_eq!(total(&volume[0], "/users"), deciles);
        let amounts = [total(&volume[0], "/volume_usd"), total(&volume[1]["deciles"], "/volume_usd")];
        prop_assert!((amounts[0] - amounts[1]).abs() < 1e-6, "{:?}", amounts);
    }

    #[test]
    fn users_of_crossed_dimensions_are_each_in_one_cohort(world in world()) {
        let facts = world.facts(&View::default());
        let users = facts.user_count();
        for cohort in [
            Cohort::Everyone,
            Cohort::Signup(Period::Month),
            Cohort::cross("channel", "entry_product"),
        ] {
            let params = tidegauge_analytics::ltv::LtvParams::at([7]);
            let table = tidegauge_analytics::ltv::ltv(&facts, &cohort, &params).unwrap();
            prop_assert_eq!(table.cohorts.iter().map(|cohort| cohort.users).sum::<u64>(), users);
        }
    }
}
