//! The kinds of events as small numbers.

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The maximum number of kinds, so that a set of them is one word.
const MAX_KINDS: usize = 64;

/// Kinds that move money without earning it.
const TRANSFERS: [&str; 2] = ["deposit", "withdrawal"];

/// The kinds of events, by code.
#[derive(Debug, Clone, Default)]
pub(crate) struct Kinds(Vec<String>);

impl Kinds {
    /// Returns the code of a kind, which is added if it is new.
    ///
    /// # Errors
    /// When there are more kinds than a set holds.
    pub(crate) fn code(&mut self, name: &str) -> Result<u8> {
        let known = self.0.iter().position(|kind| kind == name);
        let code = known.unwrap_or_else(|| {
            self.0.push(name.to_owned());
            self.0.len() - 1
        });
        let code = (code < MAX_KINDS).then(|| u8::try_from(code).ok()).flatten();
        code.ok_or(Error::Parameter { name: "kind", reason: "has more than 64 different values" })
    }

    pub(crate) fn name(&self, code: u8) -> &str {
        self.0.get(usize::from(code)).map_or("", String::as_str)
    }

    /// Returns the names of the kinds, by code.
    pub(crate) fn names(&self) -> &[String] {
        &self.0
    }

    /// Returns the codes of the kinds that a filter passes.
    pub(crate) fn matching(&self, filter: &EventFilter) -> KindSet {
        let passing = self.0.iter().enumerate().filter(|(_, name)| filter.passes(name));
        KindSet(passing.fold(0, |set, (code, _)| set | 1 << code))
    }
}

/// A set of kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KindSet(u64);

impl KindSet {
    /// Returns `true` if the kind with that code is in the set.
    #[inline]
    pub(crate) fn contains(self, code: u8) -> bool {
        self.0 >> (code & 63) & 1 == 1
    }
}

/// A filter of events by kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventFilter {
    /// Transactions: all kinds but `deposit` and `withdrawal`.
    #[default]
    Transactions,
    /// All kinds.
    Any,
    /// Only these kinds, such as `trade`, `ramp`, `withdrawal`.
    Only(Vec<String>),
}

impl EventFilter {
    /// Creates a filter that passes only these kinds.
    pub fn only<S: Into<String>>(kinds: impl IntoIterator<Item = S>) -> Self {
        Self::Only(kinds.into_iter().map(Into::into).collect())
    }

    fn passes(&self, kind: &str) -> bool {
        match self {
            Self::Transactions => !TRANSFERS.contains(&kind),
            Self::Any => true,
            Self::Only(kinds) => kinds.iter().any(|passing| passing == kind),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_select_kinds_by_name() {
        let mut kinds = Kinds::default();
        let codes =
            ["trade", "withdrawal", "purchase", "trade"].map(|kind| kinds.code(kind).unwrap());
        assert_eq!(codes, [0, 1, 2, 0]);
        let of =
            |filter: &EventFilter| [0, 1, 2, 3].map(|code| kinds.matching(filter).contains(code));
        assert_eq!(of(&EventFilter::Transactions), [true, false, true, false]);
        assert_eq!(of(&EventFilter::Any), [true, true, true, false]);
        assert_eq!(of(&EventFilter::only(["withdrawal", "ramp"])), [false, true, false, false]);
        for number in 0..61 {
            kinds.code(&number.to_string()).unwrap();
        }
        assert!(kinds.code("one more").is_err());
    }
}
