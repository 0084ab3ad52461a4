use polars::prelude::*;
use tidegauge_analytics::unit_economics::{
    SpendLag, UnitEconomics, UnitEconomicsParams, UnitEconomicsTable, unit_economics,
};
use tidegauge_analytics::{Calendar, Facts};

use crate::support::{at, day, facts};

/// Returns spend of (day, channel, dollars).
fn spend(rows: &[(&str, &str, f64)]) -> DataFrame {
    df!(
        "day" => rows.iter().map(|row| day(row.0)).collect::<Vec<_>>(),
        "channel" => rows.iter().map(|row| row.1).collect::<Vec<_>>(),
        "campaign" => vec!["all"; rows.len()],
        "spend_usd" => rows.iter().map(|row| row.2).collect::<Vec<_>>(),
    )
    .unwrap()
}

/// Returns one user of each of 1, 2, 3 and 4 January, who pay 10, 20, 30 and 40 at once; observed to
/// the end of 8 January. 100 dollars are spent on 1 January, and 60 on 7 January.
fn four() -> Facts {
    let people = [
        ("a", "2026-01-01", Some("ads")),
        ("b", "2026-01-02", Some("ads")),
        ("c", "2026-01-03", Some("ads")),
        ("d", "2026-01-04", Some("ads")),
    ];
    let paid = [
        ("a", "2026-01-01 01:00", 0.0, 10.0),
        ("b", "2026-01-02 01:00", 0.0, 20.0),
        ("c", "2026-01-03 01:00", 0.0, 30.0),
        ("d", "2026-01-04 01:00", 0.0, 40.0),
    ];
    let spend = spend(&[("2026-01-01", "ads", 100.0), ("2026-01-07", "ads", 60.0)]);
    facts(&people, &paid, "2026-01-09").with_spend(&spend).unwrap()
}

fn table(facts: &Facts, spend_lag: SpendLag) -> UnitEconomicsTable {
    let params = UnitEconomicsParams {
        ages: vec![1, 4, 5, 6],
        min_users: 1,
        horizon_days: 4,
        spend_lag,
        ..UnitEconomicsParams::default()
    };
    unit_economics(facts, &params).unwrap()
}

fn ads(facts: &Facts, spend_lag: SpendLag) -> UnitEconomics {
    table(facts, spend_lag).channels[0].economics.clone()
}

/// Returns the spend on the users of each age.
fn spend_by_age(economics: &UnitEconomics) -> Vec<f64> {
    economics.by_age.iter().map(|at| at.spend_usd).collect()
}

#[test]
fn spend_moves_to_the_signups_of_later_days_and_its_total_stays() {
    let facts = four();
    // Signups of 1 January are 7 days old, those of 4 January 4 days.
    let none = ads(&facts, SpendLag::None);
    assert_eq!((none.spend_usd, none.spend_beyond_usd), (160.0, 0.0));
    assert_eq!(spend_by_age(&none), [160.0, 100.0, 100.0, 100.0]);
    // Two days later: on those of 3 January, 5 days old, and on those of 9 January, after the end.
    let fixed = ads(&facts, SpendLag::Days(2));
    assert_eq!((fixed.spend_usd, fixed.spend_beyond_usd), (100.0, 60.0));
    assert_eq!(spend_by_age(&fixed), [100.0, 100.0, 100.0, 0.0]);
    assert_eq!((fixed.cac.value, fixed.roas.value), (Some(25.0), Some(1.0)));
    // All users are 4 days old: 10 + 20 + 30 + 40 over 100.
    assert_eq!(fixed.by_age[1].roas.value, Some(1.0));
    assert_eq!(fixed.payback_days, Some(1));
    // At 6 days only those of 1 and 2 January are left, without spend.
    assert_eq!((fixed.by_age[3].users, fixed.by_age[3].roas.value), (2, None));
    // Half on the same day, a quarter on each of the next two: 50 on 1, 25 on 2 and 3 January; 30
    // on 7, 15 on 8 January, and 15 after the end.
    let weighted = ads(&facts, SpendLag::Weights(vec![2.0, 1.0, 1.0]));
    assert_eq!((weighted.spend_usd, weighted.spend_beyond_usd), (145.0, 15.0));
    // A day old are all but those of 8 January.
    assert_eq!(spend_by_age(&weighted), [130.0, 100.0, 100.0, 75.0]);
    // A half-life of a day over three days: 4/7, 2/7, 1/7.
    let halved = ads(&facts, SpendLag::HalfLife { half_life_days: 1.0, last_day: 2 });
    let near = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-9, "{found}");
    near(halved.spend_beyond_usd, 60.0 / 7.0);
    near(halved.spend_usd + halved.spend_beyond_usd, 160.0);
    near(halved.by_age[3].spend_usd, 600.0 / 7.0);
}

