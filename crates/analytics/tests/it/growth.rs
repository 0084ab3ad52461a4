use chrono::Weekday;
use polars::prelude::*;
use proptest::prelude::*;
use tidegauge_analytics::growth::{
    ActiveUsersDay, ActiveUsersParams, GrowthParams, GrowthPeriod, active_users, growth,
};
use tidegauge_analytics::{Calendar, Cohort, EventFilter, Facts, Period};

use crate::support::{at, day, facts, times, users};

/// Returns active, new, retained, resurrected and churned users.
fn counts(period: &GrowthPeriod) -> [u64; 5] {
    [period.active, period.new, period.retained, period.resurrected, period.churned]
}

fn active(day: &ActiveUsersDay) -> [u64; 3] {
    [day.dau, day.wau, day.mau]
}

/// Users over weeks from Monday, 5 January on; the fifth week, to 8 February, is over.
fn four_weeks() -> Facts {
    facts(
        &[
            ("stays", "2026-01-05", Some("search")),
            ("pauses", "2026-01-05", Some("search")),
            ("leaves", "2026-01-06", Some("organic")),
            ("joins", "2026-01-07", Some("organic")), // first active in the second week
            ("lurks", "2026-01-07", None),
        ],
        &[
            ("stays", "2026-01-05 00:00", 1.0, 1.0),
            ("stays", "2026-01-05 09:00", 1.0, 1.0), // the same day
            ("stays", "2026-01-18 23:59", 1.0, 1.0), // the last minute of the second week
            ("stays", "2026-01-19 00:00", 1.0, 1.0), // the first of the third
            ("stays", "2026-01-29", 1.0, 1.0),
            ("pauses", "2026-01-06", 1.0, 1.0),
            ("pauses", "2026-01-28", 1.0, 1.0),
            ("leaves", "2026-01-07", 1.0, 1.0),
            ("joins", "2026-01-13", 1.0, 1.0),
            ("joins", "2026-02-03", 1.0, 1.0), // in the week that is not over
        ],
        "2026-02-04",
    )
}

#[test]
fn active_users_come_from_somewhere_and_go_somewhere() {
    let table = growth(&four_weeks(), &GrowthParams::by(Period::Week)).unwrap();
    let periods = &table.overall.periods;
    // The week from 2 February on is not over on the 4th.
    assert_eq!(periods.len(), 4);
    assert_eq!([periods[0].start, periods[3].start], [day("2026-01-05"), day("2026-01-26")]);
    assert_eq!(
        periods.iter().map(counts).collect::<Vec<_>>(),
        [
            [3, 3, 0, 0, 0],
            [2, 1, 1, 0, 2], // stays again and joins; pauses and leaves are gone
            [1, 0, 1, 0, 1],
            [2, 0, 1, 1, 0], // pauses comes back
        ]
    );
    let quick = |place: usize| periods[place].quick_ratio.value;
    assert_eq!([quick(0), quick(1), quick(2), quick(3)], [None, Some(0.5), Some(0.0), None]);
    assert_eq!((periods[1].churn_rate.value, periods[1].churn_rate.n), (Some(2.0 / 3.0), 3));
    assert_eq!((periods[0].churn_rate.value, periods[0].churn_rate.n), (None, 0));
    // 0.5 exp(± 1.6449 √(1/1 + 1/2)).
    let interval = periods[1].quick_ratio.interval.unwrap();
    assert!((interval.low - 0.0667).abs() < 1e-4 && (interval.high - 3.7486).abs() < 1e-4);
}

#[test]
fn growth_by_channel_sums_to_that_of_all() {
    let params =
        GrowthParams { by: Cohort::dimension("channel"), ..GrowthParams::by(Period::Week) };
    let table = growth(&four_weeks(), &params).unwrap();
    let labels: Vec<_> = table.cohorts.iter().map(|cohort| cohort.cohort.as_deref()).collect();
    assert_eq!(labels, [Some("organic"), Some("search"), None]);
    let search = &table.cohorts[1].periods;
    assert_eq!(
        search.iter().map(counts).collect::<Vec<_>>(),
        [[2, 2, 0, 0, 0], [1, 0, 1, 0, 1], [1, 0, 1, 0, 0], [2, 0, 1, 1, 0]]
    );
    // A user without activity is in no count.
    assert!(table.cohorts[2].periods.iter().all(|period| counts(period) == [0; 5]));
    let frame = table.frame().unwrap();
    assert_eq!(frame.shape(), (12, 7 + 2 * 7));
    let unknown = GrowthParams { by: Cohort::dimension("tier"), ..GrowthParams::by(Period::Week) };
    let error = growth(&four_weeks(), &unknown).unwrap_err().to_string();
    assert!(error.contains("need a column `tier`"), "{error}");
}

