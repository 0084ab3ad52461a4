//! Lines of files as fields. Pure functions of the bytes.
//!
//! CSV is taken apart here and not by a crate, because a cursor needs what a reader with a buffer
//! of its own does not tell: the exact bytes of each record, the lines that it takes, and whether
//! it has ended. Tests hold it to what the crate `csv` reads.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::error::cut;
use crate::mapping::Field;

/// How CSV is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    /// Between cells.
    pub delimiter: u8,
    /// Around cells that hold delimiters and line breaks; doubled within them.
    pub quote: Option<u8>,
}

impl Default for Dialect {
    fn default() -> Self {
        Self { delimiter: b',', quote: Some(b'"') }
    }
}

/// Where in a record of CSV we are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    /// At the beginning of a cell.
    #[default]
    Start,
    /// In a cell without quotes, or behind the quotes of one.
    Plain,
    /// Within quotes.
    Quoted,
    /// At a quote within quotes: the end, or half of a doubled one.
    Closing,
}

/// What a byte is.
enum Step {
    Content,
    Markup,
    EndOfCell,
    EndOfRecord,
}

impl State {
    fn step(&mut self, byte: u8, dialect: Dialect) -> Step {
        let quote = dialect.quote == Some(byte);
        let (next, step) = match (*self, byte) {
            (Self::Quoted, _) if quote => (Self::Closing, Step::Markup),
            (Self::Quoted, _) => (Self::Quoted, Step::Content),
            (Self::Closing, _) if quote => (Self::Quoted, Step::Content),
            (Self::Start, _) if quote => (Self::Quoted, Step::Markup),
            (_, b'\n') => (Self::Start, Step::EndOfRecord),
            (_, byte) if byte == dialect.delimiter => (Self::Start, Step::EndOfCell),
            (_, _) => (Self::Plain, Step::Content),
        };
        *self = next;
        step
    }
}

/// Follows a record of CSV line by line, to see where it ends.
#[derive(Debug, Default)]
pub struct Scan(State);

impl Scan {
    /// Whether the record ends with this line, which is the next one of it.
    pub fn ends(&mut self, line: &[u8], dialect: Dialect) -> bool {
        let mut ended = false;
        for byte in line {
            ended = matches!(self.0.step(*byte, dialect), Step::EndOfRecord);
        }
        ended
    }
}

/// The cells of a record of CSV, quotes taken off.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cells {
    text: String,
    ends: Vec<usize>,
}

impl Cells {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).filter_map(|(start, end)| self.text.get(start..*end))
    }
}

/// The cells of one record of CSV, with or without the line break at its end.
///
/// ```
/// use tidegauge_acquisition::files::decode::{Dialect, csv};
///
/// let cells = csv(b"7,\"Doe, \"\"Jo\"\"\",\r\n", Dialect::default())?;
/// assert_eq!(cells.iter().collect::<Vec<_>>(), ["7", "Doe, \"Jo\"", ""]);
/// # Ok::<(), String>(())
/// ```
///
/// # Errors
/// When it is not UTF-8, has a quote that is not closed, or is more than one record.
pub fn csv(record: &[u8], dialect: Dialect) -> Result<Cells, String> {
    let (mut state, mut text) = (State::default(), Vec::with_capacity(record.len()));
    let (mut ends, mut ended) = (Vec::new(), false);
    for byte in record {
        if ended {
            return Err("is more than one record".into());
        }
        // Only a line break outside of quotes may have a carriage return before it.
        let plain = state == State::Plain;
        match state.step(*byte, dialect) {
            Step::Content => text.push(*byte),
            Step::Markup => {}
            Step::EndOfCell => ends.push(text.len()),
            Step::EndOfRecord => {
                if plain && text.last() == Some(&b'\r') {
                    text.pop();
                }
                ended = true;
            }
        }
    }
    if state == State::Quoted {
        return Err("has a quote that is not closed".into());
    }
    if !ended && state == State::Plain && text.last() == Some(&b'\r') {
        text.pop();
    }
    ends.push(text.len());
    let text = String::from_utf8(text).map_err(|_| "is not UTF-8")?;
    Ok(Cells { text, ends })
}

/// The fields called `wanted` of one line of JSON. A dot reaches into an object: `user.id` is the
/// field `id` of the field `user`, unless there is one called `user.id`.
///
/// Numbers keep their digits; objects and lists stay JSON, as text.
///
/// ```
/// use tidegauge_acquisition::files::decode::ndjson;
/// use tidegauge_acquisition::mapping::Field;
///
/// let fields = ndjson(br#"{"user": {"id": 7}, "amount": 0.10}"#, &["user.id", "amount", "x"])?;
/// assert_eq!(fields, [Field::from("7"), Field::from("0.10"), Field::Missing]);
/// # Ok::<(), String>(())
/// ```
///
/// # Errors
/// When it is not a JSON object.
pub fn ndjson<'a>(line: &'a [u8], wanted: &[&str]) -> Result<Vec<Field<'a>>, String> {
    let text = std::str::from_utf8(line).map_err(|_| "is not UTF-8")?;
    let object = object(text).map_err(|reason| format!("is not a JSON object ({reason})"))?;
    wanted.iter().map(|name| Ok(find(&object, name).map_or(Field::Missing, field))).collect()
}

