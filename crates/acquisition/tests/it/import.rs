//! Tests of schema inference: the settings inferred for a file, and that they read it.
#![cfg(feature = "files")]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use flate2::write::GzEncoder;
use parquet::arrow::ArrowWriter;
use proptest::prelude::*;
use tidegauge_acquisition::FileSource;
use tidegauge_acquisition::files::import::{Hints, Inspection, Question, inspect};
use tidegauge_acquisition::mapping::{declare, resolve};
use tidegauge_core::arrow::array::{
    ArrayRef, Decimal128Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use tidegauge_core::tables::Quarantine;
use tidegauge_core::{Batch, FixedClock, Source};

const NOW: &str = "2024-12-01T00:00:00Z";

/// A file, the settings inferred for it, and the rows that it gives with them.
pub(crate) struct Read {
    pub(crate) found: Inspection,
    rows: Vec<Batch>,
    pub(crate) set_aside: usize,
    _folder: tempfile::TempDir,
}

pub(crate) async fn read_bytes(name: &str, bytes: &[u8], hints: &Hints) -> Read {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    let found = look(&path, hints).unwrap();
    let mut read = Read { found, rows: Vec::new(), set_aside: 0, _folder: folder };
    for entry in &read.found.entries {
        let table = resolve(&entry.table, &declare(&read.found.tables).unwrap()).unwrap();
        let clock = Arc::new(FixedClock(NOW.parse().unwrap()));
        let source = FileSource::new(entry.clone(), table, clock).unwrap();
        let mut cursor = None;
        loop {
            let page = source.fetch(cursor.as_ref()).await.unwrap();
            for batch in page.batches {
                match batch.table().name == Quarantine::table().name {
                    true => read.set_aside += batch.rows(),
                    false => read.rows.push(batch),
                }
            }
            cursor = Some(page.cursor);
            if page.done {
                break;
            }
        }
    }
    read
}

pub(crate) async fn read(name: &str, text: &str) -> Read {
    read_bytes(name, text.as_bytes(), &Hints::default()).await
}

pub(crate) fn look(path: &Path, hints: &Hints) -> tidegauge_acquisition::Result<Inspection> {
    inspect(&path.display().to_string(), hints, NOW.parse().unwrap())
}

impl Read {
    pub(crate) fn table(&self) -> &str {
        &self.found.entries[0].table
    }

    pub(crate) fn count(&self) -> usize {
        self.rows.iter().map(Batch::rows).sum()
    }

    /// Returns the values of a column, in the order of the rows.
    pub(crate) fn column(&self, name: &str) -> Vec<String> {
        let mut values = Vec::new();
        for batch in &self.rows {
            let view = batch.column(name).unwrap();
            values.extend((0..batch.rows()).map(|row| view.shown(row).unwrap_or_default()));
        }
        values
    }

    pub(crate) fn asks(&self) -> Vec<Question> {
        self.found.guesses.iter().filter_map(|guess| guess.question).collect()
    }

    pub(crate) fn says(&self, words: &str) -> bool {
        self.found.guesses.iter().any(|guess| guess.text.contains(words))
            || self.found.found.iter().any(|line| line.contains(words))
    }
}

#[tokio::test]
async fn a_file_of_payments_fills_purchases() {
    let read = read(
        "payments.csv",
        "Payment ID,Customer,Date,Amount,Currency,Status\n\
         P-1,c-17,2024-01-05 10:00:00,12.50,EUR,Paid\n\
         P-2,c-18,2024-01-06 10:00:00,7.00,USD,Refunded\n\
         P-3,c-17,2024-02-05 10:00:00,1.00,EUR,Paid\n",
    )
    .await;
    assert_eq!((read.table(), read.count(), read.set_aside), ("ramp_transactions", 3, 0));
    assert_eq!(read.column("status"), ["completed", "failed", "completed"]);
    assert_eq!(read.column("external_user_id"), ["c-17", "c-18", "c-17"]);
    assert_eq!(read.asks(), [Question::Zone]);
    assert!(read.says("`Refunded` as failed"), "{:?}", read.found.guesses);
}

#[tokio::test]
async fn an_export_of_excel_is_read_with_its_layout_separators_and_encoding() {
    let text = "Verkäufe 2024\r\nInhaber: Müller\r\n\r\nBestellnummer;Kunde;Datum;Betrag;Land\r\n\
                A-1;K1;24.12.2023 18:30;1.234,50 €;DE\r\n\
                A-2;K2;25.12.2023 09:05;7,00 €;AT\r\n\
                Summe;;;1.241,50 €;\r\n";
    // All characters but the euro sign have the same code in windows-1252 and Unicode.
    let byte = |c: char| if c == '€' { 0x80 } else { u8::try_from(u32::from(c)).unwrap() };
    let bytes: Vec<u8> = text.chars().map(byte).collect();
    let hints = Hints { zone: Some("Europe/Berlin".into()), ..Hints::default() };
    let read = read_bytes("verkauf.csv", &bytes, &hints).await;
    assert_eq!((read.table(), read.count(), read.set_aside), ("ramp_transactions", 2, 0));
    assert_eq!(read.column("fiat_amount"), ["1234.50", "7.00"]);
    assert_eq!(read.column("fiat_currency"), ["EUR", "EUR"]);
    assert_eq!(read.column("created_at"), ["2023-12-24T17:30:00Z", "2023-12-25T08:05:00Z"]);
    assert!(read.asks().is_empty() && read.says("windows-1252"), "{:?}", read.found.guesses);
    assert_eq!(read.found.entries[0].footer_starts_with, ["Summe;"]);
}

#[tokio::test]
async fn users_are_distinguished_from_their_events() {
    let users = "id,email,created_at,country,utm_source\n\
                 u1,a@x.io,03/25/2024,DE,ads\nu2,b@x.io,04/01/2024,FR,organic\n";
    let read_users = read("people.csv", users).await;
    assert_eq!((read_users.table(), read_users.count()), ("users", 2));
    assert_eq!(read_users.column("acquisition_channel"), ["ads", "organic"]);
    assert_eq!(read_users.column("signup_at"), ["2024-03-25T00:00:00Z", "2024-04-01T00:00:00Z"]);
    // Several rows with one id are events.
    let events = "user,created_at,page\nu1,2024-01-01T10:00:00Z,/a\nu1,2024-01-01T11:00:00Z,/b\n";
    let read_events = read("visits.csv", events).await;
    assert_eq!((read_events.table(), read_events.count()), ("visits", 2));
    assert_eq!(read_events.found.tables[0].time.as_deref(), Some("created_at"));
}

#[tokio::test]
async fn a_missing_currency_is_a_question_and_never_invented() {
    let text = "id,user,date,total\n1,7,2024-01-01,5.00\n2,8,2024-01-02,6.50\n";
    let own = read("sales.csv", text).await;
    assert_eq!((own.table(), own.asks()), ("sales", vec![Question::Currency]));
    let hints = Hints { currency: Some("chf".into()), ..Hints::default() };
    let read = read_bytes("sales.csv", text.as_bytes(), &hints).await;
    assert_eq!(read.table(), "ramp_transactions");
    assert_eq!(read.column("fiat_currency"), ["CHF", "CHF"]);
}

#[tokio::test]
async fn an_ambiguous_order_of_day_and_month_is_a_question() {
    let text = "id,user,date,total,currency\n1,7,03/04/2024,5.00,EUR\n2,8,02/05/2024,6.50,EUR\n";
    let open = read("sales.csv", text).await;
    assert!(open.asks().contains(&Question::DayOrder));
    for (day_first, first) in [(true, "2024-04-03"), (false, "2024-03-04")] {
        let hints = Hints { day_first: Some(day_first), ..Hints::default() };
        let read = read_bytes("sales.csv", text.as_bytes(), &hints).await;
        assert!(read.column("created_at")[0].starts_with(first), "{:?}", read.column("created_at"));
        assert!(!read.asks().contains(&Question::DayOrder));
    }
}

#[tokio::test]
async fn a_file_that_fits_no_table_declares_one() {
    let text = "station,day,temp,rain,note\n\
                S1,2024-01-01,1.5,n/a,ok\nS2,2024-01-01,2.5,3,\"a, b\"\nS1,2024-01-02,3.25,4,\n";
    let read = read("Weather 2024.csv", text).await;
    assert_eq!((read.table(), read.count(), read.set_aside), ("weather_2024", 3, 0));
    let table = &read.found.tables[0];
    assert_eq!(table.key, ["station", "day"]);
    let types: Vec<_> = table.columns.iter().map(|column| column.dtype.to_string()).collect();
    assert_eq!(types, ["text", "date", "decimal(18,2)", "int64", "text"]);
    assert_eq!(read.column("rain"), ["", "3", "4"]);
    assert!(read.says("the key is `station`, `day`"));
}

#[tokio::test]
async fn every_delimiter_and_encoding_is_detected() {
    for (name, delimiter) in [("a.csv", ';'), ("a.txt", '|'), ("a.tsv", '\t'), ("b.csv", ',')] {
        let between = |text: &str| text.replace('^', &delimiter.to_string());
        let text = between(
            "id^user^date^total^currency\n1^7^2024-01-01^5.00^EUR\n2^8^2024-01-02^6.50^EUR\n",
        );
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for bytes in [text.as_bytes(), &utf16] {
            let read = read_bytes(name, bytes, &Hints::default()).await;
            assert_eq!((read.table(), read.count()), ("ramp_transactions", 2), "{name}");
        }
    }
}

#[tokio::test]
async fn json_lines_are_read_with_the_fields_of_their_objects() {
    let text = "{\"id\":1,\"user\":{\"id\":\"u1\"},\"created\":\"2024-01-01T00:00:00Z\",\"amount\":\"5.00\",\"currency\":\"EUR\"}\n\
                {\"id\":2,\"user\":{\"id\":\"u2\"},\"created\":\"2024-01-02T00:00:00Z\",\"amount\":\"6.00\",\"currency\":\"EUR\"}\n";
    let read = read("events.log", text).await;
    assert_eq!((read.table(), read.count()), ("ramp_transactions", 2));
    assert_eq!(read.column("external_user_id"), ["u1", "u2"]);
    assert!(read.asks().is_empty());
}

#[tokio::test]
async fn bad_rows_are_quarantined_and_refunds_excluded() {
    let text = "id,user,date,total,currency\n\
                1,7,2024-01-01,5.00,EUR\n2,7,2024-01-02,free,EUR\n3,8,2024-01-03,-5.00,EUR\n\
                4,8,2024-01-04,8.25,EUR\n5,9,2024-01-05,9.00,EUR\n6,9,2024-01-06,7.00,EUR\n";
    let read = read("sales.csv", text).await;
    assert_eq!((read.count(), read.set_aside), (4, 1));
    assert!(read.says("`total` is 0 or less"), "{:?}", read.found.guesses);
}

#[tokio::test]
async fn lines_of_units_and_comments_are_not_rows() {
    let text = "id,user,date,total,currency\n(number),(text),(UTC),(EUR),(ISO)\n# checked by hand\n\
                1,7,2024-01-01,5.00,EUR\n# and these\n2,8,2024-01-02,6.50,EUR\n3,8,2024-01-03,7.50,EUR\n";
    let read = read("sales.csv", text).await;
    assert_eq!((read.table(), read.count(), read.set_aside), ("ramp_transactions", 3, 0));
    assert!(read.says("a line of units") && read.says("begin with `#`"), "{:?}", read.found.found);
}

#[tokio::test]
async fn currencies_of_trades_are_derived_from_their_market() {
    let text = "id,account,time,pair,side,quantity,price,cost\n\
                t1,7,2024-01-01T10:00:00Z,BTC-EUR,BUY,0.5,40000.10,20000.05\n\
                t2,7,2024-01-01T11:00:00Z,ETH-USD,SELL,2.0,2000.00,4000.00\n";
    let read = read("fills.csv", text).await;
    assert_eq!((read.table(), read.count()), ("trades", 2));
    assert_eq!(read.column("base_currency"), ["BTC", "ETH"]);
    assert_eq!(read.column("quote_currency"), ["EUR", "USD"]);
    assert_eq!(read.column("side"), ["buy", "sell"]);
}

#[tokio::test]
async fn rates_without_a_source_use_the_name_of_the_entry() {
    let text = "base,quote,rate_date,rate\nEUR,USD,2024-01-02,1.0956\nEUR,USD,2024-01-03,1.0919\n";
    let read = read("our rates.csv", text).await;
    assert_eq!((read.table(), read.count()), ("fx_rates", 2));
    assert_eq!(read.column("source"), ["our_rates", "our_rates"]);
}

#[tokio::test]
async fn compressed_files_and_parquet_are_inspected() {
    let text = "id,user,date,total,currency\n1,7,2024-01-01,5.00,EUR\n2,8,2024-01-02,6.50,EUR\n";
    let mut zipped = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    zipped.write_all(text.as_bytes()).unwrap();
    let read = read_bytes("sales.csv.gz", &zipped.finish().unwrap(), &Hints::default()).await;
    assert_eq!((read.table(), read.count()), ("ramp_transactions", 2));

    let amounts = Decimal128Array::from(vec![500, 650]).with_precision_and_scale(18, 2).unwrap();
    let times = TimestampMicrosecondArray::from(vec![1_704_067_200_000_000, 1_704_153_600_000_000]);
    let columns: [(&str, ArrayRef); 5] = [
        ("id", Arc::new(Int64Array::from(vec![1, 2]))),
        ("customer", Arc::new(StringArray::from(vec!["c-17", "c-18"]))),
        ("created", Arc::new(times.with_timezone("UTC"))),
        ("amount", Arc::new(amounts)),
        ("currency", Arc::new(StringArray::from(vec!["EUR", "EUR"]))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    let bytes = writer.into_inner().unwrap();
    let read = read_bytes("sales.parquet", &bytes, &Hints::default()).await;
    assert_eq!((read.table(), read.count(), read.set_aside), ("ramp_transactions", 2, 0));
    assert_eq!(read.column("fiat_amount"), ["5.00", "6.50"]);
    assert_eq!(read.column("created_at")[1], "2024-01-02T00:00:00Z");
}

#[test]
fn unreadable_files_are_rejected_by_name() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes, says) in [
        ("empty.csv", &b""[..], "it is empty"),
        ("blank.csv", b"\n\n", "blank"),
        ("book.xlsx", b"PK\x03\x04....", "save the sheet as CSV"),
        ("list.json", b"[{\"a\": 1}]", "one JSON array"),
        ("page.html", b"<html></html>", "HTML"),
        ("only.csv", b"id,name\n", "no row"),
        ("broken.parquet", b"PAR1....", "broken.parquet"),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        let error = look(&path, &Hints::default()).unwrap_err().to_string();
        assert!(error.contains(says), "{error} should say {says}");
    }
    let error = look(&folder.path().join("none.csv"), &Hints::default()).unwrap_err().to_string();
    assert!(error.contains("none.csv"), "{error}");
}

#[test]
fn a_requested_table_is_filled_or_its_missing_columns_reported() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sales.csv");
    fs::write(&path, "id,user,total\n1,7,5.00\n").unwrap();
    let ask = |table: &str| {
        let hints = Hints { table: Some(table.into()), ..Hints::default() };
        look(&path, &hints).unwrap_err().to_string()
    };
    let error = ask("ramp_transactions");
    assert!(
        ["`created_at`", "`fiat_currency`", "`total`"].iter().all(|word| error.contains(word)),
        "{error}"
    );
    assert!(ask("nosuch").contains("`ramp_transactions`"));
}

