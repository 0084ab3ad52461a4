use polars::prelude::*;
use tidegauge_analytics::volume::{IncidenceParams, IncidenceTable, incidence};
use tidegauge_analytics::{Cohort, Facts};

use crate::support::{at, facts, times, users};

fn by_channel(facts: &Facts) -> IncidenceTable {
    incidence(facts, &Cohort::dimension("channel"), &IncidenceParams::default()).unwrap()
}

#[test]
fn where_all_are_observed_the_incidence_is_the_share() {
    let facts = facts(
        &[
            ("a", "2026-01-01 12:00", Some("search")),
            ("b", "2026-01-01", Some("search")),
            ("c", "2026-01-01", Some("organic")),
            ("d", "2026-01-01", Some("organic")),
        ],
        &[
            ("a", "2026-01-02", 6_000.0, 0.0),
            ("a", "2026-01-31 11:59", 4_000.0, 0.0), // in the last minute of 30 days
            ("b", "2026-01-31 00:00", 10_000.0, 0.0), // a minute too late
            ("c", "2026-01-05", 9_999.0, 0.0),
        ],
        "2026-12-31",
    );
    let table = by_channel(&facts);
    let [organic, search] = &table.cohorts[..] else { panic!("{table:?}") };
    let values = |at: usize| [organic, search].map(|cohort| cohort.at[at].incidence.value);
    assert_eq!(values(0), [Some(0.0), Some(0.5)]);
    assert_eq!(values(1), [Some(0.0), Some(1.0)]);
    assert_eq!((search.users, search.reached, organic.reached), (2, 2, 0));
    assert_eq!(search.at[0].difference.value, Some(0.5));
    // Over nothing there is no lift.
    assert_eq!(search.at[0].lift.value, None);
    assert_eq!(table.frame().unwrap().shape(), (6, 5 + 3 * 7));
}

#[test]
fn users_observed_for_less_are_censored() {
    // At 30 days of age: a has reached it on day 10, b not, c is 20 days old, d is not a day old.
    let facts = facts(
        &[
            ("a", "2026-01-01", None),
            ("b", "2026-01-01", None),
            ("c", "2026-02-10", None),
            ("d", "2026-03-01 12:00", None),
            ("e", "2026-02-25", None), // 5 days old: gone before day 10
        ],
        &[("a", "2026-01-11 10:00", 10_000.0, 0.0), ("d", "2026-03-01 13:00", 99_999.0, 0.0)],
        "2026-03-02",
    );
    let table = incidence(&facts, &Cohort::Everyone, &IncidenceParams::default()).unwrap();
    let all = &table.cohorts[0];
    assert_eq!((all.users, all.reached), (4, 1));
    // On day 10 there are a, b and c at risk: 1/3, not 1 of the 2 who are 30 days old.
    assert!((all.at[0].incidence.value.unwrap() - 1.0 / 3.0).abs() < 1e-12);
    assert_eq!(all.at[0].incidence.n, 4);
    // No user is 90 days old.
    assert_eq!(all.at[1].incidence.value, None);
    // All users are one cohort: there are no others to compare with.
    assert_eq!(
        (all.at[0].difference.value, all.at[0].p_value, all.at[0].q_value),
        (None, None, None)
    );
}

#[test]
fn a_reversed_purchase_does_not_count() {
    let events = df!(
        "user" => ["a", "a", "a"],
        "at" => times(&["2026-01-02", "2026-01-02", "2026-01-20"]),
        "kind" => ["ramp", "ramp", "trade"],
        "volume_usd" => [50_000.0, -50_000.0, 10_000.0],
        "revenue_usd" => [0.0, 0.0, 0.0],
        "is_reversal" => [false, true, false],
    );
    let users = users(&[("a", "2026-01-01", None)]);
    let facts = Facts::new(&users, &events.unwrap(), at("2026-12-31")).unwrap();
    let params = IncidenceParams { horizons: vec![10, 30], ..IncidenceParams::default() };
    let table = incidence(&facts, &Cohort::Everyone, &params).unwrap();
    let values: Vec<_> = table.cohorts[0].at.iter().map(|at| at.incidence.value).collect();
    assert_eq!(values, [Some(0.0), Some(1.0)]);
}

