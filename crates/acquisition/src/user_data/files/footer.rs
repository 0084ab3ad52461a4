//! Footers: rows at the end of a file that are not data. They are only known at the end of the
//! file, so as many rows are held back.

use super::line::{is_blank, line};
use super::lines::Lines;
use super::text::ReadRecord;
use crate::{Error, Result};

impl Lines {
    /// Reads the next record that is not part of the footer. Records that are held back do not
    /// count as taken, so that they are read again if the file grows.
    pub(super) fn next_above_footer(&mut self, settled: bool) -> Result<ReadRecord> {
        let footer = self.layout.skip_footer;
        if footer == 0 {
            return self.next();
        }
        loop {
            if let Some(record) = self.held_back.pop(footer) {
                self.record = record;
                return Ok(ReadRecord::Whole);
            }
            match self.next()? {
                ReadRecord::Whole => {}
                ReadRecord::Unfinished if settled || self.text.zipped => {}
                other => return Ok(other),
            }
            let record = std::mem::take(&mut self.record);
            let content = line(&record, self.text.taken);
            let is_row = !is_blank(content) && self.layout.skip_reason(content).is_none();
            let lines = record.iter().map(|byte| u64::from(*byte == self.text.end)).sum();
            self.held_back.push(record, is_row, lines);
            if self.held_back.bytes > self.limit.saturating_mul(footer + 1) {
                return Err(Error::File {
                    path: self.file.path.display().to_string(),
                    reason: format!(
                        "from line {} on, its last {footer} rows and the lines among them have more than {} \
                         bytes: set `skip_footer` lower, or mend the file",
                        self.text.line, self.held_back.bytes
                    ),
                });
            }
        }
    }
}
