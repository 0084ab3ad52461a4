//! Private, throw-away database servers for tests.
//!
//! Each server is started from the programs of the Debian package, or of the Python package under
//! cargo's target folder, with its own data folder in the temporary folder, on a free local port,
//! as the package's user if the tests run as root. It is removed when its value is dropped, and
//! also when the test's process is killed.
//!
//! If a server is not installed, tests print `SKIPPED` and continue without it; with
//! `TIDEGAUGE_REQUIRE_SERVERS=1` they fail instead. `cargo xtask setup` installs what is missing.
//! With `TIDEGAUGE_NO_SERVERS=1` starting a server is a failure: `cargo xtask test unit` selects
//! tests by their names, and so finds tests with a wrong name.
//!
//! ```
//! use tidegauge_testkit::Postgres;
//!
//! if let Some(server) = Postgres::start() {
//!     assert!(server.url().starts_with("postgres://"));
//! }
//! ```
#![allow(clippy::panic, clippy::print_stderr)] // it is part of tests

mod bigquery;
mod mariadb;
mod market;
mod postgres;
mod s3;
mod server;

use std::path::PathBuf;

pub use bigquery::BigQuery;
pub use mariadb::MariaDb;
pub use market::market;
pub use postgres::Postgres;
pub use s3::S3;

/// Returns the Python with the clients that read stores in tests, or `None` if it is not installed.
pub fn python() -> Option<PathBuf> {
    python_with("duckdb")
}

/// Returns the tests' Python, or `None` if `package` is not installed there.
fn python_with(package: &str) -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    let mut venvs = program.ancestors().map(|folder| folder.join("venv"));
    let has_package = |venv: &PathBuf| {
        let versions = std::fs::read_dir(venv.join("lib")).into_iter().flatten().flatten();
        versions
            .map(|entry| entry.path())
            .any(|entry| entry.join("site-packages").join(package).is_dir())
    };
    match venvs.find(|venv| venv.join("bin/python").is_file()) {
        Some(venv) if has_package(&venv) => Some(venv.join("bin/python")),
        _ => missing_tool(&format!("the tests' Python with {package}")),
    }
}

/// Reports that the tool called `name` is missing and returns `None`, so that its test is skipped;
/// panics if the tests' tools are required.
pub fn missing_tool<T>(name: &str) -> Option<T> {
    server::report_missing(name, None)
}

/// The user of the servers, who has all privileges.
pub const USER: &str = "tidegauge";

/// The user's password: a secret that must never appear in a message.
pub const PASSWORD: &str = "a-password-nobody-may-see";

/// A server that tests can crash, restart, and deprive of disk space.
pub trait Server: Sync {
    /// Returns the port of the server.
    fn port(&self) -> u16;

    /// Kills the server and all of its processes, as in a power failure.
    fn crash(&self);

    /// Starts the server again with the data on its disk; it takes a moment until it accepts
    /// connections.
    fn restart(&self);

    /// Returns `true` if the server has a disk of its own, which can be filled.
    fn has_own_disk(&self) -> bool;

    /// Fills the server's disk.
    ///
    /// # Panics
    /// If the server has no disk of its own.
    fn fill_disk(&self);

    /// Frees the space on the server's disk.
    fn free_disk(&self);
}

macro_rules! servers {
    ($($server:ident),+) => {
        $(impl Server for $server {
            fn port(&self) -> u16 {
                self.0.port
            }

            fn crash(&self) {
                self.0.crash();
            }

            fn restart(&self) {
                self.0.restart();
            }

            fn has_own_disk(&self) -> bool {
                self.0.has_disk
            }

            fn fill_disk(&self) {
                self.0.fill();
            }

            fn free_disk(&self) {
                self.0.free();
            }
        })+
    };
}

servers!(Postgres, MariaDb, BigQuery, S3);
