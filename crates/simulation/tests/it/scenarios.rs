//! Tests that a scenario changes only what it describes.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::{MARKET, batches, config, fetch_all, row_as_text};
use chrono::{DateTime, Days, NaiveDate};
use tidegauge_core::{Cell, Page};
use tidegauge_simulation::{Exchange, ExchangeConfig, Scenario};

/// Returns the day that is `number` days after the first.
fn day(number: u64) -> NaiveDate {
    ExchangeConfig::default().first_day + Days::new(number)
}

/// Simulates an exchange with some scenarios.
async fn with(scenarios: Vec<Scenario>) -> Vec<Page> {
    fetch_all(ExchangeConfig { scenarios, ..config(4_000, 120) }, None).await.0
}

/// Formats all rows of each user as text.
fn by_user(pages: &[Page]) -> BTreeMap<i64, BTreeSet<String>> {
    let mut users = BTreeMap::<i64, BTreeSet<String>>::new();
    for batch in batches(pages) {
        let Ok(ids) = batch.column("user_id") else { continue };
        for (at, id) in ids.as_i64().unwrap().iter().enumerate() {
            let row = format!("{} {}", batch.table().name, row_as_text(batch, at));
            users.entry(id.unwrap()).or_default().insert(row);
        }
    }
    users
}

/// Returns some columns of a table as text.
fn columns<const N: usize>(pages: &[Page], table: &str, names: [&str; N]) -> Vec<[String; N]> {
    let mut rows = Vec::new();
    for batch in batches(pages).filter(|batch| batch.table().name == table) {
        for at in 0..batch.rows() {
            let cell = |name: &str| match batch.column(name).unwrap().cell(at) {
                Cell::Null => String::new(),
                Cell::Bool(value) => value.to_string(),
                Cell::Int(value) | Cell::Decimal(value) => value.to_string(),
                Cell::Float(value) => value.to_string(),
                Cell::Text(value) => value.into(),
                Cell::Date(days) => NaiveDate::from_epoch_days(days).unwrap().to_string(),
                Cell::Timestamp(at) => DateTime::from_timestamp_micros(at).unwrap().to_string(),
            };
            rows.push(names.map(cell));
        }
    }
    rows
}

#[tokio::test]
async fn channel_off_removes_its_signups_and_changes_no_other_user() {
    let plain = with(vec![]).await;
    let channel = "paid_social".to_owned();
    let off = Scenario::ChannelOff { channel, from: day(30), days: Some(40) };
    let off = with(vec![off]).await;
    let is_off = |[channel, at]: &[String; 2]| {
        let days = day(30).to_string()..day(70).to_string();
        channel == "paid_social" && days.contains(&at[..10].to_owned())
    };
    let signups = |pages: &[Page]| columns(pages, "users", ["acquisition_channel", "signup_at"]);
    let gone = signups(&plain).iter().filter(|signup| is_off(signup)).count();
    assert!(gone > 200 && !signups(&off).iter().any(is_off), "{gone}");
    assert_eq!(signups(&plain).len() - gone, signups(&off).len());
    let spend = |pages: &[Page]| columns(pages, "marketing_spend", ["channel", "day", "spend"]);
    let left: Vec<_> = spend(&plain)
        .into_iter()
        .filter(|[channel, day, _]| !is_off(&[channel.clone(), day.clone()]))
        .collect();
    assert_eq!(spend(&off), left);
    // A user whose referrer is gone has another referrer.
    let (before, after) = (by_user(&plain), by_user(&off));
    let referred: Vec<_> = columns(&plain, "users", ["user_id", "referred_by"])
        .into_iter()
        .filter(|[_, by]| by.parse().is_ok_and(|by: i64| !after.contains_key(&by)))
        .map(|[id, _]| id.parse().unwrap())
        .collect();
    for (id, rows) in &after {
        assert!(before[id] == *rows || referred.contains(id), "user {id}");
    }
    for [_, by] in columns(&off, "users", ["user_id", "referred_by"]) {
        assert!(by.parse().map_or(true, |by: i64| after.contains_key(&by)), "{by}");
    }
}

