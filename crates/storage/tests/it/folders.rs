//! Tests of folders of files, for all file formats.

use std::fs;

use tidegauge_core::WriteMode;

use crate::support::{Store, batch, files, load, simple};

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
async fn a_folder_of_another_format_is_refused() {
    let store = Store::new("csv");
    load(&*store.sink(), None, "1", &[]).await.unwrap();
    let other = store.url.replace("csv://", "parquet://");
    let error = tidegauge_storage::connect(&other).unwrap().cursor("test").await.unwrap_err();
    assert!(error.to_string().contains("choose another folder"), "{error}");
}

#[tokio::test]
async fn the_error_names_a_folder_that_cannot_be_created() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("file"), "").unwrap();
    let url = format!("parquet://{}/file/lake", dir.path().display());
    let sink = tidegauge_storage::connect_sink(&url).unwrap();
    let error = sink.prepare(&[]).await.unwrap_err().to_string();
    assert!(error.contains("file/lake"), "{error}");
}

/// Checks that a full disk at the moment of commit, played by `/dev/full`, leaves nothing behind.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_rolls_back_and_the_next_load_succeeds() {
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
async fn a_table_with_another_write_mode_is_refused() {
    for scheme in ["parquet", "csv"] {
        let store = Store::new(scheme);
        store.sink().prepare(&[simple("t", WriteMode::Merge)]).await.unwrap();
        let error = store.sink().prepare(&[simple("t", WriteMode::Append)]).await.unwrap_err();
        assert!(error.to_string().contains("has merge by id"), "{error}");
    }
}