/// Generates cells of all kinds, some of which are ambiguous.
fn cells() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{0,6}",
        "[0-9]{1,6}",
        "-?[0-9]{1,4}[.,][0-9]{1,3}",
        "[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{2,4}",
        "20[0-9]{2}-[0-1][0-9]-[0-3][0-9]( [0-2][0-9]:[0-5][0-9])?",
        "[€$] ?[0-9]{1,3}(,[0-9]{3})?",
        "[0-9]{1,3}(BTC|ETH|EUR)",
        "(true|false|n/a|NULL|-|Total|#|é|\"a\"\"b\")",
    ]
}

fn headers() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("id".to_owned()),
        Just("user".into()),
        Just("Customer ID".into()),
        Just("created_at".into()),
        Just("Date".into()),
        Just("amount".into()),
        Just("Total".into()),
        Just("currency".into()),
        Just("status".into()),
        Just("country".into()),
        Just("pair".into()),
        "[A-Za-z #()]{0,8}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Checks that the settings inferred for a file of any cells read it without an error.
    #[test]
    fn inferred_settings_read_their_file(
        header in prop::collection::vec(headers(), 1..6),
        rows in prop::collection::vec(prop::collection::vec(cells(), 1..7), 1..12),
        between in prop::sample::select(vec![",", ";", "\t", "|"]),
        above in prop::option::of("[a-z ]{1,12}"),
        end in prop::sample::select(vec!["\n", "\r\n"]),
    ) {
        let lines = above.into_iter().chain([header.join(between)]);
        let text: String = lines.chain(rows.iter().map(|row| row.join(between)))
            .map(|line| line + end)
            .collect();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.csv");
        fs::write(&path, &text).unwrap();
        let Ok(found) = look(&path, &Hints::default()) else { return Ok(()) };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for entry in &found.entries {
            let table = resolve(&entry.table, &declare(&found.tables).unwrap()).unwrap();
            let clock = Arc::new(FixedClock(NOW.parse().unwrap()));
            let source = FileSource::new(entry.clone(), table, clock).unwrap();
            let page = runtime.block_on(source.fetch(None));
            prop_assert!(page.is_ok(), "{}\n{text}\n{entry:#?}", page.unwrap_err());
        }
    }

    #[test]
    fn no_input_causes_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), name in "[a-z]\\.(csv|txt|ndjson|parquet|gz|x)") {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        let _ = look(&path, &Hints::default());
    }
}
