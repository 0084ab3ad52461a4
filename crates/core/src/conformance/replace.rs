//! Conformance of sinks that support snapshots: loads that replace all rows of their tables.

use futures_util::future::join;

use super::Subject;
use super::rows::{batch, is_conflict, pairs, simple};
use crate::tables::Quarantine;
use crate::{Batch, Cursor, Load, Loaded, OnDuplicate, Result, Sink, TableRef, WriteMode};

const WRITE_MODES: [WriteMode; 2] = [WriteMode::Append, WriteMode::Merge];

fn can_replace(store: &dyn Subject) -> bool {
    store.sink().capabilities().replaces
}

/// Loads a snapshot of `tables` on top of the cursor of page `page`.
async fn replace(
    sink: &dyn Sink,
    page: usize,
    batches: &[Batch],
    tables: &[TableRef],
    on_duplicate: OnDuplicate,
) -> Result<Loaded> {
    let before = (page > 0).then(|| Cursor::new(page.to_string()));
    let after = Cursor::new((page + 1).to_string());
    let load = Load::new("test", batches, before.as_ref(), &after);
    sink.load(load.on_duplicate(on_duplicate).replacing(tables)).await
}

/// Checks that rows missing from a snapshot are removed, that its own rows are there once, and that
/// other tables are untouched.
pub async fn a_snapshot_is_all_there_is_of_its_table(store: &dyn Subject) {
    if !can_replace(store) {
        return;
    }
    let sink = store.sink();
    let other = simple("other", WriteMode::Append);
    let after = Cursor::new("1");
    sink.load(Load::new("other", &[batch(&other, &[(1, "a")])], None, &after)).await.unwrap();
    for (at, write) in WRITE_MODES.into_iter().enumerate() {
        let table = simple(["appended", "merged"][at], write);
        let tables = std::slice::from_ref(&table);
        let mut page = 4 * at;
        for (rows, removed) in [
            (&[(1, "a"), (2, "b"), (3, "c")][..], 0),
            (&[(2, "B"), (3, "c")], 3),
            // More rows than before, and in two batches.
            (&[(1, "a"), (4, "d"), (5, "e"), (6, "f"), (7, "a longer text than those before")], 2),
            (&[(9, "x")], 5),
        ] {
            let (first, second) = rows.split_at(rows.len() / 2);
            let batches = [batch(&table, first), batch(&table, second)];
            let policy = [OnDuplicate::ByTable, OnDuplicate::Last][page % 2];
            let loaded = replace(&*sink, page, &batches, tables, policy).await.unwrap();
            let counts = loaded.of(&table.name);
            assert_eq!((counts.inserted, counts.removed), (rows.len(), removed), "{write:?}");
            assert_eq!(store.rows(&table).await, rows.len(), "{write:?}");
            if let Some(warehouse) = store.warehouse() {
                let wanted: Vec<_> =
                    rows.iter().map(|(id, text)| (*id, (*text).to_owned())).collect();
                assert_eq!(pairs(&*warehouse, &table).await, wanted, "{write:?}");
            }
            page += 1;
        }
        // The next load appends to the snapshot.
        let next = Cursor::new((page + 1).to_string());
        let (before, rows) = (Cursor::new(page.to_string()), [batch(&table, &[(10, "y")])]);
        if at == 1 {
            store.sink().load(Load::new("test", &rows, Some(&before), &next)).await.unwrap();
            assert_eq!(store.rows(&table).await, 2);
        }
    }
    assert_eq!(store.rows(&other).await, 1);
}

