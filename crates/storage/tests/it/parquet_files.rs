//! Tests of folders of Parquet files: the files of a killed load are removed, reads skip files that
//! cannot match, and folders of older layouts are read and added to.

use std::fs;

use tidegauge_core::{
    Aggregate, Batch, BatchBuilder, Cell, Cursor, DataType, Scan, Span, Table, Values,
    WarehouseExt, WriteMode,
};

use crate::support::{Store, batch, everything, files, load, simple, varied};

/// Returns the count of an aggregate.
async fn count(store: &Store, aggregate: &Aggregate) -> i64 {
    let counted = store.warehouse().aggregate(aggregate).await.unwrap();
    counted.column("count").unwrap().as_i64().unwrap().value(0)
}

#[tokio::test]
async fn parquet_removes_the_files_of_a_killed_load() {
    let store = Store::new("parquet");
    let table = simple("t", WriteMode::Append);
    load(&*store.sink(), None, "1", &[batch(&table, &[(1, "a")])]).await.unwrap();
    let whole = files(&store.path);
    // Killed before the manifest: half a file of the next commit, a file of a new table, a
    // manifest.
    let (next, other) = ("t/000000000002.parquet", "u/000000000002.parquet");
    fs::write(store.path.join(next), "PAR1 half a fi").unwrap();
    fs::create_dir(store.path.join("u")).unwrap();
    fs::write(store.path.join(other), "").unwrap();
    fs::write(store.path.join("_tidegauge/manifest.next"), "{").unwrap();
    // As written by releases that did not record the commit.
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
async fn the_error_names_a_missing_parquet_file() {
    let store = Store::new("parquet");
    let table = simple("t", WriteMode::Append);
    load(&*store.sink(), None, "1", &[batch(&table, &[(1, "a")])]).await.unwrap();
    let path = store.path.join("t/000000000001.parquet");
    let content = fs::read(&path).unwrap();
    fs::write(&path, &content[..content.len() / 2]).unwrap();
    let error = store.warehouse().read(&Scan::all(&table)).await.unwrap_err().to_string();
    assert!(error.contains("000000000001.parquet` is damaged"), "{error}");
    fs::remove_file(&path).unwrap();
    let error = store.warehouse().read(&Scan::all(&table)).await.unwrap_err().to_string();
    assert!(error.contains("000000000001.parquet"), "{error}");
}

/// Returns `true` if two batches have the same values.
fn same(one: &Batch, other: &Batch) -> bool {
    let rows = one.rows();
    rows == other.rows()
        && one
            .views()
            .unwrap()
            .iter()
            .zip(other.views().unwrap())
            .all(|(one, other)| (0..rows).all(|row| one.cell(row) == other.cell(row)))
}

/// Checks that a changed byte in a footer is reported with the name of the file. Reads of files
/// whose footers the manifest does not know, as older releases wrote it, may return other rows, but
/// do not panic.
#[tokio::test]
async fn a_flipped_byte_in_a_footer_is_reported() {
    let store = Store::new("parquet");
    let table = everything(WriteMode::Merge);
    load(&*store.sink(), None, "1", &[varied(&table, 300)]).await.unwrap();
    let (path, content) = files(&store.path)
        .into_iter()
        .find(|(path, _)| path.extension().is_some_and(|extension| extension == "parquet"))
        .unwrap();
    let whole = store.warehouse().read(&Scan::all(&table)).await.unwrap();
    let length: [u8; 4] = content[content.len() - 8..content.len() - 4].try_into().unwrap();
    let footer = usize::try_from(u32::from_le_bytes(length)).unwrap() + 8;
    let name = path.file_name().unwrap().to_str().unwrap();
    let mut state = 42u64;
    let mut next = |below: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    let manifest = store.path.join("_tidegauge/manifest.json");
    for (is_known, flips) in [(true, 400), (false, 400)] {
        if !is_known {
            let mut text: serde_json::Value =
                serde_json::from_slice(&fs::read(&manifest).unwrap()).unwrap();
            let part = text["tables"]["order"]["parts"][0].as_object_mut().unwrap();
            assert!(part.remove("footers").is_some());
            assert!(text.as_object_mut().unwrap().remove("seal").is_some());
            fs::write(&manifest, text.to_string()).unwrap();
        }
        let (mut refused, mut caught, mut silent) = (0, 0, 0);
        for _ in 0..flips {
            let mut bytes = content.clone();
            let at = content.len() - 1 - next(footer);
            bytes[at] = bytes[at].wrapping_add(u8::try_from(1 + next(255)).unwrap());
            fs::write(&path, &bytes).unwrap();
            let scan = Scan::all(&table).range("group", 0..50_000_000);
            match store.warehouse().read(&scan).await {
                Ok(rows) => silent += usize::from(!same(&rows, &scan.apply(&whole).unwrap())),
                Err(error) => {
                    refused += 1;
                    assert_eq!(error.kind(), tidegauge_core::ErrorKind::Corrupt, "{at}: {error}");
                    let error = error.to_string();
                    assert!(error.contains(name) && error.contains("restore it"), "{at}: {error}");
                    caught += usize::from(error.contains("cannot be decoded"));
                }
            }
        }
        eprintln!("{flips} flips: {refused} refused, {caught} by a panic; {silent} other rows");
        if is_known {
            assert_eq!((refused, silent), (flips, 0));
        } else {
            assert!(refused > flips / 2, "{refused}");
        }
    }
}

/// Returns the text of a manifest as a release wrote it that did not seal manifests.
fn unsealed(manifest: &std::path::Path) -> String {
    let text = fs::read_to_string(manifest).unwrap();
    let (rest, _) = text.rsplit_once(",\"seal\":").unwrap();
    format!("{rest}}}")
}

/// Checks a folder of the first layout: no days, and a manifest that says so.
#[tokio::test]
async fn a_folder_of_an_older_layout_is_read_and_appended_to() {
    let (old, store) = (Store::new("parquet"), Store::new("parquet"));
    let table = everything(WriteMode::Append);
    let rows = varied(&table, 20);
    let (first, second) = (rows.slice(0, 10), rows.slice(10, 10));
    // The first layout: all rows of a load in one file, whatever their day.
    let undated = Table { time: None, ..Table::clone(&table) }.into();
    let rows = Batch::new(&undated, first.record().clone()).unwrap();
    load(&*old.sink(), None, "1", &[rows]).await.unwrap();
    fs::rename(&old.path, &store.path).unwrap();
    let manifest = store.path.join("_tidegauge/manifest.json");
    let text = unsealed(&manifest);
    fs::write(&manifest, text.replace("\"version\":2", "\"version\":1")).unwrap();
    assert!(store.path.join("order/000000000001.parquet").exists());

    assert_eq!(store.rows(&table).await, 10);
    load(&*store.sink(), Some("1"), "2", &[second]).await.unwrap();
    assert_eq!(store.rows(&table).await, 20);
    assert_eq!(store.warehouse().count(&table).await.unwrap(), 20);
    let error = load(&*store.sink(), Some("2"), "3", &[first]).await.unwrap_err().to_string();
    assert!(error.contains("only takes new rows"), "{error}");
    assert!(fs::read_to_string(&manifest).unwrap().contains("\"version\":2"));
}

#[tokio::test]
async fn an_aggregate_of_some_days_reads_only_their_files() {
    let store = Store::new("parquet");
    let table = Table::builder("t", "Times")
        .column("id", DataType::Int64, "")
        .column("at", DataType::Timestamp, "")
        .key(["id"])
        .time("at")
        .build()
        .unwrap();
    let day = |day: i64| 1_704_067_200_000_000 + day * 86_400_000_000;
    // Enough rows per day for a file of their own.
    let ids = 0..4 * 50_000;
    let times = ids.clone().map(|id| day(id / 50_000) + 1).collect();
    let columns = vec![Values::Ints(ids.collect()), Values::Timestamps(times)];
    let rows = Batch::from_columns(&table, 200_000, columns).unwrap();
    load(&*store.sink(), None, "1", &[rows]).await.unwrap();
    fs::remove_dir_all(store.path.join("t/at_day=2024-01-03")).unwrap();
    let (from, to) =
        ("2024-01-01T00:00:00Z".parse().unwrap(), "2024-01-03T00:00:00Z".parse().unwrap());
    let two_days = Aggregate::new(&table).count().time_range(Span::new(from, to));
    assert_eq!(count(&store, &two_days).await, 100_000);
    let all = Aggregate::new(&table).count();
    let error = store.warehouse().aggregate(&all).await.unwrap_err().to_string();
    assert!(error.contains("at_day=2024-01-03/000000000001.parquet"), "{error}");
}

/// Checks that a page of few rows per day is one file, which is skipped by its range of times.
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
            // All rows of the last page are of one day.
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
    let counted = Aggregate::new(&table).count().time_range(first);
    let some = Scan::all(&table).range("owner", 105..110);
    fs::remove_file(path("000000000002.parquet")).unwrap();
    fs::remove_file(path("at_day=2024-03-31/000000000003.parquet")).unwrap();
    let warehouse = store.warehouse();
    assert_eq!(count(&store, &counted).await, 8);
    assert_eq!(warehouse.read(&some).await.unwrap().rows(), 5);
    let longer = Span::new(first.from, at("2024-01-11T00:00:00.000001Z"));
    let error = warehouse.aggregate(&Aggregate::new(&table).count().time_range(longer)).await;
    let error = error.unwrap_err().to_string();
    assert!(error.contains("t/000000000002.parquet"), "{error}");
    let more = Scan::all(&table).range("owner", 105..=110);
    let error = warehouse.read(&more).await.unwrap_err().to_string();
    assert!(error.contains("t/000000000002.parquet"), "{error}");

    // Without ranges in the manifest, as older releases wrote it, a part may hold any value.
    let manifest = store.path.join("_tidegauge/manifest.json");
    let text = unsealed(&manifest);
    let ranges = "\"ranges\":{\"owner\":[110,119]},";
    assert!(text.contains(ranges), "{text}");
    fs::write(&manifest, text.replace(ranges, "")).unwrap();
    let error = warehouse.read(&Scan::all(&table).range("owner", 0..1)).await.unwrap_err();
    assert!(error.to_string().contains("t/000000000002.parquet"), "{error}");
}

