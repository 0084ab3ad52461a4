//! Conformance of sinks: duplicate keys and row counts.

use std::sync::Arc;

use chrono::DateTime;

use super::Subject;
use super::rows::{Everything, batch, everything, extremes, pairs, simple};
use crate::tables::Quarantine;
use crate::{
    Batch, Cursor, Error, Load, Loaded, OnDuplicate, Result, RowCounts, Sink, Table, WarehouseExt,
    WriteMode,
};

const WRITE_MODES: [WriteMode; 2] = [WriteMode::Append, WriteMode::Merge];

fn set_aside() -> OnDuplicate {
    OnDuplicate::SetAside { noted_at: DateTime::UNIX_EPOCH }
}

fn policies() -> [OnDuplicate; 3] {
    [OnDuplicate::Refuse, set_aside(), OnDuplicate::Last]
}

fn counts(inserted: usize, updated: usize, identical: usize, conflicting: usize) -> RowCounts {
    RowCounts { inserted, updated, identical, conflicting, removed: 0 }
}

/// Loads `batches` on top of the cursor of page `page`.
async fn load(
    sink: &dyn Sink,
    page: usize,
    batches: &[Batch],
    on_duplicate: OnDuplicate,
) -> Result<Loaded> {
    let before = (page > 0).then(|| Cursor::new(page.to_string()));
    let after = Cursor::new((page + 1).to_string());
    sink.load(Load::new("test", batches, before.as_ref(), &after).on_duplicate(on_duplicate)).await
}

/// Checks that new rows are counted as inserted, in each table.
pub async fn new_rows_are_counted_as_inserted(store: &dyn Subject) {
    let (sink, one, two) =
        (store.sink(), simple("one", WriteMode::Append), simple("two", WriteMode::Merge));
    let rows = [batch(&one, &[(1, "a")]), batch(&two, &[(3, "c"), (2, "b")]), batch(&one, &[])];
    let loaded = load(&*sink, 0, &rows, OnDuplicate::ByTable).await.unwrap();
    assert_eq!(loaded.of("one"), counts(1, 0, 0, 0));
    assert_eq!(loaded.of("two"), counts(2, 0, 0, 0));
    for (page, policy) in policies().into_iter().enumerate() {
        let ids = [
            (10 + 2 * i64::try_from(page).unwrap(), "x"),
            (11 + 2 * i64::try_from(page).unwrap(), "y"),
        ];
        let rows = [batch(&one, &ids), batch(&two, &ids)];
        let loaded = load(&*sink, page + 1, &rows, policy).await.unwrap();
        assert_eq!((loaded.of("one"), loaded.of("two")), (counts(2, 0, 0, 0), counts(2, 0, 0, 0)));
    }
    assert_eq!((store.rows(&one).await, store.rows(&two).await), (7, 8));
}

/// Checks that rows with the same key in one load of a merge table are counted as if they were
/// written one after another.
pub async fn merged_rows_of_one_load_are_counted_in_their_order(store: &dyn Subject) {
    let (sink, table) = (store.sink(), simple("t", WriteMode::Merge));
    let rows = [batch(&table, &[(1, "a"), (2, "b"), (1, "a"), (2, "c"), (2, "d"), (1, "a")])];
    let loaded = load(&*sink, 0, &rows, OnDuplicate::ByTable).await.unwrap();
    assert_eq!(loaded.of("t"), counts(2, 2, 2, 0));
    if let Some(warehouse) = store.warehouse() {
        assert_eq!(pairs(&*warehouse, &table).await, [(1, "a".into()), (2, "d".into())]);
    }
}

