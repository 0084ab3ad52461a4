//! Conformance of warehouses: merging, schema changes, ranges and aggregates.

use std::ops::RangeInclusive;
use std::sync::Arc;

use futures_util::future::join;

use super::Subject;
use super::rows::{
    assert_equal, assert_same, batch, belongings, everything, extremes, load, owned, pairs, simple,
    varied, wider,
};
use crate::{
    Aggregate, Aggregator, Batch, Cell, DataType, Filter, Scan, Span, Table, TableRef, Warehouse,
    WarehouseExt, WriteMode,
};

pub(super) fn reader(store: &dyn Subject) -> Arc<dyn Warehouse> {
    store.warehouse().expect("these are promises of a warehouse")
}

/// Checks that of rows with the same key the newest stays: within a batch, within a load, and
/// across loads.
pub async fn of_merged_rows_the_newest_stays(store: &dyn Subject) {
    let (warehouse, table) = (reader(store), simple("t", WriteMode::Merge));
    let first = batch(&table, &[(1, "a"), (2, "b"), (1, "c"), (3, "d")]);
    load(&*warehouse, None, "1", &[first]).await.unwrap();
    let rows = [(1, "c".into()), (2, "b".into()), (3, "d".into())];
    assert_eq!(pairs(&*warehouse, &table).await, rows);
    // Within a load the later batch wins; the key ranges of these loads overlap, but for one.
    let batches = [batch(&table, &[(2, "e"), (9, "f")]), batch(&table, &[(9, "g"), (0, "h")])];
    load(&*warehouse, Some("1"), "2", &batches).await.unwrap();
    load(&*warehouse, Some("2"), "3", &[batch(&table, &[(20, "i")])]).await.unwrap();
    load(&*warehouse, Some("3"), "4", &[batch(&table, &[(3, "j")])]).await.unwrap();
    let rows = [(0, "h"), (1, "c"), (2, "e"), (3, "j"), (9, "g"), (20, "i")]
        .map(|(id, text)| (id, text.to_owned()));
    assert_eq!(pairs(&*warehouse, &table).await, rows);
    let texts = warehouse.read(&Scan::columns(&table, ["text"])).await.unwrap();
    assert_eq!((texts.rows(), texts.record().num_columns()), (6, 1));
}

/// Checks that rows are merged by keys of any type.
pub async fn merging_takes_keys_of_any_type(store: &dyn Subject) {
    let (warehouse, table) = (reader(store), everything(WriteMode::Merge));
    let rows = extremes();
    let batch = Batch::from_rows(&table, &rows).unwrap();
    load(&*warehouse, None, "1", std::slice::from_ref(&batch)).await.unwrap();
    load(&*warehouse, Some("1"), "2", std::slice::from_ref(&batch)).await.unwrap();
    let mut changed = rows[0].clone();
    changed.crypto = None;
    let one = Batch::from_rows(&table, [&changed]).unwrap();
    load(&*warehouse, Some("2"), "3", &[one]).await.unwrap();
    let found = warehouse.read(&Scan::all(&table)).await.unwrap();
    let rows = [vec![changed], rows[1..].to_vec()].concat();
    assert_same(&found, &Batch::from_rows(&table, rows).unwrap(), &"merged");
}

/// Checks that a merge table may have no columns but its key.
pub async fn a_table_that_is_nothing_but_key_can_be_merged(store: &dyn Subject) {
    let table = Table::builder("seen", "")
        .column("id", DataType::Int64, "")
        .key(["id"])
        .write(WriteMode::Merge)
        .build()
        .unwrap();
    let rows = |ids: &[i64]| {
        let rows = ids.iter().map(|id| std::collections::BTreeMap::from([("id", *id)]));
        Batch::from_rows(&table, rows).unwrap()
    };
    let warehouse = reader(store);
    load(&*warehouse, None, "1", &[rows(&[1, 2, 2])]).await.unwrap();
    load(&*warehouse, Some("1"), "2", &[rows(&[2, 3])]).await.unwrap();
    assert_eq!(store.rows(&table).await, 3);
}

/// Checks that a table that was never loaded reads as no rows, with its columns.
pub async fn what_is_not_there_reads_as_no_rows(store: &dyn Subject) {
    let table = everything(WriteMode::Merge);
    let found = reader(store).read(&Scan::all(&table)).await.unwrap();
    assert_same(&found, &Batch::empty(&table), &"nothing");
    store.sink().prepare(&[simple("t", WriteMode::Append)]).await.unwrap();
    let some = Scan::columns(&table, ["at", "flag"]);
    let found = reader(store).read(&some).await.unwrap();
    assert_same(&found, &some.apply(&Batch::empty(&table)).unwrap(), &some);
    let error = reader(store).read(&Scan::columns(&table, ["nope"])).await.unwrap_err();
    assert!(error.to_string().contains("no column `nope`"), "{error}");
}

