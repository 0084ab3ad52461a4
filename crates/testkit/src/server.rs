//! A server as a process: started, waited for, and stopped.

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

/// How long a server may take until it answers; on a busy machine that is long.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs the server, again for each line of its own input, and stops it when that ends: that is when
/// whoever started it drops the other end of the pipe, or is no more, however that came about.
///
/// Its arguments: the signal, the folder, and the server's own words.
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

/// What a disk is filled with.
const BALLAST: &str = "ballast";

/// A server that runs.
#[derive(Debug)]
pub(crate) struct Running {
    guard: Child,
    folder: TempDir,
    pub(crate) port: u16,
    /// Whether it has a disk of its own, which may be filled.
    pub(crate) has_disk: bool,
}

/// How a server is run.
pub(crate) struct Recipe<'a> {
    /// What it is called in messages.
    pub(crate) name: &'a str,
    /// The user that it is run by, if we are root.
    pub(crate) user: &'a str,
    /// Where its folder is made; `None`: where temporary files are.
    pub(crate) home: Option<&'a Path>,
    /// The size of the disk of its own that it lies on, if it does.
    pub(crate) disk: Option<&'a str>,
    /// The signal that stops it at once.
    pub(crate) signal: &'a str,
    /// Makes the data folder: programs to run one after the other.
    pub(crate) prepare: &'a dyn Fn(&Path) -> Vec<Vec<String>>,
    /// The server itself, in its folder and on its port.
    pub(crate) run: &'a dyn Fn(&Path, u16) -> Vec<String>,
    /// Whether it answers on its port.
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
            assert!(mount.status().is_ok_and(|it| it.success()), "no disk for {name}");
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
        // In a group of its own, so that Ctrl-C ends the tests and leaves it to clean up.
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

    /// Kills it, and what it had started, as if the power had gone.
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

    /// Leaves no room on its disk.
    pub(crate) fn fill(&self) {
        assert!(self.has_disk, "whose disk would that be?");
        let mut file = fs::File::create(self.folder.path().join(BALLAST))
            .unwrap_or_else(|error| panic!("{BALLAST}: {error}"));
        let block = vec![1; 1 << 16];
        while file.write_all(&block).is_ok() {}
    }

    /// Makes room again.
    pub(crate) fn free(&self) {
        let _ = fs::remove_file(self.folder.path().join(BALLAST));
    }

    /// Starts it again where it was; it takes a moment until it answers.
    pub(crate) fn restart(&self) {
        let ended = self.folder.path().join("ended");
        // What it had started may be about to end still, and hold what it needs.
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

/// Says that `name` is missing, so that its tests are skipped; or fails, where it is required.
pub(crate) fn missing<T>(name: &str, package: Option<&str>) -> Option<T> {
    let or = package.map(|it| format!(", or apt-get install {it}")).unwrap_or_default();
    let text = format!("{name} is not installed: cargo xtask setup{or}");
    if is_set("TIDEGAUGE_REQUIRE_SERVERS") {
        panic!("{text}");
    }
    eprintln!("SKIPPED: {text}");
    None
}

fn is_set(variable: &str) -> bool {
    env::var_os(variable).is_some_and(|it| it == "1")
}

/// The size of a disk that is soon full; none unless we may make one.
pub(crate) fn small_disk() -> Option<&'static str> {
    let made = tempfile::tempdir().is_ok_and(|folder| {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=1m", "tidegauge"]).arg(folder.path());
        let unmount = || Command::new("umount").arg(folder.path()).status();
        is_root() && mount.status().is_ok_and(|it| it.success()) && unmount().is_ok()
    });
    if made {
        return Some("384m");
    }
    eprintln!("SKIPPED: a full disk, for only root can make a small one");
    None
}

/// The program called `name`: on the path, or in one of `folders`.
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
    let listener = TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr());
    listener.unwrap_or_else(|error| panic!("no free port: {error}")).port()
}

fn to(log: &Path) -> Stdio {
    let file = fs::OpenOptions::new().append(true).open(log);
    Stdio::from(file.unwrap_or_else(|error| panic!("{}: {error}", log.display())))
}

fn said(log: &Path) -> String {
    fs::read_to_string(log).unwrap_or_default()
}
