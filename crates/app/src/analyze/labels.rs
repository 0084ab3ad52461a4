//! Texts as small numbers.

use std::collections::HashMap;

/// Texts and their indexes, in the order of their first use.
#[derive(Debug, Default)]
pub(super) struct Labels {
    texts: Vec<String>,
    indexes: HashMap<String, u32>,
}

impl Labels {
    /// Returns the index of a text, which is added if it is new.
    pub(super) fn index(&mut self, text: &str) -> u32 {
        if let Some(index) = self.indexes.get(text) {
            return *index;
        }
        let index = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        self.texts.push(text.to_owned());
        self.indexes.insert(text.to_owned(), index);
        index
    }

    pub(super) fn text(&self, index: u32) -> &str {
        self.texts.get(index as usize).map_or("", String::as_str)
    }

    pub(super) fn len(&self) -> usize {
        self.texts.len()
    }
}
