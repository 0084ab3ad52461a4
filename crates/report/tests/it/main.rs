//! Tests of the presentation layer through its public surface.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests may

mod agreement;
mod question;
mod reference;
mod support;
