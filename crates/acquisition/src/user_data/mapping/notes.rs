//! Notes on the rows of a page: findings that are not errors, but that users should know.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};

use super::epoch::Unit;
use super::external::Surrogates;
use super::time::DAY;
use super::{Mapping, list};
use crate::error::cut;

/// Notes on the rows of a page, findings that are not errors: the inferred units of epoch times,
/// ambiguous local times, missing columns, rows that are left out, files without rows.
#[derive(Debug)]
pub struct Notes {
    /// The latest plausible time for numbers, in microseconds since 1970.
    tomorrow: i64,
    /// The file, or the query, that is being read.
    place: String,
    /// The notes by column of the table.
    columns: Vec<ColumnNotes>,
    /// The inferred units of numbers: file, column of the table, unit.
    units: Vec<(String, usize, Unit)>,
    /// Columns of the table that files lack.
    missing: BTreeMap<String, Count>,
    /// Joined columns of the table, and their parts that files lack.
    missing_parts: BTreeMap<(String, String), Count>,
    /// Names that were requested, and the similar ones that were used instead.
    alike: BTreeMap<(String, String), Count>,
    /// Rows that were left out by a condition, by its index among the conditions.
    left_out: BTreeMap<usize, (String, Count)>,
    /// JSON fields that conditions refer to and no line has, with their settings.
    nowhere: BTreeMap<(&'static str, String), Count>,
    /// Footer rows, and other lines with totals.
    footer: Count,
    /// Files that were read to their end, and have no row.
    without_rows: Count,
    /// The surrogate keys of text ids.
    pub(super) surrogates: Surrogates,
    /// Files that are not what was read before, and are read from their start.
    read_anew: Count,
    /// Rows that have replaced others of the page.
    replaced: Count,
    /// Files with lines above their header.
    above_header: Count,
    /// Files whose last line or header may be incomplete.
    unsettled: Count,
    /// Whether rows were read before with other settings.
    other_settings: bool,
}

/// The notes on the values of one column.
#[derive(Debug, Clone, Default)]
pub(super) struct ColumnNotes {
    /// The inferred unit of the numbers in this file.
    pub(super) unit: Option<Unit>,
    /// Ambiguous local times, which the clocks showed twice.
    pub(super) twice: Count,
    /// Zero dates, which became null.
    pub(super) zeros: Count,
}

/// The number of occurrences, and the place of the first one.
#[derive(Debug, Clone, Default)]
pub(super) struct Count {
    pub(super) rows: u64,
    first: String,
}

impl Count {
    pub(super) fn add(&mut self, place: &str, value: &str) {
        if self.rows == 0 {
            self.first = match value.is_empty() {
                true => place.to_owned(),
                false => format!("{place}: `{}`", cut(value, 80)),
            };
        }
        self.rows += 1;
    }
}

/// The place of a value, and the notes on its column.
#[derive(Debug)]
pub(super) struct Seen<'n> {
    pub(super) tomorrow: i64,
    pub(super) place: &'n str,
    pub(super) notes: &'n mut ColumnNotes,
}

/// The notes of a source that are not yet reported.
#[derive(Debug, Default)]
pub(crate) struct Told(Mutex<Tellings>);

