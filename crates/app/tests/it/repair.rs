//! A folder whose manifest is lost: refused, kept, repaired; and two stores at one location.

use std::fs;
use std::path::Path;

use crate::common::{assert_same, counts, done, says, tidegauge, url, warehouse};
use tempfile::TempDir;

const WAREHOUSE: [&str; 2] = ["--warehouse", "parquet://pq"];

fn run(dir: &Path, words: &[&str]) -> crate::common::Said {
    says(tidegauge(dir).args(WAREHOUSE).args(words))
}

/// Returns the Parquet files under `dir`, except for those in the store's own folder.
fn files(dir: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true if path.ends_with("_tidegauge") => {}
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found.sort();
    found
}

#[tokio::test]
async fn a_warehouse_without_its_manifest_loses_nothing_and_is_repaired() {
    let (dir, undisturbed) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    for dir in [&dir, &undisturbed] {
        let said = run(dir.path(), &["run", "--until", "2020-10-01", "--backup", "csv://csv"]);
        assert_eq!(said.code, Some(0), "{said:?}");
    }
    let pq = dir.path().join("pq");
    let before = files(&pq);
    let manifest = pq.join("_tidegauge/manifest.json");
    let older = fs::read(&manifest).unwrap();
    fs::remove_file(&manifest).unwrap();
    for words in [
        &["run", "--source", "recorded"][..],
        &["run", "--seed", "7"],
        &["status"],
        &["verify"],
        &["report"],
    ] {
        let said = run(dir.path(), words);
        assert_ne!(said.code, Some(0), "{words:?}: {said:?}");
        let told =
            said.err.contains("manifest.json` is gone") && said.err.contains("`tidegauge repair`");
        assert!(told, "{words:?}: {said:?}");
        assert_eq!(files(&pq), before, "{words:?}");
    }
    let said = run(dir.path(), &["repair"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("its manifest was gone"), "{said:?}");
    assert!(said.out.lines().any(|line| line.starts_with("  found: ")), "{said:?}");
    assert!(
        said.out.contains("goes on where it was: ") && said.out.contains("simulation"),
        "{said:?}"
    );
    let again = run(dir.path(), &["repair"]);
    assert!(again.out.contains("nothing was changed"), "{again:?}");
    let json = run(dir.path(), &["repair", "--output", "json"]).out;
    let told: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(told["stores"][0]["faults"], serde_json::json!([]), "{json}");
    let theirs = warehouse(&url("parquet", undisturbed.path(), "pq"));
    assert_same(theirs.as_ref(), warehouse(&url("parquet", dir.path(), "pq")).as_ref()).await;

    // The repaired folder and the backup are loaded further.
    for dir in [&dir, &undisturbed] {
        let said = run(dir.path(), &["run", "--until", "2020-10-10", "--backup", "csv://csv"]);
        assert_eq!(said.code, Some(0), "{said:?}");
    }
    assert_same(theirs.as_ref(), warehouse(&url("parquet", dir.path(), "pq")).as_ref()).await;
    assert_eq!(run(dir.path(), &["verify"]).code, Some(0));

    // The manifest is restored from an older backup of that file alone, which ends ten days before.
    let before = files(&pq);
    fs::write(&manifest, older).unwrap();
    let said = run(dir.path(), &["run"]);
    assert_ne!(said.code, Some(0), "{said:?}");
    assert!(said.err.contains("is an older one"), "{said:?}");
    assert_eq!(files(&pq), before);
    assert!(run(dir.path(), &["repair"]).out.contains("its manifest was older"));
    assert_same(theirs.as_ref(), warehouse(&url("parquet", dir.path(), "pq")).as_ref()).await;
    assert!(!counts(theirs.as_ref()).await.is_empty());
}

#[test]
fn a_backup_without_its_manifest_is_refused_and_keeps_its_lines() {
    let dir = TempDir::new().unwrap();
    done(dir.path(), &["run", "--backup", "csv://csv", "--source", "recorded"]);
    let path = dir.path().join("csv/_tidegauge/manifest.json");
    let (whole, lines) = (fs::read(&path).unwrap(), files(&dir.path().join("csv")));
    let lengths =
        || -> Vec<u64> { lines.iter().map(|path| path.metadata().unwrap().len()).collect() };
    let before = lengths();
    for (text, says_so) in [(None, "is gone"), (Some("{}"), "is damaged")] {
        match text {
            None => fs::remove_file(&path).unwrap(),
            Some(text) => fs::write(&path, text).unwrap(),
        }
        let said = says(tidegauge(dir.path()).args(["run", "--backup", "csv://csv"]));
        assert_ne!(said.code, Some(0), "{said:?}");
        let told = said.err.contains(says_so) && said.err.contains("move the folder away");
        assert!(told, "{said:?}");
        assert_eq!(lengths(), before);
    }
    fs::write(&path, whole).unwrap();
    done(dir.path(), &["run", "--backup", "csv://csv"]);
}

#[test]
fn two_stores_at_one_place_are_refused() {
    let dir = TempDir::new().unwrap();
    fs::create_dir(dir.path().join("sub")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("t.db", dir.path().join("link.db")).unwrap();
    let same = ["sqlite://t.db", "sqlite://./t.db", "sqlite://sub/../t.db", "sqlite://link.db"];
    for backup in same {
        let said = says(tidegauge(dir.path()).args([
            "--warehouse",
            "sqlite://t.db",
            "run",
            "--source",
            "recorded",
            "--backup",
            backup,
        ]));
        assert_eq!(said.code, Some(2), "{backup}: {said:?}");
        assert!(said.err.contains("are one place"), "{backup}: {said:?}");
        assert!(!dir.path().join("t.db").exists(), "nothing was written");
    }
    for (one, other) in [
        ("parquet://lake", "parquet://lake/"),
        ("parquet://lake", "csv://sub/../lake"),
        ("postgres://a:secret@localhost/db", "postgres://b@127.0.0.1:5432/db?sslmode=disable"),
    ] {
        let words = ["--warehouse", one, "run", "--backup", other];
        let said = says(tidegauge(dir.path()).args(words));
        assert_eq!(said.code, Some(2), "{other}: {said:?}");
        assert!(said.err.contains("are one place") && !said.err.contains("secret"), "{said:?}");
    }
    let words = ["--warehouse", "sqlite://t.db", "run", "--source", "recorded"];
    let said = says(tidegauge(dir.path()).args(words).args(["--backup", "sqlite://u.db"]));
    assert_eq!(said.code, Some(0), "{said:?}");
}

/// Checks that a named pipe is refused as a database, without waiting.
#[cfg(unix)]
#[test]
fn a_pipe_is_no_store() {
    let dir = TempDir::new().unwrap();
    let pipe = dir.path().join("t.db");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for words in ["status", "run"] {
        let said = says(tidegauge(dir.path()).args(["--warehouse", "sqlite://t.db", words]));
        assert_ne!(said.code, Some(0), "{said:?}");
        assert!(said.err.contains("is a pipe"), "{said:?}");
    }
}
