//! The file source: pages of the rows of all files, in the order of their names.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use tidegauge_core::{
    Clock, Cursor, Fingerprint, OnDuplicate, Page, Source, SourceCapabilities, TableRef,
};

use super::compaction::FileStatus;
use super::config::Config;
use super::listing::{self, FileEntry};
use super::page_draft::PageDraft;
use super::partly_read::PartlyRead;
use super::progress::FilesProgress;
use crate::user_data::duplicate_rows::DuplicateRows;
use crate::user_data::mapping::{self, Mapping, NoteLog, Notes, PageRows};
use crate::user_data::settings;
use crate::user_data::snapshot::WriteRows;
use crate::{Error, Result, cursor};

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

/// The parts of a file source, which a blocking task shares with it.
#[derive(Debug)]
pub(super) struct Inner {
    pub(super) config: Config,
    /// The fingerprint of the settings that decide what rows of the files become.
    pub(super) settings: Fingerprint,
    pub(super) mapping: Mapping,
    pub(super) clock: Arc<dyn Clock>,
    /// The file in which the last page ended, kept open so that the next page need not read it
    /// again.
    pub(super) open: Mutex<Option<PartlyRead>>,
    pub(super) note_log: NoteLog,
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

impl FileSource {
    /// Fetches the page that follows `cursor`, with the place of each row of the table: the file and
    /// the line. The places of a snapshot are unknown, and empty.
    ///
    /// # Errors
    /// As for [`Source::fetch`].
    pub async fn fetch_with_places(
        &self,
        cursor: Option<&Cursor>,
    ) -> tidegauge_core::Result<(Page, Vec<String>)> {
        let (inner, before) = (self.0.clone(), cursor.cloned());
        let read = move || match inner.config.write {
            WriteRows::ByTable => inner.page(before.as_ref()),
            WriteRows::Replace => inner.snapshot(before.as_ref()),
        };
        // File access blocks, and a runtime has few threads. Its log is the caller's.
        let log = tracing::dispatcher::get_default(Clone::clone);
        let page =
            tokio::task::spawn_blocking(move || tracing::dispatcher::with_default(&log, read));
        let page = page.await.unwrap_or_else(|failed| {
            Err(Error::File { path: self.0.config.path.clone(), reason: failed.to_string() })
        });
        let (page, notes, places) =
            page.map_err(|error| error.into_source_error(&self.0.config.name))?;
        notes.report_to(&self.0.mapping, &self.0.note_log);
        Ok((page, places))
    }
}

impl Inner {
    fn duplicates(&self) -> DuplicateRows {
        self.config.duplicates(self.mapping.table())
    }

    /// Returns the page that follows `before`, its notes, and the places of the table's rows.
    pub(super) fn page(&self, before: Option<&Cursor>) -> Result<(Page, Notes, Vec<String>)> {
        let name = &self.config.name;
        let mut progress = match before {
            None => FilesProgress::default(),
            Some(before) => self.read_progress(before)?,
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
        if progress.has_other_settings(self.settings) {
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
    async fn row_origin(&self, cursor: Option<&Cursor>, table: &str, row: usize) -> Option<String> {
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
        Ok(self.fetch_with_places(cursor).await?.0)
    }

    fn take_notes(&self) -> Vec<String> {
        self.0.note_log.take()
    }
}