/// Checks that the rows read do not depend on how they were split into loads.
pub async fn many_rows_come_back_whatever_the_page_size(store: &dyn Subject) {
    let rows: Vec<(i64, &str)> = (0..10_000).map(|id| (id * 7 % 10_007, "text")).collect();
    for page in [1_300, 4_999, 10_000] {
        let another = store.another();
        let store = another.as_ref();
        let (warehouse, table) = (reader(store), simple("t", WriteMode::Append));
        let mut before = None;
        for (at, rows) in rows.chunks(page).enumerate() {
            let after = at.to_string();
            let page = batch(&table, rows);
            load(&*warehouse, before.as_deref(), &after, &[page]).await.unwrap();
            before = Some(after);
        }
        let found = pairs(&*warehouse, &table).await;
        let mut wanted: Vec<_> = rows.iter().map(|(id, text)| (*id, (*text).to_owned())).collect();
        wanted.sort();
        assert!(found == wanted, "{} rows, not {}", found.len(), wanted.len());
    }
}

/// Checks that a reader sees only whole loads while another handle loads.
pub async fn reading_needs_no_writer_and_sees_what_is_committed(store: &dyn Subject) {
    let table = simple("t", WriteMode::Append);
    let (writer, other) = (reader(store), reader(store));
    for at in 0..20 {
        let before = (at > 0).then(|| at.to_string());
        let rows = batch(&table, &[(2 * at, "a"), (2 * at + 1, "b")]);
        let (after, scan) = ((at + 1).to_string(), Scan::all(&table));
        let batches = [rows];
        let (loaded, seen) =
            join(load(&*writer, before.as_deref(), &after, &batches), other.read(&scan)).await;
        loaded.unwrap();
        assert_eq!(seen.unwrap().rows() % 2, 0, "a load is seen whole or not at all");
    }
    assert_eq!(store.rows(&table).await, 40);
}

/// Checks that a nullable column added to the definition is added to the stored table.
pub async fn a_column_that_rows_may_lack_is_added(store: &dyn Subject) {
    for write in [WriteMode::Append, WriteMode::Merge] {
        let another = store.another();
        let store = another.as_ref();
        let (warehouse, table) = (reader(store), simple("t", write));
        load(&*warehouse, None, "1", &[batch(&table, &[(1, "a"), (2, "b")])]).await.unwrap();
        let wide = wider(&table, |table| table.nullable("more", DataType::FIAT, ""));
        // The column is null until a load fills it.
        let found = reader(store).read(&Scan::all(&wide)).await.unwrap();
        assert_eq!(found.column("more").unwrap().null_count(), 2);
        for (filter, rows) in [
            (Filter::is_null("more"), 2),
            (Filter::range("more", 0..), 0),
            (Filter::is_null("more").and(Filter::eq("id", 1)), 1),
        ] {
            let scan = Scan::columns(&wide, ["id"]).filter(filter);
            assert_eq!(reader(store).read(&scan).await.unwrap().rows(), rows, "{scan:?}");
        }
        let summed = Aggregate::new(&wide).count().sum("more").distinct("more");
        let summed = reader(store).aggregate(&summed).await.unwrap();
        assert_eq!(summed.column("count").unwrap().cell(0), Cell::Int(2));
        assert_eq!(summed.column("sum_more").unwrap().cell(0), Cell::Null);
        #[derive(serde::Serialize)]
        struct Row {
            id: i64,
            text: &'static str,
            more: Option<&'static str>,
        }
        let row = |id, text, more| Row { id, text, more };
        let rows = Batch::from_rows(&wide, [row(3, "c", Some("1.50"))]).unwrap();
        load(&*warehouse, Some("1"), "2", &[rows]).await.unwrap();
        let all = [row(1, "a", None), row(2, "b", None), row(3, "c", Some("1.50"))];
        let all = Batch::from_rows(&wide, all).unwrap();
        assert_same(&reader(store).read(&Scan::all(&wide)).await.unwrap(), &all, &"wider");
        // A writer with the older definition is refused, because its rows would lack the column.
        let error = store.sink().prepare(&[table]).await.unwrap_err().to_string();
        assert!(error.contains("column `more`"), "{error}");
    }
}

