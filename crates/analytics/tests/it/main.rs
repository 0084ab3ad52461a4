//! Tests of the metrics and the audit, on data small enough to compute by hand.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy spares `#[test]` functions only, not their helpers"
)]

mod acquisition;
mod churn;
mod facts;
mod fees;
mod ltv;
mod market;
mod retention;
mod support;
mod verify;
mod volume;
mod warehouse;