#[derive(Debug, Default)]
struct Tellings {
    /// The units that were noted before, by column, so that they are not repeated on every page.
    units: BTreeMap<usize, Unit>,
    /// The similar names that were noted before.
    alike: BTreeSet<(String, String)>,
    /// The notes since the last report, each with the word for what it counts, if anything.
    notes: BTreeMap<(String, &'static str), Count>,
}

/// The place of the rows of a database.
pub(crate) const QUERY: &str = "the query";

impl Tellings {
    fn note(&mut self, what: String, counted: &'static str, count: &Count) {
        // A database has one query, and no files.
        let counted = if count.first == QUERY { "" } else { counted };
        let noted = self.notes.entry((what, counted)).or_default();
        if noted.rows == 0 {
            noted.first.clone_from(&count.first);
        }
        noted.rows = noted.rows.saturating_add(count.rows);
    }
}

impl Told {
    /// Returns the notes since the last call, one sentence each.
    pub(crate) fn take(&self) -> Vec<String> {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let notes = std::mem::take(&mut told.notes).into_iter();
        let sentence = |((what, counted), count): ((String, _), Count)| {
            let (Count { rows, first }, many) = (&count, if count.rows == 1 { "" } else { "s" });
            match counted {
                "" => what,
                _ => format!("{what} ({rows} {counted}{many}, first {first})"),
            }
        };
        notes.map(sentence).collect()
    }
}

impl Notes {
    /// Creates empty notes for a page that is read at `now`.
    pub fn new(now: DateTime<Utc>) -> Self {
        Self {
            tomorrow: now.timestamp_micros().saturating_add(DAY),
            place: String::new(),
            columns: Vec::new(),
            units: Vec::new(),
            missing: BTreeMap::new(),
            missing_parts: BTreeMap::new(),
            alike: BTreeMap::new(),
            left_out: BTreeMap::new(),
            nowhere: BTreeMap::new(),
            footer: Count::default(),
            without_rows: Count::default(),
            surrogates: Surrogates::default(),
            read_anew: Count::default(),
            replaced: Count::default(),
            above_header: Count::default(),
            unsettled: Count::default(),
            other_settings: false,
        }
    }

    /// Sets the file, or the query, of the rows that follow.
    pub(crate) fn begin(&mut self, place: &str) {
        self.end();
        place.clone_into(&mut self.place);
    }

    fn end(&mut self) {
        for (at, notes) in self.columns.iter_mut().enumerate() {
            let Some(unit) = notes.unit.take() else { continue };
            let last = self.units.iter().rev().find(|(_, column, _)| *column == at);
            if last.is_none_or(|(.., last)| *last != unit) {
                self.units.push((self.place.clone(), at, unit));
            }
        }
    }

    /// Returns the notes on a column of the table.
    pub(super) fn column(&mut self, at: usize) -> Seen<'_> {
        if self.columns.len() <= at {
            self.columns.resize_with(at + 1, ColumnNotes::default);
        }
        Seen { tomorrow: self.tomorrow, place: &self.place, notes: &mut self.columns[at] }
    }

    /// Notes that the file lacks a column of the table.
    pub(crate) fn missing(&mut self, column: &str) {
        let place = &self.place;
        self.missing.entry(column.to_owned()).or_default().add(place, "");
    }

    /// Notes that the file lacks a part of a joined column of the table, which is joined from the
    /// others.
    pub(crate) fn missing_part(&mut self, column: &str, part: &str) {
        let place = &self.place;
        let key = (column.to_owned(), part.to_owned());
        self.missing_parts.entry(key).or_default().add(place, "");
    }

    /// Notes that a requested column only exists under a similar name in the file.
    pub(crate) fn alike(&mut self, asked: &str, name: &str) {
        let place = &self.place;
        self.alike.entry((asked.to_owned(), name.to_owned())).or_default().add(place, "");
    }

    /// Notes that a row is left out: the condition with the index `at` does not hold for the
    /// `value` of its column.
    pub(super) fn left_out(&mut self, at: usize, column: &str, value: &str) {
        let place = &self.place;
        let (_, count) =
            self.left_out.entry(at).or_insert_with(|| (column.to_owned(), Count::default()));
        count.add(place, value);
    }

    /// Notes that no line of the file has the field that a condition refers to.
    pub(crate) fn nowhere(&mut self, setting: &'static str, field: &str) {
        let place = &self.place;
        self.nowhere.entry((setting, field.to_owned())).or_default().add(place, "");
    }

    /// Notes that `rows` rows of the file, from `line` on, are totals.
    pub(crate) fn footer(&mut self, line: u64, rows: u64) {
        let place = format!("{}:{line}", self.place);
        self.footer.add(&place, "");
        self.footer.rows += rows.saturating_sub(1);
    }

    /// Notes that the file has no row.
    pub(crate) fn without_rows(&mut self, why: &str) {
        let place = format!("{} {why}", self.place);
        self.without_rows.add(&place, "");
    }

    /// Notes that files, of which `first` is the first, are not what was read before, and are read
    /// from their start.
    pub(crate) fn read_anew(&mut self, first: &str, files: u64) {
        self.read_anew.add(first, "");
        self.read_anew.rows += files.saturating_sub(1);
    }

