//! Tests of exports as services write them: lines above, among and below the rows, encodings, and
//! similar names.
#![cfg(feature = "files")]

use crate::files::{append, column, config, fails, gz, ids, source, table, things, touch, write};
use crate::support::{clock, log::Log, round, rows};
use serde_json::json;
use tempfile::TempDir;
use tidegauge_acquisition::FileSource;
use tidegauge_acquisition::bad_rows::BadRows;
use tidegauge_acquisition::files::{Config, Encoding, Format};
use tidegauge_core::{Cursor, Page, Source, TableRef};

/// Returns all pages of `config`, and the notes in the summary of the run.
async fn noted(config: Config, table: &TableRef) -> (Vec<Page>, String) {
    let source = source(config, table);
    let (pages, _) = round(&source, None).await;
    (pages, source.take_notes().join("\n"))
}

/// Returns the pages of `config` from `cursor` on, each fetched by a new source, as by a new
/// process.
async fn piecemeal(
    config: &Config,
    table: &TableRef,
    mut cursor: Option<Cursor>,
) -> (Vec<Page>, Cursor) {
    let mut pages = Vec::new();
    loop {
        let page = source(config.clone(), table).fetch(cursor.as_ref()).await.unwrap();
        let (done, next) = (page.done, page.cursor.clone());
        pages.push(page);
        if done {
            return (pages, next);
        }
        cursor = Some(next);
    }
}

#[tokio::test]
async fn lines_that_are_not_rows_are_skipped_anywhere() {
    let folder = TempDir::new().unwrap();
    // An unclosed quote above the header and in a comment; units below it; totals of other widths.
    let csv = "Report of the 3\" valve\nid,name,of a title\n# \"made by hand\nid,name\n(number),(text)\n\
               ----\n1,a\n#2,b\n\"Total\",1\n3,\"c\n# no comment\"\nTotals: 2 rows\n";
    let whole = |name: &str| Config {
        skip_lines: 2,
        skip_after_header: 2,
        comment: Some("#".into()),
        footer_starts_with: vec!["Total".into()],
        page_rows: 1,
        ..config(&folder, name)
    };
    for ends in ["\n", "\r\n", "\r"] {
        write(&folder, "a.csv", csv.replace('\n', ends));
        touch(&folder, "a.csv", 1_600_000_000);
        let (pages, cursor) = piecemeal(&whole("a.csv"), &things("append"), None).await;
        assert_eq!(ids(&pages), ["1", "3"], "{ends:?}");
        assert_eq!(column(&pages, "things", "name")[1], format!("c{ends}# no comment"));
        append(&folder, "a.csv", format!("4,d{ends}Total,3{ends}"));
        touch(&folder, "a.csv", 1_600_000_001);
        let (pages, _) = piecemeal(&whole("a.csv"), &things("append"), Some(cursor)).await;
        assert_eq!(ids(&pages), ["4"], "{ends:?}");
    }
    let (_, message) = noted(whole("a.csv"), &things("append")).await;
    assert!(message.contains("rows of footers are left out (3 rows, first a.csv:9)"), "{message}");
    // The line numbers of bad rows are those of the file.
    write(&folder, "b.csv", "x\ny\nid,name\n-\n-\n# c\n1,a,b\n");
    let error = fails(&source(whole("b.csv"), &things("append")), None).await;
    assert!(error.contains("b.csv:7") && error.contains("3 cells"), "{error}");
    // A file that ends above its rows has none; one that is being written is left for later.
    write(&folder, "c.csv", "x\ny\nid,name\n-\n");
    let (pages, message) = noted(whole("c.csv"), &things("append")).await;
    assert_eq!(rows(&pages, "things"), 0);
    assert!(message.contains("gave no row"), "{message}");
    append(&folder, "c.csv", "-\n7,g\n");
    assert_eq!(ids(&noted(whole("c.csv"), &things("append")).await.0), ["7"]);
    // The same without a header.
    write(&folder, "d.csv", "title\n\n1,a\n# x\n2,b\n");
    let columns = serde_json::from_value(json!({ "id": "1", "name": "2" })).unwrap();
    let counted = Config { header: false, columns, skip_after_header: 0, ..whole("d.csv") };
    assert_eq!(ids(&piecemeal(&counted, &things("append"), None).await.0), ["1", "2"]);
}

