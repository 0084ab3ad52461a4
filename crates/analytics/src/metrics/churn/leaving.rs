//! The ways in which users leave: by inactivity, or with a purchase that is reversed.

use polars::prelude::DataFrame;
use serde::Serialize;
use tidegauge_models::Estimate;
use tidegauge_models::survival::aalen_johansen;

use super::lives::{Life, Lives, days_since};
use super::table::ChurnParams;
use crate::Result;
use crate::dates::days;
use crate::facts::{Accumulate, Facts, KindSet, UserEvents};
use crate::frames::{number_column, text_column};
use crate::metrics::cohort::{Cohort, Groups};
use crate::metrics::estimate_columns::estimate_columns;

/// The ways in which users leave, by cohort.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LeavingTable {
    /// The definition of a churned user.
    pub params: ChurnParams,
    /// The cohorts, by label.
    pub cohorts: Vec<LeavingCohort>,
    /// All users.
    pub overall: LeavingCohort,
}

/// The ways in which the users of a cohort leave.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LeavingCohort {
    /// The label of the cohort; `None` if the users' dimension is null.
    pub cohort: Option<String>,
    /// The number of users who were ever active.
    pub users: u64,
    /// The number of those who have left by inactivity.
    pub inactive: u64,
    /// The number of those who have left with a reversed purchase.
    pub reversed: u64,
    /// The shares at each of the ages.
    pub by_age: Vec<LeavingAtAge>,
}

/// The users who have left by an age. The two ways exclude each other: their shares and that of the
/// users who have not left sum to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LeavingAtAge {
    /// The days since the first activity.
    pub age_days: u32,
    /// The share of users who have completed `inactive_days` days without activity. No value where
    /// no user has been observed for that long.
    pub inactive: Estimate,
    /// The share of users who have a purchase that was reversed, by a chargeback or a refund.
    pub reversed: Estimate,
}

impl LeavingTable {
    /// Returns the table as a long frame: `cohort`, `users`, `age_days`, and the
    /// [columns of the estimates](crate::metrics#frames) `inactive` and `reversed`.
    ///
    /// # Errors
    /// When the frame cannot be made.
    pub fn frame(&self) -> Result<DataFrame> {
        let rows = || {
            let cohorts = self.cohorts.iter();
            cohorts.flat_map(|cohort| cohort.by_age.iter().map(move |at| (cohort, at)))
        };
        let mut columns = vec![
            text_column("cohort", rows().map(|(cohort, _)| cohort.cohort.as_deref())),
            number_column("users", rows().map(|(cohort, _)| cohort.users)),
            number_column("age_days", rows().map(|(_, at)| at.age_days)),
        ];
        columns.extend(estimate_columns("inactive", rows().map(|(_, at)| &at.inactive)));
        columns.extend(estimate_columns("reversed", rows().map(|(_, at)| &at.reversed)));
        Ok(DataFrame::new(columns[0].len(), columns)?)
    }
}

/// The causes of the end of a life.
const INACTIVE: u8 = 0;
const REVERSED: u8 = 1;

/// The lives of all cohorts.
struct Leaving<'f> {
    groups: &'f Groups,
    activity: KindSet,
    /// In microseconds.
    gap: i64,
    end: i64,
    cohorts: Vec<Lives>,
}

impl Accumulate for Leaving<'_> {
    fn add(&mut self, user: UserEvents<'_>) {
        let Some(life) = Life::of(user, self.activity, self.gap, self.end) else { return };
        let reversed_at = user.iter().find(|event| event.is_reversal()).map(|event| event.at);
        let ended = life.gap_at.unwrap_or(self.end);
        let (cause, at) = match reversed_at {
            Some(at) if at < ended => (Some(REVERSED), at),
            _ => (life.gap_at.map(|_| INACTIVE), ended),
        };
        self.cohorts[self.groups.of(user.user)].add(cause, life.day(at));
    }

    fn merge(&mut self, following: Self) {
        for (ours, theirs) in self.cohorts.iter_mut().zip(&following.cohorts) {
            ours.merge(theirs);
        }
    }
}

