//! A user's balances, and the double-entry ledger that explains them.

use std::ops::Range;

use crate::error::{Error, Result};
use crate::exchange::market::assets::{ASSETS, COINS, code};
use crate::exchange::output::enum_values::{LEDGER_EVENTS, LedgerAccount, LedgerEvent};
use crate::exchange::output::rows::{Entry, Rows};

/// Asset slot of the user's fiat currency; the coins come before it, in the order of [`COINS`].
pub(crate) const FIAT_SLOT: usize = COINS.len();
/// Number of asset slots of a user.
pub(crate) const ASSET_SLOTS: usize = COINS.len() + 1;

/// Lower bits of a row id that hold a per-user counter.
pub(crate) const COUNTER_BITS: u32 = 20;

/// The balances of the current user, and the rows of all users simulated so far.
#[derive(Debug)]
pub(crate) struct UserAccount {
    /// Events within this window become rows, in microseconds since 1970.
    pub(crate) window: Range<i64>,
    pub(crate) rows: Rows,
    user: i64,
    fiat: usize,
    /// Balances now, and at the start of the window, in 10⁻⁸.
    balances: [i64; ASSET_SLOTS],
    balances_at_start: [i64; ASSET_SLOTS],
    counts: Counts,
}

/// Per-user counters of ids.
#[derive(Debug, Default)]
struct Counts {
    events: i64,
    entries: i64,
    postings: i64,
}

impl UserAccount {
    /// Creates an account without a user; only events within `window` become rows.
    pub(crate) fn new(window: Range<i64>) -> Self {
        let (balances, balances_at_start, counts) =
            ([0; ASSET_SLOTS], [0; ASSET_SLOTS], Counts::default());
        Self {
            window,
            rows: Rows::default(),
            user: 0,
            fiat: 0,
            balances,
            balances_at_start,
            counts,
        }
    }

    /// Resets the account for another user with the given currency index.
    pub(crate) fn reset(&mut self, user: i64, fiat: usize) {
        (self.user, self.fiat) = (user, fiat);
        (self.balances, self.balances_at_start) = ([0; ASSET_SLOTS], [0; ASSET_SLOTS]);
        self.counts = Counts::default();
    }

    /// Returns `true` if an event at `at` becomes rows.
    pub(crate) fn in_window(&self, at: i64) -> bool {
        self.window.contains(&at)
    }

    /// Returns the id of the current user.
    pub(crate) fn user(&self) -> i64 {
        self.user
    }

    /// Returns the balance of an asset slot, in 10⁻⁸.
    pub(crate) fn balance(&self, slot: usize) -> i64 {
        self.balances[slot]
    }

    /// Returns `true` if a balance has changed since the start of the window.
    pub(crate) fn has_changed(&self) -> bool {
        self.balances != self.balances_at_start
    }

    /// Returns the index in [`ASSETS`] of an asset slot.
    pub(crate) fn asset(&self, slot: usize) -> u8 {
        code(if slot == FIAT_SLOT { COINS.len() + self.fiat } else { slot })
    }

    /// Returns the currency code of an asset slot.
    pub(crate) fn name(&self, slot: usize) -> &'static str {
        ASSETS[usize::from(self.asset(slot)).min(ASSETS.len() - 1)]
    }

    /// Returns the id of the user's next event.
    ///
    /// # Errors
    /// Returns [`Error::Infeasible`] once the per-user counter is exhausted.
    pub(crate) fn next_id(&mut self) -> Result<i64> {
        self.counts.events += 1;
        item_id(self.user, self.counts.events)
    }

    /// Posts the entries of an event. Their amounts must sum to zero in every asset (double entry).
    ///
    /// # Errors
    /// Returns [`Error::Infeasible`] if a balance of the user would become negative.
    pub(crate) fn post(
        &mut self,
        event: LedgerEvent,
        reference_id: i64,
        at: i64,
        entries: &[(LedgerAccount, usize, i64)],
    ) -> Result<()> {
        self.counts.postings += 1;
        let posting_id = item_id(self.user, self.counts.postings)?;
        let in_window = self.in_window(at);
        for (account, slot, amount) in entries.iter().copied() {
            if account == LedgerAccount::User {
                self.add(slot, amount, at, event)?;
            }
            self.counts.entries += 1;
            if !in_window || amount == 0 {
                continue;
            }
            self.rows.entries.push(Entry {
                entry_id: item_id(self.user, self.counts.entries)?,
                posting_id,
                user_id: self.user,
                kind: event as u8,
                reference_id,
                account: account as u8,
                asset: self.asset(slot),
                amount: amount.into(),
                posted_at: at,
            });
        }
        debug_assert!((0..ASSET_SLOTS).all(|slot| {
            entries
                .iter()
                .filter(|entry| entry.1 == slot)
                .map(|entry| i128::from(entry.2))
                .sum::<i128>()
                == 0
        }));
        Ok(())
    }

    /// Changes a balance of the user.
    ///
    /// # Errors
    /// Returns [`Error::Infeasible`] if the balance would become negative or overflow.
    fn add(&mut self, slot: usize, amount: i64, at: i64, event: LedgerEvent) -> Result<()> {
        let sum = self.balances[slot].checked_add(amount).filter(|sum| *sum >= 0);
        let what = LEDGER_EVENTS[event as usize];
        self.balances[slot] = sum.ok_or(Error::Infeasible { user: self.user, what })?;
        if at < self.window.start {
            self.balances_at_start[slot] = self.balances[slot];
        }
        Ok(())
    }
}

/// Returns the id of the user's `count`th item. Ids are unique across users without coordination.
fn item_id(user: i64, count: i64) -> Result<i64> {
    if count >> COUNTER_BITS != 0 {
        return Err(Error::Infeasible { user, what: "do a million things" });
    }
    Ok(user << COUNTER_BITS | count)
}
