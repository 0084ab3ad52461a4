//! Folds of the events of all users, in parallel, whose results do not depend on the number of
//! threads.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::events::UserEvents;
use super::input::Facts;
use crate::Result;

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
        let threads = thread::available_parallelism().map_or(1, usize::from).min(parts);
        let next = AtomicUsize::new(0);
        let work = || {
            let mut done = Vec::new();
            loop {
                let part = next.fetch_add(1, Ordering::Relaxed);
                if part >= parts {
                    return done;
                }
                done.push((part, fold_part(part)));
            }
        };
        let mut done: Vec<_> = thread::scope(|scope| {
            let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            let joined = workers.into_iter().map(thread::ScopedJoinHandle::join);
            joined
                .flat_map(|done| done.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect()
        });
        done.sort_by_key(|(part, _)| *part);
        let mut states = done.into_iter().map(|(_, state)| state);
        let mut all = states.next().unwrap_or_else(|| Ok(new()))?;
        for state in states {
            all.merge(state?);
        }
        Ok(all)
    }
}
