use polars::prelude::*;
use proptest::prelude::*;
use tidegauge_analytics::retention::{
    CohortAnchor, RetentionCell, RetentionKind, RetentionParams, RetentionTable, retention,
};
use tidegauge_analytics::{EventFilter, Facts, Period};

use crate::support::{at, day, facts, times};

/// Returns active users by cohort and period; `None` is an unfinished period.
fn active(table: &RetentionTable) -> Vec<(String, u64, Vec<Option<u64>>)> {
    let row = |cells: &[Option<RetentionCell>]| {
        cells.iter().map(|cell| cell.map(|cell| cell.active)).collect()
    };
    let cohorts = table.cohorts.iter();
    cohorts.map(|cohort| (cohort.start.to_string(), cohort.users, row(&cohort.cells))).collect()
}

fn year_end(end: &str) -> Facts {
    facts(
        &[
            ("a", "2025-12-30", None), // Tuesday of the ISO week that began on 2025-12-29
            ("b", "2026-01-02", None), // the same week, in another year
            ("c", "2026-01-06", None), // week of 01-05
            ("e", "2026-01-20", None), // week of 01-19; there is no signup in the week of 01-12
        ],
        &[
            ("a", "2025-12-31", 1.0, 1.0),
            ("a", "2026-01-01", 1.0, 1.0), // same week: one user, not two
            ("a", "2026-01-07", 1.0, 1.0), // week 1
            ("a", "2026-01-20", 1.0, 1.0), // week 3
            ("b", "2026-01-13", 1.0, 1.0), // week 2
            ("c", "2026-01-11 23:59", 1.0, 1.0), // Sunday: still week 0
            ("e", "2026-01-20", 1.0, 1.0),
        ],
        end,
    )
}

#[test]
fn weeks_cross_the_year_end_and_incomplete_periods_are_null() {
    // Wednesday: the week of 01-19 has begun and is not over.
    let table = retention(&year_end("2026-01-21"), &RetentionParams::by(Period::Week)).unwrap();
    assert_eq!(
        active(&table),
        [
            ("2025-12-29".into(), 2, vec![Some(1), Some(1), Some(1), None]),
            ("2026-01-05".into(), 1, vec![Some(1), Some(0), None]), // over, without activity: 0
            ("2026-01-12".into(), 0, vec![Some(0), None]),
            ("2026-01-19".into(), 1, vec![None]),
        ]
    );
    // A rate of 0 of 0 does not exist.
    assert_eq!(table.cohorts[2].cells[0].unwrap().rate, None);
    // Index 0: (1+1+0) of (2+1+0); index 1: (1+0) of (2+1); index 2: 1 of 2; index 3: no complete
    // cohort.
    let pooled: Vec<_> = table
        .pooled
        .iter()
        .map(|pooled| pooled.map(|pooled| (pooled.active, pooled.eligible)))
        .collect();
    assert_eq!(pooled, [Some((2, 3)), Some((1, 3)), Some((1, 2)), None]);
    assert_eq!(table.pooled[2].unwrap().rate, Some(0.5));
}

#[test]
fn a_period_is_complete_at_its_end_and_the_next_has_not_begun() {
    let table = retention(&year_end("2026-01-19"), &RetentionParams::by(Period::Week)).unwrap();
    assert_eq!(
        active(&table),
        [
            ("2025-12-29".into(), 2, vec![Some(1), Some(1), Some(1)]),
            ("2026-01-05".into(), 1, vec![Some(1), Some(0)]),
        ]
    );
}

#[test]
fn monthly_cohorts_by_signup_and_by_first_trade() {
    let users =
        [("a", "2025-11-30 23:59", None), ("b", "2025-12-01", None), ("c", "2025-12-31", None)];
    let events = [
        ("a", "2025-12-31 23:59", 1.0, 1.0), // first trade: December
        ("a", "2026-02-01", 1.0, 1.0),
        ("b", "2025-12-05", 1.0, 1.0),
        ("b", "2026-01-31", 1.0, 1.0),
    ];
    let facts = facts(&users, &events, "2026-02-15");
    let mut params = RetentionParams::by(Period::Month);
    let by_signup = retention(&facts, &params).unwrap();
    assert_eq!(
        active(&by_signup),
        [
            ("2025-11-01".into(), 1, vec![Some(0), Some(1), Some(0), None]),
            ("2025-12-01".into(), 2, vec![Some(1), Some(1), None]),
        ]
    );
    params.anchor = CohortAnchor::first_trade();
    let by_trade = retention(&facts, &params).unwrap();
    // c never traded and is in no cohort; a's and b's first trades are in December.
    assert_eq!(active(&by_trade), [("2025-12-01".into(), 2, vec![Some(2), Some(1), None])]);
}

