//! Scans of the files that the manifest names, with pushdown of projection, predicate and limit.

use std::ops::ControlFlow;
use std::sync::Arc;

use futures_util::StreamExt;
use tidegauge_core::{Aggregate, Aggregator, Batch, Predicate, Scan, TableRef};
use tokio::runtime::Handle;

use super::file::ParquetFile;
use super::plan::plan_tasks;
use super::prune;
use super::request::{BATCH_ROWS, ReadRequest};
use super::scan_metrics::ScanMetrics;
use super::scan_task::{FileScanTask, data_files};
use super::stream::{self, ScanStream};
use crate::Result;
use crate::folder::{FileStore, KeyRange, Manifest, RowConsumer, Segment, StoredTable};
use crate::reserved::check_readable;

/// Streams the rows of `scan` from the folder `name`; the stream is empty if the table does not
/// exist. `read_manifest` is called unless the scan's limit is 0.
pub(super) fn scan<D: FileStore>(
    directory: &D,
    name: &str,
    scan: &Scan,
    read_manifest: impl FnOnce(&D) -> Result<Manifest>,
) -> Result<ScanStream> {
    let metrics = Arc::new(ScanMetrics::new(&scan.table.name));
    scan_with_metrics(directory, name, scan, read_manifest, metrics)
}

fn scan_with_metrics<D: FileStore>(
    directory: &D,
    name: &str,
    scan: &Scan,
    read_manifest: impl FnOnce(&D) -> Result<Manifest>,
    metrics: Arc<ScanMetrics>,
) -> Result<ScanStream> {
    check_readable(&scan.table)?;
    let request = ReadRequest {
        table: scan.table.clone(),
        output: scan.output_schema()?,
        predicate: scan.predicate()?,
        limit: scan.limit,
    };
    let tasks = match scan.limit {
        Some(0) => Vec::new(),
        _ => match read_manifest(directory)?.tables.get(request.table.name.as_ref()) {
            Some(stored) => plan_tasks(directory, &metrics, &request, stored)?,
            None => Vec::new(),
        },
    };
    // The first file usually has as many rows as such a small limit.
    let is_small = scan.limit.is_some_and(|limit| limit <= BATCH_ROWS);
    let readers = if is_small { 1 } else { D::max_readers() };
    let directory = directory.clone();
    stream::read_concurrently(
        name,
        tasks,
        readers,
        scan.limit,
        move |task: &FileScanTask, consume| {
            let selects = !request.predicate.is_empty() || request.limit.is_some();
            let pages = task.selected.is_some() || selects;
            let file = ParquetFile::open(&directory, &metrics, &task.file, pages)?;
            match &task.selected {
                Some(selected) => file.read_rows(&request, selected, consume),
                None => file.read(&request, consume),
            }
        },
    )
}

/// Computes an aggregate while the files are read.
pub(super) fn aggregate<D: FileStore>(
    directory: &D,
    name: &str,
    aggregate: &Aggregate,
    read_manifest: impl FnOnce(&D) -> Result<Manifest>,
) -> Result<Batch> {
    let mut fold = Aggregator::new(aggregate)?;
    let mut batches = scan(directory, name, &aggregate.scan()?, read_manifest)?;
    let runtime = Handle::current();
    while let Some(batch) = runtime.block_on(batches.next()) {
        fold.add(&batch?)?;
    }
    Ok(fold.finish()?)
}

/// Passes the key columns of `segment` to `consume`, except for rows whose key lies outside
/// `range`.
pub(super) fn read_keys<D: FileStore>(
    directory: &D,
    table: &TableRef,
    segment: &Segment,
    range: Option<&KeyRange>,
    consume: RowConsumer<'_>,
) -> Result<()> {
    let names = table.key.iter().map(ToString::to_string);
    let request = ReadRequest {
        table: table.clone(),
        output: Scan::columns(table, names).output_schema()?,
        predicate: prune::key_range(table, range),
        limit: None,
    };
    let metrics = ScanMetrics::new(&table.name);
    for file in data_files(&Predicate::default(), table, segment) {
        let file = ParquetFile::open(directory, &metrics, &file, !request.predicate.is_empty())?;
        file.read(&request, &mut |batch| {
            consume(&batch)?;
            Ok(ControlFlow::Continue(()))
        })?;
    }
    Ok(())
}

