//! Half-open spans of time, and sets of them.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

/// A half-open time range: from `from`, included, to `to`, excluded. It is empty if `to` is not
/// after `from`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The start, included.
    pub from: DateTime<Utc>,
    /// The end, excluded.
    pub to: DateTime<Utc>,
}

impl Span {
    /// Creates a span from `from`, included, to `to`, excluded.
    pub const fn new(from: DateTime<Utc>, to: DateTime<Utc>) -> Self {
        Self { from, to }
    }

    /// Returns `true` if the span contains no instant.
    pub fn is_empty(&self) -> bool {
        self.to <= self.from
    }

    /// Returns `true` if the span contains `at`.
    pub fn contains(&self, at: DateTime<Utc>) -> bool {
        self.from <= at && at < self.to
    }

    /// Returns the length of the span, zero if it is empty.
    pub fn length(&self) -> TimeDelta {
        (self.to - self.from).max(TimeDelta::zero())
    }

    /// Returns the intersection with `other`, which may be empty.
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

/// A set of spans, ordered by time, that neither touch nor overlap.
///
/// ```
/// use chrono::{DateTime, Utc};
/// use tidegauge_core::{Span, Spans};
///
/// let at = |day: &str| format!("{day}T00:00:00Z").parse::<DateTime<Utc>>().unwrap();
/// let mut read = Spans::default();
/// read.add(Span::new(at("2026-01-01"), at("2026-01-03")));
/// read.add(Span::new(at("2026-01-05"), at("2026-01-06")));
/// let wanted = Span::new(at("2026-01-02"), at("2026-01-07"));
/// let gaps: Vec<_> = read.missing(wanted).iter().collect();
/// assert_eq!(gaps[0], Span::new(at("2026-01-03"), at("2026-01-05")));
/// assert_eq!(gaps[1], Span::new(at("2026-01-06"), at("2026-01-07")));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spans(BTreeMap<DateTime<Utc>, DateTime<Utc>>);

impl Spans {
    /// Adds a span, joined with those that it touches or overlaps; an empty one adds nothing.
    pub fn add(&mut self, span: Span) {
        if span.is_empty() {
            return;
        }
        let mut joined = span;
        // Spans that begin within the new one or at its end, and the one before it if it reaches
        // that far.
        let touching: Vec<_> = self
            .0
            .range(..=span.to)
            .rev()
            .take_while(|(_, to)| **to >= span.from)
            .map(|(from, to)| Span::new(*from, *to))
            .collect();
        for other in touching {
            self.0.remove(&other.from);
            joined = Span::new(joined.from.min(other.from), joined.to.max(other.to));
        }
        self.0.insert(joined.from, joined.to);
    }

    /// Returns the parts of `span` that are not covered by the set.
    #[must_use]
    pub fn missing(&self, span: Span) -> Self {
        let mut missing = Self::default();
        let mut from = span.from;
        for covered in self.iter().filter(|covered| !covered.within(&span).is_empty()) {
            missing.add(Span::new(from, covered.from));
            from = from.max(covered.to);
        }
        missing.add(Span::new(from, span.to));
        missing
    }

    /// Returns the parts of `span` that are covered by the set.
    #[must_use]
    pub fn common(&self, span: Span) -> Self {
        self.iter().map(|covered| covered.within(&span)).collect()
    }

    /// Returns the spans, ordered by time.
    pub fn iter(&self) -> impl Iterator<Item = Span> {
        self.0.iter().map(|(from, to)| Span::new(*from, *to))
    }

    /// Returns `true` if the set contains no instant.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Span> for Spans {
    fn from_iter<T: IntoIterator<Item = Span>>(spans: T) -> Self {
        let mut all = Self::default();
        spans.into_iter().for_each(|span| all.add(span));
        all
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    proptest! {
        #[test]
        fn span_sets_equal_a_second_by_second_model(
            spans in prop::collection::vec((0i64..50, 0i64..50), 0..12),
            wanted in (0i64..50, 0i64..50),
        ) {
            let all: Spans = spans.iter().map(|(a, b)| Span::new(at(*a), at(*b))).collect();
            let wanted = Span::new(at(wanted.0), at(wanted.1));
            let (missing, common) = (all.missing(wanted), all.common(wanted));
            for second in 0..50 {
                let second = at(second);
                let within = spans.iter().any(|(a, b)| Span::new(at(*a), at(*b)).contains(second));
                let found = |spans: &Spans| spans.iter().any(|span| span.contains(second));
                prop_assert_eq!(found(&all), within);
                prop_assert_eq!(found(&missing), wanted.contains(second) && !within);
                prop_assert_eq!(found(&common), wanted.contains(second) && within);
            }
            let listed: Vec<_> = all.iter().collect();
            prop_assert!(listed.windows(2).all(|pair| pair[0].to < pair[1].from));
        }
    }
}
