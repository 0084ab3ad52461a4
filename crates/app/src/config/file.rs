//! Settings in a file: the values of its TOML, and the line of each.

use std::collections::BTreeMap;
use std::path::Path;

use figment::value::{Dict, Map, Value};
use figment::{Error as FigmentError, Metadata, Profile, Provider};
use toml::de::{DeArray, DeTable, DeValue};

use super::lines::{FILE_METADATA, Lines, shown};
use super::names::setting_name;
use super::settings::is_setting;
use super::text;
use crate::{Error, Result};

/// A configuration file that was read.
pub(super) struct ConfigFile {
    values: Dict,
    lines: Lines,
}

impl ConfigFile {
    /// Reads the file at `path`. Returns `None` if there is none.
    ///
    /// # Errors
    /// When it cannot be read or is not TOML. The error names the file and the line and never
    /// repeats the content: the line may hold a password.
    pub(super) fn read(path: &Path) -> Result<Option<Self>> {
        let text = text::read(path).map_err(|reason| {
            let reason = format!("{}: {reason}", shown(path));
            Error::Config { reason }
        })?;
        text.map(|text| Self::parse(path, &text)).transpose()
    }

    /// Parses the TOML `text` of the file at `path`.
    ///
    /// # Errors
    /// As for [`read`](Self::read).
    pub(super) fn parse(path: &Path, text: &str) -> Result<Self> {
        let table = DeTable::parse(text).map_err(|error| {
            let at = error.span().map_or(text.len(), |span| span.start);
            syntax(path, text, at, error.message())
        })?;
        let mut reader = Reader { path, text, lines: BTreeMap::new(), at: Vec::new() };
        let values = reader.table(table.get_ref())?;
        Ok(Self { values, lines: Lines::new(path, reader.lines) })
    }

    pub(super) fn lines(&self) -> &Lines {
        &self.lines
    }
}

impl Provider for ConfigFile {
    fn metadata(&self) -> Metadata {
        Metadata::from(FILE_METADATA, self.lines.path())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, FigmentError> {
        Ok(Profile::Default.collect(self.values.clone()))
    }
}

/// Returns the error of invalid TOML at byte `at` of `text`. The messages of the parser are
/// constants, without secrets.
fn syntax(path: &Path, text: &str, at: usize, reason: &str) -> Error {
    let before = text.as_bytes().get(..at).unwrap_or(text.as_bytes());
    let number = text::line_of(before);
    let line = text.lines().nth(number - 1).unwrap_or_default();
    // A continued value may have an `=` as well: only a known setting is named.
    let key = line.split_once('=').map(|(key, _)| key.trim());
    let key = key.filter(|key| is_setting(key)).map(|key| format!("{key}: "));
    let reason = match reason {
        "duplicate key" => "it is set twice; keep one of the two",
        string if string.starts_with("string values must be quoted") => "text stands in quotes",
        string if string.contains("invalid basic string") || string.contains("invalid literal") => {
            "its text does not end in the same quote, or has a \\ that stands for nothing"
        }
        other => other,
    };
    let reason = format!("{}, line {number}: {}{reason}", shown(path), key.unwrap_or_default());
    Error::Config { reason }
}

/// A converter of TOML to values that records the line of each.
struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
    lines: BTreeMap<Vec<String>, usize>,
    /// The names that lead to the current value.
    at: Vec<String>,
}

impl Reader<'_> {
    fn table(&mut self, table: &DeTable<'_>) -> Result<Dict> {
        let mut dict = Dict::new();
        for (name, value) in table {
            // An array of tables begins where its first table does, not where the name first
            // occurs.
            let start = match value.get_ref() {
                DeValue::Array(_) | DeValue::Table(_) => value.span().start,
                _ => name.span().start,
            };
            let value = self.within(name.get_ref(), start, value.get_ref())?;
            dict.insert(name.get_ref().to_string(), value);
        }
        Ok(dict)
    }

    fn array(&mut self, array: &DeArray<'_>) -> Result<Vec<Value>> {
        let items = array.iter().enumerate();
        let item = |(place, item): (usize, &toml::Spanned<DeValue<'_>>)| {
            self.within(&place.to_string(), item.span().start, item.get_ref())
        };
        items.map(item).collect()
    }

    fn within(&mut self, name: &str, start: usize, value: &DeValue<'_>) -> Result<Value> {
        self.at.push(name.to_owned());
        let before = self.text.as_bytes().get(..start).unwrap_or_default();
        self.lines.insert(self.at.clone(), text::line_of(before));
        let value = self.value(value);
        self.at.pop();
        value
    }

    fn value(&mut self, value: &DeValue<'_>) -> Result<Value> {
        let radix = |text: &str, radix| u64::from_str_radix(text, radix).map(Value::from).ok();
        let signed = |text: &str, radix| i64::from_str_radix(text, radix).map(Value::from).ok();
        Ok(match value {
            DeValue::String(text) => Value::from(text.as_ref()),
            // TOML has signed 64-bit integers; a seed may be an unsigned one.
            DeValue::Integer(number) => radix(number.as_str(), number.radix())
                .or_else(|| signed(number.as_str(), number.radix()))
                .ok_or_else(|| self.number(&format!("whole numbers end at {}", u64::MAX)))?,
            DeValue::Float(number) => number
                .as_str()
                .parse::<f64>()
                .map(Value::from)
                .map_err(|_| self.number("it is a number that cannot be"))?,
            DeValue::Boolean(flag) => Value::from(*flag),
            // `2020-10-01` may be written with or without quotes.
            DeValue::Datetime(time) => Value::from(time.to_string()),
            DeValue::Array(array) => Value::from(self.array(array)?),
            DeValue::Table(table) => Value::from(self.table(table)?),
        })
    }

    fn number(&self, reason: &str) -> Error {
        let line = self.lines.get(&self.at).copied().unwrap_or(1);
        let setting = setting_name(&self.at);
        let reason = format!("{}, line {line}: {setting}: {reason}", shown(self.path));
        Error::Config { reason }
    }
}
