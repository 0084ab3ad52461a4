//! Tests of the crate's public interface.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy spares `#[test]` functions only, not their helpers"
)]

mod classify;
mod coverage;
mod estimate;
mod support;
mod survival;
mod survival_coverage;
