//! A Python environment under the build folder.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::run;
use crate::setup::apt_install;
use crate::test::target;

/// The clients that read stores in tests, and an S3-compatible server.
pub(crate) const CLIENTS: [&str; 3] =
    ["duckdb==2.0.0", "google-cloud-bigquery==3.47.0", "moto[server]==5.2.5"];

/// Returns the environment's Python after installing `packages`.
pub(crate) fn python(packages: &[&str]) -> Result<PathBuf, String> {
    let venv = target().join("venv");
    let python = venv.join("bin/python");
    if !python.exists() {
        let mut ready = Command::new("python3");
        ready.args(["-c", "import ensurepip"]).stderr(Stdio::null());
        if !ready.status().is_ok_and(|status| status.success()) {
            apt_install(&["python3-venv"])?;
        }
        run(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
    }
    run(Command::new(&python)
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
        .args(packages))?;
    Ok(python)
}
