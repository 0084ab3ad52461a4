//! Tests of a folder whose manifest is missing, damaged or not the one of its files: it is refused,
//! none of its files is removed, and it can be repaired.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use object_store::ObjectStoreExt;
use serde_json::Value;
use tidegauge_core::{Cursor, ErrorKind, Load, Scan, TableRef, WarehouseExt, WriteMode};
use tidegauge_storage::repair;

use crate::support::gcs::Gcs;
use crate::support::{Store, batch, bucket as bucket_of, files, load, pairs, simple};

const MANIFEST: &str = "_tidegauge/manifest.json";

/// Returns a folder with three commits of two tables, and the manifests after each commit.
async fn filled(scheme: &str) -> (Store, [TableRef; 2], Vec<Vec<u8>>) {
    let store = Store::new(scheme);
    let tables = [simple("new", WriteMode::Append), simple("merged", WriteMode::Merge)];
    let mut manifests = Vec::new();
    for page in 0..3i64 {
        let rows = [batch(&tables[0], &[(page, "a")]), batch(&tables[1], &[(page % 2, "b")])];
        let before = (page > 0).then(|| page.to_string());
        load(&*store.sink(), before.as_deref(), &(page + 1).to_string(), &rows).await.unwrap();
        manifests.push(fs::read(store.path.join(MANIFEST)).unwrap());
    }
    (store, tables, manifests)
}

/// Returns the files with rows, and their contents.
fn data(dir: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut found = files(dir);
    found.retain(|(path, _)| !path.starts_with(dir.join("_tidegauge")));
    found
}

/// Asserts that every access to the store fails with an error that contains `says`, and that
/// nothing is removed or written.
async fn is_refused(store: &Store, tables: &[TableRef; 2], says: &str) {
    let before = data(&store.path);
    let manifest = fs::read(store.path.join(MANIFEST)).ok();
    let rows = [batch(&tables[0], &[(9, "z")])];
    let sink = store.sink();
    let mut errors = vec![
        store.sink().prepare(tables).await.unwrap_err(),
        load(&*store.sink(), Some("3"), "4", &rows).await.unwrap_err(),
        store.sink().cursor("test").await.unwrap_err(),
    ];
    // A second attempt of the same process fails as well.
    for _ in 0..2 {
        errors.push(load(&*sink, None, "1", &rows).await.unwrap_err());
    }
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
        let error = error.to_string();
        assert!(error.contains(says) && error.contains("manifest"), "{error} should say {says}");
        let way_out = if store.url.starts_with("csv") { "move the folder" } else { "repair" };
        assert!(error.contains(way_out) && !error.contains('\n'), "{error}");
    }
    assert!(data(&store.path) == before, "{says}");
    assert_eq!(fs::read(store.path.join(MANIFEST)).ok(), manifest, "{says}");
}

#[tokio::test]
async fn a_folder_without_its_manifest_is_refused_and_keeps_its_files() {
    for scheme in ["parquet", "csv"] {
        let (store, tables, _) = filled(scheme).await;
        fs::remove_file(store.path.join(MANIFEST)).unwrap();
        is_refused(&store, &tables, "is gone").await;
        if scheme == "parquet" {
            let scan = Scan::all(&tables[0]);
            let error = store.warehouse().read(&scan).await.unwrap_err().to_string();
            assert!(error.contains("manifest.json` is gone"), "{error}");
            // Like a copy that omits names with a leading `_`.
            fs::remove_dir_all(store.path.join("_tidegauge")).unwrap();
            is_refused(&store, &tables, "is gone").await;
        }
    }
}

/// Checks a copy of a CSV folder that omits names with a leading `_`: nothing shows which program
/// wrote the lines.
#[tokio::test]
async fn lines_without_a_manifest_are_not_appended_to() {
    let (store, tables, _) = filled("csv").await;
    fs::remove_dir_all(store.path.join("_tidegauge")).unwrap();
    let before = data(&store.path);
    let error = store.sink().prepare(&tables).await.unwrap_err().to_string();
    assert!(error.contains("move it away"), "{error}");
    assert!(data(&store.path) == before);
}

