//! Rows at the end of a file that are none. Which those are is known only at its end, so that as many are held back.

use std::collections::VecDeque;

use super::header::line;
use super::lines::{Lines, is_blank};
use super::text::Record;
use crate::{Error, Result};

/// Records that were read and are not taken: rows that may be the footer, and lines among them that are no rows.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    records: VecDeque<(Vec<u8>, bool, u64)>,
    /// How many of them are rows.
    pub(super) rows: usize,
    /// How many lines they have.
    pub(super) lines: u64,
    bytes: usize,
}

impl Ahead {
    fn push(&mut self, record: Vec<u8>, is_row: bool, lines: u64) {
        self.lines += lines;
        self.rows += usize::from(is_row);
        self.bytes += record.len();
        self.records.push_back((record, is_row, lines));
    }

    /// Takes out the first record, if more than `footer` rows are here: a line that is no row may stand above the footer
    /// and go with it.
    fn pop(&mut self, footer: usize) -> Option<Vec<u8>> {
        if self.rows <= footer {
            return None;
        }
        let (record, is_row, lines) = self.records.pop_front()?;
        self.lines -= lines;
        self.rows -= usize::from(is_row);
        self.bytes -= record.len();
        Some(record)
    }
}

impl Lines {
    /// Reads the next record that is none of the footer. What is held back counts as not taken, so that it is read
    /// anew when the file has grown.
    pub(super) fn next_above_footer(&mut self, settled: bool) -> Result<Record> {
        let footer = self.layout.skip_footer;
        if footer == 0 {
            return self.next();
        }
        loop {
            if let Some(record) = self.ahead.pop(footer) {
                self.record = record;
                return Ok(Record::Whole);
            }
            match self.next()? {
                Record::Whole => {}
                Record::Unfinished if settled || self.text.zipped => {}
                other => return Ok(other),
            }
            let record = std::mem::take(&mut self.record);
            let content = line(&record, self.text.taken);
            let is_row = !is_blank(content) && self.layout.aside(content).is_none();
            let lines = record.iter().map(|byte| u64::from(*byte == self.text.end)).sum();
            self.ahead.push(record, is_row, lines);
            if self.ahead.bytes > self.limit.saturating_mul(footer + 1) {
                return Err(Error::File {
                    path: self.file.path.display().to_string(),
                    reason: format!(
                        "from line {} on, its last {footer} rows and the lines among them have more than {} \
                         bytes: set `skip_footer` lower, or mend the file",
                        self.text.line, self.ahead.bytes
                    ),
                });
            }
        }
    }
}
