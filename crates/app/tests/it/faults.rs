//! The command against services that fail in every way, killed a hundred times: no row is lost or
//! duplicated, and no service receives more requests than its limit.

use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use crate::common::markets::{Market, TRADE_EVERY, Trouble, assert_polite, cents, settings};
use crate::common::{command_in, output_of, rows, url, warehouse};
use tempfile::TempDir;
use tidegauge::core::tables::{Candle, MarketTrade};
use tidegauge::core::{Batch, Crypto};

const KILLS: usize = 100;
const PER_MINUTE: u32 = 900;

const SETTINGS: &str = r#"
sources = ["coingecko", "kraken", "twelvedata"]
[coingecko]
symbols = ["BTC", "ETH"]
[kraken]
symbols = ["BTC", "ETH"]
intervals = ["1h"]
trades_days = 30
[twelvedata]
symbols = ["BTC", "ETH"]
intervals = ["1m"]
history_days = 120
"#;

/// The faults that must occur for the test to be meaningful.
const TROUBLES: [Trouble; 4] =
    [Trouble::TooMany, Trouble::Truncated, Trouble::Slow, Trouble::Shuffled];

/// A deterministic generator of fractions of one (Knuth's MMIX).
struct Moments(u64);

impl Moments {
    fn next(&mut self) -> f64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from(u32::try_from(self.0 >> 32).unwrap()) / f64::from(u32::MAX)
    }
}

fn run(dir: &Path) -> std::process::Command {
    let mut command = command_in(dir);
    command.env("TIDEGAUGE_TWELVEDATA_KEY", "canary").arg("run");
    command
}

fn micros(batch: &Batch, column: &str) -> Vec<i64> {
    batch.column(column).unwrap().as_timestamp().unwrap().values().to_vec()
}

fn texts(batch: &Batch, column: &str) -> Vec<String> {
    let texts = batch.column(column).unwrap().as_text().unwrap();
    texts.iter().map(|text| text.unwrap().to_owned()).collect()
}

/// Checks that every minute has one closed bar of the symbol with its expected price, and returns
/// the number of bars.
fn assert_bars(batch: &Batch, symbol: &str, now: i64) -> usize {
    let (symbols, sources) = (texts(batch, "symbol"), texts(batch, "source"));
    let prices = batch.column("open").unwrap().as_decimal().unwrap();
    let opens: Vec<(i64, i128)> = micros(batch, "open_at")
        .into_iter()
        .enumerate()
        .filter(|(row, _)| symbols[*row] == symbol && sources[*row] == "twelvedata")
        .map(|(row, at)| (at / 1_000_000, prices.value(row)))
        .collect();
    for pair in opens.windows(2) {
        assert_eq!(pair[1].0 - pair[0].0, 60, "{symbol}: a bar is missing or there twice");
    }
    for (second, price) in &opens {
        assert_eq!(
            *price,
            i128::from(cents(*second)) * (Crypto::ONE / 100),
            "{symbol} at {second}"
        );
    }
    assert!(opens.last().unwrap().0 + 60 <= now, "{symbol}: an open bar is stored as closed");
    opens.len()
}

