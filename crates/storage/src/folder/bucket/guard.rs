//! The guard of a load into a bucket, and the notes that record it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use object_store::ObjectStoreExt;

use super::client::Bucket;
use super::load_note::note_path;
use crate::Result;
use crate::folder::directory::FileStore;
use crate::folder::load_guard::{LoadGuard, LoadOutcome, UnfinishedLoad, WriteExtent};

/// A load in progress, possibly concurrent with others.
#[derive(Debug)]
pub(crate) struct BucketGuard {
    bucket: Bucket,
    load_id: String,
    /// The notes that it has written, by commit.
    notes: Vec<(u64, String)>,
    leftover_commit: Arc<AtomicU64>,
    /// The value of `leftover_commit` when the current sweep began.
    swept_commit: u64,
}

impl BucketGuard {
    /// Creates the guard of a load whose files carry `load_id`.
    pub(super) fn new(bucket: Bucket, load_id: String) -> Self {
        let leftover_commit = bucket.leftover_commit.clone();
        Self { bucket, load_id, notes: Vec::new(), leftover_commit, swept_commit: 0 }
    }
}

impl LoadGuard for BucketGuard {
    fn load_id(&self) -> Option<&str> {
        Some(&self.load_id)
    }

    fn begin(&mut self, commit: u64, extent: WriteExtent) -> Result<Vec<UnfinishedLoad>> {
        if extent != WriteExtent::Nothing {
            let name = note_path(commit, &self.load_id, extent == WriteExtent::ManyCommits);
            let bucket = &self.bucket;
            let (objects, path) = (bucket.objects()?, bucket.path(&name));
            let put = bucket.wait(objects.put(&path, Bytes::new().into()));
            put.map_err(|error| bucket.to_error(&name, &error))?;
            self.notes.push((commit, name));
        }
        Ok(Vec::new())
    }

    /// Ends a load. Files of a load that failed at commit 7 are garbage once another commit 7
    /// exists; before that, the load might still be committed.
    fn end(&mut self, commit: u64, outcome: LoadOutcome) {
        if outcome == LoadOutcome::Incomplete {
            self.leftover_commit.fetch_max(commit, Ordering::SeqCst);
            return;
        }
        if let Some(at) = self.notes.iter().position(|(noted, _)| *noted == commit) {
            let (_, note) = self.notes.swap_remove(at);
            if let Err(error) = self.bucket.remove_files(&[note]) {
                tracing::debug!(%error, "removing the note of an ended load failed, a later load retries");
                self.leftover_commit.fetch_max(commit, Ordering::SeqCst);
            }
        }
    }

    fn should_sweep(&mut self, commit: u64) -> bool {
        self.swept_commit = self.leftover_commit.load(Ordering::SeqCst);
        (1..=commit).contains(&self.swept_commit)
            && self
                .leftover_commit
                .compare_exchange(self.swept_commit, 0, Ordering::SeqCst, Ordering::SeqCst)
                .is_ok()
    }

    fn retry_sweep(&mut self) {
        self.leftover_commit.fetch_max(self.swept_commit, Ordering::SeqCst);
    }
}
