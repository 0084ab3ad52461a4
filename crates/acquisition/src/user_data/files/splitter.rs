//! A splitter of CSV into records and cells, based on `csv-core`.

use std::fmt;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder, Terminator};

use super::dialect::{Cells, Dialect};

/// The damage of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RecordError {
    /// A quote is not closed.
    Open,
    /// There is more than one record.
    Several,
    /// A cell has bytes that are not UTF-8; cells are counted from 1.
    Bytes { cell: usize, text: String },
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => f.write_str("has a quote that is not closed"),
            Self::Several => f.write_str("is more than one record"),
            Self::Bytes { cell, .. } => write!(
                f,
                "has a byte in its cell {cell} that is not UTF-8: set `encoding`, as in `encoding = \
                 \"windows-1252\"`, or mend it"
            ),
        }
    }
}

/// A splitter of CSV: finds the end of a record, and its cells.
///
/// It reads no file and keeps at most one record, since a cursor needs the exact bytes of each.
pub(super) struct Splitter {
    reader: Reader,
    /// The byte that ends a line.
    end: u8,
    quote: Option<u8>,
    /// Whether runs of blanks and tabs delimit cells.
    is_blank_delimited: bool,
    /// The cells of the current record, without quotes.
    text: Vec<u8>,
    len: usize,
    /// The end of each cell in `text`.
    ends: Vec<usize>,
    count: usize,
    /// Whether a record has begun and not ended.
    within: bool,
}

impl Splitter {
    /// Creates a splitter of records whose lines end with `end`, a line feed or a carriage return.
    pub(super) fn new(dialect: Dialect, end: u8) -> Self {
        let mut builder = ReaderBuilder::new();
        builder.delimiter(dialect.delimiter).terminator(Terminator::Any(end));
        match dialect.quote {
            Some(quote) => builder.quote(quote),
            None => builder.quoting(false),
        };
        let (reader, quote) = (builder.build(), dialect.quote);
        let (text, ends) = (vec![0; 256], vec![0; 16]);
        let is_blank_delimited = dialect.delimiter == Dialect::BLANKS;
        let (len, count, within) = (0, 0, false);
        let mut new =
            Self { reader, end, quote, is_blank_delimited, text, len, ends, count, within };
        new.restart();
        new
    }

    /// Returns `true` if the record ends with `line`, which is its next line.
    pub(super) fn ends(&mut self, line: &[u8]) -> bool {
        // A line break can only be part of a record within quotes.
        let plain = !self.within && self.quote.is_none_or(|quote| !line.contains(&quote));
        plain || self.feed(line)
    }

    /// Discards the current record, if there is one.
    pub(super) fn restart(&mut self) {
        self.reader.reset();
        // At its very beginning a reader skips a byte order mark, which is content here.
        let _ = self.reader.read_record(&[self.end], &mut [0], &mut [0]);
        (self.len, self.count, self.within) = (0, 0, false);
    }

    /// Returns the cells of one record, with or without the line break at its end.
    ///
    /// # Errors
    /// Returns an error if the record is not UTF-8, has an unclosed quote, or is more than one
    /// record.
    pub(super) fn cells(&mut self, record: &[u8]) -> Result<Cells, RecordError> {
        // A carriage return at the end is outside quotes: otherwise these would be the end.
        let line = record.strip_suffix(&[self.end]).unwrap_or(record);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let narrowed;
        let line = if self.is_blank_delimited {
            narrowed = single_blanks(line, self.quote);
            narrowed.as_slice()
        } else {
            line
        };
        if line.is_empty() {
            return Ok(Cells { text: String::new(), ends: vec![0] });
        }
        self.restart();
        if line.first() == Some(&self.end) || self.feed(line) {
            return Err(RecordError::Several);
        }
        if !self.feed(&[self.end]) {
            return Err(RecordError::Open);
        }
        let text = self.text[..self.len].to_vec();
        let ends = self.ends[..self.count].to_vec();
        match String::from_utf8(text) {
            Ok(text) => Ok(Cells { text, ends }),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let cell = ends.partition_point(|end| *end <= at);
                let start = cell.checked_sub(1).map_or(0, |before| ends[before]);
                let text = &error.as_bytes()[start..ends.get(cell).copied().unwrap_or(self.len)];
                let text = String::from_utf8_lossy(text).into_owned();
                Err(RecordError::Bytes { cell: cell + 1, text })
            }
        }
    }

    /// Reads `input` as the next part of the current record. Returns `true` if the record ends in
    /// it; nothing after that end is read.
    fn feed(&mut self, input: &[u8]) -> bool {
        if !self.within {
            (self.len, self.count, self.within) = (0, 0, true);
        }
        let mut at = 0;
        while at < input.len() {
            let (text, ends) = (&mut self.text[self.len..], &mut self.ends[self.count..]);
            let (result, read, wrote, ended) = self.reader.read_record(&input[at..], text, ends);
            at += read;
            self.len += wrote;
            self.count += ended;
            match result {
                ReadRecordResult::OutputFull => self.text.resize(self.text.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::Record | ReadRecordResult::End => {
                    self.within = false;
                    return true;
                }
            }
        }
        false
    }
}

/// Returns a line with one blank in place of each run of blanks and tabs outside quotes, and without
/// those at its ends.
fn single_blanks(line: &[u8], quote: Option<u8>) -> Vec<u8> {
    let mut narrowed = Vec::with_capacity(line.len());
    let (mut is_quoted, mut is_pending) = (false, false);
    for byte in line {
        if !is_quoted && matches!(byte, b' ' | b'\t') {
            is_pending = !narrowed.is_empty();
            continue;
        }
        if std::mem::take(&mut is_pending) {
            narrowed.push(Dialect::BLANKS);
        }
        is_quoted ^= quote == Some(*byte);
        narrowed.push(*byte);
    }
    narrowed
}

impl std::fmt::Debug for Splitter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Splitter").field("within", &self.within).finish_non_exhaustive()
    }
}
