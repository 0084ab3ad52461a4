//! The fields that the JSON lines of a page have.

use super::page_draft::PageDraft;
use crate::user_data::mapping::{Field, Mapping};

/// The number of JSON lines of which at least one has each field, unless the file lacks it.
const MIN_LINES: u64 = 1_000;

/// The fields that the JSON lines of a page have.
#[derive(Debug)]
pub(super) struct JsonFields {
    lines: u64,
    present: Vec<bool>,
}

impl JsonFields {
    pub(super) fn new(wanted: usize) -> Self {
        Self { lines: 0, present: vec![false; wanted] }
    }

    pub(super) fn add(&mut self, fields: &[Field<'_>]) {
        self.lines += 1;
        for (present, field) in self.present.iter_mut().zip(fields) {
            *present |= *field != Field::Missing;
        }
    }

    /// Records the columns that were filled, and those that were not if the page has the `whole`
    /// file, or at least [`MIN_LINES`] lines.
    pub(super) fn record(
        &self,
        mapping: &Mapping,
        wanted: &[&str],
        draft: &mut PageDraft,
        whole: bool,
    ) {
        let is_present = |name: &str| {
            let at = wanted.iter().position(|wanted| *wanted == name);
            at.and_then(|at| self.present.get(at)).is_some_and(|present| *present)
        };
        let is_enough = self.lines > 0 && (whole || self.lines >= MIN_LINES);
        for column in &mapping.table().columns {
            let sources = mapping.sources_of(&column.name);
            if sources.is_empty() {
                continue;
            }
            if sources.iter().any(|name| is_present(name)) {
                draft.known.fill(std::iter::once(column.name.as_ref()));
            } else if mapping.may_lack(column) && is_enough {
                draft.known.record_missing(&column.name, &mut draft.notes);
            }
        }
        for (setting, name) in mapping.conditions().filter(|(_, name)| !is_present(name)) {
            if is_enough {
                draft.notes.absent_field(setting, name);
            }
        }
    }
}
