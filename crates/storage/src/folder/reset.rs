//! Resets: a commit of a manifest that names fewer rows and cursors, followed by the removal of
//! files no longer named.

use std::sync::atomic::AtomicBool;

use tidegauge_core::{Cursor, Removal, Reset};

use super::commit::{begin_commit, commit_with_retry, finish_commit};
use super::directory::Directory;
use super::format::Format;
use super::load_guard::{LoadGuard, WriteExtent};
use super::manifest::Manifest;
use super::verify::verify_folder;
use crate::{Error, Result};

/// The parameters of a reset, owned for a blocking task.
#[derive(Debug, Clone)]
pub(super) struct ResetTask {
    cursors: Vec<(String, Option<Cursor>)>,
    removals: Vec<Removal>,
    dry_run: bool,
}

impl From<Reset<'_>> for ResetTask {
    fn from(reset: Reset<'_>) -> Self {
        let owned = |(source, before): &(&str, Option<&Cursor>)| {
            ((*source).to_owned(), before.map(Clone::clone))
        };
        Self {
            cursors: reset.cursors.iter().map(owned).collect(),
            removals: reset.removals.to_vec(),
            dry_run: reset.dry_run,
        }
    }
}

impl ResetTask {
    /// Runs the reset; returns the number of rows removed per removal.
    pub(super) fn run<F: Format<D>, D: Directory>(
        &self,
        directory: &D,
        verified: &AtomicBool,
    ) -> Result<Vec<usize>> {
        if self.dry_run {
            verify_folder::<F, D>(directory, verified)?;
            let manifest = Manifest::read::<F, D>(directory)?;
            self.check_cursors(&manifest)?;
            return self.count_removed::<F, D>(directory, &manifest);
        }
        let (mut removed, mut load_ids) = (Vec::new(), Vec::new());
        commit_with_retry(directory, || {
            // Each attempt has a new load id, so that files of an earlier attempt are not confused
            // with those of the next.
            let mut guard = directory.acquire_guard()?;
            verify_folder::<F, D>(directory, verified)?;
            let committed = self.commit::<F, D>(directory, &mut guard, &load_ids, &mut removed);
            load_ids.extend(guard.load_id().map(str::to_owned));
            committed
        })?;
        Ok(removed)
    }

    /// Returns the conflict of the first cursor that is not the expected one.
    fn check_cursors(&self, manifest: &Manifest) -> Result<()> {
        for (source, before) in &self.cursors {
            let found = manifest.cursors.get(source);
            if found != before.as_ref() {
                return Err(Error::Core(tidegauge_core::Error::Conflict {
                    source_name: source.clone(),
                    expected: before.clone(),
                    found: found.cloned(),
                }));
            }
        }
        Ok(())
    }

    /// Counts the rows that each removal removes.
    fn count_removed<F: Format<D>, D: Directory>(
        &self,
        directory: &D,
        manifest: &Manifest,
    ) -> Result<Vec<usize>> {
        let count = |removal: &Removal| {
            let table = removal.table();
            let Some(stored) = manifest.tables.get(table.name.as_ref()) else { return Ok(0) };
            if !removal.is_whole() {
                stored.check_schema(table)?;
            }
            F::count_removed(directory, removal, stored)
        };
        self.removals.iter().map(count).collect()
    }

    /// Commits a manifest without the rows and cursors, unless one of `load_ids` was committed
    /// already. Returns `false` on conflict, if another load has committed first.
    fn commit<F: Format<D>, D: Directory>(
        &self,
        directory: &D,
        guard: &mut D::Guard,
        load_ids: &[String],
        removed: &mut Vec<usize>,
    ) -> Result<bool> {
        let mut manifest = Manifest::read::<F, D>(directory)?;
        if load_ids.iter().any(|load_id| manifest.contains_load(load_id)) {
            return Ok(true); // a previous attempt was committed after all
        }
        self.check_cursors(&manifest)?;
        *removed = self.count_removed::<F, D>(directory, &manifest)?;
        let is_known = |(source, _): &(String, _)| manifest.cursors.contains_key(source);
        if removed.iter().all(|rows| *rows == 0) && !self.cursors.iter().any(is_known) {
            return Ok(true);
        }
        let (number, extent) = (manifest.commit + 1, WriteExtent::ManyCommits);
        begin_commit::<F, D>(directory, guard, &mut manifest, extent)?;
        let committed = self.remove_from::<F, D>(directory, guard.load_id(), &mut manifest);
        let committed = committed.and_then(|()| manifest.commit_to(directory));
        let is_own_load = |manifest: &Manifest, load_id: Option<&str>| {
            load_id.is_some_and(|load_id| manifest.contains_load(load_id))
        };
        finish_commit::<F, D>(directory, guard, (number, extent), &manifest, committed, is_own_load)
    }

    /// Removes the rows and the cursors from `manifest`, without committing it.
    fn remove_from<F: Format<D>, D: Directory>(
        &self,
        directory: &D,
        load_id: Option<&str>,
        manifest: &mut Manifest,
    ) -> Result<()> {
        manifest.commit += 1;
        for removal in &self.removals {
            if let Some(stored) = manifest.tables.get_mut(removal.table().name.as_ref()) {
                let next = (&mut manifest.commit, load_id);
                F::remove_rows(directory, removal, stored, next, &mut manifest.removed)?;
            }
        }
        for (source, _) in &self.cursors {
            manifest.cursors.remove(source);
            if let Some(load_id) = load_id {
                manifest.load_ids.insert(source.clone(), load_id.into());
            }
        }
        Ok(())
    }
}
