//! A warehouse with market data of several sources: every valuation takes the same prices.

use std::path::Path;

use crate::common::{counts, open_demo, url};
use chrono::{Days, NaiveDate, TimeDelta};
use tidegauge::Tidegauge;
use tidegauge::core::tables::{Candle, FxRate};
use tidegauge::core::{Batch, Crypto, Cursor, Load};
use tidegauge::pipeline::{Silent, Summary};
use tidegauge::simulation::ClassicConfig;

fn money(value: f64) -> Crypto {
    Crypto::rounded(&format!("{value:.8}")).unwrap()
}

fn first_day() -> NaiveDate {
    ClassicConfig::default().first_day().unwrap()
}

/// Returns candles of four hours of two sources whose prices differ by 2 %.
fn candles(days: u64) -> Vec<Candle> {
    let mut candles = Vec::new();
    for part in 0..days * 6 {
        let wave = |part: u64| 1.0 + 0.2 * (part as f64 / 40.0).sin();
        let open_at = first_day().and_hms_opt(0, 0, 0).unwrap().and_utc();
        let open_at = open_at + TimeDelta::hours(4 * i64::try_from(part).unwrap());
        for (symbol, price) in [("BTC", 11_000.0), ("ETH", 350.0), ("SOL", 2.5), ("USDT", 1.0)] {
            for (source, factor) in [("kraken", 1.0), ("zaif", 1.02)] {
                let (from, to) = (price * factor * wave(part), price * factor * wave(part + 1));
                candles.push(Candle {
                    source: source.into(),
                    symbol: symbol.into(),
                    interval: "4h".into(),
                    open_at,
                    open: money(from),
                    high: money(from.max(to) * 1.01),
                    low: money(from.min(to) * 0.99),
                    close: money(to),
                    volume: None,
                    base_volume: None,
                    currency: "USD".into(),
                });
            }
        }
    }
    candles
}

/// Returns euro rates on five days of seven, and dollar rates of another source on every third day:
/// they differ, so that the test can tell which were used.
fn rates(days: u64) -> Vec<FxRate> {
    let mut rates = Vec::new();
    for number in 0..days {
        let rate = |source: &str, base: &str, quote: &str, rate: f64| FxRate {
            base: base.into(),
            quote: quote.into(),
            rate_date: first_day() + Days::new(number),
            source: source.into(),
            rate: money(rate * (1.0 + 0.03 * (number as f64 / 5.0).sin())),
        };
        if number % 7 < 5 {
            for (quote, value) in [("USD", 1.18), ("GBP", 0.9), ("CAD", 1.55)] {
                rates.push(rate("ecb", "EUR", quote, value));
            }
        }
        if number % 3 == 0 {
            for (quote, value) in [("EUR", 0.83), ("GBP", 0.75), ("CAD", 1.33)] {
                rates.push(rate("open_er_api", "USD", quote, value));
            }
        }
    }
    rates
}

async fn put(tidegauge: &Tidegauge, source: &str, candles: &[Candle], rates: &[FxRate]) {
    let warehouse = tidegauge.warehouse();
    let batches = [
        Batch::from_rows(Candle::table(), candles).unwrap(),
        Batch::from_rows(FxRate::table(), rates).unwrap(),
    ];
    warehouse.prepare(&[Candle::table().clone(), FxRate::table().clone()]).await.unwrap();
    let after = Cursor::new("all");
    let load = Load::new(source, &batches, None, &after);
    warehouse.load(load).await.unwrap();
}

/// Returns the number of rows that a run took from the simulation.
fn played(summary: &Summary) -> usize {
    summary.tables.iter().filter(|entry| entry.source == "simulation").map(|entry| entry.rows).sum()
}

/// Opens a Tidegauge with the simulation alone: the market is what the test has loaded.
fn simulated(dir: &Path) -> Tidegauge {
    open_demo(dir, |config| config.sources = vec!["simulation".into()])
}

#[tokio::test(flavor = "multi_thread")]
async fn simulation_in_a_mixed_market_passes_the_audit() {
    let dir = tempfile::tempdir().unwrap();
    let tidegauge = simulated(dir.path());
    put(&tidegauge, "mine", &candles(95), &rates(95)).await;
    tidegauge.run("2020-10-05".parse().ok(), &Silent).await.unwrap();

    let audit = tidegauge.verify().await.unwrap();
    assert!(audit.passed(), "{:#?}", audit.violated().collect::<Vec<_>>());
    for name in ["trade_price_within_market_range", "ramp_fees_follow_schedule"] {
        let rule = audit.rules.iter().find(|rule| rule.name == name).unwrap();
        assert!(rule.checked > 1_000, "{rule:?}");
    }
    assert!(tidegauge.report().await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_exchange_rates_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let tidegauge = simulated(dir.path());
    put(&tidegauge, "mine", &candles(95), &rates(60)).await; // to 2020-08-31
    let error = tidegauge.run(None, &Silent).await.unwrap_err().to_string();
    for part in ["no exchange rate of `", "its last fixing is of 2020-08-3", "load `fx_rates`"] {
        assert!(error.contains(part), "{error}");
    }
    assert!(!counts(tidegauge.warehouse().as_ref()).await.contains_key("users"));
}

#[tokio::test(flavor = "multi_thread")]
async fn backup_with_other_prices_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let backed_up = || {
        open_demo(dir.path(), |config| {
            config.sources = vec!["simulation".into()];
            config.backups = vec![url("parquet", dir.path(), "parquet").into()];
        })
    };
    let tidegauge = simulated(dir.path());
    put(&tidegauge, "mine", &candles(95), &rates(95)).await;
    tidegauge.run(None, &Silent).await.unwrap();
    // A source whose name sorts first delivers another price for one hour of the past.
    let mut other = candles(1).remove(0);
    other.source = "aaa".into();
    put(&tidegauge, "another", &[other], &[]).await;

    // The warehouse resumes from its cursor; a backup would have to begin.
    assert_eq!(played(&tidegauge.run(None, &Silent).await.unwrap()), 500);
    let error = backed_up().run(None, &Silent).await.unwrap_err().to_string();
    for part in ["simulation", "other prices or exchange rates", "from 2020-07-03", "empty backups"]
    {
        assert!(error.contains(part), "{error}");
    }
    // The warehouse had its day by then: without the backup, that run is finished, and the next one
    // goes on.
    for rows in [0, 500] {
        assert_eq!(played(&simulated(dir.path()).run(None, &Silent).await.unwrap()), rows);
    }
}
