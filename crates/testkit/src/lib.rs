//! Private, throw-away database servers for tests.
//!
//! Each is started from the programs of the Debian package, or of the Python one under cargo's target
//! folder, with a data folder of its own in the temporary folder, on a free port of this machine,
//! under the package's user where tests run as root. It is gone when its value is dropped, and also
//! when the test's process is killed.
//!
//! Where a server is not installed, tests say `SKIPPED` and go on without it; with
//! `TIDEGAUGE_REQUIRE_SERVERS=1` they fail instead. `cargo xtask setup` installs what is missing. With
//! `TIDEGAUGE_NO_SERVERS=1` whoever starts a server fails: `cargo xtask test unit` picks tests by
//! their names, and so finds those with a wrong one.
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

/// The Python with the clients that tests read stores by; none where it is not installed.
pub fn python() -> Option<PathBuf> {
    python_with("duckdb")
}

/// The tests' Python, if `package` is installed there.
fn python_with(package: &str) -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    let mut venvs = program.ancestors().map(|it| it.join("venv"));
    let there = |venv: &PathBuf| {
        let versions = std::fs::read_dir(venv.join("lib")).into_iter().flatten().flatten();
        versions.map(|it| it.path()).any(|it| it.join("site-packages").join(package).is_dir())
    };
    match venvs.find(|it| it.join("bin/python").is_file()) {
        Some(venv) if there(&venv) => Some(venv.join("bin/python")),
        _ => missing_tool(&format!("the tests' Python with {package}")),
    }
}

/// Says that the tool called `name` is missing, so that its test is skipped; or fails, where the tests'
/// tools are required.
pub fn missing_tool<T>(name: &str) -> Option<T> {
    server::missing(name, None)
}

/// The user that servers know, who may do everything.
pub const USER: &str = "tidegauge";

/// That user's password: a secret that must never be seen in a message.
pub const PASSWORD: &str = "a-password-nobody-may-see";

/// A server that can be done things to.
pub trait Server: Sync {
    /// The port that it answers at.
    fn port(&self) -> u16;

    /// Kills it, and all of its processes, as if the power had gone.
    fn crash(&self);

    /// Starts it again, with what it had on its disk; it takes a moment until it answers.
    fn restart(&self);

    /// Whether it has a disk of its own, which may be filled.
    fn has_own_disk(&self) -> bool;

    /// Leaves no room on its disk.
    ///
    /// # Panics
    /// If it has none of its own.
    fn fill_disk(&self);

    /// Makes room again.
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
