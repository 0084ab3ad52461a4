//! External ids: the surrogate keys that represent ids of any kind in built-in tables.

use std::collections::HashMap;

use sha2::{Digest, Sha256};
use tidegauge_core::tables::{self, SURROGATES};
use tidegauge_core::{Column, Table};

use super::columns::Rule;
use super::field::Field;
use super::settings::IdKind;
use crate::text::cut;

/// The format of the ids of a column.
#[derive(Debug, Clone, Copy)]
pub(super) struct IdFormat {
    kind: Option<IdKind>,
    /// The index of the column that keeps the original ids, if there is one.
    pub(super) kept_in: Option<usize>,
}

/// An id that has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Id<'f> {
    /// An integer, which is read like any other.
    Number,
    /// The surrogate key of a text, and the text.
    Text(i64, &'f str),
}

impl IdFormat {
    /// Returns the format of the ids of a column, or `None` if it has none.
    pub(super) fn new(table: &Table, column: &Column, rule: &Rule) -> Result<Option<Self>, String> {
        let external = tables::external(table, &column.name);
        let Some(external) = external else {
            return match rule.id {
                Some(_) => Err("it has no ids of a built-in table, and no `id`".into()),
                None => Ok(None),
            };
        };
        // Separators between digits, and units, indicate numbers.
        let is_number = rule.decimal.is_some() || rule.thousands.is_some() || rule.part.is_some();
        let kept_in = table.columns.iter().position(|column| column.name == external);
        let kind = rule.id.or(is_number.then_some(IdKind::Number));
        if kind != Some(IdKind::Number) && (!rule.values.is_empty() || rule.otherwise.is_some()) {
            return Err(
                "ids of text are taken as they are, and its `values` would not be followed: leave them out, or say \
                 `id = \"number\"`"
                    .into(),
            );
        }
        let has_sign_rule = rule.absolute || rule.negate.is_some();
        if kind != Some(IdKind::Number) && has_sign_rule {
            return Err(
                "ids of text have no sign that `absolute` takes off or `negate` sets: leave it out, or say `id = \
                 \"number\"`"
                    .into(),
            );
        }
        Ok(Some(Self { kind, kept_in }))
    }

    /// Returns the id in `field`, and records its surrogate key in `given`, those of this page.
    pub(super) fn read<'f>(
        self,
        field: &'f Field<'_>,
        given: &mut Surrogates,
    ) -> Result<Id<'f>, String> {
        let Field::Text(text) = field else {
            return match (self.kind, field) {
                (Some(IdKind::Text), Field::Int(_) | Field::Float(_) | Field::Decimal(..)) => {
                    Err("is a number, and `id = \"text\"` takes text alone: write it as text"
                        .into())
                }
                _ => Ok(Id::Number),
            };
        };
        let text = text.trim();
        let whole = without_fraction(text);
        let is_number = match self.kind {
            Some(IdKind::Number) => true,
            Some(IdKind::Text) => false,
            None => is_shortest(whole),
        };
        if is_number && is_shortest(whole) && whole.parse::<i64>().is_err() {
            return Err(too_large());
        }
        if text.is_empty() || is_number {
            return Ok(Id::Number);
        }
        if text.contains('\0') {
            return Err("has a NUL in it".into());
        }
        Ok(Id::Text(given.of(text)?, text))
    }
}

/// Rejects a natural key that is in the range of surrogate keys, or exceeds 64 bits.
pub(super) fn check_natural_key(number: i128) -> Result<(), String> {
    match i64::try_from(number).is_ok_and(|number| !SURROGATES.contains(&number)) {
        true => Ok(()),
        false => Err(too_large()),
    }
}

/// Returns the message for a number that is in the range of surrogate keys, or exceeds 64 bits.
pub(super) fn too_large() -> String {
    format!(
        "is a number from {} on, where those lie that stand for ids of text, or has more than 64 bits: set `id = \
         \"text\"` of the column",
        SURROGATES.start()
    )
}

/// Returns `true` for an integer in its shortest form, of any length.
fn is_shortest(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_plain = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    is_plain && (text == "0" || !digits.starts_with('0'))
}

/// Returns a number without a trailing `.0`, which tools write if a column of integers has missing
/// values.
fn without_fraction(text: &str) -> &str {
    match text.split_once('.') {
        Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|sign| sign == b'0') => {
            whole
        }
        _ => text,
    }
}

/// Returns the surrogate key of an id: the first 62 bits of the SHA-256 of its bytes, plus 2⁶². So
/// it is the same in every table, source and release.
pub(super) fn surrogate(text: &str) -> i64 {
    let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    let bits = digest[..8].iter().fold(0u64, |bits, byte| bits << 8 | u64::from(*byte)) >> 2;
    SURROGATES.start() | i64::try_from(bits).unwrap_or(i64::MAX)
}

/// The surrogate keys of the text ids of a page.
#[derive(Debug, Default)]
pub(super) struct Surrogates(HashMap<i64, Box<str>>);

