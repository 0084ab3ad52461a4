//! Values that are renamed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Constant, Field, list};

/// What becomes of a value that the `values` of its column do not name. One that is not there is not renamed, and
/// keeps what it means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Otherwise {
    /// It stays as it is.
    #[default]
    Keep,
    /// Its row is bad.
    Bad,
    /// It becomes null.
    Null,
}

/// The values of a column that are renamed, and what becomes of the others.
#[derive(Debug, Clone)]
pub(super) struct Values {
    named: BTreeMap<String, Field<'static>>,
    otherwise: Otherwise,
}

impl Values {
    pub(super) fn new(values: &BTreeMap<String, Constant>, otherwise: Option<Otherwise>) -> Self {
        let named = values.iter().map(|(from, to)| (from.trim().to_owned(), to.field()));
        Self { named: named.collect(), otherwise: otherwise.unwrap_or_default() }
    }

    /// Returns what values become, each with what it was.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Field<'static>)> {
        self.named.iter().map(|(from, to)| (from.as_str(), to))
    }

    /// Returns what `field` becomes.
    ///
    /// # Errors
    /// When it is none of those that may be.
    pub(super) fn renamed<'f, 'x>(&'f self, field: &'f Field<'x>) -> Result<&'f Field<'x>, String> {
        if *field == Field::Missing {
            return Ok(field);
        }
        let text = field.trimmed();
        Ok(self.find(&text)?.unwrap_or(field))
    }

    /// Returns what `text` becomes, or `None` if it is null.
    ///
    /// # Errors
    /// When it is none of those that may be.
    pub(super) fn renamed_text<'f>(&'f self, text: &'f str) -> Result<Option<&'f str>, String> {
        Ok(match self.find(text)? {
            None => Some(text),
            Some(Field::Text(text)) => Some(text),
            Some(_) => None,
        })
    }

    fn find(&self, text: &str) -> Result<Option<&Field<'static>>, String> {
        match (self.named.get(text), self.otherwise) {
            (Some(to), _) => Ok(Some(to)),
            (None, Otherwise::Null) if !text.is_empty() => Ok(Some(&Field::Null)),
            (None, Otherwise::Bad) if !text.is_empty() => {
                let known = list(self.named.keys().map(String::as_str));
                Err(format!(
                    "is none of the `values` of its column, which are {known}: add it there, or let \
                     `otherwise` be \"keep\" or \"null\""
                ))
            }
            (None, _) => Ok(None),
        }
    }
}
