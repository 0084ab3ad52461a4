//! Tests of defects in a user's files: they are refused, quarantined or noted, and never silent.
#![cfg(feature = "files")]

use std::fs;
use std::sync::Arc;

use crate::export_values::set;
use crate::files::{append, column, config, fails, gz, ids, source, table, things, touch, write};
use crate::support::log::Log;
use crate::support::{clock, round, rows};
use parquet::arrow::ArrowWriter;
use parquet::basic::{BrotliLevel, Compression, Encoding, GzipLevel, ZstdLevel};
use parquet::file::properties::{WriterProperties, WriterVersion};
use parquet::file::reader::{FileReader, SerializedFileReader};
use serde_json::{Value, json};
use tempfile::TempDir;
use tidegauge_acquisition::FileSource;
use tidegauge_acquisition::bad_rows::BadRows;
use tidegauge_acquisition::files::Config;
use tidegauge_acquisition::mapping::OnMissing;
use tidegauge_core::arrow::array::{ArrayRef, Int64Array, LargeStringArray, RecordBatch};
use tidegauge_core::tables::Trade;
use tidegauge_core::{Page, Source, TableRef};

fn columns(columns: Value) -> tidegauge_acquisition::mapping::Columns {
    serde_json::from_value(columns).unwrap()
}

/// Returns all pages of `config`, and the log of reading them.
async fn output(config: Config, table: &TableRef) -> (Vec<Page>, String) {
    let log = Log::default();
    let guard = tracing::subscriber::set_default(log.clone());
    let (pages, _) = round(&source(config, table), None).await;
    drop(guard);
    (pages, log.output())
}

#[tokio::test]
async fn empty_keys_and_required_values_are_reported() {
    let folder = TempDir::new().unwrap();
    let users = table("merge", &["id:text", "name:text", "note:text?"]);
    write(&folder, "a.csv", "id,name,note\n1,a,\n2,\"\",x\n,c,\n");
    let error = fails(&source(config(&folder, "a.csv"), &users), None).await;
    for says in ["a.csv:3", "column `name`", "is empty, and must not be", "empty = \"text\""] {
        assert!(error.contains(says), "{error} should say {says}");
    }
    let aside = Config { bad_rows: BadRows::Quarantine, ..config(&folder, "a.csv") };
    let (pages, _) = round(&source(aside.clone(), &users), None).await;
    assert_eq!(ids(&pages), ["1"]);
    assert_eq!(column(&pages, "quarantine", "place"), ["a.csv:3", "a.csv:4"]);
    // If configured, empty text is a value, also in a key.
    let mapped = columns(json!({ "name": { "empty": "text" } }));
    let (pages, _) =
        round(&source(Config { columns: mapped, ..aside.clone() }, &users), None).await;
    assert_eq!(column(&pages, "things", "name"), ["a", ""]);
    // JSON distinguishes null from empty text, but a key is never empty.
    write(&folder, "a.ndjson", "{\"id\":\"1\",\"name\":\"\"}\n{\"id\":\"\",\"name\":\"b\"}\n");
    let path = config(&folder, "a.ndjson").path;
    let (pages, _) = round(&source(Config { path, ..aside }, &users), None).await;
    assert_eq!(column(&pages, "things", "name"), [""]);
    assert_eq!(column(&pages, "quarantine", "place"), ["a.ndjson:2"]);
}

