//! The commit protocol: optimistic concurrency with retries on conflict, and the cleanup of loads
//! that were not committed.

use std::time::Duration;

use backon::BackoffBuilder;

use super::directory::Directory;
use super::format::Format;
use super::load_guard::{LoadGuard, LoadOutcome, UnfinishedLoad, WriteExtent};
use super::manifest::Manifest;
use crate::retry::{self, Policy};
use crate::{Error, Result};

/// The retry policy of a load that conflicts with another one.
const CONFLICT_RETRIES: Policy =
    retry::exponential(Duration::from_millis(10), Duration::from_secs(1), 30);

/// Retries `commit` with backoff until it returns `true`: no other load has committed meanwhile.
pub(super) fn commit_with_retry(
    directory: &impl Directory,
    mut commit: impl FnMut() -> Result<bool>,
) -> Result<()> {
    let mut delays = CONFLICT_RETRIES.build();
    loop {
        if commit()? {
            return Ok(());
        }
        let Some(delay) = delays.next() else {
            return Err(Error::Busy { path: directory.name("") });
        };
        std::thread::sleep(delay);
    }
}

/// Records that the commit after `manifest` begins. First the files of killed loads are removed,
/// and the last reset is completed.
pub(super) fn begin_commit<F: Format<D>, D: Directory>(
    directory: &D,
    guard: &mut D::Guard,
    manifest: &mut Manifest,
    extent: WriteExtent,
) -> Result<()> {
    let killed = guard.begin(manifest.commit + 1, extent)?;
    if !killed.is_empty() {
        F::remove_uncommitted(directory, manifest, &killed)?;
    }
    if !manifest.removed.is_empty() {
        F::finish_reset(directory, manifest)?;
        manifest.removed.clear();
    }
    Ok(())
}

/// Concludes the attempt to commit `manifest`, which began as commit `number`, and finds out
/// whether it was committed if that is unknown. If not, removes the written files; if so, completes
/// a reset.
pub(super) fn finish_commit<F: Format<D>, D: Directory>(
    directory: &D,
    guard: &mut D::Guard,
    (number, extent): (u64, WriteExtent),
    manifest: &Manifest,
    mut committed: Result<bool>,
    is_own_load: impl Fn(&Manifest, Option<&str>) -> bool,
) -> Result<bool> {
    let is_reset = extent == WriteExtent::ManyCommits;
    if !matches!(committed, Ok(true)) {
        match Manifest::read::<F, D>(directory) {
            // It was committed, but the response was lost.
            Ok(current) if is_own_load(&current, guard.load_id()) => committed = Ok(true),
            Ok(current) => {
                let outcome = roll_back::<F, D>(directory, guard, number, is_reset, &current);
                guard.end(number, outcome);
                return committed;
            }
            Err(error) => {
                tracing::debug!(%error, "reading the manifest failed, commit state unknown");
                guard.end(number, LoadOutcome::Incomplete);
                return committed;
            }
        }
    }
    let finished = if is_reset { F::finish_reset(directory, manifest) } else { Ok(()) };
    match finished {
        Ok(()) => guard.end(number, LoadOutcome::Committed(manifest.commit)),
        // The next load completes it.
        Err(error) => {
            tracing::warn!(%error, "removing files of reset rows failed, the next load retries");
            guard.end(number, LoadOutcome::Incomplete);
        }
    }
    if guard.should_sweep(manifest.commit) {
        let result = directory.unfinished_loads().and_then(|unfinished| {
            F::remove_uncommitted(directory, manifest, &unfinished)?;
            directory.forget_loads(&unfinished, manifest)
        });
        if let Err(error) = result {
            tracing::warn!(%error, "cleanup of unfinished loads failed, will retry");
            guard.retry_sweep();
        }
    }
    committed
}

/// Removes the files that this load wrote as commit `number`, which was not committed, as far as
/// that is certain.
fn roll_back<F: Format<D>, D: Directory>(
    directory: &D,
    guard: &D::Guard,
    number: u64,
    is_reset: bool,
    manifest: &Manifest,
) -> LoadOutcome {
    if !D::is_superseded(number, manifest) {
        return match number <= manifest.commit && !is_reset {
            // On a disk it was committed after all.
            true => LoadOutcome::RolledBack(manifest.commit),
            // In a bucket it might still be committed; and a reset that was committed after all is
            // not complete.
            false => LoadOutcome::Incomplete,
        };
    }
    let load_id = guard.load_id().map(Into::into);
    let own = UnfinishedLoad { commit: Some(number), load_id, is_reset, is_expired: true };
    match F::remove_uncommitted(directory, manifest, &[own]) {
        Ok(()) => LoadOutcome::RolledBack(manifest.commit),
        // Another load removes them.
        Err(error) => {
            tracing::warn!(%error, "removing files of a failed load failed, another load retries");
            LoadOutcome::Incomplete
        }
    }
}