type Object<'a> = BTreeMap<String, &'a RawValue>;

fn object(text: &str) -> Result<Object<'_>, String> {
    serde_json::from_str(text).map_err(|error| cut(&error.to_string(), 120))
}

fn find<'a>(within: &Object<'a>, name: &str) -> Option<&'a RawValue> {
    if let Some(found) = within.get(name) {
        return Some(found);
    }
    let (outer, inner) = name.split_once('.')?;
    find(&object(within.get(outer)?.get()).ok()?, inner)
}

fn field(raw: &RawValue) -> Field<'_> {
    match raw.get() {
        "null" => Field::Null,
        text if text.starts_with('"') => match serde_json::from_str::<String>(text) {
            Ok(text) => Field::Text(text.into()),
            // Half of a surrogate pair: JSON, but no text.
            Err(_) => Field::Bytes(Cow::Borrowed(text.as_bytes())),
        },
        text => Field::Text(text.into()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cells(record: &str) -> Vec<String> {
        let cells = csv(record.as_bytes(), Dialect::default()).unwrap();
        cells.iter().map(Into::into).collect()
    }

    #[test]
    fn quotes_and_line_breaks() {
        for (record, expected) in [
            ("a,b\n", vec!["a", "b"]),
            ("a,\r\n", vec!["a", ""]),
            ("", vec![""]),
            ("\"a\r\nb\",c\r\n", vec!["a\r\nb", "c"]),
            ("\"a\r\"\n", vec!["a\r"]),
            ("a\"b,\"\"\n", vec!["a\"b", ""]),
            ("\"a\"b\n", vec!["ab"]),
            ("😀,é", vec!["😀", "é"]),
        ] {
            assert_eq!(cells(record), expected, "{record:?}");
        }
        for (record, says) in
            [(&b"a\nb"[..], "more than one"), (b"\"a", "not closed"), (b"\xff", "UTF-8")]
        {
            let error = csv(record, Dialect::default()).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }

    #[test]
    fn a_line_of_json() {
        let wanted = ["a", "b.c", "b.c.d", "e", "n"];
        let line = r#"{"a": 12345678901234567890.10, "b.c": "é\u00e9", "b": {"c": {"d": [1, 2]}},
                       "e": true, "n": null, "a2": {}}"#;
        let fields = ndjson(line.as_bytes(), &wanted).unwrap();
        let text = |text: &'static str| Field::from(text);
        assert_eq!(
            fields,
            [
                text("12345678901234567890.10"),
                text("éé"),
                text("[1, 2]"),
                text("true"),
                Field::Null
            ]
        );
        for line in ["", "[1]", "{\"a\": 1", "{\"a\": 1} {}", "7", "{'a': 1}"] {
            assert!(ndjson(line.as_bytes(), &wanted).unwrap_err().contains("JSON"), "{line}");
        }
        let half = ndjson(br#"{"a": "\ud800"}"#, &["a"]).unwrap();
        assert!(matches!(half[..], [Field::Bytes(_)]));
    }

    proptest! {
        #[test]
        fn reads_what_the_crate_csv_reads(text in "([a-c,\"\n]|\r\n){0,40}", tail in "[a-c,]{0,3}") {
            let text = format!("{text}{tail}");
            let mut reader = ::csv::ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .from_reader(text.as_bytes());
            let theirs: Vec<Vec<String>> =
                reader.records().map(|record| record.unwrap().iter().map(Into::into).collect()).collect();
            let (mut ours, mut record, mut scan) = (Vec::new(), String::new(), Scan::default());
            for line in text.split_inclusive('\n') {
                record.push_str(line);
                if scan.ends(line.as_bytes(), Dialect::default()) {
                    ours.push(std::mem::take(&mut record));
                }
            }
            // The crate takes a quote that is never closed for closed at the end.
            let open = csv(record.as_bytes(), Dialect::default()).is_err();
            if !record.is_empty() && !open {
                ours.push(record);
            }
            let blank = |record: &&String| record.trim_end_matches(['\r', '\n']).is_empty();
            let ours = ours.iter().filter(|record| !blank(record));
            let ours: Vec<_> = ours.map(|record| cells(record)).collect();
            prop_assert_eq!(&ours[..], &theirs[..theirs.len() - usize::from(open && theirs.len() > ours.len())]);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = csv(&bytes, Dialect::default());
            let _ = ndjson(&bytes, &["a.b", ""]);
        }
    }
}
