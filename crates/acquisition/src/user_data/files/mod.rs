//! File sources: CSV, JSON lines and Parquet, compressed or not, one file or a folder of them.

mod compaction;
mod config;
pub mod decode;
mod encoding;
mod footer;
mod gzip;
mod header;
pub mod import;
mod json_fields;
mod layout;
mod lines;
mod listing;
mod parquet;
mod parquet_pages;
mod parquet_unpack;
mod parquet_value;
pub mod presets;
mod progress;
mod snapshot;
mod splitter;
mod text;

use std::fs::File;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tidegauge_core::panics::caught;
use tidegauge_core::{
    Clock, Cursor, Fingerprint, OnDuplicate, Page, Source, SourceCapabilities, TableRef,
};

pub use config::{Config, Format};
pub use encoding::Encoding;

use self::parquet::Parquet;
use crate::user_data::duplicate_rows::DuplicateRows;
use crate::user_data::mapping::{self, KnownColumns, Mapping, NoteLog, Notes, PageRows};
use crate::user_data::settings;
use crate::user_data::snapshot::WriteRows;
use crate::{Error, Result, cursor};
use compaction::FileStatus;
use lines::Lines;
use listing::{FileEntry, unreadable};
use progress::{FileState, FilesProgress};

/// A source that reads a user's own files.
///
/// Files are read in the order of their names, each once: the cursor has the position in each file,
/// and a digest of what was read. So a file that has grown is read on from there, and one that was
/// replaced is detected and read anew: rows that are stored already are skipped, and those that
/// differ are refused, quarantined or taken, as configured by [`Config::on_duplicate`].
///
/// ```
/// # use std::sync::Arc;
/// use tidegauge_acquisition::files::{Config, FileSource};
/// use tidegauge_core::{FixedClock, Source, tables::MarketingSpend};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("spend.csv");
/// # let clock = Arc::new(FixedClock("2021-01-01T00:00:00Z".parse()?));
/// std::fs::write(&path, "day,channel,campaign,currency,cost\n2020-12-24,ads,xmas,EUR,12.50\n")?;
/// let config = Config {
///     name: "our_spend".into(),
///     path: path.display().to_string(),
///     columns: serde_json::from_str(r#"{ "spend": "cost" }"#)?,
///     ..Config::default()
/// };
/// let source = FileSource::new(config, MarketingSpend::table().clone(), clock)?;
/// assert_eq!(source.fetch(None).await?.rows(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct FileSource(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: Config,
    /// The fingerprint of the settings that decide what rows of the files become.
    settings: Fingerprint,
    mapping: Mapping,
    clock: Arc<dyn Clock>,
    /// The file in which the last page ended, kept open so that the next page need not read it
    /// again.
    open: Mutex<Option<PartlyRead>>,
    note_log: NoteLog,
}

/// A page under construction: its rows, the notes on them, and the columns that files have filled
/// so far.
#[derive(Debug)]
struct PageDraft {
    rows: PageRows,
    notes: Notes,
    known: KnownColumns,
}

/// A file in which a page ended before the end of the file.
#[derive(Debug)]
struct PartlyRead {
    name: String,
    seen: FileState,
    file: FileReader,
}

#[derive(Debug)]
enum FileReader {
    Lines(Box<Lines>),
    Parquet(Box<Parquet>),
}

/// The result of opening a file.
enum OpenOutcome {
    As(FileReader),
    /// The file is not the one that was read before, for this reason.
    Replaced(&'static str),
}

impl FileSource {
    /// Creates the source that `config` describes, which fills `table`.
    ///
    /// No file is accessed yet.
    ///
    /// # Errors
    /// Returns an error if the configuration contradicts itself, or the mapping does not fit
    /// `table`.
    pub fn new(config: Config, table: TableRef, clock: Arc<dyn Clock>) -> Result<Self> {
        config.validate()?;
        if !config.table.is_empty() && config.table != table.name {
            let reason =
                format!("it is `{}`, and the table given is `{}`", config.table, table.name);
            return Err(Error::config("table", reason));
        }
        let mapping = Mapping::new(&config.name, &table, &config.columns)?;
        let mapping = mapping.on_missing(config.on_missing).filter(&config.filter)?;
        let settings = settings_of(&config, &table)?;
        let (open, note_log) = (Mutex::new(None), NoteLog::default());
        Ok(Self(Arc::new(Inner { config, settings, mapping, clock, open, note_log })))
    }
}

impl Inner {
    fn duplicates(&self) -> DuplicateRows {
        self.config.duplicates(self.mapping.table())
    }

