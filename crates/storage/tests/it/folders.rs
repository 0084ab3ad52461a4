//! Folders of files: what a killed load leaves is removed, and the files are what they should be.

use std::fs;

use crate::support::{Store, batch, everything, extremes, files, load, simple, varied};
use tidegauge_core::{
    Aggregate, Batch, BatchBuilder, Cell, Cursor, DataType, Scan, Span, Table, Values, WriteMode,
};

#[test]
fn csv_is_no_warehouse() {
    let error = tidegauge_storage::connect("csv://backup").unwrap_err().to_string();
    assert!(error.contains("backup that cannot be read back"), "{error}");
}

#[tokio::test]
async fn parquet_removes_what_a_killed_load_left() {
    let store = Store::new("parquet");
    let table = simple("t", WriteMode::Append);
    load(&*store.sink(), None, "1", &[batch(&table, &[(1, "a")])]).await.unwrap();
    let whole = files(&store.path);
    // Killed before the manifest: half a file of the next commit, one of a new table, a manifest.
    let (next, other) = ("t/000000000002.parquet", "u/000000000002.parquet");
    fs::write(store.path.join(next), "PAR1 half a fi").unwrap();
    fs::create_dir(store.path.join("u")).unwrap();
    fs::write(store.path.join(other), "").unwrap();
    fs::write(store.path.join("_tidegauge/manifest.next"), "{").unwrap();
    fs::write(store.path.join("_tidegauge/lock"), "loading\n").unwrap();
    fs::write(store.path.join("t/mine.parquet"), "somebody's").unwrap();

    assert_eq!(store.rows(&table).await, 1);
    assert_eq!(store.sink().cursor("test").await.unwrap(), Some(Cursor::new("1")));
    load(&*store.sink(), Some("1"), "2", &[]).await.unwrap();
    assert!(!store.path.join(next).exists() && !store.path.join(other).exists());
    assert!(store.path.join("t/mine.parquet").exists(), "what is not ours stays");
    for (path, content) in whole.iter().filter(|(path, _)| path.extension().is_some()) {
        if path.extension().unwrap() == "parquet" {
            assert_eq!(&fs::read(path).unwrap(), content);
        }
    }
    load(&*store.sink(), Some("2"), "3", &[batch(&table, &[(2, "b")])]).await.unwrap();
    assert_eq!(store.rows(&table).await, 2);
}

#[tokio::test]
async fn csv_cuts_off_what_a_killed_load_left() {
    let store = Store::new("csv");
    let table = simple("t", WriteMode::Append);
    load(&*store.sink(), None, "1", &[batch(&table, &[(1, "a")])]).await.unwrap();
    let path = store.path.join("t.csv");
    let mut killed = fs::read(&path).unwrap();
    killed.extend(b"2,half a li");
    fs::write(&path, killed).unwrap();
    load(&*store.sink(), Some("1"), "2", &[batch(&table, &[(3, "c")])]).await.unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "id,text\n1,a\n3,c\n");
}

#[tokio::test]
async fn csv_goes_on_after_being_killed_while_preparing() {
    let store = Store::new("csv");
    fs::create_dir_all(&store.path).unwrap();
    fs::write(store.path.join("t.csv"), "id,te").unwrap();
    let table = simple("t", WriteMode::Append);
    store.sink().prepare(&[table]).await.unwrap();
    assert_eq!(fs::read_to_string(store.path.join("t.csv")).unwrap(), "id,text\n");
}

#[tokio::test]
async fn csv_leaves_a_file_of_somebody_else_alone() {
    let store = Store::new("csv");
    fs::create_dir_all(&store.path).unwrap();
    fs::write(store.path.join("t.csv"), "my own data\n").unwrap();
    let table = simple("t", WriteMode::Append);
    let error = store.sink().prepare(&[table]).await.unwrap_err().to_string();
    assert!(error.contains("t.csv` was not written by this store"), "{error}");
    assert_eq!(fs::read_to_string(store.path.join("t.csv")).unwrap(), "my own data\n");
}

