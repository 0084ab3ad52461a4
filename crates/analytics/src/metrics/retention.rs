//! Cohort retention in calendar periods, bounded or rolling. See `docs/metrics/retention.md`.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use polars::prelude::*;
use serde::{Deserialize, Serialize};

use super::period::Period;
use crate::Result;
use crate::facts::{EventFilter, Facts};
use crate::frames::{CollectBlocking, counts, inner_join, ints};
use crate::stats::ratio;

/// The event that assigns a user to a cohort.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CohortAnchor {
    /// The signup.
    #[default]
    Signup,
    /// The first event of these kinds; users without one are in no cohort.
    FirstEvent(EventFilter),
}

impl CohortAnchor {
    /// Returns the anchor at the first trade.
    pub fn first_trade() -> Self {
        Self::FirstEvent(EventFilter::only(["trade"]))
    }
}

/// The definition of a retained user in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetentionKind {
    /// Bounded (N-day) retention: active in that very period.
    #[default]
    #[serde(rename = "on")]
    Bounded,
    /// Rolling (unbounded) retention: active in that period or any later one. The newest periods
    /// look too low, since there was less time to return, and rise in hindsight.
    #[serde(rename = "on_or_after")]
    Rolling,
}

/// The parameters of retention.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RetentionParams {
    /// The length of cohorts and windows.
    pub period: Period,
    /// The event that assigns a user to a cohort.
    pub anchor: CohortAnchor,
    /// The definition of a retained user.
    #[serde(rename = "returning")]
    pub kind: RetentionKind,
    /// The kinds of events that are activity.
    pub activity: EventFilter,
}

impl RetentionParams {
    /// Creates parameters of bounded retention from signup, with all events as activity.
    pub fn by(period: Period) -> Self {
        Self {
            period,
            anchor: CohortAnchor::default(),
            kind: RetentionKind::default(),
            activity: EventFilter::default(),
        }
    }
}

/// Retention of all cohorts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RetentionTable {
    /// The parameters of the computation.
    pub params: RetentionParams,
    /// The cohorts from the first to the last, empty ones between them included.
    pub cohorts: Vec<RetentionCohort>,
    /// All cohorts that are complete at a period index, as one; `None` if none is.
    pub pooled: Vec<Option<PooledRetention>>,
}

/// Retention of one cohort.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RetentionCohort {
    /// The first day of the cohort's period.
    pub start: NaiveDate,
    /// The number of users.
    pub users: u64,
    /// The cells by period index, 0 being the cohort's own period. `None`: begun but not over yet.
    /// Periods that have not begun are left out.
    pub cells: Vec<Option<RetentionCell>>,
}

/// A cohort in a complete period.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RetentionCell {
    /// The number of active users.
    pub active: u64,
    /// `active` over the cohort's users; `None` for a cohort without users.
    pub rate: Option<f64>,
}

/// All complete cohorts at one period index.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PooledRetention {
    /// The number of active users.
    pub active: u64,
    /// The number of users of the cohorts that are complete here.
    pub eligible: u64,
    /// `active / eligible`: a ratio of sums, so that large cohorts weigh more.
    pub rate: Option<f64>,
}

/// Computes the retention of every cohort, by period since its anchor.
///
/// A cell is complete only if its period is over for every member of the cohort, that is, if the
/// calendar period lies before [`Facts::end`]. A complete cell without activity is 0.
///
/// # Errors
/// When a frame cannot be computed.
pub fn retention(facts: &Facts, params: &RetentionParams) -> Result<RetentionTable> {
    let anchors = anchors(facts, params);
    let sizes =
        anchors.clone().group_by([col("cohort")]).agg([len().alias("users")]).collect_blocking()?;
    let sizes: BTreeMap<i64, u64> =
        ints(&sizes, "cohort")?.into_iter().zip(counts(&sizes, "users")?).collect();
    let active = active_users(facts, params, anchors)?;

    let period = params.period;
    let end = facts.end();
    // The number of the first period that is not over, and the number of periods that have begun by
    // then.
    let open = period.number(end.date_naive());
    let midnight = period.start(open).and_time(chrono::NaiveTime::MIN).and_utc();
    let begun = if midnight < end { open + 1 } else { open };

    let range = sizes.keys().next().copied().zip(sizes.keys().next_back().copied());
    let cohorts: Vec<RetentionCohort> = range
        .map_or(0..0, |(first, last)| first..last + 1)
        .map(|cohort| {
            let users = sizes.get(&cohort).copied().unwrap_or_default();
            let cell = |at: i64| {
                (at < open).then(|| {
                    let active = active.get(&(cohort, at)).copied().unwrap_or_default();
                    RetentionCell { active, rate: ratio(active as f64, users as f64) }
                })
            };
            let cells = (cohort..begun).map(cell).collect();
            RetentionCohort { start: period.start(cohort), users, cells }
        })
        .collect();
    let pooled = pooled(&cohorts);
    Ok(RetentionTable { params: params.clone(), cohorts, pooled })
}

