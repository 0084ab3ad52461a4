//! Errors of the settings: one line, in the user's words, with the line of the file.

use std::fs;
use std::path::Path;

use crate::common::{command_in, output_of, succeed};

/// Returns the error of an invalid configuration in `dir`, which must be one line with exit code 2.
fn error_line(dir: &Path, command: &str) -> String {
    let output = output_of(command_in(dir).arg(command));
    assert_eq!((output.code, output.out.as_str()), (Some(2), ""), "{output:?}");
    let line = output.err.strip_suffix('\n').unwrap();
    assert!(!line.contains('\n'), "{line}");
    line.strip_prefix("error: ").unwrap().to_owned()
}

#[test]
fn invalid_setting_is_one_line_with_position_and_valid_values() {
    let dir = tempfile::tempdir().unwrap();
    for (text, expected) in [
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
        let line = error_line(dir.path(), "status");
        assert!(line.starts_with(expected), "{text}: {line}");
    }
    // The names of sources are checked by a run.
    fs::write(dir.path().join("tidegauge.toml"), "sources = [\n\"ecb\",\n\"recoded\"]").unwrap();
    let line = error_line(dir.path(), "run");
    let expected = "tidegauge.toml, line 3: sources.1: there is no `recoded`; there are ";
    assert!(line.starts_with(expected), "{line}");
    // Sources of the command line have no line in the file.
    let output = says_of(dir.path(), &["run", "--source", "recoded"]);
    assert!(output.starts_with("error: sources: there is no `recoded`"), "{output}");
}

fn says_of(dir: &Path, words: &[&str]) -> String {
    output_of(command_in(dir).args(words)).err
}

#[test]
fn invalid_log_filter_is_reported_and_the_default_is_used() {
    let dir = tempfile::tempdir().unwrap();
    for words in [&["status"][..], &["status", "--output", "json"]] {
        let output =
            output_of(command_in(dir.path()).env("RUST_LOG", "tidegauge=verbose").args(words));
        assert_eq!((output.code, output.err.lines().count()), (Some(0), 1), "{output:?}");
        assert!(output.err.starts_with("warning: RUST_LOG is no filter of the log"), "{output:?}");
        assert!(output.err.contains("RUST_LOG=debug"), "{output:?}");
    }
    let quiet = ["--quiet", "status"];
    let output = output_of(command_in(dir.path()).env("RUST_LOG", "tidegauge=verbose").args(quiet));
    assert_eq!(output.err, "");
}

#[test]
fn seed_accepts_64_bits_and_day_accepts_no_quotes() {
    let dir = tempfile::tempdir().unwrap();
    let text = "[simulation]\nseed = 18446744073709551615\nstart_day = 2020-11-01\n";
    fs::write(dir.path().join("tidegauge.toml"), text).unwrap();
    succeed(dir.path(), &["run", "--source", "simulation", "--source", "recorded"]);
    assert!(
        succeed(dir.path(), &["status", "--cursors"]).contains("\"seed\":18446744073709551615")
    );
}

#[cfg(unix)]
#[test]
fn unreadable_file_is_reported_with_a_remedy() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    for name in ["tidegauge.toml", ".env"] {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join(name);
        symlink(name, &file).unwrap();
        let line = error_line(dir.path(), "status");
        assert_eq!(
            line,
            format!(
                "{name}: it is a link that leads back to itself; put a file in its place, or remove it"
            )
        );
        fs::remove_file(&file).unwrap();
        symlink("gone", &file).unwrap();
        assert!(
            error_line(dir.path(), "run").starts_with(&format!("{name}: it is a link to a file"))
        );
        fs::remove_file(&file).unwrap();
        fs::write(&file, b"# gr\xfc\xdfe\n").unwrap();
        assert_eq!(
            error_line(dir.path(), "status"),
            format!("{name}: line 1: a character is not UTF-8; save the file as UTF-8")
        );
        fs::write(&file, "").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).unwrap();
        // Root may read it nevertheless.
        if fs::read(&file).is_err() {
            assert!(error_line(dir.path(), "status").contains("this user may not read it"));
        }
    }
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("tidegauge.toml")).unwrap();
    assert_eq!(error_line(dir.path(), "status"), "tidegauge.toml: it is a folder; name a file");
}

#[test]
fn invalid_env_line_is_reported_by_number() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(".env"), "# keys\nTIDEGAUGE_X_KEY=one two\n").unwrap();
    assert_eq!(
        error_line(dir.path(), "status"),
        ".env: line 2: write NAME=value, and quote a value that holds spaces or quotes"
    );
    // A file in a parent folder is read as well.
    let below = dir.path().join("below");
    fs::create_dir(&below).unwrap();
    assert!(error_line(&below, "status").contains(".env: line 2: write NAME=value"));
    fs::write(dir.path().join(".env"), "\u{feff}TIDEGAUGE_WAREHOUSE=csw://x\n").unwrap();
    assert!(
        error_line(&below, "status").starts_with("TIDEGAUGE_WAREHOUSE: `csw` is not a kind of")
    );
}

#[test]
fn shard_of_the_classic_exchange_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    succeed(dir.path(), &["init", "--demo"]);
    let settings = fs::read_to_string(dir.path().join("tidegauge.toml")).unwrap();
    let settings = settings.replace("preset = \"exchange\"", "preset = \"classic\"");
    fs::write(dir.path().join("tidegauge.toml"), settings).unwrap();
    let output = output_of(command_in(dir.path()).args(["run", "--shard", "2/3"]));
    assert_eq!(output.code, Some(2), "{output:?}");
    assert!(output.err.contains("simulation.shard") && output.err.contains("2/3"), "{output:?}");
}

/// Checks that names of reserved cursors are refused.
#[test]
fn reserved_names_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["market", "pipeline", "lease:shop", "shop fill"] {
        let entry = format!("[[files]]\nname = \"{name}\"\npath = \"a.csv\"\ntable = \"users\"\n");
        fs::write(dir.path().join("tidegauge.toml"), entry).unwrap();
        let output = output_of(command_in(dir.path()).arg("run"));
        assert_eq!(output.code, Some(2), "{output:?}");
        assert!(
            output.err.contains(&format!("`{name}`")) && output.err.contains("name"),
            "{output:?}"
        );
    }
}
