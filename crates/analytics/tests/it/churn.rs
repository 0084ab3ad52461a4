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
    // Wilson of 1 of 2 with z = 1.64485: ½ ± z/(1 + z²/2) √(1/8 + z²/16) = [0.1209, 0.8791].
    let interval = table.cohorts[1].churned.interval.unwrap();
    assert!(
        (interval.low - 0.120_866).abs() < 1e-4 && (interval.high - 0.879_134).abs() < 1e-4,
        "{interval:?}"
    );
    assert_eq!((table.overall.churned.count, table.overall.churned.total), (1, 3));

    let months = churn(&facts, &Cohort::Signup(Period::Month), &ChurnParams::default()).unwrap();
    let february = &months.cohorts[1];
    assert_eq!((february.cohort.as_deref(), february.churned.rate), (Some("2026-02-01"), None));

    let error = churn(&facts, &Cohort::dimension("tier"), &ChurnParams::default());
    assert!(error.unwrap_err().to_string().contains("need a column `tier`"));
}

#[test]
fn survival_ends_when_a_gap_is_completed_and_is_censored_at_the_end() {
    let facts = facts(
        &[
            ("gap", "2026-01-01", None), // a gap of 30 days is complete on day 32, then back
            ("stays", "2026-01-01", None), // active on day 50 last, censored on day 59
            ("gone", "2026-01-01", None), // complete on day 30
        ],
        &[
            ("gap", "2026-01-01", 1.0, 1.0),
            ("gap", "2026-01-03", 1.0, 1.0),
            ("gap", "2026-02-20", 1.0, 1.0),
            ("stays", "2026-01-01", 1.0, 1.0),
            ("stays", "2026-01-26", 1.0, 1.0),
            ("stays", "2026-02-20", 1.0, 1.0),
            ("gone", "2026-01-01", 1.0, 1.0),
        ],
        "2026-03-01",
    );
    let params = ChurnParams { ages: vec![29, 30, 31, 32, 58, 400], ..ChurnParams::default() };
    let table = churn(&facts, &Cohort::Everyone, &params).unwrap();
    let survival = &table.overall.survival;
    let found: Vec<_> = survival.by_age.iter().map(|aged| aged.surviving.value).collect();
    let near = |found: Option<f64>, expected: f64| (found.unwrap() - expected).abs() < 1e-12;
    assert!(near(found[0], 1.0) && near(found[1], 2.0 / 3.0) && near(found[2], 2.0 / 3.0));
    assert!(near(found[3], 1.0 / 3.0) && near(found[4], 1.0 / 3.0));
    assert_eq!(found[5], None, "no user was observed for that long");
    assert_eq!(survival.median_days.value, Some(32.0));
    // The share of today differs: who came back after a gap is not gone.
    assert_eq!((table.overall.churned.count, table.overall.churned.total), (1, 3));
    assert_eq!(table.log_rank, None, "one cohort has nothing to be compared with");
}
