use chrono::TimeDelta;
use polars::prelude::*;
use tidegauge_analytics::Facts;
use tidegauge_analytics::volume::{
    Feature, FittedPrediction, PredictionParams, PredictionResult, VolumePrediction, predict,
};

use crate::support::at;

/// A user: their trades in the first week, whether they enter by a purchase, and their volume later.
type User = (u32, bool, f64);

/// Users who sign up one an hour.
fn facts_of(users: &[User]) -> Facts {
    let first = at("2025-01-01").naive_utc();
    let signup = |user: i64| first + TimeDelta::hours(user);
    let (mut of, mut when, mut kinds, mut volumes) = (vec![], vec![], vec![], vec![]);
    for (user, (trades, by_ramp, later)) in (0_i64..).zip(users) {
        let mut push = |after: TimeDelta, kind: &'static str, volume: f64| {
            of.push(user);
            when.push(signup(user) + after);
            kinds.push(kind);
            volumes.push(volume);
        };
        if *by_ramp {
            push(TimeDelta::hours(1), "ramp", 10.0);
        }
        for trade in 0..*trades {
            push(TimeDelta::hours(2 + 30 * i64::from(trade)), "trade", 100.0);
        }
        push(TimeDelta::days(40), "trade", *later);
    }
    let users = df!(
        "user" => (0_i64..).take(users.len()).collect::<Vec<_>>(),
        "signup_at" => (0_i64..).take(users.len()).map(signup).collect::<Vec<_>>(),
    );
    let events = df!(
        "user" => of,
        "at" => when,
        "kind" => kinds,
        "volume_usd" => volumes.clone(),
        "revenue_usd" => vec![0.0; volumes.len()],
    );
    Facts::new(&users.unwrap(), &events.unwrap(), at("2026-01-01")).unwrap()
}