/// Computes in which of two ways the users of every cohort leave: by inactivity, at the completion
/// of the first gap of `inactive_days` days, or with a purchase that is reversed, at the time of the
/// first such purchase. Of both, the earlier one counts.
///
/// The shares are cumulative incidences (Aalen–Johansen) with log–log intervals. One less the
/// survival of [`churn()`](super::churn()) takes no notice of reversals: it would overstate the
/// share of users who leave by inactivity where others are lost by fraud before they could.
///
/// A chargeback is known weeks after its purchase, so that the newest ages of `reversed` are too
/// low, and rise in hindsight.
///
/// ```
/// use polars::prelude::*;
/// use tidegauge_analytics::churn::{ChurnParams, leaving};
/// use tidegauge_analytics::{Cohort, Facts};
///
/// let day = |text: &str| text.parse::<chrono::NaiveDate>().unwrap();
/// let purchases = df!(
///     "user" => ["ann", "bob", "bob", "cy", "cy", "cy", "dee", "dee", "dee"],
///     "at" => [
///         "2026-01-05", "2026-01-05", "2026-01-05", "2026-01-05", "2026-01-25", "2026-02-14",
///         "2026-01-05", "2026-01-25", "2026-02-14",
///     ].map(day),
///     "value" => [20.0, 5.0, -5.0, 7.5, 3.0, 3.0, 7.5, 3.0, 3.0],
/// )?;
/// let end = day("2026-03-01").and_time(chrono::NaiveTime::MIN).and_utc();
/// let facts = Facts::from_transactions(&purchases, end)?;
/// let by = Cohort::dimension("entry_product");
/// let table = leaving(&facts, &by, &ChurnParams::default())?;
/// // By day 30 ann has been gone for 30 days, and the purchase of bob was taken back.
/// let at = table.overall.by_age[0];
/// assert_eq!((at.age_days, at.inactive.value, at.reversed.value), (30, Some(0.25), Some(0.25)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When `inactive_days` is 0, when the users lack the cohort's dimension, or the events cannot be
/// read.
pub fn leaving(facts: &Facts, cohort: &Cohort, params: &ChurnParams) -> Result<LeavingTable> {
    params.check()?;
    let groups = cohort.groups(facts)?;
    let observed_days = days_since(&facts.users.signup_at, facts.end_micros());
    let none = Lives::new(observed_days, 2);
    let counted = facts.fold(|| Leaving {
        groups: &groups,
        activity: facts.events.kinds.matching(&params.activity),
        gap: days(params.inactive_days),
        end: facts.end_micros(),
        cohorts: vec![none.clone(); groups.len()],
    })?;
    let mut all = none.clone();
    counted.cohorts.iter().for_each(|lives| all.merge(lives));
    let of = |label, lives: &Lives| leaving_cohort(facts, params, label, lives);
    let cohorts = counted.cohorts.iter().enumerate();
    Ok(LeavingTable {
        params: params.clone(),
        cohorts: cohorts
            .map(|(group, lives)| of(groups.label(group), lives))
            .collect::<Result<_>>()?,
        overall: of(Some("all".to_owned()), &all)?,
    })
}

fn leaving_cohort(
    facts: &Facts,
    params: &ChurnParams,
    cohort: Option<String>,
    lives: &Lives,
) -> Result<LeavingCohort> {
    let table = lives.risk_table()?;
    let causes = [INACTIVE, REVERSED].map(|cause| aalen_johansen(&table, cause));
    let at_age = |age_days: u32| {
        let is_observed = lives.is_observed(age_days);
        let [inactive, reversed] = causes.each_ref().map(|incidence| match is_observed {
            true => incidence.at(f64::from(age_days), facts.level()),
            false => Estimate::undetermined(table.lives()),
        });
        LeavingAtAge { age_days, inactive, reversed }
    };
    let ended = |cause| (0..table.rows().len()).map(|row| table.events_of(row, cause)).sum();
    Ok(LeavingCohort {
        cohort,
        users: table.lives(),
        inactive: ended(INACTIVE),
        reversed: ended(REVERSED),
        by_age: params.ages.iter().copied().map(at_age).collect(),
    })
}
