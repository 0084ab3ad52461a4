//! The BigQuery emulator: local-bigquery, <https://pypi.org/project/local-bigquery/>.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::server::{RunningServer, ServerSpec, free_port, is_root, report_missing};

/// A BigQuery emulator without any dataset. It needs no credentials.
#[derive(Debug)]
pub struct BigQuery(pub(crate) RunningServer);

/// The installation made by `cargo xtask setup`.
struct Installation {
    /// The root of a separate Debian, if the machine's Python is too old.
    root: Option<PathBuf>,
    /// The Python environment, as seen from within that root.
    venv: PathBuf,
}

impl BigQuery {
    /// Starts an emulator, or returns `None` if it is not installed.
    pub fn start() -> Option<Self> {
        let Some(Installation { root, venv }) = find_installation() else {
            return report_missing("the BigQuery emulator", None);
        };
        let prefix = root.clone().unwrap_or_default();
        let parent = root.as_ref().map(|root| root.join("tmp"));
        let spec = ServerSpec {
            name: "the BigQuery emulator",
            user: "root",
            parent: parent.as_deref(),
            disk: None,
            signal: "KILL",
            prepare: &|_| Vec::new(),
            command: &|folder, port| {
                let mut args = root.as_deref().map(chroot_command).unwrap_or_default();
                let data = folder.strip_prefix(&prefix).unwrap_or(folder).join("data");
                let data = Path::new("/").join(data);
                args.extend([
                    // The home directory in which it finds the extensions of its engine.
                    "env".into(),
                    format!("HOME={}", venv.display()),
                    venv.join("bin/local-bigquery").display().to_string(),
                    "--host".into(),
                    "127.0.0.1".into(),
                    "--port".into(),
                    port.to_string(),
                    "--grpc-port".into(),
                    free_port().to_string(),
                    "--data-dir".into(),
                    data.display().to_string(),
                    "serve".into(),
                ]);
                args
            },
            is_ready: &is_ready,
        };
        Some(Self(RunningServer::start(&spec)))
    }

    /// Returns one of two emulators that the tests of a process share, the same one for all calls
    /// of a thread, and so of a test; `None` if it is not installed. An emulator answers one
    /// request at a time: with two, 23 conformance tests take 363 s instead of 425 s on two cores.
    pub fn shared() -> Option<&'static Self> {
        static SHARED: [OnceLock<Option<BigQuery>>; 2] = [OnceLock::new(), OnceLock::new()];
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            static INDEX: usize = NEXT.fetch_add(1, Ordering::Relaxed) % SHARED.len();
        }
        let server = INDEX.with(|index| SHARED.get(*index))?;
        server.get_or_init(Self::start).as_ref()
    }

    /// Returns the URL of a dataset in the emulator.
    pub fn dataset_url(&self, dataset: &str) -> String {
        format!("bigquery://tidegauge/{dataset}?endpoint={}", self.endpoint())
    }

    /// Deletes a dataset, if it exists: the emulator gets slower with every table that it has.
    pub fn remove(&self, dataset: &str) {
        request_status(self.0.port, "DELETE", &format!("datasets/{dataset}?deleteContents=true"));
    }

    /// Returns the value for `BIGQUERY_EMULATOR_HOST`.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.0.port)
    }
}

/// Finds the installation in the directories above the test program, which include cargo's target
/// directory.
fn find_installation() -> Option<Installation> {
    let program = std::env::current_exe().ok()?;
    let folder =
        program.ancestors().map(|folder| folder.join("bigquery")).find(|folder| folder.is_dir())?;
    let (root, venv) = (folder.join("root"), folder.join("venv"));
    if root.join("venv/ready").exists() {
        return Some(Installation { root: Some(root), venv: "/venv".into() });
    }
    venv.join("ready").exists().then_some(Installation { root: None, venv })
}

/// Returns the command that runs a program within another root.
fn chroot_command(root: &Path) -> Vec<String> {
    let mut args = Vec::new();
    if !is_root() {
        args.extend(["unshare".into(), "--map-root-user".into()]);
    }
    args.extend(["chroot".into(), root.display().to_string()]);
    args
}

fn is_ready(port: u16) -> bool {
    request_status(port, "GET", "datasets").is_some_and(|status| status == "200")
}

/// Sends a request and returns the HTTP status of the response.
fn request_status(port: u16, method: &str, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    let head = format!("{method} /bigquery/v2/projects/tidegauge/{path} HTTP/1.0\r\n\r\n");
    let mut status = [0; 12];
    stream.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
    stream.write_all(head.as_bytes()).ok()?;
    stream.read_exact(&mut status).ok()?;
    Some(String::from_utf8_lossy(&status[9..]).into_owned())
}
