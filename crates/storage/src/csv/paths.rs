//! The paths of a table's file, and of the one that a commit rewrites.

use std::path::{Path, PathBuf};

use tidegauge_core::Table;

use crate::folder::{META_DIR, StoredTable};

/// Returns the name of a table's file.
pub(super) fn file_name(table: &str) -> String {
    format!("{table}.csv")
}

/// Returns the file with the lines of `stored`: the rewritten one, if the commit that wrote it has
/// not put it in place yet.
pub(super) fn current_path(dir: &Path, table: &Table, stored: &StoredTable) -> PathBuf {
    let next = stored.rewritten_by.map(|commit| rewritten_path(dir, &table.name, commit));
    next.filter(|next| next.exists()).unwrap_or_else(|| dir.join(file_name(&table.name)))
}

/// Returns the path of the file of `table` as rewritten by `commit`.
pub(super) fn rewritten_path(dir: &Path, table: &str, commit: u64) -> PathBuf {
    dir.join(META_DIR).join(rewritten_name(table, commit))
}

/// Returns the name of the file of `table` as rewritten by `commit`.
pub(super) fn rewritten_name(table: &str, commit: u64) -> String {
    format!("{table}.{commit}.csv")
}
