//! The rows of a file of lines.

use super::decode;
use super::dialect::Cells;
use super::encoding::Encoding;
use super::file_state::FileState;
use super::header::{Header, HeaderResult, bind};
use super::json_fields::JsonFields;
use super::layout::SkippedLine;
use super::line::{is_blank, line};
use super::lines::{Lines, read_error};
use super::page_draft::PageDraft;
use super::splitter::RecordError;
use super::text::ReadRecord;
use crate::Result;
use crate::text::cut;
use crate::user_data::mapping::{Field, Mapping, RowError};

impl Lines {
    /// Skips to the position where `before` ended; returns the reason if the file is not the one
    /// that was read then.
    ///
    /// A compressed file does not support seeking, and the digest needs every byte, so once a run
    /// all bytes that were read before are read again and discarded.
    pub(super) fn resume(
        &mut self,
        before: Option<FileState>,
        mapping: &Mapping,
        draft: &mut PageDraft,
        settled: bool,
    ) -> Result<Option<&'static str>> {
        let Some(before) = before else { return Ok(None) };
        self.from_start = false;
        self.read_head(mapping, draft, settled)?;
        if self.text.taken > before.taken {
            return Ok(Some("its header is longer than what was read"));
        }
        if !self.skip(before.taken)? {
            return Ok(Some("it has become shorter"));
        }
        if self.text.digest() != before.digest {
            return Ok(Some("its beginning has changed"));
        }
        let at_line = self.text.is_at_line_start();
        if !at_line.map_err(|error| read_error(&self.file, &error))? {
            return Ok(Some("its last line, which had no end, goes on"));
        }
        Ok(None)
    }

    /// Reads rows until the page is full or the file ends. Returns `true` if the file has more
    /// rows.
    pub(super) fn read(
        &mut self,
        mapping: &Mapping,
        draft: &mut PageDraft,
        at: &mut FileState,
        settled: bool,
    ) -> Result<bool> {
        let head = self.read_head(mapping, draft, settled)?;
        if head == HeaderResult::Unfinished {
            draft.notes.unsettled(self.text.line);
        }
        if head != HeaderResult::Read {
            // Lines above a header count only once that is read.
            *at = FileState { digest: 0, taken: 0, ended: head == HeaderResult::None, ..*at };
            return Ok(false);
        }
        let wanted = mapping.wanted();
        let mut fields = JsonFields::new(wanted.len());
        let (mut ended, from_start) = (false, std::mem::take(&mut self.from_start));
        while !draft.rows.is_full() && !ended {
            match self.next_above_footer(settled)? {
                ReadRecord::None => ended = true,
                ReadRecord::Unfinished if !self.is_finished(settled) => {
                    draft.notes.unsettled(self.line());
                    break;
                }
                ReadRecord::TooLong => return Err(self.too_long()),
                ReadRecord::Whole | ReadRecord::Unfinished => {
                    self.row(mapping, &wanted, draft, &mut fields)?;
                }
            }
        }
        let more = draft.rows.is_full() && !ended && {
            ended = self.at_end()?;
            !ended
        };
        if ended && self.held_back.rows > 0 {
            draft.notes.footer(self.text.line, self.held_back.rows as u64);
        }
        if let Header::Json = self.header {
            fields.record(mapping, &wanted, draft, from_start && ended);
        }
        *at = FileState { digest: self.text.digest(), taken: self.text.taken, ended, ..*at };
        Ok(more)
    }

    fn row(
        &mut self,
        mapping: &Mapping,
        wanted: &[&str],
        draft: &mut PageDraft,
        present: &mut JsonFields,
    ) -> Result<()> {
        let line = line(&self.record, self.text.taken);
        // A blank line is not a row, not even in a file with a single column.
        if is_blank(line) {
            return self.take_blank(true);
        }
        let (number, name) = (self.text.line, &self.file.name);
        if self.layout.may_skip()
            && let Some(skip_reason) = self.layout.skip_reason(line)
        {
            if skip_reason == SkippedLine::Total {
                draft.notes.footer(number, 1);
            }
            return self.take_blank(false);
        }
        self.blank = 0;
        let whole = |reason| RowError::whole(&String::from_utf8_lossy(line), reason);
        let place = || format!("{name}:{number}");
        let content = || String::from_utf8_lossy(line).into_owned();
        match &mut self.splitter {
            Some(splitter) => {
                let cells = splitter.cells(line);
                // Without a header, the first row that is wide enough determines the number of
                // columns.
                if let (Header::Counted, None, Ok(cells)) = (&self.header, &self.bound, &cells) {
                    let needed = wanted.iter().filter_map(|name| name.parse().ok()).max();
                    if cells.len() >= needed.unwrap_or(0) {
                        let names: Vec<_> = (1..=cells.len()).map(|at| at.to_string()).collect();
                        self.bound = Some(bind(mapping, &self.file, None, &names, draft)?);
                        self.header = Header::Read(names);
                    }
                }
                let names = match &self.header {
                    Header::Read(names) => names.as_slice(),
                    Header::Json | Header::Counted | Header::Unread => &[],
                };
                let fields = match &cells {
                    Ok(cells) if is_as_wide(cells, names.len()) => {
                        Ok(fields(cells, names.len(), &self.nulls))
                    }
                    Ok(cells) if names.is_empty() => {
                        let (len, wanted) = (cells.len(), wanted.join(", "));
                        Err(whole(format!("has {len} cells, and those at {wanted} are wanted")))
                    }
                    Ok(cells) => {
                        let (len, width) = (cells.len(), names.len());
                        Err(whole(format!("has {len} cells, and the header has {width}")))
                    }
                    Err(record_error) => {
                        Err(as_row_error(record_error, self.text.encoding, names, line))
                    }
                };
                match (&self.bound, fields) {
                    (Some(bound), fields) => {
                        let by = (mapping, bound, &mut draft.notes);
                        draft.rows.take(by, fields, line.len(), place, content)?;
                    }
                    (None, Err(row_error)) => {
                        draft.rows.push(Err(row_error), line.len(), place, content)?;
                    }
                    (None, Ok(_)) => {
                        let row_error = whole("comes before any header".into());
                        draft.rows.push(Err(row_error), line.len(), place, content)?;
                    }
                }
            }
            None => {
                let bound = match &self.bound {
                    Some(bound) => bound,
                    None => self.bound.insert(mapping.bind(name, wanted)?),
                };
                let fields = decode::ndjson(line, wanted).map_err(whole).map(|fields| {
                    present.add(&fields);
                    fields.into_iter().map(|field| field.with_null_markers(&self.nulls)).collect()
                });
                let by = (mapping, bound, &mut draft.notes);
                draft.rows.take(by, fields, line.len(), place, content)?;
            }
        }
        self.text.take(&self.record);
        Ok(())
    }
}