#[tokio::test]
async fn rows_are_loaded_once_after_a_hundred_kills_and_faults() {
    let dir = TempDir::new().unwrap();
    let (gecko, kraken, twelve) = (Market::open(1), Market::open(2), Market::open(3));
    let markets = [("coingecko", &gecko), ("kraken", &kraken), ("twelvedata", &twelve)];
    settings(dir.path(), &markets, PER_MINUTE, SETTINGS);
    for (_, market) in markets {
        market.trouble(30);
    }
    let has_met = |trouble| {
        markets
            .iter()
            .any(|(_, market)| market.asked().iter().any(|asked| asked.trouble == Some(trouble)))
    };
    let mut moments = Moments(7);
    let (mut killed, mut ended) = (0, 0);
    // On a busy machine few requests are sent before a run is killed.
    while killed < KILLS || (killed < 6 * KILLS && !TROUBLES.into_iter().all(has_met)) {
        let mut child =
            run(dir.path()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(Duration::from_millis(30) + Duration::from_secs_f64(moments.next() * 0.45));
        match child.try_wait().unwrap() {
            None => {
                child.kill().unwrap();
                child.wait().unwrap();
                killed += 1;
            }
            // A permanent fault ends the run with an error, and the next run resumes.
            Some(status) => {
                // The codes of several kinds, rate limits, services that do not answer, and invalid
                // answers.
                assert!(matches!(status.code(), Some(0 | 1 | 7 | 8 | 11 | 12)), "{status}");
                ended += 1;
                assert!(ended < 12 * KILLS, "it ends before it can be killed");
            }
        }
    }
    for (_, market) in markets {
        market.trouble(0);
    }
    let output = output_of(&mut run(dir.path()));
    assert_eq!(output.code, Some(0), "{output:?}");

    let store = warehouse(&url("sqlite", dir.path(), "tidegauge.db"));
    let candles = rows(store.as_ref(), Candle::table()).await;
    #[allow(clippy::disallowed_methods)] // the command has just read the same clock
    let now = chrono::Utc::now().timestamp();
    let bars = assert_bars(&candles, "BTC", now) + assert_bars(&candles, "ETH", now);
    assert!(bars >= 2 * 119 * 1_440, "{bars} bars");
    let trades = rows(store.as_ref(), MarketTrade::table()).await;
    let (symbols, ids) =
        (texts(&trades, "symbol"), trades.column("trade_id").unwrap().as_i64().unwrap());
    for symbol in ["BTC", "ETH"] {
        let ids: Vec<i64> = ids
            .values()
            .iter()
            .zip(&symbols)
            .filter(|row| row.1 == symbol)
            .map(|row| *row.0)
            .collect();
        assert!(ids.len() >= usize::try_from(29 * 86_400 / TRADE_EVERY).unwrap(), "{}", ids.len());
        assert!(ids.windows(2).all(|pair| pair[1] - pair[0] == 1), "{symbol}: a trade is lost");
    }
    // The ledger is complete, and enough faults have occurred for the test to be meaningful.
    let output =
        output_of(command_in(dir.path()).env("TIDEGAUGE_TWELVEDATA_KEY", "canary").arg("gaps"));
    assert_eq!(output.out.trim(), "nothing is missing", "{output:?}");
    let asked: Vec<_> = markets.iter().flat_map(|(_, market)| market.asked()).collect();
    for trouble in TROUBLES {
        assert!(has_met(trouble), "no {trouble:?}");
    }
    assert!(asked.len() > 150, "{} requests", asked.len());
    for (_, market) in markets {
        assert_polite(market, PER_MINUTE);
    }
}

#[test]
fn revoked_key_is_reported_and_loaded_rows_stay() {
    let dir = TempDir::new().unwrap();
    let twelve = Market::open(5);
    let more = "sources = [\"twelvedata\"]\n[twelvedata]\nsymbols = [\"BTC\"]\nintervals = [\"1m\", \"1h\"]\n";
    settings(dir.path(), &[("twelvedata", &twelve)], PER_MINUTE, more);
    let whole = output_of(&mut run(dir.path()));
    assert_eq!(whole.code, Some(0), "{whole:?}");
    twelve.revoke();
    let mut again = run(dir.path());
    again.env("RUST_LOG", "trace");
    again.args(["--from", "2024-01-01", "--to", "2024-01-02"]);
    let output = output_of(&mut again);
    assert_eq!(output.code, Some(5), "{output:?}");
    assert!(output.err.contains("check TIDEGAUGE_TWELVEDATA_KEY"), "{output:?}");
    assert!(output.err.contains("TRACE"), "nothing is logged");
    assert!(!output.err.contains("canary") && !output.out.contains("canary"), "{output:?}");
    let status = output_of(command_in(dir.path()).arg("status"));
    assert!(status.out.contains("candles"), "{status:?}");
}
