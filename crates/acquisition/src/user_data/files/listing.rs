//! The listing of the files that match a pattern.

use std::fs::{self, Metadata};
use std::path::{Component, Path, PathBuf};
use std::time::UNIX_EPOCH;

use glob::MatchOptions;
use tidegauge_core::ErrorKind;

use crate::{Error, Result};

/// A file that matches the pattern.
#[derive(Debug, Clone)]
pub(super) struct FileEntry {
    /// Its path below the part of the pattern without wildcards, by which the cursor names it.
    pub(super) name: String,
    /// Its path.
    pub(super) path: PathBuf,
    /// Its size in bytes.
    pub(super) size: u64,
    /// Its modification time, in microseconds since 1970.
    pub(super) modified: u64,
}

/// Returns the files that match `pattern`, sorted by name.
pub(super) fn list(pattern: &str) -> Result<Vec<FileEntry>> {
    // Hidden files belong to other programs, and are rarely complete.
    let options = MatchOptions { require_literal_leading_dot: true, ..MatchOptions::new() };
    let matching = glob::glob_with(pattern, options)
        .map_err(|error| Error::config("path", format!("`{pattern}` is not a pattern: {error}")))?;
    let base = base(pattern);
    let (mut found, mut folder) = (Vec::new(), None);
    for path in matching {
        let path = path.map_err(|error| unreadable(error.path(), error.error()))?;
        let metadata = fs::metadata(&path).map_err(|error| unreadable(&path, &error))?;
        if metadata.is_file() {
            let name = path.strip_prefix(&base).unwrap_or(&path);
            let name = name.to_str().ok_or_else(|| Error::File {
                path: path.display().to_string(),
                reason: "its name is not UTF-8: rename it".into(),
            })?;
            let (size, modified) = size_and_modified(&metadata);
            found.push(FileEntry { name: name.replace('\\', "/"), path, size, modified });
        } else if metadata.is_dir() {
            folder = Some(path);
        } else {
            // Reading from it might never end, and could not be repeated.
            let reason = "it is a pipe or a device, and no file: write what comes out of it into a \
                          file, or let `path` name the files alone";
            return Err(Error::File { path: path.display().to_string(), reason: reason.into() });
        }
    }
    if let (true, Some(folder)) = (found.is_empty(), folder) {
        let path = folder.display().to_string();
        let reason = "it is a folder: let `path` name the files in it, as in `folder/*.csv`";
        return Err(Error::File { path, reason: reason.into() });
    }
    if found.is_empty() {
        return Err(Error::NoFiles { pattern: pattern.into() });
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

/// Returns the size of a file in bytes, and its modification time in microseconds since 1970.
pub(super) fn size_and_modified(metadata: &Metadata) -> (u64, u64) {
    let modified = metadata.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    let micros = modified.and_then(|since| u64::try_from(since.as_micros()).ok());
    (metadata.len(), micros.unwrap_or(0))
}

pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    let kind = ErrorKind::from_io(error).unwrap_or(ErrorKind::InvalidInput);
    Error::Unreadable { path: path.display().to_string(), reason: error.to_string(), kind }
}

/// Returns the folder of `pattern`: the part before the first wildcard, or the folder of the single
/// file that it names.
fn base(pattern: &str) -> PathBuf {
    let path = Path::new(pattern);
    let wild = |part: &Component<'_>| {
        part.as_os_str().to_str().is_none_or(|part| part.contains(['*', '?', '[']))
    };
    if path.components().any(|part| wild(&part)) {
        path.components().take_while(|part| !wild(part)).collect()
    } else {
        path.parent().map(Into::into).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_are_relative_to_the_first_wildcard() {
        for (pattern, expected) in [
            ("users.csv", ""),
            ("exports/users.csv", "exports"),
            ("/data/exports/2020-*/users-?.csv", "/data/exports"),
            ("**/x.csv", ""),
            ("a/[ab]/c.csv", "a"),
        ] {
            assert_eq!(base(pattern), Path::new(expected), "{pattern}");
        }
    }
}
