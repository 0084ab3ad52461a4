//! Tests of the `classic` preset through its public interface.

mod pinned;
mod plausible;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use chrono::{DateTime, Days, NaiveDate, Utc};
use proptest::prelude::*;
use tidegauge_core::market::Market;
use tidegauge_core::{Batch, Cell, Crypto, Cursor, Page, Source, multiply_divide_floor};
use tidegauge_simulation::{Classic, ClassicConfig};

/// A synthetic market whose prices vary by ±20 % over months, with a daily range of 4 %.
static MARKET: LazyLock<Arc<Market>> = LazyLock::new(|| Arc::new(market(200)));

/// Returns a synthetic market of that many days.
fn market(days: u64) -> Market {
    market_at(days, 1.0)
}

/// Returns the same market with prices multiplied by `level`.
fn market_at(days: u64, level: f64) -> Market {
    tidegauge_testkit::market(ClassicConfig::default().first_day().unwrap(), days, level).unwrap()
}

fn classic(config: ClassicConfig) -> Classic {
    Classic::new(config, MARKET.clone()).unwrap()
}

/// Fetches all pages after a cursor. Returns them and the last cursor.
async fn run(source: &Classic, mut cursor: Option<Cursor>) -> (Vec<Page>, Cursor) {
    let mut pages = Vec::new();
    loop {
        let page = source.fetch(cursor.as_ref()).await.unwrap();
        cursor = Some(page.cursor.clone());
        let done = page.done;
        pages.push(page);
        if done {
            return (pages, cursor.unwrap());
        }
    }
}

/// Formats all rows as text, by table, in page order.
fn rows(pages: &[Page]) -> BTreeMap<String, Vec<String>> {
    let mut tables = BTreeMap::<String, Vec<String>>::new();
    for batch in pages.iter().flat_map(|page| &page.batches) {
        let rows = tables.entry(batch.table().name.to_string()).or_default();
        let views = batch.views().unwrap();
        for row in 0..batch.rows() {
            let cells: Vec<_> =
                views.iter().map(|column| format!("{:?}", column.cell(row))).collect();
            rows.push(cells.join(","));
        }
    }
    tables
}

/// Counts the occurrences of each value of a column.
fn shares(pages: &[Page], table: &str, column: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for batch in pages.iter().flat_map(|page| &page.batches) {
        if batch.table().name == table {
            let values = batch.column(column).unwrap().as_text().unwrap();
            for row in 0..batch.rows() {
                *counts.entry(values.get(row).unwrap().to_owned()).or_default() += 1;
            }
        }
    }
    counts
}

#[tokio::test]
async fn row_counts_and_shares_match_the_original_system() {
    let (pages, _) = run(&classic(ClassicConfig::default()), None).await;
    let counts: BTreeMap<_, _> =
        rows(&pages).into_iter().map(|(table, rows)| (table, rows.len())).collect();
    for (table, count) in [
        ("users", 1_000),
        ("deposits", 800),
        ("withdrawals", 600),
        ("orders", 3_000),
        ("ramp_transactions", 45_000),
        ("marketing_spend", 450),
    ] {
        assert_eq!(counts[table], count, "{table}");
    }
    assert!(counts["trades"] >= 1_440, "{counts:?}");
    let expected = |pairs: &[(&str, usize)]| -> BTreeMap<String, usize> {
        pairs.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
    };
    for (table, column, wanted) in [
        ("users", "kyc_status", &[("verified", 700), ("pending", 200), ("rejected", 100)][..]),
        ("users", "account_tier", &[("starter", 600), ("intermediate", 300), ("pro", 100)]),
        ("deposits", "status", &[("completed", 720), ("pending", 56), ("failed", 24)]),
        (
            "withdrawals",
            "status",
            &[("completed", 510), ("pending", 60), ("failed", 18), ("cancelled", 12)],
        ),
        (
            "orders",
            "status",
            &[
                ("filled", 1_200),
                ("open", 900),
                ("cancelled", 600),
                ("partially_filled", 240),
                ("expired", 60),
            ],
        ),
        (
            "ramp_transactions",
            "status",
            &[("completed", 38_250), ("failed", 4_500), ("pending", 2_250)],
        ),
    ] {
        assert_eq!(shares(&pages, table, column), expected(wanted), "{table}.{column}");
    }
    let currencies = shares(&pages, "ramp_transactions", "fiat_currency");
    assert_eq!(currencies.into_keys().collect::<Vec<_>>(), ["CAD", "EUR", "GBP", "USD"]);
    let coins = shares(&pages, "ramp_transactions", "crypto_token");
    assert_eq!(coins.into_keys().collect::<Vec<_>>(), ["BTC", "ETH", "SOL", "USDT"]);
}