#[tokio::test]
async fn the_header_is_found_where_the_settings_say() {
    let folder = TempDir::new().unwrap();
    let above = format!("id,name\n{}", "\"a line of the preamble\n".repeat(300));
    write(&folder, "a.csv", format!("\u{feff}{above}\"id\",\"na\nme\"\n1,a\n"));
    let columns = serde_json::from_value(json!({ "name": "na\nme" })).unwrap();
    let named =
        |start: &str| Config { header_starts_with: Some(start.into()), ..config(&folder, "*.csv") };
    let (pages, message) = noted(Config { columns, ..named("\"id\",") }, &things("append")).await;
    assert_eq!(column(&pages, "things", "name"), ["a"]);
    assert_eq!(message, "", "what was asked for is not told");
    let error = fails(&source(named("ID,"), &things("append")), None).await;
    for says in ["a.csv", "304 lines", "`ID,`", "`header_starts_with`"] {
        assert!(error.contains(says), "{error} should say {says}");
    }
    let columns = serde_json::from_value(json!({ "id": "nr" })).unwrap();
    let error =
        fails(&source(Config { columns, ..named("\"id\",") }, &things("append")), None).await;
    assert!(error.contains("a.csv, line 302") && error.contains("`nr`"), "{error}");
    // A line number means that line, and no other.
    write(&folder, "a.csv", "title\n\nwhen,what\nid,name\n1,a\n");
    let third = Config { skip_lines: 1, ..config(&folder, "a.csv") };
    let error = fails(&source(third.clone(), &things("append")), None).await;
    assert!(error.contains("a.csv, line 3") && error.contains("when, what"), "{error}");
    let (pages, _) = noted(Config { skip_lines: 3, ..third }, &things("append")).await;
    assert_eq!(ids(&pages), ["1"]);
    // The header may still be written.
    write(&folder, "a.csv", "title\n");
    let early = Config { header_starts_with: Some("id".into()), ..config(&folder, "a.csv") };
    let early = FileSource::new(early, things("append"), clock("1970-01-02T00:00:00Z")).unwrap();
    let (pages, _) = round(&early, None).await;
    assert_eq!(rows(&pages, "things"), 0);
    assert!(early.take_notes().join("").contains("`settle`"));
}

#[tokio::test]
async fn a_header_that_begins_like_a_total_is_the_header() {
    let folder = TempDir::new().unwrap();
    let config = |name: &str, skip_lines: usize| Config {
        columns: serde_json::from_value(json!({ "id": "Total id" })).unwrap(),
        footer_starts_with: vec!["Total".into()],
        skip_lines,
        ..config(&folder, name)
    };
    write(&folder, "a.csv", "Total: 2 rows\n\"Total id\",name\n1,a\n\"Total\",9\n2,b\nTotal,3\n");
    let (pages, message) = noted(config("a.csv", 0), &things("append")).await;
    assert_eq!(ids(&pages), ["1", "2"]);
    assert!(message.contains("rows of footers are left out (2 rows, first a.csv:4)"), "{message}");
    // The same below the skipped lines.
    assert_eq!(ids(&noted(config("a.csv", 1), &things("append")).await.0), ["1", "2"]);
    // A file that grows is read on below the same header.
    let (_, cursor) = piecemeal(&config("a.csv", 0), &things("append"), None).await;
    append(&folder, "a.csv", "3,c\n");
    let (pages, _) = piecemeal(&config("a.csv", 0), &things("append"), Some(cursor)).await;
    assert_eq!(ids(&pages), ["3"]);
    // A file without a header has none, whatever its totals say.
    write(&folder, "b.csv", "Total: 2 rows\n1,a\n");
    let error = fails(&source(config("b.csv", 0), &things("append")), None).await;
    assert!(error.contains("`Total id`") && error.contains("line 2"), "{error}");
}

