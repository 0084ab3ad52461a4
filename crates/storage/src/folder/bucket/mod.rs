//! A folder in a bucket of S3 or of Google Cloud Storage.
//!
//! Buckets have no locks. Instead the manifest is replaced by compare-and-swap, which the service
//! guarantees, so that a load whose commit number has been taken meanwhile can no longer commit.
//! Before its first file, a load writes a note `_tidegauge/loading/<commit>-<mark>`, and removes it
//! when it has ended: files of a noted load that can no longer commit are garbage.

mod failure;
mod open;

use std::fmt;
use std::future::Future;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use chrono::TimeDelta;
use futures_util::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, Error as Refusal, GetOptions, GetRange, ObjectMeta, ObjectStore,
    ObjectStoreExt, PutMode, PutOptions, UpdateVersion,
};
use tidegauge_core::ErrorKind;
use tokio::runtime::Handle;

use self::failure::is_no_bucket;
use self::open::Address;
use super::Manifest;
use super::place::{
    Edition, Ended, Files, MANIFEST, OWN, Opened, Place, RESET, Turn, Unfinished, Writes,
};
use crate::{Error, Result, random};

/// The object that is written to test whether the service honors conditional writes.
const PROBE: &str = "_tidegauge/probe";

/// The folder of the notes of running loads.
const NOTES: &str = "_tidegauge/loading";

/// The suffix of the note of a reset.
const OF_RESET: &str = "-reset";

/// The maximum duration of a load: after it, the load cannot write anything any more.
const LONGEST: TimeDelta = TimeDelta::days(1);

/// The number of objects that are written or removed concurrently.
const AT_ONCE: usize = 16;

/// The maximum number of files that are read concurrently; the decoded data of each is held in
/// memory.
const READERS: usize = 8;

/// The number of bytes at the end of a file that are read first: usually they contain its footer,
/// and often the whole file.
const TAIL: u64 = 64 * 1024;

/// A folder in a bucket.
#[derive(Clone)]
pub(crate) struct Bucket {
    address: Address,
    objects: Arc<OnceLock<Arc<dyn ObjectStore>>>,
    /// The greatest commit that may have left files without being committed; 0 if there is none. It
    /// starts at 1, because nothing is known about earlier processes.
    left: Arc<AtomicU64>,
    /// The greatest commit number seen so far.
    seen: Arc<AtomicU64>,
}

/// The client is omitted, because it holds credentials.
impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Bucket").field(&self.address.url()).finish()
    }
}

impl Bucket {
    /// Parses the URL of a folder: `s3://bucket/folder?endpoint=…&region=…&anonymous=true`, or
    /// `gs://…`.
    pub(crate) fn parse(url: &str) -> Result<Self> {
        let address = Address::parse(url)?;
        let left = Arc::new(AtomicU64::new(1));
        Ok(Self { address, objects: Arc::default(), left, seen: Arc::default() })
    }

    /// Returns a text that distinguishes the folder from other folders in buckets.
    pub(crate) fn identity(&self) -> String {
        format!("{} {}", self.address.url(), self.address.endpoint.as_deref().unwrap_or_default())
    }

    fn objects(&self) -> Result<&dyn ObjectStore> {
        if let Some(objects) = self.objects.get() {
            return Ok(&**objects);
        }
        let opened = self.address.open()?;
        Ok(&**self.objects.get_or_init(|| opened))
    }

    fn path(&self, path: &str) -> Path {
        path.split('/').fold(self.address.within.clone(), Path::join)
    }

    /// Blocks on `work`; callers run on a thread for blocking work.
    fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        Handle::current().block_on(work)
    }

    /// Writes `content` to `path` if the object there is still `edition`; returns `false` if it is
    /// not.
    async fn put_over(
        &self,
        path: &str,
        content: &[u8],
        edition: Option<&Edition>,
    ) -> Result<bool> {
        let mode = match edition.cloned() {
            None => PutMode::Create,
            Some(Edition { e_tag, version }) => PutMode::Update(UpdateVersion { e_tag, version }),
        };
        // Google would otherwise cache publicly readable objects.
        let attributes = Attributes::from_iter([(Attribute::CacheControl, "no-store")]);
        let options = PutOptions { mode, attributes, ..PutOptions::default() };
        let content = Bytes::copy_from_slice(content).into();
        match self.objects()?.put_opts(&self.path(path), content, options).await {
            Ok(_) => Ok(true),
            Err(Refusal::AlreadyExists { .. } | Refusal::Precondition { .. }) => Ok(false),
            Err(refusal) => Err(self.failed(path, &refusal)),
        }
    }

    /// Refuses a service that ignores the conditions of writes: two loaders would overwrite each
    /// other.
    async fn probe(&self) -> Result<()> {
        self.put_over(PROBE, b"", None).await?;
        let other = Edition { e_tag: Some("\"0\"".into()), version: Some("1".into()) };
        let kept = !self.put_over(PROBE, b"", None).await?
            && !self.put_over(PROBE, b"", Some(&other)).await?;
        if kept {
            return Ok(());
        }
        Err(Error::Server {
            kind: ErrorKind::Configuration,
            reason: format!(
                "`{}`: this service replaces objects without keeping to conditions, and two \
                 loaders would undo each other",
                self.name("")
            ),
            mend: "use one with conditional writes, or load into parquet://dir and copy that"
                .into(),
        })
    }
}

