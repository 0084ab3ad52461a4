//! Foreign values, of any type.

use std::borrow::Cow;

/// A value of a file or a database.
#[derive(Debug, Clone, PartialEq)]
pub enum Field<'a> {
    /// A null value.
    Null,
    /// A field that the row does not have.
    Missing,
    /// An empty cell, in a format that does not distinguish null from empty text.
    Blank,
    /// A null marker: text that is among the `nulls` of a source. Conditions and `values` that name
    /// it match its text.
    NullText(Cow<'a, str>),
    /// Text, which may be the written form of any type.
    Text(Cow<'a, str>),
    /// Bytes that are not UTF-8.
    Bytes(Cow<'a, [u8]>),
    /// A Boolean.
    Bool(bool),
    /// An integer.
    Int(i128),
    /// A float.
    Float(f64),
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since 1970-01-01T00:00:00Z.
    Timestamp(i64),
    /// A local time without a zone, in microseconds since 1970-01-01T00:00:00.
    Local(i64),
    /// A decimal number: its units, and the number of decimals.
    Decimal(i128, u32),
}

impl<'a> From<&'a str> for Field<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl Field<'_> {
    /// Returns the value as it is written in messages.
    pub fn shown(&self) -> Cow<'_, str> {
        match self {
            Self::Null => "null".into(),
            Self::Missing | Self::Blank => "".into(),
            Self::Text(text) | Self::NullText(text) => Cow::Borrowed(text),
            Self::Bytes(bytes) => String::from_utf8_lossy(bytes),
            Self::Bool(value) => value.to_string().into(),
            Self::Int(value) => value.to_string().into(),
            Self::Float(value) => value.to_string().into(),
            Self::Date(days) => {
                let day =
                    chrono::NaiveDate::from_num_days_from_ce_opt(days.saturating_add(719_163));
                day.map_or_else(|| days.to_string(), |day| day.to_string()).into()
            }
            Self::Timestamp(micros) | Self::Local(micros) => {
                let zone = if matches!(self, Self::Timestamp(_)) { "Z" } else { "" };
                let at = chrono::DateTime::from_timestamp_micros(*micros);
                let shown = at.map(|at| format!("{}{zone}", at.format("%Y-%m-%dT%H:%M:%S%.6f")));
                shown.unwrap_or_else(|| micros.to_string()).into()
            }
            Self::Decimal(units, 0) => units.to_string().into(),
            Self::Decimal(units, scale) => {
                let scale = usize::try_from(*scale).unwrap_or(0);
                let digits = format!("{:0>width$}", units.unsigned_abs(), width = scale + 1);
                let (whole, fraction) = digits.split_at(digits.len() - scale);
                format!("{}{whole}.{fraction}", if *units < 0 { "-" } else { "" }).into()
            }
        }
    }

    /// Returns the value as text, without surrounding blanks; empty for a missing value.
    pub(super) fn trimmed(&self) -> Cow<'_, str> {
        match self {
            Self::Null | Self::Missing | Self::Blank | Self::NullText(_) => "".into(),
            Self::Text(text) => text.trim().into(),
            other => other.shown(),
        }
    }

    /// Returns the value as it is written, without surrounding blanks, also for a null marker.
    pub(super) fn written(&self) -> Cow<'_, str> {
        match self {
            Self::NullText(text) => text.trim().into(),
            other => other.trimmed(),
        }
    }

    /// Returns `true` if `named` contains this value as it is written, or contains the empty text
    /// and the value is missing.
    pub(super) fn is_among(&self, named: impl Fn(&str) -> bool) -> bool {
        let is_null = matches!(self, Self::NullText(_));
        named(&self.written()) || is_null && named("")
    }

    /// Converts text that is among `nulls` to a null marker.
    pub(crate) fn with_null_markers(self, nulls: &[String]) -> Self {
        match self {
            Self::Text(text) if nulls.iter().any(|null| *null == *text) => Self::NullText(text),
            other => other,
        }
    }

    /// Returns its approximate size in memory, in bytes.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Text(text) | Self::NullText(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
            _ => 8,
        }
    }

    /// Converts the value to text, for a text column.
    pub(crate) fn into_text(self) -> Field<'static> {
        match self {
            Self::Null => Field::Null,
            Self::Missing => Field::Missing,
            Self::Blank => Field::Blank,
            Self::NullText(text) => Field::NullText(text.into_owned().into()),
            Self::Bytes(bytes) => match String::from_utf8(bytes.into_owned()) {
                Ok(text) => Field::Text(text.into()),
                Err(error) => Field::Bytes(error.into_bytes().into()),
            },
            other => Field::Text(other.shown().into_owned().into()),
        }
    }
}
