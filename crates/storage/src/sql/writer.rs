//! The writing connection.

use std::collections::HashSet;

use tidegauge_core::Table;

use super::driver::Database;
use super::known_tables::KnownTables;
use super::lock_wait::warn_if_slow;
use crate::Result;

/// A writing connection, and what is known about the database on it.
#[derive(Debug)]
pub(crate) struct Writer<C> {
    pub(crate) connection: C,
    pub(super) known_tables: KnownTables,
    /// The pairs of source and table whose rows and cursors were found to agree.
    pub(super) checked: HashSet<(String, String)>,
}

/// Awaits a lock on `tables`, and reports a long wait.
pub(super) async fn lock_tables<D: Database>(
    database: &D,
    connection: &mut D::Connection,
    tables: &[&Table],
    is_written: bool,
) -> Result<()> {
    let names: Vec<_> = tables.iter().map(|table| format!("`{}`", table.name)).collect();
    let lock = database.lock(connection, tables, is_written);
    warn_if_slow(database.name(), &format!("table {}", names.join(" or ")), lock).await
}
