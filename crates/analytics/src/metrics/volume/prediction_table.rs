//! The parameters and the result of the prediction of high volume.

use chrono::{DateTime, Utc};
use polars::prelude::*;
use serde::{Deserialize, Serialize};
use tidegauge_models::Estimate;
use tidegauge_models::classify::ClassifyError;

use super::first_days::FEATURES;
use crate::Result;
use crate::frames::{number_column, text_column};
use crate::metrics::estimate_columns::estimate_columns;

/// The parameters of the prediction.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PredictionParams {
    /// The volume of a high-volume trader, in US dollars.
    pub threshold_usd: f64,
    /// The days from signup within which that volume is reached.
    pub within_days: u32,
    /// The days from signup whose behaviour is known.
    pub first_days: u32,
    /// The share of the users, those with the latest signups, who are held out of the fit.
    pub holdout: f64,
    /// The ridge penalty λ of the fit: ln L − λ/2 · Σ β², with β per standard deviation.
    pub ridge: f64,
}

impl Default for PredictionParams {
    /// Returns the parameters of 10,000 US dollars within 90 days from the first 7, with a quarter
    /// of the users held out and a ridge of 1.
    fn default() -> Self {
        let (threshold_usd, holdout, ridge) = (10_000.0, 0.25, 1.0);
        Self { threshold_usd, within_days: 90, first_days: 7, holdout, ridge }
    }
}

/// A feature of the first days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Feature {
    /// ln(1 + the number of events).
    Events,
    /// ln(1 + the number of occasions to transact: the fills of an order are one).
    Occasions,
    /// ln(1 + the volume in US dollars before reversals).
    Volume,
    /// The number of days, of 24 hours from signup on, with an event.
    ActiveDays,
    /// 1 if the first transaction is an on-ramp purchase.
    RampEntry,
    /// The number of kinds of events.
    Kinds,
}

impl Feature {
    /// All features, in their order.
    pub const ALL: [Self; FEATURES] = [
        Self::Events,
        Self::Occasions,
        Self::Volume,
        Self::ActiveDays,
        Self::RampEntry,
        Self::Kinds,
    ];

    /// Returns the name of the feature, as it is serialized.
    pub fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Occasions => "occasions",
            Self::Volume => "volume",
            Self::ActiveDays => "active_days",
            Self::RampEntry => "ramp_entry",
            Self::Kinds => "kinds",
        }
    }
}

/// The prediction of high volume from the first days.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct VolumePrediction {
    /// The parameters of the computation.
    pub params: PredictionParams,
    /// The users who have been observed for all of the days, and were not high-volume traders after
    /// the first ones; of more than 200,000 a sample by their ids.
    pub users: SampleSize,
    /// The number of users who were high-volume traders after the first days already: there is
    /// nothing to predict.
    pub reached_before: u64,
    /// The fitted model, or why there is none.
    pub result: PredictionResult,
}

/// The number of users of a sample.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SampleSize {
    /// The number of users.
    pub users: u64,
    /// The number of those who became high-volume traders.
    pub high_volume: u64,
}

/// The result of the fit.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PredictionResult {
    /// The data determine a model.
    Fitted(Box<FittedPrediction>),
    /// The data do not determine one.
    Refused(Refusal),
}

/// The reason why no model is fitted.
#[derive(Debug, Clone, PartialEq, thiserror::Error, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Refusal {
    /// A sample has too few users of one outcome.
    #[error(
        "the {sample} users have {found} {outcome}, and {needed} are needed; \
         lower the threshold, or wait for more users to be observed for so long"
    )]
    TooFew {
        /// `older` (fitted) or `newer` (held out).
        sample: &'static str,
        /// `high-volume traders` or `other users`.
        outcome: &'static str,
        /// Their number.
        found: u64,
        /// The number that is needed.
        needed: u64,
    },
    /// The fit failed.
    #[error("the model cannot be fitted: {reason}")]
    Unidentified {
        /// Why.
        reason: String,
    },
}

impl From<ClassifyError> for Refusal {
    fn from(error: ClassifyError) -> Self {
        Self::Unidentified { reason: error.to_string() }
    }
}