    /// Returns the page that follows `before`, its notes, and the places of the table's rows.
    fn page(&self, before: Option<&Cursor>) -> Result<(Page, Notes, Vec<String>)> {
        let name = &self.config.name;
        let mut progress = match before {
            None => FilesProgress::default(),
            Some(before) => self.progress(before)?,
        };
        let files = listing::list(&self.config.path)?;
        let now = self.clock.now();
        let mut draft = PageDraft {
            rows: PageRows::new(
                self.mapping.table(),
                (self.config.bad_rows, self.duplicates()),
                self.config.page_rows,
                true,
            ),
            notes: Notes::new(now),
            known: std::mem::take(&mut progress.columns),
        };
        if progress.was_read_otherwise(self.settings) {
            draft.notes.other_settings();
        }
        progress.settings = Some(self.settings);
        let (mut done, mut limit) = (true, None);
        let statuses = progress.compare(&files);
        note_doubtful(&files, &statuses, &mut draft.notes);
        for (file, status) in files.iter().zip(statuses) {
            if status == FileStatus::Read {
                continue;
            }
            let seen = progress.files.get(&file.name).copied();
            if seen.is_some_and(|seen| {
                seen.ended && (seen.size, seen.modified) == (file.size, file.modified)
            }) {
                continue;
            }
            if draft.rows.is_full() {
                (done, limit) = (false, Some(file.name.as_str()));
                break;
            }
            let (seen, more) = self.read(file, seen, &mut draft)?;
            progress.files.insert(file.name.clone(), seen);
            done &= !more;
        }
        progress.compact(limit);
        progress.columns = draft.known;
        let (batches, places) = draft.rows.finish(name, now, &mut draft.notes)?;
        let page = Page { batches, cursor: cursor::write(name, &progress)?, done };
        Ok((page, draft.notes, places))
    }

