//! Tests of the crate's public interface.

mod coverage;
mod estimate;
