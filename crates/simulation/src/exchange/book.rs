//! What a user has, and the entries that say how it came to that.

use std::ops::Range;

use super::path::{COINS, FIATS};
use super::rows::Rows;
use crate::{Error, Result};

/// What a user can have: the coins, and the currency of their country, which comes last.
pub(super) const FIAT: usize = COINS.len();
const ASSETS: usize = COINS.len() + 1;

/// Bits of an id that count what one user does.
const COUNTED: u32 = 20;

/// Whose account an amount goes to, or comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Account {
    User,
    Exchange,
    Fees,
    Outside,
}

impl Account {
    fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Exchange => "exchange",
            Self::Fees => "fees",
            Self::Outside => "outside",
        }
    }
}

/// The books of one user, and the rows of all whose books these were before.
#[derive(Debug)]
pub(super) struct Book {
    /// Only what happens in this span becomes rows.
    window: Range<i64>,
    pub(super) rows: Rows,
    user: i64,
    fiat: &'static str,
    has: [i128; ASSETS],
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
        Self {
            window,
            rows: Rows::default(),
            user: 0,
            fiat: FIATS[0],
            has: [0; ASSETS],
            counts: Counts::default(),
        }
    }

    /// Opens the books of another user.
    pub(super) fn open(&mut self, user: i64, fiat: &'static str) {
        (self.user, self.fiat) = (user, fiat);
        self.has = [0; ASSETS];
        self.counts = Counts::default();
    }

    pub(super) fn window(&self) -> &Range<i64> {
        &self.window
    }

    pub(super) fn user(&self) -> i64 {
        self.user
    }

    pub(super) fn has(&self, asset: usize) -> i128 {
        self.has[asset]
    }

    pub(super) fn asset(&self, asset: usize) -> &'static str {
        COINS.get(asset).copied().unwrap_or(self.fiat)
    }

    /// The number of the next thing that this user does.
    pub(super) fn number(&mut self) -> Result<i64> {
        self.counts.events += 1;
        id(self.user, self.counts.events)
    }

    /// Posts what an event moves: the amounts must add up to zero in every asset.
    pub(super) fn post(
        &mut self,
        kind: &'static str,
        reference: i64,
        at: i64,
        moves: &[(Account, usize, i128)],
    ) -> Result<()> {
        self.counts.postings += 1;
        let posting = id(self.user, self.counts.postings)?;
        for (account, asset, amount) in moves.iter().copied() {
            if account == Account::User {
                self.has[asset] += amount;
                if self.has[asset] < 0 {
                    return Err(Error::Impossible { user: self.user, what: kind });
                }
            }
            self.counts.entries += 1;
            if !self.window.contains(&at) || amount == 0 {
                continue;
            }
            let entry = id(self.user, self.counts.entries)?;
            let asset = self.asset(asset);
            let entries = &mut self.rows.entries;
            entries.entry_id.push(entry);
            entries.posting_id.push(posting);
            entries.user_id.push(self.user);
            entries.kind.push(kind);
            entries.reference_id.push(reference);
            entries.account.push(account.name());
            entries.asset.push(asset);
            entries.amount.push(amount);
            entries.posted_at.push(at);
        }
        debug_assert!((0..ASSETS).all(|asset| {
            moves.iter().filter(|it| it.1 == asset).map(|it| it.2).sum::<i128>() == 0
        }));
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
