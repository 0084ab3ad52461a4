//! The manifest under construction: commits are restored in order, each as a whole.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use tidegauge_core::{Cursor, TableRef};

use super::unlisted_file::{UnlistedFile, has_columns, read_unlisted};
use crate::folder::{FileStore, Manifest, Segment, StoredTable, UnfinishedLoad};
use crate::parquet::file_name::FileName;
use crate::parquet::load_metadata::{LoadEnd, cursor_fingerprint};
use crate::repair_report::{RejectedFile, RepairReport, TableContents};
use crate::{Error, Result};

/// A manifest under construction.
pub(super) struct Rebuild<'a> {
    pub(super) manifest: Manifest,
    pub(super) tables: &'a [TableRef],
    pub(super) unfinished: Vec<UnfinishedLoad>,
    /// The greatest commit that is known to have been made.
    pub(super) known_commit: u64,
    /// `true` if rows were restored that a reset had rewritten.
    pub(super) is_reset: bool,
    pub(super) report: RepairReport,
}

impl Rebuild<'_> {
    /// Reports an interrupted reset, because it is unknown whether it was committed, unless the
    /// folder's manifest was found (`is_found`).
    pub(super) fn report_unfinished_resets(&mut self, is_found: bool) {
        let manifest = &self.manifest;
        let is_open =
            |load: &UnfinishedLoad| load.is_reset && load.commit_number(manifest) > manifest.commit;
        if !is_found && self.unfinished.iter().any(is_open) {
            self.report.unrecoverable.push(
                "a reset was broken off, and whether it was committed only the lost manifest said: what it was \
                 to remove is there, with its cursors; reset again to remove it"
                    .into(),
            );
        }
    }

    /// Removes files from the manifest that are missing, or have another length than committed.
    /// Returns the latter.
    pub(super) fn drop_missing_files<'f, D: FileStore>(
        &mut self,
        directory: &D,
        found: &'f [(String, u64)],
    ) -> HashSet<&'f str> {
        let existing = found.iter().filter_map(|file| Some((FileName::parse(&file.0)?, file)));
        let existing: HashMap<FileName<'_>, &'f (String, u64)> = existing.collect();
        let (mut is_incomplete, mut truncated) = (false, HashSet::new());
        for (table, stored) in &mut self.manifest.tables {
            for segment in &mut stored.segments {
                let is_whole = |name: &FileName<'_>| {
                    let committed = segment.sizes.get(name.day.unwrap_or_default());
                    existing.get(name).is_some_and(|(_, size)| {
                        committed.is_none_or(|committed| committed == size)
                    })
                };
                let gone: Vec<Option<String>> = FileName::of_segment(table, segment)
                    .filter(|name| !is_whole(name))
                    .map(|name| name.day.map(Into::into))
                    .collect();
                is_incomplete |= !gone.is_empty();
                for day in gone {
                    let rows = match &day {
                        Some(day) => segment.partitions.remove(day).unwrap_or_default(),
                        None => segment.rows,
                    };
                    segment.rows -= rows;
                    segment.footers.remove(day.as_deref().unwrap_or_default());
                    let committed = segment.sizes.remove(day.as_deref().unwrap_or_default());
                    let (commit, load_id) = (segment.commit, segment.load_id.as_deref());
                    let name = FileName { commit, load_id, table, day: day.as_deref() };
                    let path = directory.name(&name.to_string());
                    let fault = match (existing.get(&name), committed) {
                        (Some((found, size)), Some(committed)) => {
                            truncated.insert(found.as_str());
                            format!(
                                "`{path}` had {size} bytes instead of {committed}, and its {rows} rows are left out"
                            )
                        }
                        _ => format!("`{path}` was gone, and {rows} rows with it"),
                    };
                    self.report.faults.push(fault);
                }
            }
            stored.segments.retain(|segment| segment.rows > 0);
        }
        if is_incomplete {
            self.report.unrecoverable.push(
                "the cursors of the sources go on behind rows that are gone: load such a source anew to \
                 have them again"
                    .into(),
            );
        }
        truncated
    }

    /// Restores the commits whose files are `unlisted`, and adds files that are rejected to
    /// `rejected`.
    pub(super) fn restore_commits<D: FileStore>(
        &mut self,
        directory: &D,
        unlisted: &[(&str, FileName<'_>)],
        has_base: bool,
        last: u64,
        rejected: &mut Vec<RejectedFile>,
    ) -> Result<()> {
        let base = self.manifest.commit;
        let removed: Vec<String> = self.manifest.removed.clone();
        let removed: HashSet<FileName<'_>> =
            removed.iter().filter_map(|path| FileName::parse(path)).collect();
        let mut restored: BTreeSet<String> = BTreeSet::new();
        let mut without_source = 0;
        let is_same_load = |one: &(&str, FileName<'_>), other: &(&str, FileName<'_>)| {
            (one.1.commit, one.1.load_id) == (other.1.commit, other.1.load_id)
        };
        for files in unlisted.chunk_by(is_same_load) {
            let Some((_, name)) = files.first() else { continue };
            let siblings = unlisted.iter().filter(|(_, other)| other.commit == name.commit).count();
            let mut reject = |path: &str, reason: String| {
                rejected.push(RejectedFile { path: path.into(), reason });
            };
            let mut read = Vec::new();
            for (path, name) in files {
                if removed.contains(name) {
                    reject(path, "a reset has removed its rows".into());
                    continue;
                }
                match read_unlisted(directory, path, *name) {
                    Ok(file) => read.push(file),
                    Err(Error::Damaged { reason, .. }) => reject(path, reason),
                    Err(error) => return Err(error),
                }
            }
            let (with_metadata, without_metadata): (Vec<_>, Vec<_>) =
                read.into_iter().partition(|file| file.metadata.is_some());
            for file in &without_metadata {
                let reason = if has_base {
                    Some(
                        "it does not say which load wrote it, and the manifest did not name it"
                            .into(),
                    )
                } else {
                    self.restore_without_metadata(file)?
                };
                match reason {
                    Some(reason) => reject(file.path, reason),
                    None => without_source += 1,
                }
            }
            let is_one_of_several = siblings > files.len();
            let load_id = name.load_id.map(str::to_owned);
            let is_repeated = load_id.as_ref().is_some_and(|load_id| restored.contains(load_id));
            let rejection = match with_metadata.is_empty() {
                true => None,
                false if has_base && name.commit <= base => {
                    Some(format!("commit {} was made without it", name.commit))
                }
                false if is_repeated => Some("its load was committed with another number".into()),
                false => self.restore_commit(&with_metadata, is_one_of_several, last),
            };
            match rejection {
                Some(reason) => {
                    with_metadata.iter().for_each(|file| reject(file.path, reason.clone()))
                }
                None if !with_metadata.is_empty() => restored.extend(load_id),
                None => {}
            }
        }
        if without_source > 0 {
            self.report.unrecoverable.push(format!(
                "{without_source} files were written by a release that noted nothing in them: which sources they \
                 are of and how far those were loaded cannot be known, nor whether the last commit ({last}) \
                 was finished; the next run reads those sources from their beginning: merge tables take \
                 the same rows again, append tables refuse theirs: load such a source into a new folder"
            ));
        }
        Ok(())
    }

    /// Restores a commit whose files have load metadata. Returns the reason if it is rejected.
    fn restore_commit(
        &mut self,
        files: &[UnlistedFile<'_>],
        is_one_of_several: bool,
        last: u64,
    ) -> Option<String> {
        let (first, metadata) =
            files.iter().find_map(|file| Some((file, file.metadata.as_ref()?)))?;
        let name = first.name;
        let all_metadata = || files.iter().filter_map(|file| file.metadata.as_ref());
        let end: Option<&LoadEnd> = all_metadata().find_map(|metadata| metadata.end.as_ref());
        let existing: BTreeSet<usize> = all_metadata().map(|metadata| metadata.file).collect();
        let is_whole = end.is_some_and(|end| end.files == existing.len());
        let is_unfinished = name.may_be_of(&self.unfinished, &self.manifest);
        let source = metadata.source.clone();
        let cursor = source.as_ref().and_then(|source| self.manifest.cursors.get(source));
        let cursor = cursor.map(cursor_fingerprint);
        let follows = source.is_some() && end.is_some_and(|end| end.before == cursor);
        // The commit number of an interrupted load is reused by the next one.
        let was_made = !is_unfinished && (name.commit < last || name.commit <= self.known_commit);
        if !is_whole && !was_made {
            return Some(format!("its load (commit {}) was not finished", name.commit));
        }
        if (is_unfinished || is_one_of_several) && !follows {
            return Some(format!("its load (commit {}) was not committed", name.commit));
        }
        let stored_table = self.manifest.tables.get(name.table);
        let mut stored_table =
            stored_table.into_iter().flat_map(|stored_table| &stored_table.segments);
        if let Some(origin) = metadata.segment.origin
            && stored_table.any(|segment| segment.first_commit() == origin)
        {
            self.is_reset = true;
            return Some(format!("what it was written from is there, by commit {origin}"));
        }
        let mut tables: BTreeMap<&str, (StoredTable, Segment)> = BTreeMap::new();
        for file in files {
            let Some(metadata) = &file.metadata else { continue };
            let (_, segment) = tables.entry(file.name.table).or_insert_with(|| {
                (
                    metadata.stored.without_segments(),
                    Segment { rows: 0, ..metadata.segment.clone() },
                )
            });
            file.add_to(segment);
        }
        let is_compatible = |(table, (stored, _)): (&&str, &(StoredTable, Segment))| {
            let stored_table = self.manifest.tables.get(*table);
            stored_table
                .is_none_or(|stored_table| stored_table.without_segments().merge_schema(stored))
        };
        if !tables.iter().all(is_compatible) {
            return Some("its columns or its key are not those of the table before it".into());
        }
        for (table, (stored, segment)) in tables {
            let stored_table = self.manifest.tables.entry(table.to_owned());
            let stored_table = stored_table.or_insert_with(|| stored.without_segments());
            stored_table.merge_schema(&stored);
            stored_table.segments.push(segment);
        }
        if !is_whole {
            let many = end.map_or_else(String::new, |end| format!(" of {}", end.files));
            self.report.faults.push(format!(
                "of commit {}, by {}, {}{many} files are there",
                name.commit,
                source.as_ref().map_or("a reset".into(), |source| format!("`{source}`")),
                existing.len()
            ));
        }
        let Some(source) = source else {
            self.is_reset = true;
            return None;
        };
        match end.and_then(|end| end.after.clone()) {
            Some(after) => {
                self.manifest.cursors.insert(source.clone(), after);
            }
            None => self.report.unrecoverable.push(format!(
                "how far `{source}` was loaded by commit {} cannot be known: its next run begins where the \
                 commit before it ended",
                name.commit
            )),
        }
        if let Some(load_id) = name.load_id {
            self.manifest.load_ids.insert(source, load_id.to_owned());
        }
        None
    }

    /// Restores a file without load metadata. Returns the reason if it is rejected.
    fn restore_without_metadata(&mut self, file: &UnlistedFile<'_>) -> Result<Option<String>> {
        let FileName { commit, load_id, table, .. } = file.name;
        let Some(definition) = self.tables.iter().find(|declared| declared.name == table) else {
            return Err(Error::Unrepairable {
                name: file.path.into(),
                reason: format!(
                    "it does not say what its columns are; declare the table `{table}` in \
                     tidegauge.toml, then repair again"
                ),
            });
        };
        if !has_columns(&file.footer, definition) {
            return Ok(Some(format!("its columns are not those of the table `{table}`")));
        }
        let stored_table = self.manifest.tables.entry(table.to_owned());
        let stored_table = stored_table.or_insert_with(|| StoredTable::new(definition));
        let is_of = |segment: &&mut Segment| {
            segment.commit == commit && segment.load_id.as_deref() == load_id
        };
        let segment = match stored_table.segments.iter_mut().find(is_of) {
            Some(segment) => segment,
            None => {
                stored_table.segments.push(Segment::new(commit, load_id, 0));
                match stored_table.segments.last_mut() {
                    Some(segment) => segment,
                    None => return Ok(None),
                }
            }
        };
        file.add_to(segment);
        Ok(None)
    }

    /// Returns the report.
    pub(super) fn into_report(self) -> RepairReport {
        let stored_table = |stored: &StoredTable| TableContents {
            files: stored.segments.iter().map(|segment| segment.partitions.len().max(1)).sum(),
            rows: stored.segments.iter().map(|segment| segment.rows).sum(),
        };
        let tables = self.manifest.tables.iter();
        let tables = tables.map(|(name, stored)| (name.clone(), stored_table(stored))).collect();
        let cursors: BTreeMap<String, Cursor> = self.manifest.cursors;
        RepairReport { tables, cursors, ..self.report }
    }
}
