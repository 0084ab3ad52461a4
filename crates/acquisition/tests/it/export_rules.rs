//! Tests of exports as services write them: null markers, parts of cells, signs and case, and
//! missing values.
#![cfg(feature = "files")]

use serde_json::{Value, json};
use tempfile::TempDir;
use tidegauge_acquisition::FileSource;

use crate::export_values::{noted, set};
use crate::files::{column, fails, ids, source, table, write};
use crate::support::clock;

#[tokio::test]
async fn null_markers_match_values_and_conditions_that_name_them() {
    let folder = TempDir::new().unwrap();
    write(&folder, "a.csv", "id,state\n1,paid\n2,n/a\n3,-\n4,\n");
    write(
        &folder,
        "a.ndjson",
        "{\"id\":1,\"state\":\"paid\"}\n{\"id\":2,\"state\":\"n/a\"}\n{\"id\":3,\"state\":\"-\"}\n{\"id\":4}\n",
    );
    let table = table("append", &["id:int64", "state:text?"]);
    for name in ["a.csv", "a.ndjson"] {
        let with = |filter: Value, values: Value| {
            let columns = json!({ "state": { "values": values } });
            set(
                &folder,
                name,
                json!({ "nulls": ["n/a", "-"], "where": filter, "columns": columns }),
            )
        };
        for (filter, left) in [
            (json!([{ "column": "state", "not_in": ["n/a"] }]), ["1", "3", "4"].as_slice()),
            (json!([{ "column": "state", "in": ["n/a", "paid"] }]), &["1", "2"]),
            (json!([{ "column": "state", "empty": true }]), &["2", "3", "4"]),
            (json!([{ "column": "state", "in": [""] }]), &["2", "3", "4"]),
        ] {
            let (pages, _) = noted(with(filter.clone(), json!({ "a": "b" })), &table).await;
            assert_eq!(ids(&pages), left, "{name} {filter}");
        }
        // A null marker that `values` names is renamed; the others count as missing values.
        for (values, states) in [
            (json!({ "n/a": "unknown" }), ["paid", "unknown", "null", "null"]),
            (json!({ "n/a": "unknown", "": "open" }), ["paid", "unknown", "open", "open"]),
            (json!({ "paid": "completed" }), ["completed", "null", "null", "null"]),
        ] {
            let (pages, _) = noted(with(json!([]), values.clone()), &table).await;
            assert_eq!(column(&pages, "things", "state"), states, "{name} {values}");
        }
    }
}

#[tokio::test]
async fn a_missing_part_is_omitted_if_configured() {
    let folder = TempDir::new().unwrap();
    write(&folder, "a.csv", "id,first,last\n1,Ann,Example\n");
    write(&folder, "b.csv", "id,first\n2,Bob\n");
    let things = table("append", &["id:int64", "name:text?"]);
    let settings = |on_missing: Value| {
        let columns = json!({ "name": { "columns": ["first", "last"] } });
        json!({ "columns": columns, "on_missing": on_missing })
    };
    let (pages, message) = noted(set(&folder, "*.csv", settings(json!("null"))), &things).await;
    assert_eq!(column(&pages, "things", "name"), ["Ann Example", "Bob"]);
    assert!(message.contains("`last` of `name`: there is no such column"), "{message}");
    assert!(message.contains("1 file, first b.csv"), "{message}");
    let error = fails(&source(set(&folder, "b.csv", settings(json!(null))), &things), None).await;
    assert!(error.contains("`last`") && error.contains("on_missing"), "{error}");
    // An id without one of its parts would be another id.
    let whole = table("append", &["id:text", "name:text?"]);
    let parts = json!({ "id": { "columns": ["first", "last"] } });
    let parts = json!({ "columns": parts, "on_missing": "null" });
    let error = fails(&source(set(&folder, "b.csv", parts), &whole), None).await;
    assert!(error.contains("`last`"), "{error}");
}

#[tokio::test]
async fn missing_values_are_renamed_whatever_their_form() {
    let folder = TempDir::new().unwrap();
    write(
        &folder,
        "a.ndjson",
        "{\"id\":1,\"state\":\"paid\"}\n{\"id\":2,\"state\":null}\n{\"id\":3,\"state\":\"\"}\n{\"id\":4}\n",
    );
    let table = table("append", &["id:int64", "state:text"]);
    let columns = json!({ "state": { "values": { "": "pending" }, "otherwise": "keep" } });
    let config = set(&folder, "a.ndjson", json!({ "columns": columns }));
    let (pages, _) = noted(config, &table).await;
    assert_eq!(column(&pages, "things", "state"), ["paid", "pending", "pending", "pending"]);
}

