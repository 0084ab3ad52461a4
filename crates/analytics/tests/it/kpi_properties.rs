use polars::prelude::*;
use proptest::prelude::*;
use tidegauge_analytics::kpi::{Board, BoardParams, FunnelParams, Metric, board, funnel};
use tidegauge_analytics::volume::{IncidenceParams, concentration, incidence};
use tidegauge_analytics::{Cohort, Facts, Period};
use tidegauge_models::Estimate;

use crate::support::at;

/// The kinds of events.
const KINDS: [&str; 4] = ["trade", "ramp", "deposit", "withdrawal"];

/// An event: its user, the hour since the first signup, the kind, and the volume.
type Row = (usize, u32, usize, u32);

/// The tiers of users, with their events.
type World = (Vec<Option<u8>>, Vec<Row>);

fn world() -> impl Strategy<Value = World> {
    let tiers = prop::collection::vec(prop::option::of(0u8..3), 1..25);
    tiers.prop_flat_map(|tiers| {
        let row = (0..tiers.len(), 0u32..24 * 75, 0..KINDS.len(), 1u32..20_000);
        (Just(tiers), prop::collection::vec(row, 0..120))
    })
}

fn facts_of((tiers, rows): &World, name: impl Fn(usize) -> i64) -> Facts {
    let first = at("2026-01-01").naive_utc();
    let signup = |user: usize| first + chrono::TimeDelta::days(i64::try_from(user % 40).unwrap());
    let users = df!(
        "user" => (0..tiers.len()).map(&name).collect::<Vec<_>>(),
        "signup_at" => (0..tiers.len()).map(signup).collect::<Vec<_>>(),
        "tier" => tiers.iter().map(|tier| tier.map(|tier| tier.to_string())).collect::<Vec<_>>(),
    );
    let time = |row: &Row| signup(row.0) + chrono::TimeDelta::hours(row.1.into());
    let moves = |row: &Row| if row.2 < 2 { f64::from(row.3) } else { 0.0 };
    let events = df!(
        "user" => rows.iter().map(|row| name(row.0)).collect::<Vec<_>>(),
        "at" => rows.iter().map(time).collect::<Vec<_>>(),
        "kind" => rows.iter().map(|row| KINDS[row.2]).collect::<Vec<_>>(),
        "volume_usd" => rows.iter().map(moves).collect::<Vec<_>>(),
        "revenue_usd" => rows.iter().map(|row| f64::from(row.3 % 64)).collect::<Vec<_>>(),
    );
    Facts::new(&users.unwrap(), &events.unwrap(), at("2026-03-25")).unwrap()
}

fn is_near(one: Option<f64>, other: Option<f64>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => {
            (one - other).abs() <= 1e-9 * one.abs().max(other.abs()).max(1.0)
        }
        (one, other) => one == other,
    }
}

fn are_alike(one: &Estimate, other: &Estimate) -> bool {
    let low = |estimate: &Estimate| estimate.interval.map(|interval| interval.low);
    let high = |estimate: &Estimate| estimate.interval.map(|interval| interval.high);
    one.n == other.n
        && is_near(one.value, other.value)
        && is_near(low(one), low(other))
        && is_near(high(one), high(other))
}

/// Returns the sum of a metric over the periods of a board.
fn total(board: &Board, metric: Metric) -> f64 {
    let whole = board.kpis.iter().filter(|kpi| kpi.metric == metric && kpi.dimension.is_none());
    whole.filter_map(|kpi| kpi.value.value).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn names_and_order_of_users_change_no_figure(world in world()) {
        let facts = facts_of(&world, |user| i64::try_from(user).unwrap());
        let mut shuffled = world.clone();
        shuffled.1.reverse();
        let renamed = facts_of(&shuffled, |user| 1_000 - 7 * i64::try_from(user).unwrap());
        let params =
            BoardParams { dimension: Some("tier".to_owned()), ..BoardParams::by(Period::Week) };
        let (one, other) = (board(&facts, &params).unwrap(), board(&renamed, &params).unwrap());
        prop_assert_eq!(one.kpis.len(), other.kpis.len());
        for (one, other) in one.kpis.iter().zip(&other.kpis) {
            prop_assert_eq!((one.metric, &one.label), (other.metric, &other.label));
            prop_assert!(are_alike(&one.value, &other.value), "{one:?} {other:?}");
            prop_assert!(are_alike(&one.change, &other.change), "{one:?} {other:?}");
        }
        let by_tier = Cohort::dimension("tier");
        let incidences = |facts: &Facts| incidence(facts, &by_tier, &IncidenceParams::default());
        prop_assert_eq!(incidences(&facts).unwrap(), incidences(&renamed).unwrap());
        let funnels = |facts: &Facts| {
            funnel(facts, &FunnelParams { by: by_tier.clone(), ..FunnelParams::default() })
        };
        prop_assert_eq!(funnels(&facts).unwrap(), funnels(&renamed).unwrap());
        let volumes = |facts: &Facts| concentration(facts, Some(90)).unwrap();
        prop_assert_eq!(volumes(&facts), volumes(&renamed));
    }

    #[test]
    fn sums_of_days_are_sums_of_weeks_and_shares_sum_to_one(world in world()) {
        let facts = facts_of(&world, |user| i64::try_from(user).unwrap());
        // Weeks from Thursday on, as the data begin, to Wednesday, as they end.
        let calendar = tidegauge_analytics::Calendar {
            week_start: chrono::Weekday::Thu,
            ..Default::default()
        };
        let facts = facts.with_calendar(calendar);
        let of = |period: Period| board(&facts, &BoardParams::by(period)).unwrap();
        let (days, weeks) = (of(Period::Day), of(Period::Week));
        prop_assert_eq!((days.periods.len(), weeks.periods.len()), (83, 11));
        let last_week = *weeks.periods.last().unwrap() + chrono::Days::new(7);
        let mut days = days;
        days.kpis.retain(|kpi| kpi.start < last_week);
        for metric in [
            Metric::Volume,
            Metric::GrossRevenue,
            Metric::NetRevenue,
            Metric::Signups,
            Metric::NewFundedAccounts,
        ] {
            prop_assert_eq!(total(&days, metric), total(&weeks, metric), "{:?}", metric);
        }
        for start in &weeks.periods {
            let shares = weeks.kpis.iter().filter(|kpi| {
                kpi.start == *start && kpi.metric == Metric::RevenueShare
            });
            let shares: Vec<f64> = shares.filter_map(|kpi| kpi.value.value).collect();
            prop_assert!(shares.is_empty() || (shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        }
    }
}
