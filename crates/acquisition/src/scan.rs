//! Reads large replies straight into columns: JSON value by value, nothing kept in between.
//!
//! serde would make a struct or a `Value` of each row first. Here numbers stay the text that they
//! are until they are minor units. Replies that come through [`crate::http`] are well-formed; what
//! is not ends in an error all the same.

use crate::error::cut;
use crate::{Error, Result};

/// What ends a number or a literal.
const ENDS: [bool; 256] = {
    let mut ends = [false; 256];
    let (marks, mut at) = (*b",]}: \n\r\t", 0);
    while at < marks.len() {
        ends[marks[at] as usize] = true;
        at += 1;
    }
    ends
};

/// A place in a JSON text.
#[derive(Debug, Clone)]
pub(crate) struct Scan<'a> {
    of: &'a str,
    text: &'a str,
    at: usize,
}

/// The cells of a short row, `[…]`, as they are written.
#[derive(Debug)]
pub(crate) struct Cells<'a, const N: usize> {
    /// The first of them; empty where there are fewer.
    pub(crate) texts: [&'a str; N],
    count: usize,
}

impl<'a, const N: usize> Cells<'a, N> {
    /// That there are as many as there must be.
    pub(crate) fn checked(&self, of: &str, row: &str) -> Result<[&'a str; N]> {
        if self.count == N {
            return Ok(self.texts);
        }
        Err(Error::decode(of, row, format!("it has {} values, not {N}", self.count)))
    }

    /// The row as it was.
    pub(crate) fn shown(&self) -> String {
        format!("[{}]", self.texts.join(","))
    }
}

impl<'a> Scan<'a> {
    /// The beginning of `text`; errors will say that it is about `of`.
    ///
    /// # Errors
    /// When it is not UTF-8.
    pub(crate) fn new(of: &'a str, text: &'a [u8]) -> Result<Self> {
        let not_utf8 = |error| Error::decode(of, "the whole", format!("not UTF-8: {error}"));
        Ok(Self { of, text: std::str::from_utf8(text).map_err(not_utf8)?, at: 0 })
    }

    /// The bytes from here on.
    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// The next byte that is not space, left where it is.
    pub(crate) fn peek(&mut self) -> Option<u8> {
        loop {
            match self.text.as_bytes().get(self.at) {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                byte => return byte.copied(),
            }
        }
    }

    fn wrong(&self, wanted: &str) -> Error {
        let rest = String::from_utf8_lossy(self.rest());
        let found =
            if rest.is_empty() { "its end".into() } else { format!("`{}`", cut(&rest, 20)) };
        let reason = format!("byte {} is {found} instead of {wanted}", self.at);
        Error::decode(self.of, "the whole", reason)
    }

    fn take(&mut self, byte: u8, wanted: &str) -> Result<()> {
        if self.peek() != Some(byte) {
            return Err(self.wrong(wanted));
        }
        self.at += 1;
        Ok(())
    }

    /// `[…]`: `each` takes one element at a time.
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
                _ => return Err(self.wrong("`,` or `]`")),
            }
        }
    }

    /// `{…}`: `each` takes the value of one key at a time.
    pub(crate) fn object(
        &mut self,
        mut each: impl FnMut(&mut Self, &'a str) -> Result<()>,
    ) -> Result<()> {
        self.take(b'{', "an object")?;
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.wrong("a key"));
            }
            let key = bare(self.value()?);
            self.take(b':', "`:`")?;
            each(self, key)?;
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return Err(self.wrong("`,` or `}`")),
            }
        }
    }

    /// The next value as it is written, quotes and all.
    pub(crate) fn value(&mut self) -> Result<&'a str> {
        let first = self.peek().ok_or_else(|| self.wrong("a value"))?;
        let start = self.at;
        match first {
            b'"' => self.string()?,
            b'[' | b'{' => self.nested()?,
            b',' | b':' | b']' | b'}' => return Err(self.wrong("a value")),
            _ => {
                let rest = self.rest();
                let ends = |byte: &u8| ENDS[usize::from(*byte)];
                self.at += rest.iter().position(ends).unwrap_or(rest.len());
            }
        }
        self.text.get(start..self.at).ok_or_else(|| self.wrong("a value"))
    }

    /// The cells of a row that should have `N`, as they are written.
    pub(crate) fn cells<const N: usize>(&mut self) -> Result<Cells<'a, N>> {
        let mut cells = Cells { texts: [""; N], count: 0 };
        self.list(|scan| {
            let text = scan.value()?;
            if let Some(cell) = cells.texts.get_mut(cells.count) {
                *cell = text;
            }
            cells.count += 1;
            Ok(())
        })?;
        Ok(cells)
    }

    /// The text within quotes, as it is written; no escape is undone.
    pub(crate) fn text(&mut self, field: &str) -> Result<&'a str> {
        let value = self.value()?;
        quoted(value).ok_or_else(|| {
            Error::decode(self.of, field, format!("`{}` is not a text", cut(value, 40)))
        })
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
                    return Err(self.wrong("the end of a text"));
                }
            }
        }
    }

    /// A list or an object, however deep, without going down into it.
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
        Err(self.wrong("the end of a list"))
    }

    /// That nothing follows.
    pub(crate) fn end(mut self) -> Result<()> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.wrong("the end")),
        }
    }
}

/// What stands in quotes; none where there are none.
fn quoted(value: &str) -> Option<&str> {
    value.strip_prefix('"')?.strip_suffix('"')
}

/// A value without the quotes that it may have.
pub(crate) fn bare(value: &str) -> &str {
    quoted(value).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Every value of a text, from the outside in.
    fn walk(scan: &mut Scan<'_>, depth: usize, seen: &mut Vec<String>) -> Result<()> {
        match scan.peek() {
            Some(b'[') if depth < 20 => scan.list(|scan| walk(scan, depth + 1, seen)),
            Some(b'{') if depth < 20 => scan.object(|scan, key| {
                seen.push(key.to_owned());
                walk(scan, depth + 1, seen)
            }),
            _ => scan.value().map(|value| seen.push(value.to_owned())),
        }
    }

    #[test]
    fn values_are_what_was_written() {
        let text =
            br#" { "a" : [1, -2.50e3 ,null,[] ,{}], "b\"c":"x\\\"y", "d":{"e":[{"f":true}]} } "#;
        let (mut scan, mut seen) = (Scan::new("test", text).unwrap(), Vec::new());
        walk(&mut scan, 0, &mut seen).unwrap();
        scan.end().unwrap();
        let expected =
            ["a", "1", "-2.50e3", "null", "b\\\"c", "\"x\\\\\\\"y\"", "d", "e", "f", "true"];
        assert_eq!(seen, expected);
        let mut scan = Scan::new("test", text).unwrap();
        assert_eq!(scan.value().unwrap().as_bytes(), text.trim_ascii());
    }

    proptest! {
        #[test]
        fn well_formed_or_not_it_ends(text in "[\\[\\]{}:,\"\\\\a0 é]{0,60}") {
            let (mut scan, mut seen) = (Scan::new("test", text.as_bytes()).unwrap(), Vec::new());
            let _ = walk(&mut scan, 0, &mut seen);
            let _ = Scan::new("test", text.as_bytes()).unwrap().value();
        }
    }
}
