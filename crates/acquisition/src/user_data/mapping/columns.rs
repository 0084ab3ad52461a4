//! The rules that map foreign columns to columns of a table.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::condition::Condition;
use super::settings::{Case, Constant, Empty, IdKind, Otherwise, Part};

/// The rules of a mapping, by column of the table. A column without a rule is filled by the foreign
/// column with its name; if there is none, a nullable column is null.
pub type Columns = BTreeMap<String, Rule>;

/// The rule that fills a column of a table: in a configuration either the name of a foreign column
/// (`"e_mail"`), or a table with any of these fields.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields, default)]
pub struct Rule {
    /// The foreign column; by default the one with the same name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// Foreign columns whose values are joined in this order, without the empty ones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// The separator between the values of `columns`; by default a blank.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub join: Option<String>,
    /// A constant, instead of a foreign column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Constant>,
    /// The values to rename: `XXBT` to `BTC`. Others are unchanged, unless `otherwise` is set; the
    /// empty text stands for a missing value. If a `part` of a text is read, that part is renamed.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, Constant>,
    /// The policy for values that are not in `values`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<Otherwise>,
    /// The formats of dates and times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<Formats>,
    /// The time zone of times that have none: an offset (`+02:00`) or a name (`Europe/Madrid`); by
    /// default UTC. In a configuration `offset` is an alias.
    #[serde(alias = "offset", skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// The earliest plausible date or time; by default 2009-01-01 for numbers, and unlimited for
    /// formatted dates and times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub earliest: Option<String>,
    /// The latest plausible date or time; by default tomorrow for numbers, and unlimited for
    /// formatted dates and times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latest: Option<String>,
    /// The decimal point; by default `.`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimal: Option<char>,
    /// The separator of groups of three digits; by default none is allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thousands: Option<char>,
    /// The currency signs that are allowed before or after a number, in a configuration one or a
    /// list: `$`, `EUR`; by default none.
    #[serde(deserialize_with = "one_or_many", skip_serializing_if = "Vec::is_empty")]
    pub currency: Vec<String>,
    /// Whether `(12.00)` and `12.00-` are negative numbers; by default they are invalid.
    #[serde(skip_serializing_if = "is_false")]
    pub accounting: bool,
    /// The condition under which a number is negated, such as the amount of a refund. A number that
    /// is negative already is a bad value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub negate: Option<Condition>,
    /// Whether the sign of a number is removed.
    #[serde(skip_serializing_if = "is_false")]
    pub absolute: bool,
    /// The divisor of amounts: 100 for cents, 1000000 for millionths. It is a power of ten, so that
    /// nothing is rounded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub divide: Option<u64>,
    /// The case that text is converted to, except for values that are renamed by `values`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<Case>,
    /// The part of a cell that is read: a number or its unit, or a side of a market's symbol.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
    /// The meaning of empty text, in a text column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub empty: Option<Empty>,
    /// The kind of the ids of a built-in table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<IdKind>,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde wants it so
fn is_false(value: &bool) -> bool {
    !value
}

/// Deserializes one text, or a list of texts.
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

/// The formats of the dates and times of a column, in a configuration one or a list: strftime
/// patterns, `unix`, `unix_ms`, `unix_us`, `unix_ns`.
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

impl Rule {
    /// Creates a rule that reads the foreign column called `name`.
    pub fn column(name: impl Into<String>) -> Self {
        Self { column: Some(name.into()), ..Self::default() }
    }

    /// Creates a rule that joins the values of foreign columns, separated by `between`.
    pub fn joined<'n>(names: impl IntoIterator<Item = &'n str>, between: &str) -> Self {
        let columns = names.into_iter().map(Into::into).collect();
        Self { columns, join: Some(between.into()), ..Self::default() }
    }

    /// Creates a rule with a constant.
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
