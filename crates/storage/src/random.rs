//! Chance, where nothing depends on it but that others get another.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

/// A number that nobody else gets.
pub(crate) fn number() -> u64 {
    RandomState::new().hash_one(())
}
