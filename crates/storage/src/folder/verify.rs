//! Verification that the manifest of a folder matches its files.

use std::sync::atomic::{AtomicBool, Ordering};

use super::directory::Directory;
use super::format::Format;
use super::layout::MANIFEST_PATH;
use super::manifest::Manifest;
use crate::{Error, Result};

/// Refuses a folder whose files and manifest do not match: once per opened store, or for every load
/// if that is cheap.
pub(super) fn verify_folder<F: Format<D>, D: Directory>(
    directory: &D,
    verified: &AtomicBool,
) -> Result<()> {
    if verified.load(Ordering::Relaxed) && !F::VERIFIES_EVERY_LOAD {
        return Ok(());
    }
    // Other loads may run: a file that is not in the manifest at one attempt may be in it at the
    // next.
    let mut unexpected: Vec<String> = Vec::new();
    for attempt in 0..3 {
        let before = Manifest::read::<F, D>(directory)?;
        let listing = F::list_files(directory, &before)?;
        let unfinished = directory.unfinished_loads()?;
        let manifest = Manifest::read::<F, D>(directory)?;
        let seen = F::verify(directory, &listing, &before, &manifest, &unfinished)?;
        unexpected =
            seen.into_iter().filter(|path| attempt == 0 || unexpected.contains(path)).collect();
        if unexpected.is_empty() {
            verified.store(true, Ordering::Relaxed);
            return Ok(());
        }
    }
    let first = unexpected.first().map(|path| directory.name(path)).unwrap_or_default();
    let more = match unexpected.len() {
        1 => String::new(),
        count => format!(" and {} more", count - 1),
    };
    Err(Error::Manifest {
        path: directory.name(MANIFEST_PATH),
        reason: format!(
            "is not the manifest of what is there: no commit of it made `{first}`{more}, and no load \
             that was broken off left that"
        ),
        advice: F::ADVICE.into(),
    })
}
