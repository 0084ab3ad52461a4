//! Tests of the presentation crate through its public interface.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests may

mod agreement;
mod overview;
mod parameters;
mod question;
mod reference;
mod support;
mod vocabulary;