#[tokio::test]
async fn csv_that_lost_rows_is_not_added_to() {
    let store = Store::new("csv");
    let table = simple("t", WriteMode::Append);
    load(&*store.sink(), None, "1", &[batch(&table, &[(1, "a")])]).await.unwrap();
    fs::write(store.path.join("t.csv"), "id,text\n").unwrap();
    let error = load(&*store.sink(), Some("1"), "2", &[]).await.unwrap_err().to_string();
    assert!(error.contains("t.csv` is damaged: it has 8 bytes, and 12 were written"), "{error}");
}

#[tokio::test]
async fn csv_says_exactly_what_was_loaded() {
    let store = Store::new("csv");
    let table = everything(WriteMode::Append);
    let rows = Batch::from_rows(&table, extremes()).unwrap();
    load(&*store.sink(), None, "1", &[rows]).await.unwrap();
    let text = fs::read_to_string(store.path.join("order.csv")).unwrap();
    assert_eq!(
        text,
        "group,select,flag,share,day,at,fiat,crypto,huge,where\n\
         -9223372036854775808,\"\",false,2.2250738585072014e-308,0001-01-01,\
         1969-12-31T23:59:59.999999Z,-9999999999999999.99,-99999999999999999999.99999999,\
         0.00000000000000000001,\"\"\n\
         9223372036854775807,\"a,\"\"b\"\"\r\n😀=1+1\",true,-1.7976931348623157e308,9999-12-31,\
         9999-12-31T23:59:59.999999Z,9999999999999999.99,99999999999999999999.99999999,\
         999999999999999999.99999999999999999999,2020-01-01\n\
         0,nulls,,,,,,,,\n\
         1,numbers,,1.0,1970-01-01,1970-01-01T00:00:00.000000Z,12.50,34265.19345116,\
         0.00000000000000000000,007\n"
    );
    let mut reader = csv::Reader::from_path(store.path.join("order.csv")).unwrap();
    let records: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(&records[1][1], "a,\"b\"\r\n😀=1+1");
}

#[tokio::test]
async fn csv_is_the_same_whatever_the_page_size() {
    let rows: Vec<(i64, &str)> = (0..1000).map(|id| (id % 100, "text, \"quoted\"")).collect();
    let mut contents = Vec::new();
    for page in [1, 7, 100, 1000] {
        let store = Store::new("csv");
        let (sink, table) = (store.sink(), simple("t", WriteMode::Merge));
        let mut before = None;
        for (at, rows) in rows.chunks(page * 10).enumerate() {
            let pages: Vec<_> = rows.chunks(page).map(|rows| batch(&table, rows)).collect();
            load(&*sink, before.as_deref(), &at.to_string(), &pages).await.unwrap();
            before = Some(at.to_string());
        }
        contents.push(fs::read(store.path.join("t.csv")).unwrap());
    }
    assert!(contents.iter().all(|content| *content == contents[0]));
    assert_eq!(contents[0].iter().filter(|byte| **byte == b'\n').count(), 1001);
}