impl Place for Bucket {
    type Turn = Load;

    fn name(&self, path: &str) -> String {
        let url = self.address.url();
        if path.is_empty() { url } else { format!("{url}/{path}") }
    }

    fn turn(&self) -> Result<Load> {
        let mark = format!("{:016x}", random::number());
        let left = self.left.clone();
        Ok(Load { bucket: self.clone(), mark, notes: Vec::new(), left, swept: 0 })
    }

    fn manifest(&self) -> Result<Option<(Vec<u8>, Option<Edition>)>> {
        let objects = self.objects()?;
        let read = async {
            let found = objects.get(&self.path(MANIFEST)).await?;
            let edition =
                Edition { e_tag: found.meta.e_tag.clone(), version: found.meta.version.clone() };
            Ok((found.bytes().await?.into(), edition))
        };
        match self.wait(read) {
            Ok((_, Edition { e_tag: None, version: None })) => Err(Error::Server {
                kind: ErrorKind::Configuration,
                reason: format!("`{}`: it has no ETag", self.name(MANIFEST)),
                mend: "use a service that gives its objects one".into(),
            }),
            Ok((text, edition)) => Ok(Some((text, Some(edition)))),
            Err(refusal @ Refusal::NotFound { .. }) if !is_no_bucket(&refusal) => Ok(None),
            Err(refusal) => Err(self.failed(MANIFEST, &refusal)),
        }
    }

    fn replace(&self, manifest: &[u8], edition: Option<&Edition>) -> Result<bool> {
        self.wait(async {
            if edition.is_none() {
                self.probe().await?;
            }
            self.put_over(MANIFEST, manifest, edition).await
        })
    }

    fn reached(&self) -> u64 {
        self.seen.load(Ordering::SeqCst)
    }

    fn saw(&self, commit: u64) {
        self.seen.fetch_max(commit, Ordering::SeqCst);
    }

    fn unfinished(&self) -> Result<Vec<Unfinished>> {
        let own = self.path(OWN);
        let found: object_store::Result<Vec<ObjectMeta>> =
            self.wait(self.objects()?.list(Some(&own)).try_collect());
        let found = found.map_err(|refusal| self.failed(OWN, &refusal))?;
        // The current time by the service's clock; the manifest is among these objects.
        let Some(now) = found.iter().map(|object| object.last_modified).max() else {
            return Ok(Vec::new());
        };
        let notes = self.path(NOTES);
        let load = |object: &ObjectMeta| {
            let mut rest = object.location.prefix_match(&notes)?;
            let name = rest.next()?;
            let (commit, mark) = name.as_ref().split_once('-')?;
            let reset = mark.strip_suffix(OF_RESET);
            Some(Unfinished {
                commit: Some(commit.parse().ok()?),
                mark: Some(reset.unwrap_or(mark).to_owned()),
                resets: reset.is_some(),
                is_gone: now - object.last_modified > LONGEST,
            })
        };
        Ok(found.iter().filter_map(load).collect())
    }

    /// Removes the notes of loads that are over. A load that was outrun may still write a file
    /// before it notices, so its note is kept for a day.
    fn forget(&self, loads: &[Unfinished], manifest: &Manifest) -> Result<()> {
        let is_done = |load: &&Unfinished| {
            let committed = load.mark.as_ref().is_some_and(|mark| manifest.holds(mark));
            committed || load.is_gone && Self::is_over(load.number(manifest), manifest)
        };
        let notes: Vec<String> = loads
            .iter()
            .filter(is_done)
            .filter_map(|load| Some(note(load.commit?, load.mark.as_deref()?, load.resets)))
            .collect();
        self.remove(&notes)
    }

    fn is_over(commit: u64, manifest: &Manifest) -> bool {
        commit <= manifest.commit
    }
}

/// Returns the path of the note of a load or a reset.
fn note(commit: u64, mark: &str, resets: bool) -> String {
    format!("{NOTES}/{commit:012}-{mark}{}", if resets { OF_RESET } else { "" })
}

impl Files for Bucket {
    type File = Path;

    fn write(&self, files: &mut dyn Iterator<Item = Result<(String, Vec<u8>)>>) -> Result<()> {
        let objects = self.objects()?;
        let puts = stream::iter(files).map(|file| async {
            let (path, bytes) = file?;
            let put = objects.put(&self.path(&path), Bytes::from(bytes).into()).await;
            put.map(drop).map_err(|refusal| self.failed(&path, &refusal))
        });
        self.wait(puts.buffer_unordered(AT_ONCE).try_collect())
    }

