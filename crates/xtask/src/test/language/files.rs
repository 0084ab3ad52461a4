//! The files that are counted.

use std::fs;
use std::path::{Path, PathBuf};

/// Returns the Rust files below `folder`.
pub(super) fn rust_files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| display_error(folder, &error))? {
        let path = entry.map_err(|error| display_error(folder, &error))?.path();
        if path.is_dir() {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

pub(super) fn display_error(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", path.display())
}
