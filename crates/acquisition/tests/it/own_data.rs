//! Tests of typical user data: ids of any kind, few columns, dates where times are needed.
#![cfg(feature = "files")]

use serde_json::json;
use tempfile::TempDir;
use tidegauge_acquisition::bad_rows::BadRows;
use tidegauge_acquisition::files::{Config, FileSource};
use tidegauge_acquisition::mapping::Columns;
use tidegauge_core::Page;
use tidegauge_core::tables::{Order, RampTransaction, SURROGATES, Trade, User};

use crate::files::{column, config, fails, source, write};
use crate::support::{clock, round};

fn columns(columns: serde_json::Value) -> Columns {
    serde_json::from_value(columns).unwrap()
}

fn numbers(pages: &[Page], table: &str, name: &str) -> Vec<i64> {
    column(pages, table, name).iter().map(|number| number.parse().unwrap()).collect()
}

#[tokio::test]
async fn ids_of_any_kind_are_kept_and_join_orders_to_users() {
    let folder = TempDir::new().unwrap();
    write(
        &folder,
        "users.csv",
        "user_id,signup_at,referred_by\n17,2026-01-02,\n00017,2026-01-02,17\n c-1 ,2026-01-03,00017\n",
    );
    write(
        &folder,
        "orders.ndjson",
        "{\"order_id\":\"A/1\",\"user_id\":17,\"created_at\":\"2026-02-01\",\"base_amount\":\"1\",\"base_currency\":\"EUR\"}\n\
         {\"order_id\":\"A/2\",\"user_id\":\"00017\",\"created_at\":\"2026-02-01\",\"base_amount\":\"1\",\"base_currency\":\"EUR\"}\n\
         {\"order_id\":3,\"user_id\":\"c-1\",\"created_at\":\"2026-02-01\",\"base_amount\":\"1\",\"base_currency\":\"EUR\"}\n",
    );
    let (users, _) = round(&source(config(&folder, "users.csv"), User::table()), None).await;
    let (orders, _) = round(&source(config(&folder, "orders.ndjson"), Order::table()), None).await;
    let ids = numbers(&users, "users", "user_id");
    assert_eq!(ids[0], 17);
    assert!(ids[1..].iter().all(|id| SURROGATES.contains(id)) && ids[1] != ids[2]);
    assert_eq!(column(&users, "users", "external_id"), ["null", "00017", "c-1"]);
    assert_eq!(
        column(&users, "users", "referred_by"),
        ["null".into(), "17".into(), ids[1].to_string()]
    );
    assert_eq!(numbers(&orders, "orders", "user_id"), ids);
    assert_eq!(column(&orders, "orders", "external_id"), ["A/1", "A/2", "null"]);
    assert_eq!(column(&orders, "orders", "external_user_id"), ["null", "00017", "c-1"]);
    assert_eq!(column(&users, "users", "signup_at")[0], "2026-01-02 00:00:00");
}

#[tokio::test]
async fn ids_may_be_configured_as_text_or_numbers() {
    let folder = TempDir::new().unwrap();
    write(
        &folder,
        "a.csv",
        "user_id,signup_at\n17,2026-01-02\n00018,2026-01-02\nx,2026-01-02\n4611686018427387904,2026-01-02\n",
    );
    let with = |kind: &str| Config {
        columns: columns(json!({ "user_id": { "id": kind } })),
        bad_rows: BadRows::Quarantine,
        ..config(&folder, "a.csv")
    };
    let (text, _) = round(&source(with("text"), User::table()), None).await;
    let all = ["17", "00018", "x", "4611686018427387904"];
    assert_eq!(column(&text, "users", "external_id"), all);
    let (number, _) = round(&source(with("number"), User::table()), None).await;
    assert_eq!(column(&number, "users", "user_id"), ["17", "18"]);
    let reasons = column(&number, "quarantine", "reason");
    assert!(
        reasons[0].contains("whole number") && reasons[1].contains("id = \"text\""),
        "{reasons:?}"
    );
    let error = FileSource::new(
        Config {
            columns: columns(json!({ "email": { "id": "text" } })),
            ..config(&folder, "a.csv")
        },
        User::table().clone(),
        clock("2026-03-01T00:00:00Z"),
    );
    assert!(error.unwrap_err().to_string().contains("has no ids"));
    let error = FileSource::new(
        Config {
            columns: columns(json!({ "external_id": "user_id" })),
            ..config(&folder, "a.csv")
        },
        User::table().clone(),
        clock("2026-03-01T00:00:00Z"),
    );
    assert!(error.unwrap_err().to_string().contains("filled by itself"));
}

