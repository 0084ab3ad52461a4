//! The cursor, the checkpoint of a database source: the position of the last row that was read.

use std::time::Duration;

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use serde::{Deserialize, Serialize};
use tidegauge_core::Fingerprint;

use crate::user_data::mapping::KnownColumns;

/// The position up to which the query was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct QueryProgress {
    /// The values of the ordering columns in the last row; empty before the first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) last: Vec<KeysetValue>,
    /// The names of those columns; the values are meaningless for others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) order: Vec<String>,
    /// Whether the round is complete, so that the next page starts another one.
    pub(super) done: bool,
    /// The number of complete rounds, if each reads all rows; it makes every cursor unique.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) rounds: u64,
    /// The columns of the table that have been filled.
    #[serde(default, skip_serializing_if = "KnownColumns::is_empty")]
    pub(super) columns: KnownColumns,
    /// The fingerprint of the settings that rows were read with. `None` in cursors of earlier
    /// releases, and if each round reads all rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) settings: Option<Fingerprint>,
}

/// A value of an ordering column, as text with all its digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "(String, String)", from = "(String, String)")]
pub(super) struct KeysetValue {
    pub(super) text: String,
    /// The type of the value in SQLite, where each value has its own; otherwise empty.
    pub(super) dtype: String,
}

impl From<KeysetValue> for (String, String) {
    fn from(value: KeysetValue) -> Self {
        (value.text, value.dtype)
    }
}

impl From<(String, String)> for KeysetValue {
    fn from((text, dtype): (String, String)) -> Self {
        Self { text, dtype }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde wants it so
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Returns the date or time that is `lag` before `text`, in the same format; `None` if `text` is
/// neither.
///
/// Only whole seconds are subtracted, `lag` being rounded up, so that a fraction and a zone are
/// unchanged.
pub(super) fn minus_lag(text: &str, lag: Duration) -> Option<String> {
    let lag =
        TimeDelta::from_std(Duration::from_secs(lag.as_millis().div_ceil(1000).try_into().ok()?));
    let lag = lag.ok()?;
    let (day, rest) = text.split_at_checked(10)?;
    if rest.is_empty() {
        let day: NaiveDate = day.parse().ok()?;
        return Some((day.and_hms_opt(0, 0, 0)?.checked_sub_signed(lag)?).date().to_string());
    }
    let (between, rest) = rest.split_at_checked(1)?;
    let (time, tail) = rest.split_at_checked(8)?;
    if !matches!(between, " " | "T") || !tail.chars().next().is_none_or(|c| ".Z+- ".contains(c)) {
        return None;
    }
    let at = format!("{day} {time}");
    let at =
        NaiveDateTime::parse_from_str(&at, "%Y-%m-%d %H:%M:%S").ok()?.checked_sub_signed(lag)?;
    Some(format!("{}{between}{}{tail}", at.format("%Y-%m-%d"), at.format("%H:%M:%S")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subtracting_the_lag_keeps_the_format_of_the_time() {
        let lag = Duration::from_secs(600);
        for (text, earlier) in [
            ("2020-01-01 00:05:00", "2019-12-31 23:55:00"),
            ("2020-01-01 00:05:00.123456+00", "2019-12-31 23:55:00.123456+00"),
            ("2020-01-01T00:05:00Z", "2019-12-31T23:55:00Z"),
            ("2020-01-01", "2019-12-31"),
        ] {
            assert_eq!(minus_lag(text, lag).as_deref(), Some(earlier));
        }
        for text in ["", "42", "1600000000", "2020-01-01 00:05", "2020-01-01x00:05:00", "ééééé"]
        {
            assert_eq!(minus_lag(text, lag), None, "{text}");
        }
    }

    #[test]
    fn cursors_are_small() {
        let value = KeysetValue { text: "7".into(), dtype: String::new() };
        let progress = QueryProgress {
            last: vec![value],
            order: vec!["id".into()],
            done: true,
            ..QueryProgress::default()
        };
        let text = serde_json::to_string(&progress).unwrap();
        assert_eq!(text, r#"{"last":[["7",""]],"order":["id"],"done":true}"#);
        assert_eq!(serde_json::from_str::<QueryProgress>(&text).unwrap(), progress);
    }
}
