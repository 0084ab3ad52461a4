use polars::prelude::*;
use tidegauge_analytics::kpi::{
    Board, BoardParams, FunnelParams, FunnelStep, Kpi, Metric, Step, Unit, board, funnel,
};
use tidegauge_analytics::{Calendar, Cohort, EventFilter, Facts, Period};

use crate::support::{at, day, times};

/// An event: user, time, kind, volume, revenue, and whether it is a reversal.
type Row = (&'static str, &'static str, &'static str, f64, f64, bool);

fn facts_of(users: &[(&str, &str, &str)], rows: &[Row], end: &str) -> Facts {
    let users = df!(
        "user" => users.iter().map(|user| user.0).collect::<Vec<_>>(),
        "signup_at" => times(&users.iter().map(|user| user.1).collect::<Vec<_>>()),
        "tier" => users.iter().map(|user| user.2).collect::<Vec<_>>(),
    );
    let events = df!(
        "user" => rows.iter().map(|row| row.0).collect::<Vec<_>>(),
        "at" => times(&rows.iter().map(|row| row.1).collect::<Vec<_>>()),
        "kind" => rows.iter().map(|row| row.2).collect::<Vec<_>>(),
        "volume_usd" => rows.iter().map(|row| row.3).collect::<Vec<_>>(),
        "revenue_usd" => rows.iter().map(|row| row.4).collect::<Vec<_>>(),
        "is_reversal" => rows.iter().map(|row| row.5).collect::<Vec<_>>(),
    );
    Facts::new(&users.unwrap(), &events.unwrap(), at(end)).unwrap()
}

/// Two weeks from Monday, 5 January on, and three days of a third.
fn two_weeks() -> Facts {
    facts_of(
        &[
            ("ann", "2026-01-05", "pro"),
            ("bob", "2026-01-06", "starter"),
            ("cy", "2026-01-12", "starter"),
            ("dee", "2026-01-13", "starter"), // without events
        ],
        &[
            ("ann", "2026-01-05", "deposit", 0.0, 0.0, false),
            ("ann", "2026-01-06", "trade", 1_000.0, 2.0, false),
            ("bob", "2026-01-07", "ramp", 200.0, 4.0, false),
            ("bob", "2026-01-07", "ramp", -200.0, -200.0, true), // a chargeback
            ("ann", "2026-01-12", "trade", 3_000.0, 3.0, false),
            ("ann", "2026-01-13", "withdrawal", 0.0, 1.0, false),
            ("cy", "2026-01-18 23:59", "ramp", 1_000.0, 20.0, false),
            ("cy", "2026-01-19", "trade", 9_999.0, 9.0, false), // in the week that is not over
        ],
        "2026-01-22",
    )
}

fn weekly() -> BoardParams {
    BoardParams { dimension: Some("tier".to_owned()), ..BoardParams::by(Period::Week) }
}

fn whole(board: &Board, metric: Metric) -> [Option<f64>; 2] {
    board
        .periods
        .iter()
        .map(|start| board.get(*start, metric).unwrap().value.value)
        .collect::<Vec<_>>()
        .try_into()
        .unwrap()
}

fn part<'b>(board: &'b Board, start: &str, metric: Metric, label: &str) -> &'b Kpi {
    let found = board.kpis.iter().find(|kpi| {
        kpi.start == day(start) && kpi.metric == metric && kpi.label.as_deref() == Some(label)
    });
    found.unwrap()
}

fn near(found: Option<f64>, expected: f64) {
    assert!(found.is_some_and(|found| (found - expected).abs() < 1e-12), "{found:?} {expected}");
}

