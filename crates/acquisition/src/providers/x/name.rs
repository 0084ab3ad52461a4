//! The name of the source.

/// The name under which sinks store the cursor.
pub const NAME: &str = "x";
