//! The search for the header of a file of lines.

use super::header::{Header, HeaderResult, bind};
use super::layout::SkippedLine;
use super::line::{is_blank, line};
use super::lines::Lines;
use super::listing::FileEntry;
use super::page_draft::PageDraft;
use super::splitter::Splitter;
use super::text::ReadRecord;
use crate::text::cut;
use crate::user_data::mapping::{BoundMapping, Mapping, names};
use crate::{Error, Result};

/// The number of lines among which a header is searched: exports may put a title and an owner above
/// it.
const HEADER_LINES: usize = 100;

/// The number of lines among which a header with a configured beginning is searched.
const NAMED_HEADER_LINES: usize = 10_000;

impl Lines {
    /// Reads all lines above the rows, unless that was done before.
    pub(super) fn read_head(
        &mut self,
        mapping: &Mapping,
        draft: &mut PageDraft,
        settled: bool,
    ) -> Result<HeaderResult> {
        if self.has_head {
            return Ok(HeaderResult::Read);
        }
        let mut head = self.skip_lines(self.layout.skip_lines, settled)?;
        if head == HeaderResult::Read && matches!(self.header, Header::Unread) {
            head = self.find_header(mapping, draft, settled)?;
            if head == HeaderResult::Read {
                head = self.skip_lines(self.layout.skip_after_header, settled)?;
            }
        }
        self.has_head = head == HeaderResult::Read;
        Ok(head)
    }

    /// Takes `count` lines, whatever their content.
    fn skip_lines(&mut self, count: usize, settled: bool) -> Result<HeaderResult> {
        for _ in 0..count {
            match self.next_line()? {
                ReadRecord::None => return Ok(HeaderResult::None),
                ReadRecord::Unfinished if !self.is_finished(settled) => {
                    return Ok(HeaderResult::Unfinished);
                }
                ReadRecord::TooLong => return Err(self.too_long()),
                ReadRecord::Whole | ReadRecord::Unfinished => self.text.take(&self.record),
            }
        }
        Ok(HeaderResult::Read)
    }

    /// Finds and reads the header: the line that begins as configured, or the one after the
    /// configured number of lines, or the first that names the wanted columns.
    fn find_header(
        &mut self,
        mapping: &Mapping,
        draft: &mut PageDraft,
        settled: bool,
    ) -> Result<HeaderResult> {
        let start = self.layout.header_starts_with.clone();
        let most = match (&start, self.layout.skip_lines) {
            (Some(_), _) => NAMED_HEADER_LINES,
            (None, 1..) => 1,
            (None, 0) => HEADER_LINES,
        };
        let (mut best, mut lines): (Option<(usize, Error)>, usize) = (None, 0);
        while lines < most {
            let read = match &start {
                Some(start) => self.next_that_starts_with(start)?,
                None => self.next()?,
            };
            match read {
                ReadRecord::None => break,
                ReadRecord::Unfinished if !self.is_finished(settled) => {
                    return Ok(HeaderResult::Unfinished);
                }
                ReadRecord::TooLong => return Err(self.too_long()),
                ReadRecord::Whole | ReadRecord::Unfinished => {}
            }
            let number = self.text.line;
            let line = line(&self.record, self.text.taken);
            let is_asked = start.as_ref().is_none_or(|start| line.starts_with(start));
            let skip_reason = self.layout.skip_reason(line).filter(|_| start.is_none());
            if !is_blank(line) && skip_reason != Some(SkippedLine::Comment) {
                // A line that begins like a total may still be the header, if it names the wanted
                // columns.
                let (above, is_total) = (lines, skip_reason == Some(SkippedLine::Total));
                lines += usize::from(!is_total);
                let Some(splitter) = self.splitter.as_mut().filter(|_| is_asked) else {
                    self.take_blank(false)?;
                    continue;
                };
                let (names, bound) = columns(splitter, line, &self.file, number, mapping, draft);
                match bound {
                    Ok(bound) => {
                        if above > 0 && start.is_none() && self.from_start {
                            draft.notes.above_header(number);
                        }
                        self.header = Header::Read(names);
                        self.bound = Some(bound);
                        self.text.take(&self.record);
                        self.blank = 0;
                        return Ok(HeaderResult::Read);
                    }
                    Err(_) if is_total => {}
                    Err(error) if most == 1 || start.is_some() => return Err(error),
                    Err(error) => {
                        let names: Vec<&str> = names.iter().map(String::as_str).collect();
                        let is_there = |wanted: &&str| names::find(&names, wanted) != Ok(None);
                        let hits = mapping.wanted().into_iter().filter(is_there).count();
                        if best.as_ref().is_none_or(|(most, _)| hits > *most) {
                            best = Some((hits, error));
                        }
                    }
                }
            }
            self.take_blank(is_blank(&self.record))?;
        }
        let may_follow = lines < most && !settled && !self.text.zipped;
        match (best, &start) {
            (None, _) if lines == 0 => Ok(HeaderResult::None),
            // The header may follow, as long as no line names a wanted column.
            (None | Some((0, _)), _) if may_follow => Ok(HeaderResult::Unfinished),
            (Some((_, error)), _) => Err(error),
            (None, Some(start)) => {
                let (path, start) = (self.file.path.display(), String::from_utf8_lossy(start));
                Err(Error::File {
                    path: path.to_string(),
                    reason: format!(
                        "none of its first {lines} lines begins with `{}`, as `header_starts_with` says: \
                         write there what the line of the header begins with, quotes as well",
                        cut(&start, 80)
                    ),
                })
            }
            (None, None) => Ok(HeaderResult::None),
        }
    }

    /// Reads the next line, and the whole record if that begins with `start`.
    fn next_that_starts_with(&mut self, start: &[u8]) -> Result<ReadRecord> {
        let read = self.next_line()?;
        if read == ReadRecord::Whole && line(&self.record, self.text.taken).starts_with(start) {
            return self.rest();
        }
        Ok(read)
    }
}

/// Returns the names in a line, and the plan for reading the wanted columns if the line is the
/// header.
fn columns(
    splitter: &mut Splitter,
    line: &[u8],
    file: &FileEntry,
    number: u64,
    mapping: &Mapping,
    draft: &mut PageDraft,
) -> (Vec<String>, Result<BoundMapping>) {
    match splitter.cells(line) {
        Ok(cells) => {
            let names: Vec<String> = cells.iter().map(|name| name.trim().into()).collect();
            let bound = bind(mapping, file, Some(number), &names, draft);
            (names, bound)
        }
        Err(record_error) => {
            let path = file.path.display().to_string();
            let reason = format!("line {number}, which should name the columns, {record_error}");
            (Vec::new(), Err(Error::File { path, reason }))
        }
    }
}
