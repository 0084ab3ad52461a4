//! What a user may say about the columns of a mapping.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize};

use super::Field;

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
    /// How days and times are written: a pattern of strftime, or `unix`, `unix_ms`, `unix_us`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// The zone of times that do not name theirs, as in `+02:00`; by default they are UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<String>,
    /// The decimal point; by default `.`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimal: Option<char>,
    /// What stands between groups of three digits; by default nothing may.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thousands: Option<char>,
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
    format: Option<String>,
    offset: Option<String>,
    decimal: Option<char>,
    thousands: Option<char>,
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
                let Fields { column, value, format, offset, decimal, thousands } =
                    Fields::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Rule { column, value, format, offset, decimal, thousands })
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
        let error = read(r#"{"colum":"betrag"}"#).unwrap_err().to_string();
        assert!(error.contains("colum") && error.contains("thousands"), "{error}");
        assert!(read("5").unwrap_err().to_string().contains("the name of a column"));
    }
}
