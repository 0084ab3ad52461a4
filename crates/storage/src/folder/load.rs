//! Loads: the rows of a load are written as segments, and committed together with its cursor.

use tidegauge_core::tables::Quarantine;
use tidegauge_core::{Batch, Load, Loaded, OnDuplicate, Removal, RowTally, TableRef, WriteMode};

use super::commit::{begin_commit, finish_commit};
use super::directory::Directory;
use super::format::{CommitContext, Format};
use super::key_lookup::{self, RowConsumer};
use super::load_guard::{LoadGuard, WriteExtent};
use super::manifest::Manifest;
use super::segment::Segment;
use super::stored_table::{SchemaChange, StoredTable};
use crate::duplicates::resolve_duplicates;
use crate::keys::{KeySet, latest_per_key};
use crate::reserved::check_table;
use crate::{Error, Result, batches};

/// Writes the batches of `load` and commits them together with the cursor; `loaded` receives the
/// row counts. Returns `false` on conflict, if another load has committed first.
pub(super) fn commit_load<F: Format<D>, D: Directory>(
    directory: &D,
    guard: &mut D::Guard,
    load: &Load<'_>,
    loaded: &mut Loaded,
) -> Result<bool> {
    let mut manifest = Manifest::read::<F, D>(directory)?;
    let is_own_load = |manifest: &Manifest, load_id: Option<&str>| {
        load_id.is_some_and(|load_id| manifest.contains_load_of(load.source, load_id))
    };
    if is_own_load(&manifest, guard.load_id()) {
        return Ok(true); // the previous attempt was committed after all
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
    let quarantine = match load.on_duplicate {
        OnDuplicate::SetAside { .. } => Some(Quarantine::table()),
        _ => None,
    };
    let tables = || load.batches.iter().map(Batch::table).chain(load.replaces).chain(quarantine);
    let may_rewrite = |table: &TableRef| {
        let stored = manifest.tables.get(table.name.as_ref());
        stored.is_some_and(|stored| F::may_rewrite(table, stored))
    };
    let extent = match load.batches.iter().any(|batch| batch.rows() > 0) {
        // Like a reset, it leaves files to be removed or put in place after its commit.
        _ if !load.replaces.is_empty() => WriteExtent::ManyCommits,
        true if tables().any(may_rewrite) => WriteExtent::ManyCommits,
        true => WriteExtent::OneCommit,
        false => WriteExtent::Nothing,
    };
    begin_commit::<F, D>(directory, guard, &mut manifest, extent)?;
    let mut committed = register_tables::<F, D>(directory, &mut manifest, tables());
    if let Ok(true) = committed {
        committed = write_segments::<F, D>(directory, &mut manifest, guard.load_id(), load)
            .and_then(|counts| {
                *loaded = counts;
                manifest.cursors.insert(load.source.into(), load.after.clone());
                for source in load.removed_cursors {
                    manifest.cursors.remove(*source);
                }
                if let Some(load_id) = guard.load_id() {
                    manifest.load_ids.insert(load.source.into(), load_id.into());
                }
                manifest.commit_to(directory)
            });
    }
    finish_commit::<F, D>(directory, guard, (number, extent), &manifest, committed, is_own_load)
}

/// Adds the tables that the folder lacks, and compares all with their definitions. Returns `false`
/// on conflict, if another load has committed first.
pub(super) fn register_tables<'a, F: Format<D>, D: Directory>(
    directory: &D,
    manifest: &mut Manifest,
    tables: impl Iterator<Item = &'a TableRef>,
) -> Result<bool> {
    let mut is_changed = false;
    for table in tables {
        check_table(table)?;
        match manifest.tables.get_mut(table.name.as_ref()) {
            Some(stored) => {
                stored.check_schema(table)?;
                let change = stored.evolve_schema(table);
                if change == SchemaChange::AddedColumns {
                    F::add_columns(directory, table, stored)?;
                }
                is_changed |= change != SchemaChange::None;
            }
            None => {
                let mut stored = StoredTable::new(table);
                F::create_table(directory, table, &mut stored)?;
                manifest.tables.insert(table.name.to_string(), stored);
                is_changed = true;
            }
        }
    }
    if is_changed { manifest.commit_to(directory) } else { Ok(true) }
}

