//! Conformance of sinks: loads, cursors, tables and values; [concurrent](super::concurrency) loads
//! and [integrity](super::integrity) checks are tested in modules of their own.

use super::Subject;
pub use super::concurrency::{
    a_lease_has_one_holder, of_loaders_that_race_exactly_one_wins,
    of_racers_without_rows_exactly_one_wins,
};
pub use super::integrity::{
    a_cursor_that_was_changed_by_hand_is_noticed, a_history_of_loads_passes_the_check,
    a_table_that_was_dropped_under_a_cursor_is_noticed,
    a_table_that_was_emptied_under_a_cursor_is_noticed,
};
use super::rows::{assert_same, batch, everything, extremes, is_conflict, load, simple, wider};
use crate::{Batch, Cursor, DataType, Load, Scan, SinkExt, Table, WarehouseExt, WriteMode, tables};

/// Checks that a load moves the cursor of its source, whatever its name, and no other.
pub async fn a_load_moves_its_cursor_and_only_its_own(store: &dyn Subject) {
    let sink = store.sink();
    assert!(!sink.name().is_empty());
    assert_eq!(sink.cursor("test").await.unwrap(), None);
    let table = simple("t", WriteMode::Append);
    load(&*sink, None, "day 1; \"quoted\" 😀", &[batch(&table, &[(1, "a")])]).await.unwrap();
    let after = Cursor::new("day 1; \"quoted\" 😀");
    assert_eq!(sink.cursor("test").await.unwrap().as_ref(), Some(&after));
    assert_eq!(sink.cursor("other").await.unwrap(), None);
    let next = Cursor::new("2");
    let rows = [batch(&table, &[(2, "b")])];
    sink.load(Load::new("other", &rows, None, &next)).await.unwrap();
    // A later handle, as of another process.
    let sink = store.sink();
    assert_eq!(sink.cursor("test").await.unwrap(), Some(after));
    assert_eq!(sink.cursor("other").await.unwrap(), Some(next));
    assert_eq!(store.rows(&table).await, 2);
}

/// Checks that a load that expects another cursor is a [`Conflict`](crate::Error::Conflict) and
/// writes nothing.
pub async fn a_load_that_expects_another_cursor_is_a_conflict(store: &dyn Subject) {
    let (sink, table) = (store.sink(), simple("t", WriteMode::Merge));
    load(&*sink, None, "1", &[batch(&table, &[(1, "a")])]).await.unwrap();
    for before in [None, Some("0"), Some("2")] {
        let error = load(&*sink, before, "3", &[batch(&table, &[(2, "b")])]).await.unwrap_err();
        assert!(is_conflict(&error), "{error}");
        assert!(error.to_string().contains("found `1`"), "{error}");
    }
    assert_eq!(sink.cursor("test").await.unwrap(), Some(Cursor::new("1")));
    assert_eq!(store.rows(&table).await, 1);
    load(&*sink, Some("1"), "2", &[batch(&table, &[(2, "b")])]).await.unwrap();
    assert_eq!(store.rows(&table).await, 2);
}

/// Checks that a failed load keeps neither rows nor the cursor, in any of its tables.
pub async fn of_a_load_that_fails_nothing_is_kept(store: &dyn Subject) {
    let sink = store.sink();
    let (first, merged, last) = (
        simple("first", WriteMode::Append),
        simple("merged", WriteMode::Merge),
        simple("last", WriteMode::Append),
    );
    let seed = [batch(&first, &[(1, "a")]), batch(&merged, &[(1, "a")]), batch(&last, &[(7, "x")])];
    load(&*sink, None, "1", &seed).await.unwrap();
    let bad = [
        batch(&first, &[(2, "b"), (3, "c")]),
        batch(&merged, &[(1, "changed"), (2, "new")]),
        batch(&last, &[(8, "y"), (7, "again")]),
    ];
    let error = load(&*sink, Some("1"), "2", &bad).await.unwrap_err().to_string();
    assert!(error.contains("`last`"), "{error}");
    assert!(error.contains(store.sink().name()), "{error}");
    for (table, rows) in [(&first, 1), (&merged, 1), (&last, 1)] {
        assert_eq!(store.rows(table).await, rows, "{}", table.name);
    }
    assert_eq!(sink.cursor("test").await.unwrap(), Some(Cursor::new("1")));
    // The same sink remains usable after the failure.
    let good = [bad[0].clone(), bad[1].clone(), batch(&last, &[(8, "y")])];
    load(&*sink, Some("1"), "2", &good).await.unwrap();
    for (table, rows) in [(&first, 3), (&last, 2)] {
        assert_eq!(store.rows(table).await, rows, "{}", table.name);
    }
}

