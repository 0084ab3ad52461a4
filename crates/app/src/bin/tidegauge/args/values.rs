//! The parsers of values on the command line.

use std::path::PathBuf;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use clap::builder::{OsStringValueParser, TypedValueParser};

use tidegauge::report::Parameters;

/// The format of the answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Output {
    Text,
    Json,
    /// The `--output FILE` that `report` had before there were formats.
    File(PathBuf),
}

/// Returns the parser of `--output`.
pub(super) fn output() -> impl TypedValueParser<Value = Output> {
    OsStringValueParser::new().map(|value| match value.to_str() {
        Some("text") => Output::Text,
        Some("json") => Output::Json,
        _ => Output::File(value.into()),
    })
}

/// Parses `COLUMN=NAME`.
pub(super) fn column_pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=').map(|(column, name)| (column.trim(), name.trim())) {
        Some((column, name)) if !column.is_empty() && !name.is_empty() => {
            Ok((column.to_owned(), name.to_owned()))
        }
        _ => Err("it is a column of the table, `=`, and a column of the file".into()),
    }
}

/// Returns the parser of a parameter of the report, which keeps the text if it is valid.
pub(super) fn parameter(
    name: &'static str,
) -> impl Fn(&str) -> Result<String, String> + Clone + Send + Sync + 'static {
    move |text| match Parameters::default().set(name, text) {
        Ok(()) => Ok(text.to_owned()),
        Err(tidegauge::report::Error::InvalidParameter { expected, .. }) => Err(expected.into()),
        Err(error) => Err(error.to_string()),
    }
}

/// Parses a day (its start) or a time, in UTC.
pub(super) fn time(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(day) = text.parse::<NaiveDate>() {
        return Ok(day.and_time(NaiveTime::MIN).and_utc());
    }
    let time = DateTime::parse_from_rfc3339(text).map(|time| time.to_utc());
    time.map_err(|_| "it is neither a day (2024-01-31) nor a time (2024-01-31T12:00:00Z)".into())
}