/// Checks that numbers in the range of surrogate keys, and longer ones, are only ids if they are
/// configured as text.
#[tokio::test]
async fn long_numbers_are_ids_only_as_text() {
    let folder = TempDir::new().unwrap();
    let long = [
        "4611686018427387904",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775809",
        "123456789012345678901234567890123456789012345678901234567890",
    ];
    let csv: String = long.iter().map(|id| format!("{id},2026-01-02\n")).collect();
    write(&folder, "a.csv", format!("user_id,signup_at\n1,2026-01-02\n{csv}"));
    let with = |rule: serde_json::Value| Config {
        columns: columns(json!({ "user_id": rule })),
        bad_rows: BadRows::Quarantine,
        ..config(&folder, "a.csv")
    };
    for rule in [json!("user_id"), json!({ "id": "number" })] {
        let (users, _) = round(&source(with(rule), User::table()), None).await;
        assert_eq!(column(&users, "users", "user_id"), ["1"]);
        let reasons = column(&users, "quarantine", "reason");
        assert_eq!(reasons.len(), long.len(), "{reasons:?}");
        for (reason, id) in reasons.iter().zip(long) {
            assert!(reason.contains(id) && reason.contains("id = \"text\""), "{reason}");
        }
    }
    let (users, _) = round(&source(with(json!({ "id": "text" })), User::table()), None).await;
    assert_eq!(column(&users, "users", "external_id")[1..], long);
    // Rules about signs do not apply to text.
    for rule in [
        json!({ "absolute": true }),
        json!({ "id": "text", "negate": { "column": "a", "in": ["b"] } }),
    ] {
        let made =
            FileSource::new(with(rule), User::table().clone(), clock("2026-03-01T00:00:00Z"));
        assert!(made.unwrap_err().to_string().contains("ids of text have no sign"));
    }
}

#[tokio::test]
async fn missing_columns_are_null_or_have_their_default() {
    let folder = TempDir::new().unwrap();
    write(
        &folder,
        "a.csv",
        "transaction_id,user_id,created_at,fiat_amount,fiat_currency\np-1,c-1,2026-01-02,9.90,EUR\n",
    );
    let (bought, _) =
        round(&source(config(&folder, "a.csv"), RampTransaction::table()), None).await;
    assert_eq!(column(&bought, "ramp_transactions", "status"), ["completed"]);
    for name in ["crypto_token", "crypto_amount", "payment_method", "country", "fee_usd"] {
        assert_eq!(column(&bought, "ramp_transactions", name), ["null"], "{name}");
    }
    write(
        &folder,
        "b.csv",
        "trade_id,user_id,executed_at,quote_amount,quote_currency\n1,1,2026-01-02,5,USD\n",
    );
    let (traded, _) = round(&source(config(&folder, "b.csv"), Trade::table()), None).await;
    for name in ["order_id", "side", "price", "fee_amount", "is_maker"] {
        assert_eq!(column(&traded, "trades", name), ["null"], "{name}");
    }
    // A status column with an empty value does not get the default.
    write(
        &folder,
        "c.csv",
        "transaction_id,user_id,created_at,fiat_amount,fiat_currency,status\n1,1,2026-01-02,9.90,EUR,\n",
    );
    let error = fails(&source(config(&folder, "c.csv"), RampTransaction::table()), None).await;
    assert!(error.contains("c.csv:2") && error.contains("`status`"), "{error}");
}

#[tokio::test]
async fn all_missing_columns_are_reported_at_once() {
    let folder = TempDir::new().unwrap();
    write(&folder, "a.csv", "id,when,total\n1,2026-01-02,5\n");
    let error = fails(&source(config(&folder, "a.csv"), Trade::table()), None).await;
    for name in ["trade_id", "user_id", "executed_at", "quote_amount", "quote_currency"] {
        assert!(error.contains(&format!("`{name}`")), "{error}");
    }
    assert!(!error.contains("`price`") && error.contains("it has id, when, total"), "{error}");
}

#[tokio::test]
async fn ids_with_a_zero_fraction_are_numbers_and_text_ids_are_not_renamed() {
    let folder = TempDir::new().unwrap();
    write(&folder, "users.csv", "user_id,signup_at\n17.0,2026-01-02\n18,2026-01-02\n");
    let (users, _) = round(&source(config(&folder, "users.csv"), User::table()), None).await;
    assert_eq!(numbers(&users, "users", "user_id"), [17, 18]);
    for (kind, is_taken) in [(json!(null), false), (json!("text"), false), (json!("number"), true)]
    {
        let mut rule = json!({ "column": "user_id", "values": { "17.0": "7" } });
        if !kind.is_null() {
            rule["id"] = kind;
        }
        let renamed =
            Config { columns: columns(json!({ "user_id": rule })), ..config(&folder, "users.csv") };
        match FileSource::new(renamed, User::table().clone(), clock("2026-02-01T00:00:00Z")) {
            Ok(source) => {
                assert!(is_taken);
                let (users, _) = round(&source, None).await;
                assert_eq!(numbers(&users, "users", "user_id"), [7, 18]);
            }
            Err(error) => {
                assert!(!is_taken && error.to_string().contains("`values`"), "{error}");
            }
        }
    }
}
