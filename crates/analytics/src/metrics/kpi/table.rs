//! The board.

use chrono::NaiveDate;
use polars::prelude::*;
use serde::Serialize;
use tidegauge_models::Estimate;

use super::metric::Metric;
use super::params::BoardParams;
use crate::Result;
use crate::dates::date_column;
use crate::metrics::estimate_columns::estimate_columns;

/// The key figures of all complete periods.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Board {
    /// The parameters of the computation.
    pub params: BoardParams,
    /// The first days of the complete periods, in ascending order.
    pub periods: Vec<NaiveDate>,
    /// The figures by period, metric, dimension and label.
    pub kpis: Vec<Kpi>,
}

/// A figure of a period.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Kpi {
    /// The first day of the period.
    pub start: NaiveDate,
    /// The metric.
    pub metric: Metric,
    /// What the figure is a part by: `kind`, or a dimension of the users; `None` of the whole.
    pub dimension: Option<String>,
    /// The kind or the user's label; `None` of the whole, or if the users' dimension is null.
    pub label: Option<String>,
    /// The figure. A number of users and a sum are facts, without an interval; the others have the
    /// interval of users like these. `n` is the number of users behind it.
    pub value: Estimate,
    /// The figure of the period before; `None` if it was not observed from its first day on.
    pub before: Option<f64>,
    /// The change since the period before. A sum is compared at equal numbers of days: the one
    /// before is scaled by the days of this period over those of its own.
    pub change: Estimate,
    /// `true` if the interval of the change contains 0; `None` without an interval.
    pub is_noise: Option<bool>,
}

impl Kpi {
    /// Returns the change relative to the figure before, scaled as for [`change`](Self::change);
    /// `None` without a figure before, or if that is not above 0.
    pub fn relative_change(&self) -> Option<f64> {
        let (value, change) = (self.value.value?, self.change.value?);
        Some(value - change).filter(|before| *before > 0.0).map(|before| change / before)
    }
}

impl Board {
    /// Returns the whole figure of a metric in the period that begins on `start`.
    pub fn get(&self, start: NaiveDate, metric: Metric) -> Option<&Kpi> {
        self.kpis
            .iter()
            .find(|kpi| kpi.start == start && kpi.metric == metric && kpi.dimension.is_none())
    }

    /// Returns the board as a long frame: `period` (its first day), `metric`, `unit`, `dimension`,
    /// `label`, the [columns of the estimate](crate::metrics#frames) `value`, `before`, those of
    /// `change`, `relative_change` (0.1 is 10 %), `is_noise`; `value`, `before` and `change` are in
    /// `unit`.
    ///
    /// # Errors
    /// When the frame cannot be made.
    pub fn frame(&self) -> Result<DataFrame> {
        let kpis = || self.kpis.iter();
        let texts = |name: &str, of: fn(&Kpi) -> Option<&str>| {
            let texts: StringChunked = kpis().map(of).collect();
            texts.with_name(name.into()).into_column()
        };
        let numbers = |name: &str, of: fn(&Kpi) -> Option<f64>| {
            Column::new(name.into(), kpis().map(of).collect::<Vec<_>>())
        };
        let mut columns = vec![
            date_column("period", kpis().map(|kpi| kpi.start))?,
            texts("metric", |kpi| Some(kpi.metric.name())),
            texts("unit", |kpi| Some(kpi.metric.unit().name())),
            texts("dimension", |kpi| kpi.dimension.as_deref()),
            texts("label", |kpi| kpi.label.as_deref()),
        ];
        columns.extend(estimate_columns("value", kpis().map(|kpi| &kpi.value)));
        columns.push(numbers("before", |kpi| kpi.before));
        columns.extend(estimate_columns("change", kpis().map(|kpi| &kpi.change)));
        columns.push(numbers("relative_change", Kpi::relative_change));
        let noise: BooleanChunked = kpis().map(|kpi| kpi.is_noise).collect();
        columns.push(noise.with_name("is_noise".into()).into_column());
        Ok(DataFrame::new(self.kpis.len(), columns)?)
    }
}
