//! The JSON reader for replies.
//!
//! Replies of providers are read by [`JsonReader`], value by value, straight into rows; an [`Object`] holds
//! the fields of a small reply. Numbers stay text until they are converted to units of a column. A duplicate
//! key is an error. Lists and answers that fill no table may be deserialized to structs ([`deserialize`]), since
//! serde rejects duplicate keys too. Settings, cursors and files of this crate use serde alone.
//!
//! Input is well-formed: [`check`] comes first. Malformed input ends in an error nevertheless.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::text::cut;
use crate::{Error, Result};

/// The bytes that end a number or a literal.
const ENDS: [bool; 256] = {
    let mut ends = [false; 256];
    let (marks, mut at) = (*b",]}: \n\r\t", 0);
    while at < marks.len() {
        ends[marks[at] as usize] = true;
        at += 1;
    }
    ends
};

/// Checks that `text` is well-formed JSON.
///
/// # Errors
/// The error of serde.
pub(crate) fn check(text: &[u8]) -> serde_json::Result<()> {
    serde_json::from_slice::<IgnoredAny>(text).map(|_| ())
}

/// Deserializes `text` to a struct.
///
/// # Errors
/// When `text` has another shape, or a duplicate key.
pub(crate) fn deserialize<'a, T: Deserialize<'a>>(
    of: &str,
    field: &str,
    text: &'a [u8],
) -> Result<T> {
    serde_json::from_slice(text)
        .map_err(|error| Error::decode(of, field, cut(&error.to_string(), 120)))
}

/// Returns the elements of the JSON list `text` as raw JSON.
///
/// # Errors
/// When `text` is not a list.
pub(crate) fn elements<'a>(of: &str, text: &'a [u8]) -> Result<Vec<&'a str>> {
    let (mut reader, mut all) = (JsonReader::new(of, text)?, Vec::new());
    reader.list(|reader| {
        all.push(reader.value()?);
        Ok(())
    })?;
    reader.end()?;
    Ok(all)
}

/// Returns the string `value`, unescaped.
///
/// # Errors
/// When `value` is not a string.
pub(crate) fn text(of: &str, field: &str, value: &str) -> Result<String> {
    match plain(of, field, value)? {
        plain if plain.contains('\\') => deserialize(of, field, value.as_bytes()),
        plain => Ok(plain.to_owned()),
    }
}

/// Returns the string `value` without its quotes; escapes are kept.
///
/// # Errors
/// When `value` is not a string.
pub(crate) fn plain<'a>(of: &str, field: &str, value: &'a str) -> Result<&'a str> {
    quoted(value)
        .ok_or_else(|| Error::decode(of, field, format!("`{}` is not a text", cut(value, 40))))
}

/// A forward-only reader of a JSON document.
#[derive(Debug, Clone)]
pub(crate) struct JsonReader<'o, 'a> {
    of: &'o str,
    text: &'a str,
    at: usize,
}

impl<'o, 'a> JsonReader<'o, 'a> {
    /// Creates a reader of `text`; errors name `of` as their subject.
    ///
    /// # Errors
    /// When `text` is not UTF-8.
    pub(crate) fn new(of: &'o str, text: &'a [u8]) -> Result<Self> {
        let not_utf8 = |error| Error::decode(of, "the whole", format!("not UTF-8: {error}"));
        Ok(Self { of, text: std::str::from_utf8(text).map_err(not_utf8)?, at: 0 })
    }

    /// Returns the bytes from the current position on.
    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// Returns the next byte that is not whitespace without consuming it.
    pub(crate) fn peek(&mut self) -> Option<u8> {
        loop {
            match self.text.as_bytes().get(self.at) {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                byte => return byte.copied(),
            }
        }
    }

    #[cold]
    fn unexpected(&self, wanted: &str) -> Error {
        let rest = String::from_utf8_lossy(self.rest());
        let found =
            if rest.is_empty() { "its end".into() } else { format!("`{}`", cut(&rest, 20)) };
        let reason = format!("byte {} is {found} instead of {wanted}", self.at);
        Error::decode(self.of, "the whole", reason)
    }

    fn take(&mut self, byte: u8, wanted: &str) -> Result<()> {
        if self.peek() != Some(byte) {
            return Err(self.unexpected(wanted));
        }
        self.at += 1;
        Ok(())
    }

