//! Parallel generation of the rows of a range of users.

use std::num::NonZero;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use chrono::NaiveDate;
use tidegauge_core::Batch;

use super::book::Book;
use super::cursor::Position;
use super::rows::TABLES;
use super::signup::Signup;
use super::{Exchange, World, life, ring};
use crate::Result;

/// Estimated rows per user and year, by which the number of users per page is chosen.
const ROWS_A_YEAR: usize = 40;

/// Number of users that a thread simulates at a time.
const BLOCK: u64 = 2_048;

/// The rows of a block of users, one batch per table.
type Block = [Option<Batch>; TABLES];

impl Exchange {
    /// Returns the slots of the accounts opened before `day`: regular users first, then fraud-ring accounts.
    pub(super) fn places(&self, day: NaiveDate) -> Range<u64> {
        let number = usize::try_from((day - self.config.first_day).num_days()).unwrap_or(0);
        let users = self.world.plan.signed_up_before(number);
        let shard = self.config.shard.of(self.world.plan.users());
        // Fraud-ring accounts belong to the last shard.
        let rings = match shard.end >= self.world.plan.users() {
            true => ring::accounts(&self.world.rings, day),
            false => 0,
        };
        shard.start.min(users)..shard.end.min(users) + rings
    }

    pub(super) fn users_a_page(&self, position: &Position, to: NaiveDate) -> u64 {
        let days = usize::try_from((to - position.from).num_days()).unwrap_or(1);
        let rows = 1 + ROWS_A_YEAR * days / 365;
        ((self.config.page_rows / rows) as u64).max(1)
    }

    /// Generates the rows within `window` (microseconds since 1970) of the accounts in `places`, table by
    /// table. `day` is the day before which those accounts were opened.
    ///
    /// # Errors
    /// Returns the first error of any user.
    pub(super) fn play(
        &self,
        places: Range<u64>,
        day: NaiveDate,
        window: Range<i64>,
    ) -> Result<impl Iterator<Item = Batch> + use<>> {
        let number = usize::try_from((day - self.config.first_day).num_days()).unwrap_or(0);
        let users = self.world.plan.signed_up_before(number);
        let blocks = usize::try_from((places.end - places.start).div_ceil(BLOCK)).unwrap_or(0);
        let block = |at: u64| -> Result<Block> {
            let mut book = Book::new(window.clone());
            let start = places.start + at * BLOCK;
            for place in start..places.end.min(start + BLOCK) {
                if let Some((signup, draws)) = at_place(&self.world, place, users) {
                    life::live(&self.world, signup, draws, &mut book)?;
                }
            }
            book.rows.batches()
        };
        let cores = || thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
        let threads = self.config.threads.unwrap_or_else(cores).get().min(blocks);
        let next = AtomicU64::new(0);
        let work = || -> Result<Vec<(u64, Block)>> {
            let mut done = Vec::new();
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                if at >= blocks as u64 {
                    return Ok(done);
                }
                done.push((at, block(at)?));
            }
        };
        let mut done = if threads < 2 {
            work()?
        } else {
            thread::scope(|scope| -> Result<_> {
                let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
                let mut done = Vec::with_capacity(blocks);
                for worker in workers {
                    done.extend(
                        worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?,
                    );
                }
                Ok(done)
            })?
        };
        done.sort_unstable_by_key(|(at, _)| *at);
        let mut tables: [Vec<Batch>; TABLES] = Default::default();
        for (_, block) in done {
            for (table, batch) in tables.iter_mut().zip(block) {
                table.extend(batch);
            }
        }
        Ok(tables.into_iter().flatten())
    }
}

/// Returns the account of a slot: the first `users` slots are regular users, the rest fraud-ring accounts.
fn at_place(world: &World, place: u64, users: u64) -> Option<(Signup, crate::draw::Draws)> {
    match place.checked_sub(users) {
        None => Signup::of(world, place),
        Some(account) => ring::signup(world, account),
    }
}
