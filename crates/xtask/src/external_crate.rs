//! A test of the public interface: a crate outside the workspace that depends only on
//! `tidegauge-core` implements both ports, and a program that depends on that crate and on
//! `tidegauge` runs it through the pipeline.

use std::fs;
use std::path::Path;

use crate::paths::{root, target};
use crate::process::{cargo, run};

/// Writes the two crates next to the build and runs them.
pub(crate) fn external_crate() -> Result<(), String> {
    let folder = target().join("external-crate");
    let core = root().join("crates/core");
    let app = root().join("crates/app");
    let in_folder = |error: std::io::Error| format!("{}: {error}", folder.display());
    let write = |file: &str, text: &str| {
        let file = folder.join(file);
        fs::create_dir_all(file.parent().unwrap_or(Path::new(".")))
            .and_then(|()| fs::write(file, text))
    };
    // The same profiles and versions as the workspace's, so that compiled dependencies are reused.
    let manifest = fs::read_to_string(root().join("Cargo.toml")).map_err(in_folder)?;
    let profiles = manifest.find("[profile.").map_or("", |start| &manifest[start..]);
    let workspace = "[workspace]\nresolver = \"3\"\nmembers = [\"port\", \"program\"]\n";
    write("Cargo.toml", &format!("{workspace}\n{profiles}")).map_err(in_folder)?;
    write(
        "port/Cargo.toml",
        &format!(
            "[package]\nname = \"port\"\nedition = \"2024\"\n\n[dependencies]\n\
             async-trait = \"0.1\"\ntidegauge-core = {{ path = {core:?} }}\n"
        ),
    )
    .map_err(in_folder)?;
    write("port/src/lib.rs", include_str!("external_crate/port.rs")).map_err(in_folder)?;
    write(
        "program/Cargo.toml",
        &format!(
            "[package]\nname = \"program\"\nedition = \"2024\"\n\n[dependencies]\n\
             port = {{ path = \"../port\" }}\ntidegauge = {{ path = {app:?} }}\n\
             tokio = {{ version = \"1\", features = [\"macros\", \"rt-multi-thread\"] }}\n"
        ),
    )
    .map_err(in_folder)?;
    write("program/src/main.rs", include_str!("external_crate/program.rs")).map_err(in_folder)?;
    fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock")).map_err(in_folder)?;
    run(cargo()
        .args(["run", "--package", "program"])
        .current_dir(&folder)
        .env("CARGO_TARGET_DIR", target()))
}
