//! What a user of the simulated exchanges would notice, and that their truth can be found again.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)] // helpers of tests, too

mod classic;
mod exchange;
mod promises;
mod recovery;
mod scenarios;
mod support;
