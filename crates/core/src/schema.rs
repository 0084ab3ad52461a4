//! What a table is: the one definition from which rows, schemas, DDL and docs follow.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use arrow_schema::{DataType as ArrowType, Field, Schema, TimeUnit};

use crate::{Error, Result};

/// A table that is shared by all who speak of it.
pub type TableRef = Arc<Table>;

type Text = Cow<'static, str>;

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DataType {
    /// True or false.
    Bool,
    /// A whole number of 64 bits.
    Int64,
    /// A float: statistics, never money. Always finite.
    Float64,
    /// UTF-8 text without NUL.
    Text,
    /// A calendar day, UTC.
    Date,
    /// An instant, UTC, whole microseconds.
    Timestamp,
    /// An exact decimal number.
    Decimal {
        /// Digits in all, at most 38.
        precision: u8,
        /// Digits behind the point.
        scale: u8,
    },
}

impl DataType {
    /// Fiat money: 2 decimal places.
    pub const FIAT: Self = Self::Decimal { precision: 18, scale: 2 };
    /// Crypto amounts, prices and exchange rates: 18 decimal places.
    pub const CRYPTO: Self = Self::Decimal { precision: 38, scale: 18 };

    /// Returns `true` if a column of this type holds every value of one of `other`: the same type, or a decimal
    /// with no fewer digits on either side of the point.
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

    /// Returns the Arrow type of such a column. In a [`Batch`](crate::Batch), text may also be a
    /// dictionary of it.
    pub fn to_arrow(self) -> ArrowType {
        match self {
            Self::Bool => ArrowType::Boolean,
            Self::Int64 => ArrowType::Int64,
            Self::Float64 => ArrowType::Float64,
            Self::Text => ArrowType::Utf8,
            Self::Date => ArrowType::Date32,
            // Without a zone: every time in the house is UTC, and files stay what they were.
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
    /// Its name.
    pub name: Text,
    /// Its type.
    pub dtype: DataType,
    /// Whether it may be null.
    pub nullable: bool,
    /// What it says, in a line, with its unit.
    pub description: Text,
}

/// Columns of one table that hold the key of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignKey {
    /// The columns here.
    pub columns: Vec<Text>,
    /// The table that they refer to, by its primary key.
    pub table: Text,
}

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteMode {
    /// Every row is new; a key that is there already is refused.
    Append,
    /// A row replaces the one with its key.
    Merge,
}

/// A table: name, columns, keys, event time, and how it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: Text,
    /// What it holds, in a line.
    pub description: Text,
    /// Its columns, in order.
    pub columns: Vec<Column>,
    /// The columns of its primary key.
    pub key: Vec<Text>,
    /// Its references to other tables.
    pub foreign_keys: Vec<ForeignKey>,
    /// The column that says when the row's event happened.
    pub time: Option<Text>,
    /// How it is written.
    pub write: WriteMode,
}

impl Table {
    /// Starts the definition of a table of your own.
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

    /// The column called `name`.
    ///
    /// # Errors
    /// When there is none, naming those that there are.
    pub fn column(&self, name: &str) -> Result<&Column> {
        self.columns.iter().find(|column| column.name == name).ok_or_else(|| {
            let known: Vec<_> = self.columns.iter().map(|column| column.name.as_ref()).collect();
            Error::schema(&self.name, format!("no column `{name}`; it has {}", known.join(", ")))
        })
    }

    /// Returns the table with columns that may all be null: what to scan where rows that lack a value are
    /// the reader's business, and must not end the scan.
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

    /// Whether the definition holds together: all that [`validate_columns`](Self::validate_columns)
    /// asks for, and a key of columns that are never null.
    ///
    /// # Errors
    /// The first contradiction found.
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

    /// Whether the table can be read: names that every store takes (`[a-z_][a-z0-9_]*`, at most 63
    /// characters), types that there are, and a time that is one. Its key may have nulls, for a reader
    /// that looks for them.
    ///
    /// # Errors
    /// The first contradiction found.
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

/// Defines a table step by step; see [`Table::builder`].
#[derive(Debug, Clone)]
pub struct TableBuilder(Table);

impl TableBuilder {
    /// Adds a column that is never null.
    #[must_use]
    pub fn column(
        self,
        name: impl Into<Text>,
        dtype: DataType,
        description: impl Into<Text>,
    ) -> Self {
        self.push(name.into(), dtype, false, description.into())
    }

    /// Adds a column that may be null.
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

    /// Names the columns of the primary key.
    #[must_use]
    pub fn key<T: Into<Text>>(mut self, columns: impl IntoIterator<Item = T>) -> Self {
        self.0.key = columns.into_iter().map(Into::into).collect();
        self
    }

    /// Says that `columns` hold the key of `table`.
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

    /// Names the column that says when the event happened.
    #[must_use]
    pub fn time(mut self, column: impl Into<Text>) -> Self {
        self.0.time = Some(column.into());
        self
    }

    /// Says how rows are written; [`WriteMode::Append`] if nobody does.
    #[must_use]
    pub fn write(mut self, write: WriteMode) -> Self {
        self.0.write = write;
        self
    }

    /// The table.
    ///
    /// # Errors
    /// When the definition contradicts itself, see [`Table::validate`].
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
