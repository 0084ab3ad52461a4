//! Installation of what the tests need besides Rust.

use std::fs;
use std::path::Path;

use crate::apt::apt_install;
use crate::emulator::emulator;
use crate::process::has;
use crate::python::python;

/// The required programs, each with the Debian package that provides it.
const PROGRAMS: [(&str, &str); 4] = [
    ("chromium", "chromium"),
    ("mariadbd", "mariadb-server"),
    ("postgres", "postgresql"),
    ("sqlite3", "sqlite3"),
];

/// The Python packages: the clients that read stores in tests, and an S3-compatible server.
const PYTHON_PACKAGES: [&str; 3] =
    ["duckdb==2.0.0", "google-cloud-bigquery==3.47.0", "moto[server]==5.2.5"];

/// Installs the Debian packages that are missing, the Python clients and the BigQuery emulator.
pub(crate) fn setup() -> Result<(), String> {
    let missing: Vec<_> = PROGRAMS
        .iter()
        .filter(|(program, _)| !is_installed(program))
        .map(|(_, package)| *package)
        .collect();
    if missing.is_empty() {
        return install_python_tools();
    }
    if !has("apt-get") {
        return Err(format!(
            "the tests need {}; this is no Debian, so install them your way",
            missing.join(", ")
        ));
    }
    apt_install(&missing)?;
    install_python_tools()
}

/// Installs what comes from the Python package index.
fn install_python_tools() -> Result<(), String> {
    python(&PYTHON_PACKAGES)?;
    emulator()
}

/// Returns `true` if a program is installed; Debian keeps servers' programs off the `PATH`.
fn is_installed(program: &str) -> bool {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders = versions.map(|version| version.path().join("bin"));
    has(program)
        || Path::new("/usr/sbin").join(program).is_file()
        || folders.any(|folder| folder.join(program).is_file())
}