    /// Reads `file` on from `seen`. Returns its new state, and `true` if the file has more rows.
    fn read(
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
                        (OpenOutcome::Replaced(_), _) => return Ok((empty(file), true)),
                    }
                }
            },
        };
        // For a file that was read before, this note was given then.
        let was_nothing = seen.is_none_or(|seen| seen.taken == 0) && at.taken == 0;
        let more = match &mut reader {
            FileReader::Lines(lines) => {
                lines.read(&self.mapping, draft, &mut at, self.settled(file))?
            }
            FileReader::Parquet(parquet) => {
                let slice = || self.slice(file, parquet, draft, &mut at);
                caught(slice).map_err(|error| parquet::broken(&file.path, &error))??
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
        self.config.suits(format, &file.name)?;
        if format == Format::Parquet {
            let mut opened = File::open(&file.path).map_err(broken)?;
            let (size, modified) = listing::state(&opened.metadata().map_err(broken)?);
            let digest = text::digest(&mut opened).map_err(broken)?;
            let at = FileState { size, modified, digest, taken: 0, ended: false };
            if before.is_some_and(|before| before.digest != digest) {
                return Ok((OpenOutcome::Replaced("it holds other bytes"), at));
            }
            let open = || Parquet::open(opened, &file.path, &self.mapping, &self.config, draft);
            let parquet = caught(open).map_err(|error| parquet::broken(&file.path, &error))??;
            let at = FileState { taken: before.map_or(0, |before| before.taken), ..at };
            return Ok((OpenOutcome::As(FileReader::Parquet(Box::new(parquet))), at));
        }
        let dialect = match format {
            Format::Csv => Some(self.config.dialect(&file.name)?),
            Format::Ndjson | Format::Parquet => None,
        };
        let (mut lines, metadata) = Lines::open(file, dialect, &self.config)?;
        let (size, modified) = listing::state(&metadata);
        let at = FileState { size, modified, digest: 0, taken: 0, ended: false };
        match lines.go_on(before, &self.mapping, draft, self.settled(file))? {
            None => Ok((OpenOutcome::As(FileReader::Lines(Box::new(lines))), at)),
            Some(reason) => Ok((OpenOutcome::Replaced(reason), at)),
        }
    }

    fn slice(
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
                    parquet.fits(bytes, taken + 1)?;
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
    fn settled(&self, file: &FileEntry) -> bool {
        let now = u64::try_from(self.clock.now().timestamp_micros()).unwrap_or(0);
        let still = u64::try_from(self.config.settle.as_micros()).unwrap_or(u64::MAX);
        now.saturating_sub(file.modified) >= still
    }
}

/// Returns a fingerprint of the settings that decide what rows of the files become.
fn settings_of(config: &Config, table: &TableRef) -> Result<Fingerprint> {
    let without = Config::default();
    let config = Config {
        path: String::new(), // the cursor knows the names of files
        enabled: without.enabled,
        shared: without.shared,
        bad_rows: without.bad_rows,
        page_rows: without.page_rows,
        row_bytes: without.row_bytes,
        settle: without.settle,
        ..config.clone()
    };
    settings::fingerprint(&config, table)
        .map_err(|error| Error::config("columns", format!("they cannot be written down: {error}")))
}

/// Notes the files that are doubtful: of these, the cursor only has the checksum of their block.
fn note_doubtful(files: &[FileEntry], statuses: &[FileStatus], notes: &mut Notes) {
    let mut doubtful = files.iter().zip(statuses);
    let mut doubtful = doubtful.by_ref().filter(|(_, status)| **status == FileStatus::Doubtful);
    let Some((first, _)) = doubtful.next() else { return };
    let others = doubtful.count() as u64;
    let path = first.path.display();
    let first = format!("{path}: it is among old files that are remembered together");
    notes.read_anew(&first, 1 + others);
}

fn empty(file: &FileEntry) -> FileState {
    FileState { size: file.size, modified: file.modified, digest: 0, taken: 0, ended: false }
}

#[async_trait]
impl Source for FileSource {
    fn name(&self) -> &str {
        &self.0.config.name
    }

    fn tables(&self) -> Vec<TableRef> {
        mapping::tables(&self.0.mapping, self.0.config.bad_rows, self.0.duplicates())
    }

    fn capabilities(&self) -> SourceCapabilities {
        let snapshot = self.0.config.write == WriteRows::Replace;
        SourceCapabilities { snapshot, ..SourceCapabilities::default() }
    }

    fn on_duplicate(&self) -> OnDuplicate {
        self.0.duplicates().policy(self.0.clock.now())
    }

    /// Reads the page again: places are not kept for the few rows that are asked for.
    async fn place(&self, cursor: Option<&Cursor>, table: &str, row: usize) -> Option<String> {
        let (inner, before) = (self.0.clone(), cursor.cloned());
        // The page of a snapshot is made of many, so the row's place is unknown.
        if inner.mapping.table().name != table || inner.config.write == WriteRows::Replace {
            return None;
        }
        let page = tokio::task::spawn_blocking(move || inner.page(before.as_ref())).await;
        let (_, _, places) = page.ok()?.ok()?;
        places.get(row).cloned()
    }

    async fn fetch(&self, cursor: Option<&Cursor>) -> tidegauge_core::Result<Page> {
        let (inner, before) = (self.0.clone(), cursor.cloned());
        // File access blocks, and a runtime has few threads.
        let page = tokio::task::spawn_blocking(move || match inner.config.write {
            WriteRows::ByTable => inner.page(before.as_ref()),
            WriteRows::Replace => inner.snapshot(before.as_ref()),
        });
        let page = page.await.unwrap_or_else(|failed| {
            Err(Error::File { path: self.0.config.path.clone(), reason: failed.to_string() })
        });
        let (page, notes, _) = page.map_err(|error| error.of_source(&self.0.config.name))?;
        notes.report_to(&self.0.mapping, &self.0.note_log);
        Ok(page)
    }

    fn take_notes(&self) -> Vec<String> {
        self.0.note_log.take()
    }
}
