//! The name of the source.

/// The name under which sinks store the cursor, and the `source` of the rows.
pub const NAME: &str = "ecb";