    /// Notes that rows, of which `first` is the first, have replaced others of the page.
    pub(super) fn replaced(&mut self, first: &str, rows: u64) {
        self.replaced.add(first, "");
        self.replaced.rows += rows.saturating_sub(1);
    }

    /// Notes that the header of the file is at `line`, and that other lines are above it.
    pub(crate) fn above_header(&mut self, line: u64) {
        let place = format!("{}:{line}", self.place);
        self.above_header.add(&place, "");
    }

    /// Notes that the file was modified recently, and that `line` is left for a later run.
    pub(crate) fn unsettled(&mut self, line: u64) {
        let place = format!("{}:{line}", self.place);
        self.unsettled.add(&place, "");
    }

    /// Notes that rows were read before with other settings.
    pub(crate) fn other_settings(&mut self) {
        self.other_settings = true;
    }

    /// Logs all notes and adds them to `told`; units and similar names only if they were not noted
    /// there before.
    pub(crate) fn tell(mut self, mapping: &Mapping, told: &Told) {
        self.end();
        let (source, table) = (mapping.of.as_str(), mapping.table.name.as_ref());
        let name = |at: usize| mapping.table.columns.get(at).map_or("", |column| &column.name);
        let mut told = told.0.lock().unwrap_or_else(PoisonError::into_inner);
        if self.other_settings {
            let what = format!(
                "the settings or the table are not those that rows were read with before: those rows stay as they are; \
                 `tidegauge run --full-refresh {source}` loads all of them anew"
            );
            tracing::warn!(source, table, "{what}");
            told.note(what, "", &Count::default());
        }
        for (place, at, unit) in &self.units {
            if told.units.insert(*at, *unit) != Some(*unit) {
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
                told.note(note, "file", &Count { rows: 1, first: place.clone() });
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
                    told.note(format!("`{column}`: {what}"), "row", count);
                }
            }
        }
        for ((asked, name), count) in &self.alike {
            if told.alike.insert((asked.clone(), name.clone())) {
                let first = count.first.as_str();
                let what =
                    "there is no column of exactly that name, and the one that is alike is taken";
                tracing::warn!(source, table, asked, taken = name, first, "{what}");
                told.note(format!("`{asked}`: {what}, `{name}`"), "file", count);
            }
        }
        // The user configured that these rows are left out.
        for (column, count) in self.left_out.values() {
            let (rows, first) = (count.rows, count.first.as_str());
            tracing::info!(source, table, column, rows, first, "rows are left out by `where`");
            told.note(format!("rows are left out by `where`, on `{column}`"), "row", count);
        }
        for ((setting, field), count) in &self.nowhere {
            let (files, first) = (count.rows, count.first.as_str());
            let what = "no line has this field, which a condition is about";
            tracing::warn!(source, table, setting, field, files, first, "{what}");
            told.note(format!("`{setting}`, `{field}`: {what}"), "file", count);
        }
        if self.footer.rows > 0 {
            let (rows, first) = (self.footer.rows, self.footer.first.as_str());
            tracing::info!(source, table, rows, first, "rows of footers are left out");
            told.note("rows of footers are left out".into(), "row", &self.footer);
        }
        if self.replaced.rows > 0 {
            let (count, first) = (self.replaced.rows, self.replaced.first.as_str());
            let what = "of rows with one key the last is taken";
            tracing::warn!(source, table, count, first, "{what}");
            told.note(what.into(), "row", &self.replaced);
        }
        for ((column, part), count) in &self.missing_parts {
            let (files, first) = (count.rows, count.first.as_str());
            let what = "there is no such column, and what it is a part of is joined of the others";
            tracing::warn!(source, table, column, part, files, first, "{what}");
            told.note(format!("`{part}` of `{column}`: {what}"), "file", count);
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
                told.note(what, "file", count);
                continue;
            }
            lacking.entry((count.rows, &count.first)).or_default().push(column);
        }
        for ((files, first), columns) in lacking {
            let columns = list(columns.into_iter());
            let what = "columns of the table are null, as nothing of that name is there; map them in \
                        the columns of the source if they are called otherwise";
            tracing::warn!(source, table, columns, files, first, "{what}");
            let count = Count { rows: files, first: first.to_owned() };
            told.note(format!("{columns}: {what}"), "file", &count);
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
                told.note(what.into(), "file", count);
            }
        }
    }
}