#[tokio::test]
async fn page_size_does_not_change_rows() {
    let (whole, end) = run(&classic(ClassicConfig::default()), None).await;
    for page_rows in [997, 50_000] {
        let config = ClassicConfig { page_rows, ..ClassicConfig::default() };
        let (pages, cursor) = run(&classic(config), None).await;
        assert!(pages.iter().all(|page| page.rows() <= page_rows));
        assert_eq!(cursor, end);
        assert!(rows(&pages) == rows(&whole), "pages of {page_rows}");
    }
}

#[tokio::test]
async fn different_seeds_give_different_rows() {
    let other = ClassicConfig { seed: 43, ..ClassicConfig::default() };
    let (one, _) = run(&classic(ClassicConfig::default()), None).await;
    let (two, _) = run(&classic(other), None).await;
    for (table, rows) in rows(&one) {
        assert!(rows != self::rows(&two)[&table], "{table}");
    }
}

#[tokio::test]
async fn daily_runs_equal_one_run() {
    let (mut pages, mut cursor) = run(&classic(ClassicConfig::default()), None).await;
    for _ in 0..3 {
        // Each run is a new process.
        let (day, after) = run(&classic(ClassicConfig::default()), Some(cursor)).await;
        assert_eq!(day.iter().map(Page::rows).sum::<usize>(), 500);
        pages.extend(day);
        cursor = after;
    }
    let start = ClassicConfig::default().start_day;
    let config = ClassicConfig { until: Some(start + Days::new(3)), ..ClassicConfig::default() };
    let (all, end) = run(&classic(config.clone()), None).await;
    assert_eq!(cursor, end);
    assert!(rows(&pages) == rows(&all));
    // A finished exchange adds nothing.
    let page = classic(config).fetch(Some(&end)).await.unwrap();
    assert_eq!((page.rows(), page.done, page.cursor), (0, true, end));
}

#[tokio::test]
async fn missing_prices_are_reported_with_their_day() {
    let source = Classic::new(ClassicConfig::default(), Arc::new(market(95))).unwrap();
    let (_, mut cursor) = run(&source, None).await;
    for _ in 0..5 {
        cursor = run(&source, Some(cursor)).await.1;
    }
    let error = source.fetch(Some(&cursor)).await.unwrap_err().to_string();
    assert!(error.contains("no price of") && error.contains("2020-10-06"), "{error}");
    let empty = Classic::new(ClassicConfig::default(), Arc::default()).unwrap();
    let error = empty.fetch(None).await.unwrap_err().to_string();
    assert!(error.contains("no price of") || error.contains("no exchange rate"), "{error}");
}

#[tokio::test]
async fn cursors_of_other_settings_are_refused() {
    let other = ClassicConfig { seed: 1, ..ClassicConfig::default() };
    let (_, cursor) = run(&classic(other), None).await;
    let source = classic(ClassicConfig::default());
    let error = source.fetch(Some(&cursor)).await.unwrap_err().to_string();
    assert!(error.contains("seed 1 ") && error.contains("seed 42"), "{error}");
    let error = source.fetch(Some(&Cursor::new("7"))).await.unwrap_err().to_string();
    assert!(error.contains("not the simulator's"), "{error}");
}

#[tokio::test]
async fn first_ninety_days_require_one_market() {
    let config = ClassicConfig { page_rows: 997, ..ClassicConfig::default() };
    let other = Classic::new(config.clone(), Arc::new(market_at(200, 1.1))).unwrap();
    let first = classic(config.clone()).fetch(None).await.unwrap().cursor;
    let error = other.fetch(Some(&first)).await.unwrap_err();
    assert!(matches!(error, tidegauge_core::Error::Cursor { .. }), "{error}");
    let error = error.to_string();
    for part in ["from 2020-07-03", "other prices or exchange rates", "put those prices"] {
        assert!(error.contains(part), "{error}");
    }
    // Days after the first ninety do not matter.
    let longer = Classic::new(config.clone(), Arc::new(market(150))).unwrap();
    let (rest, end) = run(&longer, Some(first.clone())).await;
    assert_eq!(rest.len(), run(&classic(config.clone()), Some(first.clone())).await.0.len());

    // Once the ninety days are written, the market may change; only a second copy may not start.
    assert_eq!(run(&other, Some(end.clone())).await.0.len(), 1);
    let expected_market = Classic::market_fingerprint(&end);
    assert!(expected_market.is_some() && expected_market == Classic::market_fingerprint(&first));
    let config = ClassicConfig { expected_market, ..config };
    assert_eq!(classic(config.clone()).fetch(None).await.unwrap().cursor, first);
    let other = Classic::new(config, Arc::new(market_at(200, 1.1))).unwrap();
    let error = other.fetch(None).await.unwrap_err().to_string();
    assert!(error.contains("other prices or exchange rates"), "{error}");
}

