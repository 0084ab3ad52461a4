use polars::prelude::*;
use tidegauge_analytics::ltv::{self, LtvParams};
use tidegauge_analytics::{Cohort, Facts, Period, Revenue};

use crate::support::{facts, times};

#[test]
fn ltv_by_age_is_of_the_users_who_have_reached_each_day() {
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
    let params = LtvParams::at([1, 7, 10]);
    let table = ltv::ltv(&facts, &Cohort::dimension("channel"), &params).unwrap();
    let by_age =
        |row: &ltv::LtvCohort| row.by_age.iter().map(|aged| aged.ltv.value).collect::<Vec<_>>();
    let rows: Vec<_> = table
        .cohorts
        .iter()
        .map(|row| (row.cohort.as_deref(), row.users, row.revenue_usd, by_age(row)))
        .collect();
    assert_eq!(
        rows,
        [
            // c alone: nothing on the first day, then 0.5; 10 days old since 2026-01-11.
            (Some("organic"), 1, 0.5, vec![Some(0.0), Some(0.5), Some(0.5)]),
            // First day: 1 over two users. 7 days: (1 + 2) / 2. On day 8 a alone is old enough,
            // and pays 4.
            (Some("search"), 2, 7.0, vec![Some(0.5), Some(1.5), Some(5.5)]),
            // d is 1.5 days old.
            (None, 1, 0.0, vec![Some(0.0), None, None]),
        ]
    );
    // First day: 1 of a, over all 4. Second: 0.5 of c (d is not 2 days old), over 3. Seventh: 2 of
    // a, over the same 3. On the eighth a pays 4: over a and c, b being 7 days old.
    let complete: Vec<_> = table.cohorts[1].by_age.iter().map(|aged| aged.complete).collect();
    assert_eq!(complete, [true, true, false]);
    let pooled: Vec<_> =
        table.overall.by_age.iter().map(|aged| (aged.ltv.n, aged.ltv.value.unwrap())).collect();
    assert_eq!(pooled.iter().map(|row| row.0).collect::<Vec<_>>(), [4, 3, 2]);
    for ((_, found), expected) in
        pooled.iter().zip([0.25, 0.25 + 2.5 / 3.0, 0.25 + 2.5 / 3.0 + 2.0])
    {
        assert!((found - expected).abs() < 1e-12, "{pooled:?}");
    }
    let to_date = table.cohorts[1].to_date;
    assert_eq!((to_date.value, to_date.interval), (Some(3.5), None), "too few");

    let weeks = ltv::ltv(&facts, &Cohort::Signup(Period::Week), &LtvParams::at([7])).unwrap();
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
    let table = ltv::ltv(&facts, &Cohort::Everyone, &LtvParams::at([1, 2, 3])).unwrap();
    let pooled: Vec<_> =
        table.overall.by_age.iter().map(|aged| (aged.ltv.n, aged.ltv.value)).collect();
    assert_eq!(pooled, [(80, Some(5.0)), (40, Some(5.0)), (0, None)]);
}

#[test]
fn the_interval_of_ltv_depends_on_the_users_who_reached_the_age() {
    // Each user pays 1 on day 1; on day 2 half of the old pay 2, the others nothing.
    let facts = generations(|at| [1.0, if at < 20 { 2.0 } else { 0.0 }], 1.0);
    let table = ltv::ltv(&facts, &Cohort::Everyone, &LtvParams::at([1, 2])).unwrap();
    let [first, second] = table.overall.by_age[..] else { panic!("{table:?}") };
    assert_eq!(
        (first.ltv.value, first.ltv.n, first.ltv.interval),
        (Some(1.0), 80, None),
        "no spread"
    );
    // Each of the old is 1/40 off the mean of day 2, no user off that of day 1: the variance is 40
    // × (1/40)² × 40/39, the error 0.16013, and 1.645 errors at 90 % are a factor exp(1.645 ×
    // 0.16013 / 2) = 1.14077. The amounts are skewed, so that the bootstrap reaches further up.
    assert_eq!((second.ltv.value, second.ltv.n), (Some(2.0), 40));
    let interval = second.ltv.interval.unwrap();
    assert!((interval.low * 1.14077 / 2.0 - 1.0).abs() < 0.02, "{interval:?}");
    assert!((1.14..1.3).contains(&(interval.high / 2.0)), "{interval:?}");
    assert_eq!((interval.level, second.complete), (0.9, false));
}

#[test]
fn one_reversal_changes_its_own_purchase_and_nothing_else() {
    let people: Vec<i64> = (0..60).collect();
    let users = df!("user" => people.clone(), "signup_at" => times(&["2026-01-01"; 60]));
    let users = users.unwrap();
    let purchases = |reversed: bool| {
        let mut user = people.clone();
        let mut at = times(&["2026-01-03 10:00"; 60]);
        let mut paid: Vec<f64> = (0..60).map(|user| f64::from(user % 7)).collect();
        let mut is_reversal = vec![false; 60];
        if reversed {
            // Known much later, and taken back at the time of the purchase.
            user.push(5);
            at.push(at[5]);
            paid.push(-50.0);
            is_reversal.push(true);
        }
        df!("user" => user.clone(), "at" => at, "kind" => vec!["ramp"; user.len()],
            "volume_usd" => paid.clone(), "revenue_usd" => paid, "is_reversal" => is_reversal)
        .unwrap()
    };
    let of = |reversed: bool, revenue: Revenue| {
        let end = "2026-02-01T00:00:00Z".parse().unwrap();
        let facts = Facts::new(&users, &purchases(reversed), end).unwrap();
        let params = LtvParams { revenue, ..LtvParams::at([1, 3, 30]) };
        ltv::ltv(&facts, &Cohort::dimension("entry_product"), &params).unwrap()
    };
    let values = |table: &ltv::LtvTable| {
        let aged = table.cohorts[0].by_age.iter();
        aged.map(|aged| aged.ltv.value.unwrap()).collect::<Vec<_>>()
    };
    let (before, net) = (of(false, Revenue::Net), of(true, Revenue::Net));
    assert_eq!(values(&before)[0], values(&net)[0], "day 1 is before the purchase");
    for at in [1, 2] {
        assert!((values(&before)[at] - values(&net)[at] - 50.0 / 60.0).abs() < 1e-12);
    }
    // Before reversals nothing has changed, and the user is as active as before.
    let gross = of(true, Revenue::Gross);
    assert_eq!(values(&gross), values(&before));
    assert_eq!(gross.cohorts[0].users, 60);
    assert_eq!(net.cohorts[0].gross_revenue_usd, before.cohorts[0].revenue_usd);
}
