//! Tests of decimals with more digits than before: stored tables open, can be loaded into, and keep
//! their values.

use tidegauge_core::{
    Aggregate, Batch, Cell, DataType, Filter, Scan, Table, TableRef, Value, Warehouse,
    WarehouseExt, WriteMode,
};

use crate::support::{SCHEMES, Store, load};

const NARROW: DataType = DataType::Decimal { precision: 28, scale: 8 };

fn prices(dtype: DataType, write: WriteMode) -> TableRef {
    Table::builder("prices", "What coins cost")
        .column("id", DataType::Int64, "")
        .column("price", dtype, "")
        .nullable("bid", dtype, "")
        .key(["id"])
        .write(write)
        .build()
        .unwrap()
}

fn rows(table: &TableRef, rows: &[(i64, &str, Option<&str>)]) -> Batch {
    #[derive(serde::Serialize)]
    struct Row<'a> {
        id: i64,
        price: &'a str,
        bid: Option<&'a str>,
    }
    let rows = rows.iter().map(|(id, price, bid)| Row { id: *id, price, bid: *bid });
    Batch::from_rows(table, rows).unwrap()
}

/// Returns the ids of the rows that a scan returns.
async fn found(warehouse: &dyn Warehouse, scan: &Scan) -> Vec<i64> {
    let rows = warehouse.read(scan).await.unwrap();
    let mut ids = rows.column("id").unwrap().as_i64().unwrap().values().to_vec();
    ids.sort_unstable();
    ids
}

fn units(text: &str) -> i128 {
    tidegauge_core::parse_units(text, 18).unwrap()
}

#[tokio::test]
async fn every_store_accepts_decimals_with_more_digits() {
    for (scheme, write) in SCHEMES
        .iter()
        .flat_map(|scheme| [WriteMode::Append, WriteMode::Merge].map(|write| (*scheme, write)))
    {
        let Some(store) = Store::of(scheme) else { continue };
        let (narrow, wide) = (prices(NARROW, write), prices(DataType::CRYPTO, write));
        let most = "99999999999999999999.99999999";
        let old = rows(&narrow, &[(1, "1.5", None), (2, most, Some("0.00000001"))]);
        load(&*store.sink(), None, "1", &[old]).await.unwrap();
        if scheme != "csv" {
            // Reads before anything is written.
            let warehouse = store.warehouse();
            let cheap = Scan::all(&wide).filter(Filter::eq("price", decimal("1.5")));
            assert_eq!(found(&*warehouse, &cheap).await, [1], "{scheme}");
        }
        let new =
            rows(&wide, &[(3, "4.2e-12", Some("1e-18")), (4, "-512.700000000000000113", None)]);
        load(&*store.sink(), Some("1"), "2", &[new]).await.unwrap();
        assert_eq!(store.rows(&wide).await, 4, "{scheme}");
        if scheme == "csv" {
            let lines = std::fs::read_to_string(store.path.join("prices.csv")).unwrap();
            let expected = format!(
                "id,price,bid\n1,1.50000000,\n2,{most},0.00000001\n3,0.0000000000042,0.000000000000000001\n\
                 4,-512.700000000000000113,\n"
            );
            assert_eq!(lines, expected);
            continue;
        }
        let warehouse = store.warehouse();
        let all = warehouse.read(&Scan::all(&wide)).await.unwrap();
        let prices = all.column("price").unwrap();
        let mut seen: Vec<i128> = prices.as_decimal().unwrap().iter().flatten().collect();
        seen.sort_unstable();
        let expected = ["-512.700000000000000113", "4.2e-12", "1.5", most].map(units);
        assert_eq!(seen, expected, "{scheme}");
        for (filter, ids) in [
            (Filter::eq("price", decimal("1.5")), vec![1]),
            (Filter::eq("price", decimal("4.2e-12")), vec![3]),
            (Filter::range("price", decimal("4e-12")..decimal("2")), vec![1, 3]),
            (Filter::range("price", ..decimal("1e-8")), vec![3, 4]),
            (Filter::range("price", decimal("1.5")..), vec![1, 2]),
            (Filter::is_in("bid", [decimal("1e-8"), decimal("1e-18")]), vec![2, 3]),
            (Filter::is_null("bid"), vec![1, 4]),
        ] {
            let scan = Scan::all(&wide).filter(filter.clone());
            assert_eq!(found(&*warehouse, &scan).await, ids, "{scheme}: {filter:?}");
        }
        let summary = Aggregate::new(&wide).sum("bid").min("price").max("price");
        let summary = warehouse.aggregate(&summary).await.unwrap();
        let cells: Vec<_> = summary.views().unwrap().iter().map(|view| view.cell(0)).collect();
        let expected =
            [units("0.000000010000000001"), units("-512.700000000000000113"), units(most)];
        assert_eq!(cells, expected.map(Cell::Decimal), "{scheme}");
        #[cfg(feature = "parquet")]
        if scheme == "parquet" {
            // The footer of each file records its number of digits.
            std::fs::remove_file(store.path.join("_tidegauge/manifest.json")).unwrap();
            tidegauge_storage::repair(&store.url, std::slice::from_ref(&wide)).await.unwrap();
            assert_eq!(store.rows(&wide).await, 4);
        }
        if write == WriteMode::Merge {
            // The replacement of an older row has more digits.
            let again = rows(&wide, &[(1, "1.500000000000000001", None)]);
            load(&*store.sink(), Some("2"), "3", &[again]).await.unwrap();
            let scan = Scan::all(&wide).filter(Filter::range("price", decimal("1")..decimal("2")));
            let rows = warehouse.read(&scan).await.unwrap();
            let cell = rows.column("price").unwrap().cell(0);
            assert_eq!(
                (rows.rows(), cell),
                (1, Cell::Decimal(units("1.500000000000000001"))),
                "{scheme}"
            );
        }
    }
}

