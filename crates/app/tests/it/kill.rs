//! Kills of the command at twenty moments: no row is lost or duplicated.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::common::{
    assert_same, assert_same_files, command_in, output_of, succeed, url, warehouse,
};
use tempfile::TempDir;
use tidegauge::core::Cursor;
use tidegauge::storage;

const KILLS: usize = 20;

/// Returns the command of a run with small pages, so that kills happen between and during many
/// commits.
fn run(dir: &Path) -> Command {
    let mut command = command_in(dir);
    command.env("TIDEGAUGE_SIMULATION__PAGE_ROWS", "400");
    command.args(["run", "--backup", "csv://csv", "--backup", "parquet://parquet"]);
    command
}

/// Returns `true` if the run in `dir` was finished; the next one then plays the next day.
async fn is_finished(dir: &Path) -> bool {
    let sink = storage::connect_sink(&url("sqlite", dir, "tidegauge.db")).unwrap();
    let mark = sink.cursor("pipeline").await.unwrap();
    mark.is_some_and(|mark| mark.as_str().contains(r#""finished":true"#))
}

fn start(dir: &Path) -> Child {
    run(dir).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Returns the cursor of each sink and source, without writing anything.
async fn standing(dir: &Path) -> Vec<Option<Cursor>> {
    let mut cursors = Vec::new();
    for (scheme, name) in [("sqlite", "tidegauge.db"), ("csv", "csv"), ("parquet", "parquet")] {
        let sink = storage::connect_sink(&url(scheme, dir, name)).unwrap();
        for source in ["recorded", "market", "simulation"] {
            cursors.push(sink.cursor(source).await.unwrap());
        }
    }
    cursors
}

/// Checks that `dir` holds the same rows as `undisturbed`.
async fn check(dir: &Path, undisturbed: &Path) {
    let whole = warehouse(&url("sqlite", undisturbed, "tidegauge.db"));
    for (scheme, name) in [("sqlite", "tidegauge.db"), ("parquet", "parquet")] {
        assert_same(whole.as_ref(), warehouse(&url(scheme, dir, name)).as_ref()).await;
    }
    assert_same_files(&undisturbed.join("csv"), &dir.join("csv"));
    assert!(succeed(dir, &["verify"]).contains("rules hold"));
}

/// Deletes the manifest of the Parquet folder, if it has files of rows: the next run must report
/// that and keep every file, and `repair` must rebuild it. Returns `false` if there was no file of
/// rows.
fn lose_manifest(dir: &Path) -> bool {
    let files = || {
        let entries = fs::read_dir(dir.join("parquet")).into_iter().flatten();
        let folders = entries.map(|entry| entry.unwrap().path());
        let folders = folders.filter(|path| path.is_dir() && !path.ends_with("_tidegauge"));
        folders.map(|path| fs::read_dir(path).unwrap().count()).sum::<usize>()
    };
    let before = files();
    if before == 0 {
        return false;
    }
    fs::remove_file(dir.join("parquet/_tidegauge/manifest.json")).unwrap();
    let output = output_of(&mut run(dir));
    assert_ne!(output.code, Some(0), "{output:?}");
    assert!(output.err.contains("`tidegauge repair`"), "{output:?}");
    assert_eq!(files(), before, "{output:?}");
    succeed(dir, &["--warehouse", "parquet://parquet", "repair"]);
    true
}

/// A deterministic generator of fractions of one (Knuth's MMIX).
struct Moments(u64);

impl Moments {
    fn next(&mut self) -> f64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from(u32::try_from(self.0 >> 32).unwrap()) / f64::from(u32::MAX)
    }
}

#[tokio::test]
async fn rows_are_loaded_once_after_twenty_kills() {
    let undisturbed = TempDir::new().unwrap();
    let begun = Instant::now();
    assert_eq!(output_of(&mut run(undisturbed.path())).code, Some(0));
    let whole = begun.elapsed();
    let end = standing(undisturbed.path()).await;
    assert!(end.iter().all(Option::is_some), "{end:?}");
    assert!(succeed(undisturbed.path(), &["verify"]).contains("rules hold"));

    let mut moments = Moments(42);
    let mut place = TempDir::new().unwrap();
    let (mut kills, mut amid, mut apart, mut finished, mut lost) = (0, 0, 0, 0, 0);
    for _ in 0..3 * KILLS {
        let mut child = start(place.path());
        thread::sleep(whole.mul_f64(moments.next() * 0.4));
        let ended = child.try_wait().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        match is_finished(place.path()).await {
            true => {
                // The run had finished: its result is compared, and the next one begins anew.
                assert!(ended.is_none_or(|status| status.success()), "{ended:?}");
                check(place.path(), undisturbed.path()).await;
                (place, finished) = (TempDir::new().unwrap(), finished + 1);
            }
            false => {
                assert_eq!(ended, None, "ended, and not finished");
                kills += 1;
                let found = standing(place.path()).await;
                amid += usize::from(found != end && found.iter().any(Option::is_some));
                // The kill fell between the commits of one page to its three sinks.
                apart += usize::from(found[..3] != found[3..6] || found[..3] != found[6..]);
                if kills % 5 == 0 {
                    lost += usize::from(lose_manifest(place.path()));
                }
            }
        }
        if kills == KILLS {
            break;
        }
    }
    let output = output_of(&mut run(place.path()));
    assert_eq!(output.code, Some(0), "{output:?}");
    check(place.path(), undisturbed.path()).await;
    println!(
        "{kills} kills, {amid} of them amid the load, {apart} between two sinks, {lost} manifests lost; \
         {} runs compared, undisturbed {:.1} s",
        finished + 1,
        Duration::as_secs_f64(&whole)
    );
    // Fewer kills would prove nothing.
    assert_eq!(kills, KILLS);
    assert!(amid >= 10, "only {amid} kills came between the first commit and the last");
}
