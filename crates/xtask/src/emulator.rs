//! Installation of the BigQuery emulator under the build folder, done once.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::apt::apt_install;
use crate::paths::target;
use crate::process::{has, run, sudo};
use crate::terminal::say;

/// The packages of the emulator; the extensions of its engine are packages too, so that nothing is
/// downloaded at run time.
const PACKAGES: [&str; 6] = [
    "local-bigquery==0.3.2",
    "duckdb==1.5.5",
    "duckdb-extensions==1.5.5",
    "duckdb-extension-icu==1.5.5",
    "duckdb-extension-ducklake==1.5.5",
    "duckdb-extension-spatial==1.5.5",
];

/// A Python script that unpacks the extensions to the folder where the engine looks for them.
const UNPACK_EXTENSIONS: &str = "import duckdb_extensions\n\
                      for name in ('icu', 'ducklake', 'spatial'):\n\
                      \x20   duckdb_extensions.import_extension(name)";

/// A Debian release whose Python is new enough, and its mirror.
const RELEASE: &str = "trixie";
const MIRROR: &str = "http://deb.debian.org/debian";

/// Installs the emulator unless it is installed: into an environment of a Python that is new
/// enough, or else into a separate Debian.
pub(crate) fn emulator() -> Result<(), String> {
    let folder = target().join("bigquery");
    let (venv, root) = (folder.join("venv"), folder.join("root"));
    // The installed versions are recorded, so that other versions are installed anew.
    let wanted = PACKAGES.join("\n");
    let is_current =
        |ready: &Path| fs::read_to_string(ready).is_ok_and(|installed| installed == wanted);
    if [venv.join("ready"), root.join("venv/ready")].iter().any(|ready| is_current(ready)) {
        return Ok(());
    }
    say("installing an emulator of BigQuery, which is done once and takes a minute");
    let with_path = |path: &Path| {
        let path = path.display().to_string();
        move |error: std::io::Error| format!("{path}: {error}")
    };
    fs::create_dir_all(&folder).map_err(with_path(&folder))?;
    if let Some(python) = python() {
        run(Command::new(python).args(["-m", "venv", "--clear"]).arg(&venv))?;
        install(&|program| Command::new(venv.join("bin").join(program)), &venv)?;
        return fs::write(venv.join("ready"), wanted).map_err(with_path(&venv));
    }
    if !has("apt-get") {
        return Err("the emulator of BigQuery needs Python 3.13 or newer; install it".into());
    }
    if !has("debootstrap") {
        apt_install(&["debootstrap"])?;
    }
    // An interrupted installation is not continued but started over.
    run(sudo("rm").arg("-rf").arg(&root))?;
    run(sudo("debootstrap")
        .args(["--variant=minbase", "--include=ca-certificates,python3,python3-venv", RELEASE])
        .arg(&root)
        .arg(MIRROR))?;
    for file in ["etc/resolv.conf", "etc/ssl/certs/ca-certificates.crt"] {
        run(sudo("cp").arg(Path::new("/").join(file)).arg(root.join(file)))?;
    }
    let in_root = |program: &str| {
        let mut command = sudo("chroot");
        command.arg(&root).arg(program);
        command
    };
    run(in_root("python3").args(["-m", "venv", "/venv"]))?;
    install(&|program| in_root(&format!("/venv/bin/{program}")), Path::new("/venv"))?;
    run(in_root("sh").args(["-c", "printf %s \"$1\" >/venv/ready", "sh"]).arg(wanted))
}

/// Installs the packages with the programs of the environment, whose home is `venv`.
fn install(program: &dyn Fn(&str) -> Command, venv: &Path) -> Result<(), String> {
    run(program("pip").args(["install", "--quiet"]).args(PACKAGES))?;
    run(program("python").args(["-c", UNPACK_EXTENSIONS]).env("HOME", venv))
}

/// Finds a Python 3.13 or newer.
fn python() -> Option<PathBuf> {
    let is_new_enough = |name: &&str| {
        let probe = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 13))";
        let mut python = Command::new(name);
        python.args(["-c", probe]).stdout(Stdio::null()).stderr(Stdio::null());
        python.status().is_ok_and(|status| status.success())
    };
    ["python3", "python3.14", "python3.13"]
        .iter()
        .find(|name| is_new_enough(name))
        .map(PathBuf::from)
}
