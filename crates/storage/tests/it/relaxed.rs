//! Tests of columns that became nullable: stored tables open, can be loaded into, and keep their
//! values.

use tidegauge_core::{
    Batch, DataType, Filter, Scan, Table, TableRef, Value, WarehouseExt, WriteMode,
};

use crate::support::{SCHEMES, Store, load, shop_user};

fn people(nullable: bool, write: WriteMode) -> TableRef {
    let table = Table::builder("people", "Who there is").column("id", DataType::Int64, "");
    let types = [
        ("name", DataType::Text),
        ("is_active", DataType::Bool),
        ("worth", DataType::CRYPTO),
        ("seen_at", DataType::Timestamp),
    ];
    let table = types.into_iter().fold(table, |table, (name, dtype)| match nullable {
        true => table.nullable(name, dtype, ""),
        false => table.column(name, dtype, ""),
    });
    table.key(["id"]).write(write).build().unwrap()
}

fn rows(table: &TableRef, ids: &[i64], known: bool) -> Batch {
    #[derive(serde::Serialize)]
    struct Row {
        id: i64,
        name: Option<String>,
        is_active: Option<bool>,
        worth: Option<String>,
        seen_at: Option<String>,
    }
    let rows = ids.iter().map(|id| Row {
        id: *id,
        name: known.then(|| format!("n{id}")),
        is_active: known.then_some(true),
        worth: known.then(|| "1.5".into()),
        seen_at: known.then(|| "2026-01-02T03:04:05Z".into()),
    });
    Batch::from_rows(table, rows).unwrap()
}

#[tokio::test]
async fn every_store_accepts_columns_that_became_nullable() {
    for (scheme, write) in SCHEMES
        .iter()
        .flat_map(|scheme| [WriteMode::Append, WriteMode::Merge].map(|write| (scheme, write)))
    {
        let Some(store) = Store::of(scheme) else { continue };
        let (strict, lenient) = (people(false, write), people(true, write));
        load(&*store.sink(), None, "1", &[rows(&strict, &[1, 2], true)]).await.unwrap();
        let unknown = rows(&lenient, &[3, 4], false);
        load(&*store.sink(), Some("1"), "2", &[unknown]).await.unwrap();
        assert_eq!(store.rows(&lenient).await, 4, "{scheme}");
        if write == WriteMode::Merge && *scheme != "csv" {
            // An older row is replaced by a row with fewer values.
            load(&*store.sink(), Some("2"), "3", &[rows(&lenient, &[1], false)]).await.unwrap();
            assert_eq!(store.rows(&lenient).await, 4, "{scheme}");
        }
        if *scheme == "csv" {
            let lines = std::fs::read_to_string(store.path.join("people.csv")).unwrap();
            assert!(lines.contains("\n2,n2,true,") && lines.ends_with(",,,,\n"), "{lines}");
            continue;
        }
        let warehouse = store.warehouse();
        for (column, known) in [("name", Value::from("n2")), ("is_active", Value::Bool(true))] {
            let all = Scan::all(&lenient).filter(Filter::eq(column, known));
            let ids = warehouse.read(&all).await.unwrap();
            let ids = ids.column("id").unwrap().as_i64().unwrap().values().to_vec();
            assert!(ids.contains(&2) && !ids.contains(&3), "{scheme}: {column}: {ids:?}");
        }
        for column in ["name", "is_active", "worth", "seen_at"] {
            let none = Scan::all(&lenient).filter(Filter::is_null(column));
            let none = warehouse.read(&none).await.unwrap().rows();
            assert_eq!(none, if write == WriteMode::Merge { 3 } else { 2 }, "{scheme}: {column}");
        }
    }
}

