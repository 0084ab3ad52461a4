//! Folders of files with transactional loads.
//!
//! Data files are written first and have no effect until `_tidegauge/manifest.json`, which is
//! replaced atomically, names them together with the new cursor. A load records its beginning and
//! its end; files of a killed load are recognized by that record alone, and removed by the next
//! load. Any other file that is not in the manifest means that the manifest does not belong to
//! these files, and the folder is refused. On a disk, loads are serialized by a lock; in a bucket
//! the load that commits first wins, and the others start over.

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
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use backon::BackoffBuilder;
use tidegauge_core::tables::Quarantine;
use tidegauge_core::{
    Batch, Cursor, ErrorKind, Load, Loaded, OnDuplicate, Removal, Reset, RowTally, Sink,
    SinkCapabilities, Table, TableRef, WriteMode,
};

#[cfg(feature = "object-store")]
pub(crate) use bucket::Bucket;
pub(crate) use disk::Disk;
#[cfg(feature = "csv")]
pub(crate) use disk::{sync_dir, synced};
pub(crate) use keys::TakeRows;
#[cfg(feature = "parquet")]
pub(crate) use keys::{ranges, times};
use manifest::Widened;
pub(crate) use manifest::{Manifest, Part, Range, Stored};
pub(crate) use place::OWN;
use place::Writes;
#[cfg(feature = "parquet")]
pub(crate) use place::{Ended, Files, MANIFEST, Opened};
#[cfg(not(feature = "parquet"))]
use place::{Ended, MANIFEST};
pub(crate) use place::{Place, Turn, Unfinished};

use crate::duplicates::settle as settled;
use crate::keys::{KeySet, newest};
use crate::retry::{self, Policy};
use crate::{Error, Result, batches};

/// The retry policy of a load that another one has overtaken.
const CONFLICTS: Policy = retry::exponential(Duration::from_millis(10), Duration::from_secs(1), 30);

/// A file format of a folder.
pub(crate) trait Format<P>: Debug + Send + Sync + 'static {
    /// The scheme of the URL, and the name in the manifest.
    const NAME: &'static str;

    /// Returns the capabilities of such a folder.
    fn capabilities() -> SinkCapabilities;

    /// Prepares for `table`, which the folder does not have yet.
    fn create(place: &P, table: &Table, stored: &mut Stored) -> Result<()>;

    /// Prepares for columns that were added to the definition of `table`.
    fn widen(place: &P, table: &Table, stored: &mut Stored) -> Result<()>;

    /// Returns `true` if writing rows of `table` may require rewriting existing ones, as a reset
    /// does.
    fn may_rewrite(_table: &Table, _stored: &Stored) -> bool {
        false
    }

    /// Writes the rows of `batch`, which is not empty, as `part`, and records their location in it.
    /// The rows are durable when it returns.
    fn write(
        place: &P,
        table: &TableRef,
        stored: &mut Stored,
        part: &mut Part,
        batch: Batch,
        commit: &mut Commit<'_>,
    ) -> Result<()>;

    /// Passes the key columns of `part` to `take` in batches; rows whose key is outside `range` may
    /// be left out.
    fn keys(
        place: &P,
        table: &TableRef,
        part: &Part,
        range: Option<&Range>,
        take: TakeRows<'_>,
    ) -> Result<()>;

    /// Passes the rows of `stored` to `take`, rows that replace others after those; rows whose key
    /// is outside `range` may be left out.
    fn rows(
        place: &P,
        table: &TableRef,
        stored: &Stored,
        range: Option<&Range>,
        take: TakeRows<'_>,
    ) -> Result<()>;

    /// `true` if readers select the newest row of each key, so that a row that its own load
    /// replaces need not be written.
    const REPLACES: bool;

    /// Counts the rows of `stored` that `removal` removes.
    fn count(place: &P, removal: &Removal, stored: &Stored) -> Result<usize>;

    /// Removes the rows of `removal` from `stored`, and rewrites what is necessary with the commit
    /// number and mark in `next`, which may be increased. Committed files are not touched; the
    /// paths of files that are no longer named are appended to `old`.
    fn remove(
        place: &P,
        removal: &Removal,
        stored: &mut Stored,
        next: (&mut u64, Option<&str>),
        old: &mut Vec<String>,
    ) -> Result<()>;

    /// Brings the files into the state of `manifest` after the commit of a reset; idempotent.
    fn finish(place: &P, manifest: &Manifest) -> Result<()>;

    /// The advice for a manifest that does not match the files.
    const MEND: &'static str;

    /// `true` if `found` and `compare` are cheap enough for every load.
    const CHEAP: bool;

    /// The result of inspecting the files.
    type Found;

    /// Returns the path of a data file in a folder without a manifest, or `None` if there is none.
    fn orphan(place: &P) -> Result<Option<String>>;

    /// Inspects the files.
    fn found(place: &P, manifest: &Manifest) -> Result<Self::Found>;

    /// Returns the files that are neither in the manifest nor of one of the `unfinished` loads.
    ///
    /// # Errors
    /// When a file is missing that was in the manifest `before`, which was read before the
    /// inspection, and still is in `manifest`, which was read after it.
    fn compare(
        place: &P,
        found: &Self::Found,
        before: &Manifest,
        manifest: &Manifest,
        unfinished: &[Unfinished],
    ) -> Result<Vec<String>>;

    /// Removes the files of those `unfinished` loads and resets that can no longer commit.
    fn clean(place: &P, manifest: &Manifest, unfinished: &[Unfinished]) -> Result<()>;
}