#[tokio::test]
async fn a_manifest_that_is_damaged_or_older_than_its_files_is_refused() {
    for scheme in ["parquet", "csv"] {
        let (store, tables, manifests) = filled(scheme).await;
        let whole = manifests[2].clone();
        let path = store.path.join(MANIFEST);
        let empty = format!(
            "{{\"version\":2,\"format\":\"{scheme}\",\"commit\":0,\"cursors\":{{}},\"tables\":{{}}}}"
        );
        for (text, says) in [
            (whole[..whole.len() / 2].to_vec(), "is damaged"),
            (b"{}".to_vec(), "is damaged"),
            (Vec::new(), "is damaged"),
            (empty.into_bytes(), "is an older one"),
            (manifests[0].clone(), "is an older one: it ends with commit 1, and commit 3 was made"),
            (manifests[1].clone(), "is an older one: it ends with commit 2, and commit 3 was made"),
        ] {
            fs::write(&path, text).unwrap();
            is_refused(&store, &tables, says).await;
        }
        // Where only the files show the last commit.
        fs::write(&path, &whole).unwrap();
        let lock = fs::read(store.path.join("_tidegauge/lock")).unwrap();
        for older in &manifests[..2] {
            fs::write(store.path.join("_tidegauge/lock"), "").unwrap();
            fs::write(&path, older).unwrap();
            is_refused(&store, &tables, "is not the manifest of what is there").await;
        }
        fs::write(&path, &whole).unwrap();
        fs::write(store.path.join("_tidegauge/lock"), lock).unwrap();
        let rows = [batch(&tables[0], &[(9, "z")])];
        load(&*store.sink(), Some("3"), "4", &rows).await.unwrap();
        assert_eq!(store.rows(&tables[0]).await, 4);
    }
}

#[tokio::test]
async fn an_unknown_file_is_not_removed() {
    let (store, tables, _) = filled("parquet").await;
    let copy = store.path.join("new/000000000009.parquet");
    fs::copy(store.path.join("new/000000000001.parquet"), &copy).unwrap();
    is_refused(&store, &tables, "000000000009.parquet").await;
    let (csv, tables, _) = filled("csv").await;
    let path = csv.path.join("new.csv");
    let lines = fs::read_to_string(&path).unwrap() + "77,by hand\n";
    fs::write(&path, &lines).unwrap();
    is_refused(&csv, &tables, "new.csv").await;
    assert_eq!(fs::read_to_string(&path).unwrap(), lines);
}

/// Checks that the next load reports a table that was removed by hand, even if it does not read the
/// table.
#[tokio::test]
async fn the_next_load_reports_a_missing_file() {
    for (scheme, file) in [("parquet", "new"), ("csv", "new.csv")] {
        let (store, tables, _) = filled(scheme).await;
        let path = store.path.join(file);
        if path.is_dir() {
            fs::remove_dir_all(&path).unwrap();
        } else {
            fs::remove_file(&path).unwrap();
        }
        let rows = [batch(&tables[1], &[(9, "z")])];
        let error = load(&*store.sink(), Some("3"), "4", &rows).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
        assert!(error.to_string().contains("gone") && error.to_string().contains(file), "{error}");
    }
}

