//! The derived tables: loaded once into every sink, and recomputed where the raw tables have
//! changed.

use std::collections::BTreeSet;
use std::path::Path;

use crate::common::{assert_same, counts, open_demo, rows, same, url, warehouse};
use chrono::{DateTime, NaiveDate};
use tidegauge::Tidegauge;
use tidegauge::core::tables::{CryptoMetric, FxDaily, FxRate, MarketPrice, RawCryptoMarketData};
use tidegauge::core::{Batch, Cell, Cursor, Load, Sink, TableRef};
use tidegauge::pipeline::{Silent, Summary};

/// Opens a Tidegauge with the bundled market data, without a simulation, and with a backup.
fn recorded(dir: &Path) -> Tidegauge {
    open_demo(dir, |config| {
        config.sources = vec!["recorded".into()];
        config.backups = vec![url("parquet", dir, "parquet").into()];
    })
}

fn derived_tables() -> [TableRef; 3] {
    [MarketPrice::table(), CryptoMetric::table(), FxDaily::table()].map(Clone::clone)
}

/// Returns the number of rows of each derived table that a run loaded.
fn loaded(summary: &Summary) -> [usize; 3] {
    let of = |name: &str| -> usize {
        let of =
            summary.tables.iter().filter(|entry| entry.source == "market" && entry.table == name);
        of.map(|entry| entry.rows).sum()
    };
    derived_tables().map(|table| of(&table.name))
}

async fn cursor(sink: &dyn Sink) -> String {
    sink.cursor("market").await.unwrap().unwrap().as_str().to_owned()
}

async fn put(tidegauge: &Tidegauge, source: &str, batch: Batch) {
    tidegauge.warehouse().prepare(&[batch.table().clone()]).await.unwrap();
    let (after, batches) = (Cursor::new("all"), [batch]);
    tidegauge.warehouse().load(Load::new(source, &batches, None, &after)).await.unwrap();
}

fn seen(source: &str, at: &str, price: &str) -> Batch {
    let row = RawCryptoMarketData {
        symbol: "BTC".into(),
        observed_at: at.parse().unwrap(),
        source: source.into(),
        name: "Bitcoin".into(),
        price_usd: price.parse().unwrap(),
        volume_24h_usd: None,
        market_cap_usd: None,
    };
    Batch::from_rows(RawCryptoMarketData::table(), [row]).unwrap()
}

