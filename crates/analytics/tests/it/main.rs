//! Tests of the metrics and the audit, on data small enough to compute by hand.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy spares `#[test]` functions only, not their helpers"
)]

mod audit;
mod churn;
mod facts;
mod ltv;
mod market;
mod retention;
mod support;
mod trade_fees;
mod unit_economics;
mod volume;
mod warehouse;
