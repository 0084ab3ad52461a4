//! What every store promises, whichever it is.
#![allow(clippy::unwrap_used)] // helpers of tests are tests, which clippy cannot know

mod support;

use support::{Store, batch, everything, extremes, is_conflict, load, pairs, simple, sorted};
use tidegauge_core::polars::frame::DataFrame;
use tidegauge_core::{
    Aggregate, Batch, BatchBuilder, Cell, Cursor, DataType, Fold, Load, Scan, Span, Table,
    TableBuilder, TableRef, WriteMode, tables,
};

/// Runs each test on each store.
macro_rules! on_every_store {
    ($($test:ident),+ $(,)?) => {
        mod sqlite {
            $( #[tokio::test] async fn $test() { super::$test(&super::Store::new("sqlite")).await } )+
        }
        mod parquet {
            $( #[tokio::test] async fn $test() { super::$test(&super::Store::new("parquet")).await } )+
        }
        mod csv {
            $( #[tokio::test] async fn $test() { super::$test(&super::Store::new("csv")).await } )+
        }
        mod postgres {
            $( #[tokio::test] async fn $test() {
                if let Some(store) = super::Store::of("postgres") {
                    super::$test(&store).await;
                }
            } )+
        }
        mod mysql {
            $( #[tokio::test] async fn $test() {
                if let Some(store) = super::Store::of("mysql") {
                    super::$test(&store).await;
                }
            } )+
        }
    };
}

on_every_store! {
    a_load_moves_its_cursor_and_only_its_own,
    a_load_that_expects_another_cursor_is_a_conflict,
    of_a_load_that_fails_nothing_is_kept,
    an_append_table_refuses_a_key_that_it_holds,
    tables_need_no_preparing,
    preparing_twice_is_preparing_once,
    a_load_without_rows_moves_the_cursor,
    any_value_is_taken,
    a_table_that_changed_is_refused_by_column,
    a_table_with_a_name_of_ours_is_refused,
    of_loaders_that_race_exactly_one_wins,
    the_built_in_tables_are_taken,
}

async fn a_load_moves_its_cursor_and_only_its_own(store: &Store) {
    let sink = store.sink();
    assert_eq!(sink.name(), store.name);
    assert_eq!(sink.cursor("test").await.unwrap(), None);
    let table = simple("t", WriteMode::Append);
    load(&*sink, None, "day 1; \"quoted\" 😀", &[batch(&table, &[(1, "a")])]).await.unwrap();
    let after = Cursor::new("day 1; \"quoted\" 😀");
    assert_eq!(sink.cursor("test").await.unwrap().as_ref(), Some(&after));
    assert_eq!(sink.cursor("other").await.unwrap(), None);
    let next = Cursor::new("2");
    let other = Load {
        source: "other",
        batches: &[batch(&table, &[(2, "b")])],
        before: None,
        after: &next,
    };
    sink.load(other).await.unwrap();
    // Somebody else, later.
    let sink = store.sink();
    assert_eq!(sink.cursor("test").await.unwrap(), Some(after));
    assert_eq!(sink.cursor("other").await.unwrap(), Some(next));
    assert_eq!(store.rows(&table).await, 2);
}

async fn a_load_that_expects_another_cursor_is_a_conflict(store: &Store) {
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

async fn of_a_load_that_fails_nothing_is_kept(store: &Store) {
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
    assert!(error.contains("table `last` only takes new rows"), "{error}");
    assert!(error.contains(&store.name), "{error}");
    for (table, rows) in [(&first, 1), (&merged, 1), (&last, 1)] {
        assert_eq!(store.rows(table).await, rows, "{}", table.name);
    }
    assert_eq!(sink.cursor("test").await.unwrap(), Some(Cursor::new("1")));
    // The same sink goes on as if nothing had happened.
    let good = [bad[0].clone(), bad[1].clone(), batch(&last, &[(8, "y")])];
    load(&*sink, Some("1"), "2", &good).await.unwrap();
    for (table, rows) in [(&first, 3), (&last, 2)] {
        assert_eq!(store.rows(table).await, rows, "{}", table.name);
    }
}

async fn an_append_table_refuses_a_key_that_it_holds(store: &Store) {
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
    let refused = |error: tidegauge_core::Error| {
        assert!(error.to_string().contains("(name, day, amount)"), "{error}");
    };
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

async fn tables_need_no_preparing(store: &Store) {
    let (sink, table) = (store.sink(), everything(WriteMode::Append));
    let rows = Batch::from_rows(&table, extremes()).unwrap();
    load(&*sink, None, "1", &[rows]).await.unwrap();
    assert_eq!(store.rows(&table).await, 4);
}

async fn preparing_twice_is_preparing_once(store: &Store) {
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

async fn a_load_without_rows_moves_the_cursor(store: &Store) {
    let (sink, table) = (store.sink(), simple("t", WriteMode::Append));
    load(&*sink, None, "1", &[]).await.unwrap();
    load(&*sink, Some("1"), "2", &[batch(&table, &[])]).await.unwrap();
    load(&*sink, Some("2"), "2", &[]).await.unwrap();
    assert_eq!(sink.cursor("test").await.unwrap(), Some(Cursor::new("2")));
    assert_eq!(store.rows(&table).await, 0);
}

async fn any_value_is_taken(store: &Store) {
    for write in [WriteMode::Append, WriteMode::Merge] {
        let store = store.another();
        let (sink, table) = (store.sink(), everything(write));
        let rows = extremes();
        for (at, row) in rows.iter().enumerate() {
            let before = (at > 0).then(|| at.to_string());
            let one = Batch::from_rows(&table, [row]).unwrap();
            load(&*sink, before.as_deref(), &(at + 1).to_string(), &[one]).await.unwrap();
        }
        assert_eq!(store.rows(&table).await, rows.len());
        if store.url.starts_with("csv") {
            continue;
        }
        let loaded = Batch::from_rows(&table, rows).unwrap().into_frame();
        let frame = store.warehouse().scan(&Scan::all(&table)).await.unwrap();
        assert_eq!(frame.schema(), loaded.schema());
        assert!(sorted(&frame).equals_missing(&sorted(&loaded)), "{frame} is not {loaded}");
        let some = Scan::columns(&table, ["huge", "group", "where"]);
        let frame = store.warehouse().scan(&some).await.unwrap();
        let loaded = loaded.select(["huge", "group", "where"]).unwrap();
        assert_eq!(frame.schema(), loaded.schema());
        let by_group = |frame: &DataFrame| frame.sort(["group"], Default::default()).unwrap();
        assert!(by_group(&frame).equals_missing(&by_group(&loaded)), "{frame} is not {loaded}");
    }
}

async fn a_table_that_changed_is_refused_by_column(store: &Store) {
    let table = simple("t", WriteMode::Append);
    store.sink().prepare(std::slice::from_ref(&table)).await.unwrap();
    let changed = |column: &'static str, dtype| {
        let table = Table::builder("t", "").column("id", DataType::Int64, "");
        table.column(column, dtype, "").key(["id"]).build().unwrap()
    };
    for (table, column) in [
        (changed("text", DataType::Float64), "text"),
        (changed("words", DataType::Text), "words"),
        (wider(&table, |it| it.column("more", DataType::FIAT, "")), "more"),
    ] {
        let error = store.sink().prepare(&[table]).await.unwrap_err().to_string();
        assert!(error.contains(&format!("table `t`, column `{column}`")), "{error}");
    }
    assert_eq!(store.rows(&table).await, 0);
}

/// A [`simple`] table and more.
fn wider(table: &Table, more: impl FnOnce(TableBuilder) -> TableBuilder) -> TableRef {
    let start = Table::builder(table.name.clone(), "").column("id", DataType::Int64, "").column(
        "text",
        DataType::Text,
        "",
    );
    more(start).key(["id"]).write(table.write).build().unwrap()
}

async fn a_table_with_a_name_of_ours_is_refused(store: &Store) {
    for name in ["_tidegauge", "_tidegauge_cursors", "sqlite_master"] {
        let error = store.sink().prepare(&[simple(name, WriteMode::Merge)]).await.unwrap_err();
        assert!(error.to_string().contains("the store's own"), "{error}");
    }
    // A table that nobody built, and so nobody checked.
    let table = std::sync::Arc::new(Table {
        name: "../out".into(),
        ..Table::clone(&simple("t", WriteMode::Merge))
    });
    let error = store.sink().prepare(&[table]).await.unwrap_err();
    assert!(error.to_string().contains("must match"), "{error}");
}

async fn of_loaders_that_race_exactly_one_wins(store: &Store) {
    let table = simple("t", WriteMode::Append);
    let mut racers = tokio::task::JoinSet::new();
    for racer in 0..8 {
        let (sink, rows) = (store.sink(), batch(&table, &[(racer, "mine")]));
        racers.spawn(async move { load(&*sink, None, &racer.to_string(), &[rows]).await });
    }
    let results = racers.join_all().await;
    let losers: Vec<_> = results.iter().filter_map(|result| result.as_ref().err()).collect();
    assert_eq!(losers.len(), 7);
    assert!(losers.iter().all(|error| is_conflict(error)), "{losers:?}");
    assert_eq!(store.rows(&table).await, 1);
}

async fn the_built_in_tables_are_taken(store: &Store) {
    let sink = store.sink();
    sink.prepare(&tables::all()).await.unwrap();
    for (at, table) in tables::all().into_iter().enumerate() {
        let empty = tidegauge_core::BatchBuilder::new(&table).finish().unwrap();
        let before = (at > 0).then(|| at.to_string());
        load(&*sink, before.as_deref(), &(at + 1).to_string(), &[empty]).await.unwrap();
        assert_eq!(store.rows(&table).await, 0);
        if !store.url.starts_with("csv") {
            let frame = store.warehouse().scan(&Scan::all(&table)).await.unwrap();
            for column in &table.columns {
                assert_eq!(*frame.column(&column.name).unwrap().dtype(), column.dtype.to_polars());
            }
        }
    }
}

/// What the warehouses promise besides.
macro_rules! on_every_warehouse {
    ($($test:ident),+ $(,)?) => {
        mod sqlite_warehouse {
            $( #[tokio::test] async fn $test() { super::$test(&super::Store::new("sqlite")).await } )+
        }
        mod parquet_warehouse {
            $( #[tokio::test] async fn $test() { super::$test(&super::Store::new("parquet")).await } )+
        }
        mod postgres_warehouse {
            $( #[tokio::test] async fn $test() {
                if let Some(store) = super::Store::of("postgres") {
                    super::$test(&store).await;
                }
            } )+
        }
        mod mysql_warehouse {
            $( #[tokio::test] async fn $test() {
                if let Some(store) = super::Store::of("mysql") {
                    super::$test(&store).await;
                }
            } )+
        }
    };
}

on_every_warehouse! {
    of_merged_rows_the_newest_stays,
    merging_takes_keys_of_any_type,
    a_table_that_is_nothing_but_key_can_be_merged,
    what_is_not_there_reads_as_no_rows,
    many_rows_come_back_whatever_the_page_size,
    reading_needs_no_writer_and_sees_what_is_committed,
    a_column_that_rows_may_lack_is_added,
    summaries_are_those_of_the_rows,
    a_summary_that_makes_no_sense_is_refused,
}

/// Rows of every type in a few groups, some of them null, from 2019 to 2022.
fn varied(table: &TableRef, count: i64) -> Batch {
    let mut builder = BatchBuilder::new(table);
    for at in 0..count {
        let odd = |by: i64| at * 7_919 % by;
        let or_null = |null: bool, cell| if null { Cell::Null } else { cell };
        let names = ["Zoë", "ada", "Ada", "", "😀", "z"];
        let micros = 1_546_300_800_000_000 + odd(100_003) * 1_262_304_000;
        let units = i128::from(odd(1_000_003)) * 99_999_999_999_999_999 - (1 << 70);
        let cells = [
            Cell::Int((at * 1_000_003).into()),
            Cell::Text(names[usize::try_from(odd(6)).unwrap()]),
            or_null(odd(5) == 0, Cell::Bool(odd(2) == 0)),
            or_null(odd(11) == 0, Cell::Float(0.5)),
            or_null(odd(13) == 0, Cell::Date(17_897 + i32::try_from(odd(1_461)).unwrap())),
            or_null(odd(17) == 0, Cell::Timestamp(micros)),
            or_null(odd(19) == 0, Cell::Decimal((odd(2_001) - 1_000).into())),
            or_null(odd(23) == 0, Cell::Decimal(units)),
            or_null(odd(29) == 0, Cell::Decimal(units * 1_000)),
            or_null(odd(3) == 0, Cell::Text(names[usize::try_from(odd(4)).unwrap()])),
        ];
        cells.into_iter().for_each(|cell| builder.push(cell).unwrap());
    }
    builder.finish().unwrap()
}

async fn summaries_are_those_of_the_rows(store: &Store) {
    let at = |text: &str| text.parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    let year = Span::new(at("2020-02-29T12:34:56.789Z"), at("2021-03-01T00:00:00Z"));
    for write in [WriteMode::Append, WriteMode::Merge] {
        let (store, table) = (store.another(), everything(write));
        let all = varied(&table, 3_000);
        let warehouse = store.warehouse();
        for page in 0..3i64 {
            let rows = all.frame().slice(page * 1_000, 1_000);
            let (before, after) = ((page > 0).then(|| page.to_string()), (page + 1).to_string());
            let rows = Batch::new(&table, rows).unwrap();
            load(&*warehouse, before.as_deref(), &after, &[rows]).await.unwrap();
        }
        let start = || Aggregate::of(&table);
        for aggregate in [
            start().count(),
            start().sum("group").sum("fiat").sum("crypto").sum("huge").count(),
            start().by("select").count().sum("fiat").min("crypto").max("crypto").max("huge"),
            start().by("flag").by("where").distinct("select").distinct("fiat").distinct("flag"),
            start().by_month("at").by("flag").sum("crypto").min("at").max("day").distinct("at"),
            start().by_week("day").count().min("group").max("group").distinct("day"),
            start().by_week("at").sum("fiat").during(year),
            start().by_day("at").count().during(year),
            start().by("fiat").count(),
            start().by("at").by("crypto").by("huge").by("day"),
            start().count().sum("fiat").during(Span::new(year.to, year.from)),
            start().by("select").count().during(Span::new(year.from, year.from)),
        ] {
            let found = warehouse.aggregate(&aggregate).await.unwrap();
            let mut fold = Fold::new(&aggregate).unwrap();
            fold.add(all.frame()).unwrap();
            let wanted = fold.finish().unwrap();
            assert_eq!(found.schema(), wanted.schema(), "{aggregate:?}");
            assert!(found.equals_missing(&wanted), "{aggregate:?}: {found} is not {wanted}");
        }
        // Of what is not there: no group, or a row of nothing.
        let none = simple("none", WriteMode::Append);
        let by_text = Aggregate::of(&none).by("text").count();
        assert_eq!(warehouse.aggregate(&by_text).await.unwrap().shape(), (0, 2));
        let nothing = warehouse.aggregate(&Aggregate::of(&none).count().sum("id")).await.unwrap();
        assert_eq!(nothing.shape(), (1, 2));
        assert_eq!(nothing.column("count").unwrap().i64().unwrap().get(0), Some(0));
    }
}

async fn a_summary_that_makes_no_sense_is_refused(store: &Store) {
    let (warehouse, table) = (store.warehouse(), everything(WriteMode::Append));
    let (start, whenever) = (|| Aggregate::of(&table), chrono::DateTime::UNIX_EPOCH);
    let timeless = Aggregate::of(&simple("t", WriteMode::Append)).count();
    for (aggregate, says) in [
        (start(), "needs a group or a measure"),
        (start().by("nope"), "no column `nope`"),
        (start().sum("share"), "no exact sum of `share`, which is float64"),
        (start().sum("where"), "no exact sum of `where`, which is text"),
        (start().by("share"), "nothing goes by `share`"),
        (start().by_day("fiat"), "no day in `fiat`"),
        (start().max("where"), "no order of `where`"),
        (start().count().count(), "`count` twice"),
        (timeless.during(Span::new(whenever, whenever)), "no event time"),
    ] {
        let error = warehouse.aggregate(&aggregate).await.unwrap_err().to_string();
        assert!(error.contains(says), "{error} should say {says}");
    }
}

async fn a_column_that_rows_may_lack_is_added(store: &Store) {
    for write in [WriteMode::Append, WriteMode::Merge] {
        let store = store.another();
        let (warehouse, table) = (store.warehouse(), simple("t", write));
        load(&*warehouse, None, "1", &[batch(&table, &[(1, "a"), (2, "b")])]).await.unwrap();
        let wide = wider(&table, |it| it.nullable("more", DataType::FIAT, ""));
        #[derive(serde::Serialize)]
        struct Row {
            id: i64,
            text: &'static str,
            more: &'static str,
        }
        let rows = Batch::from_rows(&wide, [Row { id: 3, text: "c", more: "1.50" }]).unwrap();
        load(&*warehouse, Some("1"), "2", &[rows]).await.unwrap();
        let frame = sorted(&store.warehouse().scan(&Scan::all(&wide)).await.unwrap());
        let more = frame.column("more").unwrap().decimal().unwrap().physical().clone();
        assert_eq!(more.iter().collect::<Vec<_>>(), [None, None, Some(150)]);
        // And whoever has the older definition still is refused: rows of theirs lack nothing.
        let error = store.sink().prepare(&[table]).await.unwrap_err().to_string();
        assert!(error.contains("column `more`"), "{error}");
    }
}

async fn of_merged_rows_the_newest_stays(store: &Store) {
    let (warehouse, table) = (store.warehouse(), simple("t", WriteMode::Merge));
    let first = batch(&table, &[(1, "a"), (2, "b"), (1, "c"), (3, "d")]);
    load(&*warehouse, None, "1", &[first]).await.unwrap();
    let rows = [(1, "c".into()), (2, "b".into()), (3, "d".into())];
    assert_eq!(pairs(&*warehouse, &table).await, rows);
    // Within a load the later batch wins; ranges that meet, and one that does not.
    let batches = [batch(&table, &[(2, "e"), (9, "f")]), batch(&table, &[(9, "g"), (0, "h")])];
    load(&*warehouse, Some("1"), "2", &batches).await.unwrap();
    load(&*warehouse, Some("2"), "3", &[batch(&table, &[(20, "i")])]).await.unwrap();
    load(&*warehouse, Some("3"), "4", &[batch(&table, &[(3, "j")])]).await.unwrap();
    let rows = [(0, "h"), (1, "c"), (2, "e"), (3, "j"), (9, "g"), (20, "i")]
        .map(|(id, text)| (id, text.to_owned()));
    assert_eq!(pairs(&*warehouse, &table).await, rows);
    let texts = warehouse.scan(&Scan::columns(&table, ["text"])).await.unwrap();
    assert_eq!(texts.shape(), (6, 1));
}

async fn merging_takes_keys_of_any_type(store: &Store) {
    let (warehouse, table) = (store.warehouse(), everything(WriteMode::Merge));
    let rows = extremes();
    let batch = Batch::from_rows(&table, &rows).unwrap();
    load(&*warehouse, None, "1", std::slice::from_ref(&batch)).await.unwrap();
    load(&*warehouse, Some("1"), "2", std::slice::from_ref(&batch)).await.unwrap();
    let mut changed = rows[0].clone();
    changed.crypto = None;
    let one = Batch::from_rows(&table, [&changed]).unwrap();
    load(&*warehouse, Some("2"), "3", &[one]).await.unwrap();
    let frame = warehouse.scan(&Scan::all(&table)).await.unwrap();
    let rows = [vec![changed], rows[1..].to_vec()].concat();
    let wanted = Batch::from_rows(&table, rows).unwrap().into_frame();
    assert!(sorted(&frame).equals_missing(&sorted(&wanted)), "{frame} is not {wanted}");
}

async fn a_table_that_is_nothing_but_key_can_be_merged(store: &Store) {
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
    let warehouse = store.warehouse();
    load(&*warehouse, None, "1", &[rows(&[1, 2, 2])]).await.unwrap();
    load(&*warehouse, Some("1"), "2", &[rows(&[2, 3])]).await.unwrap();
    assert_eq!(store.rows(&table).await, 3);
}

async fn what_is_not_there_reads_as_no_rows(store: &Store) {
    let table = everything(WriteMode::Merge);
    let wanted = Batch::from_rows(&table, extremes()).unwrap().into_frame().slice(0, 0);
    let frame = store.warehouse().scan(&Scan::all(&table)).await.unwrap();
    assert_eq!(frame.schema(), wanted.schema());
    assert!(!store.path.exists(), "reading makes nothing");
    store.sink().prepare(&[simple("t", WriteMode::Append)]).await.unwrap();
    let frame = store.warehouse().scan(&Scan::columns(&table, ["at", "flag"])).await.unwrap();
    assert_eq!(frame.schema(), wanted.select(["at", "flag"]).unwrap().schema());
    let error = store.warehouse().scan(&Scan::columns(&table, ["nope"])).await.unwrap_err();
    assert!(error.to_string().contains("no column `nope`"), "{error}");
}

async fn many_rows_come_back_whatever_the_page_size(store: &Store) {
    let rows: Vec<(i64, &str)> = (0..10_000).map(|id| (id * 7 % 10_007, "text")).collect();
    for page in [1_300, 4_999, 10_000] {
        let store = store.another();
        let (warehouse, table) = (store.warehouse(), simple("t", WriteMode::Append));
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

async fn reading_needs_no_writer_and_sees_what_is_committed(store: &Store) {
    let table = simple("t", WriteMode::Append);
    let (writer, reader) = (store.warehouse(), store.warehouse());
    for at in 0..20 {
        let before = (at > 0).then(|| at.to_string());
        let rows = batch(&table, &[(2 * at, "a"), (2 * at + 1, "b")]);
        let (after, scan) = ((at + 1).to_string(), Scan::all(&table));
        let batches = [rows];
        let (loaded, seen) =
            tokio::join!(load(&*writer, before.as_deref(), &after, &batches), reader.scan(&scan),);
        loaded.unwrap();
        assert_eq!(seen.unwrap().height() % 2, 0, "a load is seen whole or not at all");
    }
    assert_eq!(store.rows(&table).await, 40);
}
