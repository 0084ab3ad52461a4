//! Tests of the crate's public interface.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy spares `#[test]` functions only, not their helpers"
)]

mod classify;
mod coverage;
mod coverage_cells;
mod coverage_draw;
mod coverage_exact;
mod coverage_populations;
mod coverage_table;
mod estimate;
mod estimate_cumulative;
mod estimate_influence;
mod market;
mod market_coverage;
mod support;
mod survival;
mod survival_coverage;
