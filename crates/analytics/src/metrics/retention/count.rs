//! The counts of active users by cohort and window, in one pass over the events.

use std::collections::BTreeMap;

use super::params::{RetentionKind, RetentionParams};
use super::window::WindowClock;
use crate::Result;
use crate::facts::{Accumulate, Facts, KindSet, NEVER, UserEvents};
use crate::metrics::cohort::Groups;

/// A cohort: its group, and the number of its period.
pub(super) type CohortKey = (usize, i64);

/// The counts of one cohort.
#[derive(Debug, Clone)]
pub(super) struct CohortCounts {
    pub(super) users: u64,
    /// The anchor of the last user, in microseconds since 1970.
    pub(super) last_anchor: i64,
    /// The active users by window; for rolling retention, those whose last activity it has.
    pub(super) active: Vec<u64>,
}

/// The counts of all cohorts.
pub(super) struct Counts<'f> {
    clock: &'f WindowClock<'f>,
    anchors: &'f [i64],
    groups: &'f Groups,
    activity: KindSet,
    is_rolling: bool,
    pub(super) cohorts: BTreeMap<CohortKey, CohortCounts>,
}

/// Counts the users of all cohorts.
///
/// # Errors
/// When the events cannot be read.
pub(super) fn count(
    facts: &Facts,
    params: &RetentionParams,
    clock: &WindowClock<'_>,
    groups: &Groups,
) -> Result<BTreeMap<CohortKey, CohortCounts>> {
    let anchors = params.anchor.times(facts)?;
    let counts = facts.fold(|| Counts {
        clock,
        anchors: &anchors,
        groups,
        activity: facts.events.kinds.matching(&params.activity),
        is_rolling: params.kind == RetentionKind::Rolling,
        cohorts: BTreeMap::new(),
    })?;
    let mut cohorts = counts.cohorts;
    if params.kind == RetentionKind::Rolling {
        for cohort in cohorts.values_mut() {
            for window in (1..cohort.active.len()).rev() {
                cohort.active[window - 1] += cohort.active[window];
            }
        }
    }
    Ok(cohorts)
}

impl Counts<'_> {
    /// Adds a user to the windows `first..=last`.
    fn add_active(active: &mut Vec<u64>, first: usize, last: usize) {
        if active.len() <= last {
            active.resize(last + 1, 0);
        }
        for window in &mut active[first..=last] {
            *window += 1;
        }
    }
}

impl Accumulate for Counts<'_> {
    fn add(&mut self, user: UserEvents<'_>) {
        let anchor = self.anchors[user.user];
        if anchor == NEVER {
            return;
        }
        let number = self.clock.cohort(anchor);
        let cohort = self.cohorts.entry((self.groups.of(user.user), number)).or_insert_with(|| {
            CohortCounts { users: 0, last_anchor: i64::MIN, active: Vec::new() }
        });
        cohort.users += 1;
        cohort.last_anchor = cohort.last_anchor.max(anchor);
        let activities = user.iter().filter(|event| {
            event.at >= anchor && self.activity.contains(event.kind()) && !event.is_reversal()
        });
        // Events are in order, so that each window is counted once if none before `next` is.
        let mut next = 0;
        for event in activities {
            let Some((first, last)) = self.clock.of(event.at, anchor, number) else { continue };
            if last < next {
                continue;
            }
            if !self.is_rolling {
                Self::add_active(&mut cohort.active, first.max(next), last);
            }
            next = last + 1;
        }
        if self.is_rolling && next > 0 {
            Self::add_active(&mut cohort.active, next - 1, next - 1);
        }
    }

    fn merge(&mut self, following: Self) {
        for (key, theirs) in following.cohorts {
            match self.cohorts.entry(key) {
                std::collections::btree_map::Entry::Vacant(place) => {
                    place.insert(theirs);
                }
                std::collections::btree_map::Entry::Occupied(mut ours) => {
                    let ours = ours.get_mut();
                    ours.users += theirs.users;
                    ours.last_anchor = ours.last_anchor.max(theirs.last_anchor);
                    if ours.active.len() < theirs.active.len() {
                        ours.active.resize(theirs.active.len(), 0);
                    }
                    for (ours, theirs) in ours.active.iter_mut().zip(theirs.active) {
                        *ours += theirs;
                    }
                }
            }
        }
    }
}
