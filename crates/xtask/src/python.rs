//! A Python environment under the build folder.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::apt::apt_install;
use crate::paths::target;
use crate::process::run;

/// Returns the environment's Python after installing `packages`.
pub(crate) fn python(packages: &[&str]) -> Result<PathBuf, String> {
    let venv = target().join("venv");
    let python = venv.join("bin/python");
    if !python.exists() {
        let mut probe = Command::new("python3");
        probe.args(["-c", "import ensurepip"]).stderr(Stdio::null());
        if !probe.status().is_ok_and(|status| status.success()) {
            apt_install(&["python3-venv"])?;
        }
        run(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
    }
    run(Command::new(&python)
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
        .args(packages))?;
    Ok(python)
}
