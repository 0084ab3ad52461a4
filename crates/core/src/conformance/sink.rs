//! Conformance of sinks: loads, cursors, leases and integrity checks.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;

use super::Subject;
use super::rows::{assert_same, batch, everything, extremes, is_conflict, load, simple, wider};
use crate::{
    Batch, Clock, Cursor, DataType, ErrorKind, Lease, Load, Scan, SinkExt, Table, TableRef,
    WarehouseExt, WriteMode, tables,
};

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

/// Checks that of loaders that race for the same cursor exactly one wins, and the others get a
/// conflict.
pub async fn of_loaders_that_race_exactly_one_wins(store: &dyn Subject) {
    let table = simple("t", WriteMode::Append);
    let racers = (0..8).map(|racer: i64| {
        let (sink, rows) = (store.sink(), batch(&table, &[(racer, "mine")]));
        async move { load(&*sink, None, &racer.to_string(), &[rows]).await }
    });
    let results = join_all(racers).await;
    let losers: Vec<_> = results.iter().filter_map(|result| result.as_ref().err()).collect();
    assert_eq!(losers.len(), 7);
    assert!(losers.iter().all(|error| is_conflict(error)), "{losers:?}");
    assert_eq!(store.rows(&table).await, 1);
}

/// Checks the same race without rows, where only the cursor moves, from an empty store and from one
/// with a cursor.
pub async fn of_racers_without_rows_exactly_one_wins(store: &dyn Subject) {
    for before in [None, Some("start")] {
        let another = store.another();
        if let Some(start) = before {
            load(&*another.sink(), None, start, &[]).await.unwrap();
        }
        let racers = (0..4).map(|racer| {
            let sink = another.sink();
            async move { load(&*sink, before, &format!("racer {racer}"), &[]).await }
        });
        let results = join_all(racers).await;
        let losers: Vec<_> = results.iter().filter_map(|result| result.as_ref().err()).collect();
        assert_eq!(losers.len(), 3, "{losers:?}");
        assert!(losers.iter().all(|error| is_conflict(error)), "{losers:?}");
        let winner = results.iter().position(Result::is_ok).unwrap();
        let cursor = another.sink().cursor("test").await.unwrap().unwrap();
        assert_eq!(cursor.as_str(), format!("racer {winner}"));
    }
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
        is_noticed(another.as_ref(), "`t`", &tables).await;
        another.sink().prepare(&tables).await.unwrap();
        is_noticed(another.as_ref(), "`t`", &tables).await;
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
    is_noticed(store, "`t`", &[table]).await;
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
async fn is_noticed(store: &dyn Subject, what: &str, tables: &[TableRef]) {
    let cursor = store.sink().cursor("test").await.unwrap().unwrap();
    let rows = [batch(&tables[0], &[(7, "more")])];
    let told = [
        store.sink().check("test", tables).await,
        load(&*store.sink(), Some(cursor.as_str()), "next", &rows).await,
    ];
    for error in told.map(Result::unwrap_err) {
        let words = error.to_string();
        assert!(words.contains(what) && words.contains("`test`"), "{words}");
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{words}");
    }
    assert_eq!(store.rows(&tables[0]).await, 0);
    assert_eq!(store.sink().cursor("test").await.unwrap(), Some(cursor));
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

/// Checks that a lease has one holder at a time: renewing keeps it, and silence for its TTL loses
/// it.
pub async fn a_lease_has_one_holder(store: &dyn Subject) {
    let clock = Arc::new(HandClock::default());
    let ttl = Duration::from_secs(60);
    let contender = |holder: &str| Lease::new(store.sink(), "kraken", holder, ttl, clock.clone());
    let (mut one, mut two) = (contender("one"), contender("two"));
    assert!(!one.renew().await.unwrap() && !one.is_held());
    assert!(one.acquire().await.unwrap() && one.is_held());
    assert!(one.acquire().await.unwrap(), "it is held already");
    // Heartbeats keep the lease, and so do pages of the source.
    for beat in 0..4 {
        assert!(!two.acquire().await.unwrap());
        clock.advance(Duration::from_secs(59));
        assert!(!two.acquire().await.unwrap());
        if beat % 2 == 0 {
            assert!(one.renew().await.unwrap());
        } else {
            let page = |page: i32| Cursor::new(page.to_string());
            let before = (beat > 1).then(|| page(beat - 2));
            let (before, after) = (before.as_ref(), page(beat));
            let load = Load::new("kraken", &[], before, &after);
            store.sink().load(load).await.unwrap();
        }
        clock.advance(Duration::from_secs(2));
    }
    // Silence loses the lease, and its former holder learns of it on renewal.
    assert!(!two.acquire().await.unwrap());
    clock.advance(ttl);
    assert!(two.acquire().await.unwrap() && two.is_held());
    assert!(one.is_held(), "it has not looked");
    assert!(!one.renew().await.unwrap() && !one.is_held());
    one.release().await.unwrap();
    assert!(two.renew().await.unwrap());
    // A released lease is free at once.
    two.release().await.unwrap();
    assert!(!two.is_held() && !two.renew().await.unwrap());
    assert!(one.acquire().await.unwrap());
}

/// A clock that the test advances by hand.
#[derive(Debug, Default)]
struct HandClock(std::sync::Mutex<Duration>);

impl HandClock {
    fn advance(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for HandClock {
    fn now(&self) -> chrono::DateTime<chrono::Utc> {
        chrono::DateTime::UNIX_EPOCH + *self.0.lock().unwrap()
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
