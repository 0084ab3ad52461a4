//! What changes nothing: names, order, batches, the unit of money, the zone, and rows that are
//! there twice.

use chrono::TimeDelta;
use proptest::prelude::*;
use serde_json::json;
use tidegauge_analytics::kpi::Metric;
use tidegauge_analytics::retention::RetentionParams;
use tidegauge_analytics::{Cohort, Facts, Period, Tz};
use tidegauge_core::SetAsideReason;

use super::world::{Happened, KINDS, Names, View, assert_alike, metrics, world};
use crate::naive::compare;
use crate::naive::money::EconomicsParams;

/// Returns the rows that are set aside by reason.
fn set_aside(facts: &Facts) -> Vec<(SetAsideReason, u64)> {
    facts.set_aside().iter().map(|aside| (aside.reason, aside.rows)).collect()
}

/// Returns the factor of a number at a path if all amounts are multiplied by 100.
fn of_money(path: &str) -> f64 {
    let keys: Vec<&str> = path.split('/').collect();
    let is_number = |key: &&str| ["value", "low", "high"].contains(key);
    let last = keys[keys.len() - 1];
    let is_amount = keys.iter().any(|key| ["to_date", "cac", "ltv", "mean"].contains(key));
    let is_ltv = keys[1].starts_with("ltv") && keys.contains(&"by_age");
    if last.ends_with("_usd") || (is_number(&last) && (is_amount || is_ltv)) { 100.0 } else { 1.0 }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]

    #[test]
    fn every_cell_equals_its_definition(world in world()) {
        let (facts, rows) = (world.facts(&View::default()), world.rows());
        let both = (&facts, &rows);
        let by = |name: &str| vec![name.to_owned()];
        for by in [vec![], by("channel"), by("entry_product")] {
            let params = RetentionParams { by, ..RetentionParams::by(Period::Day) };
            compare::retention_cells(both, &compare::PERIODS, &params, |user| Some(user.signup));
        }
        for cohort in [
            Cohort::dimension("channel"),
            Cohort::dimension("entry_product"),
            Cohort::Signup(Period::Week),
        ] {
            compare::churn_cells(both, &cohort);
            compare::ltv_cells(both, &cohort, &[1, 2, 7, 30, 60]);
            compare::growth_cells(both, &cohort);
            compare::volume_cells(both, &cohort, 5_000.0);
        }
        for (gross, min_users, margin) in [(false, 1, 1.0), (true, 2, 0.5)] {
            let params = EconomicsParams { ages: vec![1, 2, 7, 30], margin, min_users, gross };
            compare::economics_cells(both, &params);
        }
        for period in [Period::Day, Period::Week, Period::Month] {
            compare::board_cells(both, period, Some("channel"));
        }
    }

    #[test]
    fn names_of_users_change_nothing(world in world()) {
        let of = |names| metrics(&world.facts(&View { names, ..View::default() }), 0.01);
        let numbers = of(Names::Numbers);
        assert_alike(&numbers, &of(Names::OtherNumbers), &|_| 1.0);
        assert_alike(&numbers, &of(Names::Texts), &|_| 1.0);
    }

    #[test]
    fn order_of_rows_changes_no_bit(world in world()) {
        let of = |backwards| metrics(&world.facts(&View { backwards, ..View::default() }), 0.01);
        prop_assert_eq!(of(false).to_string(), of(true).to_string());
    }

    #[test]
    fn unit_of_money_changes_amounts_in_proportion_and_nothing_else(world in world()) {
        let of = |cent| metrics(&world.facts(&View { cent, ..View::default() }), cent);
        let (mut dollars, mut cents) = (of(0.01), of(1.0));
        // Which figures of the board are amounts depends on the metric.
        for (board, factor) in [(&mut dollars, 100.0), (&mut cents, 1.0)] {
            for kpi in board["board"]["kpis"].as_array_mut().unwrap() {
                let amounts = [
                    Metric::Volume,
                    Metric::VolumePerUser,
                    Metric::GrossRevenue,
                    Metric::NetRevenue,
                ];
                let is_amount = amounts.iter().any(|metric| kpi["metric"] == metric.name());
                let factor = if is_amount { factor } else { 1.0 };
                let scaled = |number: &serde_json::Value| {
                    number.as_f64().map_or(json!(null), |number| json!(number * factor))
                };
                let paths = [
                    "/value/value", "/value/interval/low", "/value/interval/high", "/before",
                    "/change/value", "/change/interval/low", "/change/interval/high",
                ];
                for path in paths {
                    if let Some(number) = kpi.pointer_mut(path) {
                        *number = scaled(number);
                    }
                }
            }
        }
        assert_alike(&dollars, &cents, &of_money);
    }

    #[test]
    fn zone_with_times_shifted_likewise_changes_no_bit(world in world()) {
        let utc = metrics(&world.facts(&View::default()), 0.01).to_string();
        for (zone, minutes) in [
            (Tz::Asia__Kathmandu, 345),
            (Tz::Pacific__Kiritimati, 840),
            (Tz::Pacific__Pago_Pago, -660),
        ] {
            let shift = TimeDelta::minutes(-minutes);
            let shifted = world.facts(&View { zone, shift, ..View::default() });
            prop_assert_eq!(&metrics(&shifted, 0.01).to_string(), &utc, "{}", zone);
        }
    }

    #[test]
    fn users_who_are_there_twice_are_counted_and_change_no_bit(world in world()) {
        let once = world.facts(&View::default());
        let twice = world.facts(&View { twice: true, ..View::default() });
        prop_assert_eq!(metrics(&once, 0.01).to_string(), metrics(&twice, 0.01).to_string());
        let duplicates = (SetAsideReason::DuplicateUser, world.people.len() as u64);
        prop_assert_eq!(set_aside(&twice), [duplicates]);
        prop_assert!(set_aside(&once).is_empty());
    }

    #[test]
    fn events_that_are_there_twice_change_no_number_of_users(world in world()) {
        let once = metrics(&world.facts(&View::default()), 0.01);
        let mut doubled = world.clone();
        doubled.happened.extend(world.happened.iter().cloned());
        let twice = metrics(&doubled.facts(&View::default()), 0.01);
        for metric in ["retention", "churn", "growth", "active_users", "funnel"] {
            prop_assert_eq!(&once[metric], &twice[metric], "{}", metric);
        }
    }

    #[test]
    fn chargeback_changes_its_own_cohort_only(
        world in world(), who in any::<prop::sample::Index>(), cents in 1..90_000_i64,
    ) {
        // A user alone in a channel has a purchase that is charged back.
        let mut before = world.clone();
        let user = who.index(world.people.len());
        before.people[user].channel = Some(9);
        let purchase = Happened {
            user, after: 0, kind: 1, cents, fee_cents: 7, is_reversal: false,
        };
        assert_eq!(KINDS[purchase.kind], "ramp");
        before.happened.push(purchase.clone());
        let mut after = before.clone();
        after.happened.push(Happened { is_reversal: true, ..purchase });
        let [one, other] =
            [&before, &after].map(|world| metrics(&world.facts(&View::default()), 0.01));
        for metric in ["retention", "churn", "growth", "active_users", "funnel"] {
            prop_assert_eq!(&one[metric], &other[metric], "{}", metric);
        }
        for (metric, key) in [("ltv", "cohort"), ("economics", "channel"), ("volume", "cohort")] {
            let tables = [&one, &other].map(|all| all[metric][0].as_array().unwrap());
            prop_assert_eq!(tables[0].len(), tables[1].len());
            for (one, other) in tables[0].iter().zip(tables[1]) {
                let is_own = one[key] == "channel 9";
                prop_assert_eq!(one == other, !is_own, "{} {} {}", metric, one, other);
            }
        }
        // Key figures before reversals stay; revenue after them falls in the period of the purchase.
        let kpis = [&one, &other].map(|all| all["board"]["kpis"].as_array().unwrap());
        for (one, other) in kpis[0].iter().zip(kpis[1]) {
            prop_assert!(one == other || one["metric"] == "net_revenue", "{} {}", one, other);
        }
        // Taken away again, nothing is left of it.
        let mut undone = after.clone();
        undone.happened.pop();
        prop_assert_eq!(one.to_string(), metrics(&undone.facts(&View::default()), 0.01).to_string());
    }
}
