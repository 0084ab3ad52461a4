//! Tests of exports as services write them: which rows are taken, and what their values mean, in
//! every format.
#![cfg(feature = "files")]

use std::sync::Arc;

use crate::files::{column, config, fails, ids, source, table, things, write};
use crate::support::{clock, round, rows};
use parquet::arrow::ArrowWriter;
use serde_json::{Value, json};
use tempfile::TempDir;
use tidegauge_acquisition::FileSource;
use tidegauge_acquisition::bad_rows::BadRows;
use tidegauge_acquisition::files::Config;
use tidegauge_core::arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Int64Array, RecordBatch, StringArray,
};
use tidegauge_core::{Page, Source, TableRef};

pub(crate) fn set(folder: &TempDir, name: &str, settings: Value) -> Config {
    let mut whole = serde_json::to_value(config(folder, name)).unwrap();
    for (setting, value) in settings.as_object().unwrap() {
        whole[setting] = value.clone();
    }
    serde_json::from_value(whole).unwrap()
}

pub(crate) async fn noted(config: Config, table: &TableRef) -> (Vec<Page>, String) {
    let source = source(config, table);
    let (pages, _) = round(&source, None).await;
    (pages, source.take_notes().join("\n"))
}

/// Writes the same six payments in each format.
fn payments(folder: &TempDir) {
    let ids = [1, 2, 3, 4, 5, 6];
    let days = ["2024-03-01", "2024-03-01", "2024-03-02", "2024-03-03", "2024-03-03", "2024-03-04"];
    let hours = ["09:00", "10:30", "", "11:00", "12:00", "13:00"];
    let kinds = ["charge", "refund", "charge", "charge", "fee", "charge"];
    let states = [Some("paid"), Some("paid"), Some("paid"), Some("void"), None, Some("paid")];
    let coins = ["XXBT", "XETH", "XXBT", "XXBT", "ZEUR", "SOL"];
    let cents = [1_250i128, 300, 75, 9_900, 10, 5];
    let (mut csv, mut json) =
        ("id,Day,Hour,Kind,Status,Coin,Amount,Live\n".to_owned(), String::new());
    for at in 0..6 {
        let (id, day, hour, kind, coin) = (ids[at], days[at], hours[at], kinds[at], coins[at]);
        let amount = format!("{}.{:02}", cents[at] / 100, cents[at] % 100);
        let state = states[at];
        csv += &format!("{id},{day},{hour},{kind},{},{coin},{amount},true\n", state.unwrap_or(""));
        json += &json!({
            "id": id, "Day": day, "Hour": hour, "Kind": kind, "Status": state, "Coin": coin,
            "Amount": amount, "Live": true,
        })
        .to_string();
        json += "\n";
    }
    write(folder, "p.csv", csv);
    write(folder, "p.ndjson", json);
    let text = |values: &[&str]| -> ArrayRef { Arc::new(StringArray::from(values.to_vec())) };
    let epoch_days = Date32Array::from(vec![19_783, 19_783, 19_784, 19_785, 19_785, 19_786]);
    let amounts = Decimal128Array::from(cents.to_vec()).with_precision_and_scale(18, 2).unwrap();
    let columns: [(&str, ArrayRef); 8] = [
        ("id", Arc::new(Int64Array::from(ids.to_vec()))),
        ("Day", Arc::new(epoch_days)),
        ("Hour", text(&hours)),
        ("Kind", text(&kinds)),
        ("Status", Arc::new(StringArray::from(states.to_vec()))),
        ("Coin", text(&coins)),
        ("Amount", Arc::new(amounts)),
        ("Live", Arc::new(BooleanArray::from(vec![true; 6]))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    write(folder, "p.parquet", writer.into_inner().unwrap());
}

const FORMATS: [&str; 3] = ["p.csv", "p.ndjson", "p.parquet"];

fn payments_table() -> TableRef {
    table("append", &["id:int64", "at:timestamp", "coin:text?", "amount:decimal(18,2)"])
}

#[tokio::test]
async fn rows_are_filtered_joined_renamed_and_negated_equally_in_every_format() {
    let folder = TempDir::new().unwrap();
    payments(&folder);
    let settings = |page_rows: usize| {
        json!({
            "page_rows": page_rows,
            "where": [
                { "column": "Status", "not_in": ["void"] },
                { "column": "kind", "in": ["charge", "refund"] },
                { "column": "Live", "in": [true] },
            ],
            "columns": {
                "at": {
                    "columns": ["Day", "Hour"], "join": "T", "zone": "Europe/Berlin",
                    "format": ["%Y-%m-%dT%H:%M", "%Y-%m-%d"],
                },
                "coin": { "column": "Coin", "values": { "XXBT": "BTC", "XETH": "ETH" } },
                "amount": { "column": "Amount", "negate": { "column": "Kind", "in": ["refund"] } },
            },
        })
    };
    for name in FORMATS {
        for page_rows in [1, 2, 100] {
            let (pages, message) =
                noted(set(&folder, name, settings(page_rows)), &payments_table()).await;
            let of = |name| column(&pages, "things", name);
            if name == "p.ndjson" {
                // Each line names its own fields, and names must match exactly.
                assert_eq!(rows(&pages, "things"), 0);
                continue;
            }
            assert_eq!(ids(&pages), ["1", "2", "3", "6"], "{name}");
            assert_eq!(
                of("at"),
                [
                    "2024-03-01 08:00:00",
                    "2024-03-01 09:30:00",
                    "2024-03-01 23:00:00",
                    "2024-03-04 12:00:00"
                ],
                "{name}"
            );
            assert_eq!(of("coin"), ["BTC", "ETH", "BTC", "SOL"], "{name}");
            assert_eq!(of("amount"), ["12.50", "-3.00", "0.75", "0.05"], "{name}");
            for says in [
                format!("rows are left out by `where`, on `Status` (1 row, first {name}: `void`)"),
                format!("rows are left out by `where`, on `kind` (1 row, first {name}: `fee`)"),
            ] {
                assert!(message.contains(&says), "{message} should say {says}");
            }
        }
    }
    let mut exact = settings(2);
    exact["where"][1]["column"] = "Kind".into();
    let (pages, _) = noted(set(&folder, "p.ndjson", exact), &payments_table()).await;
    assert_eq!(ids(&pages), ["1", "2", "3", "6"]);
    assert_eq!(column(&pages, "things", "amount"), ["12.50", "-3.00", "0.75", "0.05"]);
    assert_eq!(column(&pages, "things", "at")[2], "2024-03-01 23:00:00");
}

#[tokio::test]
async fn null_markers_are_null_in_every_format() {
    let folder = TempDir::new().unwrap();
    payments(&folder);
    for name in FORMATS {
        let columns = json!({ "at": "Day", "coin": "Coin", "amount": "Amount" });
        let day = json!({ "column": "Day", "format": "%Y-%m-%d" });
        let mut settings = json!({ "nulls": ["SOL"], "columns": columns });
        if name != "p.parquet" {
            settings["columns"]["at"] = day;
        }
        let (pages, _) = noted(set(&folder, name, settings), &payments_table()).await;
        let coins = column(&pages, "things", "coin");
        assert_eq!(coins, ["XXBT", "XETH", "XXBT", "XXBT", "ZEUR", "null"], "{name}");
    }
}

#[tokio::test]
async fn a_condition_on_a_missing_column_is_an_error() {
    let folder = TempDir::new().unwrap();
    payments(&folder);
    for name in ["p.csv", "p.parquet"] {
        let base = |settings: Value| {
            let mut config = json!({ "columns": {
                "at": "Day", "coin": "Coin", "amount": "Amount" } });
            for (setting, value) in settings.as_object().unwrap() {
                config[setting] = value.clone();
            }
            set(&folder, name, config)
        };
        let config = base(json!({ "where": [{ "column": "State", "in": ["paid"] }] }));
        let error = fails(&source(config, &payments_table()), None).await;
        for says in [name, "`where`", "there is no `State`", "Status"] {
            assert!(error.contains(says), "{error} should say {says}");
        }
        let amount =
            json!({ "column": "Amount", "negate": { "column": "Type", "in": ["refund"] } });
        let config = base(json!({ "columns": { "at": "Day", "coin": "Coin", "amount": amount } }));
        let error = fails(&source(config, &payments_table()), None).await;
        for says in [name, "`negate` of `amount`", "there is no `Type`"] {
            assert!(error.contains(says), "{error} should say {says}");
        }
        let at = json!({ "columns": ["Day", "Minute"] });
        let config = base(json!({ "columns": { "at": at, "coin": "Coin", "amount": "Amount" } }));
        let error = fails(&source(config, &payments_table()), None).await;
        for says in [name, "`at`", "there is no `Minute`", "Hour"] {
            assert!(error.contains(says), "{error} should say {says}");
        }
    }
}

#[tokio::test]
async fn unlisted_values_are_kept_bad_or_null() {
    let folder = TempDir::new().unwrap();
    write(&folder, "a.csv", "id,state,live,amount\n1,paid,J,1\n2, open ,N,2\n3,,N,3\n4,odd,J,4\n");
    let table = table("append", &["id:int64", "state:text?", "live:bool", "amount:int64"]);
    let with = |otherwise: Option<&str>| {
        let mut state =
            json!({ "values": { "paid": "completed", "open": "pending", "": "unknown" } });
        if let Some(otherwise) = otherwise {
            state["otherwise"] = otherwise.into();
        }
        let live = json!({ "values": { "J": true, "N": false }, "otherwise": "bad" });
        set(&folder, "a.csv", json!({ "columns": { "state": state, "live": live } }))
    };
    for (otherwise, last) in [(None, "odd"), (Some("keep"), "odd"), (Some("null"), "null")] {
        let (pages, _) = noted(with(otherwise), &table).await;
        let states = column(&pages, "things", "state");
        assert_eq!(states, ["completed", "pending", "unknown", last]);
        assert_eq!(column(&pages, "things", "live"), ["true", "false", "false", "true"]);
    }
    let error = fails(&source(with(Some("bad")), &table), None).await;
    for says in ["a.csv:5", "`state`", "`odd`", "none of the `values`", "open, paid", "`otherwise`"]
    {
        assert!(error.contains(says), "{error} should say {says}");
    }
    let aside = Config { bad_rows: BadRows::Quarantine, ..with(Some("bad")) };
    let (pages, _) = round(&source(aside, &table), None).await;
    assert_eq!(ids(&pages), ["1", "2", "3"]);
    // Of a cell with a unit, the unit is renamed.
    write(&folder, "b.csv", "id,state,live,amount\n1,0.5XXBT,J,1\n2,2 XETH,J,1\n");
    let state = json!({ "part": "unit", "values": { "XXBT": "BTC" } });
    let live = json!({ "values": { "J": "yes" } });
    let units = set(&folder, "b.csv", json!({ "columns": { "state": state, "live": live } }));
    let (pages, _) = noted(units, &table).await;
    assert_eq!(column(&pages, "things", "state"), ["BTC", "XETH"]);
    // The new values must fit the column, which is checked before any file is read.
    for (columns, says) in [
        (json!({ "live": { "values": { "J": "maybe" } } }), "`J` is not true or false"),
        (json!({ "live": { "otherwise": "bad" } }), "`values`"),
        (json!({ "live": { "value": true, "values": { "a": true } } }), "choose one"),
        (json!({ "amount": { "part": "number", "values": { "a": 1 } } }), "`part"),
        (json!({ "state": { "columns": ["a", "b"], "column": "c" } }), "choose one"),
        (json!({ "state": { "join": "-" } }), "`columns`"),
        (json!({ "state": { "currency": "$" } }), "`currency`"),
        (json!({ "amount": { "currency": "5" } }), "`currency`"),
        (json!({ "state": { "negate": { "column": "a", "in": ["b"] } } }), "`negate`"),
        (json!({ "amount": { "negate": { "column": "a" } } }), "one test"),
    ] {
        let config = set(&folder, "a.csv", json!({ "columns": columns }));
        let error = FileSource::new(config, table.clone(), clock("2100-01-01T00:00:00Z"));
        let error = error.unwrap_err().to_string();
        assert!(error.contains(says), "{error} should say {says}");
    }
    let config = set(&folder, "a.csv", json!({ "where": [{ "column": "state" }] }));
    let error = FileSource::new(config, table.clone(), clock("2100-01-01T00:00:00Z"));
    let error = error.unwrap_err().to_string();
    for says in ["`where`", "`ours`", "`state`", "one test"] {
        assert!(error.contains(says), "{error} should say {says}");
    }
}

#[tokio::test]
async fn amounts_are_read_with_signs_and_units() {
    let folder = TempDir::new().unwrap();
    write(
        &folder,
        "us.csv",
        "id,amount\n1,\"$1,234.50\"\n2,($12.00)\n3,-$0.75\n4,5\n5,US$ 7.10\n6,€3\n7,(3\n",
    );
    write(&folder, "de.csv", "id;amount\n1;1.234,50 €\n2;-0,75\u{a0}€\n3;12,00-\n4;EUR 2,5\n");
    let table = table("append", &["id:int64", "amount:decimal(18,2)"]);
    let us = json!({ "thousands": ",", "currency": ["$", "US$"], "accounting": true });
    let aside = json!({ "bad_rows": "quarantine", "columns": { "amount": us } });
    let (pages, _) = noted(set(&folder, "us.csv", aside), &table).await;
    let amounts = column(&pages, "things", "amount");
    assert_eq!(amounts, ["1234.50", "-12.00", "-0.75", "5.00", "7.10"]);
    assert_eq!(column(&pages, "quarantine", "place"), ["us.csv:7", "us.csv:8"]);
    let reason = &column(&pages, "quarantine", "reason")[0];
    assert!(reason.contains("`currency = \"€\"`"), "{reason}");
    let de = json!({
        "decimal": ",", "thousands": ".", "currency": ["€", "EUR"], "accounting": true,
    });
    let german = json!({ "delimiter": ";", "columns": { "amount": de } });
    let (pages, _) = noted(set(&folder, "de.csv", german), &table).await;
    assert_eq!(column(&pages, "things", "amount"), ["1234.50", "-0.75", "-12.00", "2.50"]);
    // Without the rules, the error says which ones there are.
    let plain = json!({ "bad_rows": "quarantine" });
    let (pages, _) = noted(set(&folder, "us.csv", plain), &table).await;
    assert_eq!(ids(&pages), ["4"]);
    let reasons = column(&pages, "quarantine", "reason");
    assert!(reasons[0].contains("currency = \"$\""), "{reasons:?}");
}

#[tokio::test]
async fn refunds_are_excluded_or_negated_once() {
    let folder = TempDir::new().unwrap();
    write(&folder, "a.csv", "id;Betrag\n1;1.000,00 €\n2;-5,00 €\n3;0,00 €\n4;2,00 €\n");
    let table = table("append", &["id:int64", "amount:decimal(18,2)"]);
    // The numbers of a condition are written like those of the column that they fill.
    let amount = json!({ "column": "Betrag", "decimal": ",", "thousands": ".", "currency": "€" });
    let with = |filter: Value| {
        let columns = json!({ "amount": amount.clone() });
        set(&folder, "a.csv", json!({ "delimiter": ";", "columns": columns, "where": filter }))
    };
    let above = json!([{ "column": "Betrag", "above": 0 }]);
    let (pages, message) = noted(with(above), &table).await;
    assert_eq!(ids(&pages), ["1", "4"]);
    assert!(message.contains("(2 rows, first a.csv: `-5,00 €`)"), "{message}");
    let between = json!([{ "column": "Betrag", "above": "-5.5", "below": 2 }]);
    assert_eq!(ids(&noted(with(between), &table).await.0), ["2", "3"]);
    write(&folder, "a.csv", "id;Betrag\n1;n/a\n");
    let above = json!([{ "column": "Betrag", "above": 0 }]);
    let error = fails(&source(with(above), &table), None).await;
    for says in ["a.csv:2", "`Betrag`", "`n/a`", "not a number"] {
        assert!(error.contains(says), "{error} should say {says}");
    }
    // An amount that is negative already would become positive.
    write(&folder, "b.csv", "id,amount,type\n1,5,refund\n2,0,refund\n3,7,sale\n4,-2,refund\n");
    let negate = json!({ "negate": { "column": "type", "in": ["refund"] } });
    let aside = json!({ "bad_rows": "quarantine", "columns": { "amount": negate } });
    let (pages, _) = noted(set(&folder, "b.csv", aside), &table).await;
    assert_eq!(column(&pages, "things", "amount"), ["-5.00", "0.00", "7.00"]);
    let reason = &column(&pages, "quarantine", "reason")[0];
    assert!(reason.contains("`-2` is negative already") && reason.contains("`negate`"), "{reason}");
    // A file of which no row is taken is read nevertheless, and once.
    let none = json!([{ "column": "type", "in": ["gift"] }]);
    let source = source(set(&folder, "b.csv", json!({ "where": none, "page_rows": 1 })), &table);
    let (pages, cursor) = round(&source, None).await;
    assert_eq!(rows(&pages, "things"), 0);
    assert!(source.take_notes().join("").contains("4 rows"));
    let (pages, _) = round(&source, Some(cursor)).await;
    assert_eq!(pages.len(), 1);
}

/// Checks that a condition on a field that no JSON line has is noted and not an error, since lines
/// may lack fields.
#[tokio::test]
async fn a_condition_on_an_absent_json_field_is_noted() {
    let folder = TempDir::new().unwrap();
    write(&folder, "a.ndjson", "{\"id\":1,\"name\":\"a\",\"Status\":\"void\"}\n");
    let of = |column: &str| {
        set(&folder, "a.ndjson", json!({ "where": [{ "column": column, "not_in": ["void"] }] }))
    };
    let (pages, notes) = noted(of("Staus"), &things("append")).await;
    assert_eq!(rows(&pages, "things"), 1);
    assert!(notes.contains("`where`, `Staus`: no line has this field"), "{notes}");
    let (pages, notes) = noted(of("Status"), &things("append")).await;
    assert_eq!(rows(&pages, "things"), 0);
    assert!(!notes.contains("no line has"), "{notes}");
}