#[tokio::test]
async fn start_days_out_of_range_are_refused() {
    for start_day in ["-262143-01-02", "1970-03-31", "+10000-01-01", "+262142-12-31"] {
        let start_day = start_day.parse().unwrap();
        let config = ClassicConfig { start_day, ..ClassicConfig::default() };
        assert!(config.first_day().is_err());
        let error = Classic::new(config, MARKET.clone()).unwrap_err().to_string();
        assert!(error.contains("start_day") && error.contains("1970-04-01"), "{error}");
    }
    // Valid days fail only for missing prices.
    for start_day in ["1970-04-01", "9999-12-31"] {
        let start_day = start_day.parse().unwrap();
        let config = ClassicConfig { start_day, ..ClassicConfig::default() };
        let error = classic(config).fetch(None).await.unwrap_err().to_string();
        assert!(error.contains("no price of") || error.contains("no exchange rate"), "{error}");
    }
    // A cursor with an edited date.
    let (_, end) = run(&classic(ClassicConfig::default()), None).await;
    let end = Cursor::new(end.as_str().replace("2020-10-01\",\"row", "+262142-12-31\",\"row"));
    let source = classic(ClassicConfig::default());
    let error = ClassicConfig::default().next_until(Some(&end)).unwrap_err().to_string();
    assert!(error.contains("no day after"), "{error}");
    assert!(source.fetch(Some(&end)).await.is_err());
}

/// Computes the lowest available balance of any user from the rows alone. Resting orders and pending
/// withdrawals hold their amounts.
fn lowest_balance(pages: &[Page]) -> i128 {
    let mut moves: BTreeMap<(i64, String), BTreeMap<DateTime<Utc>, i128>> = BTreeMap::new();
    for batch in pages.iter().flat_map(|page| &page.batches) {
        let cell = |name: &str, row: usize| batch.column(name).unwrap().cell(row);
        let text = |name: &str, row: usize| {
            batch.column(name).unwrap().as_text().unwrap().get(row).unwrap().to_owned()
        };
        let money = |name: &str, row: usize| match cell(name, row) {
            Cell::Decimal(units) => units,
            other => panic!("{other:?} is no money"),
        };
        let time = |name: &str, row: usize| match cell(name, row) {
            Cell::Timestamp(micros) => DateTime::from_timestamp_micros(micros).unwrap(),
            other => panic!("{other:?} is no time"),
        };
        let table = batch.table().name.to_string();
        for row in 0..batch.rows() {
            if table == "users" || table == "marketing_spend" {
                continue;
            }
            let user = batch.column("user_id").unwrap().as_i64().unwrap().value(row);
            let mut book = |currency: String, at, amount| {
                *moves.entry((user, currency)).or_default().entry(at).or_default() += amount;
            };
            match table.as_str() {
                "trades" => {
                    let sign = if text("side", row) == "buy" { 1 } else { -1 };
                    let at = time("executed_at", row);
                    book(text("base_currency", row), at, sign * money("base_amount", row));
                    book(text("quote_currency", row), at, -sign * money("quote_amount", row));
                    book(text("fee_currency", row), at, -money("fee_amount", row));
                }
                "orders" => {
                    let status = text("status", row);
                    let limit = match cell("limit_price", row) {
                        Cell::Null => None,
                        _ => Some(money("limit_price", row)),
                    };
                    if !["open", "cancelled", "expired"].contains(&status.as_str()) {
                        continue;
                    }
                    let wanted = money("base_amount", row);
                    let (currency, held) = match (text("side", row).as_str(), limit) {
                        ("buy", Some(limit)) => {
                            let cost = multiply_divide_floor(wanted, limit, Crypto::ONE).unwrap().0;
                            (text("quote_currency", row), cost + cost * 25 / 10_000)
                        }
                        ("buy", None) => continue,
                        _ => (text("base_currency", row), wanted),
                    };
                    book(currency.clone(), time("created_at", row), -held);
                    if status != "open" {
                        book(currency, time("updated_at", row), held);
                    }
                }
                "withdrawals" if text("status", row) == "pending" => {
                    let out = money("amount", row) + money("fee", row);
                    book(text("currency", row), time("created_at", row), -out);
                }
                _ if text("status", row) != "completed" => {}
                "deposits" => {
                    book(text("currency", row), time("completed_at", row), money("amount", row));
                }
                "withdrawals" => {
                    let out = money("amount", row) + money("fee", row);
                    book(text("currency", row), time("completed_at", row), -out);
                }
                _ => {} // the ramp only adds
            }
        }
    }
    let mut lowest = 0;
    for moves in moves.values() {
        let mut balance = 0;
        for amount in moves.values() {
            balance += amount;
            lowest = lowest.min(balance);
        }
    }
    lowest
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn no_seed_overdraws_an_account(seed in any::<u64>()) {
        let config = ClassicConfig { seed, page_rows: 10_000, ..ClassicConfig::default() };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let page = runtime.block_on(classic(config).fetch(None)).unwrap();
        prop_assert_eq!(lowest_balance(&[page]), 0);
    }
}

#[test]
fn default_days_match_the_bundled_prices() {
    let config = ClassicConfig::default();
    assert_eq!(config.first_day().unwrap(), NaiveDate::from_ymd_opt(2020, 7, 3).unwrap());
}
