//! Decoders of lines: pure functions from bytes to fields.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

pub use super::dialect::{Cells, Dialect};
use super::splitter::Splitter;
use crate::text::cut;
use crate::user_data::mapping::Field;

/// Returns the cells of one CSV record, with or without the line break at its end.
///
/// # Errors
/// Returns an error if the record is not UTF-8, has an unclosed quote, or is more than one record.
pub fn csv(record: &[u8], dialect: Dialect) -> Result<Cells, String> {
    Splitter::new(dialect, b'\n').cells(record).map_err(|record_error| record_error.to_string())
}

/// Returns the fields called `wanted` of one JSON line, in that order. A dot reaches into an
/// object: `user.id` is the field `id` of the field `user`, unless a field is called `user.id`.
///
/// Numbers keep their digits; objects and lists stay JSON, as text.
///
/// # Errors
/// Returns an error if the line is not a JSON object.
pub fn ndjson<'a>(line: &'a [u8], wanted: &[&str]) -> Result<Vec<Field<'a>>, String> {
    let text = std::str::from_utf8(line).map_err(|error| {
        format!(
            "has a byte that is not UTF-8, the {}. of its line: set `encoding`, as in `encoding = \
             \"windows-1252\"`, or mend it",
            error.valid_up_to() + 1
        )
    })?;
    let object = object(text).map_err(|reason| format!("is not a JSON object ({reason})"))?;
    wanted.iter().map(|name| Ok(find(&object, name)?.map_or(Field::Missing, field))).collect()
}

/// A JSON object. One that has a field twice is rejected, since it is ambiguous.
struct Object<'a>(BTreeMap<String, &'a RawValue>);

fn object(text: &str) -> Result<Object<'_>, String> {
    serde_json::from_str(text).map_err(|error| cut(&error.to_string(), 120))
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = BTreeMap<String, &'de RawValue>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = BTreeMap::new();
                while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
                    match fields.entry(name) {
                        Entry::Vacant(entry) => drop(entry.insert(value)),
                        Entry::Occupied(entry) => {
                            let name = entry.key();
                            return Err(de::Error::custom(format_args!("it has `{name}` twice")));
                        }
                    }
                }
                Ok(fields)
            }
        }

        deserializer.deserialize_map(Fields).map(Self)
    }
}

fn find<'a>(within: &Object<'a>, name: &str) -> Result<Option<&'a RawValue>, String> {
    if let Some(found) = within.0.get(name) {
        return Ok(Some(found));
    }
    let Some((outer, inner)) = name.split_once('.') else { return Ok(None) };
    match within.0.get(outer).map(|found| found.get()).filter(|found| found.starts_with('{')) {
        None => Ok(None),
        Some(found) => {
            let object =
                object(found).map_err(|reason| format!("has a bad `{outer}` ({reason})"))?;
            find(&object, inner)
        }
    }
}

fn field(raw: &RawValue) -> Field<'_> {
    match raw.get() {
        "null" => Field::Null,
        text if text.starts_with('"') => match serde_json::from_str::<String>(text) {
            Ok(text) => Field::Text(text.into()),
            // Half of a surrogate pair is valid JSON, but not text.
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
            ("\u{feff}a,b\n", vec!["\u{feff}a", "b"]),
            (",\n", vec!["", ""]),
        ] {
            assert_eq!(cells(record), expected, "{record:?}");
        }
        for (record, says) in [
            (&b"a\nb"[..], "more than one"),
            (b"\nb", "more than one"),
            (b"\"a", "not closed"),
            (b"\xff", "UTF-8"),
        ] {
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
        let error = ndjson(br#"{"a": 1, "b": 2, "a": 3}"#, &wanted).unwrap_err();
        assert!(error.contains("`a` twice"), "{error}");
        let error = ndjson(br#"{"b": {"c": 1, "c": 2}}"#, &["b.c"]).unwrap_err();
        assert!(error.contains("`b`") && error.contains("`c` twice"), "{error}");
        let half = ndjson(br#"{"a": "\ud800"}"#, &["a"]).unwrap();
        assert!(matches!(half[..], [Field::Bytes(_)]));
    }

    #[test]
    fn runs_of_blanks_delimit_cells() {
        let dialect = Dialect { delimiter: Dialect::BLANKS, ..Dialect::default() };
        for (line, expected) in [
            (" 00001 19970101  1   11.77 \r\n", vec!["00001", "19970101", "1", "11.77"]),
            ("a\t \tb", vec!["a", "b"]),
            ("\"Doe,  Jo\"  7", vec!["Doe,  Jo", "7"]),
            ("   ", vec![""]),
        ] {
            let cells = csv(line.as_bytes(), dialect).unwrap();
            assert_eq!(cells.iter().collect::<Vec<_>>(), expected, "{line:?}");
        }
    }

    #[test]
    fn cells_are_returned_without_their_quotes() {
        let cells = csv(b"7,\"Doe, \"\"Jo\"\"\",\r\n", Dialect::default()).unwrap();
        assert_eq!(cells.iter().collect::<Vec<_>>(), ["7", "Doe, \"Jo\"", ""]);
    }

    #[test]
    fn nested_fields_are_reached_by_their_path() {
        let line = br#"{"user": {"id": 7}, "amount": 0.10}"#;
        let fields = ndjson(line, &["user.id", "amount", "x"]).unwrap();
        assert_eq!(fields, [Field::from("7"), Field::from("0.10"), Field::Missing]);
    }

    proptest! {
        #[test]
        fn records_equal_those_of_the_csv_crate(text in "([a-c,\"\n]|\r\n){0,40}", tail in "[a-c,]{0,3}") {
            let text = format!("{text}{tail}");
            let mut reader = ::csv::ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .from_reader(text.as_bytes());
            let theirs: Vec<Vec<String>> =
                reader.records().map(|record| record.unwrap().iter().map(Into::into).collect()).collect();
            let (mut ours, mut record) = (Vec::new(), String::new());
            let mut splitter = Splitter::new(Dialect::default(), b'\n');
            for line in text.split_inclusive('\n') {
                record.push_str(line);
                if splitter.ends(line.as_bytes()) {
                    ours.push(std::mem::take(&mut record));
                }
            }
            // The crate treats an unclosed quote as closed at the end.
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
        fn no_input_causes_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = csv(&bytes, Dialect::default());
            let _ = ndjson(&bytes, &["a.b", ""]);
        }
    }
}
