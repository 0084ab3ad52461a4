//! The prediction of high volume from the first days.

use chrono::DateTime;
use tidegauge_models::classify::{Features, Logistic, LogisticParams, auc, calibration};
use tidegauge_models::{Estimate, Interval, Method};

use super::first_days::{FEATURES, FirstDays};
use super::prediction_table::{
    CalibrationGroup, Feature, FeatureEffect, FittedPrediction, PredictionParams, PredictionResult,
    Refusal, SampleSize, VolumePrediction,
};
use crate::dates::days;
use crate::facts::{Accumulate, EventFilter, Facts, UserEvents};
use crate::{Error, Result};

/// The most users of a model.
const MAX_USERS: u64 = 200_000;

/// The fewest users of each outcome in the fit: 5 for each of the features.
const MIN_FITTED: u64 = 30;

/// The fewest users of each outcome held out.
const MIN_HELD_OUT: u64 = 10;

/// The number of groups of the calibration.
const GROUPS: usize = 10;

/// Users after their first days, and what became of them.
struct Outcomes<'f> {
    facts: &'f Facts,
    first_days: FirstDays,
    threshold_usd: f64,
    /// In microseconds.
    within: i64,
    /// One user of so many is in the sample.
    stride: u64,
    signups: Vec<i64>,
    /// The features, those of a user adjacent.
    features: Vec<f64>,
    high_volume: Vec<bool>,
    reached_before: u64,
}

impl Accumulate for Outcomes<'_> {
    fn add(&mut self, user: UserEvents<'_>) {
        let signup = self.facts.users.signup_at[user.user];
        let is_sampled = self.facts.users.ids.hash(user.user).is_multiple_of(self.stride);
        let until = signup.saturating_add(self.within);
        if until > self.facts.end_micros() || !is_sampled {
            return;
        }
        let observed = self.first_days.observe(user, signup);
        if observed.volume_usd >= self.threshold_usd {
            self.reached_before += 1;
            return;
        }
        let counted = user.iter().take_while(|event| event.at < until);
        let volume: f64 = counted.map(|event| event.volume_usd).sum();
        self.signups.push(signup);
        self.features.extend(observed.features);
        self.high_volume.push(volume >= self.threshold_usd);
    }

    fn merge(&mut self, following: Self) {
        self.signups.extend(following.signups);
        self.features.extend(following.features);
        self.high_volume.extend(following.high_volume);
        self.reached_before += following.reached_before;
    }
}

/// Users of one side of the cut.
#[derive(Debug, Default)]
struct Sample {
    features: Vec<f64>,
    high_volume: Vec<bool>,
}

impl Sample {
    fn size(&self) -> SampleSize {
        let high_volume = self.high_volume.iter().filter(|high| **high).count() as u64;
        SampleSize { users: self.high_volume.len() as u64, high_volume }
    }

    /// Checks that there are enough users of each outcome.
    fn check(&self, sample: &'static str, needed: u64) -> Result<(), Refusal> {
        let SampleSize { users, high_volume } = self.size();
        let outcomes = [("high-volume traders", high_volume), ("other users", users - high_volume)];
        let few = outcomes.into_iter().find(|(_, found)| *found < needed);
        few.map_or(Ok(()), |(outcome, found)| {
            Err(Refusal::TooFew { sample, outcome, found, needed })
        })
    }
}

