//! Conformance of sinks that support resets.

use futures_util::future::join;

use super::Subject;
use super::rows::{batch, is_conflict, load, simple};
use crate::{
    Batch, BatchBuilder, Cell, Cursor, DataType, Error, ErrorKind, Load, Removal, Reset, Sink,
    Table, TableRef, WriteMode,
};

/// Returns a table with rows of several sources; the source is part of the key.
fn shared(write: WriteMode) -> TableRef {
    Table::builder("shared", "Rows of several origins")
        .column("id", DataType::Int64, "")
        .column("source", DataType::Text, "")
        .nullable("note", DataType::Text, "")
        .key(["source", "id"])
        .write(write)
        .build()
        .unwrap()
}

fn shared_rows(table: &TableRef, rows: &[(i64, &str, Option<&str>)]) -> Batch {
    let mut builder = BatchBuilder::new(table);
    for (id, source, note) in rows {
        builder.push(Cell::Int((*id).into())).unwrap();
        builder.push(Cell::Text(source)).unwrap();
        builder.push(note.map_or(Cell::Null, Cell::Text)).unwrap();
    }
    builder.finish().unwrap()
}

async fn load_of(sink: &dyn Sink, source: &str, after: &str, batches: &[Batch]) {
    let before = sink.cursor(source).await.unwrap();
    let (before, after) = (before.as_ref(), &Cursor::new(after));
    sink.load(Load::new(source, batches, before, after)).await.unwrap();
}

/// Resets the sources with these names at their current cursors, and returns the number of rows
/// removed per removal.
async fn reset(
    sink: &dyn Sink,
    sources: &[&str],
    removals: &[Removal],
    dry_run: bool,
) -> crate::Result<Vec<usize>> {
    let mut found = Vec::new();
    for source in sources {
        found.push((*source, sink.cursor(source).await?));
    }
    let cursors: Vec<_> = found.iter().map(|(source, at)| (*source, at.as_ref())).collect();
    sink.reset(Reset { cursors: &cursors, removals, dry_run }).await
}

fn can_reset(store: &dyn Subject) -> bool {
    store.sink().capabilities().resets
}

/// Checks that a reset removes all rows of its tables and the cursors of its sources, and nothing
/// else; after it the same rows count as new.
pub async fn a_reset_removes_rows_and_cursors_together(store: &dyn Subject) {
    if !can_reset(store) {
        return;
    }
    let sink = store.sink();
    let (new, merged) = (simple("new", WriteMode::Append), simple("merged", WriteMode::Merge));
    let other = simple("other", WriteMode::Append);
    let rows = [batch(&new, &[(1, "a"), (2, "b")]), batch(&merged, &[(1, "a")])];
    load_of(&*sink, "test", "1", &rows).await;
    load_of(&*sink, "test; \"two\" 😀", "7", &[batch(&new, &[(3, "c")])]).await;
    load_of(&*sink, "other", "1", &[batch(&other, &[(1, "a")])]).await;
    let never = simple("never", WriteMode::Append);
    let removals = [&new, &never, &merged].map(Removal::all);
    let sources = ["test", "test; \"two\" 😀", "never loaded"];
    assert_eq!(reset(&*sink, &sources, &removals, false).await.unwrap(), [3, 0, 1]);

    let later = store.sink();
    for (table, rows) in [(&new, 0), (&merged, 0), (&other, 1), (&never, 0)] {
        assert_eq!(store.rows(table).await, rows, "{}", table.name);
    }
    let cursors = later.cursors().await.unwrap();
    assert_eq!(cursors.keys().collect::<Vec<_>>(), ["other"]);
    // A second reset finds nothing to remove, and a load from the beginning inserts all rows again.
    assert_eq!(reset(&*later, &sources, &removals, false).await.unwrap(), [0, 0, 0]);
    for sink in [sink, later] {
        load(&*sink, None, "1", &rows).await.unwrap();
        assert_eq!((store.rows(&new).await, store.rows(&merged).await), (2, 1));
        assert_eq!(reset(&*sink, &["test"], &removals, false).await.unwrap(), [2, 0, 1]);
    }
}