#[tokio::test]
async fn a_footer_is_not_a_row_and_a_growing_file_stays_correct() {
    let folder = TempDir::new().unwrap();
    let rows_of =
        |ids: std::ops::Range<u32>| ids.map(|id| format!("{id},n{id}\n")).collect::<String>();
    let footer = "Sum,\"of\nall\"\n\nPrinted,today";
    for page_rows in [1, 2, 3, 7, 100] {
        let config = Config { skip_footer: 2, page_rows, ..config(&folder, "a.csv") };
        write(&folder, "a.csv", format!("id,name\n{}{footer}\n", rows_of(0..7)));
        touch(&folder, "a.csv", 1_600_000_000);
        let (pages, cursor) = piecemeal(&config, &things("append"), None).await;
        assert_eq!(ids(&pages), ["0", "1", "2", "3", "4", "5", "6"], "{page_rows}");
        let (same, _) = round(&source(config.clone(), &things("append")), None).await;
        assert_eq!(ids(&same), ids(&pages));
        // The service moves the footer below more rows, the last line without a line end.
        write(&folder, "a.csv", format!("id,name\n{}{footer}", rows_of(0..9)));
        touch(&folder, "a.csv", 1_600_000_001);
        let (pages, cursor) = piecemeal(&config, &things("append"), Some(cursor)).await;
        assert_eq!(ids(&pages), ["7", "8"], "{page_rows}");
        // Without new rows nothing is read twice, and fewer rows than a footer has are not rows.
        touch(&folder, "a.csv", 1_600_000_002);
        let (pages, _) = piecemeal(&config, &things("append"), Some(cursor)).await;
        assert_eq!(ids(&pages), Vec::<String>::new());
        write(&folder, "a.csv", format!("id,name\n{footer}\n"));
        let (pages, _) = piecemeal(&config, &things("append"), None).await;
        assert_eq!(ids(&pages), Vec::<String>::new());
    }
    write(&folder, "a.csv", format!("id,name\n{}{footer}\n", rows_of(0..7)));
    let two = |name: &str| Config { skip_footer: 2, ..config(&folder, name) };
    let (_, message) = noted(two("a.csv"), &things("append")).await;
    assert!(message.contains("rows of footers are left out (2 rows, first a.csv:9)"), "{message}");
    // While a file is being written, its last rows may be the footer or not.
    let early =
        || FileSource::new(two("b.csv"), things("append"), clock("1970-01-02T00:00:00Z")).unwrap();
    write(&folder, "b.csv", "id,name\n1,a\n2,b\n3,c\n4");
    let (pages, cursor) = round(&early(), None).await;
    assert_eq!(ids(&pages), ["1"]);
    append(&folder, "b.csv", ",d\nSum,x\nPrinted,y\n");
    let (pages, _) = piecemeal(&two("b.csv"), &things("append"), Some(cursor)).await;
    assert_eq!(ids(&pages), ["2", "3", "4"]);
    // A file that is only appended to has its old footer among its rows.
    write(&folder, "c.csv", format!("id,name\n1,a\n{footer}\n"));
    let (_, cursor) = piecemeal(&two("c.csv"), &things("append"), None).await;
    append(&folder, "c.csv", format!("2,b\n{footer}\n"));
    let error = fails(&source(two("c.csv"), &things("append")), Some(&cursor)).await;
    assert!(error.contains("c.csv:3") && error.contains("`Sum` is not a whole number"), "{error}");
    // A blank line above the footer moves with it.
    write(&folder, "f.csv", format!("id,name\n1,a\n\n{footer}\n"));
    let (_, cursor) = piecemeal(&two("f.csv"), &things("append"), None).await;
    write(&folder, "f.csv", format!("id,name\n1,a\n2,b\n\n{footer}\n"));
    let (pages, _) = piecemeal(&two("f.csv"), &things("append"), Some(cursor)).await;
    assert_eq!(ids(&pages), ["2"]);
    // The same compressed.
    write(&folder, "d.csv.gz", gz("id,name\n1,a\n2,b\nSum,x\nPrinted,y\n"));
    assert_eq!(ids(&noted(two("d.csv.gz"), &things("append")).await.0), ["1", "2"]);
    // Blank lines below the rows do not fill the memory.
    write(&folder, "e.csv", format!("id,name\n1,a\n2,b\n3,c\n{}", "\n".repeat(5_000)));
    let small = Config { row_bytes: 1_000, ..two("e.csv") };
    let error = fails(&source(small, &things("append")), None).await;
    assert!(error.contains("e.csv") && error.contains("skip_footer"), "{error}");
}

fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

