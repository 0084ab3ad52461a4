//! The conformance tests of `tidegauge_core::conformance`, and other tests that every store must
//! pass.

use tidegauge_core::{
    Aggregate, Batch, Cell, Cursor, Filter, Load, Scan, Table, Values, WarehouseExt, WriteMode,
};

use crate::support::{SCHEMES, Store, batch, load, simple};

#[cfg(feature = "csv")]
tidegauge_core::sink_promises!(csv, Store::of("csv"));
#[cfg(feature = "sqlite")]
tidegauge_core::sink_promises!(sqlite, Store::of("sqlite"));
#[cfg(feature = "sqlite")]
tidegauge_core::warehouse_promises!(sqlite_warehouse, Store::of("sqlite"));
#[cfg(feature = "parquet")]
tidegauge_core::sink_promises!(parquet, Store::of("parquet"));
#[cfg(feature = "parquet")]
tidegauge_core::warehouse_promises!(parquet_warehouse, Store::of("parquet"));
#[cfg(feature = "postgres")]
tidegauge_core::sink_promises!(postgres, Store::of("postgres"));
#[cfg(feature = "postgres")]
tidegauge_core::warehouse_promises!(postgres_warehouse, Store::of("postgres"));
#[cfg(feature = "mysql")]
tidegauge_core::sink_promises!(mysql, Store::of("mysql"));
#[cfg(feature = "mysql")]
tidegauge_core::warehouse_promises!(mysql_warehouse, Store::of("mysql"));
#[cfg(feature = "bigquery")]
tidegauge_core::sink_promises!(bigquery, Store::of("bigquery"));
#[cfg(feature = "bigquery")]
tidegauge_core::warehouse_promises!(bigquery_warehouse, Store::of("bigquery"));
#[cfg(feature = "object-store")]
tidegauge_core::sink_promises!(s3, Store::of("s3"));
#[cfg(feature = "object-store")]
tidegauge_core::warehouse_promises!(s3_warehouse, Store::of("s3"));

#[tokio::test]
async fn every_store_is_named_by_its_url_without_the_password() {
    for scheme in SCHEMES {
        let Some(store) = Store::of(scheme) else { continue };
        assert!(store.name.starts_with(&format!("{scheme}://")), "{}", store.name);
        assert!(!store.name.contains('@'), "{}", store.name);
    }
}

/// Checks a list with more values than any database accepts as parameters of one statement.
#[tokio::test]
async fn every_store_filters_by_each_value_of_a_long_list() {
    for scheme in SCHEMES.iter().filter(|scheme| **scheme != "csv") {
        let Some(store) = Store::of(scheme) else { continue };
        let (warehouse, table) = (store.warehouse(), simple("t", WriteMode::Append));
        let texts: Vec<String> = (0..3_000).map(|id| format!("text {id}")).collect();
        let columns = vec![
            Values::Ints((0..3_000).collect()),
            Values::Texts(texts.iter().map(String::as_str).collect()),
        ];
        let rows = Batch::from_columns(&table, 3_000, columns).unwrap();
        load(&*warehouse, None, "1", &[rows]).await.unwrap();
        let odd = |count: i64| (0..count).map(|number| 2 * number + 1);
        for filter in [
            Filter::is_in("id", odd(40_000)),
            Filter::is_in("text", odd(2_000).map(|id| format!("text {id}"))),
        ] {
            let scan = Scan::columns(&table, ["id"]).filter(filter.clone());
            let found = warehouse.read(&scan).await.unwrap();
            let mut ids = found.column("id").unwrap().as_i64().unwrap().values().to_vec();
            ids.sort_unstable();
            assert_eq!(ids, odd(1_500).collect::<Vec<_>>(), "{scheme}");
            assert_eq!(warehouse.read(&scan.limit(7)).await.unwrap().rows(), 7, "{scheme}");
            let count = Aggregate::new(&table).count().sum("id").filter(filter);
            let counted = warehouse.aggregate(&count).await.unwrap();
            assert_eq!(counted.column("count").unwrap().cell(0), Cell::Int(1_500), "{scheme}");
        }
    }
}

/// Checks that several processes, started at once on an empty database as a scheduler may do, wait
/// for each other, and that none fails.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_store_accepts_concurrent_first_loads() {
    for scheme in SCHEMES {
        // The emulator of BigQuery is slow.
        let rounds = if *scheme == "bigquery" { 1 } else { 12 };
        for _ in 0..rounds {
            let Some(store) = Store::of(scheme) else { break };
            let table = simple("t", WriteMode::Append);
            let loader = |number: i64| {
                let (sink, rows) = (store.sink(), [batch(&table, &[(number, "mine")])]);
                tokio::spawn(async move {
                    let (source, after) = (format!("source {number}"), Cursor::new("1"));
                    let load = Load::new(&source, &rows, None, &after);
                    sink.load(load).await
                })
            };
            for loaded in futures_util::future::join_all((0..4).map(loader)).await {
                loaded.unwrap().unwrap_or_else(|error| panic!("{scheme}: {error}"));
            }
            assert_eq!(store.rows(&table).await, 4, "{scheme}");
        }
    }
}

#[tokio::test]
async fn reading_creates_no_files() {
    for scheme in SCHEMES.iter().filter(|scheme| ["sqlite", "parquet"].contains(scheme)) {
        let store = Store::new(scheme);
        let table = simple("t", WriteMode::Merge);
        assert_eq!(store.rows(&table).await, 0);
        assert_eq!(store.sink().cursor("test").await.unwrap(), None);
        assert!(!store.path.exists(), "{scheme}");
    }
}

#[tokio::test]
async fn every_store_refuses_a_table_with_a_reserved_name() {
    for scheme in SCHEMES {
        let Some(store) = Store::of(scheme) else { continue };
        for name in ["_tidegauge", "_tidegauge_cursors", "sqlite_master"] {
            let error = store.sink().prepare(&[simple(name, WriteMode::Merge)]).await.unwrap_err();
            assert!(error.to_string().contains("the store's own"), "{error}");
            assert_eq!(error.kind(), tidegauge_core::ErrorKind::InvalidInput);
        }
        // A table that was not built, and so not validated.
        let table = std::sync::Arc::new(Table {
            name: "../out".into(),
            ..Table::clone(&simple("t", WriteMode::Merge))
        });
        let error = store.sink().prepare(&[table]).await.unwrap_err();
        assert!(error.to_string().contains("must match"), "{error}");
    }
}