#[tokio::test]
async fn a_manifest_that_is_damaged_or_newer_is_named() {
    for scheme in ["parquet", "csv"] {
        let store = Store::new(scheme);
        store.sink().prepare(&[]).await.unwrap();
        load(&*store.sink(), None, "1", &[]).await.unwrap();
        let path = store.path.join("_tidegauge/manifest.json");
        for (text, says) in
            [("{\"version\":1,", "is damaged"), ("{\"version\":99}", "newer release")]
        {
            fs::write(&path, text).unwrap();
            let error = store.sink().cursor("test").await.unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
            let error = load(&*store.sink(), None, "2", &[]).await.unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}

#[tokio::test]
async fn a_folder_of_the_other_kind_is_refused() {
    let store = Store::new("csv");
    load(&*store.sink(), None, "1", &[]).await.unwrap();
    let other = store.url.replace("csv://", "parquet://");
    let error = tidegauge_storage::connect(&other).unwrap().cursor("test").await.unwrap_err();
    assert!(error.to_string().contains("choose another folder"), "{error}");
}

#[tokio::test]
async fn a_parquet_file_that_is_gone_is_named() {
    let store = Store::new("parquet");
    let table = simple("t", WriteMode::Append);
    load(&*store.sink(), None, "1", &[batch(&table, &[(1, "a")])]).await.unwrap();
    let path = store.path.join("t/000000000001.parquet");
    let content = fs::read(&path).unwrap();
    fs::write(&path, &content[..content.len() / 2]).unwrap();
    let error = store.warehouse().scan(&Scan::all(&table)).await.unwrap_err().to_string();
    assert!(error.contains("000000000001.parquet` is damaged"), "{error}");
    fs::remove_file(&path).unwrap();
    let error = store.warehouse().scan(&Scan::all(&table)).await.unwrap_err().to_string();
    assert!(error.contains("000000000001.parquet"), "{error}");
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_named() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("file"), "").unwrap();
    let url = format!("parquet://{}/file/lake", dir.path().display());
    let sink = tidegauge_storage::connect_sink(&url).unwrap();
    let error = sink.prepare(&[]).await.unwrap_err().to_string();
    assert!(error.contains("file/lake"), "{error}");
}

/// Folders of the first layout: no days, and a manifest that says so.
#[tokio::test]
async fn a_folder_of_an_older_layout_is_read_and_added_to() {
    let (old, store) = (Store::new("parquet"), Store::new("parquet"));
    let table = everything(WriteMode::Append);
    let rows = varied(&table, 20);
    let (first, second) = (rows.frame().slice(0, 10), rows.frame().slice(10, 10));
    let [first, second] = [first, second].map(|rows| Batch::new(&table, rows).unwrap());
    // What it looked like: all rows of a load in one file, whatever their day.
    let undated = Table { time: None, ..Table::clone(&table) }.into();
    let rows = Batch::new(&undated, first.frame().clone()).unwrap();
    load(&*old.sink(), None, "1", &[rows]).await.unwrap();
    fs::rename(&old.path, &store.path).unwrap();
    let manifest = store.path.join("_tidegauge/manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replace("\"version\":2", "\"version\":1")).unwrap();
    assert!(store.path.join("order/000000000001.parquet").exists());

    assert_eq!(store.rows(&table).await, 10);
    load(&*store.sink(), Some("1"), "2", &[second]).await.unwrap();
    assert_eq!(store.rows(&table).await, 20);
    let counted = store.warehouse().aggregate(&Aggregate::of(&table).count()).await.unwrap();
    assert_eq!(counted.column("count").unwrap().i64().unwrap().get(0), Some(20));
    let error = load(&*store.sink(), Some("2"), "3", &[first]).await.unwrap_err().to_string();
    assert!(error.contains("only takes new rows"), "{error}");
    assert!(fs::read_to_string(&manifest).unwrap().contains("\"version\":2"));
}

#[tokio::test]
async fn a_summary_of_some_days_reads_the_files_of_those() {
    let store = Store::new("parquet");
    let table = Table::builder("t", "Times")
        .column("id", DataType::Int64, "")
        .column("at", DataType::Timestamp, "")
        .key(["id"])
        .time("at")
        .build()
        .unwrap();
    let day = |day: i64| 1_704_067_200_000_000 + day * 86_400_000_000;
    // As many a day as are worth a file.
    let ids = 0..4 * 50_000;
    let times = ids.clone().map(|id| day(id / 50_000) + 1).collect();
    let columns = vec![Values::Ints(ids.collect()), Values::Timestamps(times)];
    let rows = Batch::from_columns(&table, 200_000, columns).unwrap();
    load(&*store.sink(), None, "1", &[rows]).await.unwrap();
    fs::remove_dir_all(store.path.join("t/at_day=2024-01-03")).unwrap();
    let (from, to) =
        ("2024-01-01T00:00:00Z".parse().unwrap(), "2024-01-03T00:00:00Z".parse().unwrap());
    let two_days = Aggregate::of(&table).count().during(Span::new(from, to));
    let frame = store.warehouse().aggregate(&two_days).await.unwrap();
    assert_eq!(frame.column("count").unwrap().i64().unwrap().get(0), Some(100_000));
    let all = Aggregate::of(&table).count();
    let error = store.warehouse().aggregate(&all).await.unwrap_err().to_string();
    assert!(error.contains("at_day=2024-01-03/000000000001.parquet"), "{error}");
}

