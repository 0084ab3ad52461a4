//! Active users by day, week and month.

use tidegauge_models::estimate::wilson;

use super::params::ActiveUsersParams;
use super::table::{ActiveUsersCohort, ActiveUsersDay, ActiveUsersTable};
use crate::Result;
use crate::facts::{Accumulate, Facts, KindSet, UserEvents};
use crate::metrics::cohort::Groups;
use crate::metrics::complete_periods::CompletePeriods;
use crate::metrics::period::Period;

/// The days of a day, a week and a month.
const WINDOWS: [usize; 3] = [1, 7, 30];

/// The changes of the numbers of active users from each day to the next, by window.
type Changes = [i64; WINDOWS.len()];

/// The changes by group and day, days of a group adjacent, one day more than there are.
struct ActiveDays<'f> {
    groups: &'f Groups,
    days: &'f CompletePeriods,
    activity: KindSet,
    changes: Vec<Changes>,
}

impl Accumulate for ActiveDays<'_> {
    fn add(&mut self, user: UserEvents<'_>) {
        let width = self.days.len() + 1;
        let changes = &mut self.changes[self.groups.of(user.user) * width..][..width];
        let activities = user
            .iter()
            .filter(|event| self.activity.contains(event.kind()) && !event.is_reversal());
        // The day after the last one on which the user counts, by window.
        let mut until = [0; WINDOWS.len()];
        let mut last = None;
        for event in activities {
            let Some(day) = self.days.place(event.at) else { break };
            if last == Some(day) {
                continue;
            }
            last = Some(day);
            for (window, (until, days)) in until.iter_mut().zip(WINDOWS).enumerate() {
                let (from, to) = (day.max(*until), (day + days).min(width - 1));
                changes[from][window] += 1;
                changes[to][window] -= 1;
                *until = to;
            }
        }
    }

    fn merge(&mut self, following: Self) {
        for (ours, theirs) in self.changes.iter_mut().zip(following.changes) {
            ours.iter_mut().zip(theirs).for_each(|(ours, theirs)| *ours += theirs);
        }
    }
}

/// Computes the daily, weekly and monthly active users at each complete day, and their stickiness.
///
/// The windows end with the day: of 1, 7 and 30 days of the calendar of the facts. The interval of
/// the stickiness is Wilson's, of the monthly active users. Memory is that of the counts by cohort
/// and day.
///
/// ```
/// use polars::prelude::*;
/// use tidegauge_analytics::Facts;
/// use tidegauge_analytics::growth::{ActiveUsersParams, active_users};
///
/// let day = |text: &str| text.parse::<chrono::NaiveDate>().unwrap();
/// let purchases = df!(
///     "user" => ["ann", "ann", "bob"],
///     "at" => ["2026-01-05", "2026-01-14", "2026-01-06"].map(day),
///     "value" => [20.0, 5.0, 7.5],
/// )?;
/// let end = day("2026-01-19").and_time(chrono::NaiveTime::MIN).and_utc();
/// let facts = Facts::from_transactions(&purchases, end)?;
/// let table = active_users(&facts, &ActiveUsersParams::default())?;
/// let on = |day: usize| table.overall.days[day];
/// // Both were active in the week to the 6th, ann alone in that to the 14th, and both in the month.
/// assert_eq!((on(1).dau, on(1).wau, on(1).mau), (1, 2, 2));
/// assert_eq!((on(9).dau, on(9).wau, on(9).mau), (1, 1, 2));
/// assert_eq!(on(9).stickiness.value, Some(0.5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When the users lack the cohort's dimension, or the events cannot be read.
pub fn active_users(facts: &Facts, params: &ActiveUsersParams) -> Result<ActiveUsersTable> {
    let groups = params.by.groups(facts)?;
    let days = CompletePeriods::of(facts, Period::Day);
    let width = days.len() + 1;
    let counted = facts.fold(|| ActiveDays {
        groups: &groups,
        days: &days,
        activity: facts.events.kinds.matching(&params.activity),
        changes: vec![Changes::default(); groups.len() * width],
    })?;
    let mut all = vec![Changes::default(); width];
    let mut cohorts = Vec::with_capacity(groups.len());
    for group in 0..groups.len() {
        let changes = &counted.changes[group * width..][..width];
        for (all, changes) in all.iter_mut().zip(changes) {
            all.iter_mut().zip(changes).for_each(|(all, change)| *all += change);
        }
        cohorts.push(cohort(facts, &days, (groups.label(group), changes)));
    }
    let overall = cohort(facts, &days, (Some("all".to_owned()), &all));
    Ok(ActiveUsersTable { params: params.clone(), cohorts, overall })
}

fn cohort(
    facts: &Facts,
    days: &CompletePeriods,
    (cohort, changes): (Option<String>, &[Changes]),
) -> ActiveUsersCohort {
    let mut active = Changes::default();
    let day = |place: usize| {
        active.iter_mut().zip(changes[place]).for_each(|(active, change)| *active += change);
        let [dau, wau, mau] = active.map(|users| u64::try_from(users).unwrap_or_default());
        let stickiness = wilson(dau, mau, facts.level());
        ActiveUsersDay { day: days.start(place), dau, wau, mau, stickiness }
    };
    ActiveUsersCohort { cohort, days: (0..days.len()).map(day).collect() }
}
