//! The fields of a small JSON object.

use std::borrow::Cow;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, Utc};
use tidegauge_core::{Crypto, Fixed};

use crate::bad_row_policy::FinePrices;
use crate::decode::json::{JsonReader, check, elements, text};
use crate::decode::parse;
use crate::text::cut;
use crate::{Error, Result};

/// Parses a message of a stream, which has not been checked before, as an object.
///
/// # Errors
/// When `text` is not JSON, or not an object.
pub(crate) fn message<'a>(of: &str, text: &'a str) -> Result<Object<'a>> {
    let not_json =
        |error: serde_json::Error| Error::decode(of, "the whole", cut(&error.to_string(), 120));
    check(text.as_bytes()).map_err(not_json)?;
    Object::parse(of, text.as_bytes())
}

/// The fields of a JSON object, with their values as raw JSON.
#[derive(Debug)]
pub(crate) struct Object<'a> {
    of: String,
    fields: Vec<(Cow<'a, str>, &'a str)>,
}

impl<'a> Object<'a> {
    /// Parses `text` as an object; errors name `of` as their subject.
    ///
    /// # Errors
    /// When `text` is not an object, or has a duplicate key.
    pub(crate) fn parse(of: &str, text: &'a [u8]) -> Result<Self> {
        let (mut reader, mut fields) = (JsonReader::new(of, text)?, Vec::new());
        reader.object(|reader, key| {
            fields.push((key.clone(), reader.value()?));
            Ok(())
        })?;
        reader.end()?;
        Ok(Self { of: of.into(), fields })
    }

    /// Sets the subject of later errors.
    pub(crate) fn with_subject(self, of: String) -> Self {
        Self { of, ..self }
    }

    /// Returns the value of a required field, which may be `null`.
    pub(crate) fn get(&self, field: &str) -> Result<&'a str> {
        self.find(field).ok_or_else(|| Error::decode(&self.of, field, "it is missing"))
    }

    /// Returns the value of a field, or `None` if it is missing.
    pub(crate) fn find(&self, field: &str) -> Option<&'a str> {
        self.fields.iter().find(|(key, _)| key == field).map(|(_, value)| *value)
    }

    /// Returns the elements of a list field; empty if it is missing or `null`.
    pub(crate) fn maybe_list(&self, field: &str) -> Result<Vec<&'a str>> {
        match self.find(field) {
            None | Some("null") => Ok(Vec::new()),
            Some(value) => elements(&self.of, value.as_bytes()),
        }
    }

    /// Returns the object in a field.
    pub(crate) fn object(&self, field: &str) -> Result<Object<'a>> {
        Object::parse(&self.of, self.get(field)?.as_bytes())
    }

    /// Returns the elements of a required list field.
    pub(crate) fn list(&self, field: &str) -> Result<Vec<&'a str>> {
        elements(&self.of, self.get(field)?.as_bytes())
    }

    pub(crate) fn text(&self, field: &str) -> Result<String> {
        text(&self.of, field, self.get(field)?)
    }

    /// Returns the string in a field, or `None` if it is missing or `null`.
    pub(crate) fn maybe_text(&self, field: &str) -> Result<Option<String>> {
        match self.find(field) {
            None | Some("null") => Ok(None),
            Some(value) => text(&self.of, field, value).map(Some),
        }
    }

    /// Returns the boolean in a field.
    pub(crate) fn flag(&self, field: &str) -> Result<bool> {
        let value = self.get(field)?;
        let reason = || format!("`{}` is neither `true` nor `false`", cut(value, 40));
        value.parse().map_err(|_| Error::decode(&self.of, field, reason()))
    }

    /// Returns an integer, or `None` if the field is missing or `null`.
    pub(crate) fn maybe_integer<T: FromStr>(&self, field: &str) -> Result<Option<T>> {
        match self.find(field) {
            None | Some("null") => Ok(None),
            Some(_) => self.integer(field).map(Some),
        }
    }

    /// Returns an integer.
    pub(crate) fn integer<T: FromStr>(&self, field: &str) -> Result<T> {
        let value = self.get(field)?;
        let reason = || format!("`{}` is not a whole number that can be", cut(value, 40));
        value.parse().map_err(|_| Error::decode(&self.of, field, reason()))
    }

    pub(crate) fn date(&self, field: &str) -> Result<NaiveDate> {
        parse::date(&self.of, field, &self.text(field)?)
    }

    pub(crate) fn price(&self, field: &str) -> Result<Crypto> {
        parse::price(&self.of, field, self.get(field)?)
    }

    /// Returns a price; `fine` says whether one with more places than a column holds is rounded.
    pub(crate) fn price_or_rounded(&self, field: &str, fine: FinePrices) -> Result<Crypto> {
        parse::price_or_rounded(&self.of, field, self.get(field)?, fine)
    }

    /// Returns a number of zero or more, or `None` if the field is missing or `null`.
    pub(crate) fn amount<const SCALE: u32>(&self, field: &str) -> Result<Option<Fixed<SCALE>>> {
        self.find(field).map_or(Ok(None), |value| parse::amount(&self.of, field, value))
    }

    /// Returns an instant such as `2026-09-25T17:48:26.844359Z`, truncated to microseconds.
    pub(crate) fn time(&self, field: &str) -> Result<DateTime<Utc>> {
        parse::time(&self.of, field, &self.text(field)?)
    }

    /// Returns an instant given in whole seconds since 1970.
    pub(crate) fn seconds(&self, field: &str) -> Result<DateTime<Utc>> {
        parse::seconds(&self.of, field, self.get(field)?)
    }

    /// Sorts the fields by name.
    pub(crate) fn sorted(mut self) -> Self {
        self.fields.sort();
        self
    }

    /// Returns the fields in their order, as pairs of name and raw value.
    pub(crate) fn entries(self) -> impl Iterator<Item = (String, &'a str)> {
        self.fields.into_iter().map(|(key, value)| (key.into_owned(), value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duplicate_keys_are_found_in_small_and_large_objects() {
        let keys = |count: usize, last: &str| {
            let keys = (0..count).map(|at| format!("\"k{at}\" : {{\"k1\":[{at}]}}, "));
            format!("{{ {}\"{last}\":1}}", keys.collect::<String>())
        };
        for (count, last, twice) in [
            (2, "k0", true),
            (2, "\\u006b1", true), // k1
            (2, "k9", false),
            (500, "k499", true),
            (500, "k0", true),
            (500, "k500", false),
        ] {
            let text = keys(count, last);
            let read = Object::parse("test", text.as_bytes());
            assert_eq!(read.is_err(), twice, "{count} {last}");
            if let Ok(read) = read {
                assert_eq!(read.integer::<u8>(last).unwrap(), 1);
            }
        }
    }
}