#[test]
fn lagged_spend_is_of_its_channel_and_sums_to_the_whole() {
    let people = [("a", "2026-01-01", Some("ads")), ("o", "2026-01-03", Some("organic"))];
    let spend = spend(&[
        ("2026-01-01", "ads", 10.0),
        ("2026-01-08", "mail", 5.0), // all of it after the end
        ("2026-01-02", "Ads", 4.0),
    ]);
    let facts = facts(&people, &[], "2026-01-09").with_spend(&spend).unwrap();
    let table = table(&facts, SpendLag::Days(1));
    let rows: Vec<_> = table
        .channels
        .iter()
        .map(|row| {
            let economics = &row.economics;
            (row.channel.as_deref().unwrap(), economics.spend_usd, economics.spend_beyond_usd)
        })
        .collect();
    assert_eq!(rows, [("ads", 14.0, 0.0), ("mail", 0.0, 5.0), ("organic", 0.0, 0.0)]);
    assert_eq!(table.channels[1].economics.cac.value, None);
    assert_eq!(
        (table.paid.users, table.paid.spend_usd, table.paid.spend_beyond_usd),
        (1, 14.0, 5.0)
    );
    assert_eq!((table.blended.spend_usd, table.blended.spend_beyond_usd), (14.0, 5.0));
}

#[test]
fn the_day_in_which_observation_ends_is_not_beyond_it() {
    let facts = |end| {
        let people = [("a", "2026-01-01", Some("ads"))];
        let spend = spend(&[("2026-01-01", "ads", 8.0)]);
        let facts = facts(&people, &[], end).with_spend(&spend).unwrap();
        ads(&facts, SpendLag::Days(2)).spend_usd
    };
    assert_eq!(
        [facts("2026-01-03"), facts("2026-01-03 12:00"), facts("2026-01-04")],
        [0.0, 8.0, 8.0]
    );
    // The days are those of the zone: 3 January has begun in Sydney.
    let people = [("a", "2026-01-01", Some("ads"))];
    let zone = "Australia/Sydney".parse().unwrap();
    let sydney = crate::support::facts(&people, &[], "2026-01-02 20:00")
        .with_calendar(Calendar { zone, ..Calendar::default() })
        .with_spend(&spend(&[("2026-01-01", "ads", 8.0)]))
        .unwrap();
    assert_eq!(ads(&sydney, SpendLag::Days(2)).spend_usd, 8.0);
}

#[test]
fn weights_that_say_nothing_are_refused() {
    for lag in [
        SpendLag::Weights(vec![]),
        SpendLag::Weights(vec![0.0, 0.0]),
        SpendLag::Weights(vec![1.0, -0.5]),
        SpendLag::Weights(vec![f64::NAN]),
        SpendLag::HalfLife { half_life_days: 0.0, last_day: 3 },
    ] {
        let params = UnitEconomicsParams { spend_lag: lag, ..UnitEconomicsParams::default() };
        let error = unit_economics(&four(), &params).unwrap_err().to_string();
        assert!(error.contains("`spend_lag`") || error.contains("spend_lag"), "{error}");
    }
    assert_eq!(at("2026-01-09"), four().end());
}