#[tokio::test]
async fn a_repaired_folder_has_the_same_rows_and_accepts_loads() {
    let (store, tables, manifests) = filled("parquet").await;
    let path = store.path.join(MANIFEST);
    let (rows, whole) = (data(&store.path), &manifests[2]);
    let wanted: Value = serde_json::from_slice(whole).unwrap();
    let merged = pairs(&*store.warehouse(), &tables[1]).await;
    for (text, found) in [
        (None, "its manifest was gone"),
        (Some(b"{}".to_vec()), "its manifest was damaged"),
        (Some(manifests[0].clone()), "its manifest was older"),
        (Some(manifests[1].clone()), "its manifest was older"),
    ] {
        match &text {
            None => fs::remove_file(&path).unwrap(),
            Some(text) => fs::write(&path, text).unwrap(),
        }
        let repaired = repair(&store.url, &[]).await.unwrap();
        assert!(repaired.faults[0].contains(found), "{repaired:?}");
        assert_eq!(repaired.cursors, BTreeMap::from([("test".into(), Cursor::new("3"))]));
        assert!(repaired.rejected.is_empty() && repaired.unrecoverable.is_empty(), "{repaired:?}");
        assert_eq!((repaired.tables["new"].files, repaired.tables["new"].rows), (3, 3));
        let made: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        assert_eq!(made, wanted, "{found}");
        assert!(data(&store.path) == rows);
        // A manifest that was replaced is kept as a copy, whether it could be read or not.
        let kept = files(&store.path.join("_tidegauge"));
        let is_kept = text.is_none() || kept.iter().any(|(_, kept)| Some(kept) == text.as_ref());
        assert!(is_kept, "{found}");
    }
    let again = repair(&store.url, &[]).await.unwrap();
    assert!(again.faults.is_empty(), "{again:?}");
    assert_eq!(pairs(&*store.warehouse(), &tables[1]).await, merged);
    let next = [batch(&tables[0], &[(9, "z")])];
    load(&*store.sink(), Some("3"), "4", &next).await.unwrap();
    let error = load(&*store.sink(), Some("4"), "5", &next).await.unwrap_err().to_string();
    assert!(error.contains("only takes new rows"), "{error}");
    assert_eq!(store.rows(&tables[0]).await, 4);
}

/// Checks that a rebuilt manifest equals the lost one, for rows by day, ranges and added columns.
#[tokio::test]
async fn a_repaired_manifest_equals_the_lost_one() {
    use crate::support::{everything, varied};

    let store = Store::new("parquet");
    let table = everything(WriteMode::Append);
    let rows = varied(&table, 90);
    for page in 0..3usize {
        let before = (page > 0).then(|| page.to_string());
        let rows = [rows.slice(page * 30, 30)];
        load(&*store.sink(), before.as_deref(), &(page + 1).to_string(), &rows).await.unwrap();
    }
    let (sink, other) = (store.sink(), simple("u", WriteMode::Merge));
    let (after, rows) = (Cursor::new("x"), [batch(&other, &[(1, "a")])]);
    let load = Load::new("another", &rows, None, &after);
    sink.load(load).await.unwrap();
    let path = store.path.join(MANIFEST);
    let wanted: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    fs::remove_dir_all(store.path.join("_tidegauge")).unwrap();
    let repaired = repair(&store.url, &[]).await.unwrap();
    assert!(repaired.unrecoverable.is_empty(), "{repaired:?}");
    let made: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert_eq!(made, wanted);
}

#[tokio::test]
async fn a_repair_excludes_an_interrupted_load() {
    let (store, tables, manifests) = filled("parquet").await;
    // Killed between its two files: the last one is missing, and the lock still says so.
    let lock = store.path.join("_tidegauge/lock");
    fs::write(&lock, "loading 00000000000000000003\n").unwrap();
    fs::remove_file(store.path.join("merged/000000000003.parquet")).unwrap();
    fs::write(store.path.join(MANIFEST), &manifests[1]).unwrap();
    let healthy = repair(&store.url, &[]).await.unwrap();
    assert!(healthy.faults.is_empty(), "the next load removes what is left: {healthy:?}");
    assert!(store.path.join("new/000000000003.parquet").exists());
    fs::remove_file(store.path.join(MANIFEST)).unwrap();
    let repaired = repair(&store.url, &[]).await.unwrap();
    assert_eq!(repaired.cursors["test"], Cursor::new("2"));
    assert_eq!(repaired.rejected.len(), 1, "{repaired:?}");
    assert!(repaired.rejected[0].reason.contains("was not finished"), "{repaired:?}");
    assert!(!store.path.join("new/000000000003.parquet").exists());
    let moved = files(&store.path.join("_tidegauge"));
    assert!(moved.iter().any(|(path, _)| path.ends_with("new/000000000003.parquet")), "kept");
    assert_eq!(store.rows(&tables[0]).await, 2);
    let rows = [batch(&tables[0], &[(2, "a")]), batch(&tables[1], &[(0, "b")])];
    load(&*store.sink(), Some("2"), "3", &rows).await.unwrap();
    assert_eq!(store.rows(&tables[0]).await, 3);
}