#[tokio::test]
async fn files_of_other_encodings_are_decoded() {
    let folder = TempDir::new().unwrap();
    let csv = "id;naïve\r\n1;Müller €\r\n2;\"Grüße\r\naus Köln\"\r\n";
    let columns: tidegauge_acquisition::mapping::Columns =
        serde_json::from_value(json!({ "name": "naïve" })).unwrap();
    let with = |name: &str, encoding: Option<&str>| Config {
        delimiter: Some(';'),
        columns: columns.clone(),
        encoding: encoding.map(|label| label.parse().unwrap()),
        page_rows: 1,
        ..config(&folder, name)
    };
    let latin: Vec<u8> = csv
        .chars()
        .map(|c| if c == '€' { 0x80 } else { u8::try_from(u32::from(c)).unwrap() })
        .collect();
    let marked = format!("\u{feff}{csv}");
    let zipped = {
        use std::io::Write;
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&utf16(&marked, u16::to_be_bytes)).unwrap();
        encoder.finish().unwrap()
    };
    for (name, bytes, encoding) in [
        ("latin.csv", latin.clone(), Some("windows-1252")),
        ("latin1.csv", latin.clone(), Some("ISO-8859-1")),
        ("marked-le.csv", utf16(&marked, u16::to_le_bytes), None),
        ("marked-be.csv", utf16(&marked, u16::to_be_bytes), Some("windows-1252")),
        ("bare-le.csv", utf16(csv, u16::to_le_bytes), Some("utf-16")),
        ("bare-be.csv", utf16(csv, u16::to_be_bytes), Some("utf-16be")),
        ("zipped.csv.gz", zipped, None),
        ("utf8.csv", marked.clone().into_bytes(), Some("windows-1252")),
    ] {
        write(&folder, name, &bytes);
        touch(&folder, name, 1_600_000_000);
        let (pages, cursor) = piecemeal(&with(name, encoding), &things("append"), None).await;
        let names = column(&pages, "things", "name");
        assert_eq!(names, ["Müller €", "Grüße\r\naus Köln"], "{name}");
        if name.ends_with("le.csv") {
            // The file grows by half of a character, and then by the rest.
            append(&folder, name, &utf16("3;é\r\n", u16::to_le_bytes)[..9]);
            let early = FileSource::new(
                with(name, encoding),
                things("append"),
                clock("1970-01-02T00:00:00Z"),
            );
            let (pages, cursor) = round(&early.unwrap(), Some(cursor)).await;
            assert_eq!(rows(&pages, "things"), 0);
            append(&folder, name, &utf16("3;é\r\n", u16::to_le_bytes)[9..]);
            touch(&folder, name, 1_600_000_001);
            let (pages, _) =
                piecemeal(&with(name, encoding), &things("append"), Some(cursor)).await;
            assert_eq!(column(&pages, "things", "name"), ["é"]);
        }
    }
    // The same for JSON.
    write(&folder, "a.ndjson", utf16("{\"id\": 1, \"name\": \"é\"}\n", u16::to_le_bytes));
    let json = Config { encoding: "utf-16le".parse().ok(), ..config(&folder, "a.ndjson") };
    assert_eq!(column(&noted(json, &things("append")).await.0, "things", "name"), ["é"]);
}

#[tokio::test]
async fn bytes_of_another_encoding_are_reported_by_line_and_column() {
    let folder = TempDir::new().unwrap();
    write(&folder, "a.csv", b"id,name,note\n1,a,b\n2,\"Caf\xe9 \"\"x\"\"\",c\n");
    let table = table("append", &["id:int64", "name:text?", "note:text?"]);
    let error = fails(&source(config(&folder, "a.csv"), &table), None).await;
    for says in
        ["a.csv:3", "column `name`", "Caf", "cell 2", "not UTF-8", "encoding = \"windows-1252\""]
    {
        assert!(error.contains(says), "{error} should say {says}");
    }
    let aside = Config { bad_rows: BadRows::Quarantine, ..config(&folder, "a.csv") };
    let (pages, _) = round(&source(aside, &table), None).await;
    assert_eq!(ids(&pages), ["1"]);
    assert_eq!(column(&pages, "quarantine", "place"), ["a.csv:3"]);
    write(&folder, "b.csv", b"id,na\xefve\n1,a\n");
    let error = fails(&source(config(&folder, "b.csv"), &table), None).await;
    assert!(error.contains("line 1") && error.contains("`encoding`"), "{error}");
    write(&folder, "c.ndjson", b"{\"id\": 1, \"name\": \"\xe9\"}\n");
    let error = fails(&source(config(&folder, "c.ndjson"), &table), None).await;
    for says in ["c.ndjson:1", "the 20. of its line", "`encoding`"] {
        assert!(error.contains(says), "{error} should say {says}");
    }
    // Half of a surrogate pair, which is invalid in UTF-16.
    let mut bytes = utf16("\u{feff}id,name,note\n1,", u16::to_le_bytes);
    bytes.extend([0x00, 0xd8]);
    bytes.extend(utf16(",x\n", u16::to_le_bytes));
    write(&folder, "d.csv", bytes);
    let error = fails(&source(config(&folder, "d.csv"), &table), None).await;
    for says in ["d.csv:2", "column `name`", "none of utf-16le"] {
        assert!(error.contains(says), "{error} should say {says}");
    }
    // UTF-16 without a byte order mark is not read as rows of NULs.
    write(&folder, "e.csv", utf16("id,name\n1,a\n", u16::to_le_bytes));
    let error = fails(&source(config(&folder, "e.csv"), &table), None).await;
    assert!(error.contains("e.csv") && error.contains("encoding = \"utf-16le\""), "{error}");
}

