//! Folders of files with the promises of a database.
//!
//! Data is written first, and counts for nothing until `_tidegauge/manifest.json`, which is replaced
//! in one step, names it together with the new cursor. What a killed load leaves behind is not in the
//! manifest, and the next load removes it. On a disk one load is at it at a time; in a bucket the one
//! that commits first wins, and the others begin again.

#[cfg(feature = "object-store")]
mod bucket;
mod disk;
mod keys;
mod manifest;
mod place;
mod reset;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::marker::PhantomData;
use std::time::Duration;

use async_trait::async_trait;
use backon::BackoffBuilder;
use tidegauge_core::{
    Batch, Cursor, ErrorKind, Load, Removal, Reset, Sink, SinkCapabilities, Table, TableRef,
    WriteMode,
};

#[cfg(feature = "object-store")]
pub(crate) use bucket::Bucket;
pub(crate) use disk::Disk;
#[cfg(feature = "csv")]
pub(crate) use disk::{sync_dir, synced};
pub(crate) use keys::TakeKeys;
#[cfg(feature = "parquet")]
pub(crate) use keys::{ranges, times};
pub(crate) use manifest::{Manifest, Part, Range, Stored};
#[cfg(feature = "csv")]
pub(crate) use place::OWN;
pub(crate) use place::Place;
use place::Turn;
#[cfg(feature = "parquet")]
pub(crate) use place::{Files, Opened};

use crate::retry::{self, Policy};
use crate::{Error, Result, batches};

/// How a load waits before it begins again, when others were quicker.
const CONFLICTS: Policy = retry::exponential(Duration::from_millis(10), Duration::from_secs(1), 30);

/// A kind of file that a folder holds.
pub(crate) trait Format<P>: Debug + Send + Sync + 'static {
    /// The URL's scheme, and what the manifest calls it.
    const NAME: &'static str;

    /// What such a folder can do.
    fn capabilities() -> SinkCapabilities;

    /// Makes room for `table`, which the folder does not hold yet.
    fn create(place: &P, table: &Table, stored: &mut Stored) -> Result<()>;

    /// Makes room for columns that were added to the definition of `table`.
    fn widen(place: &P, table: &Table, stored: &mut Stored) -> Result<()>;

    /// Writes the rows of `batch`, which is not empty, as `part`, and notes in that where they are. The
    /// rows are durable when it returns.
    fn write(
        place: &P,
        table: &TableRef,
        stored: &mut Stored,
        part: &mut Part,
        batch: Batch,
    ) -> Result<()>;

    /// Hands the key columns of `part` to `take`, batch by batch; rows whose key lies outside of `range`
    /// may be left out.
    fn keys(
        place: &P,
        table: &TableRef,
        part: &Part,
        range: Option<&Range>,
        take: TakeKeys<'_>,
    ) -> Result<()>;

    /// Counts the rows of `stored` that `removal` removes.
    fn count(place: &P, removal: &Removal, stored: &Stored) -> Result<usize>;

    /// Leaves the rows of `removal` out of `stored`, and writes what has to be written anew for that: by the
    /// commit of `next`, which may go on counting, with its mark. What is committed is not touched; the paths
    /// of files that are no longer named are appended to `old`.
    fn remove(
        place: &P,
        removal: &Removal,
        stored: &mut Stored,
        next: (&mut u64, Option<&str>),
        old: &mut Vec<String>,
    ) -> Result<()>;

    /// Makes the files what `manifest` says, which a reset has committed; `old` it names no more.
    fn settle(place: &P, manifest: &Manifest, old: &[String]) -> Result<()>;

    /// Whether what is not in the manifest has to be removed before each load.
    const CLEAN: bool;

    /// Removes what is not in the manifest.
    fn clean(place: &P, manifest: &Manifest) -> Result<()>;
}

/// A folder of files of one format.
#[derive(Debug)]
pub(crate) struct Folder<F, P> {
    name: String,
    pub(crate) place: P,
    format: PhantomData<F>,
}

impl<F: Format<P>, P: Place> Folder<F, P> {
    /// The folder at `place`, which is called `name`.
    pub(crate) fn open(name: String, place: P) -> Self {
        Self { name, place, format: PhantomData }
    }

    /// Runs `work`, which blocks, where that hurts nobody.
    pub(crate) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&P) -> Result<T> + Send + 'static,
    ) -> tidegauge_core::Result<T> {
        let place = self.place.clone();
        let done = tokio::task::spawn_blocking(move || work(&place)).await;
        match done {
            Ok(done) => done.map_err(|error| error.of(&self.name)),
            Err(panicked) => Err(tidegauge_core::Error::sink(&self.name, ErrorKind::Bug, panicked)),
        }
    }
}

#[async_trait]
impl<F: Format<P>, P: Place> Sink for Folder<F, P> {
    fn name(&self) -> &str {
        &self.name
    }

    fn capabilities(&self) -> SinkCapabilities {
        F::capabilities()
    }

    async fn prepare(&self, tables: &[TableRef]) -> tidegauge_core::Result<()> {
        let tables = tables.to_vec();
        self.blocking(move |place| {
            let _turn = place.turn()?;
            until(place, || {
                let mut manifest = Manifest::read(place, F::NAME)?;
                register::<F, P>(place, &mut manifest, tables.iter())
            })
        })
        .await
    }

    async fn cursors(&self) -> tidegauge_core::Result<BTreeMap<String, Cursor>> {
        self.blocking(|place| Ok(Manifest::read(place, F::NAME)?.cursors)).await
    }

