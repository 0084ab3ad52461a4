//! The tables that a connection has prepared: a cache of their schemas.

use std::collections::HashMap;

use tidegauge_core::TableRef;

/// The tables that are known to match their definitions in the database, each with whether it has a
/// temporary table on this connection.
#[derive(Debug, Default)]
pub(crate) struct KnownTables(HashMap<String, (TableRef, bool)>);

impl KnownTables {
    /// Returns those of `tables` whose current definitions are not known.
    pub(crate) fn unknown(&self, tables: &[TableRef]) -> Vec<TableRef> {
        let known = |table: &&TableRef| {
            self.0.get(table.name.as_ref()).is_some_and(|(known, _)| known == *table)
        };
        let mut unknown: Vec<TableRef> =
            tables.iter().filter(|table| !known(table)).cloned().collect();
        unknown.dedup();
        unknown
    }

    /// Adds tables that were prepared.
    pub(crate) fn extend(&mut self, tables: Vec<TableRef>) {
        self.0.extend(tables.into_iter().map(|table| (table.name.to_string(), (table, false))));
    }

    /// Returns `true` if `table` still lacks its temporary table.
    pub(crate) fn lacks_staging_table(&self, table: &TableRef) -> bool {
        self.0.get(table.name.as_ref()).is_some_and(|(_, is_staged)| !is_staged)
    }

    /// Marks `table` as having its temporary table.
    pub(crate) fn mark_staged(&mut self, table: &TableRef) {
        if let Some((_, is_staged)) = self.0.get_mut(table.name.as_ref()) {
            *is_staged = true;
        }
    }
}