#[tokio::test]
async fn similar_column_names_are_used_and_noted_once() {
    let folder = TempDir::new().unwrap();
    write(&folder, "a.csv", " ID ,Désignation,Amount,amount\n1,a,1.00,2.00\n");
    write(&folder, "b.csv", "ID,Designation,Amount,amount\n2,b,1.00,2.00\n");
    let table = table("append", &["id:int64", "name:text", "amount:decimal(18,2)"]);
    let columns = |name: &str, amount: &str| {
        let columns = json!({ "name": name, "amount": amount });
        let columns = serde_json::from_value(columns).unwrap();
        Config { columns, page_rows: 1, ..config(&folder, "*.csv") }
    };
    let log = Log::default();
    let guard = tracing::subscriber::set_default(log.clone());
    let (pages, message) = noted(columns("DESIGNATION", "Amount"), &table).await;
    drop(guard);
    assert_eq!(column(&pages, "things", "name"), ["a", "b"]);
    assert_eq!(column(&pages, "things", "amount"), ["1.00", "1.00"]);
    for says in ["`id`: there is no column of exactly that name", "`ID`", "`Désignation`"] {
        assert!(message.contains(says), "{message} should say {says}");
    }
    assert_eq!(log.output().matches("exactly that name").count(), 3, "{}", log.output());
    // The exact name is preferred, and of two similar names neither is taken.
    let error = fails(&source(columns("designation", "AMOUNT"), &table), None).await;
    for says in ["a.csv, line 1", "`amount`", "`AMOUNT`", "both `Amount` and `amount`"] {
        assert!(error.contains(says), "{error} should say {says}");
    }
}

#[tokio::test]
async fn settings_of_another_format_are_rejected_by_name() {
    let folder = TempDir::new().unwrap();
    write(&folder, "a.ndjson", "{\"id\": 1}\n");
    write(&folder, "a.parquet", "PAR1");
    for (config, says) in [
        (
            Config { skip_lines: 1, ..config(&folder, "a.ndjson") },
            ["`skip_lines`", "a.ndjson", "JSON lines"],
        ),
        (
            Config { comment: Some("#".into()), ..config(&folder, "a.ndjson") },
            ["`comment`", "a.ndjson", "JSON"],
        ),
        (
            Config { footer_starts_with: vec!["x".into()], ..config(&folder, "a.parquet") },
            ["`footer_starts_with`", "a.parquet", "Parquet"],
        ),
        (
            Config { encoding: Some(Encoding::UTF_8), ..config(&folder, "a.parquet") },
            ["`encoding`", "a.parquet", "Parquet"],
        ),
    ] {
        let error = fails(&source(config, &things("append")), None).await;
        for says in says {
            assert!(error.contains(says), "{error} should say {says}");
        }
    }
    let early =
        Config { format: Some(Format::Ndjson), header: false, ..config(&folder, "a.ndjson") };
    let error =
        FileSource::new(early, things("append"), clock("2100-01-01T00:00:00Z")).unwrap_err();
    assert!(error.to_string().contains("`header`"), "{error}");
    // Settings are unchanged after serialization.
    let text = json!({
        "name": "n", "encoding": "latin1", "skip_lines": 3, "header_starts_with": "Date,",
        "skip_after_header": 1, "skip_footer": 2, "footer_starts_with": ["Total"], "comment": "#",
        "where": [{ "column": "Status", "in": ["paid"] }],
    });
    let config: Config = serde_json::from_value(text).unwrap();
    let written = serde_json::to_value(&config).unwrap();
    assert_eq!(written["encoding"], "windows-1252");
    assert_eq!(serde_json::from_value::<Config>(written).unwrap(), config);
    let one = serde_json::from_value::<Config>(json!({ "footer_starts_with": "Total" })).unwrap();
    assert_eq!(one.footer_starts_with, config.footer_starts_with);
    let unknown = serde_json::from_value::<Config>(json!({ "encoding": "latin-x" }));
    assert!(unknown.unwrap_err().to_string().contains("`latin-x`"));
}
