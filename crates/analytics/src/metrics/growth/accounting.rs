//! Growth accounting: the active users of a period by their activity before it.

use tidegauge_models::Estimate;
use tidegauge_models::estimate::{log_normal, wilson};

use super::params::GrowthParams;
use super::table::{GrowthCohort, GrowthPeriod, GrowthTable};
use crate::Result;
use crate::facts::{Accumulate, Facts, KindSet, UserEvents};
use crate::metrics::cohort::Groups;
use crate::metrics::complete_periods::CompletePeriods;

/// The counts of a cohort in a period.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    new: u64,
    retained: u64,
    resurrected: u64,
    churned: u64,
}

impl Counts {
    fn add(&mut self, other: Self) {
        self.new += other.new;
        self.retained += other.retained;
        self.resurrected += other.resurrected;
        self.churned += other.churned;
    }
}

/// The counts by group and period, periods of a group adjacent.
struct Accounting<'f> {
    groups: &'f Groups,
    periods: &'f CompletePeriods,
    activity: KindSet,
    counts: Vec<Counts>,
}

impl Accumulate for Accounting<'_> {
    fn add(&mut self, user: UserEvents<'_>) {
        let len = self.periods.len();
        let counts = &mut self.counts[self.groups.of(user.user) * len..][..len];
        let activities = user
            .iter()
            .filter(|event| self.activity.contains(event.kind()) && !event.is_reversal());
        let mut last: Option<usize> = None;
        for event in activities {
            // Events are in order, so that none of those that follow is in a complete period.
            let Some(place) = self.periods.place(event.at) else { break };
            match last {
                Some(last) if last == place => {}
                Some(last) if last + 1 == place => counts[place].retained += 1,
                Some(last) => {
                    counts[last + 1].churned += 1;
                    counts[place].resurrected += 1;
                }
                None => counts[place].new += 1,
            }
            last = Some(place);
        }
        if let Some(after) = last.and_then(|last| counts.get_mut(last + 1)) {
            after.churned += 1;
        }
    }

    fn merge(&mut self, following: Self) {
        for (ours, theirs) in self.counts.iter_mut().zip(following.counts) {
            ours.add(theirs);
        }
    }
}

/// Computes growth accounting: of each complete period the new, retained and resurrected active
/// users, those who have churned since the period before, and the quick ratio.
///
/// The interval of the quick ratio is that of a ratio of independent counts, on the scale of the
/// logarithm with standard error √(1/(new + resurrected) + 1/churned); its `n` is the number of
/// those users. Memory is that of the counts by cohort and period.
///
/// Source: J. Hsu (2015), "Diligence at Social Capital, part 1: accounting for user growth".
///
/// ```
/// use polars::prelude::*;
/// use tidegauge_analytics::growth::{GrowthParams, growth};
/// use tidegauge_analytics::{Facts, Period};
///
/// let day = |text: &str| text.parse::<chrono::NaiveDate>().unwrap();
/// let purchases = df!(
///     "user" => ["ann", "ann", "bob", "cy"],
///     "at" => ["2026-01-05", "2026-01-14", "2026-01-06", "2026-01-15"].map(day),
///     "value" => [20.0, 5.0, 7.5, 3.0],
/// )?;
/// let end = day("2026-01-19").and_time(chrono::NaiveTime::MIN).and_utc();
/// let facts = Facts::from_transactions(&purchases, end)?;
/// let table = growth(&facts, &GrowthParams::by(Period::Week))?;
/// // Of ann and bob, ann comes back in the second week; cy is new.
/// let week = table.overall.periods[1];
/// assert_eq!((week.active, week.new, week.retained, week.churned), (2, 1, 1, 1));
/// assert_eq!((week.quick_ratio.value, week.churn_rate.value), (Some(1.0), Some(0.5)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When the users lack the cohort's dimension, or the events cannot be read.
pub fn growth(facts: &Facts, params: &GrowthParams) -> Result<GrowthTable> {
    let groups = params.by.groups(facts)?;
    let periods = CompletePeriods::of(facts, params.period);
    let counted = facts.fold(|| Accounting {
        groups: &groups,
        periods: &periods,
        activity: facts.events.kinds.matching(&params.activity),
        counts: vec![Counts::default(); groups.len() * periods.len()],
    })?;
    let mut all = vec![Counts::default(); periods.len()];
    let mut cohorts = Vec::with_capacity(groups.len());
    for group in 0..groups.len() {
        let counts = &counted.counts[group * periods.len()..][..periods.len()];
        all.iter_mut().zip(counts).for_each(|(all, counts)| all.add(*counts));
        cohorts.push(cohort(facts, &periods, (groups.label(group), counts)));
    }
    let overall = cohort(facts, &periods, (Some("all".to_owned()), &all));
    Ok(GrowthTable { params: params.clone(), cohorts, overall })
}

fn cohort(
    facts: &Facts,
    periods: &CompletePeriods,
    (cohort, counts): (Option<String>, &[Counts]),
) -> GrowthCohort {
    let period = |(place, counts): (usize, &Counts)| {
        let Counts { new, retained, resurrected, churned } = *counts;
        GrowthPeriod {
            start: periods.start(place),
            active: new + retained + resurrected,
            new,
            retained,
            resurrected,
            churned,
            quick_ratio: quick_ratio(new + resurrected, churned, facts.level()),
            churn_rate: wilson(churned, retained + churned, facts.level()),
        }
    };
    GrowthCohort { cohort, periods: counts.iter().enumerate().map(period).collect() }
}

/// Returns the ratio of the users gained to those lost.
fn quick_ratio(gained: u64, lost: u64, level: f64) -> Estimate {
    let ratio = gained as f64 / lost as f64;
    let error = ratio * (1.0 / gained as f64 + 1.0 / lost as f64).sqrt();
    log_normal(ratio, error, gained + lost, level)
}
