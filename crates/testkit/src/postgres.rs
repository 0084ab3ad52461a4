//! A PostgreSQL server for tests.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::server::{RunningServer, ServerSpec, program, report_missing, small_disk};
use crate::{PASSWORD, USER};

/// A PostgreSQL server with an empty database.
#[derive(Debug)]
pub struct Postgres(pub(crate) RunningServer);

impl Postgres {
    /// Starts a server, or returns `None` if PostgreSQL is not installed.
    pub fn start() -> Option<Self> {
        Self::start_on(None)
    }

    /// Starts a server on a small disk of its own, which can be filled. Returns `None` if
    /// PostgreSQL is not installed, or without root privileges, which mounting a disk requires.
    pub fn start_on_small_disk() -> Option<Self> {
        Self::start_on(Some(small_disk()?))
    }

    fn start_on(disk: Option<&str>) -> Option<Self> {
        let folders = folders();
        let find = |name| program(name, &folders);
        let (Some(postgres), Some(initdb), Some(pg_isready)) =
            (find("postgres"), find("initdb"), find("pg_isready"))
        else {
            return report_missing("PostgreSQL", Some("postgresql"));
        };
        let spec = ServerSpec {
            name: "PostgreSQL",
            user: "postgres",
            parent: None,
            disk,
            signal: "QUIT",
            prepare: &|folder| {
                let password = folder.join("password");
                fs::write(&password, PASSWORD).unwrap_or_else(|error| panic!("{error}"));
                vec![vec![
                    initdb.display().to_string(),
                    format!("--pgdata={}", folder.join("data").display()),
                    format!("--username={USER}"),
                    format!("--pwfile={}", password.display()),
                    "--auth=scram-sha-256".into(),
                    "--encoding=UTF8".into(),
                    "--locale=C".into(),
                    "--no-sync".into(),
                ]]
            },
            command: &|folder, port| {
                let mut args = vec![
                    postgres.display().to_string(),
                    "-D".into(),
                    folder.join("data").display().to_string(),
                    "-p".into(),
                    port.to_string(),
                ];
                let sockets = format!("unix_socket_directories={}", folder.display());
                let settings =
                    ["listen_addresses=127.0.0.1", &sockets, "fsync=off", "full_page_writes=off"];
                args.extend(settings.iter().flat_map(|setting| ["-c".into(), (*setting).into()]));
                args
            },
            is_ready: &|port| {
                let mut probe = Command::new(&pg_isready);
                probe.args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()]);
                probe.stdin(Stdio::null()).status().is_ok_and(|status| status.success())
            },
        };
        Some(Self(RunningServer::start(&spec)))
    }

    /// Returns the server that all tests of a process share, or `None` if PostgreSQL is not
    /// installed.
    pub fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<Postgres>> = OnceLock::new();
        SHARED.get_or_init(Self::start).as_ref()
    }

    /// Returns the server's URL, with the password.
    pub fn url(&self) -> String {
        self.database_url("postgres")
    }

    /// Returns the URL of another database on the server.
    pub fn database_url(&self, database: &str) -> String {
        format!("postgres://{USER}:{PASSWORD}@127.0.0.1:{}/{database}", self.0.port)
    }
}

/// Returns the folders in which Debian installs the server's programs, the newest version first.
fn folders() -> Vec<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<_> = versions.map(|version| version.path().join("bin")).collect();
    folders.sort();
    folders.reverse();
    folders
}
