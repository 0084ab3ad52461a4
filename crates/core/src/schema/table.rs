//! Tables: columns, keys, references and write mode.

use std::borrow::Cow;
use std::sync::Arc;

use arrow_schema::{Field, Schema};

use super::data_type::DataType;
use crate::{Error, Result};

/// A shared reference to a table definition.
pub type TableRef = Arc<Table>;

pub(super) type Text = Cow<'static, str>;

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The column's name.
    pub name: Text,
    /// The column's type.
    pub dtype: DataType,
    /// `true` if the column may be null.
    pub nullable: bool,
    /// A description in one line, with the unit.
    pub description: Text,
}

/// Columns of one table that hold the key of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignKey {
    /// The referring columns of this table.
    pub columns: Vec<Text>,
    /// The table that they refer to, by its primary key.
    pub table: Text,
}

/// The mode in which rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteMode {
    /// Every row is new: a stored key is refused.
    Append,
    /// Upsert: a row replaces the stored one with its key.
    Merge,
}

/// A table definition: name, columns, keys, event time and write mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The table's name.
    pub name: Text,
    /// A description of the rows, in one line.
    pub description: Text,
    /// The columns, in order.
    pub columns: Vec<Column>,
    /// The columns of its primary key.
    pub key: Vec<Text>,
    /// The references to other tables.
    pub foreign_keys: Vec<ForeignKey>,
    /// The column of the event time.
    pub time: Option<Text>,
    /// The write mode.
    pub write: WriteMode,
}

impl Table {
    /// Returns the column called `name`.
    ///
    /// # Errors
    /// When there is no such column; the error names the columns that exist.
    pub fn column(&self, name: &str) -> Result<&Column> {
        self.columns.iter().find(|column| column.name == name).ok_or_else(|| {
            let known: Vec<_> = self.columns.iter().map(|column| column.name.as_ref()).collect();
            Error::schema(&self.name, format!("no column `{name}`; it has {}", known.join(", ")))
        })
    }

    /// Returns the table with all columns nullable: for scans whose reader handles missing values
    /// itself, so that they do not fail the scan.
    pub fn as_read(&self) -> TableRef {
        let mut table = self.clone();
        table.columns.iter_mut().for_each(|column| column.nullable = true);
        Arc::new(table)
    }

    /// Returns the Arrow schema of the table: columns in order, text as plain UTF-8.
    pub fn to_arrow(&self) -> Schema {
        let field = |column: &Column| {
            Field::new(column.name.as_ref(), column.dtype.to_arrow(), column.nullable)
        };
        Schema::new(self.columns.iter().map(field).collect::<Vec<_>>())
    }

    /// Checks that the definition is consistent: all that
    /// [`validate_columns`](Self::validate_columns) checks, and a primary key whose columns are
    /// neither nullable nor floats.
    ///
    /// # Errors
    /// The first inconsistency found.
    pub fn validate(&self) -> Result<()> {
        let wrong = |reason: String| Err(Error::schema(&self.name, reason));
        self.validate_columns()?;
        if self.key.is_empty() {
            return wrong("it has no key".into());
        }
        for name in &self.key {
            let column = self.column(name)?;
            if column.nullable || column.dtype == DataType::Float64 {
                return wrong(format!("key column `{name}` must be neither nullable nor a float"));
            }
        }
        for name in self.foreign_keys.iter().flat_map(|key| &key.columns) {
            self.column(name)?;
        }
        Ok(())
    }

    /// Checks that the table can be read: names that every store accepts (`[a-z_][a-z0-9_]*`, at
    /// most 63 characters), valid types, and an event time that is a date or timestamp. Key columns
    /// may be nullable, for readers that look for nulls in them.
    ///
    /// # Errors
    /// The first inconsistency found.
    pub fn validate_columns(&self) -> Result<()> {
        let wrong = |reason: String| Err(Error::schema(&self.name, reason));
        if !is_identifier(&self.name) {
            return wrong("its name must match [a-z_][a-z0-9_]{0,62}".into());
        }
        for (at, column) in self.columns.iter().enumerate() {
            if !is_identifier(&column.name) {
                return wrong(format!(
                    "column `{}` must match [a-z_][a-z0-9_]{{0,62}}",
                    column.name
                ));
            }
            if self.columns[..at].iter().any(|other| other.name == column.name) {
                return wrong(format!("column `{}` is there twice", column.name));
            }
            if let DataType::Decimal { precision, scale } = column.dtype
                && (precision == 0 || precision > 38 || scale > precision)
            {
                return wrong(format!("column `{}` cannot be a {}", column.name, column.dtype));
            }
        }
        if let Some(name) = &self.time
            && !matches!(self.column(name)?.dtype, DataType::Date | DataType::Timestamp)
        {
            return wrong(format!("its time `{name}` is neither a date nor a timestamp"));
        }
        Ok(())
    }
}

fn is_identifier(name: &str) -> bool {
    let mut bytes = name.bytes();
    name.len() <= 63
        && bytes.next().is_some_and(|byte| byte.is_ascii_lowercase() || byte == b'_')
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}