#[tokio::test]
async fn kyc_outages_delay_verifications() {
    let plain = with(vec![]).await;
    let out = with(vec![Scenario::KycOutage { from: day(40), days: 5 }]).await;
    let verified = |pages: &[Page]| columns(pages, "users", ["user_id", "kyc_verified_at"]);
    let outage = day(40).to_string()..day(45).to_string();
    let within = |at: &str| at.get(..10).is_some_and(|date| outage.contains(&date.to_owned()));
    let hit: BTreeSet<i64> = verified(&plain)
        .iter()
        .filter(|[_, at]| within(at))
        .map(|[id, _]| id.parse().unwrap())
        .collect();
    assert!(hit.len() > 50, "{}", hit.len());
    assert!(!verified(&out).iter().any(|[_, at]| within(at)));
    let (before, after) = (by_user(&plain), by_user(&out));
    assert_eq!(before.len(), after.len());
    let mut changed = before.iter().filter(|(id, rows)| after[id] != **rows).map(|(id, _)| *id);
    // Rejections are delayed as well, which the final rows do not show.
    assert!(changed.all(|id| hit.contains(&id)));
    assert_ne!(before[hit.first().unwrap()], after[hit.first().unwrap()]);
}

#[tokio::test]
async fn fraud_rings_share_devices_use_stolen_cards_and_are_charged_back() {
    let plain = with(vec![]).await;
    let ring = with(vec![Scenario::FraudRing { from: day(20), days: 10, accounts: 40 }]).await;
    let (before, after) = (by_user(&plain), by_user(&ring));
    assert!(before.iter().all(|(id, rows)| after[id] == *rows), "everybody else is who they were");
    let new: BTreeSet<String> =
        after.keys().filter(|id| !before.contains_key(id)).map(ToString::to_string).collect();
    assert_eq!(new.len(), 40);
    let mine = |[id, value]: &[String; 2]| new.contains(id).then(|| value.clone());
    let values = |table: &str, column: &str| -> Vec<String> {
        columns(&ring, table, ["user_id", column]).iter().filter_map(mine).collect()
    };
    let different = |values: Vec<String>| values.into_iter().collect::<BTreeSet<_>>().len();
    assert_eq!(different(values("users", "device")), 3);
    let cards = values("ramp_transactions", "card");
    assert!(cards.len() > 50 && different(cards) > 40);
    let coins = values("withdrawals", "address");
    assert!(coins.len() > 40 && different(coins) <= 4, "one wallet for each coin");
    let reasons = values("chargebacks", "reason");
    assert!(
        reasons.len() > 50 && reasons.iter().all(|reason| reason == "fraud"),
        "{}",
        reasons.len()
    );
    assert!(values("orders", "side").is_empty());
}

#[tokio::test]
async fn only_future_scenarios_may_change() {
    let channel_off = |from| Scenario::ChannelOff { channel: "affiliate".into(), from, days: None };
    let (_, cursor) = fetch_all(config(200, 30), None).await;
    let go_on = |from| {
        let scenarios = vec![channel_off(from)];
        let exchange = ExchangeConfig { scenarios, ..config(200, 60) };
        let cursor = cursor.clone();
        async move {
            use tidegauge_core::Source;
            let exchange = Exchange::new(exchange, MARKET.clone()).unwrap();
            exchange.fetch(Some(&cursor)).await
        }
    };
    assert!(go_on(day(30)).await.is_ok());
    let error = go_on(day(29)).await.unwrap_err().to_string();
    assert!(error.contains("other scenarios"), "{error}");
}

#[test]
fn invalid_scenarios_are_refused() {
    let from = day(0);
    for (scenario, says) in [
        (
            Scenario::ChannelOff { channel: "radio".into(), from, days: None },
            "there is no channel `radio`: organic, paid_search",
        ),
        (Scenario::Crash { from, days: 3, by: 1.0 }, "prices cannot fall by 1"),
        (Scenario::BullRun { from, days: 3, by: f64::NAN }, "prices cannot rise by NaN"),
    ] {
        let config = ExchangeConfig { scenarios: vec![scenario], ..config(10, 10) };
        let error = Exchange::new(config, MARKET.clone()).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
}
