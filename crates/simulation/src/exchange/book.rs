//! A user's balances, and the double-entry ledger that explains them.

use std::ops::Range;

use super::assets::{ASSETS, COINS, code};
use super::names::{Account, EVENT, Event};
use super::rows::{Entry, Rows};
use crate::{Error, Result};

/// Asset slot of the user's fiat currency; the coins come before it, in the order of [`COINS`].
pub(super) const FIAT: usize = COINS.len();
/// Number of asset slots of a user.
pub(super) const KINDS: usize = COINS.len() + 1;

/// Lower bits of a row id that hold a per-user counter.
pub(super) const COUNTED: u32 = 20;

/// The balances of the current user, and the rows of all users simulated so far.
#[derive(Debug)]
pub(super) struct Book {
    /// Events within this window become rows, in microseconds since 1970.
    pub(super) window: Range<i64>,
    pub(super) rows: Rows,
    user: i64,
    fiat: usize,
    /// Balances now, and at the start of the window, in 10⁻⁸.
    has: [i64; KINDS],
    had: [i64; KINDS],
    counts: Counts,
}

/// Per-user counters of ids.
#[derive(Debug, Default)]
struct Counts {
    events: i64,
    entries: i64,
    postings: i64,
}

impl Book {
    pub(super) fn new(window: Range<i64>) -> Self {
        let (has, had, counts) = ([0; KINDS], [0; KINDS], Counts::default());
        Self { window, rows: Rows::default(), user: 0, fiat: 0, has, had, counts }
    }

    /// Resets the account for another user with the given currency index.
    pub(super) fn open(&mut self, user: i64, fiat: usize) {
        (self.user, self.fiat) = (user, fiat);
        (self.has, self.had) = ([0; KINDS], [0; KINDS]);
        self.counts = Counts::default();
    }

    /// Returns `true` if an event at `at` becomes rows.
    pub(super) fn tells(&self, at: i64) -> bool {
        self.window.contains(&at)
    }

    pub(super) fn user(&self) -> i64 {
        self.user
    }

    pub(super) fn has(&self, kind: usize) -> i64 {
        self.has[kind]
    }

    /// Returns `true` if a balance has changed since the start of the window.
    pub(super) fn has_changed(&self) -> bool {
        self.has != self.had
    }

    /// Returns the index in [`ASSETS`] of an asset slot.
    pub(super) fn asset(&self, kind: usize) -> u8 {
        code(if kind == FIAT { COINS.len() + self.fiat } else { kind })
    }

    /// Returns the currency code of an asset slot.
    pub(super) fn name(&self, kind: usize) -> &'static str {
        ASSETS[usize::from(self.asset(kind)).min(ASSETS.len() - 1)]
    }

    /// Returns the id of the user's next event.
    ///
    /// # Errors
    /// Returns [`Error::Impossible`] once the per-user counter is exhausted.
    pub(super) fn number(&mut self) -> Result<i64> {
        self.counts.events += 1;
        id(self.user, self.counts.events)
    }

    /// Posts the entries of an event. Their amounts must sum to zero in every asset (double entry).
    ///
    /// # Errors
    /// Returns [`Error::Impossible`] if a balance of the user would become negative.
    pub(super) fn post(
        &mut self,
        event: Event,
        reference_id: i64,
        at: i64,
        moves: &[(Account, usize, i64)],
    ) -> Result<()> {
        self.counts.postings += 1;
        let posting_id = id(self.user, self.counts.postings)?;
        let tells = self.tells(at);
        for (account, kind, amount) in moves.iter().copied() {
            if account == Account::User {
                self.add(kind, amount, at, event)?;
            }
            self.counts.entries += 1;
            if !tells || amount == 0 {
                continue;
            }
            self.rows.entries.push(Entry {
                entry_id: id(self.user, self.counts.entries)?,
                posting_id,
                user_id: self.user,
                kind: event as u8,
                reference_id,
                account: account as u8,
                asset: self.asset(kind),
                amount: amount.into(),
                posted_at: at,
            });
        }
        debug_assert!((0..KINDS).all(|kind| {
            moves
                .iter()
                .filter(|entry| entry.1 == kind)
                .map(|entry| i128::from(entry.2))
                .sum::<i128>()
                == 0
        }));
        Ok(())
    }

    fn add(&mut self, kind: usize, amount: i64, at: i64, event: Event) -> Result<()> {
        let sum = self.has[kind].checked_add(amount).filter(|sum| *sum >= 0);
        let what = EVENT[event as usize];
        self.has[kind] = sum.ok_or(Error::Impossible { user: self.user, what })?;
        if at < self.window.start {
            self.had[kind] = self.has[kind];
        }
        Ok(())
    }
}

/// Returns the id of the user's `count`th item. Ids are unique across users without coordination.
fn id(user: i64, count: i64) -> Result<i64> {
    if count >> COUNTED != 0 {
        return Err(Error::Impossible { user, what: "do a million things" });
    }
    Ok(user << COUNTED | count)
}
