//! Conformance of the integrity check: rows and cursors that were changed without the sink are
//! errors.

use super::Subject;
use super::rows::{batch, everything, extremes, load, simple};
use crate::{Batch, Cursor, DataType, ErrorKind, Load, Table, TableRef, WriteMode, tables};

/// Checks that the integrity check accepts what loads leave behind: keys of every type, rows that
/// replace others, tables shared by sources, loads without rows, and cursors that move without
/// rows.
pub async fn a_history_of_loads_passes_the_check(store: &dyn Subject) {
    let sink = store.sink();
    let (appended, merged) = (everything(WriteMode::Append), simple("merged", WriteMode::Merge));
    let tables = [appended.clone(), merged.clone()];
    sink.check("test", &tables).await.unwrap();
    let by_value = Table::builder("by_value", "A key of every type")
        .column("flag", DataType::Bool, "")
        .column("day", DataType::Date, "")
        .column("at", DataType::Timestamp, "")
        .column("crypto", DataType::CRYPTO, "")
        .key(["flag", "day", "at", "crypto"])
        .build()
        .unwrap();
    #[derive(serde::Serialize)]
    struct Row {
        flag: bool,
        day: &'static str,
        at: &'static str,
        crypto: &'static str,
    }
    let at = "2020-01-01T00:00:00.000001Z";
    let row = Row { flag: true, day: "1969-12-31", at, crypto: "99999999999999999999.1" };
    let pages: [Vec<Batch>; 5] = [
        vec![Batch::from_rows(&appended, extremes()).unwrap()],
        vec![batch(&merged, &[(1, "a"), (2, "b")])],
        vec![batch(&merged, &[(2, "c")]), batch(&merged, &[])],
        vec![],
        vec![Batch::from_rows(&by_value, [row]).unwrap()],
    ];
    let tables = [appended.clone(), merged.clone(), by_value];
    for (at, page) in pages.iter().enumerate() {
        let before = (at > 0).then(|| at.to_string());
        load(&*sink, before.as_deref(), &(at + 1).to_string(), page).await.unwrap();
        for sink in [sink.clone(), store.sink()] {
            sink.check("test", &tables).await.unwrap();
            sink.check("other", &tables).await.unwrap();
        }
        // Another source loads into a table of the first one, through another handle.
        let (before, after) = (before.map(Cursor::new), Cursor::new((at + 1).to_string()));
        let rows = [batch(&merged, &[(2, "other"), (3, "more")])];
        let load = Load::new("other", &rows, before.as_ref(), &after);
        store.sink().load(load).await.unwrap();
        sink.check("test", &tables).await.unwrap();
    }
}

/// Checks that a table dropped under a cursor is an error of every source that had rows in it until
/// the rows are loaded again: both before and after the table is created anew, regardless of loads
/// by other sources.
pub async fn a_table_that_was_dropped_under_a_cursor_is_noticed(store: &dyn Subject) {
    for write in [WriteMode::Append, WriteMode::Merge] {
        let another = store.another();
        let (table, kept) = (simple("t", write), simple("kept", write));
        let rows = [batch(&table, &[(1, "a"), (2, "b")]), batch(&kept, &[(1, "a")])];
        load(&*another.sink(), None, "1", &rows).await.unwrap();
        if !another.drop_table(&table).await {
            return;
        }
        let tables = [table.clone(), kept.clone()];
        assert_loss_is_reported(another.as_ref(), "`t`", &tables).await;
        another.sink().prepare(&tables).await.unwrap();
        assert_loss_is_reported(another.as_ref(), "`t`", &tables).await;
        another.sink().check("other", &tables).await.unwrap();
        another.sink().check("test", &[kept]).await.unwrap();
    }
}

/// Checks the same for a table that exists but has lost all its rows.
pub async fn a_table_that_was_emptied_under_a_cursor_is_noticed(store: &dyn Subject) {
    let table = simple("t", WriteMode::Merge);
    load(&*store.sink(), None, "1", &[batch(&table, &[(1, "a")])]).await.unwrap();
    load(&*store.sink(), Some("1"), "2", &[]).await.unwrap();
    if !store.empty_table(&table).await {
        return;
    }
    assert_loss_is_reported(store, "`t`", &[table]).await;
    // These tables may be emptied at any time.
    let notes = [tables::RunRecord::table().clone(), tables::Quarantine::table().clone()];
    store.sink().check("test", &notes).await.unwrap();
}

/// Checks that a cursor other than the one loaded last, earlier or later, is an error of its
/// source.
pub async fn a_cursor_that_was_changed_by_hand_is_noticed(store: &dyn Subject) {
    let table = simple("t", WriteMode::Merge);
    for (before, after) in [(None, "1"), (Some("1"), "2")] {
        load(&*store.sink(), before, after, &[batch(&table, &[(1, "a")])]).await.unwrap();
    }
    for elsewhere in ["1", "3"] {
        if !store.change_cursor("test", elsewhere).await {
            return;
        }
        let error = store.sink().check("test", std::slice::from_ref(&table)).await.unwrap_err();
        assert!(error.to_string().contains("`test`"), "{error}");
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        let rows = [batch(&table, &[(2, "b")])];
        let loaded = load(&*store.sink(), Some(elsewhere), "4", &rows).await;
        assert_eq!(loaded.unwrap_err().kind(), ErrorKind::Corrupt);
    }
    assert!(store.change_cursor("test", "2").await);
    store.sink().check("test", std::slice::from_ref(&table)).await.unwrap();
    load(&*store.sink(), Some("2"), "3", &[batch(&table, &[(2, "b")])]).await.unwrap();
    assert_eq!(store.rows(&table).await, 2);
}

/// Panics unless both a check and a load report that `what` lacks rows of the source `test`, and
/// nothing is loaded.
async fn assert_loss_is_reported(store: &dyn Subject, what: &str, tables: &[TableRef]) {
    let cursor = store.sink().cursor("test").await.unwrap().unwrap();
    let rows = [batch(&tables[0], &[(7, "more")])];
    let results = [
        store.sink().check("test", tables).await,
        load(&*store.sink(), Some(cursor.as_str()), "next", &rows).await,
    ];
    for error in results.map(Result::unwrap_err) {
        let words = error.to_string();
        assert!(words.contains(what) && words.contains("`test`"), "{words}");
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{words}");
    }
    assert_eq!(store.rows(&tables[0]).await, 0);
    assert_eq!(store.sink().cursor("test").await.unwrap(), Some(cursor));
}
