//! Parallel generation of the rows of a range of users.

use std::num::NonZero;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use chrono::NaiveDate;
use tidegauge_core::Batch;

use crate::error::Result;
use crate::exchange::account::user_account::UserAccount;
use crate::exchange::behavior::user;
use crate::exchange::config::ExchangeConfig;
use crate::exchange::context::SimulationContext;
use crate::exchange::output::rows::TABLES;
use crate::exchange::population::fraud_ring::accounts_opened_before;
use crate::exchange::population::signup::{self, Signup};
use crate::rng::RandomStream;

/// Estimated rows per user and year, by which the number of users per page is chosen.
const ROWS_PER_USER_YEAR: usize = 40;

/// Number of users that a thread simulates at a time.
const USERS_PER_BLOCK: u64 = 2_048;

/// The rows of a block of users, one batch per table.
type BlockRows = [Option<Batch>; TABLES];

/// Returns the indices of the accounts opened before `day`: regular users first, then fraud-ring accounts.
pub(crate) fn open_accounts(
    context: &SimulationContext,
    config: &ExchangeConfig,
    day: NaiveDate,
) -> Range<u64> {
    let number = usize::try_from((day - config.first_day).num_days()).unwrap_or(0);
    let users = context.plan.signed_up_before(number);
    let shard = config.shard.range(context.plan.users());
    // Fraud-ring accounts belong to the last shard.
    let rings = match shard.end >= context.plan.users() {
        true => accounts_opened_before(&context.rings, day),
        false => 0,
    };
    shard.start.min(users)..shard.end.min(users) + rings
}

/// Returns the number of users per page for a period.
pub(crate) fn users_per_page(config: &ExchangeConfig, from: NaiveDate, to: NaiveDate) -> u64 {
    let days = usize::try_from((to - from).num_days()).unwrap_or(1);
    let rows = 1 + ROWS_PER_USER_YEAR * days / 365;
    ((config.page_rows / rows) as u64).max(1)
}

/// Generates the rows within `window` (microseconds since 1970) of the accounts in `accounts`, table by
/// table. `day` is the day before which those accounts were opened.
///
/// # Errors
/// Returns the first error of any user.
pub(crate) fn generate(
    context: &SimulationContext,
    config: &ExchangeConfig,
    accounts: Range<u64>,
    day: NaiveDate,
    window: Range<i64>,
) -> Result<impl Iterator<Item = Batch> + use<>> {
    let number = usize::try_from((day - config.first_day).num_days()).unwrap_or(0);
    let users = context.plan.signed_up_before(number);
    let blocks =
        usize::try_from((accounts.end - accounts.start).div_ceil(USERS_PER_BLOCK)).unwrap_or(0);
    let block = |at: u64| -> Result<BlockRows> {
        let mut account = UserAccount::new(window.clone());
        let start = accounts.start + at * USERS_PER_BLOCK;
        for index in start..accounts.end.min(start + USERS_PER_BLOCK) {
            if let Some((signup, rng)) = account_at(context, index, users) {
                user::simulate(context, signup, rng, &mut account)?;
            }
        }
        account.rows.batches()
    };
    let cores = || thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
    let threads = config.threads.unwrap_or_else(cores).get().min(blocks);
    let next = AtomicU64::new(0);
    let work = || -> Result<Vec<(u64, BlockRows)>> {
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

/// Returns the account at an index: the first `users` are regular users, the rest fraud-ring accounts.
fn account_at(
    context: &SimulationContext,
    index: u64,
    users: u64,
) -> Option<(Signup, RandomStream)> {
    match index.checked_sub(users) {
        None => Signup::draw(context, index),
        Some(account) => signup::draw_ring_account(context, account),
    }
}
