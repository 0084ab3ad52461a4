//! The frames of results: rows, values, and nulls where a result is incomplete.

use polars::prelude::*;
use tidegauge_analytics::churn::{ChurnParams, churn};
use tidegauge_analytics::ltv::{LtvParams, ltv};
use tidegauge_analytics::retention::{RetentionParams, retention};
use tidegauge_analytics::unit_economics::{UnitEconomicsParams, unit_economics};
use tidegauge_analytics::volume::{VolumeParams, concentration, volume};
use tidegauge_analytics::{Cohort, Facts, Period};

use crate::support::{at, day, events, facts, users};

fn number(frame: &DataFrame, column: &str, row: usize) -> Option<f64> {
    let column = frame.column(column).unwrap().cast(&DataType::Float64).unwrap();
    column.f64().unwrap().get(row)
}

fn text(frame: &DataFrame, column: &str, row: usize) -> Option<String> {
    frame.column(column).unwrap().str().unwrap().get(row).map(str::to_owned)
}

fn nulls(frame: &DataFrame, column: &str) -> usize {
    frame.column(column).unwrap().null_count()
}

/// Returns two search users, an organic one and one without channel, and one of them pays later.
fn few() -> Facts {
    facts(
        &[
            ("a", "2026-01-01", Some("search")),
            ("b", "2026-01-04", Some("search")),
            ("c", "2026-01-01", Some("organic")),
            ("d", "2026-02-20", None),
        ],
        &[
            ("a", "2026-01-01", 100.0, 1.0),
            ("a", "2026-01-07", 200.0, 2.0),
            ("c", "2026-02-10", 10.0, 0.5),
        ],
        "2026-03-01",
    )
}

#[test]
fn churn_by_cohort_and_survival_by_age() {
    let params = ChurnParams { ages: vec![10, 30, 90], ..ChurnParams::default() };
    let table = churn(&few(), &Cohort::dimension("channel"), &params).unwrap();
    let frame = table.frame().unwrap();
    assert_eq!(frame.shape(), (3, 5 + 2 * 7));
    let labels: Vec<_> = (0..3).map(|row| text(&frame, "cohort", row)).collect();
    assert_eq!(labels, [Some("organic".into()), Some("search".into()), None]);
    let of = |column: &str| (0..3).map(|row| number(&frame, column, row)).collect::<Vec<_>>();
    assert_eq!(of("never_active"), [Some(0.0), Some(1.0), Some(0.0)]);
    assert_eq!(of("undetermined"), [Some(0.0), Some(0.0), Some(1.0)]);
    // Of the user without channel nothing is determined yet.
    assert_eq!(of("churn_rate"), [Some(0.0), Some(1.0), None]);
    assert_eq!(of("churn_rate_n"), [Some(1.0), Some(1.0), Some(0.0)]);
    assert_eq!(of("churn_rate_level"), [Some(0.9), Some(0.9), None]);

    let curves = table.survival_frame().unwrap();
    assert_eq!(curves.shape(), (9, 2 + 7));
    // a: the gap that begins on day 6 is complete on day 36, so that S(30) is 1.
    assert_eq!(
        (number(&curves, "age_days", 4), number(&curves, "surviving", 4)),
        (Some(30.0), Some(1.0))
    );
    assert_eq!(number(&curves, "surviving", 2), None, "no user was observed for 90 days");
}

#[test]
fn lifetime_value_by_age_and_to_date() {
    let params = LtvParams::at([1, 7, 30]);
    let table = ltv(&few(), &Cohort::dimension("channel"), &params).unwrap();
    let frame = table.frame().unwrap();
    assert_eq!(frame.shape(), (9, 4 + 7));
    let search: Vec<_> = (3..6).map(|row| number(&frame, "ltv", row)).collect();
    assert_eq!(search, [Some(0.5), Some(1.5), Some(1.5)]);
    // The user without channel is 9 days old: 30 days are not over.
    let none: Vec<_> = (6..9).map(|row| number(&frame, "ltv", row)).collect();
    assert_eq!(none, [Some(0.0), Some(0.0), None]);
    let complete = frame.column("complete").unwrap().bool().unwrap();
    assert_eq!((complete.get(7), complete.get(8)), (Some(true), Some(false)));
    assert_eq!((number(&frame, "ltv_n", 3), number(&frame, "ltv_n", 8)), (Some(2.0), Some(0.0)));

    let to_date = table.to_date_frame().unwrap();
    assert_eq!(to_date.shape(), (3, 5 + 7));
    assert_eq!(number(&to_date, "revenue_usd", 1), Some(3.0));
    assert_eq!(
        (number(&to_date, "ltv", 1), number(&to_date, "volume_usd", 1)),
        (Some(1.5), Some(300.0))
    );
}