#[tokio::test]
async fn a_column_that_disappears_is_an_error_or_noted() {
    let folder = TempDir::new().unwrap();
    write(&folder, "a.csv", "id,name\n1,a\n");
    let plain = config(&folder, "*.csv");
    let things = things("append");
    let (pages, cursor) = round(&source(plain.clone(), &things), None).await;
    assert_eq!(ids(&pages), ["1"]);
    write(&folder, "b.csv", "id,nome\n2,b\n");
    let error = fails(&source(plain.clone(), &things), Some(&cursor)).await;
    for says in ["b.csv, line 1", "`name`", "was there before", "id, nome", "on_missing = \"null\""]
    {
        assert!(error.contains(says), "{error} should say {says}");
    }
    // The same within one page.
    assert!(fails(&source(plain.clone(), &things), None).await.contains("was there before"));

    let null = Config { on_missing: Some(OnMissing::Null), ..plain.clone() };
    let (pages, message) = output(null, &things).await;
    assert_eq!(column(&pages, "things", "name"), ["a", "null"]);
    for says in ["columns of the table are null", "\"name\"", "b.csv"] {
        assert!(message.contains(says), "{message} should say {says}");
    }

    // A column that never existed is null, and is noted once.
    let never = table("append", &["id:int64", "name:text?", "tier:text?"]);
    fs::remove_file(folder.path().join("b.csv")).unwrap();
    let (_, message) = output(plain.clone(), &never).await;
    assert!(message.contains("\"tier\""), "{message}");
    let (_, cursor) = round(&source(plain.clone(), &never), None).await;
    write(&folder, "b.csv", "id,name\n2,b\n");
    let log = Log::default();
    let guard = tracing::subscriber::set_default(log.clone());
    round(&source(plain.clone(), &never), Some(cursor)).await;
    drop(guard);
    assert!(!log.output().contains("tier"), "{}", log.output());
    let strict = Config { on_missing: Some(OnMissing::Error), ..plain };
    let error = fails(&source(strict.clone(), &never), None).await;
    assert!(error.contains("`tier`") && error.contains("a.csv, line 1"), "{error}");

    // JSON lines name their own fields: a file of which none has a field is noted.
    let path = config(&folder, "*.ndjson").path;
    write(&folder, "a.ndjson", "{\"id\":1,\"name\":\"a\"}\n{\"id\":2}\n");
    write(&folder, "b.ndjson", "{\"id\":3,\"nome\":\"c\"}\n");
    let (pages, message) =
        output(Config { path: path.clone(), ..config(&folder, "") }, &things).await;
    assert_eq!(column(&pages, "things", "name"), ["a", "null", "null"]);
    assert!(
        message.contains("columns of the table are null") && message.contains("b.ndjson"),
        "{message}"
    );
    let error = fails(&source(Config { path, ..strict }, &things), None).await;
    assert!(error.contains("a.ndjson:2") && error.contains("is missing"), "{error}");
}

