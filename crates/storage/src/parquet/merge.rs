//! Merge on read: the selection of the latest row of each key.

use tidegauge_core::arrow::buffer::BooleanBufferBuilder;
use tidegauge_core::{Batch, Condition, Predicate, Scan};

use super::file::ParquetFile;
use super::prune;
use super::request::{DataFile, ReadRequest};
use super::scan_metrics::ScanMetrics;
use super::scan_task::{FileScanTask, data_files};
use crate::Result;
use crate::folder::{FileStore, KeyRange, Segment};
use crate::keys::{KeyMap, Keys};

/// The location of the latest row of a key: the index of its file, and its own within that.
type RowLocation = (u32, u32);

/// A search for the latest rows among segments, which are ordered from the oldest, and for those of
/// them that pass.
///
/// No segment has a key twice, and most key ranges overlap no other: such segments are read as they
/// are. Of the others only the keys are read here. Memory holds the keys of rows that pass, and a
/// bit per row; for other rows it suffices to know that they replace one.
struct LatestRows<'a, D> {
    directory: &'a D,
    metrics: &'a ScanMetrics,
    request: &'a ReadRequest,
    /// The conditions on key columns: a row that fails them replaces no row that passes.
    key_predicate: Predicate,
    locations: KeyMap<RowLocation>,
    /// For each file whose keys were read, the rows that pass and are the latest.
    selected: Vec<BooleanBufferBuilder>,
}

/// The relation of a segment to the others.
#[derive(Clone, Copy)]
struct SegmentRelation {
    /// It may have rows that pass.
    may_pass: bool,
    /// It may replace rows of older segments that pass.
    replaces: bool,
    /// Newer segments may replace rows of it.
    replaced: bool,
}

/// Returns the files with rows that pass, and which of their rows are the latest.
pub(super) fn latest_rows<D: FileStore>(
    directory: &D,
    metrics: &ScanMetrics,
    request: &ReadRequest,
    segments: &[Segment],
) -> Result<Vec<FileScanTask>> {
    let table = &request.table;
    let is_key_condition = |condition: &&Condition| table.key.contains(&condition.name);
    let key_predicate =
        request.predicate.conditions.iter().filter(is_key_condition).cloned().collect();
    let mut latest = LatestRows {
        directory,
        metrics,
        request,
        key_predicate: Predicate { conditions: key_predicate },
        locations: KeyMap::new(table)?,
        selected: Vec::new(),
    };
    let mut chosen: Vec<(DataFile, Option<usize>)> = Vec::new();
    let mut earlier: Vec<&Segment> = Vec::new();
    for (at, segment) in segments.iter().enumerate() {
        let overlaps = |other: &Segment| {
            KeyRange::overlap(segment.key_range.as_ref(), other.key_range.as_ref())
        };
        let may_replace = |other: &Segment| {
            overlaps(other) && prune::segment(&latest.key_predicate, table, other)
        };
        let relation = SegmentRelation {
            may_pass: prune::segment(&request.predicate, table, segment),
            replaces: prune::segment(&latest.key_predicate, table, segment)
                && earlier.iter().any(|other| overlaps(other)),
            replaced: segments[at + 1..].iter().any(may_replace),
        };
        if relation.may_pass {
            earlier.push(segment);
        } else if !relation.replaces {
            continue;
        }
        // Without `replaces`, only days with rows that pass need to be read.
        let all_rows = Predicate::default();
        let predicate = if relation.replaces { &all_rows } else { &request.predicate };
        for file in data_files(predicate, table, segment) {
            if !relation.replaces && !relation.replaced {
                chosen.push((file, None));
                continue;
            }
            let selected = latest.read(&file, relation)?;
            if relation.may_pass {
                chosen.push((file, Some(selected)));
            }
        }
    }
    let mut selected: Vec<_> =
        latest.selected.iter_mut().map(BooleanBufferBuilder::finish).collect();
    let tasks = chosen.into_iter().map(|(file, bits)| {
        let selected = bits.and_then(|bits| selected.get_mut(bits));
        FileScanTask { file, selected: selected.cloned() }
    });
    Ok(tasks
        .filter(|task| task.selected.as_ref().is_none_or(|selected| selected.count_set_bits() > 0))
        .collect())
}

impl<D: FileStore> LatestRows<'_, D> {
    /// Reads the keys of a file; returns the index of its bits in `selected`.
    fn read(&mut self, file: &DataFile, relation: SegmentRelation) -> Result<usize> {
        let Self { request, key_predicate, locations, selected, .. } = self;
        let table = &request.table;
        let mut names: Vec<String> = table.key.iter().map(ToString::to_string).collect();
        if relation.may_pass {
            for condition in &request.predicate.conditions {
                if !names.iter().any(|name| *name == condition.name) {
                    names.push(condition.name.to_string());
                }
            }
        }
        // A row may replace another one even if it does not pass itself, so only key conditions
        // apply.
        let predicate =
            if relation.replaces { key_predicate.clone() } else { request.predicate.clone() };
        let output = Scan::columns(table, names).output_schema()?;
        let keys = ReadRequest { table: table.clone(), output, predicate, limit: None };
        let mut bits = BooleanBufferBuilder::new(file.rows);
        bits.append_n(file.rows, false);
        let index = selected.len();
        selected.push(bits);
        let number = u32::try_from(index).unwrap_or(u32::MAX);
        let opened = ParquetFile::open(self.directory, self.metrics, file, false)?;
        opened.read_groups(&keys, &mut |batch: &Batch, rows| {
            let keys = Keys::new(batch, table)?;
            let passes = match relation.may_pass {
                true => Some(request.predicate.keeps(batch)?),
                false => None,
            };
            for (row, at) in (0..batch.rows()).zip(rows) {
                let passes = passes.as_ref().is_some_and(|passes| passes.value(row));
                if passes {
                    selected[index].set_bit(at, true);
                }
                let older = match passes && relation.replaced {
                    true => {
                        let at = u32::try_from(at).unwrap_or(u32::MAX);
                        locations.insert(&keys, row, (number, at))
                    }
                    false => locations.remove(&keys, row),
                };
                if let Some((file, row)) = older {
                    selected[file as usize].set_bit(row as usize, false);
                }
            }
            Ok(())
        })?;
        Ok(index)
    }
}
