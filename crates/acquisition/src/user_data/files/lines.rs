//! A file of lines: its records, one by one, with the lines above and among them that are not rows.

use std::fs::Metadata;
use std::io;

use super::config::Config;
use super::dialect::Dialect;
use super::header::Header;
use super::held_back::HeldBack;
use super::layout::Layout;
use super::line::line;
use super::listing::{FileEntry, unreadable};
use super::splitter::Splitter;
use super::text::{ReadRecord, TextReader};
use crate::text::cut;
use crate::user_data::mapping::BoundMapping;
use crate::{Error, Result};

/// A file of lines, with its header and the state of reading its rows.
#[derive(Debug)]
pub(super) struct Lines {
    pub(super) text: TextReader,
    pub(super) file: FileEntry,
    /// The splitter of CSV records; `None` for JSON lines.
    pub(super) splitter: Option<Splitter>,
    pub(super) layout: Layout,
    pub(super) header: Header,
    /// Whether all lines above the rows were taken.
    pub(super) has_head: bool,
    pub(super) nulls: Vec<String>,
    pub(super) limit: usize,
    pub(super) bound: Option<BoundMapping>,
    pub(super) record: Vec<u8>,
    /// Records that were read and may be the footer.
    pub(super) held_back: HeldBack,
    /// The number of bytes of blank lines since the last line that was not blank.
    pub(super) blank: usize,
    /// Whether no part of the file was taken in earlier pages.
    pub(super) from_start: bool,
}

impl Lines {
    pub(super) fn open(
        file: &FileEntry,
        dialect: Option<Dialect>,
        config: &Config,
    ) -> Result<(Self, Metadata)> {
        let quote = dialect.and_then(|dialect| dialect.quote);
        let opened = TextReader::open(&file.path, quote, config.encoding);
        let (text, metadata) = opened.map_err(|error| read_error(file, &error))?;
        let header = match (dialect, config.header) {
            (None, _) => Header::Json,
            (Some(_), false) => Header::Counted,
            (Some(_), true) => Header::Unread,
        };
        let lines = Self {
            file: file.clone(),
            splitter: dialect.map(|dialect| Splitter::new(dialect, text.end)),
            text,
            layout: dialect.map(|dialect| Layout::new(config, dialect)).unwrap_or_default(),
            header,
            has_head: dialect.is_none(),
            nulls: config.nulls.clone(),
            limit: config.row_bytes,
            bound: None,
            record: Vec::new(),
            held_back: HeldBack::default(),
            blank: 0,
            from_start: true,
        };
        Ok((lines, metadata))
    }

    /// Takes the current record, which may be blank, without adding a row.
    pub(super) fn take_blank(&mut self, is_blank: bool) -> Result<()> {
        self.blank = if is_blank { self.blank.saturating_add(self.record.len()) } else { 0 };
        if self.blank > self.limit {
            return Err(Error::File {
                path: self.file.path.display().to_string(),
                reason: format!(
                    "more than {} bytes of blank lines end at line {}: it is damaged, or was made to \
                     keep readers busy; mend it, or raise `row_bytes`",
                    self.limit, self.text.line
                ),
            });
        }
        self.text.take(&self.record);
        Ok(())
    }

    /// Reads the next record, or the next line that is not a row.
    pub(super) fn next(&mut self) -> Result<ReadRecord> {
        if self.layout.may_skip() {
            let read = self.next_line()?;
            let is_aside =
                || self.layout.skip_reason(line(&self.record, self.text.taken)).is_some();
            return if read != ReadRecord::Whole || is_aside() { Ok(read) } else { self.rest() };
        }
        let read = self.text.next(&mut self.record, self.splitter.as_mut(), self.limit);
        read.map_err(|error| read_error(&self.file, &error))
    }

    /// Reads the next line, regardless of quotes.
    pub(super) fn next_line(&mut self) -> Result<ReadRecord> {
        let read = self.text.next(&mut self.record, None, self.limit);
        read.map_err(|error| read_error(&self.file, &error))
    }

    /// Reads the rest of the record whose first line was just read.
    pub(super) fn rest(&mut self) -> Result<ReadRecord> {
        let Some(splitter) = &mut self.splitter else { return Ok(ReadRecord::Whole) };
        let read = self.text.rest(&mut self.record, splitter, self.limit);
        read.map_err(|error| read_error(&self.file, &error))
    }

    pub(super) fn skip(&mut self, taken: u64) -> Result<bool> {
        self.text.skip(taken).map_err(|error| read_error(&self.file, &error))
    }

    pub(super) fn at_end(&mut self) -> Result<bool> {
        self.text.at_end().map_err(|error| read_error(&self.file, &error))
    }

    /// Returns `true` if a last line without a line end is taken as complete. The end of a
    /// compressed file is always definite.
    pub(super) fn is_finished(&self, settled: bool) -> bool {
        let finished = self.text.zipped || settled;
        if !finished {
            let (path, line) = (self.file.path.display(), self.line());
            tracing::info!(%path, line, "last line is unterminated, left for the next run");
        }
        finished
    }

    /// Returns the number of the line that was read last.
    pub(super) fn line(&self) -> u64 {
        self.text.line + self.held_back.lines
    }

    pub(super) fn too_long(&self) -> Error {
        Error::File {
            path: self.file.path.display().to_string(),
            reason: format!(
                "the row at line {} has more than {} bytes; close its quotes, set `quote` rightly, \
                 or raise `row_bytes`; it begins: {}",
                self.line(),
                self.limit,
                cut(&String::from_utf8_lossy(&self.record[..self.record.len().min(200)]), 80)
            ),
        }
    }
}

pub(super) fn read_error(file: &FileEntry, error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Error::File {
            path: file.path.display().to_string(),
            reason: "its compressed data breaks off: it is still being written, or was cut".into(),
        },
        _ => unreadable(&file.path, error),
    }
}
