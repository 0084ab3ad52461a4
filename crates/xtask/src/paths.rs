//! The folders that the tasks work in.

use std::env;
use std::path::PathBuf;

/// Returns the workspace's folder.
pub(crate) fn root() -> PathBuf {
    // Read at run time, because several clones may share a build folder.
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| ".".into()));
    here.ancestors().nth(2).unwrap_or(&here).to_owned()
}

/// Returns cargo's target directory.
pub(crate) fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}
