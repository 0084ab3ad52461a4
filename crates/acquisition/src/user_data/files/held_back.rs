//! Records that are held back, since they may be the footer.

use std::collections::VecDeque;

/// Records that were read and are held back: rows that may be the footer, and lines among them that
/// are not rows.
#[derive(Debug, Default)]
pub(super) struct HeldBack {
    records: VecDeque<(Vec<u8>, bool, u64)>,
    /// The number of rows.
    pub(super) rows: usize,
    /// The number of lines.
    pub(super) lines: u64,
    pub(super) bytes: usize,
}

impl HeldBack {
    pub(super) fn push(&mut self, record: Vec<u8>, is_row: bool, lines: u64) {
        self.lines += lines;
        self.rows += usize::from(is_row);
        self.bytes += record.len();
        self.records.push_back((record, is_row, lines));
    }

    /// Removes and returns the first record if there are more than `footer` rows. A line above the
    /// footer that is not a row may be removed with the footer.
    pub(super) fn pop(&mut self, footer: usize) -> Option<Vec<u8>> {
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