/// The data on a load that is written into its files, so that a manifest can be rebuilt from them.
/// A reset, which rewrites rows of others, has no source.
#[derive(Debug, Default)]
#[cfg_attr(not(feature = "parquet"), allow(dead_code))]
pub(crate) struct Commit<'a> {
    pub(crate) source: Option<&'a str>,
    pub(crate) before: Option<&'a Cursor>,
    pub(crate) after: Option<&'a Cursor>,
    /// The number of files written so far.
    pub(crate) files: usize,
    /// `true` for the last table that has rows.
    pub(crate) is_last: bool,
}

/// A folder of files of one format.
#[derive(Debug)]
pub(crate) struct Folder<F, P> {
    name: String,
    pub(crate) place: P,
    /// `true` once files and manifest were found to match.
    settled: Arc<AtomicBool>,
    format: PhantomData<F>,
}

impl<F: Format<P>, P: Place> Folder<F, P> {
    /// Opens the folder at `place` under the given name.
    pub(crate) fn open(name: String, place: P) -> Self {
        Self { name, place, settled: Arc::default(), format: PhantomData }
    }

    /// Runs `work`, which blocks, on a thread for blocking work.
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
        let (tables, settled) = (tables.to_vec(), self.settled.clone());
        self.blocking(move |place| {
            let _turn = place.turn()?;
            settle::<F, P>(place, &settled)?;
            until(place, || {
                let mut manifest = Manifest::read::<F, P>(place)?;
                register::<F, P>(place, &mut manifest, tables.iter())
            })
        })
        .await
    }

    async fn cursors(&self) -> tidegauge_core::Result<BTreeMap<String, Cursor>> {
        let settled = self.settled.clone();
        self.blocking(move |place| {
            settle::<F, P>(place, &settled)?;
            Ok(Manifest::read::<F, P>(place)?.cursors)
        })
        .await
    }

    async fn load(&self, load: Load<'_>) -> tidegauge_core::Result<Loaded> {
        let batches = load.batches.to_vec();
        let source = load.source.to_owned();
        let (before, after) = (load.before.cloned(), load.after.clone());
        let (on_duplicate, replaces) = (load.on_duplicate, load.replaces.to_vec());
        let forgets: Vec<String> = load.forgets.iter().map(ToString::to_string).collect();
        let settled = self.settled.clone();
        self.blocking(move |place| {
            let mut turn = place.turn()?;
            settle::<F, P>(place, &settled)?;
            let load = Load::new(&source, &batches, before.as_ref(), &after);
            let forgets: Vec<&str> = forgets.iter().map(String::as_str).collect();
            let load = load.on_duplicate(on_duplicate).replacing(&replaces).forgetting(&forgets);
            let mut loaded = Loaded::default();
            until(place, || commit::<F, P>(place, &mut turn, &load, &mut loaded))?;
            Ok(loaded)
        })
        .await
    }

    async fn reset(&self, reset: Reset<'_>) -> tidegauge_core::Result<Vec<usize>> {
        let (task, settled) = (reset::Task::from(reset), self.settled.clone());
        self.blocking(move |place| task.run::<F, P>(place, &settled)).await
    }
}