/// Returns facts of `(channel, users, high-volume traders)`, all within 30 days.
fn channels(rows: &[(&'static str, usize, usize)], name: impl Fn(usize) -> String) -> Facts {
    let (mut all, mut high) = (Vec::new(), Vec::new());
    for (channel, count, reached) in rows {
        for user in 0..*count {
            let name: &'static str = name(all.len()).leak();
            all.push((name, "2026-01-01", Some(*channel)));
            if user < *reached {
                high.push((name, "2026-01-10", 20_000.0, 1.0));
            }
        }
    }
    facts(&all, &high, "2026-12-31")
}

#[test]
fn cohorts_are_compared_with_all_others() {
    let rows = [("ads", 200, 20), ("organic", 300, 30), ("referral", 100, 40)];
    let table = by_channel(&channels(&rows, |user| format!("u{user:03}")));
    let [ads, organic, referral] = &table.cohorts[..] else { panic!("{table:?}") };
    let at_30 = referral.at[0];
    assert!((at_30.difference.value.unwrap() - (0.4 - 0.1)).abs() < 1e-12);
    assert!((at_30.lift.value.unwrap() - 4.0).abs() < 1e-9);
    let interval = at_30.difference.interval.unwrap();
    assert!(interval.low > 0.2 && interval.high < 0.4, "{interval:?}");
    assert!(at_30.lift.interval.unwrap().low > 2.0);
    assert!(at_30.p_value.unwrap() < 1e-6 && at_30.q_value.unwrap() < 1e-6);
    // 20 of 200 against 70 of 400, and 30 of 300 against 60 of 300.
    for (cohort, difference) in [(ads, 0.1 - 0.175), (organic, 0.1 - 0.2)] {
        assert!((cohort.at[0].difference.value.unwrap() - difference).abs() < 1e-12);
        // Adjusted p-values are no lower.
        assert!(cohort.at[0].q_value >= cohort.at[0].p_value);
    }
    // The interval at the level of the facts excludes 0 if p is below 1 − 0.9.
    let excludes = |at: &tidegauge_analytics::volume::IncidenceAtHorizon| {
        !at.difference.interval.unwrap().contains(0.0)
    };
    for cohort in &table.cohorts {
        assert_eq!(excludes(&cohort.at[0]), cohort.at[0].p_value.unwrap() < 0.1);
    }
    // Other names of the users change nothing.
    let renamed = by_channel(&channels(&rows, |user| format!("u{:03}", 999 - user)));
    assert_eq!(renamed, table);
}

#[test]
fn parameters_out_of_range_are_refused() {
    let facts = facts(&[("a", "2026-01-01", None)], &[], "2026-12-31");
    let refusal = |threshold_usd: f64, horizons: Vec<u32>| {
        let params = IncidenceParams { threshold_usd, horizons };
        incidence(&facts, &Cohort::Everyone, &params).unwrap_err().to_string()
    };
    assert!(refusal(0.0, vec![30]).contains("threshold_usd"));
    assert!(refusal(1.0, vec![]).contains("horizons"));
    assert!(refusal(1.0, vec![30, 0]).contains("horizons"));
    let none = facts_without_users();
    assert!(
        incidence(&none, &Cohort::Everyone, &IncidenceParams::default())
            .unwrap()
            .cohorts
            .is_empty()
    );
}

fn facts_without_users() -> Facts {
    facts(&[], &[], "2026-12-31")
}

/// Returns a number from 0 to 1 (SplitMix64).
fn uniform(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

#[test]
fn cohorts_that_do_not_differ_seldom_seem_to() {
    // Two channels of 120 and 360 users who sign up over 180 days and reach the threshold at a rate
    // of 1 in 200 days; at 90 days, half of them have been observed for so long.
    const WORLDS: u64 = 400;
    let truth = 1.0 - (-90.0_f64 / 200.0).exp();
    let (mut covered, mut different) = (0_u32, 0_u32);
    for world in 0..WORLDS {
        let mut state = world.wrapping_mul(0x5851_f42d_4c95_7f2d);
        let (mut of, mut signups, mut channels) = (vec![], vec![], vec![]);
        let (mut when, mut who) = (vec![], vec![]);
        let first = at("2026-01-01").naive_utc();
        for user in 0..480_i64 {
            let after = |days: f64| std::time::Duration::from_secs_f64(86_400.0 * days);
            let signup = first + after(180.0 * uniform(&mut state));
            of.push(user);
            signups.push(signup);
            channels.push(if user < 120 { "small" } else { "large" });
            who.push(user);
            when.push(signup + after(-200.0 * (1.0 - uniform(&mut state)).ln()));
        }
        let users = df!("user" => of, "signup_at" => signups, "channel" => channels);
        let count = when.len();
        let events = df!(
            "user" => who,
            "at" => when,
            "kind" => vec!["trade"; count],
            "volume_usd" => vec![20_000.0; count],
            "revenue_usd" => vec![1.0; count],
        );
        let facts = Facts::new(&users.unwrap(), &events.unwrap(), at("2026-06-30")).unwrap();
        let params = IncidenceParams { horizons: vec![90], ..IncidenceParams::default() };
        let table = incidence(&facts, &Cohort::dimension("channel"), &params).unwrap();
        let small = table.cohorts[1].at[0];
        covered += u32::from(small.incidence.interval.unwrap().contains(truth));
        different += u32::from(small.p_value.unwrap() < 0.1);
    }
    let share = |count: u32| f64::from(count) / 400.0;
    println!("covered {} different {}", share(covered), share(different));
    // Standard error 1.5 points.
    assert!((0.86..=0.94).contains(&share(covered)), "{covered}");
    assert!((0.06..=0.14).contains(&share(different)), "{different}");
}