#[tokio::test]
async fn a_repair_reports_missing_files() {
    let (store, tables, _) = filled("parquet").await;
    fs::remove_file(store.path.join("new/000000000002.parquet")).unwrap();
    let repaired = repair(&store.url, &[]).await.unwrap();
    let faults = repaired.faults.join("; ");
    assert!(faults.contains("new/000000000002.parquet` was gone, and 1 rows with it"), "{faults}");
    assert!(repaired.unrecoverable[0].contains("behind rows that are gone"), "{repaired:?}");
    assert_eq!(repaired.cursors["test"], Cursor::new("3"));
    assert_eq!(store.rows(&tables[0]).await, 2);
    // The same without the manifest: the commits before and after were made, so this one was, too.
    fs::remove_file(store.path.join("merged/000000000001.parquet")).unwrap();
    fs::remove_file(store.path.join(MANIFEST)).unwrap();
    let repaired = repair(&store.url, &[]).await.unwrap();
    let faults = repaired.faults.join("; ");
    assert!(faults.contains("of commit 1, by `test`, 1 files are there"), "{faults}");
    assert!(faults.contains("of commit 2, by `test`, 1 of 2 files are there"), "{faults}");
    assert_eq!(repaired.cursors["test"], Cursor::new("3"));
    assert_eq!(store.rows(&tables[0]).await, 2);
}

/// Checks a folder of a release that wrote no notes into its files: `tests/fixtures/README.md`.
#[tokio::test]
async fn files_of_an_older_release_are_repaired_as_far_as_possible() {
    use crate::parquet_files::of_an_older_release as older;

    let (store, table) = (Store::new("parquet"), older::table());
    older::copy_fixture(&store.path);
    let (merged, new) = (simple("merged", WriteMode::Merge), simple("new", WriteMode::Append));
    let (all, newest) = (store.rows(&table).await, pairs(&*store.warehouse(), &merged).await);
    fs::remove_file(store.path.join(MANIFEST)).unwrap();
    let error = repair(&store.url, &[]).await.unwrap_err().to_string();
    assert!(error.contains("declare the table `"), "{error}");
    assert!(!store.path.join(MANIFEST).exists());
    let tables = [table.clone(), merged.clone(), new.clone()];
    let repaired = repair(&store.url, &tables).await.unwrap();
    assert!(repaired.cursors.is_empty() && repaired.rejected.is_empty(), "{repaired:?}");
    let unknown = &repaired.unrecoverable[0];
    assert!(unknown.contains("how far those were loaded cannot be known"), "{unknown}");
    assert_eq!(store.rows(&table).await, all);
    assert_eq!(store.rows(&new).await, 3);
    assert_eq!(pairs(&*store.warehouse(), &merged).await, newest);
}

#[tokio::test]
async fn stores_without_a_manifest_cannot_be_repaired() {
    for (url, says) in
        [("csv://backup", "move the folder away"), ("sqlite://t.db", "restore it from a backup")]
    {
        let error = repair(url, &[]).await.unwrap_err().to_string();
        assert!(error.contains("cannot be repaired") && error.contains(says), "{error}");
    }
    let store = Store::new("parquet");
    assert!(repair(&store.url, &[]).await.unwrap().faults.is_empty());
    assert!(!store.path.exists(), "nothing is written where nothing is");
}

