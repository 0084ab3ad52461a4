//! Random numbers, where only uniqueness matters.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

/// Returns a number that no other caller gets.
pub(crate) fn random_number() -> u64 {
    RandomState::new().hash_one(())
}