/// Checks that a reset of some keys leaves the rows of all others, each in its last version.
pub async fn a_reset_leaves_the_rows_of_other_keys(store: &dyn Subject) {
    if !can_reset(store) {
        return;
    }
    for write in [WriteMode::Append, WriteMode::Merge] {
        let another = store.another();
        let (store, table) = (another.as_ref(), shared(write));
        let sink = store.sink();
        let odd = "a \"source\", and\r\n😀";
        let pages: [&[(i64, &str, Option<&str>)]; 3] = [
            &[(1, "kraken", None), (2, odd, Some("it's")), (3, "Kraken", Some(""))],
            &[(4, "kraken", Some("x")), (5, "kraken", None)],
            &[(6, odd, None), (7, "ecb", Some("two\nlines, \"quoted\"")), (8, "kraken ", None)],
        ];
        for (at, page) in pages.into_iter().enumerate() {
            load_of(&*sink, "test", &at.to_string(), &[shared_rows(&table, page)]).await;
        }
        let of =
            |sources: &[&str]| [Removal::by_values(&table, "source", sources.to_vec()).unwrap()];
        assert_eq!(reset(&*sink, &["x"], &of(&["kraken"]), false).await.unwrap(), [3]);
        assert_eq!(store.rows(&table).await, 5);
        assert_eq!(reset(&*sink, &["x"], &of(&["kraken"]), false).await.unwrap(), [0]);
        if let Some(warehouse) = store.warehouse() {
            let left = [pages[0], pages[2]].concat();
            let left: Vec<_> = left.into_iter().filter(|row| row.1 != "kraken").collect();
            let (wanted, all) = (shared_rows(&table, &left), crate::Scan::all(&table));
            let found = crate::WarehouseExt::read(&*warehouse, &all).await.unwrap();
            super::rows::assert_same(&found, &wanted, &all);
        }
        // Rows that were removed can be loaded again; rows that were left are still duplicates.
        load_of(&*sink, "test", "again", &[shared_rows(&table, pages[1])]).await;
        assert_eq!(store.rows(&table).await, 7);
        if write == WriteMode::Append {
            let (before, after) = (Cursor::new("again"), Cursor::new("twice"));
            let batches = [shared_rows(&table, &[(6, odd, None)])];
            let (before, after) = (Some(&before), &after);
            let load = Load::new("test", &batches, before, after);
            assert!(sink.load(load).await.unwrap_err().to_string().contains("`shared`"));
        }
        assert_eq!(reset(&*sink, &["test"], &of(&[odd, "kraken"]), false).await.unwrap(), [4]);
        assert_eq!(store.rows(&table).await, 3);
        assert_eq!(store.sink().cursor("test").await.unwrap(), None);
    }
}

/// Checks that a reset that expects another cursor of one source is a conflict and removes nothing.
pub async fn a_reset_that_expects_another_cursor_is_a_conflict(store: &dyn Subject) {
    if !can_reset(store) {
        return;
    }
    let (sink, table) = (store.sink(), simple("t", WriteMode::Append));
    load(&*sink, None, "1", &[batch(&table, &[(1, "a")])]).await.unwrap();
    let (one, two) = (Cursor::new("1"), Cursor::new("2"));
    let removals = [Removal::all(&table)];
    for cursors in [
        [("test", None), ("other", None)],
        [("test", Some(&two)), ("other", None)],
        [("other", Some(&one)), ("test", Some(&one))],
    ] {
        for dry_run in [true, false] {
            let reset = Reset { cursors: &cursors, removals: &removals, dry_run };
            let error = sink.reset(reset).await.unwrap_err();
            assert!(is_conflict(&error), "{error}");
        }
    }
    assert_eq!(sink.cursor("test").await.unwrap(), Some(one));
    assert_eq!(store.rows(&table).await, 1);
}

/// Checks that a reset of only a cursor leaves all rows, one of only rows leaves all cursors, and
/// one of an empty store removes nothing.
pub async fn a_reset_without_rows_or_tables_removes_nothing(store: &dyn Subject) {
    if !can_reset(store) {
        return;
    }
    let (sink, table) = (store.sink(), simple("t", WriteMode::Merge));
    let removals = [Removal::all(&table)];
    assert_eq!(reset(&*sink, &["test"], &removals, false).await.unwrap(), [0]);
    assert!(sink.cursors().await.unwrap().is_empty());
    load(&*sink, None, "1", &[batch(&table, &[(1, "a")])]).await.unwrap();
    assert_eq!(reset(&*sink, &["test"], &[], false).await.unwrap(), [0; 0]);
    assert_eq!(store.rows(&table).await, 1);
    load(&*sink, None, "2", &[]).await.unwrap();
    assert_eq!(reset(&*sink, &[], &removals, false).await.unwrap(), [1]);
    assert_eq!(sink.cursor("test").await.unwrap(), Some(Cursor::new("2")));
    assert_eq!(store.rows(&table).await, 0);
}

