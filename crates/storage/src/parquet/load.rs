//! Writing of files, and their comparison with the manifest.

use std::collections::{BTreeMap, HashMap, HashSet};

use tidegauge_core::{Batch, Fingerprint, Table};

use super::file_name::{FileName, file_path};
use super::footer::footer_range;
use super::load_metadata::LoadMetadata;
use super::partitions;
use crate::folder::{
    CommitContext, Directory, FileStore, Manifest, Segment, StoredTable, UnfinishedLoad,
    foreign_key_ranges, time_range,
};
use crate::parquet_file::encode_file;
use crate::{Error, Result};

/// Writes the rows of `batch` as the files of `segment`.
pub(super) fn write_segment(
    directory: &impl FileStore,
    table: &Table,
    stored: &StoredTable,
    segment: &mut Segment,
    batch: Batch,
    context: &mut CommitContext<'_>,
) -> Result<()> {
    segment.rows = batch.rows();
    segment.column_ranges = foreign_key_ranges(&batch, table)?;
    let time_range = time_range(&batch, table)?;
    let days = partitions::partition_by_day(table, batch)?;
    segment.partitions =
        days.iter().filter_map(|(day, rows)| Some((day.clone()?, rows.rows()))).collect();
    segment.time_range = time_range.filter(|_| segment.partitions.is_empty());
    let (first, count) = (context.files, days.len());
    context.files += count;
    let (mut footers, mut sizes) = (BTreeMap::new(), BTreeMap::new());
    // Encoded in memory, where a page fits, so that errors of the disk are reported as such.
    let encoded = |(at, (day, rows)): (usize, &(Option<String>, Batch))| {
        let is_last = context.is_last && at + 1 == count;
        let metadata = LoadMetadata::new(table, stored, segment, context, first + at, is_last);
        let bytes = encode_file(rows.record(), Some(metadata.to_entry()?))?;
        footers.insert(day.clone().unwrap_or_default(), footer_fingerprint(&bytes));
        sizes.insert(day.clone().unwrap_or_default(), bytes.len() as u64);
        Ok((file_path(table, segment, day.as_deref()), bytes))
    };
    directory.write_files(&mut days.iter().enumerate().map(encoded))?;
    (segment.footers, segment.sizes) = (footers, sizes);
    Ok(())
}

/// Returns the fingerprint of the footer of an encoded file.
fn footer_fingerprint(bytes: &[u8]) -> Fingerprint {
    let mut fingerprint = Fingerprint::default();
    let range = u64::try_from(bytes.len()).ok().and_then(|size| footer_range(size, bytes));
    let start = range.and_then(|range| usize::try_from(range.start).ok());
    fingerprint.update(&bytes[start.unwrap_or_default()..]);
    fingerprint
}

/// Returns paths and lengths in bytes of the files whose names are in this store's format.
pub(super) fn list_data_files(directory: &impl FileStore) -> Result<Vec<(String, u64)>> {
    let mut found = directory.list_files()?;
    found.retain(|(path, _)| FileName::parse(path).is_some());
    Ok(found)
}

/// Removes the files with this store's names for which `is_removed` returns `true`; logs them if
/// `is_logged`.
fn remove_where(
    directory: &impl FileStore,
    is_removed: impl Fn(FileName<'_>) -> bool,
    is_logged: bool,
) -> Result<()> {
    let mut paths: Vec<String> =
        list_data_files(directory)?.into_iter().map(|(path, _)| path).collect();
    paths.retain(|path| FileName::parse(path).is_some_and(&is_removed));
    for path in paths.iter().filter(|_| is_logged) {
        tracing::warn!(path = directory.name(path), "removing file of an unfinished load");
    }
    directory.remove_files(&paths)
}

/// Returns those of the files `found` that are neither in the manifest, nor of an unfinished load,
/// nor removed by a reset.
///
/// # Errors
/// When a file that both `before` and `manifest` name is missing, or has another length.
pub(super) fn verify<D: Directory>(
    directory: &D,
    found: &[(String, u64)],
    before: &Manifest,
    manifest: &Manifest,
    unfinished: &[UnfinishedLoad],
) -> Result<Vec<String>> {
    let existing = found.iter().filter_map(|(path, size)| Some((FileName::parse(path)?, *size)));
    let existing: HashMap<FileName<'_>, u64> = existing.collect();
    let mut named: HashSet<FileName<'_>> = FileName::of_manifest(manifest).collect();
    for (name, committed) in FileName::with_sizes(before).filter(|(name, _)| named.contains(name)) {
        let path = || directory.name(&name.to_string());
        match (existing.get(&name), committed) {
            (None, _) => return Err(Error::FileMissing { path: path() }),
            (Some(actual), Some(committed)) if *actual != committed => {
                return Err(Error::LengthMismatch { path: path(), actual: *actual, committed });
            }
            _ => {}
        }
    }
    named.extend(FileName::removed_from(manifest));
    let is_unexpected = |path: &&String| {
        FileName::parse(path)
            .is_some_and(|name| !named.contains(&name) && !name.may_be_of(unfinished, manifest))
    };
    Ok(found.iter().map(|(path, _)| path).filter(is_unexpected).cloned().collect())
}

/// Removes the files that the last reset has removed from `manifest`.
pub(super) fn remove_reset_files(directory: &impl FileStore, manifest: &Manifest) -> Result<()> {
    let removed: HashSet<FileName<'_>> = FileName::removed_from(manifest).collect();
    remove_where(directory, |name| removed.contains(&name), false)
}

/// Removes the files of those unfinished loads that can no longer commit.
pub(super) fn remove_uncommitted<D: FileStore>(
    directory: &D,
    manifest: &Manifest,
    unfinished: &[UnfinishedLoad],
) -> Result<()> {
    let mut superseded = unfinished.to_vec();
    superseded.retain(|load| D::is_superseded(load.commit_number(manifest), manifest));
    if superseded.is_empty() {
        return Ok(());
    }
    let named: HashSet<FileName<'_>> = FileName::of_manifest(manifest).collect();
    remove_where(
        directory,
        |name| !named.contains(&name) && name.may_be_of(&superseded, manifest),
        true,
    )
}
