//! A chunk: the events of a range of users in columns, sorted by user and time.

use std::ops::Range;

/// The code of a kind is in the low bits of an event's mark.
pub(crate) const KIND: u8 = 0x3f;
/// The mark of a fill that belongs to the same order as an earlier event.
pub(crate) const REPEAT: u8 = 0x40;
/// The mark of a reversal, whose amounts are negative.
pub(crate) const REVERSAL: u8 = 0x80;

/// The events of a range of users, sorted by user and time.
#[derive(Debug, Clone, Default)]
pub(crate) struct Chunk {
    /// The position of the first user.
    pub(crate) first_user: usize,
    /// The first event of each user; the last entry is the number of events.
    pub(crate) offsets: Vec<u32>,
    /// The times, in microseconds since 1970.
    pub(crate) at: Vec<i64>,
    /// The kinds, with [`REPEAT`] and [`REVERSAL`].
    pub(crate) marks: Vec<u8>,
    /// The volumes in US dollars; empty if amounts are not read.
    pub(crate) volume_usd: Vec<f64>,
    /// The revenues in US dollars; empty if amounts are not read.
    pub(crate) revenue_usd: Vec<f64>,
}

impl Chunk {
    /// Returns the number of users.
    pub(crate) fn users(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// Returns the events of the user at `local` in the chunk.
    pub(crate) fn user(&self, local: usize) -> UserEvents<'_> {
        let range = self.offsets[local] as usize..self.offsets[local + 1] as usize;
        let amounts = |amounts: &'_ Vec<f64>, range: &Range<usize>| match amounts.is_empty() {
            true => 0..0,
            false => range.clone(),
        };
        UserEvents {
            user: self.first_user + local,
            at: &self.at[range.clone()],
            marks: &self.marks[range.clone()],
            volume_usd: &self.volume_usd[amounts(&self.volume_usd, &range)],
            revenue_usd: &self.revenue_usd[amounts(&self.revenue_usd, &range)],
        }
    }
}

/// The events of one user, sorted by time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UserEvents<'a> {
    /// The position of the user among the users.
    pub(crate) user: usize,
    /// The times, in microseconds since 1970.
    pub(crate) at: &'a [i64],
    marks: &'a [u8],
    volume_usd: &'a [f64],
    revenue_usd: &'a [f64],
}

/// An event of a user.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Event {
    /// The time, in microseconds since 1970; of a reversal, that of the transaction.
    pub(crate) at: i64,
    mark: u8,
    /// The volume in US dollars; negative for a reversal.
    pub(crate) volume_usd: f64,
    /// The revenue in US dollars; negative for a reversal.
    pub(crate) revenue_usd: f64,
}

impl Event {
    /// Returns the code of the event's kind.
    #[inline]
    pub(crate) fn kind(&self) -> u8 {
        self.mark & KIND
    }

    /// Returns `true` if it takes back the amounts of a transaction; it is no activity.
    #[inline]
    pub(crate) fn is_reversal(&self) -> bool {
        self.mark & REVERSAL != 0
    }

    /// Returns `true` unless it belongs to the same order as an earlier event, or is a reversal.
    #[inline]
    pub(crate) fn is_occasion(&self) -> bool {
        self.mark & (REVERSAL | REPEAT) == 0
    }
}

impl<'a> UserEvents<'a> {
    /// Returns the events in ascending order of time.
    #[inline]
    pub(crate) fn iter(self) -> impl Iterator<Item = Event> + 'a {
        let amount = |amounts: &[f64], at: usize| amounts.get(at).copied().unwrap_or_default();
        self.at.iter().zip(self.marks).enumerate().map(move |(row, (at, mark))| Event {
            at: *at,
            mark: *mark,
            volume_usd: amount(self.volume_usd, row),
            revenue_usd: amount(self.revenue_usd, row),
        })
    }
}
