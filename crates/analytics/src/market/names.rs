//! Interned names: comparing their numbers is fast.

use std::collections::HashMap;

/// The interned names, each with a number.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    numbers: HashMap<String, usize>,
    names: Vec<String>,
}

impl Names {
    /// Returns the number of a name, which is added if it is new.
    pub(crate) fn number(&mut self, name: &str) -> usize {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = self.names.len();
        self.numbers.insert(name.to_owned(), number);
        self.names.push(name.to_owned());
        number
    }

    /// Returns the number of a name, or `None` if it is unknown.
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        self.numbers.get(name).copied()
    }

    pub(crate) fn get(&self, number: usize) -> &str {
        &self.names[number]
    }

    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// Returns the alphabetical rank of each name, by number.
    pub(crate) fn places(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.names.len()).collect();
        order.sort_unstable_by_key(|number| &self.names[*number]);
        let mut places = vec![0; order.len()];
        for (place, number) in order.into_iter().enumerate() {
            places[number] = place;
        }
        places
    }
}