fn fixing(day: &str, rate: &str) -> Batch {
    let row = FxRate {
        base: "EUR".into(),
        quote: "USD".into(),
        rate_date: day.parse().unwrap(),
        source: "aaa".into(),
        rate: rate.parse().unwrap(),
    };
    Batch::from_rows(FxRate::table(), [row]).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn derived_tables_of_the_recorded_market_are_computed_once() {
    let dir = tempfile::tempdir().unwrap();
    let first = recorded(dir.path()).run(None, &Silent).await.unwrap();
    // Four coins on 323 days; three currencies from 2020-04-01 to the present day, 2021-03-01.
    let days = 335;
    assert_eq!(loaded(&first), [4 * 323, 4 * 323, 3 * days], "{first}");
    let tidegauge = recorded(dir.path());
    let parquet = warehouse(&url("parquet", dir.path(), "parquet"));
    assert_same(tidegauge.warehouse().as_ref(), parquet.as_ref()).await;
    let before = cursor(parquet.as_ref()).await;
    assert_eq!(cursor(tidegauge.warehouse().as_ref()).await, before);

    let second = tidegauge.run(None, &Silent).await.unwrap();
    assert_eq!(second.rows(), 0, "{second}");
    assert_eq!(cursor(tidegauge.warehouse().as_ref()).await, before);

    let prices = rows(parquet.as_ref(), MarketPrice::table()).await;
    let sources = prices.column("source").unwrap().as_text().unwrap();
    let sources: BTreeSet<_> = sources.iter().collect();
    assert_eq!(sources, [Some("recorded")].into());
    // With one price a day, only the change over 24 hours is known, from the second day on.
    let metrics = rows(parquet.as_ref(), CryptoMetric::table()).await;
    let nulls = |name: &str| metrics.column(name).unwrap().null_count();
    assert_eq!((nulls("price_change_24h"), nulls("price_change_1h")), (4, 4 * 323));
    assert_eq!((nulls("volume"), nulls("volatility")), (0, 4 * 323));
    assert!(tidegauge.verify().await.unwrap().passed());
}

#[tokio::test(flavor = "multi_thread")]
async fn tiny_price_is_exact_to_the_last_digit() {
    let dir = tempfile::tempdir().unwrap();
    let tidegauge = recorded(dir.path());
    let dust = RawCryptoMarketData {
        symbol: "DUST".into(),
        observed_at: "2020-06-30T23:58:00Z".parse().unwrap(),
        source: "coingecko".into(),
        name: "Dust".into(),
        price_usd: "4.2e-12".parse().unwrap(),
        volume_24h_usd: None,
        market_cap_usd: None,
    };
    put(&tidegauge, "late", Batch::from_rows(RawCryptoMarketData::table(), [dust]).unwrap()).await;
    tidegauge.run(None, &Silent).await.unwrap();
    let prices = rows(tidegauge.warehouse().as_ref(), MarketPrice::table()).await;
    let symbols = prices.column("symbol").unwrap();
    let row = (0..prices.rows()).find(|row| symbols.cell(*row) == Cell::Text("DUST")).unwrap();
    let price = prices.column("price_usd").unwrap().shown(row);
    assert_eq!(price.as_deref(), Some("0.0000000000042"));
    assert!(tidegauge.verify().await.unwrap().passed());
}

/// Splits the rows by whether the day or month of `column` begins with `prefix`.
fn split(batch: &Batch, column: &str, prefix: &str) -> (Vec<String>, Vec<String>) {
    let views = batch.views().unwrap();
    let line = |row: usize| {
        let cells = views.iter().map(|column| format!("{:?}", column.cell(row)));
        cells.collect::<Vec<_>>().join(" ")
    };
    let times = batch.column(column).unwrap();
    let time = |row: usize| match times.cell(row) {
        Cell::Date(days) => NaiveDate::from_epoch_days(days).unwrap().to_string(),
        Cell::Timestamp(at) => DateTime::from_timestamp_micros(at).unwrap().to_string(),
        other => panic!("{other:?} is no time"),
    };
    let (in_it, others): (Vec<_>, Vec<_>) =
        (0..batch.rows()).partition(|row| time(*row).starts_with(prefix));
    (in_it.into_iter().map(line).collect(), others.into_iter().map(line).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn late_rows_rewrite_only_their_months() {
    let dir = tempfile::tempdir().unwrap();
    let tidegauge = recorded(dir.path());
    tidegauge.run(None, &Silent).await.unwrap();
    let all = async |table: &TableRef| rows(tidegauge.warehouse().as_ref(), table).await;
    let (prices, rates) = (all(MarketPrice::table()).await, all(FxDaily::table()).await);

    // A price of the source with the highest precedence in the last five minutes of June: they end
    // where July begins.
    put(&tidegauge, "late", seen("coingecko", "2020-06-30T23:58:00Z", "9000")).await;
    let summary = tidegauge.run(None, &Silent).await.unwrap();
    assert_eq!(loaded(&summary), [4 * 31, 4 * 31, 0], "{summary}");
    let (july, others) = split(&prices, "at", "2020-07");
    let after = all(MarketPrice::table()).await;
    let (july_after, others_after) = split(&after, "at", "2020-07");
    assert_eq!(others_after, others);
    let changed: Vec<_> = july_after.iter().filter(|row| !july.contains(row)).collect();
    assert_eq!(changed.len(), 1, "{changed:?}");
    assert!(changed[0].contains("coingecko") && changed[0].contains("recorded"), "{changed:?}");

    // A price of its own at the end of August: September begins with a change over five minutes.
    put(&tidegauge, "later", seen("coingecko", "2020-08-31T23:50:00Z", "11000")).await;
    let summary = tidegauge.run(None, &Silent).await.unwrap();
    assert_eq!(loaded(&summary), [4 * 31 + 1, 4 * 31 + 1 + 4 * 30, 0], "{summary}");

    // A late fixing changes the days until the next one.
    put(&tidegauge, "bank", fixing("2020-05-09", "1.5")).await;
    let summary = tidegauge.run(None, &Silent).await.unwrap();
    assert_eq!(loaded(&summary), [0, 0, 3 * 31], "{summary}");
    let (_, others) = split(&rates, "rate_date", "2020-05");
    assert_eq!(split(&all(FxDaily::table()).await, "rate_date", "2020-05").1, others);

    let parquet = warehouse(&url("parquet", dir.path(), "parquet"));
    for table in derived_tables() {
        let there = rows(parquet.as_ref(), &table).await;
        assert!(same(&all(&table).await, &there), "{}", table.name);
    }
    assert!(tidegauge.verify().await.unwrap().passed());

    // A sink that receives all rows in one go must hold the same.
    let other = tempfile::tempdir().unwrap();
    let at_once = recorded(other.path());
    at_once.run(None, &Silent).await.unwrap();
    let cursors = [cursor(tidegauge.warehouse().as_ref()).await, cursor(parquet.as_ref()).await];
    put(&at_once, "late", seen("coingecko", "2020-06-30T23:58:00Z", "9000")).await;
    put(&at_once, "later", seen("coingecko", "2020-08-31T23:50:00Z", "11000")).await;
    put(&at_once, "bank", fixing("2020-05-09", "1.5")).await;
    at_once.derive(&Silent).await.unwrap();
    assert_eq!(cursors, [(); 2].map(|()| cursors[0].clone()));
    assert_eq!(cursor(at_once.warehouse().as_ref()).await, cursors[0]);
    for table in derived_tables() {
        let there = rows(at_once.warehouse().as_ref(), &table).await;
        assert!(same(&all(&table).await, &there), "{}", table.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lagging_sink_receives_missing_chunks() {
    let dir = tempfile::tempdir().unwrap();
    let alone = open_demo(dir.path(), |config| config.sources = vec!["recorded".into()]);
    recorded(dir.path()).run(None, &Silent).await.unwrap();
    put(&alone, "late", seen("coingecko", "2020-06-15T12:00:00Z", "9400")).await;
    alone.run(None, &Silent).await.unwrap();
    // The backup was left out: the derived rows are delivered to it without any raw row.
    let summary = recorded(dir.path()).run(None, &Silent).await.unwrap();
    assert_eq!(loaded(&summary), [0, 0, 0], "the warehouse has them: {summary}");
    let brought = format!("was behind, and was brought {} rows", 2 * (4 * 30 + 1));
    let is_told = |note: &tidegauge::pipeline::Note| {
        note.text.starts_with("parquet://") && note.text.contains(&brought)
    };
    assert!(summary.notes.iter().any(is_told), "{:?}", summary.notes);
    let parquet = warehouse(&url("parquet", dir.path(), "parquet"));
    for table in derived_tables() {
        let here = rows(alone.warehouse().as_ref(), &table).await;
        assert!(same(&here, &rows(parquet.as_ref(), &table).await), "{}", table.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn market_settings_apply_and_may_change() {
    let dir = tempfile::tempdir().unwrap();
    let with = |change: fn(&mut tidegauge::MarketConfig)| {
        open_demo(dir.path(), |config| {
            config.sources = vec!["recorded".into()];
            change(&mut config.market);
        })
    };
    let summary = with(|market| market.derive = false).run(None, &Silent).await.unwrap();
    assert!(summary.tables.iter().all(|entry| entry.source == "recorded"), "{summary}");
    let tidegauge = with(|_| ());
    let known = counts(tidegauge.warehouse().as_ref()).await;
    assert!(!known.contains_key("market_prices"), "{known:?}");

    put(&tidegauge, "more", seen("kraken", "2020-06-15T23:59:00Z", "9700")).await;
    tidegauge.run(None, &Silent).await.unwrap();
    let reported = async || {
        let prices = rows(tidegauge.warehouse().as_ref(), MarketPrice::table()).await;
        let (touched, _) = split(&prices, "at", "2020-06-16");
        touched.into_iter().find(|row| row.contains("BTC")).unwrap()
    };
    // The price of 9,700 differs from the recorded 9,450.70 by more than 2 %.
    let row = reported().await;
    assert!(row.contains("kraken") && row.contains("Bool(true)"), "{row}");

    let summary = with(|market| market.disputed_above = 0.05).run(None, &Silent).await.unwrap();
    assert_eq!(loaded(&summary), [4 * 30, 0, 0], "{summary}");
    let row = reported().await;
    assert!(row.contains("Bool(false)"), "{row}");

    let first = |market: &mut tidegauge::MarketConfig| {
        market.precedence = vec!["recorded".into(), "kraken".into()];
    };
    let summary = with(first).run(None, &Silent).await.unwrap();
    assert_eq!(loaded(&summary)[0], 4 * 30, "{summary}");

    let summary = with(|market| market.fx_quote = "EUR".into()).run(None, &Silent).await.unwrap();
    assert_eq!(loaded(&summary)[2], 3 * 335, "{summary}");
    let quotes = rows(tidegauge.warehouse().as_ref(), FxDaily::table()).await;
    assert_eq!(quotes.rows(), 2 * 3 * 335, "rows in the other currency stay");
}
