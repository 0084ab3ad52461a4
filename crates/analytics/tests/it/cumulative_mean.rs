//! The lifetime value of cohorts against the accumulator of the crate `models`, which computes the
//! same mean cumulative function by other sums.

use polars::prelude::*;
use proptest::prelude::*;
use tidegauge_analytics::ltv::{LtvParams, ltv};
use tidegauge_analytics::models::estimate::CumulativeMean;
use tidegauge_analytics::{Cohort, Facts};

use crate::kpi_coverage::Random;
use crate::naive::compare::near;
use crate::properties::world::{View, world};
use crate::support::at;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn values_and_errors_are_those_of_the_models(world in world()) {
        let (facts, rows) = (world.facts(&View::default()), world.rows());
        let ages = [1, 7, 20, 40];
        let table = ltv(&facts, &Cohort::Everyone, &LtvParams::at(ages)).unwrap();
        let observed = |user| u32::try_from(rows.observed_days(user)).unwrap();
        let mut mean = CumulativeMean::new(&ages, rows.users.iter().map(|user| (observed(user), 1)));
        for user in &rows.users {
            let day = |at: chrono::DateTime<chrono::Utc>| u32::try_from((at - user.signup).num_days()).unwrap();
            let amounts: Vec<(u32, f64)> =
                user.events.iter().map(|event| (day(event.at), event.revenue)).collect();
            mean.add(observed(user), &amounts).unwrap();
        }
        for (place, at) in table.overall.by_age.iter().enumerate() {
            let expected = mean.estimate(place, facts.level(), 7);
            near(at.ltv.value, expected.value, at.age_days);
            prop_assert_eq!(at.ltv.n, expected.n);
            prop_assert_eq!(at.ltv.interval.is_some(), expected.interval.is_some());
        }
    }
}

#[test]
fn intervals_are_those_of_the_models() {
    let mut random = Random(5);
    let (start, end) = (at("2026-01-01"), at("2026-03-01"));
    let mut people: Vec<(i64, Vec<(u32, f64)>)> = Vec::new();
    for user in 0..400_i64 {
        let born = user * 37 % 50;
        let days: Vec<u32> = (0..40).filter(|_| random.uniform() < 0.05).collect();
        let amounts = days.into_iter();
        let amounts: Vec<_> = amounts.map(|day| (day, (1.0 + random.normal()).exp())).collect();
        people.push((born, amounts));
    }
    let days = |days: i64| start + chrono::TimeDelta::days(days);
    let paid = people.iter().zip(0_i64..).flat_map(|((born, amounts), user)| {
        amounts.iter().map(move |(day, amount)| (user, born + i64::from(*day), *amount))
    });
    let paid: Vec<_> = paid.filter(|row| days(row.1) < end).collect();
    let users = df!(
        "user" => (0..400_i64).collect::<Vec<_>>(),
        "signup_at" => people.iter().map(|(born, _)| days(*born).naive_utc()).collect::<Vec<_>>(),
    );
    let events = df!(
        "user" => paid.iter().map(|row| row.0).collect::<Vec<_>>(),
        "at" => paid.iter().map(|row| days(row.1).naive_utc()).collect::<Vec<_>>(),
        "kind" => vec!["trade"; paid.len()],
        "volume_usd" => vec![0.0; paid.len()],
        "revenue_usd" => paid.iter().map(|row| row.2).collect::<Vec<_>>(),
    );
    let facts = Facts::new(&users.unwrap(), &events.unwrap(), end).unwrap();
    let ages = [7, 20, 40];
    let table = ltv(&facts, &Cohort::Everyone, &LtvParams::at(ages)).unwrap();
    let observed = |born: i64| u32::try_from(59 - born).unwrap();
    let mut mean = CumulativeMean::new(&ages, people.iter().map(|(born, _)| (observed(*born), 1)));
    for (born, amounts) in &people {
        mean.add(observed(*born), amounts).unwrap();
    }
    for (place, at) in table.overall.by_age.iter().enumerate() {
        let expected = mean.estimate(place, facts.level(), 7);
        near(at.ltv.value, expected.value, at.age_days);
        // The bootstrap is seeded otherwise.
        let (one, other) = (at.ltv.interval.unwrap(), expected.interval.unwrap());
        let value = at.ltv.value.unwrap();
        for (one, other) in [(one.low, other.low), (one.high, other.high)] {
            let (one, other) = ((one / value).ln(), (other / value).ln());
            assert!((one / other - 1.0).abs() < 0.1, "{one} {other}");
        }
    }
}
