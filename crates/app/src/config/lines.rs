//! The positions of settings in a configuration file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::text;

/// The path of a configuration file, and the line of each setting by the names that lead to it.
#[derive(Debug, Clone)]
pub(super) struct Lines {
    path: PathBuf,
    lines: BTreeMap<Vec<String>, usize>,
}

impl Lines {
    /// Creates the positions of the settings of the file at `path`.
    pub(super) fn new(path: &Path, lines: BTreeMap<Vec<String>, usize>) -> Self {
        Self { path: path.to_owned(), lines }
    }

    /// Returns the path of the file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns `true` if the file contains the setting at `path`.
    pub(super) fn has(&self, path: &[String]) -> bool {
        self.lines.contains_key(path)
    }

    /// Returns the position of the setting at `path`, or of its nearest parent, as in
    /// `tidegauge.toml, line 3`.
    pub(super) fn position(&self, path: &[String]) -> String {
        let line = (1..=path.len()).rev().find_map(|count| self.lines.get(&path[..count]));
        let line = line.map(|line| format!(", line {line}")).unwrap_or_default();
        format!("{}{line}", shown(&self.path))
    }
}

/// Returns the name of the file at `path`, without a secret if it is a URL by mistake.
pub(super) fn shown(path: &Path) -> String {
    text::without_userinfo(&path.display().to_string())
}

/// The name by which figment knows that a value came from a file.
pub(super) const FILE_METADATA: &str = "configuration file";
