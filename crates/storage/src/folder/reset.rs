//! Resets: a commit of a manifest that names fewer rows and cursors, followed by the removal of
//! files no longer named.

use std::sync::atomic::AtomicBool;

use tidegauge_core::{Cursor, Removal, Reset};

use super::place::{Turn, Writes};
use super::{Format, Manifest, Place, conclude};
use crate::{Error, Result};

/// The parameters of a reset, owned for a blocking task.
#[derive(Debug, Clone)]
pub(super) struct Task {
    cursors: Vec<(String, Option<Cursor>)>,
    removals: Vec<Removal>,
    dry_run: bool,
}

impl From<Reset<'_>> for Task {
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

impl Task {
    /// Runs the reset; returns the number of rows removed per removal.
    pub(super) fn run<F: Format<P>, P: Place>(
        &self,
        place: &P,
        settled: &AtomicBool,
    ) -> Result<Vec<usize>> {
        if self.dry_run {
            super::settle::<F, P>(place, settled)?;
            let manifest = Manifest::read::<F, P>(place)?;
            self.compare(&manifest)?;
            return self.count::<F, P>(place, &manifest);
        }
        let (mut removed, mut marks) = (Vec::new(), Vec::new());
        super::until(place, || {
            // Each attempt has a new mark, so that files of an earlier attempt are not confused
            // with those of the next.
            let mut turn = place.turn()?;
            super::settle::<F, P>(place, settled)?;
            let done = self.commit::<F, P>(place, &mut turn, &marks, &mut removed);
            marks.extend(turn.mark().map(str::to_owned));
            done
        })?;
        Ok(removed)
    }

    fn compare(&self, manifest: &Manifest) -> Result<()> {
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

    fn count<F: Format<P>, P: Place>(&self, place: &P, manifest: &Manifest) -> Result<Vec<usize>> {
        let count = |removal: &Removal| {
            let table = removal.table();
            let Some(stored) = manifest.tables.get(table.name.as_ref()) else { return Ok(0) };
            if !removal.is_whole() {
                stored.compare(table)?;
            }
            F::count(place, removal, stored)
        };
        self.removals.iter().map(count).collect()
    }

    /// Commits a manifest without the rows and cursors, unless a commit of one of `marks` exists
    /// already. Returns `false` if another load was quicker.
    fn commit<F: Format<P>, P: Place>(
        &self,
        place: &P,
        turn: &mut P::Turn,
        marks: &[String],
        removed: &mut Vec<usize>,
    ) -> Result<bool> {
        let mut manifest = Manifest::read::<F, P>(place)?;
        if marks.iter().any(|mark| manifest.holds(mark)) {
            return Ok(true); // the one before this one was done after all
        }
        self.compare(&manifest)?;
        *removed = self.count::<F, P>(place, &manifest)?;
        let is_known = |(source, _): &(String, _)| manifest.cursors.contains_key(source);
        if removed.iter().all(|rows| *rows == 0) && !self.cursors.iter().any(is_known) {
            return Ok(true);
        }
        let (number, writes) = (manifest.commit + 1, Writes::From);
        super::begin::<F, P>(place, turn, &mut manifest, writes)?;
        let done = self.remove::<F, P>(place, turn.mark(), &mut manifest);
        let done = done.and_then(|()| manifest.write(place));
        let is_ours =
            |manifest: &Manifest, mark: Option<&str>| mark.is_some_and(|mark| manifest.holds(mark));
        conclude::<F, P>(place, turn, (number, writes), &manifest, done, is_ours)
    }

    /// Removes the rows and the cursors from `manifest`, without committing it.
    fn remove<F: Format<P>, P: Place>(
        &self,
        place: &P,
        mark: Option<&str>,
        manifest: &mut Manifest,
    ) -> Result<()> {
        manifest.commit += 1;
        for removal in &self.removals {
            if let Some(stored) = manifest.tables.get_mut(removal.table().name.as_ref()) {
                let next = (&mut manifest.commit, mark);
                F::remove(place, removal, stored, next, &mut manifest.removed)?;
            }
        }
        for (source, _) in &self.cursors {
            manifest.cursors.remove(source);
            if let Some(mark) = mark {
                manifest.marks.insert(source.clone(), mark.into());
            }
        }
        Ok(())
    }
}
