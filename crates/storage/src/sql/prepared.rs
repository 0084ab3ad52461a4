//! The tables that a connection has made ready.

use std::collections::HashMap;

use tidegauge_core::TableRef;

/// The tables known to be in the database as defined, and which of them have a temporary table
/// beside them on this connection.
#[derive(Debug, Default)]
pub(crate) struct Prepared(HashMap<String, (TableRef, bool)>);

impl Prepared {
    /// Those of `tables` that are not known as they are defined now.
    pub(crate) fn unknown(&self, tables: &[TableRef]) -> Vec<TableRef> {
        let known = |table: &&TableRef| {
            self.0.get(table.name.as_ref()).is_some_and(|(known, _)| known == *table)
        };
        let mut unknown: Vec<TableRef> =
            tables.iter().filter(|table| !known(table)).cloned().collect();
        unknown.dedup();
        unknown
    }

    /// Notes tables that were made ready.
    pub(crate) fn extend(&mut self, tables: Vec<TableRef>) {
        self.0.extend(tables.into_iter().map(|table| (table.name.to_string(), (table, false))));
    }

    /// Whether `table` still lacks its temporary table.
    pub(crate) fn is_unstaged(&self, table: &TableRef) -> bool {
        self.0.get(table.name.as_ref()).is_some_and(|(_, is_staged)| !is_staged)
    }

    /// Notes that `table` has one now.
    pub(crate) fn stage(&mut self, table: &TableRef) {
        if let Some((_, is_staged)) = self.0.get_mut(table.name.as_ref()) {
            *is_staged = true;
        }
    }
}
