//! A foreign value, of any type.

use std::borrow::Cow;

/// A value as a file or a database gives it.
#[derive(Debug, Clone, PartialEq)]
pub enum Field<'a> {
    /// No value.
    Null,
    /// The row does not have the field at all.
    Missing,
    /// Nothing stands there, in a format that writes no value and empty text alike.
    Blank,
    /// Text that stands for no value, as the `nulls` of a source say. Conditions and `values` that name it meet it as it
    /// is written.
    NullText(Cow<'a, str>),
    /// Text, which may be the written form of anything.
    Text(Cow<'a, str>),
    /// Bytes that are not UTF-8.
    Bytes(Cow<'a, [u8]>),
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i128),
    /// A float.
    Float(f64),
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since 1970-01-01T00:00:00Z.
    Timestamp(i64),
    /// What clocks showed that are in no known zone, in microseconds since 1970-01-01T00:00:00.
    Local(i64),
    /// A decimal number: whole units, and the places behind the point.
    Decimal(i128, u32),
}

impl<'a> From<&'a str> for Field<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl Field<'_> {
    /// Returns the value as it is written in a message.
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

    /// Returns the value as text, without blanks around it; empty where there is no value.
    pub(super) fn trimmed(&self) -> Cow<'_, str> {
        match self {
            Self::Null | Self::Missing | Self::Blank | Self::NullText(_) => "".into(),
            Self::Text(text) => text.trim().into(),
            other => other.shown(),
        }
    }

    /// Returns the value as it is written, without blanks around it, also if it stands for no value.
    pub(super) fn written(&self) -> Cow<'_, str> {
        match self {
            Self::NullText(text) => text.trim().into(),
            other => other.trimmed(),
        }
    }

    /// Returns `true` if `named` has this value as it is written, or the empty text and there is no value.
    pub(super) fn is_among(&self, named: impl Fn(&str) -> bool) -> bool {
        let is_null = matches!(self, Self::NullText(_));
        named(&self.written()) || is_null && named("")
    }

    /// Takes text that is among `nulls` as standing for no value.
    pub(crate) fn nulled(self, nulls: &[String]) -> Self {
        match self {
            Self::Text(text) if nulls.iter().any(|null| *null == *text) => Self::NullText(text),
            other => other,
        }
    }

    /// The memory that it takes, about.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Text(text) | Self::NullText(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
            _ => 8,
        }
    }

    /// The same value as text: what a column of text takes.
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
