//! What a user has, and the entries that say how it came to that.

use std::ops::Range;

use super::assets::{ASSETS, COINS, code};
use super::names::{Account, EVENT, Event};
use super::rows::{Entry, Rows};
use crate::{Error, Result};

/// What a user can have: the coins, and the currency of their country, which comes last.
pub(super) const FIAT: usize = COINS.len();
/// How many that are.
pub(super) const KINDS: usize = COINS.len() + 1;

/// Bits of an id that count what one user does.
pub(super) const COUNTED: u32 = 20;

/// The books of one user, and the rows of all whose books these were before.
#[derive(Debug)]
pub(super) struct Book {
    /// Only what happens in this span becomes rows.
    pub(super) window: Range<i64>,
    pub(super) rows: Rows,
    user: i64,
    fiat: usize,
    /// What the user has by now, and had when the window began.
    has: [i64; KINDS],
    had: [i64; KINDS],
    counts: Counts,
}

/// How many of each a user has had.
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

    /// Opens the books of another user, who pays in a currency.
    pub(super) fn open(&mut self, user: i64, fiat: usize) {
        (self.user, self.fiat) = (user, fiat);
        (self.has, self.had) = ([0; KINDS], [0; KINDS]);
        self.counts = Counts::default();
    }

    pub(super) fn tells(&self, at: i64) -> bool {
        self.window.contains(&at)
    }

    pub(super) fn user(&self) -> i64 {
        self.user
    }

    pub(super) fn has(&self, kind: usize) -> i64 {
        self.has[kind]
    }

    /// Whether that is not what it was when the window began.
    pub(super) fn has_changed(&self) -> bool {
        self.has != self.had
    }

    /// The place of a kind among all assets.
    pub(super) fn asset(&self, kind: usize) -> u8 {
        code(if kind == FIAT { COINS.len() + self.fiat } else { kind })
    }

    /// What it is called.
    pub(super) fn name(&self, kind: usize) -> &'static str {
        ASSETS[usize::from(self.asset(kind)).min(ASSETS.len() - 1)]
    }

    /// The number of the next thing that this user does.
    pub(super) fn number(&mut self) -> Result<i64> {
        self.counts.events += 1;
        id(self.user, self.counts.events)
    }

    /// Posts what an event moves: the amounts must add up to zero in every asset.
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
            moves.iter().filter(|it| it.1 == kind).map(|it| i128::from(it.2)).sum::<i128>() == 0
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

/// The number of the `count`th thing of a user: nobody else's is the same, and nobody has to ask.
fn id(user: i64, count: i64) -> Result<i64> {
    if count >> COUNTED != 0 {
        return Err(Error::Impossible { user, what: "do a million things" });
    }
    Ok(user << COUNTED | count)
}
