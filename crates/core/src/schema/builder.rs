//! Builders of table definitions.

use std::sync::Arc;

use super::data_type::DataType;
use super::table::{Column, ForeignKey, Table, TableRef, Text, WriteMode};
use crate::Result;

impl Table {
    /// Creates a builder for a custom table.
    pub fn builder(name: impl Into<Text>, description: impl Into<Text>) -> TableBuilder {
        TableBuilder(Self {
            name: name.into(),
            description: description.into(),
            columns: Vec::new(),
            key: Vec::new(),
            foreign_keys: Vec::new(),
            time: None,
            write: WriteMode::Append,
        })
    }
}

/// A step-by-step builder of a table; see [`Table::builder`].
#[derive(Debug, Clone)]
pub struct TableBuilder(Table);

impl TableBuilder {
    /// Adds a column that is not nullable.
    #[must_use]
    pub fn column(
        self,
        name: impl Into<Text>,
        dtype: DataType,
        description: impl Into<Text>,
    ) -> Self {
        self.push(name.into(), dtype, false, description.into())
    }

    /// Adds a nullable column.
    #[must_use]
    pub fn nullable(
        self,
        name: impl Into<Text>,
        dtype: DataType,
        description: impl Into<Text>,
    ) -> Self {
        self.push(name.into(), dtype, true, description.into())
    }

    fn push(mut self, name: Text, dtype: DataType, nullable: bool, description: Text) -> Self {
        self.0.columns.push(Column { name, dtype, nullable, description });
        self
    }

    /// Sets the columns of the primary key.
    #[must_use]
    pub fn key<T: Into<Text>>(mut self, columns: impl IntoIterator<Item = T>) -> Self {
        self.0.key = columns.into_iter().map(Into::into).collect();
        self
    }

    /// Adds a foreign key: `columns` hold the key of `table`.
    #[must_use]
    pub fn references<T: Into<Text>>(
        mut self,
        columns: impl IntoIterator<Item = T>,
        table: impl Into<Text>,
    ) -> Self {
        let columns = columns.into_iter().map(Into::into).collect();
        self.0.foreign_keys.push(ForeignKey { columns, table: table.into() });
        self
    }

    /// Sets the column of the event time.
    #[must_use]
    pub fn time(mut self, column: impl Into<Text>) -> Self {
        self.0.time = Some(column.into());
        self
    }

    /// Sets the write mode; the default is [`WriteMode::Append`].
    #[must_use]
    pub fn write(mut self, write: WriteMode) -> Self {
        self.0.write = write;
        self
    }

    /// Validates the definition and returns the table.
    ///
    /// # Errors
    /// When the definition is inconsistent; see [`Table::validate`].
    pub fn build(self) -> Result<TableRef> {
        self.0.validate()?;
        Ok(Arc::new(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contradictory_definitions_are_refused() {
        let start = || Table::builder("t", "").column("id", DataType::Int64, "");
        for (builder, says) in [
            (start(), "no key"),
            (start().key(["no"]), "no column `no`"),
            (start().nullable("x", DataType::Text, "").key(["x"]), "neither nullable"),
            (start().column("id", DataType::Text, "").key(["id"]), "there twice"),
            (start().column("Id; --", DataType::Text, "").key(["id"]), "must match"),
            (start().key(["id"]).time("id"), "neither a date"),
        ] {
            let error = builder.build().unwrap_err().to_string();
            assert!(error.contains(says), "{error} should say {says}");
        }
    }
}
