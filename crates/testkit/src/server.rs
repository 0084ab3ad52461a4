//! The process of a server: starting it, waiting for it and stopping it.

use std::env;
use std::fs;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// The time limit for a server to start or stop; on a busy machine it takes long.
const START_STOP_TIMEOUT: Duration = Duration::from_secs(60);

/// A shell script that runs the server, again for each line of its own standard input, and stops it
/// at the end of the input: when the test drops the other end of the pipe, or its process ends for
/// any reason.
///
/// Its arguments are the signal, the folder, and the server's command.
const SUPERVISOR_SCRIPT: &str = "\
signal=$1; folder=$2; shift 2
start() {
    (\"$@\" </dev/null & echo $! >\"$folder/server\"; wait; : >\"$folder/ended\") &
}
start \"$@\"
while read -r _; do start \"$@\"; done
kill -s \"$signal\" \"$(cat \"$folder/server\")\"; wait
if mountpoint -q \"$folder\"; then umount \"$folder\"; fi
rm -rf \"$folder\"";

/// The name of the file that fills a disk.
const FILLER: &str = "ballast";

/// A running server.
#[derive(Debug)]
pub(crate) struct RunningServer {
    supervisor: Child,
    folder: TempDir,
    pub(crate) port: u16,
    /// `true` if the server has a disk of its own, which can be filled.
    pub(crate) has_disk: bool,
}

/// The description of how a server is run.
pub(crate) struct ServerSpec<'a> {
    /// The name of the server in messages.
    pub(crate) name: &'a str,
    /// The user that runs the server if the tests run as root.
    pub(crate) user: &'a str,
    /// The parent of the server's folder; `None`: the folder of temporary files.
    pub(crate) parent: Option<&'a Path>,
    /// The size of the server's own disk, if it gets one.
    pub(crate) disk: Option<&'a str>,
    /// The signal that stops the server at once.
    pub(crate) signal: &'a str,
    /// Prepares the data folder and returns the commands to run, in order.
    pub(crate) prepare: &'a dyn Fn(&Path) -> Vec<Vec<String>>,
    /// Returns the server's command, given its folder and port.
    pub(crate) command: &'a dyn Fn(&Path, u16) -> Vec<String>,
    /// Returns `true` if the server answers on the port.
    pub(crate) is_ready: &'a dyn Fn(u16) -> bool,
}

impl RunningServer {
    pub(crate) fn start(spec: &ServerSpec<'_>) -> Self {
        if is_set("TIDEGAUGE_NO_SERVERS") {
            panic!("{}: a test that starts a server has the server's name in its path", spec.name);
        }
        let mut last_log = String::new();
        // Another process may take the port before the server does.
        for _ in 0..3 {
            match Self::try_start(spec) {
                Ok(server) => return server,
                Err(log) => last_log = log,
            }
        }
        panic!("{} does not start:\n{last_log}", spec.name)
    }

