//! A small exchange in a synthetic market, as tables in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::Days;
use tidegauge::core::market::Market;
use tidegauge::core::tables::{Candle, Chargeback, FxRate, LedgerEntry, RawCryptoMarketData};
use tidegauge::core::{Batch, Crypto, Fiat, Source};
use tidegauge::simulation::{Exchange, ExchangeConfig};

use crate::audit::tables::{Tables, Value, table};

/// The number of days that are played.
const DAYS: u64 = 150;

/// The units of an amount in a cent.
const CENT: i128 = Crypto::ONE / 100;

/// Microseconds in a day.
pub(crate) const DAY: i64 = 86_400_000_000;

/// Returns the tables of a fluctuating market and of the exchange in it.
pub(crate) async fn world() -> Tables {
    let mut tables = Tables::default();
    let mut config = ExchangeConfig::default();
    config.users = 500;
    config.days = 90;
    config.until = Some(config.first_day + Days::new(DAYS));
    let market = market(&config, &mut tables);
    let exchange = Exchange::new(config, market).unwrap();
    let mut cursor = None;
    loop {
        let page = exchange.fetch(cursor.as_ref()).await.unwrap();
        for batch in &page.batches {
            tables.add(batch);
        }
        if page.done {
            break;
        }
        cursor = Some(page.cursor);
    }
    complete(&mut tables);
    tables
}

fn market(config: &ExchangeConfig, tables: &mut Tables) -> Arc<Market> {
    let (mut candles, mut rates) = (Vec::new(), Vec::new());
    for number in 0..DAYS {
        let day = config.first_day + Days::new(number);
        for (shift, symbol, cents) in
            [(0, "BTC", 1_100_000), (7, "ETH", 35_000), (14, "SOL", 250), (21, "USDT", 100)]
        {
            // The wave falls and rises by a fifth in forty days, with another phase for each coin.
            let phase = (2 * i64::try_from(number).unwrap() + shift) % 80;
            let wave = 80 + (phase - 40).abs();
            let price = |percent: i64| {
                Crypto::from_units(i128::from(cents * wave * percent) * CENT / 10_000)
            };
            candles.push(Candle {
                source: "test".into(),
                symbol: symbol.into(),
                interval: "1d".into(),
                open_at: day.and_hms_opt(0, 0, 0).unwrap().and_utc(),
                open: price(100),
                high: price(103),
                low: price(99),
                close: price(101),
                volume: None,
                base_volume: None,
                currency: "USD".into(),
            });
        }
        for (quote, rate) in [("USD", "1.18"), ("GBP", "0.9"), ("CAD", "1.55")] {
            rates.push(FxRate {
                base: "EUR".into(),
                quote: quote.into(),
                rate_date: day,
                source: "test".into(),
                rate: rate.parse().unwrap(),
            });
        }
    }
    let candles = Batch::from_rows(Candle::table(), candles).unwrap();
    let rates = Batch::from_rows(FxRate::table(), rates).unwrap();
    let raw = Batch::from_rows(RawCryptoMarketData::table(), [(); 0]).unwrap();
    tables.add(&candles);
    tables.add(&rates);
    Arc::new(Market::from_batches(&[candles], &[raw], &[rates]).unwrap())
}

/// Adds rows that the exchange may not produce, so that every fault has rows to change.
fn complete(tables: &mut Tables) {
    if tables.rows("chargebacks") == 0 {
        chargebacks(tables);
    }
    if tables.all("users", |row| row.some("referred_by").is_some()).is_empty() {
        referrals(tables);
    }
    if tables.all("users", |row| !row.is("balances", "")).is_empty() {
        balances(tables);
    }
}

/// Adds three chargebacks of purchases, with their postings.
fn chargebacks(tables: &mut Tables) {
    let bought = tables.all("ramp_transactions", |row| row.is("status", "completed"));
    let (mut rows, mut entries) = (Vec::new(), Vec::new());
    for (number, purchase) in (1..).zip(bought.iter().step_by(bought.len() / 3).take(3)) {
        let purchase = tables.row("ramp_transactions", *purchase);
        let at = purchase.int("created_at") + 20 * DAY;
        let created_at = chrono::DateTime::from_timestamp_micros(at).unwrap();
        let (user_id, currency) = (purchase.int("user_id"), purchase.text("fiat_currency"));
        let amount = purchase.units("fiat_amount");
        rows.push(Chargeback {
            chargeback_id: number,
            transaction_id: purchase.int("transaction_id"),
            user_id,
            currency: currency.clone(),
            amount: Fiat::from_units(amount),
            reason: "fraud".into(),
            created_at,
            external_id: None,
            external_transaction_id: None,
            external_user_id: None,
        });
        for (account, sign) in [("exchange", -1), ("outside", 1)] {
            entries.push(LedgerEntry {
                entry_id: -10 * number + i64::try_from(sign).unwrap(),
                posting_id: -number,
                user_id,
                kind: "chargeback".into(),
                reference_id: number,
                account: account.into(),
                asset: currency.clone(),
                amount: Crypto::from_units(sign * amount * CENT),
                posted_at: created_at,
            });
        }
    }
    let rows = Batch::from_rows(&table("chargebacks"), rows).unwrap();
    tables.add(&rows);
    let entries = Batch::from_rows(&table("ledger_entries"), entries).unwrap();
    tables.add(&entries);
}

/// Sets the very first user as the referrer of all users of the referral channel.
fn referrals(tables: &mut Tables) {
    let signups = (0..tables.rows("users")).map(|row| tables.row("users", row));
    let first = signups.min_by_key(|row| row.int("signup_at")).unwrap().int("user_id");
    let brought = |row: crate::audit::tables::Row<'_>| {
        row.is("acquisition_channel", "referral") && row.int("user_id") != first
    };
    for row in tables.all("users", brought) {
        tables.set("users", row, "referred_by", Value::Int(first));
    }
}

fn balances(tables: &mut Tables) {
    let mut sums: BTreeMap<i64, BTreeMap<String, i128>> = BTreeMap::new();
    for row in tables.all("ledger_entries", |row| row.is("account", "user")) {
        let entry = tables.row("ledger_entries", row);
        let sums = sums.entry(entry.int("user_id")).or_default();
        *sums.entry(entry.text("asset")).or_default() += entry.units("amount");
    }
    for row in 0..tables.rows("users") {
        let mut has = sums.remove(&tables.row("users", row).int("user_id")).unwrap_or_default();
        has.retain(|_, units| *units != 0);
        let has: BTreeMap<_, _> = has
            .into_iter()
            .map(|(asset, units)| (asset, Crypto::from_units(units).to_string()))
            .collect();
        let output = serde_json::to_string(&has).unwrap();
        tables.set("users", row, "balances", Value::Text(output));
    }
}
