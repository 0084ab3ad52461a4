//! What the three kinds of databases write differently.

use std::fmt;

/// A kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Postgres,
    /// MariaDB as well.
    MySql,
    Sqlite,
}

/// How the values of a column are written in the page that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// As text, with all digits.
    Text,
    /// As a number that may be a float.
    Digits,
    /// As a time that names its zone, UTC, which the session is in.
    Instant,
    /// As a number made of bits, which MySQL gives as bytes.
    Bits,
}

/// How a value of an ordered column is written, so that it can be given back to the database and
/// means exactly the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Native {
    /// A cast from text to this type.
    Cast(&'static str),
    /// The type that SQLite says each value has.
    Sqlite,
}

impl Dialect {
    /// `name`, so that it is nothing but a name whatever is in it.
    pub(super) fn quoted(self, name: &str) -> String {
        match self {
            Self::MySql => format!("`{}`", name.replace('`', "``")),
            Self::Postgres | Self::Sqlite => format!("\"{}\"", name.replace('"', "\"\"")),
        }
    }

    /// A value as text with all its digits.
    pub(super) fn text(self, column: &str) -> String {
        match self {
            Self::Postgres | Self::Sqlite => format!("CAST({column} AS TEXT)"),
            Self::MySql => format!("CAST({column} AS CHAR)"),
        }
    }

    /// A value with all its digits where it may be a float: SQLite's cast keeps 15 of the 17, so
    /// that such a value is taken as it is.
    pub(super) fn digits(self, column: &str) -> String {
        match self {
            Self::Sqlite => column.into(),
            other => other.text(column),
        }
    }

    /// Writes a column in one of these ways.
    pub(super) fn written(self, column: &str, written: Written) -> String {
        match written {
            Written::Text => self.text(column),
            Written::Digits => self.digits(column),
            Written::Instant => format!("CONCAT({}, '+00:00')", self.text(column)),
            Written::Bits => self.text(&format!("{column} + 0")),
        }
    }

    /// Returns how a column of type `dtype`, as the driver calls it, is written for one of the table
    /// that is none of text.
    pub(super) fn of_type(self, dtype: &str, is_float: bool) -> Written {
        match (self, dtype) {
            (Self::MySql, "TIMESTAMP") => Written::Instant,
            (Self::MySql, "BIT") => Written::Bits,
            _ if is_float => Written::Digits,
            _ => Written::Text,
        }
    }

    /// The parameter at `at`, which counts from 1.
    pub(super) fn parameter(self, at: usize, native: Native) -> String {
        let sign = if self == Self::Postgres { format!("${at}") } else { "?".into() };
        match native {
            Native::Cast("") | Native::Sqlite => sign,
            Native::Cast(dtype) => format!("CAST({sign} AS {dtype})"),
        }
    }

    /// Whether a type may be text that is compared byte by byte, which the driver takes for bytes.
    pub(super) fn may_be_text(self, dtype: &str) -> bool {
        const BYTES: [&str; 6] =
            ["BINARY", "VARBINARY", "TINYBLOB", "BLOB", "MEDIUMBLOB", "LONGBLOB"];
        self == Self::MySql && BYTES.contains(&dtype)
    }

    /// How values of a column of type `dtype`, as the driver calls it, are given back; none if
    /// they cannot be, or not exactly.
    pub(super) fn native(self, dtype: &str) -> Option<Native> {
        let cast = match self {
            Self::Sqlite => return Some(Native::Sqlite),
            Self::Postgres => match dtype {
                "INT2" => "INT2",
                "INT4" => "INT4",
                "INT8" => "INT8",
                "NUMERIC" => "NUMERIC",
                "FLOAT4" => "FLOAT4",
                "FLOAT8" => "FLOAT8",
                "TEXT" | "VARCHAR" | "NAME" => "TEXT",
                "CHAR" => "BPCHAR",
                "UUID" => "UUID",
                "DATE" => "DATE",
                "TIMESTAMP" => "TIMESTAMP",
                "TIMESTAMPTZ" => "TIMESTAMPTZ",
                "TIME" => "TIME",
                _ => return None,
            },
            Self::MySql => match dtype {
                "BOOLEAN" | "TINYINT" | "SMALLINT" | "MEDIUMINT" | "INT" | "BIGINT" | "YEAR" => {
                    "SIGNED"
                }
                "TINYINT UNSIGNED" | "SMALLINT UNSIGNED" | "MEDIUMINT UNSIGNED"
                | "INT UNSIGNED" | "BIGINT UNSIGNED" => "UNSIGNED",
                "DECIMAL" => "DECIMAL(65,30)",
                "DATE" => "DATE",
                "DATETIME" | "TIMESTAMP" => "DATETIME(6)",
                // Compared by the collation of the column.
                "CHAR" | "VARCHAR" | "TINYTEXT" | "TEXT" | "MEDIUMTEXT" | "LONGTEXT" => "",
                _ => return None,
            },
        };
        Some(Native::Cast(cast))
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Postgres => "PostgreSQL",
            Self::MySql => "MySQL",
            Self::Sqlite => "SQLite",
        })
    }
}
