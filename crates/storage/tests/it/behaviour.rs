//! What every store promises, whichever it is: the promises of `tidegauge_core::conformance`.

use crate::support::{Store, simple};
use tidegauge_core::{Table, WriteMode, sink_promises, warehouse_promises};

sink_promises!(csv, Store::of("csv"));
sink_promises!(sqlite, Store::of("sqlite"));
sink_promises!(parquet, Store::of("parquet"));
sink_promises!(postgres, Store::of("postgres"));
sink_promises!(mysql, Store::of("mysql"));
sink_promises!(bigquery, Store::of("bigquery"));
warehouse_promises!(sqlite_warehouse, Store::of("sqlite"));
warehouse_promises!(parquet_warehouse, Store::of("parquet"));
warehouse_promises!(postgres_warehouse, Store::of("postgres"));
warehouse_promises!(mysql_warehouse, Store::of("mysql"));
warehouse_promises!(bigquery_warehouse, Store::of("bigquery"));
#[cfg(feature = "object-store")]
sink_promises!(s3, Store::of("s3"));
#[cfg(feature = "object-store")]
warehouse_promises!(s3_warehouse, Store::of("s3"));

#[tokio::test]
async fn every_store_calls_itself_as_its_url_without_the_password() {
    for scheme in ["csv", "sqlite", "parquet", "postgres", "mysql", "bigquery"] {
        let Some(store) = Store::of(scheme) else { continue };
        assert!(store.name.starts_with(&format!("{scheme}://")), "{}", store.name);
        assert!(!store.name.contains('@'), "{}", store.name);
    }
}

#[tokio::test]
async fn reading_makes_nothing() {
    for scheme in ["sqlite", "parquet"] {
        let store = Store::new(scheme);
        let table = simple("t", WriteMode::Merge);
        assert_eq!(store.rows(&table).await, 0);
        assert_eq!(store.sink().cursor("test").await.unwrap(), None);
        assert!(!store.path.exists(), "{scheme}");
    }
}

#[tokio::test]
async fn every_store_refuses_a_table_with_a_name_of_ours() {
    for scheme in ["csv", "sqlite", "parquet", "postgres", "mysql", "bigquery"] {
        let Some(store) = Store::of(scheme) else { continue };
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
}
