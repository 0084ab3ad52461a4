//! Folders of files with the promises of a database.
//!
//! Whoever loads holds `_tidegauge/lock`. Data is written first, and counts for nothing until
//! `_tidegauge/manifest.json`, which is replaced in one step, names it together with the new
//! cursor. What a killed load leaves behind is not in the manifest, and the next load removes it.

mod disk;
mod keys;
mod manifest;

use std::fmt::Debug;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use tidegauge_core::polars::frame::DataFrame;
use tidegauge_core::{Batch, Cursor, Load, Sink, Table, TableRef, WriteMode};

use disk::Lock;
pub(crate) use disk::{sync_dir, synced};
pub(crate) use keys::{KeySet, Keys};
pub(crate) use manifest::{Manifest, Part, Range, Stored};

use crate::{Error, Result, cells};

/// A kind of file that a folder holds.
pub(crate) trait Format: Debug + Send + Sync + 'static {
    /// The URL's scheme, and what the manifest calls it.
    const NAME: &'static str;

    /// Makes room for `table`, which the folder does not hold yet.
    fn create(dir: &Path, table: &Table, stored: &mut Stored) -> Result<()>;

    /// Makes room for columns that were added to the definition of `table`.
    fn widen(dir: &Path, table: &Table, stored: &mut Stored) -> Result<()>;

    /// Writes `frame`, not empty, as the part of commit `commit`: on the disk when it returns.
    fn write(
        dir: &Path,
        table: &Table,
        stored: &mut Stored,
        commit: u64,
        frame: DataFrame,
    ) -> Result<Part>;

    /// The key columns of a part.
    fn keys(dir: &Path, table: &Table, part: &Part) -> Result<DataFrame>;

    /// Removes what is not in the manifest; `unfinished`: whether a load is known to have left anything.
    fn clean(dir: &Path, manifest: &Manifest, unfinished: bool) -> Result<()>;
}

/// A folder of files of one format.
#[derive(Debug)]
pub(crate) struct Folder<F> {
    name: String,
    pub(crate) dir: PathBuf,
    format: PhantomData<F>,
}

impl<F: Format> Folder<F> {
    pub(crate) fn open(dir: PathBuf) -> Self {
        Self { name: format!("{}://{}", F::NAME, dir.display()), dir, format: PhantomData }
    }

    /// Runs `work`, which blocks, where that hurts nobody.
    pub(crate) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Path) -> Result<T> + Send + 'static,
    ) -> tidegauge_core::Result<T> {
        let dir = self.dir.clone();
        let done = tokio::task::spawn_blocking(move || work(&dir)).await;
        match done {
            Ok(done) => done.map_err(|error| error.of(&self.name)),
            Err(panicked) => Err(tidegauge_core::Error::sink(&self.name, panicked)),
        }
    }
}

#[async_trait]
impl<F: Format> Sink for Folder<F> {
    fn name(&self) -> &str {
        &self.name
    }

    async fn prepare(&self, tables: &[TableRef]) -> tidegauge_core::Result<()> {
        let tables = tables.to_vec();
        self.blocking(move |dir| {
            let _lock = Lock::take(dir)?;
            let mut manifest = Manifest::read(dir, F::NAME)?;
            register::<F>(dir, &mut manifest, tables.iter())
        })
        .await
    }

    async fn cursor(&self, source: &str) -> tidegauge_core::Result<Option<Cursor>> {
        let source = source.to_owned();
        self.blocking(move |dir| Ok(Manifest::read(dir, F::NAME)?.cursors.remove(&source))).await
    }

    async fn load(&self, load: Load<'_>) -> tidegauge_core::Result<()> {
        let batches = load.batches.to_vec();
        let source = load.source.to_owned();
        let (before, after) = (load.before.cloned(), load.after.clone());
        self.blocking(move |dir| {
            let mut lock = Lock::take(dir)?;
            let mut manifest = Manifest::read(dir, F::NAME)?;
            let found = manifest.cursors.get(&source).cloned();
            if found != before {
                return Err(Error::Core(tidegauge_core::Error::Conflict {
                    source_name: source,
                    expected: before,
                    found,
                }));
            }
            F::clean(dir, &manifest, lock.begin()?)?;
            register::<F>(dir, &mut manifest, batches.iter().map(Batch::table))?;
            let done = append::<F>(dir, &mut manifest, &batches).and_then(|()| {
                manifest.cursors.insert(source, after);
                manifest.write(dir)
            });
            // Back to what is committed. Where even that fails, the next load does it.
            let clean = || F::clean(dir, &Manifest::read(dir, F::NAME)?, true);
            match if done.is_err() { clean() } else { Ok(()) } {
                Ok(()) => lock.end(),
                Err(error) => tracing::warn!(%error, "could not remove what a failed load wrote"),
            }
            done
        })
        .await
    }
}

/// Adds those of `tables` that the folder lacks, and compares all with their definitions.
fn register<'a, F: Format>(
    dir: &Path,
    manifest: &mut Manifest,
    tables: impl Iterator<Item = &'a TableRef>,
) -> Result<()> {
    let mut new = false;
    for table in tables {
        crate::check(table)?;
        match manifest.tables.get_mut(table.name.as_ref()) {
            Some(stored) => {
                stored.compare(table)?;
                if stored.widen(table) {
                    F::widen(dir, table, stored)?;
                    new = true;
                }
            }
            None => {
                let mut stored = Stored::new(table);
                F::create(dir, table, &mut stored)?;
                manifest.tables.insert(table.name.to_string(), stored);
                new = true;
            }
        }
    }
    if new { manifest.write(dir) } else { Ok(()) }
}

/// Writes the rows of `batches` as the next commit, without committing it.
fn append<F: Format>(dir: &Path, manifest: &mut Manifest, batches: &[Batch]) -> Result<()> {
    manifest.commit += 1;
    for (table, frame) in cells::by_table(batches)? {
        if frame.height() == 0 {
            continue;
        }
        let Some(stored) = manifest.tables.get_mut(table.name.as_ref()) else { continue };
        let range = keys::range(&frame, table)?;
        if table.write == WriteMode::Append {
            let old = |part: &Part| F::keys(dir, table, part);
            keys::refuse_known(table, &frame, range.as_ref(), stored, old)?;
        }
        let mut part = F::write(dir, table, stored, manifest.commit, frame)?;
        part.range = range;
        stored.parts.push(part);
    }
    Ok(())
}
