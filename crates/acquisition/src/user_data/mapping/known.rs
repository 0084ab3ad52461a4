//! Which columns a source has filled: what tells a column that disappears from one that never was.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Mapping, Notes, Plan};

/// The columns of its table that a source has filled, and with a `-` in front those that were told
/// to be null: a part of its cursor.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct KnownColumns(BTreeSet<String>);

impl KnownColumns {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns `true` if the column was filled before.
    pub(super) fn was_filled(&self, column: &str) -> bool {
        self.0.contains(column)
    }

    /// Takes in what a plan fills, and notes what it does not: once, unless that was filled before.
    pub(crate) fn learn(&mut self, mapping: &Mapping, plan: &Plan, notes: &mut Notes) {
        for (asked, name) in plan.alike() {
            notes.alike(asked, name);
        }
        for (column, part) in plan.missing_parts() {
            notes.missing_part(column, part);
        }
        self.fill(mapping.filled(plan));
        for column in plan.missing() {
            self.lack(column, notes);
        }
    }

    /// Takes in that columns are filled.
    pub(crate) fn fill<'c>(&mut self, columns: impl Iterator<Item = &'c str>) {
        for column in columns {
            if !self.0.contains(column) {
                self.0.insert(column.to_owned());
            }
        }
    }

    /// Notes that a column is null: once, unless it was filled before.
    pub(crate) fn lack(&mut self, column: &str, notes: &mut Notes) {
        if self.was_filled(column) || self.0.insert(format!("-{column}")) {
            notes.missing(column);
        }
    }
}
