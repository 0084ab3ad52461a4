//! A uniform sample of users that does not depend on how they are cut.

use std::collections::BinaryHeap;

/// The entries with the smallest keys, at most a given number: if keys are hashes of users, a
/// uniform sample without replacement that merges exactly (bottom-k sketch; E. Cohen and
/// H. Kaplan 2007).
#[derive(Debug, Clone)]
pub(crate) struct BottomSample {
    capacity: usize,
    entries: BinaryHeap<(u64, u64)>,
}

impl BottomSample {
    /// Creates an empty sample.
    pub(crate) fn new(capacity: usize) -> Self {
        Self { capacity, entries: BinaryHeap::new() }
    }

    /// Adds an entry.
    pub(crate) fn add(&mut self, key: u64, number: f64) {
        self.push((key, number.to_bits()));
    }

    /// Adds the entries of another sample.
    pub(crate) fn merge(&mut self, other: Self) {
        for entry in other.entries {
            self.push(entry);
        }
    }

    /// Returns the numbers, in no particular order.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = f64> {
        self.entries.iter().map(|(_, bits)| f64::from_bits(*bits))
    }

    /// Keeps an entry if its key is among the smallest.
    fn push(&mut self, entry: (u64, u64)) {
        if self.entries.len() < self.capacity {
            self.entries.push(entry);
        } else if let Some(mut largest) = self.entries.peek_mut()
            && entry < *largest
        {
            *largest = entry;
        }
    }
}