#[tokio::test]
async fn a_header_is_found_below_title_lines() {
    let folder = TempDir::new().unwrap();
    let csv = "\nTransactions\nUser,someone@example.com,5d1f\n\n\
               ID,Timestamp,Quantity Transacted,Notes\n\
               c1,2024-03-01 09:15:22 UTC,0.015,Bought\n\
               c2,2024-03-02 10:00:00 UTC,-0.005,\"Sent to the\ncold wallet\"\n\
               c3,2024-03-03 23:59:59 UTC,0.00012345,\n";
    let coins =
        table("merge", &["id:text", "at:timestamp", "quantity:decimal(28,8)", "note:text?"]);
    let config = |columns: Value| Config {
        columns: serde_json::from_value(columns).unwrap(),
        page_rows: 2,
        ..config(&folder, "coinbase.csv")
    };
    let named = json!({
        "id": "ID", "at": { "column": "Timestamp", "format": "%Y-%m-%d %H:%M:%S UTC" },
        "quantity": "Quantity Transacted", "note": "Notes",
    });
    for ends in ["\n", "\r\n", "\r"] {
        write(&folder, "coinbase.csv", csv.replace('\n', ends));
        touch(&folder, "coinbase.csv", 1_600_000_000);
        let running = source(config(named.clone()), &coins);
        let (pages, cursor) = round(&running, None).await;
        assert_eq!(column(&pages, "things", "id"), ["c1", "c2", "c3"], "{ends:?}");
        let quantity = column(&pages, "things", "quantity");
        assert_eq!(quantity, ["0.01500000", "-0.00500000", "0.00012345"]);
        assert_eq!(column(&pages, "things", "at")[0], "2024-03-01 09:15:22");
        assert!(column(&pages, "things", "note")[1].contains(&format!("the{ends}cold")));
        // The file grows, and another process continues.
        append(&folder, "coinbase.csv", format!("c4,2024-03-04 00:00:00 UTC,1,{ends}"));
        touch(&folder, "coinbase.csv", 1_600_000_001);
        let (pages, _) = round(&source(config(named.clone()), &coins), Some(cursor)).await;
        assert_eq!(column(&pages, "things", "id"), ["c4"], "{ends:?}");
    }
    let (_, message) = output(config(named.clone()), &coins).await;
    assert!(
        message.contains("above the header") && message.contains("coinbase.csv:5"),
        "{message}"
    );
    // Without a header, rows are as wide as the requested columns.
    let counted = json!({
        "id": "1", "at": { "column": "2", "format": "%Y-%m-%d %H:%M:%S UTC" }, "quantity": "3",
        "note": "4",
    });
    let counted = Config { header: false, bad_rows: BadRows::Quarantine, ..config(counted) };
    let (pages, _) = round(&source(counted, &coins), None).await;
    assert_eq!(column(&pages, "things", "id"), ["c1", "c2", "c3", "c4"]);
    let reasons = column(&pages, "quarantine", "reason");
    assert_eq!(reasons.len(), 3, "{reasons:?}");
    assert!(reasons[0].contains("1 cells, and those at 1, 2, 3, 4"), "{reasons:?}");
    // The error is about the line that fits best.
    let error = fails(&source(config(json!({ "id": "ID", "at": "When" })), &coins), None).await;
    for says in ["coinbase.csv, line 5", "`When`", "Quantity Transacted"] {
        assert!(error.contains(says), "{error} should say {says}");
    }
}

#[tokio::test]
async fn a_header_of_other_columns_is_an_error_and_a_file_without_rows_noted() {
    let folder = TempDir::new().unwrap();
    write(&folder, "a.csv", "when,what\n");
    let error = fails(&source(config(&folder, "a.csv"), &things("append")), None).await;
    assert!(error.contains("a.csv, line 1") && error.contains("when, what"), "{error}");
    // The same if all columns are optional.
    let key = columns(json!({ "id": { "value": 7 } }));
    let config = |pattern: &str| Config { columns: key.clone(), ..config(&folder, pattern) };
    let error = fails(&source(config("a.csv"), &things("append")), None).await;
    assert!(error.contains("none of its columns") && error.contains("`things`"), "{error}");

    for (name, content, says) in [
        ("b.csv", "id,name\n", "holds no row"),
        ("c.csv", "", "is empty"),
        ("d.ndjson", "\n\n", "holds no row"),
    ] {
        write(&folder, name, content);
        let (pages, message) = output(config(name), &things("append")).await;
        assert_eq!(rows(&pages, "things"), 0);
        assert!(
            message.contains("gave no row") && message.contains(&format!("{name} {says}")),
            "{message}"
        );
    }
    // Carriage returns, the line ends of old Macs, end lines.
    write(&folder, "e.csv", "id,name\r1,x\r2,\"y\nz\"\r");
    let plain = Config { columns: Default::default(), ..config("e.csv") };
    let (pages, message) = output(plain.clone(), &things("append")).await;
    assert_eq!(column(&pages, "things", "name"), ["x", "y\nz"]);
    assert!(!message.contains("gave no row"), "{message}");
    write(&folder, "e.csv", "id,name\r1,\"a\nb\"\rx,y\r");
    let error = fails(&source(plain, &things("append")), None).await;
    assert!(error.contains("e.csv:4"), "line breaks within quotes count: {error}");
    write(&folder, "f.ndjson", "{\"id\": 1}\r{\"id\": 2}\r");
    let path = config("f.ndjson").path;
    let plain = Config { columns: Default::default(), path, ..config("f.ndjson") };
    let (pages, _) = round(&source(plain, &things("append")), None).await;
    assert_eq!(ids(&pages), ["1", "2"]);
}

