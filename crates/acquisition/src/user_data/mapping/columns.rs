//! What a user may say about the columns of a mapping.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Condition, Field, IdKind, Otherwise};

/// Column of the table → how it is filled. A column that is not here takes the foreign column of
/// its own name; where there is none, a nullable one is null.
pub type Columns = BTreeMap<String, Rule>;

/// How a column of a table is filled: in a configuration either the name of a foreign column
/// (`"e_mail"`), or a table with any of these fields.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields, default)]
pub struct Rule {
    /// The foreign column; by default the one of the same name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// Foreign columns whose values are joined, in this order, those that are empty left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// What stands between the values of `columns`; by default a blank.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub join: Option<String>,
    /// A constant, instead of a foreign column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Constant>,
    /// What values become: `XXBT` becomes `BTC`. The others are as they were, unless `otherwise` says so; the empty text
    /// stands for no value. Of a `part` of text, it is the part that is renamed.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, Constant>,
    /// What becomes of values that `values` does not name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<Otherwise>,
    /// How days and times are written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<Formats>,
    /// The zone of times that do not name theirs: an offset (`+02:00`) or a name
    /// (`Europe/Madrid`); by default they are UTC. In a configuration `offset` is the same.
    #[serde(alias = "offset", skip_serializing_if = "Option::is_none")]
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
    /// Signs of currencies that may stand before or behind a number, in a configuration one or a list: `$`, `EUR`; by
    /// default none may.
    #[serde(deserialize_with = "one_or_many", skip_serializing_if = "Vec::is_empty")]
    pub currency: Vec<String>,
    /// Whether `(12.00)` and `12.00-` are negative numbers; by default they are none.
    #[serde(skip_serializing_if = "is_false")]
    pub accounting: bool,
    /// Takes a number as negative where this holds, as a refund's amount. One that is negative already is bad.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub negate: Option<Condition>,
    /// Whether a number is taken without its sign.
    #[serde(skip_serializing_if = "is_false")]
    pub absolute: bool,
    /// What amounts are divided by: 100 where they are in cents, 1000000 where they are in millionths. A power of ten, so
    /// that nothing is rounded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub divide: Option<u64>,
    /// How text is written that stays as it is: what `values` make of it is taken as they say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<Case>,
    /// The part of a cell that is taken: a number or its unit, a side of a market's symbol.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
    /// What empty text is, in a column of text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub empty: Option<Empty>,
    /// What the ids of a built-in table are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<IdKind>,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde wants it so
fn is_false(value: &bool) -> bool {
    !value
}

/// Reads one text, or a list of texts.
pub(crate) fn one_or_many<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "text, or a list of texts")]
    enum Texts {
        One(String),
        Many(Vec<String>),
    }

    Ok(match Texts::deserialize(deserializer)? {
        Texts::One(text) => vec![text],
        Texts::Many(texts) => texts,
    })
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

/// A part of a cell that holds a number and its unit, as in `0.12 BTC`, or the symbol of a market, as in `BTC-EUR`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The number in front.
    Number,
    /// What stands behind the number.
    Unit,
    /// What is bought or sold: `BTC` of `BTC-EUR`.
    Base,
    /// What it is paid in: `EUR` of `BTC-EUR`.
    Quote,
}

/// How text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Case {
    /// In capitals: `eur` becomes `EUR`.
    Upper,
    /// Without capitals.
    Lower,
}

impl Case {
    pub(super) fn of(self, text: &str) -> String {
        match self {
            Self::Upper => text.to_uppercase(),
            Self::Lower => text.to_lowercase(),
        }
    }
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

/// A constant that fills a column, or that a value is compared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "true, false, an integer, or text in quotes")]
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

    /// Joins the values of foreign columns, with `between` them.
    pub fn joined<'n>(names: impl IntoIterator<Item = &'n str>, between: &str) -> Self {
        let columns = names.into_iter().map(Into::into).collect();
        Self { columns, join: Some(between.into()), ..Self::default() }
    }

    /// Takes a constant.
    pub fn constant(value: impl Into<String>) -> Self {
        Self { value: Some(Constant::Text(value.into())), ..Self::default() }
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
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
                Rule::deserialize(MapAccessDeserializer::new(map))
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
        let text = r#"{"columns":["Date","Time"],"join":"T","values":{"a":"b","c":7},"otherwise":"bad",
                       "currency":"$","accounting":true,"negate":{"column":"Type","in":["refund"]}}"#;
        let rule = read(text).unwrap();
        assert_eq!((rule.columns.len(), rule.currency.len()), (2, 1));
        assert_eq!(rule.negate, Some(Condition::any_of("Type", ["refund"])));
        assert_eq!(read(&serde_json::to_string(&rule).unwrap()).unwrap(), rule);
        let text =
            r#"{"part":"quote","case":"upper","otherwise":{"value":"crypto"},"absolute":true}"#;
        let rule = read(text).unwrap();
        assert_eq!((rule.part, rule.case), (Some(Part::Quote), Some(Case::Upper)));
        assert!(rule.absolute);
        assert_eq!(read(&serde_json::to_string(&rule).unwrap()).unwrap(), rule);
        let error = read(r#"{"part":"middle"}"#).unwrap_err().to_string();
        assert!(error.contains("middle") && error.contains("quote"), "{error}");
        let error = read(r#"{"values":{"a":1.5}}"#).unwrap_err().to_string();
        assert!(error.contains("text in quotes"), "{error}");
        let error = read(r#"{"format":5}"#).unwrap_err().to_string();
        assert!(error.contains("a list of formats"), "{error}");
        let error = read(r#"{"colum":"betrag"}"#).unwrap_err().to_string();
        assert!(error.contains("colum") && error.contains("thousands"), "{error}");
        assert!(read("5").unwrap_err().to_string().contains("the name of a column"));
    }
}
