//! Installation of Debian packages.

use crate::process::{run, sudo};
use crate::terminal::say;

/// Installs Debian packages.
pub(crate) fn apt_install(packages: &[&str]) -> Result<(), String> {
    say(&format!("installing {}", packages.join(", ")));
    let apt = || {
        let mut apt = sudo("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive");
        apt
    };
    run(apt().args(["update", "--quiet"]))?;
    run(apt().args(["install", "--yes", "--quiet", "--no-install-recommends"]).args(packages))
}