/// Checks a run right after a file is saved: the part left for the next run is noted, and a wrong
/// header does not delay the error.
#[tokio::test]
async fn lines_left_for_the_next_run_are_noted() {
    let folder = TempDir::new().unwrap();
    let early = |pattern: &str| {
        let table = things("append");
        FileSource::new(config(&folder, pattern), table, clock("1970-01-02T00:00:00Z")).unwrap()
    };
    for (name, content, taken, says) in [
        ("a.csv", "id,name\n1,a\n2,b", 1, "just now"),
        ("b.csv", "Export of today\n", 0, "b.csv"),
        ("c.csv", "id,na", 0, "c.csv"),
        ("d.csv", "id,name\n1,a\n2,b\n", 2, ""),
    ] {
        write(&folder, name, content);
        let log = Log::default();
        let guard = tracing::subscriber::set_default(log.clone());
        let (pages, _) = round(&early(name), None).await;
        drop(guard);
        assert_eq!(rows(&pages, "things"), taken, "{name}");
        let message = log.output();
        assert!(
            message.contains(says) && message.contains("`settle`") != says.is_empty(),
            "{message}"
        );
    }
    write(&folder, "e.csv", "nr,name\n1,a\n");
    let error = fails(&early("e.csv"), None).await;
    assert!(error.contains("e.csv, line 1") && error.contains("there is no `id`"), "{error}");
}

#[tokio::test]
async fn times_are_read_by_zone_format_and_magnitude() {
    let folder = TempDir::new().unwrap();
    let times = table("append", &["id:int64", "at:timestamp"]);
    let with = |name: &str, at: Value| Config {
        columns: columns(json!({ "at": at })),
        bad_rows: BadRows::Quarantine,
        ..config(&folder, name)
    };
    // A year in Madrid: winter, summer, the repeated hour, the skipped hour.
    write(
        &folder,
        "local.csv",
        "id,fecha\n1,2023-01-31 23:30:00\n2,2023-07-01 00:30:00\n3,2023-10-29 02:30:00\n\
         4,2023-03-26 02:30:00\n",
    );
    for setting in ["zone", "offset"] {
        let at = json!({ "column": "fecha", setting: "Europe/Madrid" });
        let (pages, message) = output(with("local.csv", at), &times).await;
        assert_eq!(
            column(&pages, "things", "at"),
            ["2023-01-31 22:30:00", "2023-06-30 22:30:00", "2023-10-29 00:30:00"]
        );
        assert_eq!(column(&pages, "quarantine", "place"), ["local.csv:5"]);
        let reason = &column(&pages, "quarantine", "reason")[0];
        assert!(reason.contains("Europe/Madrid") && reason.contains("set forward"), "{reason}");
        for says in ["the earlier of the two", "count: 1", "local.csv: `2023-10-29 02:30:00`"] {
            assert!(message.contains(says), "{message} should say {says}");
        }
    }
    // Several formats in one column.
    write(
        &folder,
        "months.csv",
        "id,at\n1,\"Feb. 3, 2021, 12:41 AM\"\n2,\"June 3, 2022, 01:05 PM\"\n\
         3,\"Sept. 15, 2022, 07:30 AM\"\n4,3/2/2021\n",
    );
    let formats = json!({ "format": ["%b. %d, %Y, %I:%M %p", "%B %d, %Y, %I:%M %p"] });
    let (pages, _) = output(with("months.csv", formats), &times).await;
    assert_eq!(
        column(&pages, "things", "at"),
        ["2021-02-03 00:41:00", "2022-06-03 13:05:00", "2022-09-15 07:30:00"]
    );
    assert_eq!(column(&pages, "quarantine", "place"), ["months.csv:5"]);
    // Epoch times whose unit is not configured.
    write(&folder, "n.csv", "id,at\n1,1600000000000\n2,1600000001000\n3,1600000002\n4,0\n");
    let (pages, message) = output(with("n.csv", json!({})), &times).await;
    assert_eq!(column(&pages, "things", "at"), ["2020-09-13 12:26:40", "2020-09-13 12:26:41"]);
    let reasons = column(&pages, "quarantine", "reason");
    assert!(
        reasons[0].contains("in seconds") && reasons[0].contains("milliseconds"),
        "{reasons:?}"
    );
    assert!(reasons[1].contains("no time from 2009-01-01"), "{reasons:?}");
    assert!(
        message.contains("milliseconds since 1970") && message.contains("unix_ms"),
        "{message}"
    );
    // A wrong unit is detected.
    write(&folder, "s.csv", "id,at\n1,1600000000\n");
    let wrong = Config { bad_rows: BadRows::Fail, ..with("s.csv", json!({ "format": "unix_ms" })) };
    let error = fails(&source(wrong, &times), None).await;
    for says in ["s.csv:2", "`at`", "1970-01-19", "before 2009-01-01", "`format = \"unix\"`"] {
        assert!(error.contains(says), "{error} should say {says}");
    }
    // Later than tomorrow by the clock; and both as configured.
    let sooner = |at: Value| {
        let config = Config { bad_rows: BadRows::Fail, ..with("s.csv", at) };
        FileSource::new(config, times.clone(), clock("2020-09-11T00:00:00Z")).unwrap()
    };
    let error = fails(&sooner(json!({ "format": "unix" })), None).await;
    assert!(error.contains("after 2020-09-12") && error.contains("`latest`"), "{error}");
    let latest = json!({ "format": "unix", "latest": "2020-12-31" });
    assert!(sooner(latest).fetch(None).await.is_ok());
    let earliest = json!({ "column": "fecha", "earliest": "2023-02-01" });
    let (pages, _) = output(with("local.csv", earliest), &times).await;
    assert_eq!(column(&pages, "quarantine", "place"), ["local.csv:2"]);
}