/// Checks the migration of tables as the previous version left them.
#[cfg(any(feature = "postgres", feature = "mysql"))]
#[tokio::test]
async fn built_in_tables_of_postgres_and_mysql_are_relaxed_by_a_migration() {
    use tidegauge_core::tables::RampTransaction;

    use crate::support::by_hand;

    let bought = |id: i64, token: Option<&str>| {
        let row = RampTransaction {
            transaction_id: id,
            user_id: 1,
            fiat_currency: "EUR".into(),
            fiat_amount: "10".parse().unwrap(),
            crypto_token: token.map(str::to_owned),
            crypto_amount: token.map(|_| "0.1".parse().unwrap()),
            payment_method: token.map(|_| "card".into()),
            country: token.map(|_| "DE".into()),
            status: "completed".into(),
            fee_usd: token.map(|_| "1".parse().unwrap()),
            created_at: "2026-01-02T03:04:05Z".parse().unwrap(),
            card: None,
            external_id: None,
            external_user_id: None,
        };
        Batch::from_rows(RampTransaction::table(), [row]).unwrap()
    };
    for (scheme, strict, forget) in [
        (
            "postgres",
            "ALTER TABLE \"ramp_transactions\" ALTER COLUMN \"crypto_token\" SET NOT NULL, \
             ALTER COLUMN \"fee_usd\" SET NOT NULL",
            "DELETE FROM \"_sqlx_migrations\" WHERE version = 5",
        ),
        (
            "mysql",
            "ALTER TABLE \"ramp_transactions\" MODIFY COLUMN \"crypto_token\" longtext NOT NULL, \
             MODIFY COLUMN \"fee_usd\" decimal(18,2) NOT NULL",
            "DELETE FROM \"_tidegauge_migrations\" WHERE version = 5",
        ),
    ] {
        let Some(store) = SCHEMES.contains(&scheme).then(|| Store::of(scheme)).flatten() else {
            continue;
        };
        load(&*store.sink(), None, "1", &[bought(1, Some("BTC"))]).await.unwrap();
        assert!(by_hand::run(&store, strict).await && by_hand::run(&store, forget).await);
        load(&*store.sink(), Some("1"), "2", &[bought(2, None)]).await.unwrap();
        let table = RampTransaction::table();
        let unknown = Scan::all(table).filter(Filter::is_null("fee_usd"));
        assert_eq!(store.warehouse().read(&unknown).await.unwrap().rows(), 1, "{scheme}");
        assert_eq!(store.rows(table).await, 2, "{scheme}");
    }
}

/// Checks that two text ids with the same surrogate number are never stored as one row.
#[tokio::test]
async fn every_store_distinguishes_ids_with_the_same_surrogate_key() {
    use tidegauge_core::tables::User;
    use tidegauge_core::{Cursor, Load, OnDuplicate};

    for scheme in SCHEMES {
        let Some(store) = Store::of(scheme) else { continue };
        let sink = store.sink();
        let after = [1, 2, 3, 4].map(|at| Cursor::new(at.to_string()));
        let one = [shop_user("a", Some("Ann"))];
        let first = Load::new("test", &one, None, &after[0]).on_duplicate(OnDuplicate::Last);
        sink.load(first).await.unwrap();
        let again = [shop_user("a", Some("Anna"))];
        let second = Load::new("test", &again, Some(&after[0]), &after[1]);
        sink.load(second.on_duplicate(OnDuplicate::Last)).await.unwrap();
        let other = [shop_user("b", Some("Bob"))];
        let third = Load::new("test", &other, Some(&after[1]), &after[2]);
        let error = sink.load(third.on_duplicate(OnDuplicate::Last)).await.unwrap_err();
        assert!(error.to_string().contains("external_id"), "{scheme}: {error}");
        assert_eq!(sink.cursor("test").await.unwrap(), Some(after[1].clone()), "{scheme}");
        // CSV keeps replaced rows.
        let rows = if *scheme == "csv" { 2 } else { 1 };
        assert_eq!(store.rows(User::table()).await, rows, "{scheme}");
    }
}