#[test]
fn figures_are_those_of_complete_periods() {
    let board = board(&two_weeks(), &weekly()).unwrap();
    assert_eq!(board.periods, [day("2026-01-05"), day("2026-01-12")]);
    let expected = [
        (Metric::TransactingUsers, [2.0, 2.0]),
        (Metric::Volume, [1_200.0, 4_000.0]), // before the chargeback
        (Metric::VolumePerUser, [600.0, 2_000.0]),
        (Metric::GrossRevenue, [6.0, 24.0]), // with the fee of the withdrawal
        (Metric::NetRevenue, [-194.0, 24.0]),
        (Metric::TakeRate, [0.005, 23.0 / 4_000.0]), // without it
        (Metric::Signups, [2.0, 2.0]),
        (Metric::NewFundedAccounts, [2.0, 1.0]),
    ];
    for (metric, values) in expected {
        assert_eq!(whole(&board, metric), values.map(Some), "{metric:?}");
    }
    // Of 1,000 and 200: (2·1·200 + 2·2·1,000)/(2·1,200) − 3/2 = 1/3, times 2/1.
    near(board.get(day("2026-01-05"), Metric::Gini).unwrap().value.value, 2.0 / 3.0);
    let share = |start, label| part(&board, start, Metric::RevenueShare, label).value.value;
    near(share("2026-01-05", "trade"), 2.0 / 6.0);
    near(share("2026-01-05", "ramp"), 4.0 / 6.0);
    near(share("2026-01-12", "withdrawal"), 1.0 / 24.0);
    let rate = |start, label| part(&board, start, Metric::TakeRate, label).value.value;
    near(rate("2026-01-05", "pro"), 0.002);
    near(rate("2026-01-05", "starter"), 0.02);
    near(rate("2026-01-12", "trade"), 0.001);
    // Deposits and withdrawals are no transactions, and have no take rate.
    let kinds: Vec<_> = board.kpis.iter().filter(|kpi| kpi.metric == Metric::TakeRate).collect();
    assert!(kinds.iter().all(|kpi| kpi.label.as_deref() != Some("withdrawal")));
    assert_eq!(Metric::TakeRate.unit(), Unit::Share);
}

#[test]
fn parts_sum_to_the_whole() {
    let board = board(&two_weeks(), &weekly()).unwrap();
    for start in &board.periods {
        let shares = board
            .kpis
            .iter()
            .filter(|kpi| kpi.metric == Metric::RevenueShare && kpi.start == *start);
        near(Some(shares.filter_map(|kpi| kpi.value.value).sum()), 1.0);
    }
    let frame = board.frame().unwrap();
    assert_eq!(frame.shape(), (board.kpis.len(), 8 + 2 * 7));
    // 11 whole figures, and by part 4 revenue shares, 2 take rates by kind and 2 by tier.
    assert_eq!(board.kpis.len(), 2 * (11 + 4 + 2 + 2));
}

#[test]
fn a_change_has_the_variance_of_each_users_own_change() {
    // Ten users trade 100 in the first week; five of them 400 in the second, with five new ones.
    let names: Vec<&str> = (0..15).map(|user| &*format!("u{user:02}").leak()).collect();
    let users: Vec<_> = names.iter().map(|name| (*name, "2026-01-05", "pro")).collect();
    let mut rows: Vec<Row> = Vec::new();
    for (user, name) in names.iter().enumerate() {
        if user < 10 {
            rows.push((*name, "2026-01-06", "trade", 100.0, 1.0, false));
        }
        if user >= 5 {
            rows.push((*name, "2026-01-13", "trade", 400.0, 1.0, false));
        }
    }
    let board = board(&facts_of(&users, &rows, "2026-01-19"), &weekly()).unwrap();
    let second = |metric| board.get(day("2026-01-12"), metric).unwrap();
    let volume = second(Metric::Volume);
    assert_eq!((volume.before, volume.change.value), (Some(1_000.0), Some(3_000.0)));
    near(volume.relative_change(), 3.0);
    // Five lose 100, five gain 300, five gain 400: se = √(5e4 + 4.5e5 + 8e5); the degrees of
    // freedom are (1.3e6)²/(5e8 + 4.05e10 + 1.28e11) = 10, t = 1.8125.
    let interval = volume.change.interval.unwrap();
    let reach = (interval.high - interval.low) / 2.0;
    assert!((reach / 1_300_000.0_f64.sqrt() - 1.8125).abs() < 0.005, "{reach}");
    assert_eq!((volume.change.n, volume.change.flags.few), (15, true));
    assert_eq!(volume.is_noise, Some(false));
    // As many users, five gained and five lost.
    let users = second(Metric::TransactingUsers);
    assert_eq!((users.change.value, users.change.n, users.is_noise), (Some(0.0), 10, Some(true)));
    // All users have the same volume, so that there is no spread about the mean.
    let per_user = second(Metric::VolumePerUser);
    assert_eq!((per_user.value.value, per_user.value.interval), (Some(400.0), None));
    assert_eq!((per_user.change.value, per_user.is_noise), (Some(300.0), None));
    // Two weeks are too few days to know how arrivals vary.
    let signups = second(Metric::Signups);
    assert_eq!((signups.change.value, signups.is_noise), (Some(-15.0), None));
    // The first period has nothing before it.
    let first = board.get(day("2026-01-05"), Metric::Volume).unwrap();
    assert_eq!((first.before, first.change.value, first.is_noise), (None, None, None));
}

