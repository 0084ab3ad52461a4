use tidegauge_analytics::{Cohort, Facts, Period, ltv};

use crate::support::facts;

#[test]
fn ltv_by_age_is_unknown_until_the_newest_user_has_reached_the_age() {
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
        .map(|row| (row.cohort.as_deref(), row.users, row.revenue_usd, row.by_age.clone()))
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
    // First day: 1 of a, over all 4. Second: 0.5 of c (d is not 2 days old), over 3. Seventh: 2 of
    // a, over the same 3. On the eighth a pays 4: over a and c, b being 7 days old.
    let pooled: Vec<_> = table.pooled.iter().map(|row| (row.users, row.ltv_usd.unwrap())).collect();
    assert_eq!(pooled.iter().map(|row| row.0).collect::<Vec<_>>(), [4, 3, 2]);
    for ((_, found), expected) in
        pooled.iter().zip([0.25, 0.25 + 2.5 / 3.0, 0.25 + 2.5 / 3.0 + 2.0])
    {
        assert!((found - expected).abs() < 1e-12, "{pooled:?}");
    }
    assert_eq!((table.pooled[0].interval, table.cohorts[1].interval), (None, None), "too few");
    assert_eq!(table.cohorts[1].ltv_usd, 3.5);

    let weeks = ltv::cohorts(&facts, &Cohort::Signup(Period::Week), &[7]).unwrap();
    let starts: Vec<_> = weeks.cohorts.iter().map(|row| row.cohort.as_deref().unwrap()).collect();
    assert_eq!(starts, ["2025-12-29", "2026-01-05"]);
}

#[test]
fn users_without_events_are_included() {
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

/// Returns 40 users who are 2 days old and pay as `old` says by day, and 40 who are 1 day old and
/// pay `young`.
fn generations(old: impl Fn(usize) -> [f64; 2], young: f64) -> Facts {
    let names: Vec<String> = (10..90).map(|user| user.to_string()).collect();
    let born = |at: usize| if at < 40 { "2026-01-01" } else { "2026-01-02" };
    let users: Vec<_> =
        names.iter().enumerate().map(|(at, name)| (name.as_str(), born(at), None)).collect();
    let mut events = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let [first, second] = if at < 40 { old(at) } else { [young, 0.0] };
        events.push((name.as_str(), born(at), 0.0, first));
        if at < 40 {
            events.push((name.as_str(), "2026-01-02", 0.0, second));
        }
    }
    facts(&users, &events, "2026-01-03")
}

#[test]
fn pooled_ltv_does_not_fall_when_newer_users_are_worth_more() {
    // By day 1 the old have paid 1 and the young 9, 5 per user; the old alone are 2 days old.
    let facts = generations(|_| [1.0, 0.0], 9.0);
    let table = ltv::cohorts(&facts, &Cohort::Everyone, &[1, 2, 3]).unwrap();
    let pooled: Vec<_> = table.pooled.iter().map(|row| (row.users, row.ltv_usd)).collect();
    assert_eq!(pooled, [(80, Some(5.0)), (40, Some(5.0)), (0, None)]);
}

#[test]
fn the_interval_of_pooled_ltv_depends_on_the_users_who_reached_the_age() {
    // Each user pays 1 on day 1; on day 2 half of the old pay 2, the others nothing.
    let facts = generations(|at| [1.0, if at < 20 { 2.0 } else { 0.0 }], 1.0);
    let table = ltv::cohorts(&facts, &Cohort::Everyone, &[1, 2]).unwrap();
    let [first, second] = table.pooled[..] else { panic!("{table:?}") };
    let exact = first.interval.unwrap();
    assert!((exact.low - 1.0).abs() < 1e-9 && (exact.high - 1.0).abs() < 1e-9, "{exact:?}");
    // Each of the old is 1/40 off the mean of day 2, no user off that of day 1: the variance is 40
    // × (1/40)² × 40/39, the error 0.16013, the factor exp(1.96 × 0.16013 / 2) = 1.16990.
    assert_eq!(second.ltv_usd, Some(2.0));
    let interval = second.interval.unwrap();
    assert!((interval.low - 2.0 / 1.16990).abs() < 1e-4, "{interval:?}");
    assert!((interval.high - 2.0 * 1.16990).abs() < 1e-4, "{interval:?}");
    // To date: the young have 1, the old 3 or 1: s² = (20 × 1.5² + 60 × 0.5²) / 79 = 0.75949, the
    // error √(s²/80) = 0.09744, the factor exp(1.96 × 0.09744 / 1.5) = 1.13578.
    let all = &table.cohorts[0];
    assert_eq!(all.ltv_usd, 1.5);
    assert!((all.interval.unwrap().high - 1.5 * 1.13578).abs() < 1e-4, "{all:?}");
}
