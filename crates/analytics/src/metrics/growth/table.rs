//! The results of growth accounting and of active users.

use chrono::NaiveDate;
use polars::prelude::*;
use serde::Serialize;
use tidegauge_models::Estimate;

use super::params::{ActiveUsersParams, GrowthParams};
use crate::Result;
use crate::dates::date_column;
use crate::metrics::estimate_columns::estimate_columns;

/// Growth accounting of all cohorts.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct GrowthTable {
    /// The parameters of the computation.
    pub params: GrowthParams,
    /// The cohorts, by label; their counts sum to those of all users.
    pub cohorts: Vec<GrowthCohort>,
    /// All users as one.
    pub overall: GrowthCohort,
}

/// Growth accounting of one cohort.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct GrowthCohort {
    /// The label of the cohort; `None` if the users' dimension is null.
    pub cohort: Option<String>,
    /// The complete periods, from that of the first signup of all users on.
    pub periods: Vec<GrowthPeriod>,
}

/// The active users of a complete period, by their activity before it.
///
/// `active = new + retained + resurrected`, and the active users of the period before are
/// `retained + churned`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct GrowthPeriod {
    /// The first day of the period.
    pub start: NaiveDate,
    /// The number of users with activity.
    pub active: u64,
    /// Those whose first activity it is.
    pub new: u64,
    /// Those who were active in the period before.
    pub retained: u64,
    /// Those who were active earlier, but not in the period before.
    pub resurrected: u64,
    /// The number of users who were active in the period before and are not in this one.
    pub churned: u64,
    /// `(new + resurrected) / churned`: above 1, active users grow. No value if none has churned.
    pub quick_ratio: Estimate,
    /// `churned / (retained + churned)`, the share of the active users of the period before who are
    /// not active in this one.
    pub churn_rate: Estimate,
}

impl GrowthTable {
    /// Returns the cohorts as a long frame: `cohort`, `period` (its first day), `active`, `new`,
    /// `retained`, `resurrected`, `churned`, and the [columns of the
    /// estimates](crate::metrics#frames) `quick_ratio` and `churn_rate`.
    ///
    /// # Errors
    /// When the frame cannot be made.
    pub fn frame(&self) -> Result<DataFrame> {
        let rows = || {
            self.cohorts.iter().flat_map(|cohort| {
                cohort.periods.iter().map(|period| (cohort.cohort.as_deref(), period))
            })
        };
        let count = |name: &str, of: fn(&GrowthPeriod) -> u64| {
            Column::new(name.into(), rows().map(|(_, period)| of(period)).collect::<Vec<u64>>())
        };
        let cohorts: StringChunked = rows().map(|(cohort, _)| cohort).collect();
        let mut columns = vec![
            cohorts.with_name("cohort".into()).into_column(),
            date_column("period", rows().map(|(_, period)| period.start))?,
            count("active", |period| period.active),
            count("new", |period| period.new),
            count("retained", |period| period.retained),
            count("resurrected", |period| period.resurrected),
            count("churned", |period| period.churned),
        ];
        let quick_ratios = rows().map(|(_, period)| &period.quick_ratio);
        columns.extend(estimate_columns("quick_ratio", quick_ratios));
        columns
            .extend(estimate_columns("churn_rate", rows().map(|(_, period)| &period.churn_rate)));
        Ok(DataFrame::new(columns[0].len(), columns)?)
    }
}

/// Active users of all cohorts.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ActiveUsersTable {
    /// The parameters of the computation.
    pub params: ActiveUsersParams,
    /// The cohorts, by label; their counts sum to those of all users.
    pub cohorts: Vec<ActiveUsersCohort>,
    /// All users as one.
    pub overall: ActiveUsersCohort,
}

/// Active users of one cohort.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ActiveUsersCohort {
    /// The label of the cohort; `None` if the users' dimension is null.
    pub cohort: Option<String>,
    /// The complete days, from that of the first signup of all users on.
    pub days: Vec<ActiveUsersDay>,
}

/// The active users up to the end of a complete day.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ActiveUsersDay {
    /// The day.
    pub day: NaiveDate,
    /// Daily active users: the number of users with activity on the day.
    pub dau: u64,
    /// Weekly active users: those with activity on the day or the 6 days before.
    pub wau: u64,
    /// Monthly active users: those with activity on the day or the 29 days before.
    pub mau: u64,
    /// Stickiness, `dau / mau`; no value without monthly active users.
    pub stickiness: Estimate,
}

impl ActiveUsersTable {
    /// Returns the cohorts as a long frame: `cohort`, `day`, `dau`, `wau`, `mau`, and the [columns
    /// of the estimate](crate::metrics#frames) `stickiness`.
    ///
    /// # Errors
    /// When the frame cannot be made.
    pub fn frame(&self) -> Result<DataFrame> {
        let rows = || {
            self.cohorts
                .iter()
                .flat_map(|cohort| cohort.days.iter().map(|day| (cohort.cohort.as_deref(), day)))
        };
        let count = |name: &str, of: fn(&ActiveUsersDay) -> u64| {
            Column::new(name.into(), rows().map(|(_, day)| of(day)).collect::<Vec<u64>>())
        };
        let cohorts: StringChunked = rows().map(|(cohort, _)| cohort).collect();
        let mut columns = vec![
            cohorts.with_name("cohort".into()).into_column(),
            date_column("day", rows().map(|(_, day)| day.day))?,
            count("dau", |day| day.dau),
            count("wau", |day| day.wau),
            count("mau", |day| day.mau),
        ];
        columns.extend(estimate_columns("stickiness", rows().map(|(_, day)| &day.stickiness)));
        Ok(DataFrame::new(columns[0].len(), columns)?)
    }
}
