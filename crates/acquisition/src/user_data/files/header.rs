//! The header of a file, and the binding of a mapping to its columns.

use super::listing::FileEntry;
use super::page_draft::PageDraft;
use crate::user_data::mapping::{self, BoundMapping, Mapping};
use crate::{Error, Result};

/// The header of a file of lines.
#[derive(Debug)]
pub(super) enum Header {
    /// Each line names its own fields.
    Json,
    /// The file has no header: columns are numbered.
    Counted,
    /// The header has not been read yet.
    Unread,
    Read(Vec<String>),
}

/// The result of reading the lines above the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HeaderResult {
    Read,
    /// The header is still being written.
    Unfinished,
    /// The file ends before its header.
    None,
}

/// Returns the plan that binds the wanted columns to the `names` of a file, or of its header line.
pub(super) fn bind(
    mapping: &Mapping,
    file: &FileEntry,
    line: Option<u64>,
    names: &[String],
    draft: &mut PageDraft,
) -> Result<BoundMapping> {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let path = file.path.display();
    let place = line.map_or_else(|| path.to_string(), |line| format!("{path}, line {line},"));
    let bound = mapping.bind_after(&place, &names, &draft.known)?;
    if !mapping.wanted().is_empty() && mapping.filled(&bound).next().is_none() {
        return Err(Error::File {
            path: place,
            reason: format!(
                "none of its columns fills one of `{}`; they are {}: map them in the columns of the \
                 source",
                mapping.table().name,
                mapping::list(names.into_iter())
            ),
        });
    }
    draft.known.learn(mapping, &bound, &mut draft.notes);
    Ok(bound)
}