#[test]
fn too_few_users_have_no_interval() {
    let board = board(&two_weeks(), &weekly()).unwrap();
    let volume = board.get(day("2026-01-12"), Metric::Volume).unwrap();
    assert_eq!((volume.change.value, volume.change.n), (Some(2_800.0), 3));
    assert_eq!((volume.change.interval, volume.is_noise), (None, None));
    let take_rate = part(&board, "2026-01-05", Metric::TakeRate, "pro");
    assert_eq!((take_rate.value.n, take_rate.value.interval), (1, None));
}

#[test]
fn a_user_who_does_the_same_adds_no_noise() {
    let names: Vec<String> = (0..60).map(|user| format!("u{user:02}")).collect();
    let users: Vec<_> = names.iter().map(|name| (name.as_str(), "2026-01-05", "pro")).collect();
    let mut rows = Vec::new();
    for (user, name) in names.iter().enumerate() {
        let volume = if user == 0 { 1e6 } else { 100.0 };
        let name: &'static str = name.clone().leak();
        rows.push((name, "2026-01-06", "trade", volume, 1.0, false));
        rows.push((name, "2026-01-13", "trade", volume + 1.0, 1.0, false));
    }
    let board = board(&facts_of(&users, &rows, "2026-01-19"), &weekly()).unwrap();
    let volume = board.get(day("2026-01-12"), Metric::Volume).unwrap();
    // Each of 60 users adds a dollar: 60 ± 1.67 √60, though one of them is a million of volume.
    assert_eq!((volume.change.value, volume.is_noise), (Some(60.0), Some(false)));
    assert!(!volume.change.flags.few);
    let interval = volume.change.interval.unwrap();
    assert!((interval.low - (60.0 - 1.6706 * 60.0_f64.sqrt())).abs() < 0.01, "{interval:?}");
}

#[test]
fn sums_are_compared_at_equal_numbers_of_days() {
    let events = [
        ("ann", "2026-01-10", "trade", 310.0, 1.0, false),
        ("ann", "2026-02-10", "trade", 280.0, 1.0, false),
    ];
    let facts = facts_of(&[("ann", "2026-01-01", "pro")], &events, "2026-03-15");
    let monthly = board(&facts, &BoardParams::by(Period::Month)).unwrap();
    let volume = monthly.get(day("2026-02-01"), Metric::Volume).unwrap();
    // 10 a day in both months.
    assert_eq!((volume.before, volume.change.value), (Some(310.0), Some(0.0)));
    near(volume.relative_change(), 0.0);
    let per_user = monthly.get(day("2026-02-01"), Metric::VolumePerUser).unwrap();
    assert_eq!(per_user.change.value, Some(-30.0));
    // Data from 2 January on do not tell all of January.
    let later = facts_of(&[("ann", "2026-01-02", "pro")], &events, "2026-03-15");
    let monthly = board(&later, &BoardParams::by(Period::Month)).unwrap();
    let volume = monthly.get(day("2026-02-01"), Metric::Volume).unwrap();
    assert_eq!((volume.value.value, volume.before, volume.is_noise), (Some(280.0), None, None));
}