/// Checks that an append table refuses a key that is stored already or comes twice, and that the
/// error names the table.
pub async fn an_append_table_refuses_a_key_that_it_holds(store: &dyn Subject) {
    let sink = store.sink();
    let table = Table::builder("t", "")
        .column("day", DataType::Date, "")
        .column("name", DataType::Text, "")
        .column("amount", DataType::CRYPTO, "")
        .column("n", DataType::Int64, "")
        .key(["name", "day", "amount"])
        .build()
        .unwrap();
    let rows = |rows: &[(&'static str, &'static str, &'static str)]| {
        #[derive(serde::Serialize)]
        struct Row {
            day: &'static str,
            name: &'static str,
            amount: &'static str,
            n: i64,
        }
        let rows = rows.iter().map(|(day, name, amount)| Row { day, name, amount, n: 1 });
        Batch::from_rows(&table, rows).unwrap()
    };
    let refused = |error: crate::Error| assert!(error.to_string().contains("`t`"), "{error}");
    let twice = rows(&[("2020-01-01", "a", "1"), ("2020-01-01", "a", "1.00")]);
    refused(load(&*sink, None, "1", &[twice]).await.unwrap_err());
    let (once, again) = (rows(&[("2020-01-01", "", "1")]), rows(&[("2020-01-01", "", "1")]));
    refused(load(&*sink, None, "1", &[once.clone(), again]).await.unwrap_err());

    load(&*sink, None, "1", &[once, rows(&[("2020-01-01", "c", "0.00000001")])]).await.unwrap();
    for known in [("2020-01-01", "", "1"), ("2020-01-01", "c", "0.00000001")] {
        let new = ("2020-01-02", "b", "99999999999999999999.99999999");
        refused(load(&*sink, Some("1"), "2", &[rows(&[new, known])]).await.unwrap_err());
    }
    let near = [("2020-01-02", "", "1"), ("2020-01-01", "c", "0.00000002")];
    load(&*sink, Some("1"), "2", &[rows(&near)]).await.unwrap();
    assert_eq!(store.rows(&table).await, 4);
}

/// Checks that a load prepares tables that were not prepared before.
pub async fn tables_need_no_preparing(store: &dyn Subject) {
    let (sink, table) = (store.sink(), everything(WriteMode::Append));
    let rows = Batch::from_rows(&table, extremes()).unwrap();
    load(&*sink, None, "1", &[rows]).await.unwrap();
    assert_eq!(store.rows(&table).await, extremes().len());
}

/// Checks that preparing is idempotent.
pub async fn preparing_twice_is_preparing_once(store: &dyn Subject) {
    let table = everything(WriteMode::Merge);
    for _ in 0..2 {
        let sink = store.sink();
        sink.prepare(&[]).await.unwrap();
        sink.prepare(&[table.clone(), table.clone()]).await.unwrap();
        sink.prepare(&tables::all()).await.unwrap();
        assert_eq!(store.rows(&table).await, 0);
        assert_eq!(sink.cursor("test").await.unwrap(), None);
    }
}

/// Checks that a load without rows moves the cursor, and so does an empty batch.
pub async fn a_load_without_rows_moves_the_cursor(store: &dyn Subject) {
    let (sink, table) = (store.sink(), simple("t", WriteMode::Append));
    load(&*sink, None, "1", &[]).await.unwrap();
    load(&*sink, Some("1"), "2", &[batch(&table, &[])]).await.unwrap();
    load(&*sink, Some("2"), "2", &[]).await.unwrap();
    assert_eq!(sink.cursor("test").await.unwrap(), Some(Cursor::new("2")));
    assert_eq!(store.rows(&table).await, 0);
}

/// Checks that values at the edges of their types survive the round trip exactly.
pub async fn any_value_is_taken(store: &dyn Subject) {
    for write in [WriteMode::Append, WriteMode::Merge] {
        let another = store.another();
        let store = another.as_ref();
        let (sink, table) = (store.sink(), everything(write));
        let rows = extremes();
        for (at, row) in rows.iter().enumerate() {
            let before = (at > 0).then(|| at.to_string());
            let one = Batch::from_rows(&table, [row]).unwrap();
            load(&*sink, before.as_deref(), &(at + 1).to_string(), &[one]).await.unwrap();
        }
        assert_eq!(store.rows(&table).await, rows.len());
        let Some(warehouse) = store.warehouse() else { continue };
        let loaded = Batch::from_rows(&table, rows).unwrap();
        let all = Scan::all(&table);
        assert_same(&warehouse.read(&all).await.unwrap(), &loaded, &all);
        let some = Scan::columns(&table, ["huge", "group", "where"]);
        let wanted = some.apply(&loaded).unwrap();
        assert_same(&warehouse.read(&some).await.unwrap(), &wanted, &some);
    }
}

/// Checks that a table definition that differs from the stored one is refused with the column's
/// name.
pub async fn a_table_that_changed_is_refused_by_column(store: &dyn Subject) {
    let table = simple("t", WriteMode::Append);
    store.sink().prepare(std::slice::from_ref(&table)).await.unwrap();
    let changed = |column: &'static str, dtype| {
        let table = Table::builder("t", "").column("id", DataType::Int64, "");
        table.column(column, dtype, "").key(["id"]).build().unwrap()
    };
    for (table, column) in [
        (changed("text", DataType::Float64), "text"),
        (changed("words", DataType::Text), "words"),
        (wider(&table, |table| table.column("more", DataType::FIAT, "")), "more"),
    ] {
        let error = store.sink().prepare(&[table]).await.unwrap_err().to_string();
        assert!(error.contains("`t`") && error.contains(&format!("`{column}`")), "{error}");
    }
    assert_eq!(store.rows(&table).await, 0);
}