    /// Reads a list (`[…]`) and calls `each` once per element, to consume it.
    pub(crate) fn list(&mut self, mut each: impl FnMut(&mut Self) -> Result<()>) -> Result<()> {
        self.take(b'[', "a list")?;
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            each(self)?;
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return Err(self.unexpected("`,` or `]`")),
            }
        }
    }

    /// Reads an object (`{…}`) and calls `each` once per key, to consume its value.
    ///
    /// # Errors
    /// When the value is not an object, or a key is a duplicate.
    pub(crate) fn object(
        &mut self,
        mut each: impl FnMut(&mut Self, &Cow<'a, str>) -> Result<()>,
    ) -> Result<()> {
        self.take(b'{', "an object")?;
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        // Duplicates are detected by a filter, and by a set of the keys only once the filter has a hit.
        let (start, mut filter, mut known) = (self.at, 0u64, None::<BTreeSet<Cow<'a, str>>>);
        loop {
            let at = self.at;
            let key = self.key()?;
            let bit = 1 << (hash(&key) % 64);
            if filter & bit != 0 && known.is_none() {
                known = Some(self.keys(start, at)?);
            }
            filter |= bit;
            if known.as_mut().is_some_and(|known| !known.insert(key.clone())) {
                return Err(Error::decode(self.of, cut(&key, 40), "it is there twice"));
            }
            each(self, &key)?;
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return Err(self.unexpected("`,` or `}`")),
            }
        }
    }

    /// Reads a key and the colon after it.
    fn key(&mut self) -> Result<Cow<'a, str>> {
        if self.peek() != Some(b'"') {
            return Err(self.unexpected("a key"));
        }
        let written = self.value()?;
        self.take(b':', "`:`")?;
        let plain = bare(written);
        Ok(if plain.contains('\\') {
            text(self.of, "a key", written)?.into()
        } else {
            plain.into()
        })
    }

    /// Returns the keys of an object between two positions, read a second time.
    fn keys(&self, start: usize, end: usize) -> Result<BTreeSet<Cow<'a, str>>> {
        let (mut reader, mut keys) = (Self { at: start, ..self.clone() }, BTreeSet::new());
        while reader.at < end {
            keys.insert(reader.key()?);
            reader.value()?;
            reader.take(b',', "`,`")?;
        }
        Ok(keys)
    }

    /// Returns the next value as raw JSON, with quotes.
    pub(crate) fn value(&mut self) -> Result<&'a str> {
        let first = self.peek().ok_or_else(|| self.unexpected("a value"))?;
        let start = self.at;
        match first {
            b'"' => self.string()?,
            b'[' | b'{' => self.nested()?,
            b',' | b':' | b']' | b'}' => return Err(self.unexpected("a value")),
            _ => {
                let rest = self.rest();
                let ends = |byte: &u8| ENDS[usize::from(*byte)];
                self.at += rest.iter().position(ends).unwrap_or(rest.len());
            }
        }
        self.text.get(start..self.at).ok_or_else(|| self.unexpected("a value"))
    }

    /// Reads a row with `read`. Returns its result, and the row as raw JSON. If `read` fails, the reader
    /// continues after the row.
    ///
    /// # Errors
    /// When there is no value.
    pub(crate) fn row<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<(Result<T>, &'a str)> {
        self.peek();
        let start = self.at;
        let row = read(self);
        if row.is_err() {
            self.at = start;
            self.value()?;
        }
        Ok((row, self.text.get(start..self.at).unwrap_or_default()))
    }

    /// Returns the `N` elements of a list as raw JSON; errors name it `row`.
    ///
    /// # Errors
    /// When the value is not a list, or has another length.
    pub(crate) fn cells<const N: usize>(&mut self, row: &str) -> Result<[&'a str; N]> {
        let (mut cells, mut count) = ([""; N], 0);
        self.list(|reader| {
            let text = reader.value()?;
            if let Some(cell) = cells.get_mut(count) {
                *cell = text;
            }
            count += 1;
            Ok(())
        })?;
        if count == N {
            return Ok(cells);
        }
        Err(Error::decode(self.of, row, format!("it has {count} values, not {N}")))
    }

    fn string(&mut self) -> Result<()> {
        self.at += 1;
        loop {
            let rest = self.rest();
            match rest.iter().position(|byte| matches!(byte, b'"' | b'\\')) {
                Some(at) if rest[at] == b'"' => {
                    self.at += at + 1;
                    return Ok(());
                }
                Some(at) if at + 1 < rest.len() => self.at += at + 2,
                _ => {
                    self.at = self.text.len();
                    return Err(self.unexpected("the end of a text"));
                }
            }
        }
    }

    /// Skips a list or an object of any depth, without recursion.
    fn nested(&mut self) -> Result<()> {
        let mut depth = 0usize;
        while let Some(byte) = self.text.as_bytes().get(self.at) {
            match byte {
                b'"' => {
                    self.string()?;
                    continue;
                }
                b'[' | b'{' => depth += 1,
                b']' | b'}' => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return Ok(());
            }
        }
        Err(self.unexpected("the end of a list"))
    }

    /// Checks that nothing follows.
    pub(crate) fn end(mut self) -> Result<()> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.unexpected("the end")),
        }
    }
}

