//! Output: rows and their enumerated values, user snapshots, true parameters.

pub(super) mod enum_values;
pub(super) mod rows;
pub(super) mod snapshot;
pub(super) mod truth;