/// Checks PostHog issue 13748: three users return on day 1, on day 5, and never.
#[test]
fn bounded_and_rolling_retention_differ_as_in_posthog_13748() {
    let start = [("p", "2026-03-01", 9.0), ("q", "2026-03-01", 9.0), ("r", "2026-03-01", 9.0)];
    let back = [("p", "2026-03-02", 9.0), ("q", "2026-03-06", 9.0)];
    let rows: Vec<_> = start.into_iter().chain(back).collect();
    let transactions = df!(
        "user" => rows.iter().map(|row| row.0).collect::<Vec<_>>(),
        "at" => times(&rows.iter().map(|row| row.1).collect::<Vec<_>>()),
        "value" => rows.iter().map(|row| row.2).collect::<Vec<_>>(),
    )
    .unwrap();
    let facts = Facts::from_transactions(&transactions, at("2026-03-08")).unwrap();
    let mut params = RetentionParams::by(Period::Day);
    let counts = |params: &RetentionParams| {
        let table = retention(&facts, params).unwrap();
        table.cohorts[0].cells.iter().map(|cell| cell.unwrap().active).collect::<Vec<_>>()
    };
    assert_eq!(counts(&params), [3, 1, 0, 0, 0, 1, 0]);
    params.kind = RetentionKind::Rolling;
    assert_eq!(counts(&params), [3, 2, 1, 1, 1, 1, 0]);
}

#[test]
fn only_selected_events_after_the_anchor_count_as_activity() {
    let users = df!("user" => [7i64], "signup_at" => times(&["2026-01-01"])).unwrap();
    let events = df!(
        "user" => [7i64, 7, 7],
        "at" => times(&["2026-01-05", "2026-01-06", "2026-01-14"]),
        "kind" => ["ramp", "trade", "ramp"],
        "volume_usd" => [1i64, 1, 1],
        "revenue_usd" => [0.0, 0.0, 0.0],
    )
    .unwrap();
    let facts = Facts::new(&users, &events, at("2026-01-19")).unwrap();
    let params = RetentionParams {
        anchor: CohortAnchor::first_trade(),
        activity: EventFilter::only(["ramp"]),
        ..RetentionParams::by(Period::Week)
    };
    // The purchase of Monday precedes the trade of Tuesday, in the same week: it is no return.
    let table = retention(&facts, &params).unwrap();
    assert_eq!(active(&table), [("2026-01-05".into(), 1, vec![Some(0), Some(1)])]);
    assert_eq!(table.cohorts[0].start, day("2026-01-05"));
}

#[test]
fn the_long_frame_equals_the_table() {
    let table = retention(&year_end("2026-01-21"), &RetentionParams::by(Period::Week)).unwrap();
    let frame = table.frame().unwrap();
    assert_eq!(frame.shape(), (10, 6));
    let complete: Vec<_> = frame.column("complete").unwrap().bool().unwrap().iter().collect();
    let known: Vec<_> = frame
        .column("active")
        .unwrap()
        .u64()
        .unwrap()
        .iter()
        .map(|cell| Some(cell.is_some()))
        .collect();
    assert_eq!(complete, known);
    assert_eq!(frame.column("cohort").unwrap().dtype(), &DataType::Date);
    assert_eq!(frame.column("rate").unwrap().f64().unwrap().get(0), Some(0.5));
}

#[test]
fn facts_without_users_make_an_empty_table() {
    let table =
        retention(&facts(&[], &[], "2026-01-01"), &RetentionParams::by(Period::Week)).unwrap();
    assert!(table.cohorts.is_empty() && table.pooled.is_empty());
    assert_eq!(table.frame().unwrap().height(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Checks a recount by brute force, on days, and that a complete cell never changes later.
    #[test]
    fn retention_equals_its_definition(
        visits in prop::collection::vec((0usize..6, 0i64..20), 0..40),
        signups in prop::collection::vec(0i64..20, 6),
        end in 1i64..25,
    ) {
        let (start, names) = (day("2025-12-20"), ["a", "b", "c", "d", "e", "f"]);
        let date = |days: i64| (start + chrono::Duration::days(days)).to_string();
        let dates: Vec<String> = (0..50).map(date).collect();
        let on = |days: i64| dates[usize::try_from(days).unwrap()].as_str();
        let users: Vec<_> = (0..6).map(|user| (names[user], on(signups[user]), None)).collect();
        let visits: Vec<(usize, i64)> =
            visits.into_iter().map(|(user, age)| (user, signups[user] + age)).collect();
        let events: Vec<_> =
            visits.iter().map(|(user, at)| (names[*user], on(*at), 1.0, 1.0)).collect();
        for kind in [RetentionKind::Bounded, RetentionKind::Rolling] {
            let params = RetentionParams { kind, ..RetentionParams::by(Period::Day) };
            let table = retention(&facts(&users, &events, on(end)), &params).unwrap();
            for cohort in &table.cohorts {
                let born = (cohort.start - start).num_days();
                let members: Vec<_> = (0..6).filter(|user| signups[*user] == born).collect();
                prop_assert_eq!(cohort.users, members.len() as u64);
                prop_assert_eq!(i64::try_from(cohort.cells.len()).unwrap(), end - born);
                for (cell, period) in cohort.cells.iter().zip(born..) {
                    let counts = |user: usize| visits.iter().any(|(who, at)| {
                        *who == user && *at < end && match kind {
                            RetentionKind::Bounded => *at == period,
                            RetentionKind::Rolling => *at >= period,
                        }
                    });
                    let active = members.iter().filter(|user| counts(**user)).count() as u64;
                    prop_assert_eq!(cell.unwrap().active, active);
                }
            }
        }
    }
}