/// Checks that all cursors are returned at once, and that the data version changes exactly when
/// they do.
pub async fn cursors_are_given_at_once(store: &dyn Subject) {
    let sink = store.sink();
    assert!(sink.cursors().await.unwrap().is_empty());
    let nothing = sink.data_version().await.unwrap();
    let names = ["test", "a source; \"quoted\" 😀", "Test"];
    for (at, source) in names.into_iter().enumerate() {
        let after = Cursor::new(format!("{at} of {source}"));
        sink.load(Load::new(source, &[], None, &after)).await.unwrap();
    }
    let cursors = store.sink().cursors().await.unwrap();
    assert_eq!(cursors.len(), 3, "{cursors:?}");
    for (at, source) in names.into_iter().enumerate() {
        assert_eq!(cursors[source].as_str(), format!("{at} of {source}"));
        assert_eq!(sink.cursor(source).await.unwrap().as_ref(), Some(&cursors[source]));
    }
    let version = sink.data_version().await.unwrap();
    assert_ne!(version, nothing);
    assert_eq!(store.sink().data_version().await.unwrap(), version);
    load(&*sink, Some("0 of test"), "1 of test", &[]).await.unwrap();
    assert_ne!(sink.data_version().await.unwrap(), version);
}

/// Checks that the capabilities of a sink are the same for every handle and consistent with its
/// kind.
pub async fn capabilities_are_those_of_the_store(store: &dyn Subject) {
    let capabilities = store.sink().capabilities();
    assert_eq!(store.another().sink().capabilities(), capabilities);
    if let Some(warehouse) = store.warehouse() {
        assert_eq!(warehouse.capabilities(), capabilities);
    } else {
        assert!(!capabilities.pushdown && !capabilities.aggregates, "{capabilities:?}");
    }
}

/// Checks that the built-in tables can be prepared, loaded and read.
pub async fn the_built_in_tables_are_taken(store: &dyn Subject) {
    let sink = store.sink();
    sink.prepare(&tables::all()).await.unwrap();
    for (at, table) in tables::all().into_iter().enumerate() {
        let empty = Batch::empty(&table);
        let before = (at > 0).then(|| at.to_string());
        load(&*sink, before.as_deref(), &(at + 1).to_string(), &[empty]).await.unwrap();
        assert_eq!(store.rows(&table).await, 0);
        if let Some(warehouse) = store.warehouse() {
            let found = warehouse.read(&Scan::all(&table)).await.unwrap();
            assert_eq!(found.record().num_columns(), table.columns.len());
        }
    }
}

/// Checks that a batch of a million rows can be loaded at once.
pub async fn a_million_rows_are_taken_at_once(store: &dyn Subject) {
    let (sink, table) = (store.sink(), simple("t", WriteMode::Append));
    let columns = vec![
        crate::Values::Ints((0..1_000_000).collect()),
        crate::Values::Constant("the same text in every row"),
    ];
    let rows = Batch::from_columns(&table, 1_000_000, columns).unwrap();
    load(&*sink, None, "1", &[rows]).await.unwrap();
    assert_eq!(store.rows(&table).await, 1_000_000);
}