/// Checks that a refused snapshot changes nothing: one with an outdated cursor, and one with rows
/// that contradict each other.
pub async fn a_snapshot_that_is_refused_leaves_the_one_before(store: &dyn Subject) {
    if !can_replace(store) {
        return;
    }
    let (sink, table) = (store.sink(), simple("t", WriteMode::Append));
    let tables = std::slice::from_ref(&table);
    let first = [batch(&table, &[(1, "a"), (2, "b")])];
    replace(&*sink, 0, &first, tables, OnDuplicate::Refuse).await.unwrap();
    let rows = [batch(&table, &[(3, "c")])];
    let late = replace(&*sink, 0, &rows, tables, OnDuplicate::Refuse).await.unwrap_err();
    assert!(is_conflict(&late), "{late}");
    let twice = [batch(&table, &[(3, "c"), (4, "d"), (3, "C")])];
    let error = replace(&*sink, 1, &twice, tables, OnDuplicate::Refuse).await.unwrap_err();
    assert!(matches!(error, crate::Error::Differs { .. }), "{error}");
    for _ in 0..2 {
        assert_eq!(store.rows(&table).await, 2);
        assert_eq!(sink.cursor("test").await.unwrap(), Some(Cursor::new("1")));
        if let Some(warehouse) = store.warehouse() {
            assert_eq!(pairs(&*warehouse, &table).await, [(1, "a".into()), (2, "b".into())]);
        }
        // The refused snapshot leaves nothing behind that affects the next one.
        sink.check("test", tables).await.unwrap();
    }
    replace(&*store.sink(), 1, &rows, tables, OnDuplicate::Refuse).await.unwrap();
    store.sink().check("test", tables).await.unwrap();
    assert_eq!(store.rows(&table).await, 1);
}

/// Checks that a snapshot removes the cursors that it names and the quarantine notes of rows that
/// it replaces; those of other sources stay.
pub async fn a_snapshot_takes_what_was_known_of_the_rows_before_with_it(store: &dyn Subject) {
    if !can_replace(store) {
        return;
    }
    let (sink, table, notes) = (store.sink(), simple("t", WriteMode::Merge), Quarantine::table());
    let tables = std::slice::from_ref(&table);
    let noted = |source: &str| {
        let note = Quarantine {
            source: source.into(),
            place: "a.csv:2".into(),
            table_name: "t".into(),
            reason: "it is none".into(),
            content: "a, \"b\"".into(),
            noted_at: "2021-01-01T00:00:00Z".parse().unwrap(),
        };
        Batch::from_rows(notes, [note]).unwrap()
    };
    let after = Cursor::new("1");
    for (id, source) in [(1, "test"), (2, "test fill"), (3, "other")] {
        let rows = [batch(&table, &[(id, "a")]), noted(source)];
        sink.load(Load::new(source, &rows, None, &after)).await.unwrap();
    }
    assert_eq!(store.rows(notes).await, 3);
    // The snapshot has quarantine notes of its own, which are compared with those that are removed.
    let (rows, next) = ([batch(&table, &[(4, "b")]), noted("test")], Cursor::new("2"));
    let load = Load::new("test", &rows, Some(&after), &next).on_duplicate(OnDuplicate::Last);
    sink.load(load.replacing(tables).removing_cursors(&["test fill"])).await.unwrap();
    let left = sink.cursors().await.unwrap().into_keys().collect::<Vec<_>>();
    assert_eq!(left, ["other", "test"]);
    assert_eq!((store.rows(&table).await, store.rows(notes).await), (1, 2));
    for source in ["test", "test fill"] {
        store.sink().check(source, tables).await.unwrap();
    }
    // A source whose cursor was removed can start again.
    let rows = [batch(&table, &[(5, "c")])];
    store.sink().load(Load::new("test fill", &rows, None, &after)).await.unwrap();
    assert_eq!(store.rows(&table).await, 2);
}

/// Checks that of two racing snapshots exactly one is stored, completely.
pub async fn of_two_snapshots_one_is_there(store: &dyn Subject) {
    if !can_replace(store) {
        return;
    }
    let table = simple("t", WriteMode::Merge);
    let tables = std::slice::from_ref(&table);
    let (one, two) = ([batch(&table, &[(1, "a"), (2, "b")])], [batch(&table, &[(3, "c")])]);
    let (left, right) = (store.sink(), store.sink());
    left.prepare(tables).await.unwrap();
    let loads = (
        replace(&*left, 0, &one, tables, OnDuplicate::Last),
        replace(&*right, 0, &two, tables, OnDuplicate::Last),
    );
    let (first, second) = join(loads.0, loads.1).await;
    let rows = store.rows(&table).await;
    match (first.map(|_| ()), second.map(|_| ())) {
        (Ok(()), Err(lost)) => assert!(rows == 2 && is_conflict(&lost), "{rows}: {lost}"),
        (Err(lost), Ok(())) => assert!(rows == 1 && is_conflict(&lost), "{rows}: {lost}"),
        both => panic!("{both:?}"),
    }
}
