//! The notes of running loads: empty objects whose names hold the commit and the id of a load. A
//! note is a lease of a day: after it, the load cannot write anything any more.

/// The folder of the notes of running loads.
pub(super) const NOTES: &str = "_tidegauge/loading";

/// The suffix of the note of a reset.
pub(super) const RESET_SUFFIX: &str = "-reset";

/// Returns the path of the note of a load or a reset.
pub(super) fn note_path(commit: u64, load_id: &str, is_reset: bool) -> String {
    format!("{NOTES}/{commit:012}-{load_id}{}", if is_reset { RESET_SUFFIX } else { "" })
}
