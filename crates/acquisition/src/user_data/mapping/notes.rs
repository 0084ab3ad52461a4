//! Notes on the rows of a page: findings that are not errors, but that users should know.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::epoch::EpochUnit;
use super::external::Surrogates;
use super::instant::DAY;
use crate::text::cut;

/// Notes on the rows of a page, findings that are not errors: the inferred units of epoch times,
/// ambiguous local times, missing columns, rows that are left out, files without rows.
#[derive(Debug)]
pub(crate) struct Notes {
    /// The latest plausible time for numbers, in microseconds since 1970.
    pub(super) tomorrow: i64,
    /// The file, or the query, that is being read.
    pub(super) place: String,
    /// The notes by column of the table.
    pub(super) columns: Vec<ColumnNotes>,
    /// The inferred units of numbers: file, column of the table, unit.
    pub(super) units: Vec<(String, usize, EpochUnit)>,
    /// Columns of the table that files lack.
    pub(super) missing: BTreeMap<String, NoteCount>,
    /// Joined columns of the table, and their parts that files lack.
    pub(super) missing_parts: BTreeMap<(String, String), NoteCount>,
    /// Names that were requested, and the similar ones that were used instead.
    pub(super) alike: BTreeMap<(String, String), NoteCount>,
    /// Rows that were left out by a condition, by its index among the conditions.
    pub(super) left_out: BTreeMap<usize, (String, NoteCount)>,
    /// JSON fields that conditions refer to and no line has, with their settings.
    pub(super) absent_field: BTreeMap<(&'static str, String), NoteCount>,
    /// Footer rows, and other lines with totals.
    pub(super) footer: NoteCount,
    /// Files that were read to their end, and have no row.
    pub(super) without_rows: NoteCount,
    /// The surrogate keys of text ids.
    pub(super) surrogates: Surrogates,
    /// Files that are not what was read before, and are read from their start.
    pub(super) read_anew: NoteCount,
    /// Rows that have replaced others of the page.
    pub(super) replaced: NoteCount,
    /// Files with lines above their header.
    pub(super) above_header: NoteCount,
    /// Files whose last line or header may be incomplete.
    pub(super) unsettled: NoteCount,
    /// Whether rows were read before with other settings.
    pub(super) other_settings: bool,
}

/// The notes on the values of one column.
#[derive(Debug, Clone, Default)]
pub(super) struct ColumnNotes {
    /// The inferred unit of the numbers in this file.
    pub(super) unit: Option<EpochUnit>,
    /// Ambiguous local times, which the clocks showed twice.
    pub(super) twice: NoteCount,
    /// Zero dates, which became null.
    pub(super) zeros: NoteCount,
}

/// The number of occurrences, and the place of the first one.
#[derive(Debug, Clone, Default)]
pub(super) struct NoteCount {
    pub(super) rows: u64,
    pub(super) first: String,
}

impl NoteCount {
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
pub(super) struct ValueContext<'n> {
    pub(super) tomorrow: i64,
    pub(super) place: &'n str,
    pub(super) notes: &'n mut ColumnNotes,
}

impl Notes {
    /// Creates empty notes for a page that is read at `now`.
    pub(crate) fn new(now: DateTime<Utc>) -> Self {
        Self {
            tomorrow: now.timestamp_micros().saturating_add(DAY),
            place: String::new(),
            columns: Vec::new(),
            units: Vec::new(),
            missing: BTreeMap::new(),
            missing_parts: BTreeMap::new(),
            alike: BTreeMap::new(),
            left_out: BTreeMap::new(),
            absent_field: BTreeMap::new(),
            footer: NoteCount::default(),
            without_rows: NoteCount::default(),
            surrogates: Surrogates::default(),
            read_anew: NoteCount::default(),
            replaced: NoteCount::default(),
            above_header: NoteCount::default(),
            unsettled: NoteCount::default(),
            other_settings: false,
        }
    }

    /// Sets the file, or the query, of the rows that follow.
    pub(crate) fn begin(&mut self, place: &str) {
        self.end();
        place.clone_into(&mut self.place);
    }

    pub(super) fn end(&mut self) {
        for (at, notes) in self.columns.iter_mut().enumerate() {
            let Some(unit) = notes.unit.take() else { continue };
            let last = self.units.iter().rev().find(|(_, column, _)| *column == at);
            if last.is_none_or(|(.., last)| *last != unit) {
                self.units.push((self.place.clone(), at, unit));
            }
        }
    }

    /// Returns the notes on a column of the table.
    pub(super) fn column(&mut self, at: usize) -> ValueContext<'_> {
        if self.columns.len() <= at {
            self.columns.resize_with(at + 1, ColumnNotes::default);
        }
        ValueContext { tomorrow: self.tomorrow, place: &self.place, notes: &mut self.columns[at] }
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
            self.left_out.entry(at).or_insert_with(|| (column.to_owned(), NoteCount::default()));
        count.add(place, value);
    }

    /// Notes that no line of the file has the field that a condition refers to.
    pub(crate) fn absent_field(&mut self, setting: &'static str, field: &str) {
        let place = &self.place;
        self.absent_field.entry((setting, field.to_owned())).or_default().add(place, "");
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
}
