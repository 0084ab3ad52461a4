//! Integration tests: public behavior of both presets, and recovery of the true parameters.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)] // helpers of tests, too

mod classic;
mod exchange;
mod promises;
mod recovery;
mod scenarios;
mod support;