#[test]
fn arrivals_vary_as_their_days_do() {
    // Ten signups a day for five weeks, and twenty a day in the sixth.
    let mut users = Vec::new();
    for number in 0..35 * 10 + 7 * 20 {
        let after = if number < 350 { number / 10 } else { 35 + (number - 350) / 20 };
        let date = day("2026-01-05") + chrono::Days::new(after);
        let (name, date): (&str, &str) = (format!("u{number:03}").leak(), date.to_string().leak());
        users.push((name, date, "pro"));
    }
    let facts = facts_of(&users, &[], "2026-02-16");
    let signups = board(&facts, &BoardParams::by(Period::Week)).unwrap();
    let on = |start| signups.get(day(start), Metric::Signups).unwrap();
    assert_eq!((on("2026-02-02").value.value, on("2026-02-02").is_noise), (Some(70.0), Some(true)));
    let last = on("2026-02-09");
    assert_eq!((last.change.value, last.is_noise), (Some(70.0), Some(false)));
    // Poisson counts, since the days are as even as can be: √(70² …) about ± 1.7 √(70 + 140).
    let interval = last.change.interval.unwrap();
    assert!(interval.low > 40.0 && interval.high < 105.0, "{interval:?}");
    // No user transacts: no take rate, no concentration, and no error.
    assert_eq!(signups.get(day("2026-02-09"), Metric::TakeRate).unwrap().value.value, None);
    assert_eq!(signups.get(day("2026-02-09"), Metric::Gini).unwrap().value.value, None);
}

#[test]
fn names_and_order_of_users_change_no_figure() {
    let one = board(&two_weeks(), &weekly()).unwrap();
    let rename = |name: &str| match name {
        "ann" => "zoe",
        "bob" => "yan",
        "cy" => "al",
        _ => "bea",
    };
    let facts = two_weeks();
    let events = facts.events().unwrap().lazy().reverse().collect().unwrap();
    let users = facts.users().unwrap();
    let renamed = |frame: &DataFrame| {
        let names = frame.column("user").unwrap().str().unwrap().clone();
        let names: StringChunked = names.iter().map(|name| name.map(rename)).collect();
        let mut frame = frame.clone();
        frame.with_column(names.with_name("user".into()).into_column()).unwrap();
        frame
    };
    let users = renamed(&users.drop("entry_product").unwrap());
    let other = Facts::new(&users, &renamed(&events), facts.end()).unwrap();
    assert_eq!(board(&other, &weekly()).unwrap(), one);
}

#[test]
fn periods_are_those_of_the_zone() {
    let zone = "Asia/Kathmandu".parse().unwrap();
    let facts = facts_of(
        &[("ann", "2026-01-04 18:15", "pro")], // Monday, 00:00 in Kathmandu
        &[("ann", "2026-01-11 18:14", "trade", 10.0, 1.0, false)],
        "2026-01-11 18:15",
    );
    // In UTC it is Sunday, and the week of the trade is not over.
    assert_eq!(board(&facts, &weekly()).unwrap().periods, [day("2025-12-29")]);
    let facts = facts.with_calendar(Calendar { zone, ..Calendar::default() });
    let board = board(&facts, &weekly()).unwrap();
    assert_eq!(board.periods, [day("2026-01-05")]);
    assert_eq!(board.get(day("2026-01-05"), Metric::Volume).unwrap().value.value, Some(10.0));
}

#[test]
fn only_chosen_kinds_are_transactions() {
    let params =
        BoardParams { transactions: EventFilter::only(["trade"]), ..BoardParams::by(Period::Week) };
    let board = board(&two_weeks(), &params).unwrap();
    assert_eq!(whole(&board, Metric::TransactingUsers), [Some(1.0), Some(1.0)]);
    assert_eq!(whole(&board, Metric::Volume), [Some(1_000.0), Some(3_000.0)]);
    let unknown = BoardParams { dimension: Some("shoe".to_owned()), ..params };
    let error = tidegauge_analytics::kpi::board(&two_weeks(), &unknown).unwrap_err().to_string();
    assert!(error.contains("need a column `shoe`"), "{error}");
}