/// A model that was fitted to older users and tried on newer ones.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct FittedPrediction {
    /// The users who signed up before this time are fitted, the others are held out.
    pub cut: DateTime<Utc>,
    /// The users of the fit.
    pub fitted: SampleSize,
    /// The users held out.
    pub held_out: SampleSize,
    /// The log-odds of a user whose features are all 0.
    pub intercept: f64,
    /// The effect of each feature.
    pub effects: Vec<FeatureEffect>,
    /// The probability that the model ranks a high-volume trader of the users held out before one
    /// of the others (area under the ROC curve, with DeLong's interval); 0.5 is chance.
    pub auc: Estimate,
    /// The slope of the outcomes' log-odds on the predicted ones among the users held out; 1 if
    /// predictions are calibrated, below 1 if they are too extreme.
    pub calibration_slope: Estimate,
    /// The log-odds to be added to the predictions so that they are right on average.
    pub calibration_intercept: Estimate,
    /// The mean squared difference of prediction and outcome (Brier score), from 0 (best) to 1.
    pub brier: Estimate,
    /// Tenths of the users held out, by ascending prediction.
    pub calibration: Vec<CalibrationGroup>,
}

/// The effect of a feature.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct FeatureEffect {
    /// The feature.
    pub feature: Feature,
    /// The change of the log-odds per unit of the feature.
    pub coefficient: f64,
    /// The standard deviation of the feature among the users of the fit.
    pub deviation: f64,
    /// The factor of the odds per standard deviation; no value of a feature that is constant.
    pub odds_ratio: Estimate,
}

/// Users of similar prediction.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CalibrationGroup {
    /// The mean prediction.
    pub predicted: f64,
    /// The share of high-volume traders.
    pub observed: Estimate,
}

impl FittedPrediction {
    /// Returns the probability of a user with these features, in the order of [`Feature::ALL`].
    pub fn probability(&self, features: &[f64; FEATURES]) -> f64 {
        let terms = self.effects.iter().zip(features);
        let log_odds: f64 = terms.map(|(effect, value)| effect.coefficient * value).sum();
        1.0 / (1.0 + libm::exp(-(self.intercept + log_odds)))
    }

    /// Returns the effects as a frame: `feature`, `coefficient` (log-odds per unit), `deviation`, and
    /// the [columns of the estimate](crate::metrics#frames) `odds_ratio` (per deviation).
    ///
    /// # Errors
    /// When the frame cannot be made.
    pub fn frame(&self) -> Result<DataFrame> {
        let names: Vec<&str> = self.effects.iter().map(|effect| effect.feature.name()).collect();
        let numbers = |name: &str, of: fn(&FeatureEffect) -> f64| {
            Column::new(name.into(), self.effects.iter().map(of).collect::<Vec<f64>>())
        };
        let mut columns = vec![
            Column::new("feature".into(), names),
            numbers("coefficient", |effect| effect.coefficient),
            numbers("deviation", |effect| effect.deviation),
        ];
        let odds_ratios = self.effects.iter().map(|effect| &effect.odds_ratio);
        columns.extend(estimate_columns("odds_ratio", odds_ratios));
        Ok(DataFrame::new(self.effects.len(), columns)?)
    }

    /// Returns the accuracy among the users held out as a frame: `measure` (`auc`,
    /// `calibration_slope`, `calibration_intercept`, `brier`), and the [columns of the
    /// estimate](crate::metrics#frames) `value`.
    ///
    /// # Errors
    /// When the frame cannot be made.
    pub fn accuracy_frame(&self) -> Result<DataFrame> {
        let measures = [
            ("auc", &self.auc),
            ("calibration_slope", &self.calibration_slope),
            ("calibration_intercept", &self.calibration_intercept),
            ("brier", &self.brier),
        ];
        let mut columns = vec![text_column("measure", measures.iter().map(|(name, _)| *name))];
        columns.extend(estimate_columns("value", measures.iter().map(|(_, value)| *value)));
        Ok(DataFrame::new(measures.len(), columns)?)
    }

    /// Returns the calibration as a frame: `predicted` (mean probability of the group), and the
    /// [columns of the estimate](crate::metrics#frames) `observed` (share of high-volume traders).
    ///
    /// # Errors
    /// When the frame cannot be made.
    pub fn calibration_frame(&self) -> Result<DataFrame> {
        let groups = || self.calibration.iter();
        let mut columns = vec![number_column("predicted", groups().map(|group| group.predicted))];
        columns.extend(estimate_columns("observed", groups().map(|group| &group.observed)));
        Ok(DataFrame::new(self.calibration.len(), columns)?)
    }
}