/// Returns the ids of the rows of an [`owned`] table whose `column` lies in a range.
async fn found(
    store: &dyn Subject,
    table: &TableRef,
    column: &str,
    range: RangeInclusive<i64>,
) -> Vec<i64> {
    // The range must give the same rows whether or not its column is projected.
    let all = reader(store).read(&Scan::all(table).range(column, range.clone())).await.unwrap();
    let narrow = Scan::columns(table, ["id"]).range(column, range);
    let ids = reader(store).read(&narrow).await.unwrap();
    assert_eq!((ids.rows(), ids.record().num_columns()), (all.rows(), 1));
    let mut ids = ids.column("id").unwrap().as_i64().unwrap().values().to_vec();
    ids.sort_unstable();
    ids
}

/// Checks that a range returns the rows within it, both ends included; null lies in no range.
pub async fn a_range_gives_the_rows_in_it(store: &dyn Subject) {
    for write in [WriteMode::Append, WriteMode::Merge] {
        let (another, table) = (store.another(), owned(write));
        let store = another.as_ref();
        let warehouse = reader(store);
        assert!(found(store, &table, "owner", i64::MIN..=i64::MAX).await.is_empty());
        let rows = |ids: std::ops::Range<i64>| {
            let rows = ids.map(|id| (id, id / 10, (id % 3 > 0).then_some(-id)));
            belongings(&table, &rows.collect::<Vec<_>>())
        };
        load(&*warehouse, None, "1", &[rows(0..500)]).await.unwrap();
        load(&*warehouse, Some("1"), "2", &[rows(500..1_000)]).await.unwrap();
        let edges = [(i64::MAX, i64::MAX, Some(i64::MIN)), (i64::MIN, i64::MIN, Some(i64::MAX))];
        load(&*warehouse, Some("2"), "3", &[belongings(&table, &edges)]).await.unwrap();
        let all = |range: std::ops::Range<i64>| range.collect::<Vec<_>>();
        assert_eq!(found(store, &table, "owner", 0..=0).await, all(0..10));
        assert_eq!(found(store, &table, "owner", 49..=50).await, all(490..510));
        assert_eq!(found(store, &table, "id", 499..=500).await, all(499..501));
        assert_eq!(found(store, &table, "order", -5..=1).await, [1, 2, 4, 5]);
        assert_eq!(found(store, &table, "owner", 1_000..=i64::MAX).await, [i64::MAX]);
        assert_eq!(found(store, &table, "order", i64::MAX..=i64::MAX).await, [i64::MIN]);
        assert_eq!(found(store, &table, "id", i64::MIN..=-1).await, [i64::MIN]);
        let every = found(store, &table, "id", i64::MIN..=i64::MAX).await;
        assert_eq!(every.len(), 1_002);
        assert!(found(store, &table, "owner", RangeInclusive::new(5, 4)).await.is_empty());
        // A column that the stored table does not have yet is null and lies in no range.
        let wide = wider(&simple("t", write), |table| table.nullable("more", DataType::Int64, ""));
        let narrow = batch(&simple("t", write), &[(1, "a")]);
        load(&*warehouse, Some("3"), "4", &[narrow]).await.unwrap();
        let more = Scan::columns(&wide, ["text"]).range("more", ..);
        assert_eq!(reader(store).read(&more).await.unwrap().rows(), 0);
    }
}

/// Checks that a replaced row is not returned, even if the newer one lies outside the range.
pub async fn in_a_range_the_newest_row_counts_wherever_the_older_lay(store: &dyn Subject) {
    let (warehouse, table) = (reader(store), owned(WriteMode::Merge));
    for (at, rows) in [
        [(1, 10, None), (2, 10, None), (3, 10, None)],
        [(2, 99, None), (50, 50, None), (51, 51, None)],
        [(1, 10, Some(1)), (60, 99, None), (61, 99, None)],
        [(3, 11, None), (2, 12, None), (70, 10, None)],
    ]
    .iter()
    .enumerate()
    {
        let (before, after) = ((at > 0).then(|| at.to_string()), (at + 1).to_string());
        load(&*warehouse, before.as_deref(), &after, &[belongings(&table, rows)]).await.unwrap();
    }
    assert_eq!(found(store, &table, "owner", 10..=10).await, [1, 70]);
    assert_eq!(found(store, &table, "owner", 11..=12).await, [2, 3]);
    assert_eq!(found(store, &table, "owner", 90..=99).await, [60, 61]);
    assert_eq!(found(store, &table, "order", 0..=9).await, [1]);
    assert_eq!(found(store, &table, "id", 2..=3).await, [2, 3]);
}

