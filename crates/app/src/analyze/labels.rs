//! Texts as small numbers.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

/// The hash of a text, which is the same in every run.
pub(super) fn hash(text: &str) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(text)
}

/// Texts and their indexes, in the order of their first use. All texts are in one string, and are
/// found by their hashes.
#[derive(Debug, Default)]
pub(super) struct Labels {
    all: String,
    /// The end of each text.
    ends: Vec<usize>,
    /// The indexes by hash; of equal hashes the later one has the next free hash.
    indexes: HashMap<u64, u32>,
}

impl Labels {
    /// Returns the index of a text, which is added if it is new.
    pub(super) fn index(&mut self, text: &str) -> u32 {
        let mut hash = hash(text);
        while let Some(index) = self.indexes.get(&hash).copied() {
            if self.text(index) == text {
                return index;
            }
            hash = hash.wrapping_add(1);
        }
        let index = u32::try_from(self.ends.len()).unwrap_or(u32::MAX);
        self.all.push_str(text);
        self.ends.push(self.all.len());
        self.indexes.insert(hash, index);
        index
    }

    /// Returns the text of an index, or an empty one for an unknown index.
    pub(super) fn text(&self, index: u32) -> &str {
        let index = index as usize;
        let begin = index.checked_sub(1).and_then(|before| self.ends.get(before));
        let end = self.ends.get(index);
        let range = begin.copied().unwrap_or(0)..end.copied().unwrap_or(0);
        self.all.get(range).unwrap_or_default()
    }

    /// Returns the number of texts.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Returns the texts, by index.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        (0u32..).take(self.len()).map(|index| self.text(index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_keep_their_indexes() {
        let mut labels = Labels::default();
        let indexes: Vec<u32> =
            ["b", "", "äöü", "b", "a", ""].map(|text| labels.index(text)).into();
        assert_eq!(indexes, [0, 1, 2, 0, 3, 1]);
        assert_eq!(labels.texts().collect::<Vec<_>>(), ["b", "", "äöü", "a"]);
        assert_eq!((labels.text(2), labels.text(9)), ("äöü", ""));
    }
}
