//! The log of notes: what users are told once per run instead of once per page.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use super::epoch::EpochUnit;
use super::messages::list;
use super::notes::{NoteCount, Notes};
use super::table_mapping::Mapping;

/// The notes of a source that are not yet reported.
#[derive(Debug, Default)]
pub(crate) struct NoteLog(Mutex<LoggedNotes>);

#[derive(Debug, Default)]
struct LoggedNotes {
    /// The units that were noted before, by column, so that they are not repeated on every page.
    units: BTreeMap<usize, EpochUnit>,
    /// The similar names that were noted before.
    alike: BTreeSet<(String, String)>,
    /// The notes since the last report, each with the word for what it counts, if anything.
    notes: BTreeMap<(String, &'static str), NoteCount>,
}

/// The place of the rows of a database.
pub(crate) const QUERY: &str = "the query";

impl LoggedNotes {
    fn note(&mut self, what: String, counted: &'static str, count: &NoteCount) {
        // A database has one query, and no files.
        let counted = if count.first == QUERY { "" } else { counted };
        let noted = self.notes.entry((what, counted)).or_default();
        if noted.rows == 0 {
            noted.first.clone_from(&count.first);
        }
        noted.rows = noted.rows.saturating_add(count.rows);
    }
}

impl NoteLog {
    /// Returns the notes since the last call, one sentence each.
    pub(crate) fn take(&self) -> Vec<String> {
        let mut note_log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let notes = std::mem::take(&mut note_log.notes).into_iter();
        let sentence = |((what, counted), count): ((String, _), NoteCount)| {
            let (NoteCount { rows, first }, many) =
                (&count, if count.rows == 1 { "" } else { "s" });
            match counted {
                "" => what,
                _ => format!("{what} ({rows} {counted}{many}, first {first})"),
            }
        };
        notes.map(sentence).collect()
    }
}

impl Notes {
    /// Logs all notes and adds them to `note_log`; units and similar names only if they were not noted
    /// there before.
    pub(crate) fn report_to(mut self, mapping: &Mapping, note_log: &NoteLog) {
        self.end();
        let (source, table) = (mapping.of.as_str(), mapping.table.name.as_ref());
        let name = |at: usize| mapping.table.columns.get(at).map_or("", |column| &column.name);
        let mut note_log = note_log.0.lock().unwrap_or_else(PoisonError::into_inner);
        if self.other_settings {
            let what = format!(
                "the settings or the table are not those that rows were read with before: those rows stay as they are; \
                 `tidegauge run --full-refresh {source}` loads all of them anew"
            );
            tracing::warn!(source, table, "{what}");
            note_log.note(what, "", &NoteCount::default());
        }
        for (place, at, unit) in &self.units {
            if note_log.units.insert(*at, *unit) != Some(*unit) {
                let (column, format) = (name(*at), unit.format());
                tracing::warn!(
                    source,
                    table,
                    column,
                    place,
                    "numbers are read as times in {unit} since 1970, by their magnitude; set \
                     `format = \"{format}\"` if they always are",
                );
                let note = format!(
                    "`{column}`: numbers are read as times in {unit} since 1970, by their magnitude; set `format = \
                     \"{format}\"` if they always are"
                );
                note_log.note(note, "file", &NoteCount { rows: 1, first: place.clone() });
            }
        }
        for (at, notes) in self.columns.iter().enumerate() {
            for (count, what) in [
                (
                    &notes.twice,
                    "local times that the clocks showed twice are taken for the earlier of the two",
                ),
                (&notes.zeros, "days that are written 0000-00-00 became null"),
            ] {
                if count.rows > 0 {
                    let (column, first) = (name(at), &count.first);
                    tracing::warn!(source, table, column, count = count.rows, first, "{what}");
                    note_log.note(format!("`{column}`: {what}"), "row", count);
                }
            }
        }
        for ((asked, name), count) in &self.alike {
            if note_log.alike.insert((asked.clone(), name.clone())) {
                let first = count.first.as_str();
                let what =
                    "there is no column of exactly that name, and the one that is alike is taken";
                tracing::warn!(source, table, asked, taken = name, first, "{what}");
                note_log.note(format!("`{asked}`: {what}, `{name}`"), "file", count);
            }
        }
        // The user configured that these rows are left out.
        for (column, count) in self.left_out.values() {
            let (rows, first) = (count.rows, count.first.as_str());
            tracing::info!(source, table, column, rows, first, "rows are left out by `where`");
            note_log.note(format!("rows are left out by `where`, on `{column}`"), "row", count);
        }
        for ((setting, field), count) in &self.absent_field {
            let (files, first) = (count.rows, count.first.as_str());
            let what = "no line has this field, which a condition is about";
            tracing::warn!(source, table, setting, field, files, first, "{what}");
            note_log.note(format!("`{setting}`, `{field}`: {what}"), "file", count);
        }
        if self.footer.rows > 0 {
            let (rows, first) = (self.footer.rows, self.footer.first.as_str());
            tracing::info!(source, table, rows, first, "rows of footers are left out");
            note_log.note("rows of footers are left out".into(), "row", &self.footer);
        }
        if self.replaced.rows > 0 {
            let (count, first) = (self.replaced.rows, self.replaced.first.as_str());
            let what = "of rows with one key the last is taken";
            tracing::warn!(source, table, count, first, "{what}");
            note_log.note(what.into(), "row", &self.replaced);
        }
        for ((column, part), count) in &self.missing_parts {
            let (files, first) = (count.rows, count.first.as_str());
            let what = "there is no such column, and what it is a part of is joined of the others";
            tracing::warn!(source, table, column, part, files, first, "{what}");
            note_log.note(format!("`{part}` of `{column}`: {what}"), "file", count);
        }
        // Files that lack the same columns share one note.
        let mut lacking: BTreeMap<(u64, &str), Vec<&str>> = BTreeMap::new();
        for (column, count) in &self.missing {
            if let Some(value) = mapping.default_of(column) {
                let (value, files, first) = (value.shown(), count.rows, &count.first);
                let what = format!(
                    "`{column}` is `{value}`, as nothing of that name is there; map it in the columns of the source if \
                     it is called otherwise"
                );
                tracing::warn!(source, table, files, first, "{what}");
                note_log.note(what, "file", count);
                continue;
            }
            lacking.entry((count.rows, &count.first)).or_default().push(column);
        }
        for ((files, first), columns) in lacking {
            let columns = list(columns.into_iter());
            let what = "columns of the table are null, as nothing of that name is there; map them in \
                        the columns of the source if they are called otherwise";
            tracing::warn!(source, table, columns, files, first, "{what}");
            let count = NoteCount { rows: files, first: first.to_owned() };
            note_log.note(format!("{columns}: {what}"), "file", &count);
        }
        for (count, what) in [
            (
                &self.read_anew,
                "files are not those that were read before, and are read from their start",
            ),
            (&self.above_header, "lines above the header are not read"),
            (&self.without_rows, "files were read to their end and gave no row"),
            (
                &self.unsettled,
                "files were written to just now, and their last line or header may not be whole yet: the next run \
                 reads it, once they have not been touched for `settle`",
            ),
        ] {
            if count.rows > 0 {
                tracing::warn!(source, table, files = count.rows, first = count.first, "{what}");
                note_log.note(what.into(), "file", count);
            }
        }
    }
}