#[test]
fn unit_economics_of_channels_and_totals() {
    let spend = df!(
        "day" => [day("2026-01-01"), day("2026-01-04")],
        "channel" => ["search", "search"],
        "campaign" => ["brand", "brand"],
        "spend_usd" => [2.0, 4.0],
    )
    .unwrap();
    let facts = few().with_spend(&spend).unwrap();
    let params = UnitEconomicsParams { ages: vec![7, 90], min_users: 1, ..Default::default() };
    let table = unit_economics(&facts, &params).unwrap();
    let frame = table.frame().unwrap();
    assert_eq!(frame.shape(), (3 + 2, 15 + 4 * 7));
    let scopes: Vec<_> = (0..5).filter_map(|row| text(&frame, "scope", row)).collect();
    assert_eq!(scopes, ["channel", "channel", "channel", "paid", "blended"]);
    let search = (0..3).find(|row| text(&frame, "channel", *row).as_deref() == Some("search"));
    let search = search.unwrap();
    assert_eq!(number(&frame, "cac", search), Some(3.0));
    assert_eq!(
        (number(&frame, "roas", search), number(&frame, "users", search)),
        (Some(0.5), Some(2.0))
    );
    assert_eq!((number(&frame, "cac", 3), number(&frame, "cac", 4)), (Some(3.0), Some(1.5)));
    assert_eq!((nulls(&frame, "cac"), nulls(&frame, "payback_days")), (2, 5));
    assert_eq!(nulls(&frame, "ltv_to_cac"), 5, "no user is 180 days old");

    let by_age = table.by_age_frame().unwrap();
    assert_eq!(by_age.shape(), (5 * 2, 6 + 2 * 7));
    assert_eq!(number(&by_age, "ltv", 2 * search), Some(1.5));
    assert_eq!(number(&by_age, "ltv", 2 * search + 1), None, "no user is 90 days old");
    assert_eq!(number(&by_age, "users", 2 * search + 1), Some(0.0));
}

#[test]
fn volume_by_cohort_and_its_concentration() {
    let params = VolumeParams { threshold_usd: 250.0, within_days: Some(30) };
    let table = volume(&few(), &Cohort::dimension("channel"), &params).unwrap();
    let frame = table.frame().unwrap();
    // The user without channel is too young.
    assert_eq!(frame.shape(), (2, 4 + 2 * 7));
    assert_eq!(
        (number(&frame, "high_volume", 1), number(&frame, "high_volume_rate", 1)),
        (Some(1.0), Some(0.5))
    );
    assert_eq!(
        (number(&frame, "mean_usd", 1), number(&frame, "mean_usd", 0)),
        (Some(150.0), Some(0.0))
    );
    let spread = concentration(&few(), params.within_days).unwrap();
    let deciles = spread.deciles_frame().unwrap();
    assert_eq!((deciles.height(), nulls(&deciles, "share")), (10, 0));
    let total: f64 = (0..10).filter_map(|row| number(&deciles, "volume_usd", row)).sum();
    assert_eq!(total, 300.0);
    let measures = spread.measures_frame().unwrap();
    assert_eq!((measures.height(), text(&measures, "measure", 0)), (3, Some("gini".into())));
    // One of three users has it all, and there are too few of them for an interval.
    assert!(number(&measures, "value", 0) > Some(0.6));
    assert_eq!(nulls(&measures, "value_low"), 3);
}

#[test]
fn retention_of_all_cohorts_as_one() {
    let signups = [("a", "2026-01-05", None), ("b", "2026-01-12", None)];
    let trades = [("a", "2026-01-13", 1.0, 0.0)];
    let facts = Facts::new(&users(&signups), &events(&trades), at("2026-01-19")).unwrap();
    let table = retention(&facts, &RetentionParams::by(Period::Week)).unwrap();
    let pooled = table.pooled_frame().unwrap();
    // Week 0 is over for both, week 1 for one of them, week 2 for none.
    let of = |column: &str| {
        (0..pooled.height()).map(|row| number(&pooled, column, row)).collect::<Vec<_>>()
    };
    assert_eq!(of("eligible")[..2], [Some(2.0), Some(1.0)]);
    assert_eq!(of("rate")[..2], [Some(0.0), Some(1.0)]);
    assert!(of("rate")[2..].iter().all(Option::is_none));
    let frame = table.frame().unwrap();
    assert_eq!(
        frame.height(),
        table.cohorts.iter().map(|cohort| cohort.cells.len()).sum::<usize>()
    );
    assert_eq!(nulls(&frame, "rate"), nulls(&frame, "active"));
}