/// Returns the error of a damaged `line`, with the name of the damaged column if it is one of
/// `names`.
fn as_row_error(
    record_error: &RecordError,
    encoding: Encoding,
    names: &[String],
    line: &[u8],
) -> RowError {
    let RecordError::Bytes { cell, text } = record_error else {
        return RowError::whole(&String::from_utf8_lossy(line), record_error.to_string());
    };
    let reason = match encoding == Encoding::UTF_8 {
        true => record_error.to_string(),
        false => format!(
            "has bytes in its cell {cell} that are none of {encoding}: set `encoding` rightly, or mend them"
        ),
    };
    let column = names.get(cell - 1).map_or("*", String::as_str).to_owned();
    RowError { column, value: cut(text, 80), reason }
}

/// Returns `true` if there are at least `width` cells, and all further ones are empty: some exports
/// end lines with delimiters that their header does not have.
fn is_as_wide(cells: &Cells, width: usize) -> bool {
    width > 0 && cells.len() >= width && cells.iter().skip(width).all(str::is_empty)
}

fn fields<'c>(cells: &'c Cells, width: usize, nulls: &[String]) -> Vec<Field<'c>> {
    let field = |cell: &'c str| match cell.is_empty() {
        true if !nulls.iter().any(String::is_empty) => Field::Blank,
        _ => Field::from(cell).with_null_markers(nulls),
    };
    cells.iter().take(width).map(field).collect()
}
