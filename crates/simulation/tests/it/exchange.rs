//! Tests of the `exchange` preset through its public interface.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZero;

use crate::support::{MARKET, config, fetch_all, rows_as_text};
use chrono::{Days, NaiveDate};
use tidegauge_core::{ErrorKind, Fingerprint, Page, Source};
use tidegauge_simulation::{ClassicConfig, Exchange, ExchangeConfig, Scenario, Shard};

/// Returns the rows of each table as text by primary key, as a store with merge semantics would hold them.
fn stored(pages: &[Page]) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut tables = BTreeMap::<String, BTreeMap<String, String>>::new();
    for batch in pages.iter().flat_map(|page| &page.batches) {
        let (table, views) = (batch.table(), batch.views().unwrap());
        let column = |key: &str| table.columns.iter().position(|column| column.name == key);
        let keys: Vec<usize> = table.key.iter().map(|key| column(key).unwrap()).collect();
        let rows = tables.entry(table.name.to_string()).or_default();
        for at in 0..batch.rows() {
            let row: Vec<_> = views.iter().map(|column| column.cell(at)).collect();
            let key: Vec<String> =
                keys.iter().map(|column| format!("{:?}", row[*column])).collect();
            let before = rows.insert(key.join(" "), format!("{row:?}"));
            let merges = table.write == tidegauge_core::WriteMode::Merge;
            assert!(before.is_none() || merges, "{} has {key:?} twice", table.name);
        }
    }
    tables
}

/// Returns scenarios of several kinds; the fraud ring that starts last is listed first.
fn scenarios() -> Vec<Scenario> {
    let from = |day| ExchangeConfig::default().first_day + Days::new(day);
    let channel = "affiliate".to_owned();
    vec![
        Scenario::FraudRing { from: from(60), days: 20, accounts: 15 },
        Scenario::FraudRing { from: from(20), days: 30, accounts: 25 },
        Scenario::KycOutage { from: from(30), days: 4 },
        Scenario::ChannelOff { channel, from: from(40), days: Some(9) },
    ]
}

#[tokio::test]
async fn page_size_threads_and_shards_do_not_change_rows() {
    let config = ExchangeConfig { scenarios: scenarios(), ..config(3_000, 90) };
    let whole = rows_as_text(&fetch_all(config.clone(), None).await.0);
    assert!(whole["trades"].len() > 1_000 && whole["ledger_entries"].len() > 10_000);
    for (page_rows, threads) in [(1_000, 1), (1_000_000, 2), (30_000, 8), (1_000_000, 8)] {
        let config = ExchangeConfig { page_rows, threads: NonZero::new(threads), ..config.clone() };
        assert!(rows_as_text(&fetch_all(config, None).await.0) == whole, "{page_rows} {threads}");
    }
    for of in [2, 5, 16] {
        let mut pages = Vec::new();
        for part in 1..=of {
            let config = ExchangeConfig { shard: Shard::new(part, of).unwrap(), ..config.clone() };
            pages.extend(fetch_all(config, None).await.0);
        }
        assert!(rows_as_text(&pages) == whole, "{of} shards");
    }
}

#[tokio::test]
async fn ninety_daily_runs_equal_one_run() {
    let config = ExchangeConfig { scenarios: scenarios(), ..config(1_500, 90) };
    let whole = stored(&fetch_all(config.clone(), None).await.0);
    let (mut pages, mut cursor) = (Vec::new(), None);
    for day in 1..=90 {
        let until = Some(config.first_day + Days::new(day));
        let day = fetch_all(ExchangeConfig { until, ..config.clone() }, cursor).await;
        pages.extend(day.0);
        cursor = Some(day.1);
    }
    let days = stored(&pages);
    for (table, rows) in &whole {
        let missing = rows.iter().find(|(key, row)| days[table].get(*key) != Some(row));
        assert!(
            missing.is_none(),
            "{table}: {missing:?}, by days {:?}",
            days[table].get(missing.unwrap().0)
        );
    }
    assert!(days == whole, "days");
}

#[tokio::test]
async fn output_of_a_seed_is_pinned() {
    // A failure means that every seed now gives other data: such a release must say so.
    let rows = rows_as_text(&fetch_all(config(300, 60), None).await.0);
    let mut fingerprint = Fingerprint::default();
    for (table, rows) in &rows {
        fingerprint.update(table.as_bytes());
        rows.iter().for_each(|row| fingerprint.update(row.as_bytes()));
    }
    assert_eq!(fingerprint.to_string(), "77f7daafcfdb39ba");
}

#[tokio::test]
async fn single_pages_can_be_regenerated() {
    let config = ExchangeConfig { page_rows: 500, ..config(500, 30) };
    let source = Exchange::new(config, MARKET.clone()).unwrap();
    let (mut cursor, mut pages) = (None, Vec::new());
    for _ in 0..5 {
        let page = source.fetch(cursor.as_ref()).await.unwrap();
        let next = page.cursor.clone();
        pages.push((cursor, page));
        cursor = Some(next);
    }
    for (before, page) in pages.into_iter().rev() {
        let again = source.fetch(before.as_ref()).await.unwrap();
        assert_eq!(stored(&[again]), stored(&[page]));
    }
}

