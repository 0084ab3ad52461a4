//! The SQL dialects of PostgreSQL, MySQL and SQLite.

use std::fmt;

/// A SQL dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Postgres,
    /// MySQL and MariaDB.
    MySql,
    Sqlite,
}

/// The form in which the values of a column are selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SelectForm {
    /// Text, with all digits.
    Text,
    /// A number that may be a float.
    Digits,
    /// A time with its time zone, UTC, which is that of the session.
    Instant,
    /// A BIT column of MySQL, which the driver returns as bytes, as a number.
    Bits,
}

/// The form in which a value of an ordering column is passed back to the database, so that it
/// compares exactly as the stored one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ParameterForm {
    /// A cast from text to this type.
    Cast(&'static str),
    /// The type that SQLite reports for each value.
    Sqlite,
}

impl Dialect {
    /// Returns `name` as a quoted identifier, in which quotes are escaped.
    pub(super) fn quoted(self, name: &str) -> String {
        match self {
            Self::MySql => format!("`{}`", name.replace('`', "``")),
            Self::Postgres | Self::Sqlite => format!("\"{}\"", name.replace('"', "\"\"")),
        }
    }

    /// Returns an expression for the value of `column` as text with all its digits.
    pub(super) fn text(self, column: &str) -> String {
        match self {
            Self::Postgres | Self::Sqlite => format!("CAST({column} AS TEXT)"),
            Self::MySql => format!("CAST({column} AS CHAR)"),
        }
    }

    /// Returns an expression for the value of `column`, which may be a float, with all its digits.
    /// In SQLite it is the column itself, whose cast keeps only 15 of the 17 digits.
    pub(super) fn digits(self, column: &str) -> String {
        match self {
            Self::Sqlite => column.into(),
            other => other.text(column),
        }
    }

    /// Returns an expression for the value of `column` in the form `written`.
    pub(super) fn written(self, column: &str, written: SelectForm) -> String {
        match written {
            SelectForm::Text => self.text(column),
            SelectForm::Digits => self.digits(column),
            SelectForm::Instant => format!("CONCAT({}, '+00:00')", self.text(column)),
            SelectForm::Bits => self.text(&format!("{column} + 0")),
        }
    }

    /// Returns the form in which a column whose driver type is `dtype` is selected, if it fills no
    /// text column of the table.
    pub(super) fn select_form(self, dtype: &str, is_float: bool) -> SelectForm {
        match (self, dtype) {
            (Self::MySql, "TIMESTAMP") => SelectForm::Instant,
            (Self::MySql, "BIT") => SelectForm::Bits,
            _ if is_float => SelectForm::Digits,
            _ => SelectForm::Text,
        }
    }

    /// Returns the placeholder of the parameter with the number `at`, counted from 1.
    pub(super) fn parameter(self, at: usize, native: ParameterForm) -> String {
        let sign = if self == Self::Postgres { format!("${at}") } else { "?".into() };
        match native {
            ParameterForm::Cast("") | ParameterForm::Sqlite => sign,
            ParameterForm::Cast(dtype) => format!("CAST({sign} AS {dtype})"),
        }
    }

    /// Returns `true` if a column whose driver type is `dtype`, a type of bytes, may be text with a
    /// binary collation.
    pub(super) fn may_be_text(self, dtype: &str) -> bool {
        const BYTES: [&str; 6] =
            ["BINARY", "VARBINARY", "TINYBLOB", "BLOB", "MEDIUMBLOB", "LONGBLOB"];
        self == Self::MySql && BYTES.contains(&dtype)
    }

    /// Returns the form in which values of a column whose driver type is `dtype` are passed back,
    /// or `None` if that is impossible or not exact.
    pub(super) fn parameter_form(self, dtype: &str) -> Option<ParameterForm> {
        let cast = match self {
            Self::Sqlite => return Some(ParameterForm::Sqlite),
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
        Some(ParameterForm::Cast(cast))
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
