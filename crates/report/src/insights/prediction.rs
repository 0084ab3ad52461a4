//! The insight of what the first week tells of high volume.

use tidegauge_analytics::Interval;
use tidegauge_analytics::volume::{
    Feature, FeatureEffect, FittedPrediction, PredictionResult, VolumePrediction,
};

use super::ranking::with_interval;
use crate::format::Format;
use crate::vocabulary::Vocabulary;

/// Returns the name of a feature of the first days as part of a sentence.
pub(crate) fn feature_name(feature: Feature) -> &'static str {
    match feature {
        Feature::Events => "number of events",
        Feature::Occasions => "number of orders and purchases",
        Feature::Volume => "volume",
        Feature::ActiveDays => "active days",
        Feature::RampEntry => "first transaction is a purchase",
        Feature::Kinds => "kinds of events",
    }
}

/// Writes how well high volume is predicted, and by which behavior. Empty without a model that is
/// better than chance.
pub(crate) fn prediction(found: &VolumePrediction, words: Vocabulary) -> String {
    let PredictionResult::Fitted(fitted) = &found.result else { return String::new() };
    let is_above_chance = fitted.auc.interval.is_some_and(|auc| auc.low > 0.5);
    if !is_above_chance {
        return String::new();
    }
    let lead = format!(
        "What a {} does in the first {} days tells who passes the threshold within {}: with an \
         AUC of {}, where 0.5 is chance.",
        words.say("user"),
        found.params.first_days,
        found.params.within_days,
        with_interval(Format::Ratio, &fitted.auc),
    );
    match strongest(fitted) {
        Some(effect) => format!(
            "{lead} The strongest sign is the {}: a standard deviation more goes with {} times the \
             odds.",
            words.say(feature_name(effect.feature)),
            with_interval(Format::Ratio, &effect.odds_ratio),
        ),
        None => lead,
    }
}

/// Returns the behavior that raises the odds most, if its interval lies above 1 and above that of
/// the next one.
fn strongest(fitted: &FittedPrediction) -> Option<&FeatureEffect> {
    let interval = |effect: &FeatureEffect| effect.odds_ratio.interval;
    let value = |effect: &FeatureEffect| effect.odds_ratio.value.unwrap_or_default();
    let mut effects: Vec<_> = fitted.effects.iter().filter(|one| interval(one).is_some()).collect();
    effects.sort_by(|a, b| value(b).total_cmp(&value(a)));
    let (best, others) = effects.split_first()?;
    let Interval { low, .. } = interval(best)?;
    let beats = |other: &&FeatureEffect| interval(other).is_some_and(|other| other.high < low);
    (low > 1.0 && others.iter().all(beats)).then_some(*best)
}

#[cfg(test)]
mod tests {
    use polars::prelude::*;
    use tidegauge_analytics::Facts;
    use tidegauge_analytics::volume::{PredictionParams, predict};

    use super::*;

    /// Returns the prediction for 400 users: one in `high` trades for $20,000 on day 40, and
    /// those who do have traded for $`first` on day 1, the others for $10.
    fn predicted(high: i64, first: f64) -> VolumePrediction {
        let users: Vec<i64> = (0..400).collect();
        let start: chrono::NaiveDate = "2026-01-01".parse().unwrap();
        let day = |at: i64| start + chrono::Days::new(at.unsigned_abs());
        let signups: Vec<_> = users.iter().map(|user| day(user / 10)).collect();
        let people = df!("user" => users.clone(), "signup_at" => signups).unwrap();
        let noise = |user: i64| 1.0 + (user * 7 % 11) as f64 / 3.0;
        let trades: Vec<_> = users
            .iter()
            .flat_map(|user| {
                let is_high = user % high == 0;
                let of_first = if is_high { first } else { 10.0 } * noise(*user);
                let later = if is_high { 20_000.0 } else { 5.0 };
                [(*user, day(user / 10 + 1), of_first), (*user, day(user / 10 + 40), later)]
            })
            .collect();
        let events = df!(
            "user" => trades.iter().map(|trade| trade.0).collect::<Vec<_>>(),
            "at" => trades.iter().map(|trade| trade.1).collect::<Vec<_>>(),
            "kind" => vec!["trade"; trades.len()],
            "volume_usd" => trades.iter().map(|trade| trade.2).collect::<Vec<_>>(),
            "revenue_usd" => vec![0.1; trades.len()],
        )
        .unwrap();
        let facts = Facts::new(&people, &events, "2026-08-01T00:00:00Z".parse().unwrap()).unwrap();
        predict(&facts, &PredictionParams::default()).unwrap()
    }

    #[test]
    fn a_model_that_is_better_than_chance_is_told_with_its_strongest_sign() {
        let words = Vocabulary::default();
        let text = prediction(&predicted(3, 40.0), words).replace('\u{a0}', " ");
        assert!(text.starts_with("What a user does in the first 7 days tells"), "{text}");
        assert!(text.contains("The strongest sign is the volume"), "{text}");
    }

    #[test]
    fn nothing_is_said_without_a_model_or_by_chance() {
        let words = Vocabulary::default();
        assert_eq!(prediction(&predicted(3, 10.0), words), "");
        assert_eq!(
            prediction(&predicted(100, 40.0), words),
            "",
            "four high-volume traders are too few"
        );
    }
}
