//! The filter of events by kind.

use polars::prelude::*;
use serde::{Deserialize, Serialize};

/// A filter of events by kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventFilter {
    /// All kinds.
    #[default]
    Any,
    /// Only these kinds, such as `trade`, `ramp`, `withdrawal`.
    Only(Vec<String>),
}

impl EventFilter {
    /// Creates a filter that passes only these kinds.
    pub fn only<S: Into<String>>(kinds: impl IntoIterator<Item = S>) -> Self {
        Self::Only(kinds.into_iter().map(Into::into).collect())
    }

    /// Returns the filter as a predicate over the column `kind`.
    pub(super) fn matches(&self) -> Expr {
        match self {
            Self::Any => lit(true),
            Self::Only(kinds) => kinds
                .iter()
                .map(|kind| col("kind").eq(lit(kind.as_str())))
                .reduce(Expr::or)
                .unwrap_or(lit(false)),
        }
    }
}