fn counts(steps: &[FunnelStep]) -> Vec<(Step, u64, u64)> {
    steps.iter().map(|step| (step.step, step.users, step.dropped)).collect()
}

fn funnel_facts() -> Facts {
    let users = df!(
        "user" => ["a", "b", "c", "d", "e"],
        "signup_at" => times(&[
            "2026-01-01", "2026-01-01", "2026-01-01", "2026-01-01",
            "2026-02-20", // 9 days old
        ]),
        "verified_at" => [
            Some(at("2026-01-01 01:00").naive_utc()),
            Some(at("2026-01-30 23:59").naive_utc()),
            None,
            Some(at("2026-01-31 00:00").naive_utc()), // 30 days after
            Some(at("2026-02-20 01:00").naive_utc()),
        ],
        "channel" => [Some("search"), Some("search"), None, None, None],
    );
    let events = df!(
        "user" => ["a", "a", "b", "c", "d", "e"],
        "at" => times(&[
            "2026-01-02", "2026-01-03", "2026-01-02", "2026-01-02", "2026-01-02", "2026-02-21",
        ]),
        "kind" => ["deposit", "trade", "ramp", "deposit", "deposit", "deposit"],
        "volume_usd" => [0.0, 10.0, 10.0, 0.0, 0.0, 0.0],
        "revenue_usd" => [0.0; 6],
    );
    Facts::new(&users.unwrap(), &events.unwrap(), at("2026-03-01")).unwrap()
}

#[test]
fn a_funnel_never_widens() {
    let table = funnel(&funnel_facts(), &FunnelParams::default()).unwrap();
    // e is too young; c was never verified and d too late, though both have deposits.
    assert_eq!(
        counts(&table.overall.steps),
        [
            (Step::SignedUp, 4, 0),
            (Step::Verified, 2, 2),
            (Step::Funded, 2, 0),
            (Step::Traded, 1, 1),
        ]
    );
    let traded = table.overall.steps[3];
    assert_eq!((traded.of_signups.value, traded.of_previous.value), (Some(0.25), Some(0.5)));
    assert_eq!((traded.of_signups.n, traded.of_previous.n), (4, 2));
    let to_date = FunnelParams { within_days: None, ..FunnelParams::default() };
    let table = funnel(&funnel_facts(), &to_date).unwrap();
    let users: Vec<_> = table.overall.steps.iter().map(|step| step.users).collect();
    assert_eq!(users, [5, 4, 4, 1]);
}

#[test]
fn funnels_of_channels_sum_to_that_of_all() {
    let by_channel = FunnelParams { by: Cohort::dimension("channel"), ..FunnelParams::default() };
    let table = funnel(&funnel_facts(), &by_channel).unwrap();
    let labels: Vec<_> = table.cohorts.iter().map(|cohort| cohort.cohort.as_deref()).collect();
    assert_eq!(labels, [Some("search"), None]);
    for (place, all) in table.overall.steps.iter().enumerate() {
        let of_cohorts = table.cohorts.iter().map(|cohort| cohort.steps[place].users);
        assert_eq!(of_cohorts.sum::<u64>(), all.users);
    }
    assert_eq!(table.frame().unwrap().shape(), (8, 4 + 2 * 7));
    // By month of the signup, February has no user who is old enough.
    let by_month = FunnelParams { by: Cohort::Signup(Period::Month), ..FunnelParams::default() };
    assert_eq!(funnel(&funnel_facts(), &by_month).unwrap().cohorts.len(), 1);
    let none = FunnelParams { within_days: Some(0), ..FunnelParams::default() };
    assert!(funnel(&funnel_facts(), &none).is_err());
}

#[test]
fn a_step_that_is_not_recorded_is_left_out() {
    let table =
        funnel(&two_weeks(), &FunnelParams { within_days: None, ..FunnelParams::default() });
    let steps = table.unwrap().overall.steps;
    let expected = [(Step::SignedUp, 4, 0), (Step::Funded, 3, 1), (Step::Traded, 2, 1)];
    assert_eq!(counts(&steps), expected);
}
