//! Folds of the events of all users, in parallel, whose results do not depend on the number of
//! threads.

use super::events::UserEvents;
use super::input::Facts;
use crate::Result;
use crate::parallel::map_parts;

/// The number of parts that are folded independently and merged in order. It is fixed, so that sums
/// of floats are the same on all machines.
const PARTS: usize = 8;

/// A state that is computed from the events of each user, one user after the other.
pub(crate) trait Accumulate: Send {
    /// Adds the events of a user, which may be none.
    fn add(&mut self, user: UserEvents<'_>);

    /// Adds the state of the users that follow.
    fn merge(&mut self, following: Self);
}

impl Facts {
    /// Folds the events of all users, each part of the users into a state of `new`.
    ///
    /// # Errors
    /// When the events are in a temporary file that cannot be read.
    pub(crate) fn fold<A: Accumulate>(&self, new: impl Fn() -> A + Sync) -> Result<A> {
        let chunks = self.events.chunks();
        let parts = PARTS.min(chunks).max(1);
        let fold_part = |part: usize| -> Result<A> {
            let mut state = new();
            for number in chunks * part / parts..chunks * (part + 1) / parts {
                let chunk = self.events.chunk(number)?;
                for local in 0..chunk.users() {
                    state.add(chunk.user(local));
                }
            }
            Ok(state)
        };
        let mut states = map_parts(parts, fold_part).into_iter();
        let mut all = states.next().unwrap_or_else(|| Ok(new()))?;
        for state in states {
            all.merge(state?);
        }
        Ok(all)
    }
}