/// Returns a cheap hash that distinguishes most keys of an object.
fn hash(key: &str) -> usize {
    let byte = |byte: Option<&u8>| byte.copied().map_or(0, usize::from);
    byte(key.as_bytes().first()) * 7 + byte(key.as_bytes().last()) * 3 + key.len()
}

/// Returns the content of the quotes, or `None` if there are none.
fn quoted(value: &str) -> Option<&str> {
    value.strip_prefix('"')?.strip_suffix('"')
}

/// Returns a value without its quotes, if it has any.
pub(crate) fn bare(value: &str) -> &str {
    quoted(value).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Collects every key and value of a document, from the outside in.
    fn walk(reader: &mut JsonReader<'_, '_>, depth: usize, seen: &mut Vec<String>) -> Result<()> {
        match reader.peek() {
            Some(b'[') if depth < 20 => reader.list(|reader| walk(reader, depth + 1, seen)),
            Some(b'{') if depth < 20 => reader.object(|reader, key| {
                seen.push(key.to_string());
                walk(reader, depth + 1, seen)
            }),
            _ => reader.value().map(|value| seen.push(value.to_owned())),
        }
    }

    #[test]
    fn values_are_returned_as_raw_json() {
        let text =
            br#" { "a" : [1, -2.50e3 ,null,[] ,{}], "b\"c":"x\\\"y", "d":{"e":[{"f":true}]} } "#;
        let (mut reader, mut seen) = (JsonReader::new("test", text).unwrap(), Vec::new());
        walk(&mut reader, 0, &mut seen).unwrap();
        reader.end().unwrap();
        let expected =
            ["a", "1", "-2.50e3", "null", "b\"c", "\"x\\\\\\\"y\"", "d", "e", "f", "true"];
        assert_eq!(seen, expected);
        let mut reader = JsonReader::new("test", text).unwrap();
        assert_eq!(reader.value().unwrap().as_bytes(), text.trim_ascii());
    }

    #[test]
    fn an_invalid_row_does_not_affect_the_next_one() {
        let (mut reader, mut rows) =
            (JsonReader::new("test", b"[[1], {\"a\":[2]} ,[3]]").unwrap(), Vec::new());
        reader
            .list(|reader| {
                let (row, written) = reader.row(|reader| reader.cells::<1>("row"))?;
                rows.push((row.map(|[cell]| cell.to_owned()).ok(), written.to_owned()));
                Ok(())
            })
            .unwrap();
        let expected = [(Some("1"), "[1]"), (None, "{\"a\":[2]}"), (Some("3"), "[3]")];
        let expected = expected.map(|(row, text)| (row.map(str::to_owned), text.to_owned()));
        assert_eq!(rows, expected);
    }

    proptest! {
        #[test]
        fn reading_terminates_on_any_input(text in "[\\[\\]{}:,\"\\\\a0 é]{0,60}") {
            let (mut reader, mut seen) = (JsonReader::new("test", text.as_bytes()).unwrap(), Vec::new());
            let _ = walk(&mut reader, 0, &mut seen);
            let _ = JsonReader::new("test", text.as_bytes()).unwrap().value();
        }
    }
}