/// Predicts who becomes a high-volume trader from the behaviour of the first days, with a ridge
/// logistic model that is fitted to older users and tried on newer ones.
///
/// Users count if they have been observed for all of [`PredictionParams::within_days`], and are no
/// high-volume traders yet after [`PredictionParams::first_days`]. The outcome is their volume net
/// of reversals; reversals are no feature, since they are known later. Below 30 high-volume traders
/// or 30 others in the fit, or 10 of either held out, the fit is refused. Odds ratios are per
/// standard deviation, and shrunk towards 1 by the ridge, as are their intervals.
///
/// ```
/// use polars::prelude::*;
/// use tidegauge_analytics::Facts;
/// use tidegauge_analytics::volume::{PredictionParams, PredictionResult, predict};
///
/// let day = |text: &str| text.parse::<chrono::NaiveDate>().unwrap();
/// let purchases = df!(
///     "user" => ["ann", "bob"],
///     "at" => ["2026-01-05", "2026-01-06"].map(day),
///     "value" => [6_000.0, 7.5],
/// )?;
/// let end = day("2026-05-01").and_time(chrono::NaiveTime::MIN).and_utc();
/// let facts = Facts::from_transactions(&purchases, end)?;
/// let PredictionResult::Refused(reason) = predict(&facts, &PredictionParams::default())?.result
/// else {
///     return Err("two users do not make a model".into());
/// };
/// assert!(reason.to_string().contains("0 high-volume traders, and 30 are needed"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When a parameter is out of its range, or the events cannot be read.
pub fn predict(facts: &Facts, params: &PredictionParams) -> Result<VolumePrediction> {
    check(params)?;
    let kinds = &facts.events.kinds;
    let within = days(params.within_days);
    let is_observed = |signup: &&i64| signup.saturating_add(within) <= facts.end_micros();
    let observed = facts.users.signup_at.iter().filter(is_observed).count() as u64;
    let outcomes = facts.fold(|| Outcomes {
        facts,
        first_days: FirstDays {
            length: days(params.first_days),
            transactions: kinds.matching(&EventFilter::Transactions),
            purchases: kinds.matching(&EventFilter::only(["ramp"])),
        },
        threshold_usd: params.threshold_usd,
        within,
        stride: observed.div_ceil(MAX_USERS).max(1),
        signups: Vec::new(),
        features: Vec::new(),
        high_volume: Vec::new(),
        reached_before: 0,
    })?;
    let cut = cut(&outcomes.signups, params.holdout);
    let (mut older, mut newer) = (Sample::default(), Sample::default());
    let rows = outcomes.features.chunks_exact(FEATURES).zip(&outcomes.high_volume);
    for (signup, (features, high_volume)) in outcomes.signups.iter().zip(rows) {
        let sample = if *signup < cut { &mut older } else { &mut newer };
        sample.features.extend_from_slice(features);
        sample.high_volume.push(*high_volume);
    }
    let (fitted, held_out) = (older.size(), newer.size());
    Ok(VolumePrediction {
        params: *params,
        users: SampleSize {
            users: fitted.users + held_out.users,
            high_volume: fitted.high_volume + held_out.high_volume,
        },
        reached_before: outcomes.reached_before,
        result: match fit(&older, &newer, (params, facts.level()), cut) {
            Ok(fitted) => PredictionResult::Fitted(Box::new(fitted)),
            Err(refusal) => PredictionResult::Refused(refusal),
        },
    })
}

fn check(params: &PredictionParams) -> Result<()> {
    let refuse = |name, reason| Err(Error::Parameter { name, reason });
    if params.threshold_usd.is_nan() || params.threshold_usd <= 0.0 {
        return refuse("threshold_usd", "must be above 0");
    }
    if params.first_days == 0 || params.first_days >= params.within_days {
        return refuse("first_days", "must be at least 1 and fewer than `within_days`");
    }
    if !(params.holdout > 0.0 && params.holdout < 1.0) {
        return refuse("holdout", "must be between 0 and 1");
    }
    if !(params.ridge >= 0.0 && params.ridge.is_finite()) {
        return refuse("ridge", "must be finite and at least 0");
    }
    Ok(())
}

/// Returns the signup from which on users are held out.
fn cut(signups: &[i64], holdout: f64) -> i64 {
    let mut sorted = signups.to_vec();
    sorted.sort_unstable();
    let fitted = (sorted.len() as f64 * (1.0 - holdout)).ceil();
    sorted
        .iter()
        .zip(0_u32..)
        .find(|(_, at)| f64::from(*at) >= fitted)
        .map_or(i64::MAX, |(at, _)| *at)
}

fn fit(
    older: &Sample,
    newer: &Sample,
    (params, level): (&PredictionParams, f64),
    cut: i64,
) -> Result<FittedPrediction, Refusal> {
    older.check("older", MIN_FITTED)?;
    newer.check("newer", MIN_HELD_OUT)?;
    let settings = LogisticParams { ridge: params.ridge };
    let features = Features::new(&older.features, FEATURES)?;
    let model = Logistic::fit(&features, &older.high_volume, None, settings)?;
    let held_out = Features::new(&newer.features, FEATURES)?;
    let probabilities: Vec<f64> = held_out.rows().map(|row| model.probability(row)).collect();
    let judged = calibration(&probabilities, &newer.high_volume, GROUPS, level)?;
    let effects = Feature::ALL.into_iter().enumerate().map(|(column, feature)| FeatureEffect {
        feature,
        coefficient: model.coefficient(column),
        deviation: model.deviation(column),
        odds_ratio: odds_ratio(model.effect(column, level), model.deviation(column)),
    });
    Ok(FittedPrediction {
        cut: DateTime::from_timestamp_micros(cut).unwrap_or_default(),
        fitted: older.size(),
        held_out: newer.size(),
        intercept: model.intercept(),
        effects: effects.collect(),
        auc: auc(&probabilities, &newer.high_volume, level)?,
        calibration_slope: judged.slope,
        calibration_intercept: judged.intercept,
        brier: judged.brier,
        calibration: judged
            .groups
            .iter()
            .map(|group| CalibrationGroup { predicted: group.predicted, observed: group.observed })
            .collect(),
    })
}

/// Returns the odds ratio of a change of the log-odds.
fn odds_ratio(effect: Estimate, deviation: f64) -> Estimate {
    match effect.value {
        Some(value) if deviation > 0.0 => {
            let interval = effect.interval.and_then(|Interval { low, high, level, .. }| {
                Interval::new(libm::exp(low), libm::exp(high), level, Method::LogNormal)
            });
            Estimate::new(libm::exp(value), interval, effect.n)
        }
        _ => Estimate::undetermined(effect.n),
    }
}
