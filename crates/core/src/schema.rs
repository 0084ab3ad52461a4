//! Table definitions, from which rows, schemas, DDL and docs are derived.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use arrow_schema::{DataType as ArrowType, Field, Schema, TimeUnit};

use crate::{Error, Result};

/// A shared reference to a table definition.
pub type TableRef = Arc<Table>;

type Text = Cow<'static, str>;

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DataType {
    /// True or false.
    Bool,
    /// A 64-bit integer.
    Int64,
    /// A float: for statistics, never for money. Always finite.
    Float64,
    /// UTF-8 text without NUL.
    Text,
    /// A calendar date, UTC.
    Date,
    /// An instant, UTC, in whole microseconds.
    Timestamp,
    /// An exact decimal number.
    Decimal {
        /// The total number of digits, at most 38.
        precision: u8,
        /// The number of decimal places.
        scale: u8,
    },
}

impl DataType {
    /// Fiat money, with 2 decimal places.
    pub const FIAT: Self = Self::Decimal { precision: 18, scale: 2 };
    /// Crypto amounts, prices and exchange rates, with 18 decimal places.
    pub const CRYPTO: Self = Self::Decimal { precision: 38, scale: 18 };

    /// Returns `true` if a column of this type can hold every value of type `other`: the types are
    /// equal, or this is a decimal with no fewer digits on either side of the point.
    ///
    /// ```
    /// use tidegauge_core::DataType;
    ///
    /// assert!(DataType::CRYPTO.holds(DataType::FIAT));
    /// assert!(!DataType::FIAT.holds(DataType::CRYPTO));
    /// ```
    pub fn holds(self, other: Self) -> bool {
        match (self, other) {
            (
                Self::Decimal { precision, scale },
                Self::Decimal { precision: other_precision, scale: other_scale },
            ) => {
                let whole = |precision: u8, scale: u8| i16::from(precision) - i16::from(scale);
                scale >= other_scale
                    && whole(precision, scale) >= whole(other_precision, other_scale)
            }
            _ => self == other,
        }
    }

    /// Returns the Arrow type of such a column. In a [`Batch`](crate::Batch), text may also be
    /// dictionary-encoded.
    pub fn to_arrow(self) -> ArrowType {
        match self {
            Self::Bool => ArrowType::Boolean,
            Self::Int64 => ArrowType::Int64,
            Self::Float64 => ArrowType::Float64,
            Self::Text => ArrowType::Utf8,
            Self::Date => ArrowType::Date32,
            // Without a time zone: all timestamps are UTC, and the schema of existing files does
            // not change.
            Self::Timestamp => ArrowType::Timestamp(TimeUnit::Microsecond, None),
            Self::Decimal { precision, scale } => {
                ArrowType::Decimal128(precision, scale.cast_signed())
            }
        }
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("bool"),
            Self::Int64 => f.write_str("int64"),
            Self::Float64 => f.write_str("float64"),
            Self::Text => f.write_str("text"),
            Self::Date => f.write_str("date"),
            Self::Timestamp => f.write_str("timestamp"),
            Self::Decimal { precision, scale } => write!(f, "decimal({precision},{scale})"),
        }
    }
}

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
    pub fn lenient(&self) -> TableRef {
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
    fn a_definition_that_contradicts_itself_is_refused() {
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
