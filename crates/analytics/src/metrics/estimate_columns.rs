//! The columns of estimates in frames: one way of naming them for all metrics.

use polars::prelude::*;
use tidegauge_models::Estimate;

/// The number of columns of an estimate.
const COLUMNS: usize = 7;

/// Returns the columns of estimates, in this order; all are null where there is none.
///
/// | column | contents |
/// |---|---|
/// | `name` | the value; null if the data do not determine it |
/// | `name_low`, `name_high` | the bounds of its interval; null without one |
/// | `name_level` | the nominal level of the interval |
/// | `name_n` | the number of observations behind it |
/// | `name_few`, `name_heavy` | its flags: few payments; a tail too heavy for its interval |
pub(crate) fn estimate_columns<'e, E: Into<Option<&'e Estimate>>>(
    name: &str,
    estimates: impl Iterator<Item = E>,
) -> [Column; COLUMNS] {
    let estimates: Vec<Option<&Estimate>> = estimates.map(Into::into).collect();
    let named = |suffix: &str| PlSmallStr::from_string(format!("{name}{suffix}"));
    let numbers = |suffix: &str, of: fn(&Estimate) -> Option<f64>| {
        let values = estimates.iter().map(|estimate| estimate.and_then(of));
        Column::new(named(suffix), values.collect::<Vec<Option<f64>>>())
    };
    let flags = |suffix: &str, of: fn(&Estimate) -> bool| {
        let values: BooleanChunked = estimates.iter().map(|estimate| estimate.map(of)).collect();
        values.with_name(named(suffix)).into_column()
    };
    let counts = estimates.iter().map(|estimate| Some(estimate.as_ref()?.n));
    [
        numbers("", |estimate| estimate.value),
        numbers("_low", |estimate| Some(estimate.interval?.low)),
        numbers("_high", |estimate| Some(estimate.interval?.high)),
        numbers("_level", |estimate| Some(estimate.interval?.level)),
        Column::new(named("_n"), counts.collect::<Vec<Option<u64>>>()),
        flags("_few", |estimate| estimate.flags.few),
        flags("_heavy", |estimate| estimate.flags.heavy),
    ]
}
