//! The prediction of high volume from the first week.

use tidegauge_analytics::volume::{FittedPrediction, PredictionResult};

use crate::chart::Series;
use crate::format::{Format, count};
use crate::insights::feature_name;
use crate::metrics::Metrics;
use crate::{Cell, Chart, Column, Computation, Panel, Result, Table};

/// Adds what the model was fitted to, or why there is none.
fn computation(metrics: &Metrics<'_>, definition: &str) -> Result<Computation> {
    let found = metrics.prediction()?;
    let params = &found.params;
    let computation = metrics
        .computation(definition, "docs/metrics/volume.md")
        .with("Threshold", metrics.threshold())
        .with("Outcome", format!("volume within {} days of signup", params.within_days))
        .with("Known", format!("the first {} days", params.first_days));
    Ok(match &found.result {
        PredictionResult::Fitted(fitted) => computation.with(
            "Users",
            format!(
                "{} fitted, who signed up before {}, and {} newer ones held out",
                count(fitted.fitted.users),
                fitted.cut.format("%Y-%m-%d"),
                count(fitted.held_out.users),
            ),
        ),
        PredictionResult::Refused(reason) => computation.with("No model", reason.to_string()),
    })
}

/// Returns the model, if the data determine one.
fn fitted(result: &PredictionResult) -> Option<&FittedPrediction> {
    match result {
        PredictionResult::Fitted(fitted) => Some(fitted),
        PredictionResult::Refused(_) => None,
    }
}

/// Builds the panel of how well high volume is predicted.
pub(super) fn quality(metrics: &Metrics<'_>, id: &str) -> Result<Panel> {
    let found = metrics.prediction()?;
    let level = metrics.level();
    let estimate = |name: &str, title: &str| {
        Column::new(name, title, Format::Ratio).with_interval().with_n().with_note(&level)
    };
    let mut table = Table::new([
        Column::new("model", "", Format::Text),
        estimate("auc", "AUC"),
        estimate("slope", "Calibration slope"),
        estimate("intercept", "Calibration intercept"),
        Column::new("brier", "Brier score", Format::Percent)
            .with_interval()
            .with_n()
            .with_note(&level),
    ])?;
    if let Some(fitted) = fitted(&found.result) {
        table.push([
            Cell::text(format!("First {} days", found.params.first_days)),
            Cell::of(&fitted.auc),
            Cell::of(&fitted.calibration_slope),
            Cell::of(&fitted.calibration_intercept),
            Cell::of(&fitted.brier),
        ])?;
    }
    let definition = "A ridge logistic model that is fitted to older users and tried on newer ones. \
                      AUC is the probability that it ranks a later high-volume trader before another \
                      user, 0.5 being chance; a slope of 1 and an intercept of 0 are calibrated.";
    let computation = computation(metrics, definition)?;
    let title = "High volume, predicted from the first week";
    Ok(Panel::new(id, title, "", table).with_computation(computation))
}

/// Builds the panel of the effects of the behaviours of the first week, the strongest first.
pub(super) fn effects(metrics: &Metrics<'_>, id: &str) -> Result<Panel> {
    let found = metrics.prediction()?;
    let mut table = Table::new([
        Column::new("behavior", "In the first week", Format::Text),
        Column::new("odds_ratio", "Odds ratio", Format::Ratio)
            .with_interval()
            .with_n()
            .with_note(metrics.level()),
    ])?;
    if let Some(fitted) = fitted(&found.result) {
        let mut effects: Vec<_> = fitted.effects.iter().collect();
        let size = |odds_ratio: Option<f64>| odds_ratio.map_or(0.0, |ratio| ratio.ln().abs());
        effects.sort_by(|a, b| size(b.odds_ratio.value).total_cmp(&size(a.odds_ratio.value)));
        for effect in effects {
            table.push([
                Cell::text(metrics.words().say(feature_name(effect.feature))),
                Cell::of(&effect.odds_ratio),
            ])?;
        }
    }
    let definition = "The factor of the odds of becoming a high-volume trader per standard deviation \
                      of the behavior, all else equal; the ridge shrinks it towards 1. It is an \
                      association, and no effect of making users do more of it.";
    let computation = computation(metrics, definition)?;
    let title = "What in the first week goes with high volume";
    Ok(Panel::new(id, title, "", table).with_computation(computation))
}

/// Builds the panel of predicted and observed shares among the users held out.
pub(super) fn calibration(metrics: &Metrics<'_>, id: &str) -> Result<Panel> {
    let found = metrics.prediction()?;
    let mut table = Table::new([
        Column::new("group", "Group by prediction", Format::Text),
        Column::new("predicted", "Predicted", Format::Percent),
        Column::new("observed", "Observed", Format::Percent)
            .with_interval()
            .with_n()
            .with_note(metrics.level()),
    ])?;
    let groups = fitted(&found.result).map_or(&[][..], |fitted| &fitted.calibration);
    for (group, at) in groups.iter().zip(1..) {
        table.push([
            Cell::text(format!("{at}")),
            Cell::number(group.predicted),
            Cell::of(&group.observed),
        ])?;
    }
    let chart = Chart::Series(Series {
        title: "Predicted and observed high-volume traders by group of the prediction, percent"
            .into(),
        labels: "group".into(),
        values: vec!["predicted".into(), "observed".into()],
    });
    let definition = "The users held out in up to ten groups by ascending prediction: the mean prediction beside \
                      the share who became high-volume traders, with Wilson's interval.";
    Panel::new(id, "Predicted and observed", "percent of users", table)
        .with_computation(computation(metrics, definition)?)
        .with_chart(chart)
}