/// Passes the rows of `stored` that no newer row replaces to `consume`, except for those whose key
/// lies outside `range`.
pub(super) fn read_rows<D: FileStore>(
    directory: &D,
    table: &TableRef,
    stored: &StoredTable,
    range: Option<&KeyRange>,
    consume: RowConsumer<'_>,
) -> Result<()> {
    // Stored rows with missing values are compared too.
    let (lenient, metrics) = (table.as_read(), ScanMetrics::new(&table.name));
    let request = ReadRequest {
        table: lenient.clone(),
        output: lenient,
        predicate: prune::key_range(table, range),
        limit: None,
    };
    let consume_batch: &mut dyn FnMut(Batch) -> Result<ControlFlow<()>> = &mut |batch| {
        consume(&batch)?;
        Ok(ControlFlow::Continue(()))
    };
    for task in plan_tasks(directory, &metrics, &request, stored)? {
        let file = ParquetFile::open(directory, &metrics, &task.file, true)?;
        match &task.selected {
            Some(selected) => file.read_rows(&request, selected, consume_batch)?,
            None => file.read(&request, consume_batch)?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use futures_util::TryStreamExt;
    use tidegauge_core::arrow::array::Array;
    use tidegauge_core::arrow::schema::DataType as ArrowType;
    use tidegauge_core::{
        Cursor, DataType, Filter, Load, Sink, Span, Table, TextView, Value, Values, WriteMode,
    };

    use super::*;
    use crate::folder::Disk;
    use crate::parquet::format::ParquetFormat;
    use crate::parquet::warehouse::{ParquetFolder, open};
    use crate::parquet_file::ROW_GROUP_ROWS;

    const DAY: i64 = 86_400_000_000;

    /// Returns a table like those that the exchange simulator fills, user by user.
    fn table(write: WriteMode) -> TableRef {
        Table::builder("t", "")
            .column("id", DataType::Int64, "")
            .column("user_id", DataType::Int64, "")
            .column("at", DataType::Timestamp, "")
            .column("status", DataType::Text, "")
            .column("note", DataType::Text, "")
            .nullable("amount", DataType::CRYPTO, "")
            .key(["id"])
            .time("at")
            .write(write)
            .build()
            .unwrap()
    }

    /// Returns rows in which each user has ten, one per day.
    fn rows(table: &TableRef, ids: std::ops::Range<i64>) -> Batch {
        let count = usize::try_from(ids.end - ids.start).unwrap();
        let notes: Vec<String> = ids.clone().map(|id| format!("note {}", id * 7)).collect();
        let statuses = ["open", "filled", "cancelled"].into_iter().cycle().take(count);
        let columns = vec![
            Values::Ints(ids.clone().collect()),
            Values::Ints(ids.clone().map(|id| id / 10).collect()),
            Values::Timestamps(ids.clone().map(|id| id % 10 * DAY + id).collect()),
            Values::Texts(statuses.collect()),
            Values::Texts(notes.iter().map(String::as_str).collect()),
            Values::Decimals(ids.map(|id| i128::from(id) * 1_000_003).collect()),
        ];
        Batch::from_columns(table, count, columns).unwrap()
    }

    async fn filled(dir: &std::path::Path, pages: &[Batch]) -> ParquetFolder<Disk> {
        let folder = open(dir.to_owned());
        let mut before: Option<Cursor> = None;
        for (at, page) in pages.iter().enumerate() {
            let after = Cursor::new(at.to_string());
            let batches = std::slice::from_ref(page);
            let load = Load::new("s", batches, before.as_ref(), &after);
            folder.load(load).await.unwrap();
            before = Some(after);
        }
        folder
    }

    /// Returns the rows of a scan, and the number of bytes and row groups that it read.
    async fn read(folder: &ParquetFolder<Disk>, scan: &Scan) -> (Batch, u64, u64) {
        let metrics = Arc::new(ScanMetrics::new("t"));
        let (counts, asked) = (metrics.clone(), scan.clone());
        let read = |directory: &Disk| Manifest::read::<ParquetFormat, _>(directory);
        let batches = folder
            .blocking(move |directory| scan_with_metrics(directory, "t", &asked, read, counts))
            .await;
        let batches: Vec<Batch> = batches.unwrap().try_collect().await.unwrap();
        let found = Batch::concat(&scan.output_schema().unwrap(), &batches).unwrap();
        (found, metrics.bytes(), metrics.row_groups())
    }

    #[tokio::test]
    async fn row_groups_and_pages_without_matching_rows_are_pruned() {
        let (dir, table) = (tempfile::tempdir().unwrap(), table(WriteMode::Append));
        let count = i64::try_from(ROW_GROUP_ROWS).unwrap() + 60_000;
        let folder = filled(dir.path(), &[rows(&table, 0..count)]).await;
        let (all, every_byte, groups) = read(&folder, &Scan::all(&table)).await;
        assert_eq!((i64::try_from(all.rows()).unwrap(), groups), (count, 2));
        for (filter, wanted, most) in [
            (Filter::range("user_id", 1_000i64..1_010), 100, 8),
            (Filter::is_in("id", [5i64, count - 1]), 2, 4),
            (Filter::eq("user_id", 30_000i64), 10, 8),
            (Filter::eq("note", "note 7"), 1, 1),
            // The first row group passes as a whole, the second in part.
            (Filter::range("user_id", ..27_000i64), 270_000, 1),
            (Filter::range("at", Value::Timestamp(chrono::DateTime::UNIX_EPOCH)..), count, 1),
        ] {
            let found = Scan::all(&table).filter(filter);
            let (rows, bytes, groups) = read(&folder, &found).await;
            assert_eq!(i64::try_from(rows.rows()).unwrap(), wanted, "{found:?}");
            assert!(bytes <= every_byte / most + 65_536, "{bytes} of {every_byte}: {found:?}");
            assert!(groups <= 2, "{groups}");
        }
        let some = Scan::all(&table).filter(Filter::range("user_id", ..27_000i64)).limit(265_000);
        assert_eq!(read(&folder, &some).await.0.rows(), 265_000);
        // Pruned by the statistics of row groups alone: none in the second matches.
        let few = Scan::columns(&table, ["id"]).range("user_id", 0..10);
        assert_eq!(read(&folder, &few).await.2, 1);
        let (none, bytes, groups) = read(&folder, &few.clone().range("user_id", -5..0)).await;
        assert_eq!((none.rows(), groups), (0, 0));
        assert!(bytes < 65_536, "the footer alone");
        // With a limit, only pages with that many rows are read.
        let (some, bytes, _) = read(&folder, &Scan::all(&table).limit(1_000)).await;
        assert_eq!(some.rows(), 1_000);
        assert!(bytes < every_byte / 4 + 65_536, "{bytes} of {every_byte}");
    }

    #[tokio::test]
    async fn text_with_few_values_is_read_dictionary_encoded() {
        let (dir, table) = (tempfile::tempdir().unwrap(), table(WriteMode::Append));
        let folder = filled(dir.path(), &[rows(&table, 0..20_000)]).await;
        let (found, ..) = read(&folder, &Scan::columns(&table, ["status", "note"])).await;
        let types: Vec<_> =
            found.record().columns().iter().map(|array| array.data_type().clone()).collect();
        assert!(matches!(types[0], ArrowType::Dictionary(..)), "{types:?}");
        assert_eq!(types[1], ArrowType::Utf8);
        let Some(TextView::Wide(_, texts)) = found.view(0).unwrap().as_text() else { panic!() };
        assert_eq!(texts.len(), 3);
    }

    /// Checks that pruning by keys applies to merge tables too.
    #[tokio::test]
    async fn merge_on_read_returns_the_latest_rows_and_prunes_by_key() {
        let (dir, table) = (tempfile::tempdir().unwrap(), table(WriteMode::Merge));
        let count = i64::try_from(ROW_GROUP_ROWS).unwrap() + 40_000;
        let again = rows(&table, 100..200);
        let pages = [rows(&table, 0..count), again, rows(&table, 150..160)];
        let folder = filled(dir.path(), &pages).await;
        let (all, every_byte, _) = read(&folder, &Scan::all(&table)).await;
        assert_eq!(i64::try_from(all.rows()).unwrap(), count);
        let (few, bytes, _) = read(&folder, &Scan::all(&table).range("id", 90..210)).await;
        assert_eq!(few.rows(), 120);
        assert!(bytes < every_byte / 4 + 65_536, "{bytes} of {every_byte}");
        let first = chrono::DateTime::UNIX_EPOCH;
        let hour = Span::new(first, first + chrono::TimeDelta::hours(1));
        let scan = Scan::columns(&table, ["user_id"]).time_range(hour).range("user_id", 10..20);
        assert_eq!(read(&folder, &scan).await.0.rows(), 10);
    }
}