/// Writes the rows of `load` as the next commit, without committing it. Returns the row counts.
fn write_segments<F: Format<D>, D: Directory>(
    directory: &D,
    manifest: &mut Manifest,
    load_id: Option<&str>,
    load: &Load<'_>,
) -> Result<Loaded> {
    manifest.commit += 1;
    let mut commit = CommitContext {
        source: Some(load.source),
        before: load.before,
        after: Some(load.after),
        files: 0,
        is_last: false,
    };
    let mut tally = RowTally::new(load);
    let notes = load.outdated_notes()?;
    for removal in load.replaces.iter().map(Removal::all).chain(notes) {
        if let Some(stored) = manifest.tables.get_mut(removal.table().name.as_ref()) {
            if removal.is_whole() {
                tally
                    .count_removed(removal.table(), F::count_removed(directory, &removal, stored)?);
            } else {
                stored.check_schema(removal.table())?;
            }
            let next = (&mut manifest.commit, load_id);
            F::remove_rows(directory, &removal, stored, next, &mut manifest.removed)?;
        }
    }
    let mut written = Vec::new();
    for (table, batch) in batches::by_table(load.batches)? {
        if let Some(stored) = manifest.tables.get(table.name.as_ref())
            && batch.rows() > 0
        {
            let (rows, write) = resolve_batch::<F, D>(directory, &batch, stored, &mut tally)?;
            written.push((table, rows, write));
        }
    }
    if let Some(batch) = tally.set_aside()? {
        let table = batch.table().clone();
        written.push((table.clone(), latest_per_key(&table, batch)?, table.write));
    }
    written.retain(|(_, rows, _)| rows.rows() > 0);
    let count = written.len();
    for (at, (table, rows, write)) in written.into_iter().enumerate() {
        let Some(stored) = manifest.tables.get_mut(table.name.as_ref()) else { continue };
        let mut segment = Segment::new(manifest.commit, load_id, rows.rows());
        segment.key_range = key_lookup::key_range(&rows, &table)?;
        segment.replaces = write != table.write && write == WriteMode::Merge;
        commit.is_last = at + 1 == count;
        F::write_segment(directory, &table, stored, &mut segment, rows, &mut commit)?;
        stored.segments.push(segment);
    }
    Ok(tally.finish())
}

/// Returns the rows of `batch` that are to be written, and their write mode.
fn resolve_batch<F: Format<D>, D: Directory>(
    directory: &D,
    batch: &Batch,
    stored: &StoredTable,
    tally: &mut RowTally<'_>,
) -> Result<(Batch, WriteMode)> {
    let table = batch.table();
    let range = key_lookup::key_range(batch, table)?;
    if !tally.may_repeat(table) {
        let range = range.as_ref();
        let old = |old: &Segment, consume: RowConsumer<'_>| {
            F::read_keys(directory, table, old, range, consume)
        };
        key_lookup::refuse_known_keys(table, batch, range, stored, old)?;
        tally.count_inserted(table, batch.rows());
        return Ok((batch.clone(), table.write));
    }
    let mut found = Vec::new();
    if tally.compares() {
        let keys = KeySet::from_batch(batch, table)?;
        let read = |consume: RowConsumer<'_>| {
            F::read_rows(directory, table, stored, range.as_ref(), consume)
        };
        read(&mut |rows| {
            let rows = keys.select(rows, table)?;
            found.extend(Some(rows).filter(|rows| rows.rows() > 0));
            Ok(())
        })?;
    }
    let resolved = resolve_duplicates(tally, batch, &found, !F::READS_LATEST_ROWS)?;
    // If every line is kept, rows that the load itself replaces are written too.
    let keeps_all_rows = !F::READS_LATEST_ROWS && !tally.compares();
    Ok(if keeps_all_rows { (batch.clone(), table.write) } else { (resolved.rows, resolved.write) })
}