/// Checks that a dry run counts the rows that a reader would find, and changes nothing.
pub async fn a_dry_run_counts_and_changes_nothing(store: &dyn Subject) {
    if !can_reset(store) {
        return;
    }
    let sink = store.sink();
    let (new, merged) = (simple("new", WriteMode::Append), simple("merged", WriteMode::Merge));
    let shared = shared(WriteMode::Merge);
    let removals = [
        Removal::all(&new),
        Removal::all(&merged),
        Removal::by_values(&shared, "source", ["kraken"]).unwrap(),
    ];
    assert_eq!(reset(&*sink, &["test"], &removals, true).await.unwrap(), [0, 0, 0]);
    assert!(sink.cursors().await.unwrap().is_empty());
    for (page, text) in [("1", "old"), ("2", "newer")] {
        let id = page.parse().unwrap();
        let rows = [
            batch(&new, &[(id, text)]),
            batch(&merged, &[(id, text), (3, text)]),
            shared_rows(&shared, &[(id, "kraken", Some(text)), (9, "ecb", Some(text))]),
            shared_rows(&shared, &[(7, "kraken", Some(text))]),
        ];
        load_of(&*sink, "test", page, &rows).await;
    }
    let is_merging = store.rows(&merged).await == 3;
    let expected = if is_merging { [2, 3, 3] } else { [2, 4, 4] };
    for dry_run in [true, true, false] {
        assert_eq!(store.rows(&merged).await, expected[1]);
        assert_eq!(sink.cursor("test").await.unwrap(), Some(Cursor::new("2")));
        assert_eq!(reset(&*sink, &["test"], &removals, dry_run).await.unwrap(), expected);
    }
    assert_eq!((store.rows(&merged).await, store.rows(&new).await), (0, 0));
    assert_eq!(store.rows(&shared).await, if is_merging { 1 } else { 2 });
}

/// Checks that of a load and a reset that race for the same cursor one wins and the other gets a
/// conflict.
pub async fn of_a_load_and_a_reset_that_race_one_wins(store: &dyn Subject) {
    if !can_reset(store) {
        return;
    }
    let table = simple("t", WriteMode::Append);
    let (one, removals) = (Cursor::new("1"), [Removal::all(&table)]);
    for round in 0..6 {
        let another = store.another();
        let store = another.as_ref();
        load(&*store.sink(), None, "1", &[batch(&table, &[(1, "a")])]).await.unwrap();
        let (loader, resetter) = (store.sink(), store.sink());
        let rows = [batch(&table, &[(2, "b")])];
        let cursors = [("test", Some(&one)), ("other", None)];
        let reset = Reset { cursors: &cursors, removals: &removals, dry_run: false };
        let loads = load(&*loader, Some("1"), "2", &rows);
        // The order in which they are polled first must not matter.
        let (loaded, removed) = match round % 2 {
            0 => join(loads, resetter.reset(reset)).await,
            _ => {
                let (removed, loaded) = join(resetter.reset(reset), loads).await;
                (loaded, removed)
            }
        };
        let cursor = store.sink().cursor("test").await.unwrap();
        match (loaded, removed) {
            (Ok(()), Err(error)) => {
                assert!(is_conflict(&error), "{error}");
                assert_eq!((cursor, store.rows(&table).await), (Some(Cursor::new("2")), 2));
            }
            (Err(error), Ok(removed)) => {
                assert!(is_conflict(&error), "{error}");
                assert_eq!(removed, [1]);
                assert_eq!((cursor, store.rows(&table).await), (None, 0));
            }
            both => panic!("{both:?}"),
        }
    }
}

/// Checks that a sink without resets reports it in its capabilities and by its error.
pub async fn a_sink_that_cannot_reset_says_so(store: &dyn Subject) {
    let sink = store.sink();
    let done = sink.reset(Reset { cursors: &[], removals: &[], dry_run: false }).await;
    match sink.capabilities().resets {
        true => assert_eq!(done.unwrap(), [0; 0]),
        false => {
            let error = done.unwrap_err();
            assert!(matches!(error, Error::NoReset { .. }), "{error}");
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert!(error.to_string().contains(sink.name()), "{error}");
        }
    }
}
