//! Reading one file on from the position in the cursor.

use std::fs::File;
use std::sync::PoisonError;

use tidegauge_core::panics::catch;

use super::config::Format;
use super::file_state::FileState;
use super::lines::Lines;
use super::listing::{self, FileEntry, unreadable};
use super::page_draft::PageDraft;
use super::parquet::{self, Parquet};
use super::partly_read::{FileReader, PartlyRead};
use super::source::Inner;
use super::text;
use crate::{Error, Result};

/// The result of opening a file.
enum OpenOutcome {
    As(FileReader),
    /// The file is not the one that was read before, for this reason.
    Replaced(&'static str),
}

impl Inner {
    /// Reads `file` on from `seen`. Returns its new state, and `true` if the file has more rows.
    pub(super) fn read(
        &self,
        file: &FileEntry,
        seen: Option<FileState>,
        draft: &mut PageDraft,
    ) -> Result<(FileState, bool)> {
        draft.notes.begin(&file.name);
        let before = draft.rows.read();
        let (mut reader, mut at) = match self.take_open(file, seen) {
            Some(PartlyRead { seen, file, .. }) => (file, seen),
            None => match self.open(file, seen, draft)? {
                (OpenOutcome::As(reader), at) => (reader, at),
                (OpenOutcome::Replaced(reason), _) => {
                    draft.notes.read_anew(&format!("{}: {reason}", file.name), 1);
                    match self.open(file, None, draft)? {
                        (OpenOutcome::As(reader), at) => (reader, at),
                        (OpenOutcome::Replaced(_), _) => return Ok((unread_state(file), true)),
                    }
                }
            },
        };
        // For a file that was read before, this note was given then.
        let was_nothing = seen.is_none_or(|seen| seen.taken == 0) && at.taken == 0;
        let more = match &mut reader {
            FileReader::Lines(lines) => {
                lines.read(&self.mapping, draft, &mut at, self.is_settled(file))?
            }
            FileReader::Parquet(parquet) => {
                let slice = || self.read_parquet(file, parquet, draft, &mut at);
                catch(slice).map_err(|error| parquet::parquet_error(&file.path, &error))??
            }
        };
        if at.ended && was_nothing && draft.rows.read() == before {
            draft.notes.without_rows(if file.size == 0 { "is empty" } else { "holds no row" });
        }
        if more {
            let open = PartlyRead { name: file.name.clone(), seen: at, file: reader };
            *self.open.lock().unwrap_or_else(PoisonError::into_inner) = Some(open);
        }
        Ok((at, more))
    }

    /// Returns the file in which the last page ended, if this page continues exactly there.
    fn take_open(&self, file: &FileEntry, seen: Option<FileState>) -> Option<PartlyRead> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let now = (file.size, file.modified);
        open.take_if(|open| {
            open.name == file.name
                && Some(open.seen) == seen
                && (open.seen.size, open.seen.modified) == now
        })
    }

    fn open(
        &self,
        file: &FileEntry,
        seen: Option<FileState>,
        draft: &mut PageDraft,
    ) -> Result<(OpenOutcome, FileState)> {
        let broken = |error: std::io::Error| unreadable(&file.path, &error);
        let before = seen.filter(|seen| seen.taken > 0);
        let format = self.config.format(&file.name)?;
        self.config.check_format(format, &file.name)?;
        if format == Format::Parquet {
            let mut opened = File::open(&file.path).map_err(broken)?;
            let (size, modified) = listing::size_and_modified(&opened.metadata().map_err(broken)?);
            let digest = text::digest(&mut opened).map_err(broken)?;
            let at = FileState { size, modified, digest, taken: 0, ended: false };
            if before.is_some_and(|before| before.digest != digest) {
                return Ok((OpenOutcome::Replaced("it holds other bytes"), at));
            }
            let open = || Parquet::open(opened, &file.path, &self.mapping, &self.config, draft);
            let parquet =
                catch(open).map_err(|error| parquet::parquet_error(&file.path, &error))??;
            let at = FileState { taken: before.map_or(0, |before| before.taken), ..at };
            return Ok((OpenOutcome::As(FileReader::Parquet(Box::new(parquet))), at));
        }
        let dialect = match format {
            Format::Csv => Some(self.config.dialect(&file.name)?),
            Format::Ndjson | Format::Parquet => None,
        };
        let (mut lines, metadata) = Lines::open(file, dialect, &self.config)?;
        let (size, modified) = listing::size_and_modified(&metadata);
        let at = FileState { size, modified, digest: 0, taken: 0, ended: false };
        match lines.resume(before, &self.mapping, draft, self.is_settled(file))? {
            None => Ok((OpenOutcome::As(FileReader::Lines(Box::new(lines))), at)),
            Some(reason) => Ok((OpenOutcome::Replaced(reason), at)),
        }
    }

    fn read_parquet(
        &self,
        file: &FileEntry,
        parquet: &mut Parquet,
        draft: &mut PageDraft,
        at: &mut FileState,
    ) -> Result<bool> {
        let too_many = |_| Error::File {
            path: file.path.display().to_string(),
            reason: "it has more rows than this machine can count".into(),
        };
        let mut taken = usize::try_from(at.taken).map_err(too_many)?;
        while taken < parquet.rows && !draft.rows.is_full() {
            let count = (parquet.rows - taken).min(draft.rows.remaining());
            let (before, mut slices) = (taken, parquet.slices(taken, count)?);
            while !draft.rows.is_full()
                && let Some(slice) = slices.next()?
            {
                for row in 0..slice.rows() {
                    if draft.rows.is_full() {
                        break;
                    }
                    let fields = parquet.row(&slice, row);
                    let bytes = fields.iter().map(|field| field.size()).sum();
                    parquet.check_row_size(bytes, taken + 1)?;
                    // Rows have no lines: the place is the number of the row, counted from 1.
                    let place = || format!("{}:{}", file.name, taken + 1);
                    let by = (&self.mapping, parquet.bound(), &mut draft.notes);
                    draft.rows.take(by, Ok(fields), bytes, place, || slice.shown(row))?;
                    taken += 1;
                }
            }
            if taken == before {
                return Err(Error::File {
                    path: file.path.display().to_string(),
                    reason: format!("it has {taken} rows where it says {}", parquet.rows),
                });
            }
        }
        at.taken = taken as u64;
        at.ended = taken == parquet.rows;
        Ok(!at.ended)
    }

    /// Returns `true` if `file` has not been modified for the configured time, `settle`.
    fn is_settled(&self, file: &FileEntry) -> bool {
        let now = u64::try_from(self.clock.now().timestamp_micros()).unwrap_or(0);
        let still = u64::try_from(self.config.settle.as_micros()).unwrap_or(u64::MAX);
        now.saturating_sub(file.modified) >= still
    }
}

fn unread_state(file: &FileEntry) -> FileState {
    FileState { size: file.size, modified: file.modified, digest: 0, taken: 0, ended: false }
}