/// Checks that aggregates equal those of [`Aggregator`] over the same rows.
pub async fn summaries_are_those_of_the_rows(store: &dyn Subject) {
    let at = |text: &str| text.parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    let year = Span::new(at("2020-02-29T12:34:56.789Z"), at("2021-03-01T00:00:00Z"));
    for write in [WriteMode::Append, WriteMode::Merge] {
        let (another, table) = (store.another(), everything(write));
        let store = another.as_ref();
        let all = varied(&table, 3_000);
        let warehouse = reader(store);
        for page in 0..3i64 {
            let rows = all.slice(usize::try_from(page).unwrap() * 1_000, 1_000);
            let (before, after) = ((page > 0).then(|| page.to_string()), (page + 1).to_string());
            load(&*warehouse, before.as_deref(), &after, &[rows]).await.unwrap();
        }
        let start = || Aggregate::new(&table);
        for aggregate in [
            start().count(),
            start().sum("group").sum("fiat").sum("crypto").sum("huge").count(),
            start().by("select").count().sum("fiat").min("crypto").max("crypto").max("huge"),
            start().by("flag").by("where").distinct("select").distinct("fiat").distinct("flag"),
            start().by_month("at").by("flag").sum("crypto").min("at").max("day").distinct("at"),
            start().by_week("day").count().min("group").max("group").distinct("day"),
            start().by_week("at").sum("fiat").time_range(year),
            start().by_day("at").count().time_range(year),
            start().by("fiat").count(),
            start().by("at").by("crypto").by("huge").by("day"),
            start().count().sum("fiat").time_range(Span::new(year.to, year.from)),
            start().by("select").count().time_range(Span::new(year.from, year.from)),
            start().by_hour("at").count().sum("fiat").max("at").time_range(year),
            start()
                .by_hour("at")
                .by_day("at")
                .filter(Filter::is_in("select", ["ada", "z"]))
                .count(),
            start().by("select").sum("huge").filter(Filter::range("crypto", 0..)).time_range(year),
            start()
                .by("flag")
                .count()
                .filter(Filter::is_null("where").and(Filter::range("day", year.from..))),
            start().distinct("where").filter(Filter::range("where", "A".."z")),
            start().count().sum("crypto").filter(Filter::eq("select", "no such")),
        ] {
            let found = warehouse.aggregate(&aggregate).await.unwrap();
            let mut fold = Aggregator::new(&aggregate).unwrap();
            fold.add(&all).unwrap();
            assert_equal(&found, &fold.finish().unwrap(), &aggregate);
        }
        // A table that was never loaded gives no group, or one row if there are no groups.
        let none = simple("none", WriteMode::Append);
        let by_text = warehouse.aggregate(&Aggregate::new(&none).by("text").count()).await.unwrap();
        assert_eq!((by_text.rows(), by_text.record().num_columns()), (0, 2));
        let nothing = warehouse.aggregate(&Aggregate::new(&none).count().sum("id")).await.unwrap();
        assert_eq!((nothing.rows(), nothing.record().num_columns()), (1, 2));
        assert_eq!(nothing.column("count").unwrap().cell(0), Cell::Int(0));
    }
}

/// Checks that an invalid aggregate is refused with the reason.
pub async fn a_summary_that_makes_no_sense_is_refused(store: &dyn Subject) {
    let (warehouse, table) = (reader(store), everything(WriteMode::Append));
    let (start, whenever) = (|| Aggregate::new(&table), chrono::DateTime::UNIX_EPOCH);
    let timeless = Aggregate::new(&simple("t", WriteMode::Append)).count();
    for (aggregate, says) in [
        (start(), "needs a group or a measure"),
        (start().by("nope"), "no column `nope`"),
        (start().sum("share"), "no exact sum of `share`, which is float64"),
        (start().sum("where"), "no exact sum of `where`, which is text"),
        (start().by("share"), "nothing goes by `share`"),
        (start().by_day("fiat"), "no day in `fiat`"),
        (start().by_hour("day"), "no hour in `day`, which is date"),
        (start().max("where"), "no order of `where`"),
        (start().count().count(), "`count` twice"),
        (timeless.time_range(Span::new(whenever, whenever)), "no event time"),
    ] {
        let error = warehouse.aggregate(&aggregate).await.unwrap_err().to_string();
        assert!(error.contains(says), "{error} should say {says}");
    }
}
