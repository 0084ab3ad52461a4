//! A folder whose manifest is lost: refused, kept, repaired; and two stores at one location.

use std::fs;
use std::path::Path;

use crate::common::{assert_same, command_in, counts, output_of, succeed, url, warehouse};
use tempfile::TempDir;

const WAREHOUSE: [&str; 2] = ["--warehouse", "parquet://pq"];

fn run(dir: &Path, words: &[&str]) -> crate::common::CommandOutput {
    output_of(command_in(dir).args(WAREHOUSE).args(words))
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
async fn warehouse_without_its_manifest_is_repaired_without_loss() {
    let (dir, undisturbed) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    for dir in [&dir, &undisturbed] {
        let output = run(dir.path(), &["run", "--until", "2020-10-01", "--backup", "csv://csv"]);
        assert_eq!(output.code, Some(0), "{output:?}");
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
        let output = run(dir.path(), words);
        assert_ne!(output.code, Some(0), "{words:?}: {output:?}");
        let reported = output.err.contains("manifest.json` is gone")
            && output.err.contains("`tidegauge repair`");
        assert!(reported, "{words:?}: {output:?}");
        assert_eq!(files(&pq), before, "{words:?}");
    }
    let output = run(dir.path(), &["repair"]);
    assert_eq!(output.code, Some(0), "{output:?}");
    assert!(output.out.contains("its manifest was gone"), "{output:?}");
    assert!(output.out.lines().any(|line| line.starts_with("  found: ")), "{output:?}");
    assert!(
        output.out.contains("goes on where it was: ") && output.out.contains("simulation"),
        "{output:?}"
    );
    let again = run(dir.path(), &["repair"]);
    assert!(again.out.contains("nothing was changed"), "{again:?}");
    let json = run(dir.path(), &["repair", "--output", "json"]).out;
    let reported: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(reported["stores"][0]["faults"], serde_json::json!([]), "{json}");
    let theirs = warehouse(&url("parquet", undisturbed.path(), "pq"));
    assert_same(theirs.as_ref(), warehouse(&url("parquet", dir.path(), "pq")).as_ref()).await;

    // The repaired folder and the backup are loaded further.
    for dir in [&dir, &undisturbed] {
        let output = run(dir.path(), &["run", "--until", "2020-10-10", "--backup", "csv://csv"]);
        assert_eq!(output.code, Some(0), "{output:?}");
    }
    assert_same(theirs.as_ref(), warehouse(&url("parquet", dir.path(), "pq")).as_ref()).await;
    assert_eq!(run(dir.path(), &["verify"]).code, Some(0));

    // The manifest is restored from an older backup of that file alone, which ends ten days before.
    let before = files(&pq);
    fs::write(&manifest, older).unwrap();
    let output = run(dir.path(), &["run"]);
    assert_ne!(output.code, Some(0), "{output:?}");
    assert!(output.err.contains("is an older one"), "{output:?}");
    assert_eq!(files(&pq), before);
    assert!(run(dir.path(), &["repair"]).out.contains("its manifest was older"));
    assert_same(theirs.as_ref(), warehouse(&url("parquet", dir.path(), "pq")).as_ref()).await;
    assert!(!counts(theirs.as_ref()).await.is_empty());
}

#[test]
fn backup_without_its_manifest_is_refused_and_keeps_its_lines() {
    let dir = TempDir::new().unwrap();
    succeed(dir.path(), &["run", "--backup", "csv://csv", "--source", "recorded"]);
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
        let output = output_of(command_in(dir.path()).args(["run", "--backup", "csv://csv"]));
        assert_ne!(output.code, Some(0), "{output:?}");
        let reported = output.err.contains(says_so) && output.err.contains("move the folder away");
        assert!(reported, "{output:?}");
        assert_eq!(lengths(), before);
    }
    fs::write(&path, whole).unwrap();
    succeed(dir.path(), &["run", "--backup", "csv://csv"]);
}

#[test]
fn two_stores_at_one_location_are_refused() {
    let dir = TempDir::new().unwrap();
    fs::create_dir(dir.path().join("sub")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("t.db", dir.path().join("link.db")).unwrap();
    let same = ["sqlite://t.db", "sqlite://./t.db", "sqlite://sub/../t.db", "sqlite://link.db"];
    for backup in same {
        let output = output_of(command_in(dir.path()).args([
            "--warehouse",
            "sqlite://t.db",
            "run",
            "--source",
            "recorded",
            "--backup",
            backup,
        ]));
        assert_eq!(output.code, Some(2), "{backup}: {output:?}");
        assert!(output.err.contains("are one place"), "{backup}: {output:?}");
        assert!(!dir.path().join("t.db").exists(), "nothing was written");
    }
    for (one, other) in [
        ("parquet://lake", "parquet://lake/"),
        ("parquet://lake", "csv://sub/../lake"),
        ("postgres://a:secret@localhost/db", "postgres://b@127.0.0.1:5432/db?sslmode=disable"),
    ] {
        let words = ["--warehouse", one, "run", "--backup", other];
        let output = output_of(command_in(dir.path()).args(words));
        assert_eq!(output.code, Some(2), "{other}: {output:?}");
        assert!(
            output.err.contains("are one place") && !output.err.contains("secret"),
            "{output:?}"
        );
    }
    let words = ["--warehouse", "sqlite://t.db", "run", "--source", "recorded"];
    let output = output_of(command_in(dir.path()).args(words).args(["--backup", "sqlite://u.db"]));
    assert_eq!(output.code, Some(0), "{output:?}");
}

/// Checks that a named pipe is refused as a database, without waiting.
#[cfg(unix)]
#[test]
fn pipe_is_refused_as_a_store() {
    let dir = TempDir::new().unwrap();
    let pipe = dir.path().join("t.db");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for words in ["status", "run"] {
        let output =
            output_of(command_in(dir.path()).args(["--warehouse", "sqlite://t.db", words]));
        assert_ne!(output.code, Some(0), "{output:?}");
        assert!(output.err.contains("is a pipe"), "{output:?}");
    }
}
