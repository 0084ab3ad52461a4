//! A MariaDB server for tests.

use std::fs;
use std::io::Read;
use std::net::TcpStream;
use std::sync::OnceLock;
use std::time::Duration;

use crate::server::{RunningServer, ServerSpec, program, report_missing, small_disk};
use crate::{PASSWORD, USER};

/// A MariaDB server with an empty database. `LOAD DATA LOCAL INFILE` is allowed.
#[derive(Debug)]
pub struct MariaDb(pub(crate) RunningServer);

impl MariaDb {
    /// Starts a server, or returns `None` if MariaDB is not installed.
    pub fn start() -> Option<Self> {
        Self::start_on(None)
    }

    /// Starts a server on a small disk of its own, which can be filled. Returns `None` if MariaDB
    /// is not installed, or without root privileges, which mounting a disk requires.
    pub fn start_on_small_disk() -> Option<Self> {
        Self::start_on(Some(small_disk()?))
    }

    fn start_on(disk: Option<&str>) -> Option<Self> {
        let find = |name| program(name, &["/usr/sbin".into(), "/usr/bin".into()]);
        let (Some(mariadbd), Some(install)) = (find("mariadbd"), find("mariadb-install-db")) else {
            return report_missing("MariaDB", Some("mariadb-server"));
        };
        let spec = ServerSpec {
            name: "MariaDB",
            user: "mysql",
            parent: None,
            disk,
            signal: "KILL",
            prepare: &|folder| {
                let grant = format!(
                    "CREATE DATABASE tidegauge CHARACTER SET utf8mb4;\n\
                     CREATE USER '{USER}'@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';\n\
                     GRANT ALL ON *.* TO '{USER}'@'127.0.0.1' WITH GRANT OPTION;\n"
                );
                fs::write(folder.join("init.sql"), grant).unwrap_or_else(|error| panic!("{error}"));
                vec![vec![
                    install.display().to_string(),
                    "--no-defaults".into(),
                    format!("--datadir={}", folder.join("data").display()),
                    "--auth-root-authentication-method=normal".into(),
                    "--skip-test-db".into(),
                ]]
            },
            command: &|folder, port| {
                let path = |name: &str| folder.join(name).display().to_string();
                vec![
                    mariadbd.display().to_string(),
                    "--no-defaults".into(),
                    format!("--datadir={}", path("data")),
                    format!("--socket={}", path("socket")),
                    // A server cleans up this directory on start, and would delete files of other
                    // servers in a shared one.
                    format!("--tmpdir={}", folder.display()),
                    format!("--pid-file={}", path("pid")),
                    format!("--init-file={}", path("init.sql")),
                    format!("--port={port}"),
                    "--bind-address=127.0.0.1".into(),
                    "--skip-networking=0".into(),
                    "--skip-name-resolve".into(),
                    "--skip-log-bin".into(),
                    "--local-infile=1".into(),
                    "--character-set-server=utf8mb4".into(),
                    // The log is written out of the server, but not flushed to disk: commits
                    // survive a crash of the server.
                    "--innodb-flush-log-at-trx-commit=2".into(),
                    "--innodb-buffer-pool-size=64M".into(),
                    "--innodb-log-file-size=16M".into(),
                ]
            },
            is_ready: &sends_greeting,
        };
        Some(Self(RunningServer::start(&spec)))
    }

    /// Returns the server that all tests of a process share, or `None` if MariaDB is not installed.
    pub fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<MariaDb>> = OnceLock::new();
        SHARED.get_or_init(Self::start).as_ref()
    }

    /// Returns the server's URL, with the password.
    pub fn url(&self) -> String {
        self.database_url("tidegauge")
    }

    /// Returns the URL of another database on the server.
    pub fn database_url(&self, database: &str) -> String {
        format!("mysql://{USER}:{PASSWORD}@127.0.0.1:{}/{database}", self.0.port)
    }
}

/// Returns `true` if the server sends its greeting, in version 10 of the protocol.
fn sends_greeting(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    let mut greeting = [0; 5];
    stream.set_read_timeout(Some(Duration::from_secs(2))).is_ok()
        && stream.read_exact(&mut greeting).is_ok()
        && greeting[4] == 10
}
