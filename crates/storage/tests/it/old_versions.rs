//! Tests that warehouses of an earlier version can be opened, read, and loaded into.

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};
use tidegauge_core::{
    Batch, Cell, Cursor, Filter, Load, Scan, SinkExt, WarehouseExt, WriteMode, tables,
};

use crate::support::{Store, batch, shop_user, simple};

/// Returns the warehouse in `versions/`, in a new file.
async fn written_before() -> Store {
    let store = Store::new("sqlite");
    let options = SqliteConnectOptions::new().filename(&store.path).create_if_missing(true);
    let mut connection = options.foreign_keys(false).connect().await.unwrap();
    let dump = include_str!("versions/sqlite_0_1_0.sql");
    sqlx::raw_sql(dump).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    store
}

fn cells<'a>(batch: &'a Batch, names: &[&str]) -> Vec<Cell<'a>> {
    names.iter().map(|name| batch.column(name).unwrap().cell(0)).collect()
}

#[tokio::test]
async fn a_sqlite_warehouse_of_the_previous_version_opens_and_accepts_loads() {
    let store = written_before().await;
    let warehouse = store.warehouse();
    // Reads before anything is written.
    let cursors = warehouse.cursors().await.unwrap();
    let sources: Vec<_> = cursors.keys().map(String::as_str).collect();
    assert_eq!(sources, ["pipeline", "recorded", "simulation"]);
    let version = warehouse.data_version().await.unwrap();
    for (name, rows) in [("users", 2), ("trades", 2), ("ledger_entries", 2), ("candles", 0)] {
        let table = tables::by_name(name).unwrap();
        assert_eq!(warehouse.read(&Scan::all(&table)).await.unwrap().rows(), rows, "{name}");
        assert_eq!(warehouse.count(&table).await.unwrap(), rows, "{name}");
    }
    let trade =
        Scan::all(&tables::by_name("trades").unwrap()).filter(Filter::eq("trade_id", 1_048_580));
    let trade = warehouse.read(&trade).await.unwrap();
    let found = cells(&trade, &["trading_pair", "base_amount", "price", "is_maker", "executed_at"]);
    let at = Cell::Timestamp(1_588_546_861_571_357);
    let amounts = [1_640_532, 1_225_938_535_520].map(|units| Cell::Decimal(units * 10_000_000_000));
    assert_eq!(found, [Cell::Text("BTC/CAD"), amounts[0], amounts[1], Cell::Bool(false), at]);

    // Loads on: the current tables, and a load after the stored cursor.
    warehouse.prepare(&tables::all()).await.unwrap();
    let table = simple("more", WriteMode::Merge);
    let (rows, after) = ([batch(&table, &[(1, "a")])], Cursor::new("on"));
    let load = Load::new("simulation", &rows, cursors.get("simulation"), &after);
    warehouse.load(load).await.unwrap();
    assert_eq!(warehouse.cursor("simulation").await.unwrap(), Some(after));
    assert_eq!(warehouse.cursor("recorded").await.unwrap().as_ref(), cursors.get("recorded"));
    assert_ne!(warehouse.data_version().await.unwrap(), version);
    assert_eq!(store.rows(&tables::by_name("users").unwrap()).await, 2);

    // More columns of a user are nullable now, and ids may be text.
    let (rows, after) = ([shop_user("c-17", None)], Cursor::new("shop"));
    warehouse.load(Load::new("shop", &rows, None, &after)).await.unwrap();
    let user = Scan::all(tables::User::table()).filter(Filter::eq("external_id", "c-17"));
    let user = warehouse.read(&user).await.unwrap();
    assert_eq!(cells(&user, &["email", "is_active"]), [Cell::Null, Cell::Null]);

    // Prices have more digits now, and the file declares them.
    let coin = tables::RawCryptoMarketData {
        symbol: "DUST".into(),
        observed_at: "2026-01-02T03:04:05Z".parse().unwrap(),
        source: "a".into(),
        name: "Dust".into(),
        price_usd: "4.2e-12".parse().unwrap(),
        volume_24h_usd: None,
        market_cap_usd: None,
    };
    let table = tables::RawCryptoMarketData::table();
    let (rows, after) = ([Batch::from_rows(table, [coin]).unwrap()], Cursor::new("dust"));
    let before = warehouse.cursor("recorded").await.unwrap();
    let load = Load::new("recorded", &rows, before.as_ref(), &after);
    warehouse.load(load).await.unwrap();
    let dust = Scan::all(table).filter(Filter::eq("symbol", "DUST"));
    let dust = warehouse.read(&dust).await.unwrap();
    assert_eq!(cells(&dust, &["price_usd"]), [Cell::Decimal(4_200_000)]);
    let mut connection = SqliteConnectOptions::new().filename(&store.path).connect().await.unwrap();
    let narrow = "SELECT count(*) FROM sqlite_master AS t, pragma_table_info(t.name) AS c \
                  WHERE t.type = 'table' AND c.type = 'DECIMAL(28,8)'";
    let narrow: i64 = sqlx::query_scalar(narrow).fetch_one(&mut connection).await.unwrap();
    let sound: String =
        sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut connection).await.unwrap();
    assert_eq!((narrow, sound.as_str()), (0, "ok"));
    connection.close().await.unwrap();
}