#[tokio::test]
async fn a_bucket_without_its_manifest_or_with_an_older_one_is_refused() {
    let gcs = Gcs::default();
    let (_server, url) = gcs.serve().await;
    let (store, table) = (Store::at(url), simple("t", WriteMode::Append));
    let manifest = || gcs.0.lock().unwrap().objects["lake/_tidegauge/manifest.json"].clone();
    let mut manifests = Vec::new();
    for page in 0..3i64 {
        let before = (page > 0).then(|| page.to_string());
        let rows = [batch(&table, &[(page, "a")])];
        load(&*store.sink(), before.as_deref(), &(page + 1).to_string(), &rows).await.unwrap();
        manifests.push(manifest());
    }
    let names = || -> Vec<String> {
        let state = gcs.0.lock().unwrap();
        state.objects.keys().filter(|name| name.starts_with("lake/t/")).cloned().collect()
    };
    assert_eq!(names().len(), 3);
    let notes =
        gcs.0.lock().unwrap().objects.keys().filter(|name| name.contains("/loading/")).count();
    assert_eq!(notes, 0, "loads that have ended leave no note");
    let rows = [batch(&table, &[(9, "z")])];
    for (older, says) in [
        (None, "is gone"),
        (Some(&manifests[0]), "is not the manifest of what is there"),
        (Some(&manifests[1]), "is not the manifest of what is there"),
    ] {
        let key = "lake/_tidegauge/manifest.json".to_owned();
        match older {
            None => gcs.0.lock().unwrap().objects.remove(&key),
            Some(older) => gcs.0.lock().unwrap().objects.insert(key, older.clone()),
        };
        for error in [
            store.sink().prepare(std::slice::from_ref(&table)).await.unwrap_err(),
            store.sink().cursor("test").await.unwrap_err(),
            load(&*store.sink(), Some("3"), "4", &rows).await.unwrap_err(),
        ] {
            let error = error.to_string();
            assert!(error.contains(says) && error.contains("tidegauge repair"), "{error}");
        }
        assert_eq!(names().len(), 3);
    }
    // A process that has seen the newest manifest notices an older one without a look at the files.
    gcs.0
        .lock()
        .unwrap()
        .objects
        .insert("lake/_tidegauge/manifest.json".into(), manifests[2].clone());
    let sink = store.sink();
    sink.cursor("test").await.unwrap();
    gcs.0
        .lock()
        .unwrap()
        .objects
        .insert("lake/_tidegauge/manifest.json".into(), manifests[1].clone());
    let error = load(&*sink, Some("3"), "4", &rows).await.unwrap_err().to_string();
    assert!(error.contains("is an older one"), "{error}");
    let repaired = repair(&store.url, &[]).await.unwrap();
    assert!(repaired.faults[0].contains("did not name all files"), "{repaired:?}");
    assert_eq!(store.sink().cursor("test").await.unwrap(), Some(Cursor::new("3")));
    assert_eq!(store.rows(&table).await, 3);
}

#[tokio::test]
async fn a_bucket_is_repaired() {
    let Some(store) = Store::of("s3") else { return };
    let (table, other) = (simple("t", WriteMode::Append), simple("u", WriteMode::Merge));
    for page in 0..3i64 {
        let before = (page > 0).then(|| page.to_string());
        let rows = [batch(&table, &[(page, "a")]), batch(&other, &[(1, "b")])];
        load(&*store.sink(), before.as_deref(), &(page + 1).to_string(), &rows).await.unwrap();
    }
    let healthy = repair(&store.url, &[]).await.unwrap();
    assert!(healthy.faults.is_empty(), "{healthy:?}");
    // The manifest is gone, and there is half a file of an interrupted load.
    let (bucket, folder) = bucket_of(&store.url);
    bucket.delete(&folder.clone().join("_tidegauge").join("manifest.json")).await.unwrap();
    let half = folder.clone().join("t").join("000000000004-00000000000000ab.parquet");
    bucket.put(&half, "PAR1 half a fi".into()).await.unwrap();
    let error = store.sink().cursor("test").await.unwrap_err().to_string();
    assert!(error.contains("is gone"), "{error}");
    let repaired = repair(&store.url, &[]).await.unwrap();
    assert_eq!(repaired.cursors["test"], Cursor::new("3"));
    assert_eq!(repaired.rejected.len(), 1, "{repaired:?}");
    assert!(bucket.head(&half).await.is_err(), "it was moved");
    assert_eq!(store.rows(&table).await, 3);
    assert_eq!(store.rows(&other).await, 1);
    load(&*store.sink(), Some("3"), "4", &[batch(&table, &[(9, "z")])]).await.unwrap();
    assert_eq!(store.rows(&table).await, 4);
}

/// Tests of folders from before and after a reset.
mod resets {
    use std::collections::BTreeMap;
    use std::fs;
    use std::path::{Path, PathBuf};

    use tidegauge_core::{
        Batch, BatchBuilder, Cell, Cursor, DataType, Removal, Reset, Table, TableRef, WriteMode,
    };
    use tidegauge_storage::repair;