#[tokio::test]
async fn amounts_are_separated_from_their_unit_and_never_rounded() {
    let folder = TempDir::new().unwrap();
    write(
        &folder,
        "trades.csv",
        "id,Price,Executed,Fee\n1,\"3,715.4500000000\",0.1200000000BTC,0.0321700000BNB\n\
         2,0.0000041700,150.0000000000TRX,0.0001903500BNB\n\
         3,\"1,352.0900000000\",0.0040000000ETH,0.0000003210ETH\n",
    );
    let table = table(
        "append",
        &[
            "id:int64",
            "price:decimal(28,8)",
            "executed:decimal(28,8)",
            "coin:text",
            "fee:decimal(28,10)",
        ],
    );
    let mapped = |fee: &str| {
        let columns = columns(json!({
            "price": { "column": "Price", "thousands": "," },
            "executed": { "column": "Executed", "part": "number" },
            "coin": { "column": "Executed", "part": "unit" },
            "fee": { "column": "Fee", "part": fee },
        }));
        Config { columns, ..config(&folder, "trades.csv") }
    };
    let (pages, _) = round(&source(mapped("number"), &table), None).await;
    assert_eq!(column(&pages, "things", "price"), ["3715.45000000", "0.00000417", "1352.09000000"]);
    let executed = column(&pages, "things", "executed");
    assert_eq!(executed, ["0.12000000", "150.00000000", "0.00400000"]);
    assert_eq!(column(&pages, "things", "coin"), ["BTC", "TRX", "ETH"]);
    assert_eq!(column(&pages, "things", "fee")[2], "0.0000003210");
    write(&folder, "narrow.csv", "id,fee\n1,0.0000003210ETH\n");
    let narrow = crate::files::table("append", &["id:int64", "fee:decimal(28,8)"]);
    let plain = Config { columns: Default::default(), ..config(&folder, "narrow.csv") };
    let error = fails(&source(plain.clone(), &narrow), None).await;
    assert!(error.contains("part = \"number\""), "{error}");
    let part = columns(json!({ "fee": { "part": "number" } }));
    let error = fails(&source(Config { columns: part, ..plain }, &narrow), None).await;
    assert!(error.contains("narrow.csv:2") && error.contains("more than 8 places"), "{error}");
}