impl Surrogates {
    fn of(&mut self, text: &str) -> Result<i64, String> {
        let number = surrogate(text);
        self.assign(number, text).map(|()| number)
    }

    /// Records that `number` is the surrogate key of `text`, or returns an error if it is that of
    /// another text.
    fn assign(&mut self, number: i64, text: &str) -> Result<(), String> {
        match self.0.get(&number) {
            None => {
                self.0.insert(number, text.into());
                Ok(())
            }
            Some(known) if **known == *text => Ok(()),
            Some(known) => Err(format!(
                "would be the number {number}, which stands for `{}` already: call one of them otherwise",
                cut(known, 80)
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tidegauge_core::tables::{Order, User};

    use super::*;

    fn format(kind: Option<IdKind>) -> IdFormat {
        let rule = Rule { id: kind, ..Rule::default() };
        let column = User::table().column("user_id").unwrap();
        IdFormat::new(User::table(), column, &rule).unwrap().unwrap()
    }

    #[test]
    fn only_integers_in_their_shortest_form_are_numeric_ids() {
        let mut given = Surrogates::default();
        for text in ["17", "0", "-5", " 17 ", "17.0", "17.00", "9223372036854775807"] {
            let field = Field::from(text);
            assert_eq!(format(None).read(&field, &mut given), Ok(Id::Number), "{text}");
        }
        for text in [
            "00017",
            "017.0",
            "17.",
            "17.5",
            "+5",
            "-0",
            "1e3",
            "c-17",
            "09223372036854775808",
            "Zoë",
        ] {
            let field = Field::from(text);
            let id = format(None).read(&field, &mut given).unwrap();
            assert_eq!(id, Id::Text(surrogate(text), text));
        }
        let seventeen = Field::from("17");
        let text = format(Some(IdKind::Text)).read(&seventeen, &mut given);
        assert_eq!(text, Ok(Id::Text(surrogate("17"), "17")));
        let number = Field::from("00017");
        assert_eq!(format(Some(IdKind::Number)).read(&number, &mut given), Ok(Id::Number));
        let error = format(Some(IdKind::Text)).read(&Field::Int(1), &mut given).unwrap_err();
        assert!(error.contains("write it as text"), "{error}");
    }

    /// Ensures that surrogate keys never change, since rows are stored under them.
    #[test]
    fn surrogate_keys_never_change() {
        // $ printf c-17 | sha256sum
        assert_eq!(surrogate("c-17"), 9_168_247_668_016_460_841);
        let uuid = "5f3d2c1a-7b89-4e0f-9a6d-2f1e0c3b4a59";
        assert!(SURROGATES.contains(&surrogate(uuid)));
        assert_ne!(surrogate("17"), surrogate("00017"));
    }

    #[test]
    fn a_colliding_surrogate_key_is_rejected() {
        let mut given = Surrogates::default();
        given.assign(1 << 62, "a").unwrap();
        given.assign(1 << 62, "a").unwrap();
        let error = given.assign(1 << 62, "b").unwrap_err();
        assert!(error.contains("stands for `a` already"), "{error}");
    }

    #[test]
    fn numeric_ids_in_the_surrogate_range_are_rejected() {
        assert_eq!(check_natural_key((1 << 62) - 1), Ok(()));
        assert_eq!(check_natural_key(i64::MIN.into()), Ok(()));
        for number in [1 << 62, i64::MAX.into(), 1 << 63, 1 << 100, -(1 << 64)] {
            assert!(check_natural_key(number).unwrap_err().contains("id = \"text\""), "{number}");
        }
        // Regardless of the number of digits, and of whether numbers were requested.
        let long = "9".repeat(60);
        for text in ["9223372036854775808", "-9223372036854775809", "9223372036854775808.0", &long]
        {
            for kind in [None, Some(IdKind::Number)] {
                let field = Field::from(text);
                let error = format(kind).read(&field, &mut Surrogates::default()).unwrap_err();
                assert!(error.contains("id = \"text\""), "{text}: {error}");
            }
            let field = Field::from(text);
            let id = format(Some(IdKind::Text)).read(&field, &mut Surrogates::default());
            assert_eq!(id, Ok(Id::Text(surrogate(text), text)));
        }
    }

    #[test]
    fn only_id_columns_accept_an_id_kind() {
        let rule = Rule { id: Some(IdKind::Text), ..Rule::default() };
        let column = User::table().column("email").unwrap();
        assert!(IdFormat::new(User::table(), column, &rule).unwrap_err().contains("no `id`"));
        let column = Order::table().column("user_id").unwrap();
        let format = IdFormat::new(Order::table(), column, &rule).unwrap().unwrap();
        let kept_in = &Order::table().columns[format.kept_in.unwrap()];
        assert_eq!(kept_in.name, "external_user_id");
    }

    proptest! {
        #[test]
        fn surrogate_keys_of_different_texts_differ(text in ".{1,60}") {
            prop_assert!(SURROGATES.contains(&surrogate(&text)));
        }
    }
}
