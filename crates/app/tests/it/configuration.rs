//! Errors of the settings: one line, in the user's words, with the line of the file.

use std::fs;
use std::path::Path;

use crate::common::{done, says, tidegauge};

/// Returns the error of an invalid configuration in `dir`, which must be one line with exit code 2.
fn refused(dir: &Path, command: &str) -> String {
    let said = says(tidegauge(dir).arg(command));
    assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{said:?}");
    let line = said.err.strip_suffix('\n').unwrap();
    assert!(!line.contains('\n'), "{line}");
    line.strip_prefix("error: ").unwrap().to_owned()
}

#[test]
fn a_wrong_setting_is_one_line_with_its_place_and_what_it_takes() {
    let dir = tempfile::tempdir().unwrap();
    for (text, says) in [
        (
            "[simulation]\nseed = -1",
            "tidegauge.toml, line 2: simulation.seed: expected a whole number from 0 to \
             18446744073709551615",
        ),
        (
            "[simulation]\nseed = 18446744073709551616",
            "tidegauge.toml, line 2: simulation.seed: whole numbers end at 18446744073709551615",
        ),
        (
            "[simulation]\n\npage_rows = 1.5",
            "tidegauge.toml, line 3: simulation.page_rows: expected a whole number from 0 to \
             18446744073709551615",
        ),
        (
            "[simulation]\ndays = 70000",
            "tidegauge.toml, line 2: simulation.days: expected a whole number from 0 to 65535",
        ),
        (
            "simulation = 5",
            "tidegauge.toml, line 1: simulation: expected settings of its own, as in [section] or \
             { name = \"value\" }",
        ),
        (
            "[simulation]\nstationary = \"yes\"",
            "tidegauge.toml, line 2: simulation.stationary: expected true or false",
        ),
        (
            "[simulation]\nstart_day = \"soon\"",
            "tidegauge.toml, line 2: simulation.start_day: expected a day in quotes, as in \
             \"2020-10-01\"",
        ),
        (
            "[simulation]\npreset = \"clasic\"",
            "tidegauge.toml, line 2: simulation.preset: expected one of classic, exchange",
        ),
        (
            "\n[simulation]\nusers = 0",
            "tidegauge.toml, line 3: simulation.users: 0 is not between 1 and 1000000000",
        ),
        (
            "sources = \"recorded\"",
            "tidegauge.toml, line 1: sources: expected a list, as in [\"a\", \"b\"]",
        ),
        (
            "backups = [\"csv://b\",\n\"csw://b\"]",
            "tidegauge.toml, line 2: backups.1: `csw` is not a kind of store; use",
        ),
        (
            "[analytics]\nhigh_volume_usd = \"much\"",
            "tidegauge.toml, line 2: analytics.high_volume_usd: expected a number",
        ),
        ("[analytics\n", "tidegauge.toml, line 1: "),
    ] {
        fs::write(dir.path().join("tidegauge.toml"), text).unwrap();
        let line = refused(dir.path(), "status");
        assert!(line.starts_with(says), "{text}: {line}");
    }
    // The names of sources are checked by a run.
    fs::write(dir.path().join("tidegauge.toml"), "sources = [\n\"ecb\",\n\"recoded\"]").unwrap();
    let line = refused(dir.path(), "run");
    let says = "tidegauge.toml, line 3: sources.1: there is no `recoded`; there are ";
    assert!(line.starts_with(says), "{line}");
    // Sources of the command line have no line in the file.
    let said = says_of(dir.path(), &["run", "--source", "recoded"]);
    assert!(said.starts_with("error: sources: there is no `recoded`"), "{said}");
}

fn says_of(dir: &Path, words: &[&str]) -> String {
    says(tidegauge(dir).args(words)).err
}

#[test]
fn a_filter_of_the_log_that_is_none_is_told_and_the_usual_one_kept() {
    let dir = tempfile::tempdir().unwrap();
    for words in [&["status"][..], &["status", "--output", "json"]] {
        let said = says(tidegauge(dir.path()).env("RUST_LOG", "tidegauge=verbose").args(words));
        assert_eq!((said.code, said.err.lines().count()), (Some(0), 1), "{said:?}");
        assert!(said.err.starts_with("warning: RUST_LOG is no filter of the log"), "{said:?}");
        assert!(said.err.contains("RUST_LOG=debug"), "{said:?}");
    }
    let quiet = ["--quiet", "status"];
    let said = says(tidegauge(dir.path()).env("RUST_LOG", "tidegauge=verbose").args(quiet));
    assert_eq!(said.err, "");
}