    use super::MANIFEST;
    use crate::support::{Store, batch, files, load, pairs, simple};

    type Files = BTreeMap<PathBuf, Vec<u8>>;

    const LOCK: &str = "_tidegauge/lock";
    const KEPT: &str = "_tidegauge/reset.json";

    fn taken(dir: &Path) -> Files {
        let within = |(path, bytes): (PathBuf, _)| (path.strip_prefix(dir).unwrap().into(), bytes);
        files(dir).into_iter().map(within).collect()
    }

    fn put(dir: &Path, files: &Files) {
        fs::remove_dir_all(dir).unwrap();
        for (path, bytes) in files {
            fs::create_dir_all(dir.join(path).parent().unwrap()).unwrap();
            fs::write(dir.join(path), bytes).unwrap();
        }
    }

    /// Returns a table in which a reset keeps the rows of other sources.
    fn shared() -> TableRef {
        Table::builder("shared", "")
            .column("id", DataType::Int64, "")
            .column("text", DataType::Text, "")
            .column("source", DataType::Text, "")
            .key(["source", "id"])
            .write(WriteMode::Merge)
            .build()
            .unwrap()
    }

    fn rows(of: &[(i128, &str, &str)]) -> Batch {
        let mut builder = BatchBuilder::new(&shared());
        for (id, text, source) in of {
            builder.push(Cell::Int(*id)).unwrap();
            builder.push(Cell::Text(text)).unwrap();
            builder.push(Cell::Text(source)).unwrap();
        }
        builder.finish().unwrap()
    }

    /// Loads, and resets all of `new` and some rows of `shared`; returns the files before and
    /// after.
    async fn reset(store: &Store) -> (Files, Files) {
        let (new, sink) = (simple("new", WriteMode::Append), store.sink());
        let pages = [
            vec![batch(&new, &[(1, "a")]), rows(&[(1, "a", "ours"), (2, "old", "theirs")])],
            vec![rows(&[(2, "newer", "theirs")]), batch(&new, &[(2, "b")])],
            vec![rows(&[(3, "c", "ours")])],
        ];
        for (at, page) in pages.iter().enumerate() {
            let before = (at > 0).then(|| at.to_string());
            load(&*sink, before.as_deref(), &(at + 1).to_string(), page).await.unwrap();
        }
        let before = taken(&store.path);
        let removals =
            [Removal::all(&new), Removal::by_values(&shared(), "source", ["ours"]).unwrap()];
        let at = Cursor::new("3");
        let cursors = [("test", Some(&at))];
        let reset = Reset { cursors: &cursors, removals: &removals, dry_run: false };
        assert_eq!(sink.reset(reset).await.unwrap(), [2, 2]);
        (before, taken(&store.path))
    }

    /// Returns the contents of the two tables, and the cursor.
    async fn held(store: &Store) -> (usize, Vec<(i64, String)>, Option<Cursor>) {
        let new = store.rows(&simple("new", WriteMode::Append)).await;
        let cursor = store.sink().cursor("test").await.unwrap();
        (new, pairs(&*store.warehouse(), &shared()).await, cursor)
    }

    fn was() -> (usize, Vec<(i64, String)>, Option<Cursor>) {
        let shared = [(1, "a"), (2, "newer"), (3, "c")];
        (2, shared.map(|(id, text)| (id, text.to_owned())).to_vec(), Some(Cursor::new("3")))
    }

    fn is() -> (usize, Vec<(i64, String)>, Option<Cursor>) {
        (0, vec![(2, "newer".to_owned())], None)
    }

