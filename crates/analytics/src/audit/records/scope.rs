//! The scope of the rules: the origin of the rows, and the rules of a user's own exchange.

use tidegauge_core::TableRef;

use super::user_tables::user_tables;
use crate::audit::params::{AuditParams, OwnRules, RowSelection};

/// The origin of the rows and the rules that apply, with the row counts of the users' tables.
#[derive(Debug, Default)]
pub(crate) struct AuditScope {
    simulated: RowSelection,
    pub(crate) own: OwnRules,
    /// The number of rows of each of the users' tables.
    counts: Vec<u64>,
}

impl AuditScope {
    /// Creates the scope of an audit; `counts` are the rows of each of the users' tables.
    pub(crate) fn new(params: &AuditParams, counts: Vec<u64>) -> Self {
        Self { simulated: params.simulated.clone(), own: params.own.clone(), counts }
    }

    /// Returns `true` if a simulation wrote the row of `table` with this key, which belongs to this
    /// user.
    pub(crate) fn is_simulated(&self, table: &str, key: i64, user: i64) -> bool {
        match &self.simulated {
            RowSelection::None => false,
            RowSelection::All => true,
            RowSelection::ByOrigin(origin) => origin.is_simulated(table, key, user),
        }
    }

    /// Returns `true` if simulated events must be posted, and simulated users have a ground truth.
    pub(crate) fn has_double_entry(&self) -> bool {
        match &self.simulated {
            RowSelection::None => false,
            RowSelection::All => true,
            RowSelection::ByOrigin(origin) => origin.has_double_entry(),
        }
    }

    /// Returns the number of rows of each of the users' tables.
    pub(crate) fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// Returns `true` if `table`, one of the users' tables, has rows.
    pub(crate) fn has(&self, table: &TableRef) -> bool {
        let at = user_tables().iter().position(|known| *known == table);
        at.and_then(|at| self.counts.get(at)).is_some_and(|count| *count > 0)
    }
}
