use polars::prelude::*;
use tidegauge_analytics::churn::{ChurnParams, LeavingCohort, leaving};
use tidegauge_analytics::{Cohort, Facts};

use crate::support::{at, times};

/// Returns events of (user, time, whether it is a reversal).
fn facts(rows: &[(&str, &str, bool)], end: &str) -> Facts {
    let mut names: Vec<&str> = rows.iter().map(|row| row.0).collect();
    names.sort_unstable();
    names.dedup();
    let users = df!(
        "user" => names.clone(),
        "signup_at" => times(&vec!["2026-01-01"; names.len()]),
        "channel" => names.iter().map(|name| if *name < "m" { "ads" } else { "organic" }).collect::<Vec<_>>(),
    );
    let paid = |row: &(&str, &str, bool)| if row.2 { -10.0 } else { 10.0 };
    let events = df!(
        "user" => rows.iter().map(|row| row.0).collect::<Vec<_>>(),
        "at" => times(&rows.iter().map(|row| row.1).collect::<Vec<_>>()),
        "kind" => vec!["ramp"; rows.len()],
        "volume_usd" => rows.iter().map(paid).collect::<Vec<_>>(),
        "revenue_usd" => rows.iter().map(paid).collect::<Vec<_>>(),
        "is_reversal" => rows.iter().map(|row| row.2).collect::<Vec<_>>(),
    );
    Facts::new(&users.unwrap(), &events.unwrap(), at(end)).unwrap()
}

fn shares(cohort: &LeavingCohort) -> Vec<(u32, Option<f64>, Option<f64>)> {
    let share = |at: &tidegauge_analytics::churn::LeavingAtAge| {
        (at.age_days, at.inactive.value, at.reversed.value)
    };
    cohort.by_age.iter().map(share).collect()
}

#[test]
fn users_leave_by_inactivity_or_with_the_first_purchase_that_is_reversed() {
    let facts = facts(
        &[
            // Day 10: the purchase is charged back; the gap that follows is no second end.
            ("fraud", "2026-01-01", false),
            ("fraud", "2026-01-11", false),
            ("fraud", "2026-01-11", true),
            // Day 30: a gap of 30 days is complete. The later reversal comes too late.
            ("gone", "2026-01-01", false),
            ("gone", "2026-02-20", false),
            ("gone", "2026-02-20", true),
            // Observed on day 20 last: first active on 9 February.
            ("new", "2026-02-09", false),
            // Active to the end: day 59.
            ("stays", "2026-01-01", false),
            ("stays", "2026-01-25", false),
            ("stays", "2026-02-20", false),
        ],
        "2026-03-01",
    );
    let params = ChurnParams { ages: vec![9, 10, 29, 30, 59, 60], ..ChurnParams::default() };
    let table = leaving(&facts, &Cohort::dimension("channel"), &params).unwrap();
    let all = &table.overall;
    assert_eq!((all.users, all.inactive, all.reversed), (4, 1, 1));
    // Day 10: 1 of 4. Day 30: 1 of the 2 who are left of 3, `new` being censored on day 20: half of
    // the remaining 3/4.
    assert_eq!(
        shares(all),
        [
            (9, Some(0.0), Some(0.0)),
            (10, Some(0.0), Some(0.25)),
            (29, Some(0.0), Some(0.25)),
            (30, Some(0.375), Some(0.25)),
            (59, Some(0.375), Some(0.25)),
            (60, None, None),
        ]
    );
    let labels: Vec<_> = table.cohorts.iter().map(|row| row.cohort.as_deref().unwrap()).collect();
    assert_eq!(labels, ["ads", "organic"]);
    assert_eq!((table.cohorts[0].inactive, table.cohorts[0].reversed), (1, 1));
    assert_eq!((table.cohorts[1].inactive, table.cohorts[1].reversed), (0, 0));
    assert_eq!(table.frame().unwrap().shape(), (12, 17));
    let error = ChurnParams { inactive_days: 0, ..ChurnParams::default() };
    assert!(
        leaving(&facts, &Cohort::Everyone, &error).unwrap_err().to_string().contains("at least 1")
    );
}

#[test]
fn without_reversals_inactivity_is_one_less_survival() {
    use tidegauge_analytics::churn::churn;
    let rows: Vec<(String, String)> = (0..40_u32)
        .flat_map(|user| {
            let name = format!("user {user}");
            let day = |day: u32| format!("2026-0{}-{:02}", 1 + day / 28, 1 + day % 28);
            [(name.clone(), day(user % 5)), (name, day(user % 5 + user))]
        })
        .collect();
    let rows: Vec<_> = rows.iter().map(|(user, at)| (user.as_str(), at.as_str(), false)).collect();
    let facts = facts(&rows, "2026-03-20");
    let ages: Vec<u32> = (0..90).collect();
    let params = ChurnParams { inactive_days: 14, ages, ..ChurnParams::default() };
    let left = leaving(&facts, &Cohort::Everyone, &params).unwrap().overall;
    let kept = churn(&facts, &Cohort::Everyone, &params).unwrap().overall.survival;
    for (left, kept) in left.by_age.iter().zip(&kept.by_age) {
        match (left.inactive.value, kept.surviving.value) {
            (Some(left), Some(kept)) => assert!((left + kept - 1.0).abs() < 1e-12),
            (left, kept) => assert_eq!((left, kept), (None, None)),
        }
        assert_eq!(left.reversed.value.unwrap_or(0.0), 0.0);
    }
}
