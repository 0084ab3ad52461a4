//! Resets: a manifest that names fewer rows and cursors, and then the files that it names no more.

use tidegauge_core::{Cursor, Removal, Reset};

use super::place::Turn;
use super::{Format, Manifest, Place, conclude};
use crate::{Error, Result};

/// What is to be removed, as a task that blocks takes it along.
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
    /// Does it; returns how many rows went, for each removal.
    pub(super) fn run<F: Format<P>, P: Place>(&self, place: &P) -> Result<Vec<usize>> {
        if self.dry_run {
            let manifest = Manifest::read(place, F::NAME)?;
            self.compare(&manifest)?;
            return self.count::<F, P>(place, &manifest);
        }
        let mut turn = place.turn()?;
        let mut removed = Vec::new();
        super::until(place, || self.commit::<F, P>(place, &mut turn, &mut removed))?;
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

    /// Makes a manifest without them the folder's; whether that was done, or another load was quicker.
    fn commit<F: Format<P>, P: Place>(
        &self,
        place: &P,
        turn: &mut P::Turn,
        removed: &mut Vec<usize>,
    ) -> Result<bool> {
        let mut manifest = Manifest::read(place, F::NAME)?;
        let is_ours = |manifest: &Manifest, mark: Option<&str>| {
            let is_of = |(source, _): &(String, _)| {
                mark.is_some_and(|mark| manifest.marks.get(source).is_some_and(|it| it == mark))
            };
            self.cursors.iter().any(is_of)
        };
        if is_ours(&manifest, turn.mark()) {
            return Ok(true); // the one before this one was done after all
        }
        self.compare(&manifest)?;
        *removed = self.count::<F, P>(place, &manifest)?;
        let is_known = |(source, _): &(String, _)| manifest.cursors.contains_key(source);
        if removed.iter().all(|rows| *rows == 0) && !self.cursors.iter().any(is_known) {
            return Ok(true);
        }
        if turn.begin()? || F::CLEAN {
            F::clean(place, &manifest)?;
        }
        let mut old = Vec::new();
        let done = self.remove::<F, P>(place, turn.mark(), &mut manifest, &mut old);
        let done = done.and_then(|()| manifest.write(place));
        conclude::<F, P>(place, turn, manifest, done, is_ours, |manifest| {
            F::settle(place, manifest, &old)
        })
    }

    /// Takes the rows and the cursors out of `manifest`, without committing it.
    fn remove<F: Format<P>, P: Place>(
        &self,
        place: &P,
        mark: Option<&str>,
        manifest: &mut Manifest,
        old: &mut Vec<String>,
    ) -> Result<()> {
        manifest.commit += 1;
        for removal in &self.removals {
            if let Some(stored) = manifest.tables.get_mut(removal.table().name.as_ref()) {
                F::remove(place, removal, stored, (&mut manifest.commit, mark), old)?;
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
