//! Tables that a user declares.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use tidegauge_core::{DataType, Table, TableRef, WriteMode, tables};

use crate::{Error, Result};

/// A table that a user declares in a configuration.
///
/// ```
/// use tidegauge_acquisition::mapping::{TableConfig, declare};
///
/// let tickets: TableConfig = serde_json::from_value(serde_json::json!({
///     "name": "tickets",
///     "description": "Support tickets",
///     "key": ["ticket_id"],
///     "time": "opened_at",
///     "write": "merge",
///     "columns": [
///         { "name": "ticket_id", "type": "int64", "description": "The ticket" },
///         { "name": "opened_at", "type": "timestamp" },
///         { "name": "cost_usd", "type": "decimal(18,2)", "nullable": true },
///     ],
/// }))?;
/// let tables = declare(&[tickets])?;
/// assert_eq!(tables[0].columns.len(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableConfig {
    /// Its name: `[a-z_][a-z0-9_]*`, and different from those of built-in tables.
    pub name: String,
    /// Its description, in one line.
    #[serde(default)]
    pub description: String,
    /// Its columns, in order.
    pub columns: Vec<ColumnConfig>,
    /// The columns of its primary key.
    pub key: Vec<String>,
    /// The column with the time of the row's event.
    #[serde(default)]
    pub time: Option<String>,
    /// The write mode.
    #[serde(default)]
    pub write: WriteConfig,
}

/// A column of a table that a user declares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnConfig {
    /// Its name.
    pub name: String,
    /// `bool`, `int64`, `float64`, `text`, `date`, `timestamp`, or `decimal(18,2)`.
    #[serde(rename = "type")]
    pub dtype: TypeConfig,
    /// Whether it may be null.
    #[serde(default)]
    pub nullable: bool,
    /// Its description, in one line, with its unit.
    #[serde(default)]
    pub description: String,
}

/// The write mode of a table that a user declares.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WriteConfig {
    /// Append: every row is new, and a row whose key is stored already is rejected.
    #[default]
    Append,
    /// Upsert: a row replaces the one with the same key.
    Merge,
    /// Upsert, and each file or query that fills the table is a snapshot of it.
    Replace,
}

/// The type of a column, written as [`DataType`] is displayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TypeConfig(pub DataType);

impl FromStr for TypeConfig {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let decimal = || {
            let inner = text.strip_prefix("decimal(")?.strip_suffix(')')?;
            let (precision, scale) = inner.split_once(',')?;
            Some(DataType::Decimal {
                precision: precision.trim().parse().ok()?,
                scale: scale.trim().parse().ok()?,
            })
        };
        Ok(Self(match text {
            "bool" => DataType::Bool,
            "int64" => DataType::Int64,
            "float64" => DataType::Float64,
            "text" => DataType::Text,
            "date" => DataType::Date,
            "timestamp" => DataType::Timestamp,
            _ => decimal().ok_or_else(|| {
                format!(
                    "there is no type `{text}`, but bool, int64, float64, text, date, timestamp, \
                     and decimal(digits,places) such as decimal(18,2)"
                )
            })?,
        }))
    }
}

impl fmt::Display for TypeConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for TypeConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TypeConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// Returns the tables that `configs` declare.
///
/// # Errors
/// Returns an error if a table contradicts itself, has the name of a built-in table, or is declared
/// twice.
pub fn declare(configs: &[TableConfig]) -> Result<Vec<TableRef>> {
    let table = |(at, config): (usize, &TableConfig)| {
        let wrong = |reason: &str| Error::config("tables", format!("`{}` {reason}", config.name));
        if tables::by_name(&config.name).is_some() {
            return Err(wrong("is a built-in table: take another name, or map onto it as it is"));
        }
        if configs[..at].iter().any(|other| other.name == config.name) {
            return Err(wrong("is there twice"));
        }
        let mut builder = Table::builder(config.name.clone(), config.description.clone());
        for ColumnConfig { name, dtype, nullable, description } in &config.columns {
            let (name, description) = (name.clone(), description.clone());
            builder = match nullable {
                true => builder.nullable(name, dtype.0, description),
                false => builder.column(name, dtype.0, description),
            };
        }
        if let Some(time) = &config.time {
            builder = builder.time(time.clone());
        }
        let write = match config.write {
            WriteConfig::Append => WriteMode::Append,
            WriteConfig::Merge | WriteConfig::Replace => WriteMode::Merge,
        };
        Ok(builder.key(config.key.clone()).write(write).build()?)
    };
    configs.iter().enumerate().map(table).collect()
}

/// Returns the table called `name`: one of `declared`, or a built-in one.
///
/// # Errors
/// Returns an error, which lists the known tables, if there is no such table.
pub fn resolve(name: &str, declared: &[TableRef]) -> Result<TableRef> {
    let own = declared.iter().find(|table| table.name == name).cloned();
    own.or_else(|| tables::by_name(name)).ok_or_else(|| {
        let all = tables::all();
        let known = declared.iter().chain(&all).map(|table| table.name.as_ref());
        let known = super::messages::list(known);
        Error::config(
            "table",
            format!("there is no table `{name}`, but {known}; declare it under [[tables]]"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(name: &str, dtype: &str) -> TableConfig {
        TableConfig {
            name: name.into(),
            description: String::new(),
            columns: vec![ColumnConfig {
                name: "id".into(),
                dtype: dtype.parse().unwrap(),
                nullable: false,
                description: String::new(),
            }],
            key: vec!["id".into()],
            time: None,
            write: WriteConfig::Append,
        }
    }

    #[test]
    fn every_type_parses_from_its_display() {
        for text in ["bool", "int64", "float64", "text", "date", "timestamp", "decimal(38,8)"] {
            assert_eq!(text.parse::<TypeConfig>().unwrap().to_string(), text);
        }
        for text in ["int", "decimal", "decimal(18)", "decimal(a,b)", "decimal(300,2)"] {
            let error = text.parse::<TypeConfig>().unwrap_err();
            assert!(error.contains(text) && error.contains("decimal(18,2)"), "{error}");
        }
    }

    #[test]
    fn invalid_tables_are_rejected() {
        for (configs, says) in [
            (vec![config("users", "int64")], "built-in"),
            (vec![config("a", "int64"), config("a", "int64")], "twice"),
            (vec![config("A; DROP TABLE b", "int64")], "must match"),
            (vec![config("a", "decimal(0,0)")], "cannot be"),
            (vec![config("a", "float64")], "float"),
        ] {
            let error = declare(&configs).unwrap_err().to_string();
            assert!(error.contains(says), "{error} should say {says}");
        }
    }

    #[test]
    fn a_table_is_found_by_its_name() {
        let own = declare(&[config("tickets", "text")]).unwrap();
        assert_eq!(resolve("tickets", &own).unwrap(), own[0]);
        assert_eq!(resolve("users", &own).unwrap().name, "users");
        let error = resolve("user", &own).unwrap_err().to_string();
        assert!(error.contains("tickets") && error.contains("users"), "{error}");
    }
}