/// Checks that an older folder is used without the added columns until one of them has a value:
/// then the file is rewritten with all columns.
#[cfg(feature = "csv")]
#[tokio::test]
async fn a_csv_folder_omits_added_columns_without_values() {
    let store = Store::new("csv");
    let table = |more: bool| {
        let table = Table::builder("t", "").column("id", DataType::Int64, "");
        let table = table.nullable("note", DataType::Text, "");
        let table = if more { table.nullable("more", DataType::Text, "") } else { table };
        table.key(["id"]).write(WriteMode::Merge).build().unwrap()
    };
    #[derive(serde::Serialize)]
    struct Row<'a> {
        id: i64,
        note: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        more: Option<&'a str>,
    }
    let rows = |wide: bool, id: i64, more: Option<&str>| {
        Batch::from_rows(&table(wide), [Row { id, note: "a,\"b\"\n", more }]).unwrap()
    };
    load(&*store.sink(), None, "1", &[rows(false, 1, None)]).await.unwrap();
    load(&*store.sink(), Some("1"), "2", &[rows(true, 2, None)]).await.unwrap();
    // Compared with stored lines, as loads of files and databases require.
    let sink = store.sink();
    let (same, before, after) =
        ([rows(true, 1, None)], tidegauge_core::Cursor::new("2"), tidegauge_core::Cursor::new("3"));
    let again = tidegauge_core::Load::new("test", &same, Some(&before), &after);
    let loaded = sink.load(again.on_duplicate(tidegauge_core::OnDuplicate::Refuse)).await.unwrap();
    assert_eq!(loaded.of("t").identical, 1);
    let text = std::fs::read_to_string(store.path.join("t.csv")).unwrap();
    assert_eq!(text, "id,note\n1,\"a,\"\"b\"\"\n\"\n2,\"a,\"\"b\"\"\n\"\n");
    load(&*sink, Some("3"), "4", &[rows(true, 4, Some("x"))]).await.unwrap();
    load(&*store.sink(), Some("4"), "5", &[rows(true, 5, None)]).await.unwrap();
    let line = |id: u8, more: &str| format!("{id},\"a,\"\"b\"\"\n\",{more}\n");
    let text = std::fs::read_to_string(store.path.join("t.csv")).unwrap();
    let lines = [line(1, ""), line(2, ""), line(4, "x"), line(5, "")].concat();
    assert_eq!(text, format!("id,note,more\n{lines}"));
    // The lines are found at their new places.
    let sink = store.sink();
    let (same, before, after) = (
        [rows(true, 2, None), rows(true, 4, Some("x"))],
        tidegauge_core::Cursor::new("5"),
        tidegauge_core::Cursor::new("6"),
    );
    let again = tidegauge_core::Load::new("test", &same, Some(&before), &after);
    let loaded = sink.load(again.on_duplicate(tidegauge_core::OnDuplicate::Refuse)).await.unwrap();
    assert_eq!(loaded.of("t").identical, 2);
    let own: Vec<_> = std::fs::read_dir(store.path.join("_tidegauge")).unwrap().collect();
    assert_eq!(own.len(), 2, "the lock and the manifest: {own:?}");
}

/// Checks that a load or reset that empties a file writes it with all current columns.
#[cfg(feature = "csv")]
#[tokio::test]
async fn an_emptied_csv_file_gets_all_columns() {
    use tidegauge_core::{Cursor, Load, OnDuplicate, Removal, Reset};

    let table = |more: bool| {
        let table = Table::builder("t", "").column("id", DataType::Int64, "");
        let table = if more { table.nullable("more", DataType::Text, "") } else { table };
        table.key(["id"]).write(WriteMode::Merge).build().unwrap()
    };
    #[derive(serde::Serialize)]
    struct Row<'a> {
        id: i64,
        #[serde(skip_serializing_if = "Option::is_none")]
        more: Option<&'a str>,
    }
    let rows = |wide: bool, more: Option<&str>| {
        [Batch::from_rows(&table(wide), [Row { id: 1, more }]).unwrap()]
    };
    for is_reset in [true, false] {
        let store = Store::new("csv");
        load(&*store.sink(), None, "1", &rows(false, None)).await.unwrap();
        let (before, after, wide) = (Cursor::new("1"), Cursor::new("2"), table(true));
        if is_reset {
            let (cursors, removals) = ([("test", Some(&before))], [Removal::all(&wide)]);
            let reset = Reset { cursors: &cursors, removals: &removals, dry_run: false };
            store.sink().reset(reset).await.unwrap();
            load(&*store.sink(), None, "2", &rows(true, None)).await.unwrap();
        } else {
            let rows = rows(true, None);
            let snapshot = Load::new("test", &rows, Some(&before), &after);
            let snapshot = snapshot.on_duplicate(OnDuplicate::Last);
            store.sink().load(snapshot.replacing(&[wide])).await.unwrap();
        }
        let text = std::fs::read_to_string(store.path.join("t.csv")).unwrap();
        assert_eq!(text, "id,more\n1,\n", "reset: {is_reset}");
    }
}