    fn open(&self, path: &str) -> Result<Opened<Path>> {
        let failed = |refusal| self.failed(path, &refusal);
        let (objects, file) = (self.objects()?, self.path(path));
        let last = GetOptions::new().with_range(Some(GetRange::Suffix(TAIL)));
        self.wait(async {
            let found = objects.get_opts(&file, last).await.map_err(failed)?;
            let size = found.meta.size;
            let tail = found.bytes().await.map_err(failed)?;
            Ok(Opened { file, size, tail })
        })
    }

    fn read(&self, file: &Path, path: &str, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let objects = self.objects()?;
        self.wait(objects.get_ranges(file, ranges)).map_err(|refusal| self.failed(path, &refusal))
    }

    fn readers() -> usize {
        READERS
    }

    fn files(&self) -> Result<Vec<(String, u64)>> {
        let within = &self.address.within;
        let prefix = within.as_ref();
        let list = self.objects()?.list(Some(within)).map_ok(|object| {
            let path = object.location.as_ref();
            let path = path.strip_prefix(prefix).unwrap_or(path).trim_start_matches('/');
            (path.to_owned(), object.size)
        });
        let found: object_store::Result<Vec<(String, u64)>> = self.wait(list.try_collect());
        let mut found = found.map_err(|refusal| self.failed("", &refusal))?;
        found.retain(|(path, _)| path.split('/').next() != Some(OWN));
        Ok(found)
    }

    fn remove(&self, paths: &[String]) -> Result<()> {
        let objects = self.objects()?;
        let removals = stream::iter(paths).map(|path| async move {
            match objects.delete(&self.path(path)).await {
                // Another process may have removed it.
                Ok(()) | Err(Refusal::NotFound { .. }) => Ok(()),
                Err(refusal) => Err(self.failed(path, &refusal)),
            }
        });
        self.wait(removals.buffer_unordered(AT_ONCE).try_collect())
    }

    fn rename(&self, from: &str, to: &str) -> Result<()> {
        let (objects, path, to) = (self.objects()?, self.path(from), self.path(to));
        self.wait(objects.rename(&path, &to)).map_err(|refusal| self.failed(from, &refusal))
    }

    fn keep(&self, manifest: &[u8]) -> Result<()> {
        let (objects, content) = (self.objects()?, Bytes::copy_from_slice(manifest));
        let put = self.wait(objects.put(&self.path(RESET), content.into()));
        put.map(drop).map_err(|refusal| self.failed(RESET, &refusal))
    }

    fn kept(&self) -> Result<Option<Vec<u8>>> {
        let objects = self.objects()?;
        match self.wait(async { objects.get(&self.path(RESET)).await?.bytes().await }) {
            Ok(text) => Ok(Some(text.into())),
            Err(refusal @ Refusal::NotFound { .. }) if !is_no_bucket(&refusal) => Ok(None),
            Err(refusal) => Err(self.failed(RESET, &refusal)),
        }
    }
}

/// A load in progress, possibly concurrent with others.
#[derive(Debug)]
pub(crate) struct Load {
    bucket: Bucket,
    mark: String,
    /// The notes that it has written, by commit.
    notes: Vec<(u64, String)>,
    left: Arc<AtomicU64>,
    /// The value of `left` when the current sweep began.
    swept: u64,
}

impl Turn for Load {
    fn mark(&self) -> Option<&str> {
        Some(&self.mark)
    }

    fn begin(&mut self, commit: u64, writes: Writes) -> Result<Vec<Unfinished>> {
        if writes != Writes::Nothing {
            let name = note(commit, &self.mark, writes == Writes::From);
            let bucket = &self.bucket;
            let (objects, path) = (bucket.objects()?, bucket.path(&name));
            let put = bucket.wait(objects.put(&path, Bytes::new().into()));
            put.map_err(|refusal| bucket.failed(&name, &refusal))?;
            self.notes.push((commit, name));
        }
        Ok(Vec::new())
    }

    /// Ends a load. Files of a load that failed at commit 7 are garbage once another commit 7
    /// exists; before that, the load might still be committed.
    fn end(&mut self, commit: u64, ended: Ended) {
        if ended == Ended::Left {
            self.left.fetch_max(commit, Ordering::SeqCst);
            return;
        }
        if let Some(at) = self.notes.iter().position(|(noted, _)| *noted == commit) {
            let (_, note) = self.notes.swap_remove(at);
            if let Err(error) = self.bucket.remove(&[note]) {
                tracing::debug!(%error, "a note still says that a load is at it");
                self.left.fetch_max(commit, Ordering::SeqCst);
            }
        }
    }

    fn sweeps(&mut self, commit: u64) -> bool {
        self.swept = self.left.load(Ordering::SeqCst);
        (1..=commit).contains(&self.swept)
            && self.left.compare_exchange(self.swept, 0, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }

    fn sweeps_again(&mut self) {
        self.left.fetch_max(self.swept, Ordering::SeqCst);
    }
}