    #[tokio::test]
    async fn an_interrupted_reset_is_atomic() {
        let store = Store::new("parquet");
        let (before, after) = reset(&store).await;
        let loaded = format!("loaded  {:020}\n", 5).into_bytes();
        assert_eq!(after[Path::new(LOCK)], loaded, "its own commit and one for a part");
        assert_eq!(held(&store).await, is());
        let (old, note) = (before[Path::new(MANIFEST)].clone(), "resets  00000000000000000004\n");
        let set = |files: &Files, path: &str, bytes: Option<&[u8]>| {
            let mut files = files.clone();
            match bytes {
                Some(bytes) => files.insert(path.into(), bytes.to_owned()),
                None => files.remove(Path::new(path)),
            };
            files
        };
        // Killed before its manifest was written, and killed before the files were removed.
        let mut both = before.clone();
        both.extend(after.clone());
        let both = set(&set(&both, LOCK, Some(note.as_bytes())), KEPT, None);
        for (files, wanted) in [(set(&both, MANIFEST, Some(&old)), was()), (both.clone(), is())] {
            put(&store.path, &files);
            assert_eq!(held(&store).await, wanted);
            let healthy = repair(&store.url, &[]).await.unwrap();
            assert!(healthy.faults.is_empty() && healthy.rejected.is_empty(), "{healthy:?}");
            let at = wanted.2.as_ref().map(Cursor::as_str);
            load(&*store.sink(), at, "next", &[]).await.unwrap();
            assert_eq!((held(&store).await.0, held(&store).await.1), (wanted.0, wanted.1.clone()));
            let left = |files: &Files| -> Vec<PathBuf> {
                files.keys().filter(|path| !path.starts_with("_tidegauge")).cloned().collect()
            };
            let unbroken = if wanted == was() { &before } else { &after };
            assert_eq!(left(&taken(&store.path)), left(unbroken));
            load(&*store.sink(), Some("next"), "more", &[]).await.unwrap();

            // The manifest is lost as well: all former rows are restored, and the reset is
            // reported.
            put(&store.path, &set(&files, MANIFEST, None));
            let repaired = repair(&store.url, &[]).await.unwrap();
            let unknown = repaired.unrecoverable.join("; ");
            assert!(unknown.contains("a reset was broken off"), "{repaired:?}");
            assert_eq!(held(&store).await, was());
            load(&*store.sink(), Some("3"), "4", &[]).await.unwrap();
        }
        // The copy of the manifest was written, and the files were not removed yet.
        let files = set(&both, KEPT, Some(&after[Path::new(MANIFEST)]));
        put(&store.path, &set(&files, MANIFEST, None));
        let repaired = repair(&store.url, &[]).await.unwrap();
        assert_eq!(held(&store).await, is());
        assert!(
            repaired
                .rejected
                .iter()
                .all(|file| file.reason.contains("a reset has removed its rows"))
        );
        assert_eq!(repaired.rejected.len(), 4, "{repaired:?}");
    }

    #[tokio::test]
    async fn a_repair_after_a_reset_restores_the_state_after_it() {
        let store = Store::new("parquet");
        let (before, after) = reset(&store).await;
        // The manifest is gone, or the one from before the reset was restored.
        for text in [None, before.get(Path::new(MANIFEST))] {
            put(&store.path, &after);
            match text {
                None => fs::remove_file(store.path.join(MANIFEST)).unwrap(),
                Some(text) => fs::write(store.path.join(MANIFEST), text).unwrap(),
            }
            let repaired = repair(&store.url, &[]).await.unwrap();
            assert_eq!(repaired.faults.len(), 1, "{repaired:?}");
            assert!(
                repaired.unrecoverable.is_empty() && repaired.rejected.is_empty(),
                "{repaired:?}"
            );
            assert_eq!(held(&store).await, is());
        }
        // Rows that were loaded after the reset are restored, with their cursor.
        let new = [batch(&simple("new", WriteMode::Append), &[(1, "a")])];
        load(&*store.sink(), None, "1", &new).await.unwrap();
        fs::remove_file(store.path.join(MANIFEST)).unwrap();
        repair(&store.url, &[]).await.unwrap();
        assert_eq!(held(&store).await, (1, is().1, Some(Cursor::new("1"))));
        // A copy that omits names with a leading `_`: the order of the row versions is known, and
        // the reset is reported.
        put(&store.path, &after);
        fs::remove_dir_all(store.path.join("_tidegauge")).unwrap();
        let repaired = repair(&store.url, &[]).await.unwrap();
        assert!(
            repaired.unrecoverable.join("; ").contains("a reset has written rows anew"),
            "{repaired:?}"
        );
        let (new, shared, _) = held(&store).await;
        assert_eq!((new, shared), (0, is().1));
    }
}
