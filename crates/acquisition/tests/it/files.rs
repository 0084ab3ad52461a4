//! Tests of file sources: every format and type, growth, replacement, bad rows, any page size.
#![cfg(feature = "files")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::support::{batches, clock, round, rows, texts};
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use serde_json::json;
use tempfile::TempDir;
use tidegauge_acquisition::FileSource;
use tidegauge_acquisition::bad_rows::BadRows;
use tidegauge_acquisition::files::Config;
use tidegauge_acquisition::mapping::{TableConfig, declare};
use tidegauge_core::tables::User;
use tidegauge_core::{Cursor, Error, OnDuplicate, Page, Source, TableRef};

/// Creates a table with columns of the form `name:type`; a `?` after the type makes the column
/// nullable. The first column is the key.
pub(crate) fn table(write: &str, columns: &[&str]) -> TableRef {
    let column = |text: &&str| {
        let (name, dtype) = text.split_once(':').unwrap();
        let nullable = dtype.ends_with('?');
        json!({ "name": name, "type": dtype.trim_end_matches('?'), "nullable": nullable })
    };
    let columns: Vec<_> = columns.iter().map(column).collect();
    let key = vec![columns[0]["name"].clone()];
    let config: TableConfig = serde_json::from_value(
        json!({ "name": "things", "columns": columns, "key": key, "write": write }),
    )
    .unwrap();
    declare(&[config]).unwrap().remove(0)
}

pub(crate) fn things(write: &str) -> TableRef {
    table(write, &["id:int64", "name:text?"])
}

pub(crate) fn config(folder: &TempDir, pattern: &str) -> Config {
    Config {
        name: "ours".into(),
        path: folder.path().join(pattern).display().to_string(),
        ..Config::default()
    }
}

/// A time long after any file was written.
pub(crate) const LATER: &str = "2100-01-01T00:00:00Z";

pub(crate) fn source(config: Config, table: &TableRef) -> FileSource {
    FileSource::new(config, table.clone(), clock(LATER)).unwrap()
}

pub(crate) fn write(folder: &TempDir, name: &str, content: impl AsRef<[u8]>) {
    let path = folder.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

pub(crate) fn append(folder: &TempDir, name: &str, content: impl AsRef<[u8]>) {
    let mut file = fs::OpenOptions::new().append(true).open(folder.path().join(name)).unwrap();
    file.write_all(content.as_ref()).unwrap();
}

/// Sets the modification time of a file, since the clock of the file system may be too coarse for a
/// test.
pub(crate) fn touch(folder: &TempDir, name: &str, seconds: u64) {
    let file = fs::OpenOptions::new().append(true).open(folder.path().join(name)).unwrap();
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).unwrap();
}

