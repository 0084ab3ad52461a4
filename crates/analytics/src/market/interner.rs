//! Interning of names: comparing their ids is fast.

use std::collections::HashMap;

/// The interned names, each with an id.
#[derive(Debug, Clone, Default)]
pub(crate) struct NameInterner {
    ids: HashMap<String, usize>,
    names: Vec<String>,
}

impl NameInterner {
    /// Returns the id of a name, which is added if it is new.
    pub(crate) fn intern(&mut self, name: &str) -> usize {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        let id = self.names.len();
        self.ids.insert(name.to_owned(), id);
        self.names.push(name.to_owned());
        id
    }

    /// Returns the id of a name, or `None` if it is unknown.
    pub(crate) fn id_of(&self, name: &str) -> Option<usize> {
        self.ids.get(name).copied()
    }

    /// Returns the name with an id.
    pub(crate) fn get(&self, id: usize) -> &str {
        &self.names[id]
    }

    /// Returns the number of names.
    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// Returns the alphabetical rank of each name, by id.
    pub(crate) fn alphabetical_ranks(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.names.len()).collect();
        order.sort_unstable_by_key(|id| &self.names[*id]);
        let mut ranks = vec![0; order.len()];
        for (rank, id) in order.into_iter().enumerate() {
            ranks[id] = rank;
        }
        ranks
    }
}
