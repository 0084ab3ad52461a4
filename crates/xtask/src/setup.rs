//! What the tests need beside Rust.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::{has, run, say};

/// A program, and the Debian package that brings it.
const NEEDED: [(&str, &str); 4] = [
    ("chromium", "chromium"),
    ("mariadbd", "mariadb-server"),
    ("postgres", "postgresql"),
    ("sqlite3", "sqlite3"),
];

/// Installs the Debian packages that are missing.
pub(crate) fn setup() -> Result<(), String> {
    let missing: Vec<_> = NEEDED
        .iter()
        .filter(|(program, _)| !installed(program))
        .map(|(_, package)| *package)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !has("apt-get") {
        return Err(format!(
            "the tests need {}; this is no Debian, so install them your way",
            missing.join(", ")
        ));
    }
    say(&format!("installing {}", missing.join(", ")));
    let sudo = !is_root() && has("sudo");
    apt(sudo, &["update", "--quiet"])?;
    let mut words = vec!["install", "--yes", "--quiet", "--no-install-recommends"];
    words.extend(missing);
    apt(sudo, &words)
}

/// Whether a program is there; Debian keeps those of servers off the path.
fn installed(program: &str) -> bool {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders = versions.map(|version| version.path().join("bin"));
    has(program)
        || Path::new("/usr/sbin").join(program).is_file()
        || folders.any(|folder| folder.join(program).is_file())
}

fn apt(sudo: bool, words: &[&str]) -> Result<(), String> {
    let mut command = if sudo { Command::new("sudo") } else { Command::new("apt-get") };
    if sudo {
        command.arg("apt-get");
    }
    run(command.args(words).env("DEBIAN_FRONTEND", "noninteractive"))
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|id| id.stdout.trim_ascii() == b"0")
}
