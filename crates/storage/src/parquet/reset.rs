//! Removal of rows: segments are left out, or rewritten without the removed rows.

use std::ops::ControlFlow;

use tidegauge_core::{Batch, Predicate, Removal, Scan};

use super::file::ParquetFile;
use super::file_name::FileName;
use super::request::ReadRequest;
use super::scan_metrics::ScanMetrics;
use super::scan_task::data_files;
use super::{load, plan, prune};
use crate::Result;
use crate::folder::{CommitContext, FileStore, Segment, StoredTable};

/// Counts the rows of `stored` that `removal` removes and a reader would see.
pub(super) fn count_removed<D: FileStore>(
    directory: &D,
    removal: &Removal,
    stored: &StoredTable,
) -> Result<usize> {
    let (table, metrics) = (removal.table(), ScanMetrics::new(&removal.table().name));
    let request = ReadRequest {
        table: table.clone(),
        output: Scan::columns(table, table.key.first().map(ToString::to_string)).output_schema()?,
        predicate: removal.predicate().clone(),
        limit: None,
    };
    let mut rows = 0;
    for task in plan::plan_tasks(directory, &metrics, &request, stored)? {
        rows += match &task.selected {
            Some(selected) => selected.count_set_bits(),
            None if removal.is_whole() => task.file.rows,
            None => {
                let mut matching = 0;
                ParquetFile::open(directory, &metrics, &task.file, true)?.read(
                    &request,
                    &mut |batch| {
                        matching += batch.rows();
                        Ok(ControlFlow::Continue(()))
                    },
                )?;
                matching
            }
        };
    }
    Ok(rows)
}

/// Removes the rows of `removal` from `stored`: as whole segments if possible, otherwise by
/// rewriting the remaining rows of a segment, each such segment as a commit of its own with numbers
/// from `commit` on. The paths of files that are no longer named are appended to `outdated`.
pub(super) fn remove_rows<D: FileStore>(
    directory: &D,
    removal: &Removal,
    stored: &mut StoredTable,
    (commit, load_id): (&mut u64, Option<&str>),
    outdated: &mut Vec<String>,
) -> Result<()> {
    let (table, mut kept) = (removal.table(), Vec::new());
    if !removal.is_whole() {
        stored.evolve_schema(table);
    }
    for segment in std::mem::take(&mut stored.segments) {
        let remaining = match removal.is_whole() {
            true => Some(Vec::new()),
            false => remaining_rows(directory, removal, &segment)?,
        };
        let Some(remaining) = remaining else {
            kept.push(segment);
            continue;
        };
        let time = table.time.as_deref().unwrap_or_default();
        outdated.extend(FileName::of_segment(&table.name, &segment).map(|name| name.path(time)));
        let remaining = Batch::concat(table, &remaining)?;
        if remaining.rows() > 0 {
            *commit += 1;
            let mut new = Segment::new(*commit, load_id, remaining.rows());
            new.origin = Some(segment.first_commit());
            new.replaces = segment.replaces;
            new.key_range = segment.key_range;
            let mut context = CommitContext { is_last: true, ..CommitContext::default() };
            load::write_segment(directory, table, stored, &mut new, remaining, &mut context)?;
            kept.push(new);
        }
    }
    stored.segments = kept;
    Ok(())
}

/// Returns the rows of `segment` that are not removed, or `None` if none is removed.
fn remaining_rows<D: FileStore>(
    directory: &D,
    removal: &Removal,
    segment: &Segment,
) -> Result<Option<Vec<Batch>>> {
    let (table, predicate) = (removal.table(), removal.predicate());
    if predicate.is_never() || !prune::segment(predicate, table, segment) {
        return Ok(None);
    }
    let metrics = ScanMetrics::new(&table.name);
    let request = ReadRequest {
        table: table.clone(),
        output: table.clone(),
        predicate: Predicate::default(),
        limit: None,
    };
    let (mut remaining, mut rows) = (Vec::new(), 0);
    for file in data_files(&request.predicate, table, segment) {
        ParquetFile::open(directory, &metrics, &file, false)?.read(&request, &mut |batch| {
            let is_removed = predicate.keeps(&batch)?;
            let kept_rows: Vec<u32> =
                (0..).take(batch.rows()).filter(|row| !is_removed.value(*row as usize)).collect();
            rows += kept_rows.len();
            remaining.push(batch.take(&kept_rows)?);
            Ok(ControlFlow::Continue(()))
        })?;
    }
    Ok((rows < segment.rows).then_some(remaining))
}
