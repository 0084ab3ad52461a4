//! Conditions on foreign columns, which select rows and numbers to negate.

use serde::{Deserialize, Serialize};

use super::settings::Constant;

/// A condition on the values of a foreign column, whether or not that fills a column of the table.
/// It has exactly one test, but `above` and `below` may be combined.
///
/// ```
/// use tidegauge_acquisition::mapping::Condition;
///
/// let paid: Condition =
///     serde_json::from_str(r#"{ "column": "Status", "in": ["paid", "partially_refunded"] }"#)?;
/// assert_eq!(paid, Condition::any_of("Status", ["paid", "partially_refunded"]));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The foreign column.
    pub column: String,
    /// True for these values, as written but without surrounding blanks; the empty text stands for
    /// a missing value.
    #[serde(rename = "in", default, skip_serializing_if = "Option::is_none")]
    pub any_of: Option<Vec<Constant>>,
    /// True for all other values, and for a missing value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_in: Option<Vec<Constant>>,
    /// If `true`, holds for missing values; if `false`, for existing ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub empty: Option<bool>,
    /// True for numbers above this one. Numbers are read like those of the table's column that the
    /// foreign column fills; if it fills none, with a decimal point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above: Option<Constant>,
    /// True for numbers below this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<Constant>,
}

impl Condition {
    /// Creates a condition that holds if `column` has one of `values`.
    pub fn any_of<'v>(
        column: impl Into<String>,
        values: impl IntoIterator<Item = &'v str>,
    ) -> Self {
        Self { any_of: Some(constants(values)), ..Self::on(column) }
    }

    /// Creates a condition that holds if `column` has none of `values`.
    pub fn none_of<'v>(
        column: impl Into<String>,
        values: impl IntoIterator<Item = &'v str>,
    ) -> Self {
        Self { not_in: Some(constants(values)), ..Self::on(column) }
    }

    fn on(column: impl Into<String>) -> Self {
        Self { column: column.into(), ..Self::default() }
    }
}

fn constants<'v>(values: impl IntoIterator<Item = &'v str>) -> Vec<Constant> {
    values.into_iter().map(|value| Constant::Text(value.into())).collect()
}
