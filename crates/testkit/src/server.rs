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
const PATIENCE: Duration = Duration::from_secs(60);

/// A shell script that runs the server, again for each line of its own standard input, and stops it
/// at the end of the input: when the test drops the other end of the pipe, or its process ends for
/// any reason.
///
/// Its arguments are the signal, the folder, and the server's command.
const GUARD: &str = "\
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
const BALLAST: &str = "ballast";

/// A running server.
#[derive(Debug)]
pub(crate) struct Running {
    guard: Child,
    folder: TempDir,
    pub(crate) port: u16,
    /// `true` if the server has a disk of its own, which can be filled.
    pub(crate) has_disk: bool,
}

/// The description of how a server is run.
pub(crate) struct Recipe<'a> {
    /// The name of the server in messages.
    pub(crate) name: &'a str,
    /// The user that runs the server if the tests run as root.
    pub(crate) user: &'a str,
    /// The parent of the server's folder; `None`: the folder of temporary files.
    pub(crate) home: Option<&'a Path>,
    /// The size of the server's own disk, if it gets one.
    pub(crate) disk: Option<&'a str>,
    /// The signal that stops the server at once.
    pub(crate) signal: &'a str,
    /// Prepares the data folder and returns the commands to run, in order.
    pub(crate) prepare: &'a dyn Fn(&Path) -> Vec<Vec<String>>,
    /// Returns the server's command, given its folder and port.
    pub(crate) run: &'a dyn Fn(&Path, u16) -> Vec<String>,
    /// Returns `true` if the server answers on the port.
    pub(crate) ready: &'a dyn Fn(u16) -> bool,
}

impl Running {
    pub(crate) fn start(recipe: &Recipe<'_>) -> Self {
        if is_set("TIDEGAUGE_NO_SERVERS") {
            panic!(
                "{}: a test that starts a server has the server's name in its path",
                recipe.name
            );
        }
        let mut said = String::new();
        // Another process may take the port before the server does.
        for _ in 0..3 {
            match Self::attempt(recipe) {
                Ok(server) => return server,
                Err(log) => said = log,
            }
        }
        panic!("{} does not start:\n{said}", recipe.name)
    }

    fn attempt(recipe: &Recipe<'_>) -> Result<Self, String> {
        let name = recipe.name;
        let temp = env::temp_dir();
        let home = recipe.home.unwrap_or(&temp);
        let folder = tempfile::Builder::new().prefix("tidegauge-").tempdir_in(home);
        let folder = folder.unwrap_or_else(|error| panic!("no folder for {name}: {error}"));
        if let Some(size) = recipe.disk {
            let mut mount = Command::new("mount");
            mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), name]).arg(folder.path());
            assert!(mount.status().is_ok_and(|status| status.success()), "no disk for {name}");
        }
        let log = folder.path().join("log");
        fs::write(&log, "").unwrap_or_else(|error| panic!("{}: {error}", log.display()));
        if is_root() {
            let owner = format!("{0}:{0}", recipe.user);
            let path = folder.path().display().to_string();
            run(name, &["chown".into(), "-R".into(), owner, path], &log);
        }
        for command in (recipe.prepare)(folder.path()) {
            run(name, &as_user(recipe.user, command), &log);
        }
        let port = free_port();
        let mut guard = Command::new("sh");
        guard.args(["-c", GUARD, "guard", recipe.signal]).arg(folder.path());
        guard.args(as_user(recipe.user, (recipe.run)(folder.path(), port)));
        // In a process group of its own, so that Ctrl-C ends the tests and leaves the guard to
        // clean up.
        guard.process_group(0).stdin(Stdio::piped()).stdout(to(&log)).stderr(to(&log));
        let guard = guard.spawn().unwrap_or_else(|error| panic!("cannot run {name}: {error}"));
        let server = Self { guard, folder, port, has_disk: recipe.disk.is_some() };
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE && !server.folder.path().join("ended").exists() {
            if (recipe.ready)(port) {
                return Ok(server);
            }
            sleep(Duration::from_millis(20));
        }
        Err(said(&log))
    }

    /// Kills the server and the processes that it started, as in a power failure.
    pub(crate) fn crash(&self) {
        let kill = "pid=$(cat \"$0/server\"); pkill -KILL -P \"$pid\"; kill -KILL \"$pid\"";
        let folder = self.folder.path();
        let mut command = Command::new("sh");
        command.args(["-c", kill]).arg(folder).stderr(Stdio::null());
        let _ = command.status();
        let begun = Instant::now();
        while !folder.join("ended").exists() {
            assert!(begun.elapsed() < PATIENCE, "it does not die");
            sleep(Duration::from_millis(5));
        }
    }

    /// Fills the server's disk.
    pub(crate) fn fill(&self) {
        assert!(self.has_disk, "whose disk would that be?");
        let mut file = fs::File::create(self.folder.path().join(BALLAST))
            .unwrap_or_else(|error| panic!("{BALLAST}: {error}"));
        let block = vec![1; 1 << 16];
        while file.write_all(&block).is_ok() {}
    }

    /// Frees the space on the server's disk.
    pub(crate) fn free(&self) {
        let _ = fs::remove_file(self.folder.path().join(BALLAST));
    }

    /// Starts the server again in its folder; it takes a moment until it accepts connections.
    pub(crate) fn restart(&self) {
        let ended = self.folder.path().join("ended");
        // Processes that the server started may still be ending, and hold resources that it needs.
        for _ in 0..20 {
            let _ = fs::remove_file(&ended);
            let said = self.guard.stdin.as_ref().map(|mut guard| guard.write_all(b"again\n"));
            assert!(matches!(said, Some(Ok(()))), "nobody is there to start it again");
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
        panic!("it does not start again:\n{}", said(&self.folder.path().join("log")));
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        let _ = self.guard.wait();
    }
}

/// Reports that `name` is missing and returns `None`, so that its tests are skipped; panics if
/// servers are required.
pub(crate) fn missing<T>(name: &str, package: Option<&str>) -> Option<T> {
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
    let made = tempfile::tempdir().is_ok_and(|folder| {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=1m", "tidegauge"]).arg(folder.path());
        let unmount = || Command::new("umount").arg(folder.path()).status();
        is_root() && mount.status().is_ok_and(|status| status.success()) && unmount().is_ok()
    });
    if made {
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
    let [program, words @ ..] = command else { return };
    let mut command = Command::new(program);
    command.args(words).stdin(Stdio::null()).stdout(to(log)).stderr(to(log));
    let done = command.status().unwrap_or_else(|error| panic!("{program} for {name}: {error}"));
    assert!(done.success(), "{program} for {name} failed:\n{}", said(log));
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

fn to(log: &Path) -> Stdio {
    let file = fs::OpenOptions::new().append(true).open(log);
    Stdio::from(file.unwrap_or_else(|error| panic!("{}: {error}", log.display())))
}

fn said(log: &Path) -> String {
    fs::read_to_string(log).unwrap_or_default()
}
