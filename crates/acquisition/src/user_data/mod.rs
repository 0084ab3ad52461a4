//! User data: files and databases, and the mapping of their columns to those of a table.

#[cfg(feature = "database")]
pub mod database;
pub mod duplicate_rows;
#[cfg(feature = "files")]
pub mod files;
pub mod mapping;
pub(crate) mod reload;
pub(crate) mod settings;
pub mod snapshot;
