//! Renamed values.

use std::collections::BTreeMap;

use super::field::Field;
use super::messages::list;
use super::settings::{Constant, Otherwise};

/// The values of a column that are renamed, and the policy for the others.
#[derive(Debug, Clone)]
pub(super) struct ValueMap {
    named: BTreeMap<String, Field<'static>>,
    others: OtherValues,
}

#[derive(Debug, Clone)]
enum OtherValues {
    Keep,
    Bad,
    Become(Field<'static>),
}

impl ValueMap {
    pub(super) fn new(values: &BTreeMap<String, Constant>, otherwise: Option<&Otherwise>) -> Self {
        let named = values.iter().map(|(from, to)| (from.trim().to_owned(), to.field()));
        let others = match otherwise {
            None | Some(Otherwise::Keep) => OtherValues::Keep,
            Some(Otherwise::Bad) => OtherValues::Bad,
            Some(Otherwise::Null) => OtherValues::Become(Field::Null),
            Some(Otherwise::Value(value)) => OtherValues::Become(value.field()),
        };
        Self { named: named.collect(), others }
    }

    /// Returns the new values, each with the old one, or with `None` for the value that all others
    /// become.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Option<&str>, &Field<'static>)> {
        let other = match &self.others {
            OtherValues::Become(to) if *to != Field::Null => Some((None, to)),
            _ => None,
        };
        self.named.iter().map(|(from, to)| (Some(from.as_str()), to)).chain(other)
    }

    /// Returns the new value of `field`, or `None` if it is unchanged.
    ///
    /// # Errors
    /// Returns an error if the value is not one of the allowed ones.
    pub(super) fn renamed<'f>(
        &'f self,
        field: &Field<'_>,
    ) -> Result<Option<&'f Field<'static>>, String> {
        if let Some(to) = self.named.get(&*field.written()) {
            return Ok(Some(to));
        }
        match field {
            Field::NullText(_) => Ok(self.named.get("")),
            _ => self.find(&field.trimmed()),
        }
    }

    /// Returns the new value of `text`, or `None` if it is unchanged.
    ///
    /// # Errors
    /// Returns an error if the value is not one of the allowed ones.
    pub(super) fn find(&self, text: &str) -> Result<Option<&Field<'static>>, String> {
        match (self.named.get(text), &self.others) {
            (Some(to), _) => Ok(Some(to)),
            (None, OtherValues::Become(to)) if !text.is_empty() => Ok(Some(to)),
            (None, OtherValues::Bad) if !text.is_empty() => {
                let shown =
                    |name| if String::is_empty(name) { "\"\"" } else { String::as_str(name) };
                let known = list(self.named.keys().map(shown));
                Err(format!(
                    "is none of the `values` of its column, which are {known}: add it there, or let \
                     `otherwise` be \"keep\" or \"null\""
                ))
            }
            (None, _) => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(named: &[(&str, &str)], otherwise: Otherwise) -> ValueMap {
        let constant = |text: &str| Constant::Text(text.into());
        let named = named.iter().map(|(from, to)| ((*from).into(), constant(to))).collect();
        ValueMap::new(&named, Some(&otherwise))
    }

    #[test]
    fn unlisted_values_follow_the_otherwise_policy() {
        let named = [("EUR", "fiat"), ("USD", "fiat")];
        let crypto = Otherwise::Value(Constant::Text("crypto".into()));
        for (otherwise, becomes) in [
            (Otherwise::Keep, Ok(None)),
            (Otherwise::Null, Ok(Some(Field::Null))),
            (crypto, Ok(Some(Field::from("crypto")))),
        ] {
            let values = values(&named, otherwise);
            let renamed = |field: &Field<'_>| values.renamed(field).map(Option::<&_>::cloned);
            assert_eq!(renamed(&Field::from("BTC")), becomes);
            assert_eq!(renamed(&Field::from(" EUR ")), Ok(Some(Field::from("fiat"))));
            for none in [Field::Null, Field::Missing, Field::Blank, Field::from(" ")] {
                assert_eq!(renamed(&none), Ok(None), "{none:?}");
            }
        }
    }

    #[test]
    fn missing_values_match_the_empty_text() {
        let values = values(&[("", "pending"), ("n/a", "failed")], Otherwise::Bad);
        let nulls = ["n/a".to_owned(), "NULL".to_owned()];
        for (field, to) in [
            (Field::Null, "pending"),
            (Field::Missing, "pending"),
            (Field::Blank, "pending"),
            (Field::from("NULL").with_null_markers(&nulls), "pending"),
            (Field::from("n/a").with_null_markers(&nulls), "failed"),
        ] {
            assert_eq!(values.renamed(&field), Ok(Some(&Field::from(to))), "{field:?}");
        }
        let error = values.renamed(&Field::from("odd")).unwrap_err();
        assert!(error.contains("which are \"\", n/a: add"), "{error}");
    }

    #[test]
    fn otherwise_parses_from_a_word_or_a_value() {
        for (text, otherwise) in [
            ("\"keep\"", Otherwise::Keep),
            ("\"bad\"", Otherwise::Bad),
            ("\"null\"", Otherwise::Null),
            ("{\"value\":\"crypto\"}", Otherwise::Value(Constant::Text("crypto".into()))),
            ("{\"value\":7}", Otherwise::Value(Constant::Int(7))),
        ] {
            let read: Otherwise = serde_json::from_str(text).unwrap();
            assert_eq!(read, otherwise);
            assert_eq!(serde_json::to_string(&read).unwrap(), text);
        }
        let error = serde_json::from_str::<Otherwise>("\"crypto\"").unwrap_err().to_string();
        assert!(error.contains("crypto") && error.contains("`value`"), "{error}");
    }
}