#[tokio::test]
async fn amounts_of_eighteen_decimals_are_exact_in_trades_and_longer_ones_quarantined() {
    let folder = TempDir::new().unwrap();
    let row = |id: i64, amount: &str| {
        format!(
            "{id},{id},7,ETH/USD,buy,ETH,USD,{amount},1.00,4.2e-12,0,USD,true,2026-01-02T03:04:05Z\n"
        )
    };
    let header = "trade_id,order_id,user_id,trading_pair,side,base_currency,quote_currency,base_amount,\
                  quote_amount,price,fee_amount,fee_currency,is_maker,executed_at\n";
    let amounts = [
        "512.700000000000000113",
        "1E-18",
        "0.5",
        "1e-19",
        "12345678901234567890.1234567890123456789",
    ];
    let rows: String = (1..).zip(amounts).map(|(id, amount)| row(id, amount)).collect();
    write(&folder, "trades.csv", format!("{header}{rows}"));
    let aside = Config { bad_rows: BadRows::Quarantine, ..config(&folder, "trades.csv") };
    let (pages, _) = round(&source(aside, Trade::table()), None).await;
    let amounts = column(&pages, "trades", "base_amount");
    assert_eq!(amounts, ["512.700000000000000113", "0.000000000000000001", "0.50000000"]);
    assert_eq!(column(&pages, "trades", "price")[0], "0.0000000000042");
    assert_eq!(column(&pages, "quarantine", "place"), ["trades.csv:5", "trades.csv:6"]);
    for reason in column(&pages, "quarantine", "reason") {
        assert!(
            reason.contains("base_amount") && reason.contains("more than 18 places"),
            "{reason}"
        );
    }
}