    fn try_start(spec: &ServerSpec<'_>) -> Result<Self, String> {
        let name = spec.name;
        let temp = env::temp_dir();
        let parent = spec.parent.unwrap_or(&temp);
        let folder = tempfile::Builder::new().prefix("tidegauge-").tempdir_in(parent);
        let folder = folder.unwrap_or_else(|error| panic!("no folder for {name}: {error}"));
        if let Some(size) = spec.disk {
            let mut mount = Command::new("mount");
            mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), name]).arg(folder.path());
            assert!(mount.status().is_ok_and(|status| status.success()), "no disk for {name}");
        }
        let log = folder.path().join("log");
        fs::write(&log, "").unwrap_or_else(|error| panic!("{}: {error}", log.display()));
        if is_root() {
            let owner = format!("{0}:{0}", spec.user);
            let path = folder.path().display().to_string();
            run(name, &["chown".into(), "-R".into(), owner, path], &log);
        }
        for command in (spec.prepare)(folder.path()) {
            run(name, &as_user(spec.user, command), &log);
        }
        let port = free_port();
        let mut supervisor = Command::new("sh");
        supervisor.args(["-c", SUPERVISOR_SCRIPT, "supervisor", spec.signal]).arg(folder.path());
        supervisor.args(as_user(spec.user, (spec.command)(folder.path(), port)));
        // In a process group of its own, so that Ctrl-C ends the tests and leaves the supervisor to
        // clean up.
        supervisor
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(append_to(&log))
            .stderr(append_to(&log));
        let supervisor =
            supervisor.spawn().unwrap_or_else(|error| panic!("cannot run {name}: {error}"));
        let server = Self { supervisor, folder, port, has_disk: spec.disk.is_some() };
        let start = Instant::now();
        while start.elapsed() < START_STOP_TIMEOUT && !server.folder.path().join("ended").exists() {
            if (spec.is_ready)(port) {
                return Ok(server);
            }
            sleep(Duration::from_millis(20));
        }
        Err(read_log(&log))
    }

    /// Kills the server and the processes that it started, as in a power failure.
    pub(crate) fn crash(&self) {
        let kill = "pid=$(cat \"$0/server\"); pkill -KILL -P \"$pid\"; kill -KILL \"$pid\"";
        let folder = self.folder.path();
        let mut command = Command::new("sh");
        command.args(["-c", kill]).arg(folder).stderr(Stdio::null());
        let _ = command.status();
        let start = Instant::now();
        while !folder.join("ended").exists() {
            assert!(start.elapsed() < START_STOP_TIMEOUT, "it does not die");
            sleep(Duration::from_millis(5));
        }
    }

    /// Fills the server's disk.
    pub(crate) fn fill(&self) {
        assert!(self.has_disk, "whose disk would that be?");
        let mut file = fs::File::create(self.folder.path().join(FILLER))
            .unwrap_or_else(|error| panic!("{FILLER}: {error}"));
        let block = vec![1; 1 << 16];
        while file.write_all(&block).is_ok() {}
    }

    /// Frees the space on the server's disk.
    pub(crate) fn free(&self) {
        let _ = fs::remove_file(self.folder.path().join(FILLER));
    }

    /// Starts the server again in its folder; it takes a moment until it accepts connections.
    pub(crate) fn restart(&self) {
        let ended = self.folder.path().join("ended");
        // Processes that the server started may still be ending, and hold resources that it needs.
        for _ in 0..20 {
            let _ = fs::remove_file(&ended);
            let written = self
                .supervisor
                .stdin
                .as_ref()
                .map(|mut supervisor| supervisor.write_all(b"again\n"));
            assert!(matches!(written, Some(Ok(()))), "nobody is there to start it again");
            for _ in 0..200 {
                sleep(Duration::from_millis(10));
                if ended.exists() || TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                    break;
                }
            }
            if !ended.exists() {
                return;
            }
        }
        panic!("it does not start again:\n{}", read_log(&self.folder.path().join("log")));
    }
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        drop(self.supervisor.stdin.take());
        let _ = self.supervisor.wait();
    }
}

/// Reports that `name` is missing and returns `None`, so that its tests are skipped; panics if
/// servers are required.
pub(crate) fn report_missing<T>(name: &str, package: Option<&str>) -> Option<T> {
    let or = package.map(|package| format!(", or apt-get install {package}")).unwrap_or_default();
    let text = format!("{name} is not installed: cargo xtask setup{or}");
    if is_set("TIDEGAUGE_REQUIRE_SERVERS") {
        panic!("{text}");
    }
    eprintln!("SKIPPED: {text}");
    None
}

fn is_set(variable: &str) -> bool {
    env::var_os(variable).is_some_and(|value| value == "1")
}

/// Returns the size of a disk that is soon full, or `None` if no disk can be mounted.
pub(crate) fn small_disk() -> Option<&'static str> {
    let can_mount = tempfile::tempdir().is_ok_and(|folder| {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=1m", "tidegauge"]).arg(folder.path());
        let unmount = || Command::new("umount").arg(folder.path()).status();
        is_root() && mount.status().is_ok_and(|status| status.success()) && unmount().is_ok()
    });
    if can_mount {
        return Some("384m");
    }
    eprintln!("SKIPPED: a full disk, for only root can make a small one");
    None
}

/// Returns the path of the program called `name`, searched on the `PATH` and in `folders`.
pub(crate) fn program(name: &str, folders: &[PathBuf]) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let on_path: Vec<PathBuf> = env::split_paths(&path).collect();
    on_path.iter().chain(folders).map(|folder| folder.join(name)).find(|file| file.is_file())
}

fn run(name: &str, command: &[String], log: &Path) {
    let [program, args @ ..] = command else { return };
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null()).stdout(append_to(log)).stderr(append_to(log));
    let status = command.status().unwrap_or_else(|error| panic!("{program} for {name}: {error}"));
    assert!(status.success(), "{program} for {name} failed:\n{}", read_log(log));
}

fn as_user(user: &str, command: Vec<String>) -> Vec<String> {
    if !is_root() {
        return command;
    }
    let (user, group) = (format!("--reuid={user}"), format!("--regid={user}"));
    let setpriv = ["setpriv".into(), user, group, "--init-groups".into(), "--".into()];
    setpriv.into_iter().chain(command).collect()
}

pub(crate) fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|id| id.stdout.trim_ascii() == b"0")
}

pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    listener.unwrap_or_else(|error| panic!("no free port: {error}")).port()
}

fn append_to(log: &Path) -> Stdio {
    let file = fs::OpenOptions::new().append(true).open(log);
    Stdio::from(file.unwrap_or_else(|error| panic!("{}: {error}", log.display())))
}

fn read_log(log: &Path) -> String {
    fs::read_to_string(log).unwrap_or_default()
}