/// A page of few rows a day is one file, which is left out by the times that are known of it.
#[tokio::test]
async fn days_of_few_rows_share_a_file() {
    let store = Store::new("parquet");
    let table = Table::builder("t", "Times")
        .column("id", DataType::Int64, "")
        .column("at", DataType::Timestamp, "")
        .column("owner", DataType::Int64, "")
        .key(["id"])
        .references(["owner"], "owners")
        .time("at")
        .build()
        .unwrap();
    let day = |day: i64| 1_704_067_200_000_000 + day * 86_400_000_000;
    for page in 0..3i64 {
        let mut builder = BatchBuilder::new(&table);
        for id in page * 10..(page + 1) * 10 {
            builder.push(Cell::Int(id.into())).unwrap();
            // The last page lies in one day.
            builder.push(Cell::Timestamp(day(if page == 2 { 90 } else { id }))).unwrap();
            builder.push(Cell::Int((100 + id).into())).unwrap();
        }
        let before = (page > 0).then(|| page.to_string());
        let rows = builder.finish().unwrap();
        load(&*store.sink(), before.as_deref(), &(page + 1).to_string(), &[rows]).await.unwrap();
    }
    let path = |name: &str| store.path.join("t").join(name);
    assert!(path("000000000001.parquet").exists() && path("000000000002.parquet").exists());
    assert!(path("at_day=2024-03-31/000000000003.parquet").exists());
    let at = |text: &str| text.parse().unwrap();
    let first = Span::new(at("2024-01-03T00:00:00Z"), at("2024-01-11T00:00:00Z"));
    let counted = Aggregate::of(&table).count().during(first);
    let some = Scan::all(&table).within("owner", 105..110);
    fs::remove_file(path("000000000002.parquet")).unwrap();
    fs::remove_file(path("at_day=2024-03-31/000000000003.parquet")).unwrap();
    let warehouse = store.warehouse();
    let frame = warehouse.aggregate(&counted).await.unwrap();
    assert_eq!(frame.column("count").unwrap().i64().unwrap().get(0), Some(8));
    assert_eq!(warehouse.scan(&some).await.unwrap().height(), 5);
    let longer = Span::new(first.from, at("2024-01-11T00:00:00.000001Z"));
    let error = warehouse.aggregate(&Aggregate::of(&table).count().during(longer)).await;
    let error = error.unwrap_err().to_string();
    assert!(error.contains("t/000000000002.parquet"), "{error}");
    let error = warehouse.scan(&some.within("owner", 109..=110)).await.unwrap_err().to_string();
    assert!(error.contains("t/000000000002.parquet"), "{error}");

    // Before there were ranges in manifests, a part could hold anything.
    let manifest = store.path.join("_tidegauge/manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    let ranges = "\"ranges\":{\"owner\":[110,119]},";
    assert!(text.contains(ranges), "{text}");
    fs::write(&manifest, text.replace(ranges, "")).unwrap();
    let error = warehouse.scan(&Scan::all(&table).within("owner", 0..1)).await.unwrap_err();
    assert!(error.to_string().contains("t/000000000002.parquet"), "{error}");
}

/// `/dev/full` is a disk without room, at the very moment of commit.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_leaves_nothing_and_the_next_load_goes_on() {
    for scheme in ["parquet", "csv"] {
        let store = Store::new(scheme);
        let table = simple("t", WriteMode::Append);
        load(&*store.sink(), None, "1", &[batch(&table, &[(1, "a")])]).await.unwrap();
        let before = files(&store.path);
        let next = store.path.join("_tidegauge/manifest.next");
        std::os::unix::fs::symlink("/dev/full", &next).unwrap();
        let rows = [batch(&table, &[(2, "b")])];
        let error = load(&*store.sink(), Some("1"), "2", &rows).await.unwrap_err().to_string();
        assert!(error.contains("is full; nothing was written"), "{error}");
        fs::remove_file(&next).unwrap();
        assert!(files(&store.path) == before, "{scheme}");
        load(&*store.sink(), Some("1"), "2", &rows).await.unwrap();
        assert_eq!(store.rows(&table).await, 2);
    }
}

#[tokio::test]
async fn a_table_that_is_written_otherwise_now_is_refused() {
    for scheme in ["parquet", "csv"] {
        let store = Store::new(scheme);
        store.sink().prepare(&[simple("t", WriteMode::Merge)]).await.unwrap();
        let error = store.sink().prepare(&[simple("t", WriteMode::Append)]).await.unwrap_err();
        assert!(error.to_string().contains("has merge by id"), "{error}");
    }
}