/// Refuses a folder whose files and manifest do not match: once per opened store, or always if that
/// is cheap.
fn settle<F: Format<P>, P: Place>(place: &P, settled: &AtomicBool) -> Result<()> {
    if settled.load(Ordering::Relaxed) && !F::CHEAP {
        return Ok(());
    }
    // Other loads may run: a file that is not in the manifest at one look may be in it at the next.
    let mut strays: Vec<String> = Vec::new();
    for look in 0..3 {
        let before = Manifest::read::<F, P>(place)?;
        let found = F::found(place, &before)?;
        let unfinished = place.unfinished()?;
        let manifest = Manifest::read::<F, P>(place)?;
        let seen = F::compare(place, &found, &before, &manifest, &unfinished)?;
        strays = seen.into_iter().filter(|stray| look == 0 || strays.contains(stray)).collect();
        if strays.is_empty() {
            settled.store(true, Ordering::Relaxed);
            return Ok(());
        }
    }
    let first = strays.first().map(|stray| place.name(stray)).unwrap_or_default();
    let more = match strays.len() {
        1 => String::new(),
        count => format!(" and {} more", count - 1),
    };
    Err(Error::Manifest {
        path: place.name(MANIFEST),
        reason: format!(
            "is not the manifest of what is there: no commit of it made `{first}`{more}, and no load \
             that was broken off left that"
        ),
        mend: F::MEND.into(),
    })
}

/// Retries `change` until it succeeds without a conflict with another load.
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

/// Writes the batches of `load` and commits them together with the cursor; `loaded` receives the
/// row counts. Returns `false` if another load was quicker.
fn commit<F: Format<P>, P: Place>(
    place: &P,
    turn: &mut P::Turn,
    load: &Load<'_>,
    loaded: &mut Loaded,
) -> Result<bool> {
    let mut manifest = Manifest::read::<F, P>(place)?;
    let is_ours = |manifest: &Manifest, mark: Option<&str>| {
        mark.is_some_and(|mark| manifest.has(load.source, mark))
    };
    if is_ours(&manifest, turn.mark()) {
        return Ok(true); // the one before this one was done after all
    }
    let found = manifest.cursors.get(load.source);
    if found != load.before {
        return Err(Error::Core(tidegauge_core::Error::Conflict {
            source_name: load.source.into(),
            expected: load.before.cloned(),
            found: found.cloned(),
        }));
    }
    let number = manifest.commit + 1;
    let aside = match load.on_duplicate {
        OnDuplicate::SetAside { .. } => Some(Quarantine::table()),
        _ => None,
    };
    let tables = || load.batches.iter().map(Batch::table).chain(load.replaces).chain(aside);
    let may_rewrite = |table: &TableRef| {
        let stored = manifest.tables.get(table.name.as_ref());
        stored.is_some_and(|stored| F::may_rewrite(table, stored))
    };
    let writes = match load.batches.iter().any(|batch| batch.rows() > 0) {
        // Like a reset, it leaves files to be removed or put in place after its commit.
        _ if !load.replaces.is_empty() => Writes::From,
        true if tables().any(may_rewrite) => Writes::From,
        true => Writes::One,
        false => Writes::Nothing,
    };
    begin::<F, P>(place, turn, &mut manifest, writes)?;
    let mut done = register::<F, P>(place, &mut manifest, tables());
    if let Ok(true) = done {
        done = append::<F, P>(place, &mut manifest, turn.mark(), load).and_then(|counts| {
            *loaded = counts;
            manifest.cursors.insert(load.source.into(), load.after.clone());
            for source in load.forgets {
                manifest.cursors.remove(*source);
            }
            if let Some(mark) = turn.mark() {
                manifest.marks.insert(load.source.into(), mark.into());
            }
            manifest.write(place)
        });
    }
    conclude::<F, P>(place, turn, (number, writes), &manifest, done, is_ours)
}