pub(crate) fn gz(content: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// Returns the values of a column over all pages.
pub(crate) fn column(pages: &[Page], table: &str, name: &str) -> Vec<String> {
    texts(pages, table, name)
}

pub(crate) fn ids(pages: &[Page]) -> Vec<String> {
    column(pages, "things", "id")
}

pub(crate) async fn fails(source: &FileSource, cursor: Option<&Cursor>) -> String {
    source.fetch(cursor).await.unwrap_err().to_string()
}

fn same(one: &Page, two: &Page) {
    assert_eq!((&one.cursor, one.done), (&two.cursor, two.done));
    assert_eq!(one.batches.len(), two.batches.len());
    for (one, two) in one.batches.iter().zip(&two.batches) {
        assert_eq!(one.record(), two.record());
    }
}

#[tokio::test]
async fn an_export_fills_a_built_in_table() {
    let folder = TempDir::new().unwrap();
    let csv = "\u{feff}id;e_mail;created;Status;tier\r\n\
               1;a@x.de;24.12.2020 18:30;verified;\"gold; old\"\r\n\
               2;;01.01.2021 00:30;pending;retail\r\n";
    write(&folder, "users-1.csv", csv);
    let config: Config = serde_json::from_value(json!({
        "name": "our_users",
        "path": folder.path().join("users-*.csv"),
        "table": "users",
        "delimiter": ";",
        "columns": {
            "user_id": "id",
            "email": { "column": "e_mail", "empty": "text" },
            "country": { "value": "DE" },
            "kyc_status": "Status",
            "account_tier": "tier",
            "is_active": { "value": true },
            "signup_at": { "column": "created", "format": "%d.%m.%Y %H:%M", "offset": "+01:00" },
            "acquisition_channel": { "value": "organic" },
        },
    }))
    .unwrap();
    let source = FileSource::new(config, User::table().clone(), clock(LATER)).unwrap();
    let (pages, _) = round(&source, None).await;
    assert_eq!(column(&pages, "users", "country"), ["DE", "DE"]);
    assert_eq!(column(&pages, "users", "account_tier"), ["gold; old", "retail"]);
    let at = column(&pages, "users", "signup_at");
    assert_eq!(at, ["2020-12-24 17:30:00", "2020-12-31 23:30:00"]);
    assert_eq!(source.name(), "our_users");
    assert_eq!(source.tables(), [User::table().clone()]);
}

#[tokio::test]
async fn every_type_is_read_exactly_from_csv_and_json() {
    let table = table(
        "append",
        &[
            "id:int64",
            "ok:bool?",
            "share:float64?",
            "name:text?",
            "day:date?",
            "at:timestamp?",
            "price:decimal(28,8)?",
            "big:decimal(38,0)?",
        ],
    );
    let folder = TempDir::new().unwrap();
    let long = "é".repeat(32 * 1024);
    let csv = format!(
        "id,ok,share,name,day,at,price,big\n\
         9223372036854775807,yes,1e-3,\"a,\"\"b\"\"\nc 😀\",2020-02-29,2020-02-29T23:59:59.999999Z,\
         34265.19345116,99999999999999999999999999999999999999\n\
         -9223372036854775808,0,-0.1,{long},0001-01-01,0001-01-01 00:00:00,-0.00000001,-1\n\
         3,,,,,,,\n"
    );
    let json = format!(
        "{{\"id\": 9223372036854775807, \"ok\": true, \"share\": 1e-3, \"name\": \"a,\\\"b\\\"\\nc \
         \\ud83d\\ude00\", \"day\": \"2020-02-29\", \"at\": \"2020-02-29T23:59:59.999999Z\", \
         \"price\": 34265.19345116, \"big\": 99999999999999999999999999999999999999}}\r\n\n\
         {{\"id\": -9223372036854775808, \"ok\": 0, \"share\": -0.1, \"name\": \"{long}\", \
         \"day\": \"0001-01-01\", \"at\": \"0001-01-01 00:00:00\", \"price\": -1e-8, \
         \"big\": \"-1\"}}\n{{\"id\": 3, \"ok\": null, \"name\": \"\", \"more\": []}}\n"
    );
    write(&folder, "a.csv", csv);
    write(&folder, "a.ndjson", json);
    let (one, _) = round(&source(config(&folder, "a.csv"), &table), None).await;
    let (two, _) = round(&source(config(&folder, "a.ndjson"), &table), None).await;
    let (one, two) = (&batches(&one, "things")[0], &batches(&two, "things")[0]);
    assert_eq!(one.rows(), 3);
    assert_eq!(one.record(), two.record());
    let units: Vec<_> = one.column("price").unwrap().as_decimal().unwrap().iter().collect();
    assert_eq!(units, [Some(3_426_519_345_116), Some(-1), None]);
    let name = one.column("name").unwrap().as_text().unwrap();
    assert_eq!(name.get(0), Some("a,\"b\"\nc 😀"));
    assert_eq!(name.get(1), Some(&long[..]));
    assert_eq!(name.get(2), None);
}

#[tokio::test]
async fn bad_rows_fail_the_page_with_file_line_column_and_reason() {
    let folder = TempDir::new().unwrap();
    write(&folder, "a.csv", "id,name\n1,\"two\nlines\"\nx2,b\n3,c\n");
    let source = source(config(&folder, "*.csv"), &things("append"));
    let error = fails(&source, None).await;
    for says in ["a.csv:4", "`id`", "`x2`", "is not a whole number", "quarantine"] {
        assert!(error.contains(says), "{error} should say {says}");
    }
    assert!(!error.contains('\n'));
}

#[tokio::test]
async fn bad_rows_are_quarantined_and_good_ones_stored() {
    let folder = TempDir::new().unwrap();
    let bytes = [
        &b"id,name\n1,\"two\nlines\"\nx2,b\n3,c,d\n"[..],
        b"4,\xff\n5,a\0b\n\n6,\n,g\n7,\"x\"\n8,\"open\n",
    ]
    .concat();
    write(&folder, "a.csv", bytes);
    write(&folder, "b.ndjson", "{\"id\": 9}\n[1]\n{\"id\": 1.5}\n{\"name\": \"n\"}\n");
    let config = Config { bad_rows: BadRows::Quarantine, ..config(&folder, "*") };
    let source = source(config, &things("append"));
    assert_eq!(source.tables().len(), 2);
    let (pages, cursor) = round(&source, None).await;
    assert_eq!(pages.len(), 1);
    assert_eq!(ids(&pages), ["1", "6", "7", "9"]);
    let of = |name| column(&pages, "quarantine", name);
    assert_eq!(
        of("place"),
        [
            "a.csv:4",
            "a.csv:5",
            "a.csv:6",
            "a.csv:7",
            "a.csv:10",
            "a.csv:12",
            "b.ndjson:2",
            "b.ndjson:3",
            "b.ndjson:4"
        ]
    );
    let reasons = of("reason");
    for (at, says) in [
        "whole number",
        "3 cells",
        "UTF-8",
        "NUL",
        "empty",
        "not closed",
        "JSON object",
        "whole number",
        "missing",
    ]
    .iter()
    .enumerate()
    {
        assert!(reasons[at].contains(says), "{} should say {says}", reasons[at]);
    }
    assert_eq!(of("content")[0], "x2,b");
    assert!(of("source").iter().all(|name| name == "ours"));
    assert!(of("table_name").iter().all(|name| name == "things"));
    let again = source.fetch(Some(&cursor)).await.unwrap();
    assert!(again.batches.is_empty() && again.done && again.cursor == cursor);
}

#[tokio::test]
async fn a_growing_file_is_resumed_and_a_new_one_is_read() {
    for zipped in [false, true] {
        let folder = TempDir::new().unwrap();
        let put = |text: &str| if zipped { gz(text) } else { text.as_bytes().to_vec() };
        write(&folder, "b.csv", put("id,name\n1,a\n2,b\n"));
        let source = source(config(&folder, "*.csv"), &things("append"));
        let (pages, cursor) = round(&source, None).await;
        assert_eq!(ids(&pages), ["1", "2"]);
        append(&folder, "b.csv", put("3,c\n"));
        touch(&folder, "b.csv", 1_600_000_000);
        write(&folder, "a.csv", put("name,id\nz,4\n"));
        let (pages, cursor) = round(&source, Some(cursor)).await;
        assert_eq!(ids(&pages), ["4", "3"], "in the order of names");
        let page = source.fetch(Some(&cursor)).await.unwrap();
        assert!(page.batches.is_empty() && page.done);
        assert_eq!(page.cursor, cursor, "nothing new");
        // A file that was gone and is back is still known.
        fs::rename(folder.path().join("b.csv"), folder.path().join("b.old")).unwrap();
        let (pages, cursor) = round(&source, Some(cursor)).await;
        assert_eq!(rows(&pages, "things"), 0);
        fs::rename(folder.path().join("b.old"), folder.path().join("b.csv")).unwrap();
        assert_eq!(rows(&round(&source, Some(cursor)).await.0, "things"), 0);
    }
}

#[tokio::test]
async fn an_unterminated_last_line_waits_for_its_end_or_the_settle_time() {
    let folder = TempDir::new().unwrap();
    let at = 1_600_000_000;
    let soon = "2020-09-13T12:26:45Z"; // five seconds later
    let make = |now: &str| {
        FileSource::new(config(&folder, "a.csv"), things("append"), clock(now)).unwrap()
    };
    write(&folder, "a.csv", "id,na");
    touch(&folder, "a.csv", at);
    let (pages, cursor) = round(&make(soon), None).await;
    assert_eq!(rows(&pages, "things"), 0);
    append(&folder, "a.csv", "me\n1,a\n2,b");
    touch(&folder, "a.csv", at);
    let (pages, cursor) = round(&make(soon), Some(cursor)).await;
    assert_eq!(ids(&pages), ["1"]);
    let page = make(soon).fetch(Some(&cursor)).await.unwrap();
    assert!(page.batches.is_empty() && page.done && page.cursor == cursor);
    append(&folder, "a.csv", "b\n3,c");
    touch(&folder, "a.csv", at);
    let (pages, cursor) = round(&make(soon), Some(cursor)).await;
    assert_eq!(column(&pages, "things", "name"), ["bb"]);
    let (pages, cursor) = round(&make("2020-09-13T12:27:00Z"), Some(cursor)).await;
    assert_eq!(ids(&pages), ["3"]);
    // The line is completed: no row is lost or read twice.
    append(&folder, "a.csv", "\n4,d\n");
    touch(&folder, "a.csv", at + 1);
    let (pages, cursor) = round(&make(soon), Some(cursor)).await;
    assert_eq!(ids(&pages), ["4"]);
    // A line that was taken as complete and continues changes what was read: the whole file is read
    // anew.
    append(&folder, "a.csv", "5,e");
    touch(&folder, "a.csv", at);
    let (_, cursor) = round(&make(LATER), Some(cursor)).await;
    append(&folder, "a.csv", "eee\n");
    touch(&folder, "a.csv", at + 2);
    let source = make(LATER);
    let (pages, _) = round(&source, Some(cursor)).await;
    assert_eq!(ids(&pages), ["1", "2", "3", "4", "5"]);
    let notes = source.take_notes().join("\n");
    assert!(notes.contains("goes on") && notes.contains("a.csv"), "{notes}");
}

#[tokio::test]
async fn a_replaced_file_is_read_again() {
    let before = "id,name\n1,a\n2,b\n3,c\n";
    for (how, after) in [
        ("cut short", "id,name\n1,a\n"),
        ("changed in the middle, and grown", "id,name\n1,a\n2,B\n3,c\n4,d\n"),
        ("changed in size alone by nothing", "id,name\n1,a\n2,b\n3,C\n"),
        ("another header", "name,id\na,1\nb,2\nc,3\nd,4\n"),
        ("emptied", ""),
        ("a longer header", "id,name,and_more_than_the_whole_file_had\n1,a,\n"),
    ] {
        for write_mode in ["merge", "append"] {
            let folder = TempDir::new().unwrap();
            write(&folder, "a.csv", before);
            touch(&folder, "a.csv", 1_600_000_000);
            let source = source(config(&folder, "a.csv"), &things(write_mode));
            let (_, cursor) = round(&source, None).await;
            write(&folder, "a.csv", after);
            touch(&folder, "a.csv", 1_600_000_001);
            source.take_notes();
            let (pages, cursor) = round(&source, Some(cursor)).await;
            let notes = source.take_notes().join("\n");
            assert!(notes.contains("are read from their start (1 file, first a.csv: "), "{notes}");
            let lines = after.lines().count().saturating_sub(1);
            assert_eq!(rows(&pages, "things"), lines, "{how}");
            assert_eq!(rows(&round(&source, Some(cursor)).await.0, "things"), 0, "{how}");
            // A sink compares stored rows with those that come again.
            assert_ne!(source.on_duplicate(), OnDuplicate::ByTable, "{write_mode}");
        }
    }
}

#[tokio::test]
async fn a_touched_file_is_not_stored_twice() {
    let folder = TempDir::new().unwrap();
    write(&folder, "a.csv", "id,name\n1,a\n");
    touch(&folder, "a.csv", 1_600_000_000);
    let source = source(config(&folder, "a.csv"), &things("append"));
    let (_, cursor) = round(&source, None).await;
    touch(&folder, "a.csv", 1_600_000_001);
    source.take_notes();
    let page = source.fetch(Some(&cursor)).await.unwrap();
    assert!(page.batches.is_empty() && page.done);
    assert_eq!(source.take_notes(), [""; 0], "its rows were read before");
    // An unchanged file is not opened, not even if that would fail.
    fs::remove_file(folder.path().join("a.csv")).unwrap();
    write(&folder, "a.csv", "no csv\0\0\0\0\0\0");
    touch(&folder, "a.csv", 1_600_000_001);
    let again = source.fetch(Some(&page.cursor)).await.unwrap();
    assert!(again.done && again.cursor == page.cursor);
}

#[tokio::test]
async fn a_killed_read_resumes_exactly() {
    let folder = TempDir::new().unwrap();
    let lines = |ids: std::ops::Range<u32>| ids.map(|id| format!("{id},\"n\n{id}\"\n"));
    let csv = |ids| format!("id,name\n{}", lines(ids).collect::<String>());
    write(&folder, "a.csv", csv(0..10));
    write(&folder, "b.csv.gz", [gz(&csv(10..15)), gz(&lines(15..20).collect::<String>())].concat());
    write(
        &folder,
        "c.ndjson",
        (20..30).map(|id| format!("{{\"id\": {id}}}\n")).collect::<String>(),
    );
    for page_rows in [1, 3, 7, 10, 100] {
        let config = Config { page_rows, ..config(&folder, "*") };
        let running = source(config.clone(), &things("append"));
        let (mut cursor, mut pages) = (None, Vec::new());
        loop {
            // A source that was never restarted, a new one, and the first again.
            let page = running.fetch(cursor.as_ref()).await.unwrap();
            let fresh = source(config.clone(), &things("append"));
            same(&page, &fresh.fetch(cursor.as_ref()).await.unwrap());
            same(&page, &running.fetch(cursor.as_ref()).await.unwrap());
            assert!(page.rows() <= page_rows);
            let done = page.done;
            cursor = Some(page.cursor.clone());
            pages.push(page);
            if done {
                break;
            }
        }
        let expected: Vec<_> = (0..30).map(|id| id.to_string()).collect();
        assert_eq!(ids(&pages), expected, "{page_rows}");
    }
}

#[tokio::test]
async fn unreadable_files_are_reported() {
    let folder = TempDir::new().unwrap();
    let try_it = async |config: Config, table: &TableRef| fails(&source(config, table), None).await;
    let error = try_it(config(&folder, "none-*.csv"), &things("append")).await;
    assert!(error.contains("none-*.csv") && error.contains("no file matches"), "{error}");

    write(&folder, "a.csv", "key,title\n1,a\n");
    let error = try_it(config(&folder, "a.csv"), &things("append")).await;
    for says in ["a.csv", "`id`", "key, title", "`ours`"] {
        assert!(error.contains(says), "{error} should say {says}");
    }
    let columns = serde_json::from_value(json!({ "id": "key", "name": "nome" })).unwrap();
    let error = try_it(Config { columns, ..config(&folder, "a.csv") }, &things("append")).await;
    assert!(error.contains("`nome`") && error.contains("key, title"), "{error}");

    write(&folder, "b.csv", "id,id\n1,2\n");
    let error = try_it(config(&folder, "b.csv"), &things("append")).await;
    assert!(error.contains("twice"), "{error}");

    write(&folder, "c.csv.gz", &gz("id,name\n1,a\n2,b\n")[..25]);
    let error = try_it(config(&folder, "c.csv.gz"), &things("append")).await;
    assert!(error.contains("c.csv.gz") && error.contains("breaks off"), "{error}");

    write(&folder, "d.csv", format!("id,name\n1,\"{}\n", "x".repeat(2_000)));
    let small = Config { row_bytes: 1_000, ..config(&folder, "d.csv") };
    let error = try_it(small, &things("append")).await;
    assert!(error.contains("line 2") && error.contains("row_bytes"), "{error}");

    write(&folder, "e.parquet", "PAR1 no PAR1");
    let error = try_it(config(&folder, "e.parquet"), &things("append")).await;
    assert!(error.contains("e.parquet") && error.contains("not a Parquet file"), "{error}");

    write(&folder, "f.xlsx", "");
    let error = try_it(config(&folder, "f.xlsx"), &things("append")).await;
    assert!(error.contains("f.xlsx") && error.contains("format"), "{error}");

    write(&folder, "g.csv", "id,name\n1,a\n");
    let cursor = Cursor::new("{\"g.csv\": \"no\"}");
    let source = source(config(&folder, "g.csv"), &things("append"));
    let error = source.fetch(Some(&cursor)).await.unwrap_err();
    assert!(matches!(error, Error::Cursor { .. }), "{error}");
}

#[test]
fn an_invalid_mapping_is_rejected_before_any_file_is_read() {
    for (columns, says) in [
        (json!({ "nmae": "x" }), "id, name"),
        (json!({ "id": { "value": "x" } }), "whole number"),
        (json!({ "id": { "format": "%Y" } }), "format"),
        (json!({ "name": { "column": "a", "decimal": "," } }), "decimal"),
    ] {
        let columns = serde_json::from_value(columns).unwrap();
        let config = Config { name: "ours".into(), path: "x".into(), columns, ..Config::default() };
        let error =
            FileSource::new(config, things("append"), clock(LATER)).unwrap_err().to_string();
        assert!(error.contains(says), "{error} should say {says}");
    }
    let other = Config { name: "ours".into(), table: "users".into(), ..Config::default() };
    let error = FileSource::new(other, things("append"), clock(LATER)).unwrap_err().to_string();
    assert!(error.contains("users") && error.contains("things"), "{error}");
}

#[tokio::test]
async fn globs_headerless_files_delimiters_and_null_markers_are_supported() {
    let folder = TempDir::new().unwrap();
    write(&folder, "2021/b/x.tsv", "1\ta\n2\t\\N\n");
    write(&folder, "2020/a/x.tsv", "3\t'c\td'\n");
    write(&folder, "2020/a/x.txt.bak", "no\n");
    write(&folder, "2020/a/.hidden.tsv", "no\n");
    let config = Config {
        header: false,
        quote: "'".into(),
        nulls: vec!["\\N".into()],
        columns: serde_json::from_value(json!({ "id": "1", "name": "2" })).unwrap(),
        ..config(&folder, "20*/**/*.tsv")
    };
    let source = source(config, &things("append"));
    let (pages, cursor) = round(&source, None).await;
    assert_eq!(ids(&pages), ["3", "1", "2"]);
    assert_eq!(column(&pages, "things", "name"), ["c\td", "a", "null"]);
    assert!(cursor.as_str().contains("\"2020/a/x.tsv\""), "{cursor}");
    assert!(!cursor.as_str().contains("tmp"), "a folder that moves stays known: {cursor}");
}

#[tokio::test]
async fn thousands_of_files_fit_into_pages_and_the_cursor() {
    let folder = TempDir::new().unwrap();
    for at in 0..2_000 {
        write(&folder, &format!("day-{at:05}.csv"), format!("id,name\n{at},a\n"));
    }
    let source =
        source(Config { page_rows: 700, ..config(&folder, "day-*.csv") }, &things("append"));
    let (pages, cursor) = round(&source, None).await;
    assert_eq!(rows(&pages, "things"), 2_000);
    assert!(pages.len() <= 4, "{} pages", pages.len());
    let each = cursor.as_str().len() / 2_000;
    assert!(each < 70, "{each} bytes a file");
}

#[tokio::test]
async fn a_decompression_bomb_is_read_in_bounded_memory() {
    let folder = TempDir::new().unwrap();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(b"id,name\n1,a\n").unwrap();
    let zeroes = vec![b'0'; 1 << 20];
    for _ in 0..64 {
        encoder.write_all(&zeroes).unwrap();
    }
    write(&folder, "a.csv.gz", encoder.finish().unwrap());
    let source = source(config(&folder, "a.csv.gz"), &things("append"));
    let error = fails(&source, None).await;
    assert!(error.contains("line 3") && error.contains("16777216 bytes"), "{error}");
}

fn recorded(name: &str) -> String {
    format!("{}/tests/recordings/parquet/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[tokio::test]
async fn parquet_is_read_exactly_in_slices_of_any_size() {
    let table = table(
        "append",
        &[
            "id:int64",
            "price:decimal(28,8)?",
            "fiat:decimal(18,2)",
            "at_ns:timestamp",
            "at_us:timestamp",
            "at_ms:timestamp",
            "at_ns_plain:timestamp",
            "day:date",
            "ok:bool?",
            "share:float64?",
            "name:text?",
            "i32:int64",
            "u32:text",
        ],
    );
    for page_rows in [1, 2, 3, 5, 100] {
        let path = recorded("types.pyarrow.parquet");
        let config = Config { name: "ours".into(), path, page_rows, ..Config::default() };
        let source = source(config, &table);
        let (pages, cursor) = round(&source, None).await;
        assert!(pages.iter().all(|page| page.rows() <= page_rows));
        let of = |name| column(&pages, "things", name);
        assert_eq!(of("id"), ["1", "2", "3", "4", "5", "6"]);
        assert_eq!(
            of("price"),
            [
                "0.00000001",
                "34265.19345116",
                "-1.50000000",
                "null",
                "99999999999999999999.99999999",
                "0.00000000"
            ]
        );
        assert_eq!(of("fiat")[5], "12345678.90");
        assert_eq!(of("at_ns")[0], "2020-09-13 12:26:40.123456");
        assert_eq!(of("at_ns_plain")[5], "2020-09-13 12:26:45.123456");
        assert_eq!(of("at_us")[1], "2020-09-13 12:26:41");
        assert_eq!(of("at_ms")[2], "2020-09-13 12:26:42");
        assert_eq!(of("day")[0], "2020-01-01");
        assert_eq!(of("ok"), ["true", "false", "null", "true", "false", "true"]);
        assert_eq!(of("name"), ["é", "😀", "null", "null", "xxxxxxxxxx", "a,b\n\"c\""]);
        assert_eq!(of("u32"), ["0", "1", "2", "3", "4", "5"]);
        let again = source.fetch(Some(&cursor)).await.unwrap();
        assert!(again.batches.is_empty() && again.done && again.cursor == cursor);
    }
}

#[tokio::test]
async fn parquet_of_pandas_is_read_and_unsupported_types_are_rejected() {
    let pandas = table("append", &["id:int64", "at:timestamp", "name:text?"]);
    let path = recorded("pandas.parquet");
    let config = Config { name: "ours".into(), path, ..Config::default() };
    let (pages, _) = round(&source(config, &pandas), None).await;
    assert_eq!(ids(&pages), ["1", "2"]);
    assert_eq!(column(&pages, "things", "at")[1], "2020-09-13 12:26:41");

    let with = async |columns: &[&str]| {
        let path = recorded("others.pyarrow.parquet");
        let config = Config {
            name: "ours".into(),
            path,
            bad_rows: BadRows::Quarantine,
            ..Config::default()
        };
        let source = source(config, &table("append", columns));
        let page = source.fetch(None).await;
        page.map(|page| vec![page]).map_err(|error| error.to_string())
    };
    let pages = with(&[
        "id:int64",
        "ls:text",
        "f32:float64",
        "tz:timestamp",
        "i16:int64",
        "i8:int64",
        "u8:int64",
        "kind:text",
        "dec256:text",
    ]);
    let pages = pages.await.unwrap();
    assert_eq!(column(&pages, "things", "ls"), ["a", "b"]);
    assert_eq!(column(&pages, "things", "f32"), ["0.1", "0.2"]);
    assert_eq!(column(&pages, "things", "tz")[0], "2020-09-13 12:26:40");
    for (unread, dtype, says) in [
        ("list", "text", "`list` is a list, a type that is not read"),
        ("time", "text", "`time` is a time of day, a type that is not read"),
        ("dur", "int64", "`dur` is a duration, a type that is not read"),
        ("st", "text", "`st` is a struct, a type that is not read"),
    ] {
        let error = with(&["id:int64", &format!("{unread}:{dtype}")]).await.unwrap_err();
        assert!(error.contains(says), "{unread}: {error}");
    }
    let error = with(&["id:int64", "f32:decimal(18,2)"]).await.unwrap_err();
    assert!(error.contains("never a float"), "{error}");
    let pages = with(&["id:int64", "bin:text"]).await.unwrap();
    assert_eq!(column(&pages, "things", "bin"), ["ab"]);
    assert!(column(&pages, "quarantine", "reason")[0].contains("UTF-8"));
    assert_eq!(column(&pages, "quarantine", "place"), ["others.pyarrow.parquet:1"]);
}

#[tokio::test]
async fn parquet_with_narrow_types_dictionaries_and_int96_is_read_exactly() {
    let read = async |name: &str, columns: &[&str]| {
        let config = Config { name: "ours".into(), path: recorded(name), ..Config::default() };
        round(&source(config, &table("append", columns)), None).await.0
    };
    let columns = [
        "id:int64",
        "at:timestamp",
        "at_berlin:timestamp",
        "channel:text",
        "small:int64",
        "u:int64",
        "cnt:int64",
        "amount:decimal(38,18)",
    ];
    let pages = read("narrow.pyarrow.parquet", &columns).await;
    let of = |name| column(&pages, "things", name);
    let (at, amount) = (
        ["2023-11-14 22:13:20.123456", "2023-11-14 22:13:21"],
        ["512.700000000000000113", "-0.50000000"],
    );
    assert_eq!(of("id"), ["1", "2"]);
    assert_eq!(of("at"), at);
    assert_eq!(of("at_berlin"), at);
    assert_eq!(of("channel"), ["ads", "ads"]);
    assert_eq!(of("small"), ["7", "-7"]);
    assert_eq!(of("u"), ["200", "1"]);
    assert_eq!(of("cnt"), ["65535", "0"]);
    assert_eq!(of("amount"), amount);
    let pages =
        read("int96.pyarrow.parquet", &["id:int64", "at:timestamp", "amount:decimal(38,18)"]).await;
    assert_eq!(column(&pages, "things", "at"), at);
    assert_eq!(column(&pages, "things", "amount"), amount);
}

#[tokio::test]
async fn a_replaced_parquet_file_is_detected() {
    let folder = TempDir::new().unwrap();
    let put = |name: &str| {
        fs::copy(recorded(name), folder.path().join("a.parquet")).unwrap();
    };
    for write_mode in ["merge", "append"] {
        let table = table(write_mode, &["id:int64"]);
        put("types.pyarrow.parquet");
        touch(&folder, "a.parquet", 1_600_000_000);
        let source = source(config(&folder, "*.parquet"), &table);
        let (_, cursor) = round(&source, None).await;
        touch(&folder, "a.parquet", 1_600_000_001);
        let (pages, cursor) = round(&source, Some(cursor)).await;
        assert_eq!(rows(&pages, "things"), 0, "touched, and the same");
        put("others.pyarrow.parquet");
        source.take_notes();
        assert_eq!(rows(&round(&source, Some(cursor)).await.0, "things"), 2);
        let notes = source.take_notes().join("\n");
        assert!(notes.contains("other bytes"), "{notes}");
    }
}

#[tokio::test]
async fn a_runtime_of_one_thread_is_enough() {
    let folder = TempDir::new().unwrap();
    write(&folder, "a.csv", "id,name\n1,a\n");
    let source: Arc<dyn Source> = Arc::new(source(config(&folder, "a.csv"), &things("append")));
    assert_eq!(source.fetch(None).await.unwrap().rows(), 1);
    assert!(Path::new(&folder.path().join("a.csv")).exists());
}

/// An event between two pages of a source.
#[derive(Debug, Clone)]
enum Event {
    Append { file: u8, rows: u8, whole: bool },
    Fetch,
    Restart,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        (0..3u8, 1..6u8, any::<bool>()).prop_map(|(file, rows, whole)| Event::Append {
            file,
            rows,
            whole
        }),
        Just(Event::Fetch),
        Just(Event::Fetch),
        Just(Event::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Checks that, for any appends, page sizes and restarts, each row comes once, and those of a
    /// file in order.
    #[test]
    fn every_row_is_read_once(events in prop::collection::vec(event(), 1..30), page_rows in 1..5usize) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let folder = TempDir::new().unwrap();
        let config = Config { page_rows, ..config(&folder, "*.csv") };
        // The files are being written: a line without a line end is incomplete.
        let now = "1970-01-01T00:00:01Z";
        let make = || FileSource::new(config.clone(), things("append"), clock(now)).unwrap();
        let (mut source, mut cursor) = (make(), None);
        let (mut written, mut halves) = (BTreeMap::<u8, Vec<u32>>::new(), BTreeMap::new());
        let (mut next, mut got) = (0u32, Vec::new());
        let fetch = |source: &FileSource, cursor: &mut Option<Cursor>, got: &mut Vec<String>| {
            let page = runtime.block_on(source.fetch(cursor.as_ref())).unwrap();
            got.extend(ids(std::slice::from_ref(&page)));
            *cursor = Some(page.cursor);
            page.done
        };
        for event in events.into_iter().chain([Event::Fetch]) {
            match event {
                Event::Append { file, rows, whole } => {
                    let name = format!("{file}.csv");
                    if !written.contains_key(&file) {
                        write(&folder, &name, "id,name\n");
                    }
                    let ids = written.entry(file).or_default();
                    let mut text: String = halves.remove(&file).unwrap_or_default();
                    for row in 0..rows {
                        next += 1;
                        ids.push(next);
                        text.push_str(&format!("{next},\"a\nb{row}\"\n"));
                    }
                    if !whole {
                        let half = text.split_off(text.len() - 4);
                        halves.insert(file, half);
                    }
                    append(&folder, &name, text);
                }
                Event::Fetch if written.is_empty() => {}
                Event::Fetch => drop(fetch(&source, &mut cursor, &mut got)),
                Event::Restart => source = make(),
            }
        }
        for (file, half) in &halves {
            append(&folder, &format!("{file}.csv"), half);
        }
        while !written.is_empty() && !fetch(&source, &mut cursor, &mut got) {}
        let mut sorted: Vec<u32> = got.iter().map(|id| id.parse().unwrap()).collect();
        for ids in written.values() {
            let of_file: Vec<_> = sorted.iter().filter(|id| ids.contains(id)).copied().collect();
            prop_assert_eq!(&of_file, ids);
        }
        sorted.sort_unstable();
        prop_assert_eq!(sorted, (1..=next).collect::<Vec<_>>());
    }
}
