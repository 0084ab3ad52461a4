use tidegauge_analytics::churn::{ChurnParams, churn};
use tidegauge_analytics::{Cohort, Period};

use crate::support::facts;

#[test]
fn new_and_never_active_users_are_not_counted_as_churned() {
    let facts = facts(
        &[
            ("gone", "2026-01-01", Some("search")),
            ("stays", "2026-01-01", Some("search")), // active 30 days before the end to the instant
            ("lurks", "2026-01-01", Some("search")),
            ("young", "2026-02-10", Some("search")), // 19 days old
            ("here", "2026-01-20", Some("organic")),
        ],
        &[
            ("gone", "2026-01-29 23:59", 1.0, 1.0),
            ("stays", "2026-01-30", 1.0, 1.0),
            ("young", "2026-02-10", 1.0, 1.0),
            ("here", "2026-02-20", 1.0, 1.0),
        ],
        "2026-03-01", // 30 days before: 2026-01-30
    );
    let table = churn(&facts, &Cohort::dimension("channel"), &ChurnParams::default()).unwrap();
    let rows: Vec<_> = table
        .cohorts
        .iter()
        .map(|row| {
            (
                row.cohort.as_deref().unwrap(),
                row.users,
                row.undetermined,
                row.never_active,
                row.churned.count,
                row.churned.total,
            )
        })
        .collect();
    assert_eq!(rows, [("organic", 1, 0, 0, 0, 1), ("search", 4, 1, 1, 1, 2)]);
    assert_eq!(table.cohorts[1].churned.rate, Some(0.5));
    // Wilson of 1 of 2: 0.5 ± z/(2(1 + z²/2)) √(1/2 + z²/4)·… = [0.0945, 0.9055].
    let interval = table.cohorts[1].churned.interval.unwrap();
    assert!((interval.low - 0.094_53).abs() < 1e-5 && (interval.high - 0.905_47).abs() < 1e-5);
    assert_eq!((table.overall.churned.count, table.overall.churned.total), (1, 3));

    let months = churn(&facts, &Cohort::Signup(Period::Month), &ChurnParams::default()).unwrap();
    let february = &months.cohorts[1];
    assert_eq!((february.cohort.as_deref(), february.churned.rate), (Some("2026-02-01"), None));

    let error = churn(&facts, &Cohort::dimension("tier"), &ChurnParams::default());
    assert!(error.unwrap_err().to_string().contains("need a column `tier`"));
}