#[test]
fn windows_of_active_users_end_with_the_day() {
    let table = active_users(&four_weeks(), &ActiveUsersParams::default()).unwrap();
    let days = &table.overall.days;
    // From 5 January to 3 February; the 4th is not over.
    assert_eq!((days.len(), days[0].day, days[29].day), (30, day("2026-01-05"), day("2026-02-03")));
    let on = |place: usize| active(&days[place]);
    assert_eq!([on(0), on(1), on(2)], [[1, 1, 1], [1, 2, 2], [1, 3, 3]]);
    // The 11th is the seventh day from the 5th on; from the 12th on the 5th is out of the week.
    assert_eq!([on(6), on(7), on(8)], [[0, 3, 3], [0, 2, 3], [1, 2, 4]]);
    // 3 February is the thirtieth day from the 5th on.
    assert_eq!(on(29), [1, 3, 4]);
    assert_eq!((days[8].stickiness.value, days[8].stickiness.n), (Some(0.25), 4));
    assert!(days[8].stickiness.interval.is_some());
    assert_eq!(table.frame().unwrap().shape(), (30, 5 + 7));
}

#[test]
fn the_thirty_first_day_is_out_of_the_month() {
    let users = [("a", "2026-01-05", None)];
    let facts = facts(&users, &[("a", "2026-01-05", 1.0, 1.0)], "2026-02-06");
    let days = active_users(&facts, &ActiveUsersParams::default()).unwrap().overall.days;
    assert_eq!((active(&days[29]), active(&days[30])), ([0, 0, 1], [0, 0, 0]));
    // No user is active by month, so that there is no stickiness.
    assert_eq!((days[30].stickiness.value, days.len()), (None, 32));
}

#[test]
fn reversals_and_other_kinds_are_no_activity() {
    let events = df!(
        "user" => ["a", "a", "a"],
        "at" => times(&["2026-01-05", "2026-01-12", "2026-01-19"]),
        "kind" => ["trade", "trade", "withdrawal"],
        "volume_usd" => [10.0, -10.0, 0.0],
        "revenue_usd" => [1.0, -1.0, 1.0],
        "is_reversal" => [false, true, false],
    )
    .unwrap();
    let facts =
        Facts::new(&users(&[("a", "2026-01-05", None)]), &events, at("2026-01-26")).unwrap();
    let active_of = |activity: EventFilter| {
        let params = GrowthParams { activity, ..GrowthParams::by(Period::Week) };
        let table = growth(&facts, &params).unwrap();
        table.overall.periods.iter().map(counts).collect::<Vec<_>>()
    };
    let gone = [[1, 1, 0, 0, 0], [0, 0, 0, 0, 1], [0; 5]];
    assert_eq!(active_of(EventFilter::Transactions), gone);
    let back = [[1, 1, 0, 0, 0], [0, 0, 0, 0, 1], [1, 0, 0, 1, 0]];
    assert_eq!(active_of(EventFilter::Any), back);
}

#[test]
fn days_are_those_of_the_zone() {
    // 31 January, 20:00 in London is 1 February in Sydney.
    let utc =
        facts(&[("a", "2026-01-10", None)], &[("a", "2026-01-31 20:00", 1.0, 1.0)], "2026-03-01");
    let months = |facts: &Facts| {
        let table = growth(facts, &GrowthParams::by(Period::Month)).unwrap();
        table.overall.periods.iter().map(counts).collect::<Vec<_>>()
    };
    assert_eq!(months(&utc), [[1, 1, 0, 0, 0], [0, 0, 0, 0, 1]]);
    let zone = "Australia/Sydney".parse().unwrap();
    let sydney = utc.with_calendar(Calendar { zone, week_start: Weekday::Sun });
    assert_eq!(months(&sydney), [[0; 5], [1, 1, 0, 0, 0]]);
    let days = active_users(&sydney, &ActiveUsersParams::default()).unwrap().overall.days;
    let first = days.iter().find(|day| day.dau == 1).unwrap();
    assert_eq!(first.day, day("2026-02-01"));
    // March has begun in Sydney, at 11:00, and its first day is not over.
    assert_eq!(days.last().unwrap().day, day("2026-02-28"));
}

