//! The tests of all stores, in one program.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)] // helpers of tests are tests, which clippy cannot know

mod behaviour;
mod bigquery;
#[cfg(feature = "object-store")]
mod buckets;
mod chaos;
mod clients;
mod folders;
mod mysql;
mod postgres;
mod sqlite;
mod support;
