//! The schema and the segments of a stored table, and schema evolution: what may differ between the
//! stored table and its definition.

use serde::{Deserialize, Serialize};
use tidegauge_core::{DataType, Table, WriteMode};

use super::segment::Segment;
use crate::{Error, Result};

/// A table as stored in the folder.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StoredTable {
    columns: Vec<ManifestColumn>,
    /// The key and the write mode by which the rows of the segments were checked.
    #[serde(rename = "rule")]
    write_rule: String,
    /// The committed length in bytes of the table's file, if it has a single one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) bytes: Option<u64>,
    /// The commit that rewrote that file, if one did: the new file lies next to the old one until
    /// it replaces the old one.
    #[serde(rename = "anew", default, skip_serializing_if = "Option::is_none")]
    pub(crate) rewritten_by: Option<u64>,
    /// The rows in segments, oldest first.
    #[serde(rename = "parts")]
    pub(crate) segments: Vec<Segment>,
}

/// A column of a stored table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct ManifestColumn {
    name: String,
    #[serde(rename = "type")]
    dtype: String,
    nullable: bool,
}

/// The schema evolution from the stored table to its definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SchemaChange {
    /// No difference.
    None,
    /// More digits of decimals, or nullability: stored rows are read as before.
    RelaxedTypes,
    /// More columns, and possibly the above.
    AddedColumns,
}

impl ManifestColumn {
    /// Returns `true` if the column can hold the values of `other`: they are equal, or this one has
    /// more digits or allows nulls.
    fn can_hold(&self, other: &Self) -> bool {
        let is_wider = || {
            let types = decimal(&self.dtype).zip(decimal(&other.dtype));
            types.is_some_and(|(one, other)| one.holds(other))
        };
        self.name == other.name
            && (self.nullable || !other.nullable)
            && (self.dtype == other.dtype || is_wider())
    }
}

/// Parses the name of a decimal type; returns `None` for other types.
fn decimal(dtype: &str) -> Option<DataType> {
    let (precision, scale) = dtype.strip_prefix("decimal(")?.strip_suffix(')')?.split_once(',')?;
    Some(DataType::Decimal { precision: precision.parse().ok()?, scale: scale.parse().ok()? })
}

impl StoredTable {
    /// Creates an empty stored table with the schema of `table`.
    pub(crate) fn new(table: &Table) -> Self {
        Self {
            columns: columns(table),
            write_rule: write_rule(table),
            bytes: None,
            rewritten_by: None,
            segments: Vec::new(),
        }
    }

    /// Returns the definition without the rows.
    #[cfg(feature = "parquet")]
    pub(crate) fn without_segments(&self) -> Self {
        let (columns, write_rule) = (self.columns.clone(), self.write_rule.clone());
        Self { columns, write_rule, bytes: None, rewritten_by: None, segments: Vec::new() }
    }

    /// Returns the number of columns of the stored rows.
    #[cfg(feature = "csv")]
    pub(crate) fn column_count(&self) -> usize {
        self.columns.len()
    }

    /// Keeps only the first `width` columns.
    #[cfg(feature = "csv")]
    pub(crate) fn truncate_columns(&mut self, width: usize) {
        self.columns.truncate(width);
    }

    /// Adopts columns that were added to the table's definition, additional digits of decimals, and
    /// nullability.
    pub(crate) fn evolve_schema(&mut self, table: &Table) -> SchemaChange {
        let before = std::mem::replace(&mut self.columns, columns(table));
        match self.columns.len() > before.len() {
            true => SchemaChange::AddedColumns,
            false if self.columns != before => SchemaChange::RelaxedTypes,
            false => SchemaChange::None,
        }
    }

    /// Adopts the columns of `newer`, which has more columns at its end, more digits, or allows
    /// nulls. Returns `false` if the two are not of the same table.
    #[cfg(feature = "parquet")]
    pub(crate) fn merge_schema(&mut self, newer: &Self) -> bool {
        let both = || self.columns.iter().zip(&newer.columns);
        let is_same = self.write_rule == newer.write_rule
            && both().all(|(one, other)| one.can_hold(other) || other.can_hold(one));
        if is_same {
            for (one, other) in self.columns.iter_mut().zip(&newer.columns) {
                if other.can_hold(one) {
                    one.clone_from(other);
                }
            }
            let common = self.columns.len().min(newer.columns.len());
            self.columns.extend_from_slice(&newer.columns[common..]);
        }
        is_same
    }

    /// Compares `table` with the stored one, allowing for nullable columns at its end, additional
    /// digits of decimals, and columns that have become nullable.
    ///
    /// # Errors
    /// When a column differs; the error names the first one.
    pub(crate) fn check_schema(&self, table: &Table) -> Result<()> {
        self.check_schema_by(table, |column| column.clone())
    }

    /// Compares likewise for a reader, which may expect nulls where there are none.
    #[cfg(feature = "parquet")]
    pub(crate) fn check_schema_for_read(&self, table: &Table) -> Result<()> {
        self.check_schema_by(table, |column| ManifestColumn { nullable: true, ..column.clone() })
    }

    /// Compares `table` with the stored one, both columns as `view` returns them.
    fn check_schema_by(
        &self,
        table: &Table,
        view: fn(&ManifestColumn) -> ManifestColumn,
    ) -> Result<()> {
        let mut expected_columns = columns(table);
        if expected_columns.len() > self.columns.len()
            && expected_columns[self.columns.len()..].iter().all(|column| column.nullable)
        {
            expected_columns.truncate(self.columns.len());
        }
        let describe = |column: Option<&ManifestColumn>| {
            column.map_or_else(
                || "no such column".into(),
                |ManifestColumn { name, dtype, nullable }| {
                    format!("`{name}`, {dtype}{}", if *nullable { ", nullable" } else { "" })
                },
            )
        };
        for at in 0..expected_columns.len().max(self.columns.len()) {
            let (found, expected) = (self.columns.get(at), expected_columns.get(at));
            let is_compatible = expected
                .zip(found)
                .is_some_and(|(expected, found)| view(expected).can_hold(&view(found)));
            if !is_compatible {
                return Err(Error::SchemaDrift {
                    table: table.name.to_string(),
                    column: expected
                        .or(found)
                        .map(|column| column.name.clone())
                        .unwrap_or_default(),
                    found: describe(found),
                    expected: describe(expected),
                });
            }
        }
        if self.write_rule != write_rule(table) {
            return Err(Error::SchemaDrift {
                table: table.name.to_string(),
                column: table.key.join(", "),
                found: self.write_rule.clone(),
                expected: write_rule(table),
            });
        }
        Ok(())
    }
}

fn columns(table: &Table) -> Vec<ManifestColumn> {
    let columns = table.columns.iter().map(|column| ManifestColumn {
        name: column.name.to_string(),
        dtype: column.dtype.to_string(),
        nullable: column.nullable,
    });
    columns.collect()
}

/// Returns the write mode and the key of `table`.
fn write_rule(table: &Table) -> String {
    let how = match table.write {
        WriteMode::Append => "append",
        WriteMode::Merge => "merge",
    };
    format!("{how} by {}", table.key.join(", "))
}