/// Returns each user with their `cohort` and the time of their anchor, `anchored_at`.
fn anchors(facts: &Facts, params: &RetentionParams) -> LazyFrame {
    let anchored = match &params.anchor {
        CohortAnchor::Signup => facts
            .users()
            .clone()
            .lazy()
            .select([col("user"), col("signup_at").alias("anchored_at")]),
        CohortAnchor::FirstEvent(filter) => facts
            .filtered_events(filter)
            .group_by_stable([col("user")])
            .agg([col("at").min().alias("anchored_at")]),
    };
    anchored.with_column(params.period.number_of(col("anchored_at")).alias("cohort"))
}

/// Returns the number of retained users by the numbers of cohort and period.
fn active_users(
    facts: &Facts,
    params: &RetentionParams,
    anchors: LazyFrame,
) -> Result<HashMap<(i64, i64), u64>> {
    let activity = inner_join(facts.filtered_events(&params.activity), anchors, &["user"])
        .filter(col("at").gt_eq(col("anchored_at")))
        .with_column(params.period.number_of(col("at")).alias("period"));
    let keys = [col("cohort"), col("period")];
    let activity = match params.kind {
        RetentionKind::Bounded => {
            activity.group_by(keys).agg([col("user").n_unique().alias("users")])
        }
        // A user who was last active in a period counts in all periods up to it.
        RetentionKind::Rolling => activity
            .group_by([col("user"), col("cohort")])
            .agg([col("period").max()])
            .group_by(keys)
            .agg([len().alias("users")]),
    };
    let activity = activity.collect_blocking()?;
    let keys = ints(&activity, "cohort")?.into_iter().zip(ints(&activity, "period")?);
    let counted = keys.zip(counts(&activity, "users")?);
    if params.kind == RetentionKind::Bounded {
        return Ok(counted.collect());
    }
    let mut active = HashMap::new();
    for ((cohort, last), users) in counted {
        for period in cohort..=last {
            *active.entry((cohort, period)).or_default() += users;
        }
    }
    Ok(active)
}

fn pooled(cohorts: &[RetentionCohort]) -> Vec<Option<PooledRetention>> {
    let width = cohorts.iter().map(|cohort| cohort.cells.len()).max().unwrap_or_default();
    let column = |at: usize| {
        let complete = cohorts
            .iter()
            .filter_map(|cohort| Some((cohort.users, cohort.cells.get(at)?.as_ref()?.active)));
        let (some, eligible, active) = complete.fold((false, 0, 0), |(_, users, active), cell| {
            (true, users + cell.0, active + cell.1)
        });
        some.then(|| PooledRetention {
            active,
            eligible,
            rate: ratio(active as f64, eligible as f64),
        })
    };
    (0..width).map(column).collect()
}

impl RetentionTable {
    /// Returns the table as a long frame: `cohort` (date), `period` (index), `users`, `active`,
    /// `complete`, `rate`; `complete` is `true` if `active` and `rate` are known.
    ///
    /// # Errors
    /// When the frame cannot be made.
    pub fn frame(&self) -> Result<DataFrame> {
        let cells = || {
            self.cohorts.iter().flat_map(|cohort| {
                cohort.cells.iter().zip(0u64..).map(move |(cell, at)| (cohort, at, cell.as_ref()))
            })
        };
        let start = cells().map(|(cohort, ..)| Period::Day.number(cohort.start));
        let starts = Column::new("cohort".into(), start.collect::<Vec<i64>>());
        let columns = vec![
            starts.cast(&DataType::Int32)?.cast(&DataType::Date)?,
            Column::new("period".into(), cells().map(|(_, at, _)| at).collect::<Vec<u64>>()),
            Column::new(
                "users".into(),
                cells().map(|(cohort, ..)| cohort.users).collect::<Vec<_>>(),
            ),
            Column::new(
                "active".into(),
                cells().map(|(.., cell)| cell.map(|cell| cell.active)).collect::<Vec<_>>(),
            ),
            Column::new(
                "complete".into(),
                cells().map(|(.., cell)| cell.is_some()).collect::<Vec<_>>(),
            ),
            Column::new(
                "rate".into(),
                cells().map(|(.., cell)| cell.and_then(|cell| cell.rate)).collect::<Vec<_>>(),
            ),
        ];
        Ok(DataFrame::new(cells().count(), columns)?)
    }
}