/// Checks the migration of tables as the previous version left them.
#[cfg(any(feature = "postgres", feature = "mysql"))]
#[tokio::test]
async fn built_in_tables_of_postgres_and_mysql_are_widened_by_a_migration() {
    use tidegauge_core::tables::FxRate;

    use crate::support::by_hand;

    let fixing = |day: &str, rate: &str| {
        let rate = FxRate {
            base: "EUR".into(),
            quote: "USD".into(),
            rate_date: day.parse().unwrap(),
            source: "ecb".into(),
            rate: rate.parse().unwrap(),
        };
        Batch::from_rows(FxRate::table(), [rate]).unwrap()
    };
    for (scheme, narrow, forget) in [
        (
            "postgres",
            "ALTER TABLE \"fx_rates\" ALTER COLUMN \"rate\" TYPE numeric(28,8)",
            "DELETE FROM \"_sqlx_migrations\" WHERE version = 5",
        ),
        (
            "mysql",
            "ALTER TABLE \"fx_rates\" MODIFY COLUMN \"rate\" decimal(28,8) NOT NULL",
            "DELETE FROM \"_tidegauge_migrations\" WHERE version = 5",
        ),
    ] {
        let Some(store) = SCHEMES.contains(&scheme).then(|| Store::of(scheme)).flatten() else {
            continue;
        };
        load(&*store.sink(), None, "1", &[fixing("2026-01-02", "1.1721")]).await.unwrap();
        assert!(by_hand::run(&store, narrow).await && by_hand::run(&store, forget).await);
        let again = store.sink();
        load(&*again, Some("1"), "2", &[fixing("2026-01-03", "1.172134444400000001")])
            .await
            .unwrap();
        let rows = store.warehouse().read(&Scan::all(FxRate::table())).await.unwrap();
        let rates = rows.column("rate").unwrap();
        let mut rates: Vec<i128> = rates.as_decimal().unwrap().iter().flatten().collect();
        rates.sort_unstable();
        assert_eq!(rates, ["1.1721", "1.172134444400000001"].map(units), "{scheme}");
    }
}

/// Checks that the migration names a user's view that depends on its columns, and changes nothing.
#[cfg(feature = "postgres")]
#[tokio::test]
async fn the_error_names_a_view_that_keeps_postgres_from_widening() {
    use crate::support::by_hand;

    let Some(store) = Store::of("postgres") else { return };
    store.sink().prepare(&[]).await.unwrap();
    for sql in [
        "ALTER TABLE \"fx_rates\" ALTER COLUMN \"rate\" TYPE numeric(28,8)",
        "DELETE FROM \"_sqlx_migrations\" WHERE version = 5",
        "CREATE VIEW \"my rates\" AS SELECT rate FROM fx_rates",
    ] {
        by_hand::run(&store, sql).await;
    }
    let error = store.sink().prepare(&[]).await.unwrap_err().to_string();
    assert!(error.contains("my rates") && error.contains("drop the view"), "{error}");
    by_hand::run(&store, "DROP VIEW \"my rates\"").await;
    store.sink().prepare(&[]).await.unwrap();
}

fn decimal(text: &str) -> Value {
    Value::Decimal { units: units(text), scale: 18 }
}