/// Tests of a folder that was written before this crate had its own Parquet reader:
/// `tests/fixtures/README.md`.
pub(crate) mod of_an_older_release {
    use std::collections::BTreeMap;
    use std::path::Path;

    use tidegauge_core::{Filter, Load, SinkExt, TableRef};

    use super::*;
    use crate::support::{assert_same, pairs};

    const DAY: i64 = 86_400_000_000;
    const START: i64 = 1_704_067_200_000_000;

    pub(crate) fn table() -> TableRef {
        Table::builder("order", "All types")
            .column("group", DataType::Int64, "")
            .column("select", DataType::Text, "")
            .nullable("flag", DataType::Bool, "")
            .nullable("share", DataType::Float64, "")
            .nullable("day", DataType::Date, "")
            .nullable("at", DataType::Timestamp, "")
            .nullable("small", DataType::Decimal { precision: 6, scale: 2 }, "")
            .nullable("fiat", DataType::FIAT, "")
            .nullable("crypto", DataType::CRYPTO, "")
            .nullable("huge", DataType::Decimal { precision: 38, scale: 20 }, "")
            .nullable("where", DataType::Text, "")
            .key(["group", "select"])
            .time("at")
            .build()
            .unwrap()
    }

    /// Returns the rows of the fixture, or more of the same kind.
    fn rows(table: &TableRef, ids: impl Iterator<Item = i64>, first: i64, step: i64) -> Batch {
        let mut builder = BatchBuilder::new(table);
        for at in ids {
            let some = |by: i64, cell| if at % by == 0 { Cell::Null } else { cell };
            let units = i128::from(at) * 99_999_999_999_999_999 - (1 << 60);
            let names = ["Zoë", "ada", "Ada", "", "😀", "z"];
            let name = |of: i64| names[usize::try_from(at % of).unwrap()];
            let cells = [
                Cell::Int((at * 1_000_003).into()),
                Cell::Text(name(6)),
                some(5, Cell::Bool(at % 2 == 0)),
                some(7, Cell::Float(at as f64 / 8.0)),
                some(11, Cell::Date(17_897 + i32::try_from(at).unwrap())),
                some(13, Cell::Timestamp(first + at * step)),
                some(3, Cell::Decimal(i128::from(at) - 50)),
                some(17, Cell::Decimal(i128::from(at) * 1_000_003 - 50_000_000)),
                some(19, Cell::Decimal(units * 10_000_000_000)), // files have them in 10⁻⁸
                some(23, Cell::Decimal(units * 1_000)),
                some(4, Cell::Text(name(5))),
            ];
            cells.into_iter().for_each(|cell| builder.push(cell).unwrap());
        }
        builder.finish().unwrap()
    }

    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let (from, to) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
            if from.is_dir() {
                copy(&from, &to);
            } else {
                fs::copy(&from, &to).unwrap();
            }
        }
    }

    pub(crate) fn copy_fixture(to: &Path) {
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/parquet-of-polars"), to);
    }

    #[tokio::test]
    async fn is_read_appended_to_and_read_again() {
        let store = Store::new("parquet");
        copy_fixture(&store.path);
        let (table, warehouse) = (table(), store.warehouse());
        let reached = warehouse.cursors().await.unwrap();
        assert_eq!(reached, BTreeMap::from([("fixture".to_owned(), Cursor::new("3"))]));
        let version = warehouse.data_version().await.unwrap();
        let first = rows(&table, 0..60, START - 30 * DAY, DAY);
        let ids = (61..100).filter(|at| at % 13 != 0);
        let second = rows(&table, ids, START + 90 * DAY, 1_000_001);
        let before = Batch::concat(&table, &[first, second]).unwrap();
        assert_same(&warehouse.read(&Scan::all(&table)).await.unwrap(), &before, &"as it was");
        let merged = simple("merged", WriteMode::Merge);
        let new = simple("new", WriteMode::Append);
        let text = |rows: &[(i64, &str)]| -> Vec<_> {
            rows.iter().map(|(id, text)| (*id, (*text).to_owned())).collect()
        };
        let found = pairs(&*warehouse, &merged).await;
        assert_eq!(found, text(&[(1, "A"), (2, "B"), (3, "c"), (4, "d"), (9, "z")]));
        assert_eq!(pairs(&*warehouse, &new).await, text(&[(1, "one"), (2, "two"), (3, "three")]));

        let more = rows(&table, 100..130, START + 100 * DAY, DAY);
        let batches =
            [more.clone(), batch(&merged, &[(2, "b2"), (10, "j")]), batch(&new, &[(4, "four")])];
        let (from, to) = (Cursor::new("3"), Cursor::new("4"));
        let load = |batches, before, after| Load::new("fixture", batches, before, after);
        warehouse.load(load(&batches, Some(&from), &to)).await.unwrap();
        let all = Batch::concat(&table, &[before, more]).unwrap();
        assert_same(&warehouse.read(&Scan::all(&table)).await.unwrap(), &all, &"with more");
        let found = pairs(&*warehouse, &merged).await;
        assert_eq!(found, text(&[(1, "A"), (2, "b2"), (3, "c"), (4, "d"), (9, "z"), (10, "j")]));
        let again = [batch(&new, &[(2, "again")])];
        let error = warehouse.load(load(&again, Some(&to), &from)).await.unwrap_err().to_string();
        assert!(error.contains("only takes new rows"), "{error}");
        assert_ne!(warehouse.data_version().await.unwrap(), version);

        for filter in [
            Filter::range("group", 55 * 1_000_003i64..65 * 1_000_003),
            Filter::is_in("where", ["ada", "😀"]).and(Filter::eq("flag", true)),
            Filter::is_null("small").and(Filter::range("share", 3.0..)),
            Filter::range("day", chrono::NaiveDate::from_ymd_opt(2019, 3, 1).unwrap()..),
        ] {
            let scan = Scan::columns(&table, ["crypto", "at", "group"]).filter(filter);
            let found = warehouse.read(&scan).await.unwrap();
            assert!(found.rows() > 0, "{scan:?}");
            assert_same(&found, &scan.apply(&all).unwrap(), &scan);
        }
    }
}
