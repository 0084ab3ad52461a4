//! What a user may say about the columns of a mapping.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize};

use super::{Field, IdKind};

/// Column of the table → how it is filled. A column that is not here takes the foreign column of
/// its own name; where there is none, a nullable one is null.
pub type Columns = BTreeMap<String, Rule>;

/// How a column of a table is filled: in a configuration either the name of a foreign column
/// (`"e_mail"`), or a table with any of these fields.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// The foreign column; by default the one of the same name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// A constant, instead of a foreign column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Constant>,
    /// How days and times are written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<Formats>,
    /// The zone of times that do not name theirs: an offset (`+02:00`) or a name
    /// (`Europe/Madrid`); by default they are UTC. In a configuration `offset` is the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// The earliest day or time that is believed; by default 2009-01-01 where it is a number, and
    /// any where it is written out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub earliest: Option<String>,
    /// The latest day or time that is believed; by default tomorrow where it is a number, and any
    /// where it is written out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latest: Option<String>,
    /// The decimal point; by default `.`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimal: Option<char>,
    /// What stands between groups of three digits; by default nothing may.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thousands: Option<char>,
    /// The part of a cell that is taken, where a number and its unit share one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
    /// What empty text is, in a column of text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub empty: Option<Empty>,
    /// What the ids of a built-in table are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<IdKind>,
}

/// The ways in which the days and times of one column are written, in a configuration one or a
/// list: patterns of strftime, `unix`, `unix_ms`, `unix_us`, `unix_ns`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "OneOrMany", into = "OneOrMany")]
pub struct Formats(pub Vec<String>);

#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "a format, or a list of formats")]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl From<OneOrMany> for Formats {
    fn from(formats: OneOrMany) -> Self {
        match formats {
            OneOrMany::One(format) => Self(vec![format]),
            OneOrMany::Many(formats) => Self(formats),
        }
    }
}

impl From<Formats> for OneOrMany {
    fn from(Formats(mut formats): Formats) -> Self {
        match (formats.pop(), formats.is_empty()) {
            (Some(only), true) => Self::One(only),
            (last, _) => Self::Many(formats.into_iter().chain(last).collect()),
        }
    }
}

impl From<&str> for Formats {
    fn from(format: &str) -> Self {
        Self(vec![format.into()])
    }
}

/// A part of a cell that holds a number and its unit, as in `0.12 BTC`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The number in front.
    Number,
    /// What stands behind the number.
    Unit,
}

/// What empty text is, in a column of text. Unless a rule says so, it is null in CSV, which writes
/// both alike, in keys, and where the column may be null.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Empty {
    /// No value.
    Null,
    /// A value.
    Text,
}

/// What becomes of a column of the table that files or a query do not have, and that may be null.
/// Unless a source says so, one that was there before is an error, and one that never was is null.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnMissing {
    /// An error.
    Error,
    /// Null, which is told.
    Null,
}

/// A constant that fills a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Constant {
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Text; money, times and days as well.
    Text(String),
}

impl Constant {
    pub(super) fn field(&self) -> Field<'static> {
        match self {
            Self::Bool(value) => Field::Bool(*value),
            Self::Int(value) => Field::Int((*value).into()),
            Self::Text(value) => Field::Text(value.clone().into()),
        }
    }
}

impl Rule {
    /// Takes the foreign column called `name`.
    pub fn column(name: impl Into<String>) -> Self {
        Self { column: Some(name.into()), ..Self::default() }
    }

    /// Takes a constant.
    pub fn constant(value: impl Into<String>) -> Self {
        Self { value: Some(Constant::Text(value.into())), ..Self::default() }
    }
}

/// The fields of a rule, when it is written as a table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    column: Option<String>,
    value: Option<Constant>,
    format: Option<Formats>,
    #[serde(alias = "offset")]
    zone: Option<String>,
    earliest: Option<String>,
    latest: Option<String>,
    decimal: Option<char>,
    thousands: Option<char>,
    part: Option<Part>,
    empty: Option<Empty>,
    id: Option<IdKind>,
}

impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = Rule;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a column, or a table such as { column = \"created\" }")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Rule, E> {
                Ok(Rule::column(name))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Rule, A::Error> {
                let Fields {
                    column,
                    value,
                    format,
                    zone,
                    earliest,
                    latest,
                    decimal,
                    thousands,
                    part,
                    empty,
                    id,
                } = Fields::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Rule {
                    column,
                    value,
                    format,
                    zone,
                    earliest,
                    latest,
                    decimal,
                    thousands,
                    part,
                    empty,
                    id,
                })
            }
        }

        deserializer.deserialize_any(Either)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_a_name_or_a_table() {
        let read = |text: &str| serde_json::from_str::<Rule>(text);
        assert_eq!(read(r#""id""#).unwrap(), Rule::column("id"));
        assert_eq!(read(r#"{"value":"DE"}"#).unwrap(), Rule::constant("DE"));
        let rule = read(r#"{"column":"betrag","decimal":","}"#).unwrap();
        assert_eq!(rule.decimal, Some(','));
        assert_eq!(read(&serde_json::to_string(&rule).unwrap()).unwrap(), rule);
        let rule =
            read(r#"{"format":["%d.%m.%Y","unix"],"offset":"+02:00","empty":"text"}"#).unwrap();
        assert_eq!(rule.format.as_ref().unwrap().0.len(), 2);
        assert_eq!(rule.zone.as_deref(), Some("+02:00"));
        assert_eq!(read(&serde_json::to_string(&rule).unwrap()).unwrap(), rule);
        assert_eq!(read(r#"{"format":"unix"}"#).unwrap().format, Some("unix".into()));
        let error = read(r#"{"format":5}"#).unwrap_err().to_string();
        assert!(error.contains("a list of formats"), "{error}");
        let error = read(r#"{"colum":"betrag"}"#).unwrap_err().to_string();
        assert!(error.contains("colum") && error.contains("thousands"), "{error}");
        assert!(read("5").unwrap_err().to_string().contains("the name of a column"));
    }
}
