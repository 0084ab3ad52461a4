//! The users of each channel who have reached the steps of the funnel.

use serde::Serialize;

use crate::Result;
use crate::facts::{Accumulate, EventFilter, Facts, KindSet, UserEvents};
use crate::metrics::cohort::Groups;

/// The number of users who have reached each step by the end of observation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Milestones {
    /// Users who signed up.
    pub signed_up: u64,
    /// Users whose identity check succeeded.
    pub verified: u64,
    /// Users with a completed deposit or on-ramp purchase.
    pub funded: u64,
    /// Users with a trade.
    pub traded: u64,
}

impl Milestones {
    pub(super) fn add(&mut self, other: &Self) {
        self.signed_up += other.signed_up;
        self.verified += other.verified;
        self.funded += other.funded;
        self.traded += other.traded;
    }
}

struct Counts<'f> {
    facts: &'f Facts,
    groups: &'f Groups,
    funding: KindSet,
    trades: KindSet,
    of_groups: Vec<Milestones>,
}

impl Accumulate for Counts<'_> {
    fn add(&mut self, user: UserEvents<'_>) {
        let of_group = &mut self.of_groups[self.groups.of(user.user)];
        let has = |kinds: KindSet| {
            user.iter().any(|event| kinds.contains(event.kind()) && !event.is_reversal())
        };
        let is_verified = self.facts.users.verified_at[user.user] < self.facts.end_micros();
        of_group.signed_up += 1;
        of_group.verified += u64::from(is_verified);
        of_group.funded += u64::from(has(self.funding));
        of_group.traded += u64::from(has(self.trades));
    }

    fn merge(&mut self, following: Self) {
        for (ours, theirs) in self.of_groups.iter_mut().zip(&following.of_groups) {
            ours.add(theirs);
        }
    }
}

/// Counts the steps that the users of each group have reached.
///
/// # Errors
/// When the events cannot be read.
pub(super) fn milestones(facts: &Facts, groups: &Groups) -> Result<Vec<Milestones>> {
    let kinds = &facts.events.kinds;
    let counts = facts.fold(|| Counts {
        facts,
        groups,
        funding: kinds.matching(&EventFilter::only(["deposit", "ramp"])),
        trades: kinds.matching(&EventFilter::only(["trade"])),
        of_groups: vec![Milestones::default(); groups.len()],
    })?;
    Ok(counts.of_groups)
}
