//! The names of settings, in files and in the environment.

use super::text;

/// The prefix of the variables that are settings.
pub(super) const PREFIX: &str = "TIDEGAUGE_";

/// Returns the dotted name of the setting at `path`; parts that cannot be names are replaced by
/// `…`.
pub(super) fn setting_name(path: &[String]) -> String {
    let is_shown = |part: &str| text::is_name(part) || part.parse::<u32>().is_ok();
    let parts = path.iter().map(|part| if is_shown(part) { part } else { "…" });
    parts.collect::<Vec<_>>().join(".")
}

/// Returns the environment variable that sets the value at `path`, or a parent of it.
pub(super) fn variable(path: &[String]) -> Option<String> {
    let names: Vec<_> =
        std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()).collect();
    (1..=path.len()).rev().find_map(|count| {
        let wanted = format!("{PREFIX}{}", path[..count].join("__"));
        names.iter().find(|name| name.eq_ignore_ascii_case(&wanted)).cloned()
    })
}