#[tokio::test]
async fn gzip_is_read_like_gzip_and_bounded_without_rows() {
    let folder = TempDir::new().unwrap();
    write(&folder, "a.csv.gz", [gz("id,name\n1,a\n"), vec![0; 10_000]].concat());
    let (pages, _) = round(&source(config(&folder, "a.csv.gz"), &things("append")), None).await;
    assert_eq!(ids(&pages), ["1"]);
    write(&folder, "b.csv.gz", [gz("id,name\n1,a\n"), b"no gzip".to_vec()].concat());
    let error = fails(&source(config(&folder, "b.csv.gz"), &things("append")), None).await;
    assert!(error.contains("b.csv.gz") && error.contains("other bytes"), "{error}");
    let blank = "\n".repeat(3_000);
    for (name, text) in [
        ("c.csv.gz", format!("id,name\n1,a\n{blank}")),
        ("d.csv.gz", format!("{blank}id,name\n1,a\n")),
        ("e.ndjson.gz", format!("{{\"id\":1}}\n{blank}")),
    ] {
        write(&folder, name, gz(&text));
        let small = Config { row_bytes: 2_000, ..config(&folder, name) };
        let error = fails(&source(small, &things("append")), None).await;
        assert!(error.contains("blank lines") && error.contains(name), "{error}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn pipes_and_devices_are_rejected_by_name() {
    let folder = TempDir::new().unwrap();
    let pipe = folder.path().join("a.csv");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for pattern in ["a.csv", "*.csv"] {
        let error = fails(&source(config(&folder, pattern), &things("append")), None).await;
        assert!(error.contains("a.csv") && error.contains("a pipe or a device"), "{error}");
    }
    fs::remove_file(&pipe).unwrap();
    fs::create_dir(&pipe).unwrap();
    let error = fails(&source(config(&folder, "a.csv"), &things("append")), None).await;
    assert!(error.contains("it is a folder"), "{error}");
}

/// Returns a Parquet file with one row for each of these names.
fn parquet(names: Vec<String>, properties: WriterProperties) -> Vec<u8> {
    let ids: ArrayRef = Arc::new(Int64Array::from_iter_values((0..).take(names.len())));
    let names: ArrayRef = Arc::new(LargeStringArray::from(names));
    let batch = RecordBatch::try_from_iter([("id", ids), ("name", names)]).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

fn zstd() -> parquet::file::properties::WriterPropertiesBuilder {
    WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default()))
}

#[tokio::test]
async fn cells_of_parquet_are_bounded_like_lines() {
    let folder = TempDir::new().unwrap();
    let small = |name: &str| Config { row_bytes: 10_000, ..config(&folder, name) };
    // A dictionary of one cell for all rows, and pages that decompress to far more than their size.
    for (name, cell, count, says) in [
        ("row.parquet", 20_000, 4, "row 1 has more than 10000 bytes"),
        ("page.parquet", 200_000, 4, "column `name`"),
    ] {
        let bytes = parquet(vec!["z".repeat(cell); count], zstd().build());
        assert!(bytes.len() < 5_000, "{} bytes", bytes.len());
        write(&folder, name, bytes);
        let error = fails(&source(small(name), &things("append")), None).await;
        for says in [name, says, "row_bytes"] {
            assert!(error.contains(says), "{error} should say {says}");
        }
    }
    // Rows share a dictionary's cell, and a page has at most 64 MiB of them.
    let bytes = parquet(vec!["z".repeat(1 << 20); 80], zstd().build());
    write(&folder, "many.parquet", bytes);
    let (pages, _) = round(&source(config(&folder, "many.parquet"), &things("append")), None).await;
    let counts: Vec<_> = pages.iter().map(|page| page.rows()).collect();
    assert_eq!(counts, [64, 16]);
    // The same without a dictionary, in pages of a few rows.
    let names = (0..80).map(|at| format!("{at:04}").repeat(1 << 18)).collect();
    let plain = zstd().set_dictionary_enabled(false).set_data_page_size_limit(1 << 20);
    write(&folder, "plain.parquet", parquet(names, plain.set_write_batch_size(1).build()));
    let (pages, _) =
        round(&source(config(&folder, "plain.parquet"), &things("append")), None).await;
    assert_eq!(ids(&pages).len(), 80);
    assert_eq!(column(&pages, "things", "name")[79].get(..8), Some("00790079"));
}

#[tokio::test]
async fn a_damaged_parquet_file_is_reported_by_name() {
    let folder = TempDir::new().unwrap();
    let names = (0..50).map(|at| format!("name {at}")).collect();
    let recorded = |name: &str| fs::read(format!("tests/recordings/parquet/{name}")).unwrap();
    let all = [
        parquet(names, zstd().build()),
        recorded("types.pyarrow.parquet"),
        recorded("int96.pyarrow.parquet"),
        recorded("narrow.pyarrow.parquet"),
    ];
    let everything = table(
        "append",
        &[
            "id:int64",
            "name:text?",
            "price:decimal(28,8)?",
            "at:timestamp?",
            "amount:decimal(38,18)?",
            "channel:text?",
            "share:float64?",
            "ok:bool?",
            "day:date?",
        ],
    );
    let mut seed = 42u64;
    let mut next = |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed % below as u64).unwrap()
    };
    let mut refused = 0;
    for turn in 0..1_200 {
        let mut bytes = all[turn % all.len()].clone();
        // Damages the footer, which describes the pages, and sometimes a page.
        for _ in 0..=next(2) {
            let within = if next(4) == 0 { bytes.len() } else { bytes.len().min(2_000) };
            let at = bytes.len() - 1 - next(within);
            bytes[at] = u8::try_from(next(256)).unwrap();
        }
        write(&folder, "a.parquet", bytes);
        let aside = Config { bad_rows: BadRows::Quarantine, ..config(&folder, "*.parquet") };
        let Err(error) = source(aside, &everything).fetch(None).await else { continue };
        let error = error.to_string();
        assert!(error.contains("a.parquet") && !error.contains("panicked"), "{turn}: {error}");
        refused += 1;
    }
    assert!(refused > 400, "{refused}");
}