/// Checks that rows identical to stored ones in all columns are skipped and counted, in any table.
pub async fn identical_rows_are_skipped_and_counted(store: &dyn Subject) {
    let (sink, mut page) = (store.sink(), 0);
    for (write, policy) in
        WRITE_MODES.into_iter().flat_map(|write| policies().map(|policy| (write, policy)))
    {
        let mut table = Table::clone(&everything(write));
        table.name = format!("order_{page}").into();
        let (name, table) = (table.name.clone(), Arc::new(table));
        let rows = Batch::from_rows(&table, extremes()).unwrap();
        let all = rows.rows();
        load(&*sink, page, &[rows.slice(0, 2)], OnDuplicate::ByTable).await.unwrap();
        let batches = [rows.clone(), rows.slice(3, 1)];
        let loaded = load(&*sink, page + 1, &batches, policy).await.unwrap();
        assert_eq!(loaded.of(&name), counts(all - 2, 0, 3, 0), "{write:?}, {policy:?}");
        // Also through another handle, and with nothing but identical rows.
        let loaded = load(&*store.sink(), page + 2, &[rows], policy).await.unwrap();
        assert_eq!(loaded.of(&name), counts(0, 0, all, 0), "{write:?}, {policy:?}");
        assert_eq!(store.rows(&table).await, all, "{write:?}, {policy:?}");
        page += 3;
        let cursor = store.sink().cursor("test").await.unwrap();
        assert_eq!(cursor, Some(Cursor::new(page.to_string())));
    }
}

/// Checks that under [`OnDuplicate::Refuse`] a row that differs from the stored one fails the load
/// with the key and the column, and that nothing is kept.
pub async fn a_row_that_differs_is_refused(store: &dyn Subject) {
    for write in WRITE_MODES {
        let another = store.another();
        let (store, table) = (another.as_ref(), simple("t", write));
        let sink = store.sink();
        load(&*sink, 0, &[batch(&table, &[(1, "a"), (2, "b")])], OnDuplicate::Refuse)
            .await
            .unwrap();
        let rows = [batch(&table, &[(3, "c"), (1, "a")]), batch(&table, &[(2, "other"), (4, "d")])];
        let error = load(&*sink, 1, &rows, OnDuplicate::Refuse).await.unwrap_err();
        let words = error.to_string();
        assert!(
            words.contains("`t`") && words.contains("id=2") && words.contains("`text`"),
            "{words}"
        );
        let Error::Differs { row, .. } = error else { panic!("{words}") };
        assert_eq!(row, 2, "of the load's rows of the table");
        // The same applies within one load.
        let rows = [batch(&table, &[(5, "e"), (5, "other")])];
        let error = load(&*sink, 1, &rows, OnDuplicate::Refuse).await.unwrap_err();
        assert!(matches!(error, Error::Differs { row: 1, .. }), "{error}");
        assert_eq!(store.rows(&table).await, 2);
        assert_eq!(sink.cursor("test").await.unwrap(), Some(Cursor::new("1")));
        let loaded = load(&*sink, 1, &[batch(&table, &[(3, "c")])], OnDuplicate::Refuse).await;
        assert_eq!(loaded.unwrap().of("t"), counts(1, 0, 0, 0));
    }
}

/// Checks that under [`OnDuplicate::SetAside`] a row that differs goes to the quarantine and the
/// stored one stays.
pub async fn a_row_that_differs_is_set_aside(store: &dyn Subject) {
    for write in WRITE_MODES {
        let another = store.another();
        let (store, table) = (another.as_ref(), simple("t", write));
        let sink = store.sink();
        load(&*sink, 0, &[batch(&table, &[(1, "a"), (2, "b")])], set_aside()).await.unwrap();
        let rows = [(3, "c"), (2, "other"), (1, "a"), (4, "d"), (4, "other")];
        let loaded = load(&*sink, 1, &[batch(&table, &rows)], set_aside()).await.unwrap();
        assert_eq!(loaded.of("t"), counts(2, 0, 1, 2), "{write:?}");
        assert_eq!(store.rows(&table).await, 4);
        assert_eq!(store.rows(Quarantine::table()).await, 2);
        if let Some(warehouse) = store.warehouse() {
            let texts: Vec<_> =
                pairs(&*warehouse, &table).await.into_iter().map(|row| row.1).collect();
            assert_eq!(texts, ["a", "b", "c", "d"]);
        }
    }
}

