//! Tests of the test servers.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)] // helpers of tests, too

mod servers;