/// Records that the commit after `manifest` begins. First the files of killed loads are removed,
/// and the last reset is completed.
fn begin<F: Format<P>, P: Place>(
    place: &P,
    turn: &mut P::Turn,
    manifest: &mut Manifest,
    writes: Writes,
) -> Result<()> {
    let killed = turn.begin(manifest.commit + 1, writes)?;
    if !killed.is_empty() {
        F::clean(place, manifest, &killed)?;
    }
    if !manifest.removed.is_empty() {
        F::finish(place, manifest)?;
        manifest.removed.clear();
    }
    Ok(())
}

/// Concludes the attempt to commit `manifest`, which began as commit `number`, and finds out
/// whether it was committed if that is unknown. If not, removes the written files; if so, completes
/// a reset.
fn conclude<F: Format<P>, P: Place>(
    place: &P,
    turn: &mut P::Turn,
    (number, writes): (u64, Writes),
    manifest: &Manifest,
    mut done: Result<bool>,
    is_ours: impl Fn(&Manifest, Option<&str>) -> bool,
) -> Result<bool> {
    let resets = writes == Writes::From;
    if !matches!(done, Ok(true)) {
        match Manifest::read::<F, P>(place) {
            Ok(there) if is_ours(&there, turn.mark()) => done = Ok(true), // but we were not told
            Ok(there) => {
                let ended = undo::<F, P>(place, turn, number, resets, &there);
                turn.end(number, ended);
                return done;
            }
            Err(error) => {
                tracing::debug!(%error, "what is committed cannot be told");
                turn.end(number, Ended::Left);
                return done;
            }
        }
    }
    let finished = if resets { F::finish(place, manifest) } else { Ok(()) };
    match finished {
        Ok(()) => turn.end(number, Ended::Done(manifest.commit)),
        // The next load completes it.
        Err(error) => {
            tracing::warn!(%error, "could not remove what a reset has taken out");
            turn.end(number, Ended::Left);
        }
    }
    if turn.sweeps(manifest.commit) {
        let swept = place.unfinished().and_then(|left| {
            F::clean(place, manifest, &left)?;
            place.forget(&left, manifest)
        });
        if let Err(error) = swept {
            tracing::warn!(%error, "could not remove what unfinished loads left");
            turn.sweeps_again();
        }
    }
    done
}

/// Removes the files that this load wrote as commit `number`, which was not committed, as far as
/// that is certain.
fn undo<F: Format<P>, P: Place>(
    place: &P,
    turn: &P::Turn,
    number: u64,
    resets: bool,
    manifest: &Manifest,
) -> Ended {
    if !P::is_over(number, manifest) {
        return match number <= manifest.commit && !resets {
            true => Ended::Undone(manifest.commit), // on a disk: it was made after all
            // In a bucket it might still be committed; and a reset that was committed after all is
            // not complete.
            false => Ended::Left,
        };
    }
    let mark = turn.mark().map(Into::into);
    let ours = Unfinished { commit: Some(number), mark, resets, is_gone: true };
    match F::clean(place, manifest, &[ours]) {
        Ok(()) => Ended::Undone(manifest.commit),
        // Another load removes them.
        Err(error) => {
            tracing::warn!(%error, "could not remove what a failed load wrote");
            Ended::Left
        }
    }
}

