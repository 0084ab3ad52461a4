//! The plan of a scan: the files that may have rows, pruned by the manifest, and the latest rows of
//! a merge table.

use tidegauge_core::WriteMode;

use super::request::ReadRequest;
use super::scan_metrics::ScanMetrics;
use super::scan_task::{FileScanTask, data_files};
use super::{merge, prune};
use crate::Result;
use crate::folder::{FileStore, StoredTable};

/// Returns the files of `stored` in which rows may pass.
pub(super) fn plan_tasks<D: FileStore>(
    directory: &D,
    metrics: &ScanMetrics,
    request: &ReadRequest,
    stored: &StoredTable,
) -> Result<Vec<FileScanTask>> {
    stored.check_schema_for_read(&request.table)?;
    if request.predicate.is_never() {
        return Ok(Vec::new());
    }
    let (predicate, table) = (&request.predicate, &request.table);
    match table.write {
        WriteMode::Append if !stored.segments.iter().any(|segment| segment.replaces) => {
            let segments =
                stored.segments.iter().filter(|segment| prune::segment(predicate, table, segment));
            let files = segments.flat_map(|segment| data_files(predicate, table, segment));
            Ok(files.map(|file| FileScanTask { file, selected: None }).collect())
        }
        // A row of one day may be replaced by one of another day.
        _ => merge::latest_rows(directory, metrics, request, &stored.segments),
    }
}