/// Checks that a page of a kilobyte is rejected whose header says that it has a hundred bytes, and
/// that decompresses to five million.
#[tokio::test]
async fn a_page_larger_than_its_header_says_is_rejected() {
    let folder = TempDir::new().unwrap();
    let gzip = Compression::GZIP(GzipLevel::default());
    let brotli = Compression::BROTLI(BrotliLevel::default());
    for (codec, version) in [
        (gzip, WriterVersion::PARQUET_1_0),
        (gzip, WriterVersion::PARQUET_2_0),
        (brotli, WriterVersion::PARQUET_1_0),
        (brotli, WriterVersion::PARQUET_2_0),
    ] {
        let properties = WriterProperties::builder()
            .set_compression(codec)
            .set_writer_version(version)
            .set_encoding(Encoding::PLAIN)
            .set_dictionary_enabled(false);
        let mut bytes = parquet(vec!["z".repeat(5_000_000)], properties.build());
        write(&folder, "a.parquet", &bytes);
        let (pages, _) =
            round(&source(config(&folder, "a.parquet"), &things("append")), None).await;
        assert_eq!(column(&pages, "things", "name")[0].len(), 5_000_000);
        let file = fs::File::open(folder.path().join("a.parquet")).unwrap();
        let reader = SerializedFileReader::new(file).unwrap();
        let at = reader.metadata().row_group(0).column(1).data_page_offset();
        let at = usize::try_from(at).unwrap();
        // The type, and then the uncompressed size: four bytes of seven bits each.
        assert_eq!((bytes[at], bytes[at + 2]), (0x15, 0x15));
        assert!(bytes[at + 3..at + 6].iter().all(|byte| byte & 0x80 != 0) && bytes[at + 6] < 0x80);
        bytes[at + 3..at + 7].copy_from_slice(&[0xc8, 0x81, 0x80, 0x00]);
        write(&folder, "a.parquet", &bytes);
        let error = fails(&source(config(&folder, "a.parquet"), &things("append")), None).await;
        let says = "a page unpacks to more bytes than its header says";
        assert!(error.contains("a.parquet") && error.contains(says), "{codec:?}: {error}");
    }
}

#[tokio::test]
async fn changed_settings_are_noted_once() {
    let folder = TempDir::new().unwrap();
    write(&folder, "a.csv", "id,at\n1,2024-07-01 00:30:00\n");
    write(&folder, "b.ndjson", "{\"id\":1,\"at\":\"2024-07-01 00:30:00\"}\n");
    let things = table("merge", &["id:int64", "at:timestamp"]);
    for name in ["a.csv", "b.ndjson"] {
        let zone = |zone: &str| json!({ "columns": { "at": { "offset": zone } } });
        let utc = source(set(&folder, name, zone("UTC")), &things);
        let (_, cursor) = round(&utc, None).await;
        utc.take_notes();
        // A setting that does not affect the rows is not noted.
        let mut same = zone("UTC");
        (same["page_rows"], same["bad_rows"]) = (json!(7), json!("quarantine"));
        let same = source(set(&folder, name, same), &things);
        assert_eq!(same.fetch(Some(&cursor)).await.unwrap().cursor, cursor, "{name}");
        assert_eq!(same.take_notes(), Vec::<String>::new(), "{name}");
        let madrid = source(set(&folder, name, zone("Europe/Madrid")), &things);
        let (pages, after) = round(&madrid, Some(cursor)).await;
        let notes = madrid.take_notes().join("\n");
        assert_eq!(ids(&pages), Vec::<String>::new(), "{name}");
        for says in ["settings", "stay as they are", "`tidegauge run --full-refresh ours`"] {
            assert!(notes.contains(says), "{name}: {notes}");
        }
        round(&madrid, Some(after)).await;
        assert_eq!(madrid.take_notes(), Vec::<String>::new(), "{name}");
    }
}