    async fn load(&self, load: Load<'_>) -> tidegauge_core::Result<()> {
        let batches = load.batches.to_vec();
        let source = load.source.to_owned();
        let (before, after) = (load.before.cloned(), load.after.clone());
        self.blocking(move |place| {
            let mut turn = place.turn()?;
            until(place, || commit::<F, P>(place, &mut turn, &source, &before, &after, &batches))
        })
        .await
    }

    async fn reset(&self, reset: Reset<'_>) -> tidegauge_core::Result<Vec<usize>> {
        let task = reset::Task::from(reset);
        self.blocking(move |place| task.run::<F, P>(place)).await
    }
}

/// Tries `change` until it is done before another load commits.
fn until(place: &impl Place, mut change: impl FnMut() -> Result<bool>) -> Result<()> {
    let mut pauses = CONFLICTS.build();
    loop {
        if change()? {
            return Ok(());
        }
        let Some(pause) = pauses.next() else { return Err(Error::Busy { path: place.name("") }) };
        std::thread::sleep(pause);
    }
}

/// Writes `batches`, and makes them the folder's together with the cursor; whether that was done, or
/// somebody else was quicker.
fn commit<F: Format<P>, P: Place>(
    place: &P,
    turn: &mut P::Turn,
    source: &str,
    before: &Option<Cursor>,
    after: &Cursor,
    batches: &[Batch],
) -> Result<bool> {
    let mut manifest = Manifest::read(place, F::NAME)?;
    let is_ours = |manifest: &Manifest, mark: Option<&str>| {
        mark.is_some_and(|mark| manifest.has(source, mark))
    };
    if is_ours(&manifest, turn.mark()) {
        return Ok(true); // the one before this one was done after all
    }
    let found = manifest.cursors.get(source);
    if found != before.as_ref() {
        return Err(Error::Core(tidegauge_core::Error::Conflict {
            source_name: source.into(),
            expected: before.clone(),
            found: found.cloned(),
        }));
    }
    if turn.begin()? || F::CLEAN {
        F::clean(place, &manifest)?;
    }
    let mut done = register::<F, P>(place, &mut manifest, batches.iter().map(Batch::table));
    if let Ok(true) = done {
        done = append::<F, P>(place, &mut manifest, turn.mark(), batches).and_then(|()| {
            manifest.cursors.insert(source.into(), after.clone());
            if let Some(mark) = turn.mark() {
                manifest.marks.insert(source.into(), mark.into());
            }
            manifest.write(place)
        });
    }
    conclude::<F, P>(place, turn, manifest, done, is_ours, |_| Ok(()))
}

/// Ends what was to commit `manifest`: finds out whether that was done where it is not known, and removes what
/// is not committed; if it is, does what is to be done then.
fn conclude<F: Format<P>, P: Place>(
    place: &P,
    turn: &mut P::Turn,
    mut manifest: Manifest,
    mut done: Result<bool>,
    is_ours: impl Fn(&Manifest, Option<&str>) -> bool,
    settle: impl FnOnce(&Manifest) -> Result<()>,
) -> Result<bool> {
    let number = manifest.commit;
    if !matches!(done, Ok(true)) {
        match Manifest::read(place, F::NAME) {
            Ok(there) if is_ours(&there, turn.mark()) => done = Ok(true), // but we were not told
            Ok(there) => manifest = there,
            Err(error) => {
                tracing::debug!(%error, "what is committed cannot be told");
                turn.end(number, false);
                return done;
            }
        }
    }
    // Back to what is committed. Where even that fails, another load does it.
    let settled = if matches!(done, Ok(true)) { settle(&manifest) } else { Ok(()) };
    let cleaned = match turn.end(number, matches!(done, Ok(true))) {
        true => F::clean(place, &manifest).and(settled),
        false => settled,
    };
    if let Err(error) = &cleaned {
        tracing::warn!(%error, "could not remove what no commit names");
    }
    turn.removed(cleaned.is_ok());
    done
}

/// Adds those of `tables` that the folder lacks, and compares all with their definitions; whether that
/// was done, or somebody else was quicker.
fn register<'a, F: Format<P>, P: Place>(
    place: &P,
    manifest: &mut Manifest,
    tables: impl Iterator<Item = &'a TableRef>,
) -> Result<bool> {
    let mut new = false;
    for table in tables {
        crate::check(table)?;
        match manifest.tables.get_mut(table.name.as_ref()) {
            Some(stored) => {
                stored.compare(table)?;
                if stored.widen(table) {
                    F::widen(place, table, stored)?;
                    new = true;
                }
            }
            None => {
                let mut stored = Stored::new(table);
                F::create(place, table, &mut stored)?;
                manifest.tables.insert(table.name.to_string(), stored);
                new = true;
            }
        }
    }
    if new { manifest.write(place) } else { Ok(true) }
}

/// Writes the rows of `batches` as the next commit, without committing it.
fn append<F: Format<P>, P: Place>(
    place: &P,
    manifest: &mut Manifest,
    mark: Option<&str>,
    batches: &[Batch],
) -> Result<()> {
    manifest.commit += 1;
    for (table, batch) in batches::by_table(batches)? {
        if batch.rows() == 0 {
            continue;
        }
        let Some(stored) = manifest.tables.get_mut(table.name.as_ref()) else { continue };
        let mut part = Part::new(manifest.commit, mark, batch.rows());
        part.range = keys::range(&batch, &table)?;
        if table.write == WriteMode::Append {
            let range = part.range.as_ref();
            let old = |old: &Part, take: TakeKeys<'_>| F::keys(place, &table, old, range, take);
            keys::refuse_known(&table, &batch, range, stored, old)?;
        }
        F::write(place, &table, stored, &mut part, batch)?;
        stored.parts.push(part);
    }
    Ok(())
}
