//! How comments, names and files read: counted, printed, and held to bounds that only ever get stricter.

mod circles;
mod comments;
mod files;

use std::fs;
use std::path::{Path, PathBuf};

use self::comments::Counts;
use self::files::{display_error, rust_files};
use crate::paths::root;
use crate::terminal::say;

/// The most lines of a file before it wants a reason.
const LONG_FILE: usize = 400;

/// What the whole tree may have at most, and of verbs at least. A change that lowers a count lowers its bound with it.
const BOUNDS: Bounds = Bounds { verbs: 99, persons: 0, it: 0, long_files: 16, circles: 0 };

/// The bounds of the counts over all crates.
struct Bounds {
    /// The least share of documented functions whose docs begin with a verb, in percent.
    verbs: usize,
    /// The most pronouns of persons in comments.
    persons: usize,
    /// The most closures over a variable called `it`.
    it: usize,
    /// The most files of more than [`LONG_FILE`] lines.
    long_files: usize,
    /// The most circles of modules.
    circles: usize,
}

/// Counts how the sources read, prints the counts of each crate, and compares the sums with their bounds.
///
/// # Errors
/// Returns an error if a source cannot be read, or if a count is past its bound.
pub(super) fn language() -> Result<(), String> {
    let mut sum = Counts::default();
    say(&format!(
        "\n{:<12} {:>6} {:>6} {:>8} {:>4} {:>5} {:>7}",
        "language", "docs", "verbs", "persons", "it", "long", "errors"
    ));
    for (name, folder) in folders()? {
        let mut counts = Counts::default();
        for file in rust_files(&folder)? {
            let text = fs::read_to_string(&file).map_err(|error| display_error(&file, &error))?;
            counts.add(&text, LONG_FILE, is_library(&file));
        }
        say(&counts.line(&name));
        sum += counts;
    }
    say(&sum.line("all"));
    let mut circles = Vec::new();
    for (name, folder) in folders()? {
        for circle in circles::circles(&folder.join("src"))? {
            circles.push(format!("{name}: {}", circle.join(", ")));
        }
    }
    say(&format!("circles of modules: {}", circles.len()));
    for circle in &circles {
        say(&format!("  {circle}"));
    }
    judge(&sum, circles.len(), &BOUNDS)
}

/// Returns an error that names each count that is past its bound.
fn judge(sum: &Counts, circles: usize, bounds: &Bounds) -> Result<(), String> {
    let most = [
        ("pronouns of persons in comments", sum.persons, bounds.persons),
        ("closures over `it`", sum.it, bounds.it),
        ("files of more than 400 lines", sum.long_files, bounds.long_files),
        ("circles of modules", circles, bounds.circles),
        ("public functions without an errors section", sum.undocumented_errors, 0),
    ];
    let past = most.iter().filter(|(_, count, bound)| count > bound);
    let mut faults: Vec<String> =
        past.map(|(what, count, bound)| format!("{count} {what}, at most {bound}")).collect();
    if sum.percent() < bounds.verbs {
        let percent = sum.percent();
        faults.push(format!(
            "{percent} % of function docs begin with a verb, at least {}",
            bounds.verbs
        ));
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.join("; ")) }
}

/// Returns the crates and the examples, each with its folder, sorted by name.
fn folders() -> Result<Vec<(String, PathBuf)>, String> {
    let crates = root().join("crates");
    let entries = fs::read_dir(&crates).map_err(|error| display_error(&crates, &error))?;
    let mut folders = vec![("examples".to_owned(), root().join("examples"))];
    for entry in entries {
        let entry = entry.map_err(|error| display_error(&crates, &error))?;
        folders.push((entry.file_name().to_string_lossy().into_owned(), entry.path()));
    }
    folders.sort();
    Ok(folders)
}

/// Returns `true` if a file belongs to a library whose docs users read.
fn is_library(file: &Path) -> bool {
    let path = file.strip_prefix(root()).unwrap_or(file).to_string_lossy().replace('\\', "/");
    let tools = ["examples/", "crates/xtask/", "crates/testkit/"];
    path.contains("/src/")
        && !path.contains("/src/bin/")
        && !tools.iter().any(|tool| path.starts_with(tool))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_past_its_bound_is_named() {
        let mut sum = Counts::default();
        sum.add("/// Returns one.\nfn one() {}\n/// Nobody knows.\nfn two() {}\n", 400, true);
        let bounds = |verbs, persons| Bounds { verbs, persons, it: 0, long_files: 0, circles: 0 };
        assert_eq!(judge(&sum, 0, &bounds(50, 1)), Ok(()));
        let error = judge(&sum, 1, &bounds(51, 0)).unwrap_err();
        for fault in ["1 pronouns of persons", "1 circles", "50 % of function docs"] {
            assert!(error.contains(fault), "{error}");
        }
    }
}
