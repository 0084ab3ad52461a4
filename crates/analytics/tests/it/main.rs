//! What a user of the metrics would notice, on data small enough to work out by hand.

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