#[test]
fn without_a_complete_period_there_is_no_row() {
    let facts = facts(
        &[("a", "2026-01-05", None)],
        &[("a", "2026-01-06", 1.0, 1.0)],
        "2026-01-11", // Sunday: the week ends with it
    );
    let table = growth(&facts, &GrowthParams::by(Period::Week)).unwrap();
    assert!(table.overall.periods.is_empty() && table.cohorts[0].periods.is_empty());
    assert_eq!(table.frame().unwrap().height(), 0);
    let none = Facts::new(&users(&[]), &crate::support::events(&[]), at("2026-01-11")).unwrap();
    assert!(growth(&none, &GrowthParams::by(Period::Day)).unwrap().overall.periods.is_empty());
    assert!(active_users(&none, &ActiveUsersParams::default()).unwrap().cohorts.is_empty());
}

/// Users with a channel, and events as the user and the hour since the signups.
type World = (Vec<Option<u8>>, Vec<(usize, u32)>);

fn world() -> impl Strategy<Value = World> {
    let channels = prop::collection::vec(prop::option::of(0u8..3), 1..12);
    channels.prop_flat_map(|channels| {
        let events = prop::collection::vec((0..channels.len(), 0u32..24 * 90), 0..60);
        (Just(channels), events)
    })
}

fn facts_of((channels, events): &World, name: impl Fn(usize) -> String) -> Facts {
    let first = at("2026-01-01").naive_utc();
    let users = df!(
        "user" => (0..channels.len()).map(&name).collect::<Vec<_>>(),
        "signup_at" => vec![first; channels.len()],
        "channel" => channels.iter().map(|c| c.map(|c| c.to_string())).collect::<Vec<_>>(),
    );
    let hours = |hour: u32| first + chrono::TimeDelta::hours(hour.into());
    let events = df!(
        "user" => events.iter().map(|(user, _)| name(*user)).collect::<Vec<_>>(),
        "at" => events.iter().map(|(_, hour)| hours(*hour)).collect::<Vec<_>>(),
        "kind" => vec!["trade"; events.len()],
        "volume_usd" => vec![1.0; events.len()],
        "revenue_usd" => vec![1.0; events.len()],
    );
    Facts::new(&users.unwrap(), &events.unwrap(), at("2026-03-25")).unwrap()
}

proptest! {
    #[test]
    fn parts_sum_to_wholes_whatever_users_are_called(
        world in world(),
        period in prop::sample::select(vec![Period::Day, Period::Week, Period::Month]),
    ) {
        let facts = facts_of(&world, |user| format!("{user:03}"));
        let params = GrowthParams { by: Cohort::dimension("channel"), ..GrowthParams::by(period) };
        let table = growth(&facts, &params).unwrap();
        let mut before = 0;
        for (place, all) in table.overall.periods.iter().enumerate() {
            prop_assert_eq!(all.active, all.new + all.retained + all.resurrected);
            prop_assert_eq!(before, all.retained + all.churned);
            before = all.active;
            let of_cohorts = table.cohorts.iter().map(|cohort| counts(&cohort.periods[place]));
            let sum = of_cohorts.fold([0; 5], |sum, of| std::array::from_fn(|at| sum[at] + of[at]));
            prop_assert_eq!(sum, counts(all));
        }
        let active_params = ActiveUsersParams { by: params.by.clone(), ..Default::default() };
        let days = active_users(&facts, &active_params).unwrap();
        for (place, all) in days.overall.days.iter().enumerate() {
            prop_assert!(all.dau <= all.wau && all.wau <= all.mau);
            let of_cohorts = days.cohorts.iter().map(|cohort| active(&cohort.days[place]));
            let sum = of_cohorts.fold([0; 3], |sum, of| std::array::from_fn(|at| sum[at] + of[at]));
            prop_assert_eq!(sum, active(all));
            if period == Period::Day {
                prop_assert_eq!(all.dau, table.overall.periods[place].active);
            }
        }
        // Other names, another order of rows.
        let mut shuffled = world.clone();
        shuffled.1.reverse();
        let renamed = facts_of(&shuffled, |user| format!("{:03}", 999 - user));
        prop_assert_eq!(&growth(&renamed, &params).unwrap(), &table);
        prop_assert_eq!(&active_users(&renamed, &active_params).unwrap(), &days);
    }
}