#[test]
fn a_seed_may_be_any_of_64_bits_and_a_day_may_stand_without_quotes() {
    let dir = tempfile::tempdir().unwrap();
    let text = "[simulation]\nseed = 18446744073709551615\nstart_day = 2020-11-01\n";
    fs::write(dir.path().join("tidegauge.toml"), text).unwrap();
    done(dir.path(), &["run", "--source", "simulation", "--source", "recorded"]);
    assert!(done(dir.path(), &["status", "--cursors"]).contains("\"seed\":18446744073709551615"));
}

#[cfg(unix)]
#[test]
fn a_file_that_cannot_be_read_says_what_to_do() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    for name in ["tidegauge.toml", ".env"] {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join(name);
        symlink(name, &file).unwrap();
        let line = refused(dir.path(), "status");
        assert_eq!(
            line,
            format!(
                "{name}: it is a link that leads back to itself; put a file in its place, or remove it"
            )
        );
        fs::remove_file(&file).unwrap();
        symlink("gone", &file).unwrap();
        assert!(refused(dir.path(), "run").starts_with(&format!("{name}: it is a link to a file")));
        fs::remove_file(&file).unwrap();
        fs::write(&file, b"# gr\xfc\xdfe\n").unwrap();
        assert_eq!(
            refused(dir.path(), "status"),
            format!("{name}: line 1: a character is not UTF-8; save the file as UTF-8")
        );
        fs::write(&file, "").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).unwrap();
        // Root may read it nevertheless.
        if fs::read(&file).is_err() {
            assert!(refused(dir.path(), "status").contains("this user may not read it"));
        }
    }
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("tidegauge.toml")).unwrap();
    assert_eq!(refused(dir.path(), "status"), "tidegauge.toml: it is a folder; name a file");
}

#[test]
fn a_wrong_line_of_env_is_told_by_its_number() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(".env"), "# keys\nTIDEGAUGE_X_KEY=one two\n").unwrap();
    assert_eq!(
        refused(dir.path(), "status"),
        ".env: line 2: write NAME=value, and quote a value that holds spaces or quotes"
    );
    // A file in a parent folder is read as well.
    let below = dir.path().join("below");
    fs::create_dir(&below).unwrap();
    assert!(refused(&below, "status").contains(".env: line 2: write NAME=value"));
    fs::write(dir.path().join(".env"), "\u{feff}TIDEGAUGE_WAREHOUSE=csw://x\n").unwrap();
    assert!(refused(&below, "status").starts_with("TIDEGAUGE_WAREHOUSE: `csw` is not a kind of"));
}

#[test]
fn a_part_of_the_classic_exchange_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    done(dir.path(), &["init", "--demo"]);
    let settings = fs::read_to_string(dir.path().join("tidegauge.toml")).unwrap();
    let settings = settings.replace("preset = \"exchange\"", "preset = \"classic\"");
    fs::write(dir.path().join("tidegauge.toml"), settings).unwrap();
    let said = says(tidegauge(dir.path()).args(["run", "--shard", "2/3"]));
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.err.contains("simulation.shard") && said.err.contains("2/3"), "{said:?}");
}

/// Checks that names of reserved cursors are refused.
#[test]
fn names_that_are_kept_for_something_else_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["market", "pipeline", "lease:shop", "shop fill"] {
        let entry = format!("[[files]]\nname = \"{name}\"\npath = \"a.csv\"\ntable = \"users\"\n");
        fs::write(dir.path().join("tidegauge.toml"), entry).unwrap();
        let said = says(tidegauge(dir.path()).arg("run"));
        assert_eq!(said.code, Some(2), "{said:?}");
        assert!(said.err.contains(&format!("`{name}`")) && said.err.contains("name"), "{said:?}");
    }
}
