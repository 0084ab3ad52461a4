//! Installation of what the tests need besides Rust.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::emulator::emulator;
use crate::python::{CLIENTS, python};
use crate::{has, run, say};

/// The required programs, each with the Debian package that provides it.
const NEEDED: [(&str, &str); 4] = [
    ("chromium", "chromium"),
    ("mariadbd", "mariadb-server"),
    ("postgres", "postgresql"),
    ("sqlite3", "sqlite3"),
];

/// Installs the Debian packages that are missing, the Python clients and the BigQuery emulator.
pub(crate) fn setup() -> Result<(), String> {
    let missing: Vec<_> = NEEDED
        .iter()
        .filter(|(program, _)| !installed(program))
        .map(|(_, package)| *package)
        .collect();
    if missing.is_empty() {
        return tools();
    }
    if !has("apt-get") {
        return Err(format!(
            "the tests need {}; this is no Debian, so install them your way",
            missing.join(", ")
        ));
    }
    apt_install(&missing)?;
    tools()
}

/// Installs what comes from the Python package index.
fn tools() -> Result<(), String> {
    python(&CLIENTS)?;
    emulator()
}

/// Installs Debian packages.
pub(crate) fn apt_install(packages: &[&str]) -> Result<(), String> {
    say(&format!("installing {}", packages.join(", ")));
    let apt = || {
        let mut apt = sudo("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive");
        apt
    };
    run(apt().args(["update", "--quiet"]))?;
    run(apt().args(["install", "--yes", "--quiet", "--no-install-recommends"]).args(packages))
}

/// Returns `true` if a program is installed; Debian keeps servers' programs off the `PATH`.
fn installed(program: &str) -> bool {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders = versions.map(|version| version.path().join("bin"));
    has(program)
        || Path::new("/usr/sbin").join(program).is_file()
        || folders.any(|folder| folder.join(program).is_file())
}

/// Returns a command that runs a program as root.
pub(crate) fn sudo(program: &str) -> Command {
    if is_root() || !has("sudo") {
        return Command::new(program);
    }
    let mut command = Command::new("sudo");
    command.arg("--preserve-env").arg(program);
    command
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|id| id.stdout.trim_ascii() == b"0")
}