/// Checks that every row set aside is kept: several of one key over several loads, and long keys
/// with a common prefix.
pub async fn every_row_that_is_set_aside_is_kept(store: &dyn Subject) {
    let (sink, table) = (store.sink(), simple("t", WriteMode::Append));
    let texts = ["a", "b", "c"];
    for (page, text) in texts.into_iter().enumerate() {
        load(&*sink, page, &[batch(&table, &[(1, text)])], set_aside()).await.unwrap();
    }
    assert_eq!(store.rows(Quarantine::table()).await, 2);
    let long = |end: &str| -> &'static str { format!("{}{end}", "x".repeat(3_000)).leak() };
    let rows = [(2, "kept"), (2, "other"), (2, long("y")), (2, long("z"))];
    let loaded = load(&*sink, texts.len(), &[batch(&table, &rows)], set_aside()).await.unwrap();
    assert_eq!(loaded.of("t"), counts(1, 0, 0, 3));
    assert_eq!(store.rows(Quarantine::table()).await, 5);
}

/// Checks that a bad row that is read again replaces its earlier quarantine note, under every
/// policy.
pub async fn a_note_that_comes_again_takes_the_place_of_the_one_before(store: &dyn Subject) {
    let sink = store.sink();
    for (page, policy) in policies().into_iter().enumerate() {
        let note = Quarantine {
            source: "test".into(),
            place: "a.csv:7".into(),
            table_name: "t".into(),
            reason: "no number".into(),
            content: "x".into(),
            noted_at: DateTime::from_timestamp(i64::try_from(page).unwrap(), 0).unwrap(),
        };
        let rows = [Batch::from_rows(Quarantine::table(), [note]).unwrap()];
        let loaded = load(&*sink, page, &rows, policy).await.unwrap();
        let expected = if page == 0 { counts(1, 0, 0, 0) } else { counts(0, 1, 0, 0) };
        assert_eq!(loaded.of("quarantine"), expected, "{policy:?}");
        // A CSV sink cannot be read back: it only appends, so the earlier note stays.
        if let Some(warehouse) = store.warehouse() {
            assert_eq!(warehouse.count(Quarantine::table()).await.unwrap(), 1, "{policy:?}");
        }
    }
}

/// Checks that under [`OnDuplicate::Last`] a row that differs replaces the stored one.
pub async fn a_row_that_differs_replaces_the_one_before(store: &dyn Subject) {
    for write in WRITE_MODES {
        let another = store.another();
        let (store, table) = (another.as_ref(), simple("t", write));
        let sink = store.sink();
        let rows = [(1, "a"), (2, "b"), (3, "c")];
        load(&*sink, 0, &[batch(&table, &rows)], OnDuplicate::Last).await.unwrap();
        let rows = [(2, "x"), (4, "d"), (1, "a"), (2, "y"), (4, "z")];
        let loaded = load(&*sink, 1, &[batch(&table, &rows)], OnDuplicate::Last).await.unwrap();
        assert_eq!(loaded.of("t"), counts(1, 3, 1, 0), "{write:?}");
        let rows = [(2, "y"), (3, "last"), (5, "e")];
        let loaded = load(&*sink, 2, &[batch(&table, &rows)], OnDuplicate::Last).await.unwrap();
        assert_eq!(loaded.of("t"), counts(1, 1, 1, 0), "{write:?}");
        if let Some(warehouse) = store.warehouse() {
            assert_eq!(store.rows(&table).await, 5);
            let texts: Vec<_> =
                pairs(&*warehouse, &table).await.into_iter().map(|row| row.1).collect();
            assert_eq!(texts, ["a", "y", "last", "z", "e"], "{write:?}");
        }
    }
}

/// Checks that a null differs from any value and equals another null.
pub async fn a_null_differs_from_a_value(store: &dyn Subject) {
    let (sink, table) = (store.sink(), everything(WriteMode::Append));
    let row = |place| Everything { group: 1, select: "a", place, ..Everything::default() };
    let rows = |place| [Batch::from_rows(&table, [row(place)]).unwrap()];
    load(&*sink, 0, &rows(None), OnDuplicate::Last).await.unwrap();
    let steps =
        [(None, counts(0, 0, 1, 0)), (Some(""), counts(0, 1, 0, 0)), (None, counts(0, 1, 0, 0))];
    for (page, (place, wanted)) in (1..).zip(steps) {
        let loaded = load(&*sink, page, &rows(place), OnDuplicate::Last).await.unwrap();
        assert_eq!(loaded.of("order"), wanted, "page {page}");
    }
}
