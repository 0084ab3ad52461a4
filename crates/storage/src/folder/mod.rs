//! Folders of files with the promises of a database.
//!
//! Data is written first, and counts for nothing until `_tidegauge/manifest.json`, which is replaced
//! in one step, names it together with the new cursor. A load notes that it begins, and that it has
//! ended: what a killed one leaves behind is known by that note alone, and the next load removes it.
//! Anything else that is not in the manifest means that this is not the manifest of these files, and the
//! folder is refused. On a disk one load is at it at a time; in a bucket the one that commits first wins,
//! and the others begin again.

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

    /// Returns `true` if writing rows of `table` may take to write those anew that are there, as a reset does.
    fn may_rewrite(_table: &Table, _stored: &Stored) -> bool {
        false
    }

    /// Writes the rows of `batch`, which is not empty, as `part`, and notes in that where they are. The
    /// rows are durable when it returns.
    fn write(
        place: &P,
        table: &TableRef,
        stored: &mut Stored,
        part: &mut Part,
        batch: Batch,
        commit: &mut Commit<'_>,
    ) -> Result<()>;

    /// Hands the key columns of `part` to `take`, batch by batch; rows whose key lies outside of `range`
    /// may be left out.
    fn keys(
        place: &P,
        table: &TableRef,
        part: &Part,
        range: Option<&Range>,
        take: TakeRows<'_>,
    ) -> Result<()>;

    /// Hands the rows of `stored` to `take`, those that replace others behind them; rows whose key lies outside of
    /// `range` may be left out.
    fn rows(
        place: &P,
        table: &TableRef,
        stored: &Stored,
        range: Option<&Range>,
        take: TakeRows<'_>,
    ) -> Result<()>;

    /// Whether readers take the newest row of a key, so that one need not be written that its own load replaces.
    const REPLACES: bool;

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

    /// Makes the files what `manifest` says, which a reset has committed. May be done again.
    fn finish(place: &P, manifest: &Manifest) -> Result<()>;

    /// What there is to do where manifest and files do not belong together.
    const MEND: &'static str;

    /// Whether `found` and `compare` cost so little that every load can afford them.
    const CHEAP: bool;

    /// What a look at the files finds.
    type Found;

    /// Returns the path of a file with rows in a folder without a manifest; `None` if it has no such file.
    fn orphan(place: &P) -> Result<Option<String>>;

    /// Looks at the files.
    fn found(place: &P, manifest: &Manifest) -> Result<Self::Found>;

    /// Returns what is there and has no business there: it is neither in the manifest nor of one of the
    /// `unfinished` loads.
    ///
    /// # Errors
    /// Returns an error if something is gone that was in the manifest `before`, which was read before the
    /// look, and still is in `manifest`, which was read after it.
    fn compare(
        place: &P,
        found: &Self::Found,
        before: &Manifest,
        manifest: &Manifest,
        unfinished: &[Unfinished],
    ) -> Result<Vec<String>>;

    /// Removes what those of the `unfinished` loads and resets left that are over.
    fn clean(place: &P, manifest: &Manifest, unfinished: &[Unfinished]) -> Result<()>;
}

/// What a load says of itself in its files, so that a manifest can be made anew from them. A reset, which writes
/// rows of others anew, says nothing of a source.
#[derive(Debug, Default)]
#[cfg_attr(not(feature = "parquet"), allow(dead_code))]
pub(crate) struct Commit<'a> {
    pub(crate) source: Option<&'a str>,
    pub(crate) before: Option<&'a Cursor>,
    pub(crate) after: Option<&'a Cursor>,
    /// The files that were written so far.
    pub(crate) files: usize,
    /// Whether this table is the last one that has rows.
    pub(crate) is_last: bool,
}

/// A folder of files of one format.
#[derive(Debug)]
pub(crate) struct Folder<F, P> {
    name: String,
    pub(crate) place: P,
    /// Whether the files and the manifest were seen to belong together.
    settled: Arc<AtomicBool>,
    format: PhantomData<F>,
}

impl<F: Format<P>, P: Place> Folder<F, P> {
    /// The folder at `place`, which is called `name`.
    pub(crate) fn open(name: String, place: P) -> Self {
        Self { name, place, settled: Arc::default(), format: PhantomData }
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

/// Refuses a folder whose files and manifest do not belong together: once for each store that is opened,
/// or always where that is cheap.
fn settle<F: Format<P>, P: Place>(place: &P, settled: &AtomicBool) -> Result<()> {
    if settled.load(Ordering::Relaxed) && !F::CHEAP {
        return Ok(());
    }
    // Others may load meanwhile: what is not the manifest's in one look may be in the next.
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

/// Writes the batches of `load`, and makes them the folder's together with the cursor: `loaded` says what became
/// of the rows. Returns `false` if another load was quicker.
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
        // As a reset, it leaves files behind that are removed, or put in place, once it is committed.
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

/// Notes that the commit after `manifest` begins. Before that, what was killed is removed, and what the last reset
/// did not finish is finished.
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

/// Ends what was to commit `manifest`, and began as commit `number`: finds out whether that was done where it is
/// not known. If it is not, removes what was written; if it is, finishes what a reset has to do then.
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
        // The next load does it.
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

/// Removes what this load wrote as commit `number`, which was not made, as far as that is sure.
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
            // In a bucket it might still be made; and a reset that was made after all is not finished.
            false => Ended::Left,
        };
    }
    let mark = turn.mark().map(Into::into);
    let ours = Unfinished { commit: Some(number), mark, resets, is_gone: true };
    match F::clean(place, manifest, &[ours]) {
        Ok(()) => Ended::Undone(manifest.commit),
        // Another load does it.
        Err(error) => {
            tracing::warn!(%error, "could not remove what a failed load wrote");
            Ended::Left
        }
    }
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

/// Writes the rows of `load` as the next commit, without committing it. Returns what became of them.
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

/// Returns the rows of `batch` that are to be written, and how.
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
    // Where every line is kept, those are as well that the load itself replaces.
    let is_whole = !F::REPLACES && !tally.compares();
    Ok(if is_whole { (batch.clone(), table.write) } else { (settled.rows, settled.write) })
}