#[tokio::test]
async fn a_missing_amount_stays_null_despite_negation() {
    let folder = TempDir::new().unwrap();
    write(&folder, "a.csv", "id,amount,fee\n1,5,-1\n2,,\n3,7,2\n4,,-1\n");
    let table = table("append", &["id:int64", "amount:decimal(18,2)?"]);
    let columns = json!({ "amount": { "negate": { "column": "fee", "below": 0 } } });
    let config = set(&folder, "a.csv", json!({ "columns": columns }));
    let (pages, _) = noted(config, &table).await;
    assert_eq!(column(&pages, "things", "amount"), ["-5.00", "null", "7.00", "null"]);
}

#[tokio::test]
async fn markets_are_split_and_signs_and_case_normalized() {
    let folder = TempDir::new().unwrap();
    write(
        &folder,
        "a.csv",
        "id,market,side,asset,amount\n1,XXBTZEUR,BUY,eur,-1.50\n2,eth-usd,Sell,btc,2\n3,SOL_USDT,sell,xbt,0\n\
         4,NOSUCH,buy,eur,1\n5,,buy,,1\n",
    );
    let table = table(
        "append",
        &[
            "id:int64",
            "base:text?",
            "quote:text?",
            "side:text",
            "asset:text?",
            "kind:text?",
            "amount:decimal(18,2)",
        ],
    );
    let settings = json!({
        "bad_rows": "quarantine",
        "where": [{ "column": "amount", "below": 5 }],
        "columns": {
            "base": { "column": "market", "part": "base", "case": "upper", "values": { "XXBT": "BTC" } },
            "quote": {
                "column": "market", "part": "quote", "values": { "ZEUR": "EUR" },
                "otherwise": { "value": "other" },
            },
            "side": { "case": "lower" },
            "asset": { "case": "upper", "values": { "xbt": "bitcoin" } },
            "kind": { "column": "asset", "values": { "eur": "fiat" }, "otherwise": { "value": "crypto" } },
            "amount": { "absolute": true },
        },
    });
    let (pages, _) = noted(set(&folder, "a.csv", settings), &table).await;
    let of = |name| column(&pages, "things", name);
    assert_eq!(ids(&pages), ["1", "2", "3", "5"]);
    assert_eq!(of("base"), ["BTC", "ETH", "SOL", "null"]);
    assert_eq!(of("quote"), ["EUR", "other", "other", "null"]);
    assert_eq!(of("side"), ["buy", "sell", "sell", "buy"]);
    // `case` does not apply to values that `values` renames.
    assert_eq!(of("asset"), ["EUR", "BTC", "bitcoin", "null"]);
    assert_eq!(of("kind"), ["fiat", "crypto", "crypto", "null"]);
    assert_eq!(of("amount"), ["1.50", "2.00", "0.00", "1.00"]);
    assert_eq!(column(&pages, "quarantine", "place"), ["a.csv:5"]);
    let reason = &column(&pages, "quarantine", "reason")[0];
    assert!(reason.contains("`NOSUCH`") && reason.contains("no quote currency"), "{reason}");
    // Invalid rules are rejected before any file is read.
    for (columns, says) in [
        (json!({ "amount": { "part": "base" } }), "`part = \"base\"`"),
        (json!({ "amount": { "case": "upper" } }), "`case`"),
        (json!({ "side": { "absolute": true } }), "`absolute`"),
        (
            json!({ "amount": { "absolute": true, "negate": { "column": "side", "in": ["sell"] } } }),
            "`absolute`",
        ),
        (json!({ "side": { "value": "buy", "case": "upper" } }), "`case`"),
        (json!({ "kind": { "otherwise": { "value": "crypto" } } }), "`values`"),
        (
            json!({ "amount": { "values": { "a": 1 }, "otherwise": { "value": "much" } } }),
            "`otherwise` makes of other values, `much`",
        ),
        (json!({ "amount": { "part": "number", "values": { "a": 1 } } }), "of no value"),
    ] {
        let config = set(&folder, "a.csv", json!({ "columns": columns }));
        let error = FileSource::new(config, table.clone(), clock("2100-01-01T00:00:00Z"));
        let error = error.unwrap_err().to_string();
        assert!(error.contains(says), "{error} should say {says}");
    }
}

#[tokio::test]
async fn a_line_may_have_empty_cells_after_those_of_the_header() {
    let folder = TempDir::new().unwrap();
    write(&folder, "a.csv", "id,name\n1,a,,,\n2,b\n3,,\n4,d,,x\n5\n");
    let table = table("append", &["id:int64", "name:text?"]);
    let aside = json!({ "bad_rows": "quarantine" });
    let (pages, _) = noted(set(&folder, "a.csv", aside), &table).await;
    assert_eq!(ids(&pages), ["1", "2", "3"]);
    assert_eq!(column(&pages, "things", "name"), ["a", "b", "null"]);
    assert_eq!(column(&pages, "quarantine", "place"), ["a.csv:5", "a.csv:6"]);
    let reason = &column(&pages, "quarantine", "reason")[0];
    assert!(reason.contains("4 cells, and the header has 2"), "{reason}");
}
