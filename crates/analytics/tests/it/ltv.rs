use tidegauge_analytics::{Cohort, Period, ltv};

use crate::support::facts;

#[test]
fn value_by_age_waits_for_the_last_born_member() {
    let facts = facts(
        &[
            ("a", "2026-01-01", Some("search")),
            ("b", "2026-01-04 12:00", Some("search")), // last-born of the search cohort
            ("c", "2026-01-01", Some("organic")),
            ("d", "2026-01-10", None),
        ],
        &[
            ("a", "2026-01-01", 100.0, 1.0),
            ("a", "2026-01-07 23:59", 200.0, 2.0), // age 6 d 23:59: within 7 days
            ("a", "2026-01-08", 400.0, 4.0),       // age 7 d exactly: not within 7 days
            ("c", "2026-01-02", 10.0, 0.5),
        ],
        "2026-01-11 12:00", // b is 7 days old to the instant
    );
    let table = ltv::cohorts(&facts, &Cohort::dimension("channel"), &[1, 7, 10]).unwrap();
    let rows: Vec<_> = table
        .cohorts
        .iter()
        .map(|it| (it.cohort.as_deref(), it.users, it.revenue_usd, it.by_age.clone()))
        .collect();
    assert_eq!(
        rows,
        [
            // c alone: nothing on the first day, then 0.5; 10 days old since 2026-01-11.
            (Some("organic"), 1, 0.5, vec![Some(0.0), Some(0.5), Some(0.5)]),
            // First day: 1 over two users. 7 days: (1 + 2) / 2. b is not 10 days old: null.
            (Some("search"), 2, 7.0, vec![Some(0.5), Some(1.5), None]),
            // d is 1.5 days old.
            (None, 1, 0.0, vec![Some(0.0), None, None]),
        ]
    );
    // 1 day: (0 + 1 + 0) / 4; 7 days: (0.5 + 3) / 3; 10 days: 0.5 / 1.
    assert_eq!(table.pooled, [Some(0.25), Some(3.5 / 3.0), Some(0.5)]);
    assert_eq!(table.cohorts[1].ltv_usd, 3.5);

    let weeks = ltv::cohorts(&facts, &Cohort::Signup(Period::Week), &[7]).unwrap();
    let starts: Vec<_> = weeks.cohorts.iter().map(|it| it.cohort.as_deref().unwrap()).collect();
    assert_eq!(starts, ["2025-12-29", "2026-01-05"]);
}

#[test]
fn every_user_is_there_paying_or_not() {
    let facts = facts(
        &[("a", "2026-01-01", None), ("b", "2026-01-02 12:00", None)],
        &[("a", "2026-01-01 10:00", 100.0, 1.0), ("a", "2026-01-03", 50.0, 0.5)],
        "2026-01-05",
    );
    let users = ltv::users(&facts).unwrap();
    let floats = |name: &str| {
        users.column(name).unwrap().f64().unwrap().iter().map(Option::unwrap).collect::<Vec<_>>()
    };
    assert_eq!(floats("revenue_usd"), [1.5, 0.0]);
    assert_eq!(floats("volume_usd"), [150.0, 0.0]);
    assert_eq!(floats("tenure_days"), [4.0, 2.5]);
    let events: Vec<_> = users.column("events").unwrap().u64().unwrap().iter().collect();
    assert_eq!(events, [Some(2), Some(0)]);
    assert_eq!(users.column("last_at").unwrap().null_count(), 1);
}
