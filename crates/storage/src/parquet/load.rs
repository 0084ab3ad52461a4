//! Writing files, and comparing those that are there with the manifest.

use std::collections::{BTreeMap, HashSet};

use tidegauge_core::{Batch, Fingerprint, Table};

use super::days;
use super::file::footer_range;
use super::name::{Name, path};
use super::note::Note;
use crate::folder::{Commit, Files, Manifest, Part, Place, Stored, Unfinished, ranges, times};
use crate::parquet_file::encode;
use crate::{Error, Result};

/// Writes the rows of `batch` as the files of `part`.
pub(super) fn write(
    place: &impl Files,
    table: &Table,
    stored: &Stored,
    part: &mut Part,
    batch: Batch,
    commit: &mut Commit<'_>,
) -> Result<()> {
    part.rows = batch.rows();
    part.ranges = ranges(&batch, table)?;
    let times = times(&batch, table)?;
    let days = days::by_day(table, batch)?;
    part.days = days.iter().filter_map(|(day, rows)| Some((day.clone()?, rows.rows()))).collect();
    part.times = times.filter(|_| part.days.is_empty());
    let (first, count) = (commit.files, days.len());
    commit.files += count;
    let mut footers = BTreeMap::new();
    // By way of memory, which a page fits: what the disk says is then said by itself.
    let encoded = |(at, (day, rows)): (usize, &(Option<String>, Batch))| {
        let is_last = commit.is_last && at + 1 == count;
        let note = Note::new(table, stored, part, commit, first + at, is_last);
        let bytes = encode(rows.record(), Some(note.entry()?))?;
        footers.insert(day.clone().unwrap_or_default(), footer(&bytes));
        Ok((path(table, part, day.as_deref()), bytes))
    };
    place.write(&mut days.iter().enumerate().map(encoded))?;
    part.footers = footers;
    Ok(())
}

/// Returns what the footer of a file is recognised by.
fn footer(bytes: &[u8]) -> Fingerprint {
    let mut fingerprint = Fingerprint::default();
    let range = u64::try_from(bytes.len()).ok().and_then(|size| footer_range(size, bytes));
    let start = range.and_then(|range| usize::try_from(range.start).ok());
    fingerprint.eat(&bytes[start.unwrap_or_default()..]);
    fingerprint
}

/// Returns the paths of the files that are called like ours.
pub(super) fn found(place: &impl Files) -> Result<Vec<String>> {
    let mut paths = place.files()?;
    paths.retain(|path| Name::parse(path).is_some());
    Ok(paths)
}

/// Returns those of the files `found` that are neither in the manifest nor of an unfinished load, nor removed by a
/// reset.
///
/// # Errors
/// Returns an error if a file is gone that both `before` and `manifest` name.
pub(super) fn compare<P: Place>(
    place: &P,
    found: &[String],
    before: &Manifest,
    manifest: &Manifest,
    unfinished: &[Unfinished],
) -> Result<Vec<String>> {
    let there: HashSet<Name<'_>> = found.iter().filter_map(|path| Name::parse(path)).collect();
    let mut named: HashSet<Name<'_>> = Name::of_manifest(manifest).collect();
    let is_gone = |name: &Name<'_>| !there.contains(name) && named.contains(name);
    if let Some(gone) = Name::of_manifest(before).find(is_gone) {
        return Err(Error::Gone { path: place.name(&gone.to_string()) });
    }
    named.extend(Name::removed_from(manifest));
    let is_stray = |path: &&String| {
        Name::parse(path)
            .is_some_and(|name| !named.contains(&name) && !name.is_of(unfinished, manifest))
    };
    Ok(found.iter().filter(is_stray).cloned().collect())
}

/// Removes the files that the last reset has removed from `manifest`.
pub(super) fn remove_old(place: &impl Files, manifest: &Manifest) -> Result<()> {
    let removed: HashSet<Name<'_>> = Name::removed_from(manifest).collect();
    let mut paths = found(place)?;
    paths.retain(|path| Name::parse(path).is_some_and(|name| removed.contains(&name)));
    place.remove(&paths)
}

/// Removes the files that those of the unfinished loads left that are over.
pub(super) fn clean<P: Files>(
    place: &P,
    manifest: &Manifest,
    unfinished: &[Unfinished],
) -> Result<()> {
    let mut over = unfinished.to_vec();
    over.retain(|load| P::is_over(load.number(manifest), manifest));
    if over.is_empty() {
        return Ok(());
    }
    let named: HashSet<Name<'_>> = Name::of_manifest(manifest).collect();
    let mut paths = found(place)?;
    paths.retain(|path| {
        Name::parse(path).is_some_and(|name| !named.contains(&name) && name.is_of(&over, manifest))
    });
    for path in &paths {
        tracing::warn!(path = place.name(path), "removing what an unfinished load left");
    }
    place.remove(&paths)
}