/// Every posting sums to zero in every asset, and no user balance is ever negative.
#[tokio::test]
async fn ledger_balances_and_is_never_overdrawn() {
    let (pages, _) = fetch_all(config(2_000, 200), None).await;
    let mut entries = Vec::new();
    for batch in pages.iter().flat_map(|page| &page.batches) {
        if batch.table().name != "ledger_entries" {
            continue;
        }
        let int = |name: &str| batch.column(name).unwrap().as_i64().unwrap();
        let text = |name: &str| batch.column(name).unwrap().as_text().unwrap();
        let (entry, posting, user) = (int("entry_id"), int("posting_id"), int("user_id"));
        let (account, asset) = (text("account"), text("asset"));
        let amount = batch.column("amount").unwrap().as_decimal().unwrap();
        let at = batch.column("posted_at").unwrap().as_timestamp().unwrap();
        for row in 0..batch.rows() {
            entries.push((
                at.value(row),
                entry.value(row),
                posting.value(row),
                user.value(row),
                account.get(row).unwrap().to_owned(),
                asset.get(row).unwrap().to_owned(),
                amount.value(row),
            ));
        }
    }
    assert!(entries.len() > 20_000, "{}", entries.len());
    let mut postings = HashMap::<(i64, String), i128>::new();
    for (_, _, posting, _, _, asset, amount) in &entries {
        *postings.entry((*posting, asset.clone())).or_default() += amount;
    }
    assert!(postings.values().all(|sum| *sum == 0));
    entries.sort();
    let mut balances = HashMap::<(i64, String), i128>::new();
    for (_, _, _, user, account, asset, amount) in entries {
        if account == "user" {
            let balance = balances.entry((user, asset)).or_default();
            *balance += amount;
            assert!(*balance >= 0, "user {user} has {balance}");
        }
    }
}

/// Users of a stationary exchange trade as often as their true parameters predict: given rate λ and dropout
/// p, BG/NBD expects (1 − e^(−λpt)) / p trades after the first one.
#[tokio::test]
async fn trades_match_the_true_parameters_of_each_user() {
    let mut config = config(10_000, 200);
    config.stationary = true;
    let end = config.until.unwrap().and_hms_opt(0, 0, 0).unwrap().and_utc().timestamp_micros();
    let (pages, _) = fetch_all(config, None).await;
    let (mut done, mut truths) = (HashMap::<i64, f64>::new(), Vec::new());
    for batch in pages.iter().flat_map(|page| &page.batches) {
        let int = |name: &str| batch.column(name).unwrap().as_i64().unwrap();
        let float = |name: &str| batch.column(name).unwrap().as_f64().unwrap();
        let text = |name: &str| batch.column(name).unwrap().as_text().unwrap();
        match batch.table().name.as_ref() {
            "orders" => {
                let (user, status) = (int("user_id"), text("status"));
                for (row, user) in user.iter().enumerate() {
                    if ["filled", "partially_filled"].contains(&status.get(row).unwrap()) {
                        *done.entry(user.unwrap()).or_default() += 1.0;
                    }
                }
            }
            "ramp_transactions" => {
                let (user, status) = (int("user_id"), text("status"));
                for (row, user) in user.iter().enumerate() {
                    if status.get(row) == Some("completed") {
                        *done.entry(user.unwrap()).or_default() += 1.0;
                    }
                }
            }
            "truth_users" => {
                let started = batch.column("started_at").unwrap().as_timestamp().unwrap();
                let (user, rate, dropout) = (int("user_id"), float("rate"), float("dropout"));
                for (row, started) in started.iter().enumerate() {
                    if let Some(started) = started.filter(|started| *started < end) {
                        let (rate, dropout) = (rate.value(row), dropout.value(row));
                        truths.push((user.value(row), started, rate, dropout));
                    }
                }
            }
            _ => {}
        }
    }
    let (mut found, mut wanted, mut spread) = (0.0, 0.0, 0.0);
    for (user, started, rate, dropout) in &truths {
        let days = (end - started) as f64 / 86_400e6;
        let expected = 1.0 - libm::expm1(-rate * dropout * days) / dropout;
        let did = done.get(user).copied().unwrap_or(0.0);
        assert!(did >= 1.0, "user {user} started and did nothing");
        (found, wanted) = (found + did, wanted + expected);
        spread += (did - expected).powi(2);
    }
    assert!(truths.len() > 3_000, "{}", truths.len());
    assert_eq!(done.len(), truths.len(), "nobody else trades");
    let z = (found - wanted) / spread.sqrt();
    assert!(z.abs() < 4.5, "{found} trades, {wanted} expected: z = {z}");
}

#[tokio::test]
async fn cursors_of_other_settings_and_presets_are_refused() {
    let (_, cursor) = fetch_all(config(50, 3), None).await;
    let mut other = config(50, 4);
    other.seed = 7;
    let other = Exchange::new(other, MARKET.clone()).unwrap();
    let error = other.fetch(Some(&cursor)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
    assert!(error.to_string().contains("go on with these"), "{error}");
    // The other preset refuses the cursor as well.
    let classic = ClassicConfig::default();
    let error = classic.next_until(Some(&cursor)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
    for words in ["simulation.preset = \"exchange\"", "tidegauge reset simulation"] {
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[tokio::test]
async fn missing_days_of_the_market_are_reported() {
    let first = NaiveDate::from_ymd_opt(2020, 7, 3).unwrap();
    let error = Exchange::new(config(50, 500), MARKET.clone()).unwrap_err().to_string();
    let missing = first + Days::new(400);
    assert!(error.contains("BTC") && error.contains(&missing.to_string()), "{error}");
}