/// Adds the tables that the folder lacks, and compares all with their definitions. Returns `false`
/// if another load was quicker.
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
                let widened = stored.widen(table);
                if widened == Widened::Columns {
                    F::widen(place, table, stored)?;
                }
                new |= widened != Widened::Not;
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

/// Writes the rows of `load` as the next commit, without committing it. Returns the row counts.
fn append<F: Format<P>, P: Place>(
    place: &P,
    manifest: &mut Manifest,
    mark: Option<&str>,
    load: &Load<'_>,
) -> Result<Loaded> {
    manifest.commit += 1;
    let mut commit = Commit {
        source: Some(load.source),
        before: load.before,
        after: Some(load.after),
        files: 0,
        is_last: false,
    };
    let mut tally = RowTally::of(load);
    let notes = load.outdated_notes()?;
    for removal in load.replaces.iter().map(Removal::all).chain(notes) {
        if let Some(stored) = manifest.tables.get_mut(removal.table().name.as_ref()) {
            if removal.is_whole() {
                tally.removed(removal.table(), F::count(place, &removal, stored)?);
            } else {
                stored.compare(removal.table())?;
            }
            let next = (&mut manifest.commit, mark);
            F::remove(place, &removal, stored, next, &mut manifest.removed)?;
        }
    }
    let mut written = Vec::new();
    for (table, batch) in batches::by_table(load.batches)? {
        if let Some(stored) = manifest.tables.get(table.name.as_ref())
            && batch.rows() > 0
        {
            let (rows, write) = decide::<F, P>(place, &batch, stored, &mut tally)?;
            written.push((table, rows, write));
        }
    }
    if let Some(batch) = tally.set_aside()? {
        let table = batch.table().clone();
        written.push((table.clone(), newest(&table, batch)?, table.write));
    }
    written.retain(|(_, rows, _)| rows.rows() > 0);
    let count = written.len();
    for (at, (table, rows, write)) in written.into_iter().enumerate() {
        let Some(stored) = manifest.tables.get_mut(table.name.as_ref()) else { continue };
        let mut part = Part::new(manifest.commit, mark, rows.rows());
        part.range = keys::range(&rows, &table)?;
        part.replaces = write != table.write && write == WriteMode::Merge;
        commit.is_last = at + 1 == count;
        F::write(place, &table, stored, &mut part, rows, &mut commit)?;
        stored.parts.push(part);
    }
    Ok(tally.finish())
}

/// Returns the rows of `batch` that are to be written, and their write mode.
fn decide<F: Format<P>, P: Place>(
    place: &P,
    batch: &Batch,
    stored: &Stored,
    tally: &mut RowTally<'_>,
) -> Result<(Batch, WriteMode)> {
    let table = batch.table();
    let range = keys::range(batch, table)?;
    if !tally.may_repeat(table) {
        let range = range.as_ref();
        let old = |old: &Part, take: TakeRows<'_>| F::keys(place, table, old, range, take);
        keys::refuse_known(table, batch, range, stored, old)?;
        tally.inserted(table, batch.rows());
        return Ok((batch.clone(), table.write));
    }
    let mut found = Vec::new();
    if tally.compares() {
        let wanted = KeySet::of(batch, table)?;
        let read = |take: TakeRows<'_>| F::rows(place, table, stored, range.as_ref(), take);
        read(&mut |rows| {
            let rows = wanted.chosen(rows, table)?;
            found.extend(Some(rows).filter(|rows| rows.rows() > 0));
            Ok(())
        })?;
    }
    let settled = settled(tally, batch, &found, !F::REPLACES)?;
    // If every line is kept, rows that the load itself replaces are written too.
    let is_whole = !F::REPLACES && !tally.compares();
    Ok(if is_whole { (batch.clone(), table.write) } else { (settled.rows, settled.write) })
}
