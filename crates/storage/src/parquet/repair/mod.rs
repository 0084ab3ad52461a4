//! Repair: rebuilds the manifest from the metadata in the files.
//!
//! Commits are restored in order, each as a whole: its rows together with its cursor. An
//! interrupted load is recognized by its record (see `folder`) or by missing files.

mod rebuild;
mod unlisted_file;

use std::collections::HashSet;

use tidegauge_core::{Sink, TableRef};

use self::rebuild::Rebuild;
use super::file_name::FileName;
use super::format::{NAME, ParquetFormat};
use super::load;
use super::warehouse::ParquetFolder;
use crate::folder::{
    FileStore, LoadGuard, LoadOutcome, MANIFEST_PATH, META_DIR, Manifest, Segment,
};
use crate::repair_report::RepairReport;
use crate::{Error, Result, random};

impl<D: FileStore> ParquetFolder<D> {
    /// Rebuilds the manifest if it does not match the files.
    pub(crate) async fn repair(&self, tables: &[TableRef]) -> tidegauge_core::Result<RepairReport> {
        let tables = tables.to_vec();
        let repaired = self.blocking(move |directory| rebuild_manifest(directory, &tables)).await?;
        Ok(RepairReport { store: self.name().to_owned(), ..repaired })
    }
}

/// Rebuilds the manifest of the folder at `directory` if it does not match the files.
fn rebuild_manifest<D: FileStore>(directory: &D, tables: &[TableRef]) -> Result<RepairReport> {
    if directory.read_manifest()?.is_none() && load::list_data_files(directory)?.is_empty() {
        return Ok(RepairReport::default()); // nothing was ever loaded
    }
    let mut guard = directory.acquire_guard()?;
    let (known_commit, found) = (directory.known_commit(), directory.read_manifest()?);
    let (text, version) = found.map_or((None, None), |(text, version)| (Some(text), version));
    let (base, fault) = match &text {
        None => (None, Some("its manifest was gone".to_owned())),
        Some(text) => match Manifest::parse::<ParquetFormat, D>(directory, text)? {
            Ok(manifest) if manifest.commit < known_commit => {
                let fault = "its manifest was older than its last commit".to_owned();
                (Some(manifest), Some(fault))
            }
            Ok(manifest) => (Some(manifest), None),
            Err(reason) => (None, Some(format!("its manifest was damaged: {reason}"))),
        },
    };
    // No file records which rows and cursors a reset has removed, so a reset keeps a copy of its
    // manifest.
    let is_found = base.is_some();
    let base = match (base, read_reset_copy(directory)?) {
        (Some(base), Some(copy)) if copy.commit > base.commit => Some(copy),
        (Some(base), _) => Some(base),
        (None, copy) => copy,
    };
    let has_base = base.is_some();
    let manifest = base.unwrap_or_else(|| Manifest::empty(NAME, 0));
    let unfinished = directory.unfinished_loads()?;
    let report = RepairReport { faults: fault.into_iter().collect(), ..RepairReport::default() };
    let mut rebuild = Rebuild {
        manifest: manifest.with_version(version),
        tables,
        unfinished,
        known_commit,
        is_reset: false,
        report,
    };
    let found = load::list_data_files(directory)?;
    let truncated = rebuild.drop_missing_files(directory, &found);
    rebuild.report_unfinished_resets(is_found);
    let named: HashSet<FileName<'_>> = FileName::of_manifest(&rebuild.manifest).collect();
    let mut unlisted: Vec<(&str, FileName<'_>)> = found
        .iter()
        .filter_map(|(path, _)| Some((path.as_str(), FileName::parse(path)?)))
        .filter(|(_, name)| !named.contains(name))
        .collect();
    drop(named);
    let removed: HashSet<FileName<'_>> = FileName::removed_from(&rebuild.manifest).collect();
    let is_leftover = |name: &FileName<'_>| {
        removed.contains(name) || name.may_be_of(&rebuild.unfinished, &rebuild.manifest)
    };
    if rebuild.report.faults.is_empty() && unlisted.iter().all(|(_, name)| is_leftover(name)) {
        return Ok(rebuild.into_report()); // the next load removes leftovers
    }
    let is_missing_in_manifest =
        |(path, name): &(&str, FileName<'_>)| !is_leftover(name) && !truncated.contains(path);
    if is_found && unlisted.iter().any(is_missing_in_manifest) {
        rebuild.report.faults.push("its manifest did not name all files".into());
    }
    unlisted.sort_by_key(|(_, name)| *name);
    let mut rejected = Vec::new();
    let last = unlisted.iter().map(|(_, name)| name.commit).max().unwrap_or_default();
    rebuild.restore_commits(directory, &unlisted, has_base, last, &mut rejected)?;
    if rebuild.is_reset {
        rebuild.report.unrecoverable.push(
            "a reset has written rows anew, and the copy of the manifest that it has kept is gone: what else it \
             removed may be there again if it was broken off, and of the sources whose rows it wrote the \
             cursors are known only as far as other files tell them"
                .into(),
        );
    }
    if last.max(rebuild.manifest.commit) < known_commit {
        rebuild.report.unrecoverable.push(format!(
            "the last commits (up to {known_commit}) left no files: they had no rows, or those are gone; their \
             sources go on where the commits before ended"
        ));
    }
    let manifest = &mut rebuild.manifest;
    // Segments that replace rows come after them, regardless of the commit that rewrote them last.
    for stored in manifest.tables.values_mut() {
        stored.segments.sort_by_key(Segment::first_commit);
    }
    manifest.commit = manifest.commit.max(known_commit).max(last);
    let folder = format!("{META_DIR}/aside-{:016x}", random::random_number());
    if let Some(text) = text {
        let copy = (
            format!("{folder}/{}", MANIFEST_PATH.rsplit('/').next().unwrap_or(MANIFEST_PATH)),
            text,
        );
        directory.write_files(&mut std::iter::once(Ok(copy)))?;
        rebuild.report.moved_to = Some(directory.name(&folder));
    }
    if !manifest.commit_to(directory)? {
        return Err(Error::Busy { path: directory.name("") });
    }
    for moved in &rejected {
        directory.rename_file(&moved.path, &format!("{folder}/{}", moved.path))?;
        rebuild.report.moved_to = Some(directory.name(&folder));
    }
    guard.end(rebuild.manifest.commit, LoadOutcome::Committed(rebuild.manifest.commit));
    rebuild.report.rejected = rejected;
    Ok(rebuild.into_report())
}

/// Returns the manifest as of the last reset, or `None` if there is none that can be read.
fn read_reset_copy<D: FileStore>(directory: &D) -> Result<Option<Manifest>> {
    match directory.reset_copy()? {
        Some(text) => Ok(Manifest::parse::<ParquetFormat, D>(directory, &text)?.ok()),
        None => Ok(None),
    }
}
