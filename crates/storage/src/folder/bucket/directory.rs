//! The operations on a folder in a bucket.

use std::ops::Range;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use chrono::TimeDelta;
use futures_util::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;
use object_store::{Error as ServiceError, GetOptions, GetRange, ObjectMeta, ObjectStoreExt};
use tidegauge_core::ErrorKind;

use super::client::Bucket;
use super::error::is_missing_bucket;
use super::guard::BucketGuard;
use super::load_note::{NOTES, RESET_SUFFIX, note_path};
use crate::folder::directory::{Directory, FileStore, OpenFile};
use crate::folder::layout::{MANIFEST_PATH, META_DIR, RESET_COPY_PATH};
use crate::folder::load_guard::UnfinishedLoad;
use crate::folder::manifest::{Manifest, ManifestVersion};
use crate::{Error, Result, random};

/// The maximum duration of a load: after it, the load cannot write anything any more.
const MAX_LOAD_DURATION: TimeDelta = TimeDelta::days(1);

/// The number of objects that are written or removed concurrently.
const CONCURRENT_REQUESTS: usize = 16;

/// The maximum number of files that are read concurrently; the decoded data of each is held in
/// memory.
const MAX_READERS: usize = 8;

/// The number of bytes at the end of a file that are read first: usually they contain its footer,
/// and often the whole file.
const TAIL_BYTES: u64 = 64 * 1024;

impl Directory for Bucket {
    type Guard = BucketGuard;

    fn name(&self, path: &str) -> String {
        self.address.name(path)
    }

    fn acquire_guard(&self) -> Result<BucketGuard> {
        let load_id = format!("{:016x}", random::random_number());
        Ok(BucketGuard::new(self.clone(), load_id))
    }

    fn read_manifest(&self) -> Result<Option<(Vec<u8>, Option<ManifestVersion>)>> {
        let objects = self.objects()?;
        let read = async {
            let found = objects.get(&self.path(MANIFEST_PATH)).await?;
            let version = ManifestVersion {
                e_tag: found.meta.e_tag.clone(),
                version: found.meta.version.clone(),
            };
            Ok((found.bytes().await?.into(), version))
        };
        match self.wait(read) {
            Ok((_, ManifestVersion { e_tag: None, version: None })) => Err(Error::Server {
                kind: ErrorKind::Configuration,
                reason: format!("`{}`: it has no ETag", self.name(MANIFEST_PATH)),
                advice: "use a service that gives its objects one".into(),
            }),
            Ok((text, version)) => Ok(Some((text, Some(version)))),
            Err(error @ ServiceError::NotFound { .. }) if !is_missing_bucket(&error) => Ok(None),
            Err(error) => Err(self.to_error(MANIFEST_PATH, &error)),
        }
    }

    fn swap_manifest(&self, manifest: &[u8], version: Option<&ManifestVersion>) -> Result<bool> {
        self.wait(async {
            if version.is_none() {
                self.probe().await?;
            }
            self.put_if_version(MANIFEST_PATH, manifest, version).await
        })
    }

    fn known_commit(&self) -> u64 {
        self.seen_commit.load(Ordering::SeqCst)
    }

    fn record_commit(&self, commit: u64) {
        self.seen_commit.fetch_max(commit, Ordering::SeqCst);
    }

    fn unfinished_loads(&self) -> Result<Vec<UnfinishedLoad>> {
        let own = self.path(META_DIR);
        let found: object_store::Result<Vec<ObjectMeta>> =
            self.wait(self.objects()?.list(Some(&own)).try_collect());
        let found = found.map_err(|error| self.to_error(META_DIR, &error))?;
        // The current time by the service's clock; the manifest is among these objects.
        let Some(now) = found.iter().map(|object| object.last_modified).max() else {
            return Ok(Vec::new());
        };
        let notes = self.path(NOTES);
        let load = |object: &ObjectMeta| {
            let mut rest = object.location.prefix_match(&notes)?;
            let name = rest.next()?;
            let (commit, load_id) = name.as_ref().split_once('-')?;
            let reset = load_id.strip_suffix(RESET_SUFFIX);
            Some(UnfinishedLoad {
                commit: Some(commit.parse().ok()?),
                load_id: Some(reset.unwrap_or(load_id).to_owned()),
                is_reset: reset.is_some(),
                is_expired: now - object.last_modified > MAX_LOAD_DURATION,
            })
        };
        Ok(found.iter().filter_map(load).collect())
    }

