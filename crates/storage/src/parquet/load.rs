//! Writing of files, and their comparison with the manifest.

use std::collections::{BTreeMap, HashMap, HashSet};

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
    let (mut footers, mut sizes) = (BTreeMap::new(), BTreeMap::new());
    // Encoded in memory, where a page fits, so that errors of the disk are reported as such.
    let encoded = |(at, (day, rows)): (usize, &(Option<String>, Batch))| {
        let is_last = commit.is_last && at + 1 == count;
        let note = Note::new(table, stored, part, commit, first + at, is_last);
        let bytes = encode(rows.record(), Some(note.entry()?))?;
        footers.insert(day.clone().unwrap_or_default(), footer(&bytes));
        sizes.insert(day.clone().unwrap_or_default(), bytes.len() as u64);
        Ok((path(table, part, day.as_deref()), bytes))
    };
    place.write(&mut days.iter().enumerate().map(encoded))?;
    (part.footers, part.sizes) = (footers, sizes);
    Ok(())
}

/// Returns the fingerprint of the footer of an encoded file.
fn footer(bytes: &[u8]) -> Fingerprint {
    let mut fingerprint = Fingerprint::default();
    let range = u64::try_from(bytes.len()).ok().and_then(|size| footer_range(size, bytes));
    let start = range.and_then(|range| usize::try_from(range.start).ok());
    fingerprint.eat(&bytes[start.unwrap_or_default()..]);
    fingerprint
}

/// Returns paths and lengths in bytes of the files whose names are in this store's format.
pub(super) fn found(place: &impl Files) -> Result<Vec<(String, u64)>> {
    let mut found = place.files()?;
    found.retain(|(path, _)| Name::parse(path).is_some());
    Ok(found)
}

/// Removes the files with this store's names for which `goes` returns `true`; logs them if
/// `is_told`.
fn remove(place: &impl Files, goes: impl Fn(Name<'_>) -> bool, is_told: bool) -> Result<()> {
    let mut paths: Vec<String> = found(place)?.into_iter().map(|(path, _)| path).collect();
    paths.retain(|path| Name::parse(path).is_some_and(&goes));
    for path in paths.iter().filter(|_| is_told) {
        tracing::warn!(path = place.name(path), "removing what an unfinished load left");
    }
    place.remove(&paths)
}

/// Returns those of the files `found` that are neither in the manifest, nor of an unfinished load,
/// nor removed by a reset.
///
/// # Errors
/// When a file that both `before` and `manifest` name is missing, or has another length.
pub(super) fn compare<P: Place>(
    place: &P,
    found: &[(String, u64)],
    before: &Manifest,
    manifest: &Manifest,
    unfinished: &[Unfinished],
) -> Result<Vec<String>> {
    let there = found.iter().filter_map(|(path, size)| Some((Name::parse(path)?, *size)));
    let there: HashMap<Name<'_>, u64> = there.collect();
    let mut named: HashSet<Name<'_>> = Name::of_manifest(manifest).collect();
    for (name, written) in Name::sizes_of(before).filter(|(name, _)| named.contains(name)) {
        let path = || place.name(&name.to_string());
        match (there.get(&name), written) {
            (None, _) => return Err(Error::Gone { path: path() }),
            (Some(there), Some(written)) if *there != written => {
                return Err(Error::Cut { path: path(), there: *there, written });
            }
            _ => {}
        }
    }
    named.extend(Name::removed_from(manifest));
    let is_stray = |path: &&String| {
        Name::parse(path)
            .is_some_and(|name| !named.contains(&name) && !name.is_of(unfinished, manifest))
    };
    Ok(found.iter().map(|(path, _)| path).filter(is_stray).cloned().collect())
}

/// Removes the files that the last reset has removed from `manifest`.
pub(super) fn remove_old(place: &impl Files, manifest: &Manifest) -> Result<()> {
    let removed: HashSet<Name<'_>> = Name::removed_from(manifest).collect();
    remove(place, |name| removed.contains(&name), false)
}

/// Removes the files of those unfinished loads that can no longer commit.
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
    remove(place, |name| !named.contains(&name) && name.is_of(&over, manifest), true)
}
