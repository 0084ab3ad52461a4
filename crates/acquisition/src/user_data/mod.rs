//! Data of the user's own: files and databases, and how their columns fill those of a table.

#[cfg(feature = "database")]
pub mod database;
pub mod duplicate_rows;
#[cfg(feature = "files")]
pub mod files;
pub mod mapping;
pub(crate) mod reload;
pub(crate) mod settings;
pub mod snapshot;