    /// Removes the notes of loads that have ended. A load whose commit conflicted may still write a
    /// file before it notices, so its note is kept for a day.
    fn forget_loads(&self, loads: &[UnfinishedLoad], manifest: &Manifest) -> Result<()> {
        let is_done = |load: &&UnfinishedLoad| {
            let committed =
                load.load_id.as_ref().is_some_and(|load_id| manifest.contains_load(load_id));
            committed
                || load.is_expired && Self::is_superseded(load.commit_number(manifest), manifest)
        };
        let notes: Vec<String> = loads
            .iter()
            .filter(is_done)
            .filter_map(|load| {
                Some(note_path(load.commit?, load.load_id.as_deref()?, load.is_reset))
            })
            .collect();
        self.remove_files(&notes)
    }

    fn is_superseded(commit: u64, manifest: &Manifest) -> bool {
        commit <= manifest.commit
    }
}

impl FileStore for Bucket {
    type File = Path;

    fn write_files(
        &self,
        files: &mut dyn Iterator<Item = Result<(String, Vec<u8>)>>,
    ) -> Result<()> {
        let objects = self.objects()?;
        let puts = stream::iter(files).map(|file| async {
            let (path, bytes) = file?;
            let put = objects.put(&self.path(&path), Bytes::from(bytes).into()).await;
            put.map(drop).map_err(|error| self.to_error(&path, &error))
        });
        self.wait(puts.buffer_unordered(CONCURRENT_REQUESTS).try_collect())
    }

    fn open_file(&self, path: &str) -> Result<OpenFile<Path>> {
        let to_error = |error| self.to_error(path, &error);
        let (objects, file) = (self.objects()?, self.path(path));
        let last = GetOptions::new().with_range(Some(GetRange::Suffix(TAIL_BYTES)));
        self.wait(async {
            let found = objects.get_opts(&file, last).await.map_err(to_error)?;
            let size = found.meta.size;
            let tail = found.bytes().await.map_err(to_error)?;
            Ok(OpenFile { file, size, tail })
        })
    }

    fn read_ranges(&self, file: &Path, path: &str, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let objects = self.objects()?;
        self.wait(objects.get_ranges(file, ranges)).map_err(|error| self.to_error(path, &error))
    }

    fn max_readers() -> usize {
        MAX_READERS
    }

    fn list_files(&self) -> Result<Vec<(String, u64)>> {
        let folder = &self.address.prefix;
        let prefix = folder.as_ref();
        let list = self.objects()?.list(Some(folder)).map_ok(|object| {
            let path = object.location.as_ref();
            let path = path.strip_prefix(prefix).unwrap_or(path).trim_start_matches('/');
            (path.to_owned(), object.size)
        });
        let found: object_store::Result<Vec<(String, u64)>> = self.wait(list.try_collect());
        let mut found = found.map_err(|error| self.to_error("", &error))?;
        found.retain(|(path, _)| path.split('/').next() != Some(META_DIR));
        Ok(found)
    }

    fn remove_files(&self, paths: &[String]) -> Result<()> {
        let objects = self.objects()?;
        let removals = stream::iter(paths).map(|path| async move {
            match objects.delete(&self.path(path)).await {
                // Another process may have removed it.
                Ok(()) | Err(ServiceError::NotFound { .. }) => Ok(()),
                Err(error) => Err(self.to_error(path, &error)),
            }
        });
        self.wait(removals.buffer_unordered(CONCURRENT_REQUESTS).try_collect())
    }

    fn rename_file(&self, from: &str, to: &str) -> Result<()> {
        let (objects, path, to) = (self.objects()?, self.path(from), self.path(to));
        self.wait(objects.rename(&path, &to)).map_err(|error| self.to_error(from, &error))
    }

    fn save_reset_copy(&self, manifest: &[u8]) -> Result<()> {
        let (objects, content) = (self.objects()?, Bytes::copy_from_slice(manifest));
        let put = self.wait(objects.put(&self.path(RESET_COPY_PATH), content.into()));
        put.map(drop).map_err(|error| self.to_error(RESET_COPY_PATH, &error))
    }

    fn reset_copy(&self) -> Result<Option<Vec<u8>>> {
        let objects = self.objects()?;
        match self.wait(async { objects.get(&self.path(RESET_COPY_PATH)).await?.bytes().await }) {
            Ok(text) => Ok(Some(text.into())),
            Err(error @ ServiceError::NotFound { .. }) if !is_missing_bucket(&error) => Ok(None),
            Err(error) => Err(self.to_error(RESET_COPY_PATH, &error)),
        }
    }
}