/// A number from 0 to 1 of a user (SplitMix64).
fn uniform(user: usize) -> f64 {
    let mixed = (user as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

/// Users whose odds of a high volume double with each trade of the first week, from 1 to 8.
fn world(users: usize) -> Vec<User> {
    let user = |user: usize| {
        let trades = [0, 1, 2, 3, 4][user * 7 % 5];
        let odds = 0.125 * 2.0_f64.powi(i32::try_from(trades).unwrap());
        let later = if uniform(user) < odds / (1.0 + odds) { 20_000.0 } else { 50.0 };
        (trades, user * 3 % 7 < 2, later)
    };
    (0..users).map(user).collect()
}

fn fitted(prediction: &VolumePrediction) -> &FittedPrediction {
    match &prediction.result {
        PredictionResult::Fitted(fitted) => fitted,
        PredictionResult::Refused(reason) => panic!("{reason}"),
    }
}

#[test]
fn older_users_tell_of_newer_ones() {
    let prediction = predict(&facts_of(&world(6_000)), &PredictionParams::default()).unwrap();
    assert_eq!((prediction.users.users, prediction.reached_before), (6_000, 0));
    let model = fitted(&prediction);
    assert_eq!((model.fitted.users, model.held_out.users), (4_500, 1_500));
    assert_eq!(model.fitted.high_volume + model.held_out.high_volume, prediction.users.high_volume);
    // The 4,501st user is the first held out.
    assert_eq!(model.cut, at("2025-01-01") + TimeDelta::hours(4_500));
    let auc = model.auc;
    assert!(auc.value.unwrap() > 0.65 && auc.interval.unwrap().low > 0.6, "{auc:?}");
    assert!(model.calibration_slope.interval.unwrap().contains(1.0), "{model:?}");
    assert!(model.brier.value.unwrap() < 0.25);
    let observed: u64 = model.calibration.iter().map(|group| group.observed.n).sum();
    assert_eq!(observed, 1_500);
    let effect =
        |feature: Feature| *model.effects.iter().find(|effect| effect.feature == feature).unwrap();
    // The log-odds rise by ln 2 with each trade, which are a day apart.
    assert!(effect(Feature::ActiveDays).odds_ratio.interval.unwrap().low > 1.0);
    assert_eq!(model.frame().unwrap().shape(), (6, 3 + 7));
    let accuracy = model.accuracy_frame().unwrap();
    let values = accuracy.column("value").unwrap().f64().unwrap();
    assert_eq!((accuracy.height(), values.get(0)), (4, model.auc.value));
    let groups = model.calibration_frame().unwrap();
    assert_eq!(groups.shape(), (model.calibration.len(), 1 + 7));
    let predicted = groups.column("predicted").unwrap().f64().unwrap();
    assert!(predicted.get(0) < predicted.get(groups.height() - 1), "ascending predictions");
    // The probability is that of the published coefficients.
    let few = model.probability(&[0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    let log = |number: f64| number.ln_1p();
    let many = model.probability(&[log(4.0), log(4.0), log(400.0), 4.0, 0.0, 1.0]);
    assert!((0.03..0.25).contains(&few) && (0.45..0.85).contains(&many), "{few} {many}");
}

#[test]
fn users_who_are_there_already_are_not_predicted() {
    let mut users = world(400);
    users.extend([(4, false, 99_999.0); 5]);
    let params = PredictionParams { threshold_usd: 400.0, ..PredictionParams::default() };
    let prediction = predict(&facts_of(&users), &params).unwrap();
    // Users with four trades have 400 within the week.
    let already = users.iter().filter(|user| user.0 == 4).count() as u64;
    assert_eq!(prediction.reached_before, already);
    assert_eq!(prediction.users.users, 405 - already);
}

#[test]
fn too_few_users_of_an_outcome_are_refused() {
    let users: Vec<User> =
        (0..300).map(|user| (1, false, if user < 29 { 2e4 } else { 1.0 })).collect();
    let prediction = predict(&facts_of(&users), &PredictionParams::default()).unwrap();
    let PredictionResult::Refused(reason) = &prediction.result else { panic!("{prediction:?}") };
    let reason = reason.to_string();
    assert!(
        reason.contains("older users have 29 high-volume traders, and 30 are needed"),
        "{reason}"
    );
    // All of the newer ones are of one outcome.
    let users: Vec<User> =
        (0..300).map(|user| (1, false, if user < 60 { 2e4 } else { 1.0 })).collect();
    let prediction = predict(&facts_of(&users), &PredictionParams::default()).unwrap();
    let PredictionResult::Refused(reason) = &prediction.result else { panic!("{prediction:?}") };
    assert!(reason.to_string().contains("newer users have 0"), "{reason}");
}

#[test]
fn a_constant_feature_has_no_odds_ratio_and_without_ridge_no_model() {
    let users: Vec<User> =
        world(1_000).into_iter().map(|(trades, _, later)| (trades.max(1), false, later)).collect();
    let facts = facts_of(&users);
    let prediction = predict(&facts, &PredictionParams::default()).unwrap();
    let ramp = fitted(&prediction).effects[4];
    assert_eq!(
        (ramp.feature, ramp.coefficient, ramp.odds_ratio.value),
        (Feature::RampEntry, 0.0, None)
    );
    let params = PredictionParams { ridge: 0.0, ..PredictionParams::default() };
    let prediction = predict(&facts, &params).unwrap();
    let PredictionResult::Refused(reason) = &prediction.result else { panic!("{prediction:?}") };
    assert!(reason.to_string().contains("is not identified"), "{reason}");
}

#[test]
fn young_users_and_bad_parameters() {
    // Those of the last 90 days are too young: hours 275 · 24 and later.
    let facts = facts_of(&world(24 * 280));
    let prediction = predict(&facts, &PredictionParams::default()).unwrap();
    assert_eq!(prediction.users.users, 24 * 275 + 1);
    for params in [
        PredictionParams { threshold_usd: 0.0, ..PredictionParams::default() },
        PredictionParams { first_days: 90, ..PredictionParams::default() },
        PredictionParams { first_days: 0, ..PredictionParams::default() },
        PredictionParams { holdout: 1.0, ..PredictionParams::default() },
        PredictionParams { ridge: -1.0, ..PredictionParams::default() },
    ] {
        assert!(predict(&facts, &params).is_err(), "{params:?}");
    }
}
