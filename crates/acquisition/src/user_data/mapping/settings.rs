//! The settings of rules that are a choice of a few words, and constants.

use serde::{Deserialize, Serialize};

use super::field::Field;

/// A part of a cell that contains a number and its unit, as in `0.12 BTC`, or the symbol of a
/// market, as in `BTC-EUR`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The number before the unit.
    Number,
    /// The unit after the number.
    Unit,
    /// The base currency, which is traded: `BTC` of `BTC-EUR`.
    Base,
    /// The quote currency, which is paid: `EUR` of `BTC-EUR`.
    Quote,
}

/// The case of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Case {
    /// Upper case: `eur` becomes `EUR`.
    Upper,
    /// Lower case.
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

/// The meaning of empty text in a text column. By default it is null in CSV, which does not
/// distinguish it from null, in key columns, and in nullable columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Empty {
    /// A missing value.
    Null,
    /// The empty text.
    Text,
}

/// The policy for a nullable column of the table that files or a query do not have. By default it
/// is an error if the column was filled before, and null otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnMissing {
    /// An error.
    Error,
    /// Null, with a note.
    Null,
}

/// A constant that fills a column, or that a value is compared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "true, false, an integer, or text in quotes")]
pub enum Constant {
    /// A Boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// Text; also decimals, dates and times.
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

/// The kind of the ids in a column of a built-in table. By default an integer in its shortest form
/// (`17`, not `017`) is a number, and anything else is text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdKind {
    /// All ids are text, even `17`.
    Text,
    /// All ids are integers: `017` is 17, and text is rejected.
    Number,
}

/// The policy for a value that is not in the `values` of its column. A missing value is not renamed
/// by it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Otherwise {
    /// The value is unchanged.
    #[default]
    Keep,
    /// The row is bad.
    Bad,
    /// The value becomes null.
    Null,
    /// The value becomes this one, in a configuration `{ value = "crypto" }`.
    Value(Constant),
}
