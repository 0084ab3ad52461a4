//! The tests of all stores, in one program.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)] // helpers of tests are tests, which clippy cannot know

mod behaviour;
#[cfg(feature = "bigquery")]
mod bigquery;
#[cfg(feature = "object-store")]
mod buckets;
#[cfg(any(feature = "_folder", feature = "_sql"))]
mod chaos;
#[cfg(any(feature = "_sql", feature = "parquet"))]
mod clients;
#[cfg(feature = "csv")]
mod csv_files;
#[cfg(all(feature = "csv", feature = "parquet"))]
mod folders;
#[cfg(feature = "_sql")]
#[allow(dead_code, unused_imports)] // what is used depends on the stores that are built
mod locks;
#[cfg(all(feature = "csv", feature = "object-store", feature = "sqlite"))]
mod manifests;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "sqlite")]
mod old_versions;
#[cfg(feature = "parquet")]
mod parquet_files;
#[cfg(feature = "postgres")]
mod postgres;
mod relaxed;
#[cfg(any(feature = "_folder", feature = "_sql"))]
#[allow(dead_code, unused_imports)] // as above
mod resets;
#[cfg(feature = "sqlite")]
mod sqlite;
mod support;
mod widened;
