//! The columns of estimates in frames.

use polars::prelude::*;
use tidegauge_models::Estimate;

/// Returns the columns `name`, `name_low` and `name_high` of estimates.
pub(crate) fn estimate_columns<'e>(
    name: &str,
    estimates: impl Iterator<Item = &'e Estimate> + Clone,
) -> [Column; 3] {
    let column = |suffix: &str, part: fn(&Estimate) -> Option<f64>| {
        let values: Vec<Option<f64>> = estimates.clone().map(part).collect();
        Column::new(format!("{name}{suffix}").into(), values)
    };
    [
        column("", |estimate| estimate.value),
        column("_low", |estimate| Some(estimate.interval?.low)),
        column("_high", |estimate| Some(estimate.interval?.high)),
    ]
}
