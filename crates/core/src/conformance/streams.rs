//! Conformance of warehouses: batch streams.

use futures_util::{StreamExt, TryStreamExt};

use super::Subject;
use super::rows::{batch, load, simple};
use super::warehouse::reader;
use crate::{Batch, Filter, Scan, TableRef, Values, WarehouseExt, WriteMode};

/// The maximum number of rows of a batch in a stream.
pub const MAX_BATCH_ROWS: usize = 65_536;

/// Returns rows of a [`simple`] table that all have the same text.
fn many(table: &TableRef, ids: std::ops::Range<i64>, text: &str) -> Batch {
    let ids: Vec<i64> = ids.collect();
    Batch::from_columns(table, ids.len(), vec![Values::Ints(ids), Values::Constant(text)]).unwrap()
}

/// Checks that no batch has more than [`MAX_BATCH_ROWS`] rows, however many were loaded at once, and
/// that none is missing.
pub async fn batches_are_bounded(store: &dyn Subject) {
    for write in [WriteMode::Append, WriteMode::Merge] {
        let another = store.another();
        let (warehouse, table) = (reader(&*another), simple("t", write));
        load(&*warehouse, None, "1", &[many(&table, 0..150_000, "first")]).await.unwrap();
        load(&*warehouse, Some("1"), "2", &[many(&table, 150_000..151_000, "then")]).await.unwrap();
        let (mut rows, mut sum) = (0, 0);
        let mut batches = reader(&*another).scan(&Scan::columns(&table, ["id"])).await.unwrap();
        while let Some(batch) = batches.try_next().await.unwrap() {
            assert!(batch.rows() <= MAX_BATCH_ROWS, "{} rows at once", batch.rows());
            assert_eq!(batch.table().columns.len(), 1);
            rows += batch.rows();
            sum += batch.view(0).unwrap().as_i64().unwrap().values().iter().sum::<i64>();
        }
        assert_eq!((rows, sum), (151_000, 151_000 * 150_999 / 2));
        assert_eq!(warehouse.count(&table).await.unwrap(), 151_000);
    }
}

/// Checks that a limit returns that many of the scan's rows, or all if there are fewer.
pub async fn a_limit_gives_so_many_rows(store: &dyn Subject) {
    let (warehouse, table) = (reader(store), simple("t", WriteMode::Merge));
    load(&*warehouse, None, "1", &[many(&table, 0..1_000, "old")]).await.unwrap();
    load(&*warehouse, Some("1"), "2", &[many(&table, 900..2_000, "new")]).await.unwrap();
    for (limit, filter, rows) in [
        (0, None, 0),
        (1, None, 1),
        (1_234, None, 1_234),
        (5_000, None, 2_000),
        (7, Some(Filter::eq("text", "old")), 7),
        (1_000, Some(Filter::eq("text", "old")), 900),
        (3, Some(Filter::range("id", 1_998..)), 2),
    ] {
        let scan = Scan { filter: filter.clone(), ..Scan::all(&table).limit(limit) };
        let found = warehouse.read(&scan).await.unwrap();
        assert_eq!(found.rows(), rows, "{scan:?}");
        let mut ids = found.column("id").unwrap().as_i64().unwrap().values().to_vec();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), rows, "each once");
        let Some(filter) = filter else { continue };
        let kept = filter.check(&table).unwrap().keeps(&found).unwrap();
        assert_eq!(kept.count_set_bits(), rows, "{scan:?}");
    }
}

/// Checks that dropping a half-read stream frees its connection, files and locks.
pub async fn a_dropped_stream_frees_what_it_held(store: &dyn Subject) {
    let (warehouse, table) = (reader(store), simple("t", WriteMode::Append));
    load(&*warehouse, None, "1", &[many(&table, 0..100_000, "a text")]).await.unwrap();
    for _ in 0..40 {
        let mut batches = warehouse.scan(&Scan::all(&table)).await.unwrap();
        assert!(batches.next().await.unwrap().unwrap().rows() > 0);
        drop(batches);
        // Also a stream that was never read.
        drop(warehouse.scan(&Scan::all(&table)).await.unwrap());
    }
    load(&*warehouse, Some("1"), "2", &[batch(&table, &[(-1, "more")])]).await.unwrap();
    assert_eq!(warehouse.count(&table).await.unwrap(), 100_001);
}

/// Checks that rows loaded while a stream is being read are not part of it.
pub async fn a_stream_is_of_one_snapshot(store: &dyn Subject) {
    let (warehouse, table) = (reader(store), simple("t", WriteMode::Merge));
    load(&*warehouse, None, "1", &[many(&table, 0..100_000, "old")]).await.unwrap();
    let mut batches = reader(store).scan(&Scan::all(&table)).await.unwrap();
    let first = batches.next().await.unwrap().unwrap();
    let change = [many(&table, 0..100_000, "new"), many(&table, 100_000..110_000, "new")];
    load(&*warehouse, Some("1"), "2", &change).await.unwrap();
    let mut rows = 0;
    let mut count = |batch: &Batch| {
        let texts = batch.column("text").unwrap().as_text().unwrap();
        assert!(texts.iter().all(|text| text == Some("old")));
        rows += batch.rows();
    };
    count(&first);
    while let Some(batch) = batches.try_next().await.unwrap() {
        count(&batch);
    }
    assert_eq!(rows, 100_000);
    let new = Filter::eq("text", "new");
    let found = reader(store).read(&Scan::columns(&table, ["id"]).filter(new)).await.unwrap();
    assert_eq!(found.rows(), 110_000);
}
