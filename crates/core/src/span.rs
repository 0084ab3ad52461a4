//! A span of time.

use std::fmt;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

/// From `from` up to, and without, `to`. Empty where `to` is not behind `from`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// Where it begins.
    pub from: DateTime<Utc>,
    /// Where it ends; that instant is not in it.
    pub to: DateTime<Utc>,
}

impl Span {
    /// From `from` up to, and without, `to`.
    pub const fn new(from: DateTime<Utc>, to: DateTime<Utc>) -> Self {
        Self { from, to }
    }

    /// Whether no instant is in it.
    pub fn is_empty(&self) -> bool {
        self.to <= self.from
    }

    /// Whether `at` is in it.
    pub fn contains(&self, at: DateTime<Utc>) -> bool {
        self.from <= at && at < self.to
    }

    /// How long it is; nothing when it is empty.
    pub fn length(&self) -> TimeDelta {
        (self.to - self.from).max(TimeDelta::zero())
    }

    /// What it has in common with `other`; empty where that is nothing.
    #[must_use]
    pub fn within(&self, other: &Self) -> Self {
        Self { from: self.from.max(other.from), to: self.to.min(other.to) }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::AutoSi, true);
        write!(f, "{} to {}", shown(self.from), shown(self.to))
    }
}
