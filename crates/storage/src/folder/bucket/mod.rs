//! A folder in a bucket of S3 or of Google Cloud Storage.
//!
//! Nothing is locked there. Instead a manifest only replaces the one that it was made from, which the
//! service sees to, and so a load whose commit has a number that was taken meanwhile cannot be
//! committed any more. Before its first file a load puts a note, `_tidegauge/loading/<commit>-<mark>`, and
//! removes it when it has ended: what is there with a note and can no more be committed is left over.

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

/// An object that is only there to see whether the service keeps to conditions.
const PROBE: &str = "_tidegauge/probe";

/// Where loads note that they have begun.
const NOTES: &str = "_tidegauge/loading";

/// What the note of a reset ends with.
const OF_RESET: &str = "-reset";

/// How long a load may take: later it cannot write anything any more.
const LONGEST: TimeDelta = TimeDelta::days(1);

/// Objects that are written or removed at a time.
const AT_ONCE: usize = 16;

/// The most files that are read at a time: what is decoded of each is in memory.
const READERS: usize = 8;

/// Bytes from the end of a file that are read first: its footer, as a rule, and often all of it.
const TAIL: u64 = 64 * 1024;

/// A folder in a bucket.
#[derive(Clone)]
pub(crate) struct Bucket {
    address: Address,
    objects: Arc<OnceLock<Arc<dyn ObjectStore>>>,
    /// The greatest commit that may have left files without becoming one; 0 if there is none. Of those
    /// before us nothing is known, which is why it begins at 1.
    left: Arc<AtomicU64>,
    /// The greatest commit that was seen.
    seen: Arc<AtomicU64>,
}

/// What it is reached by holds credentials.
impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Bucket").field(&self.address.url()).finish()
    }
}

impl Bucket {
    /// The folder at `url`: `s3://bucket/folder?endpoint=…&region=…&anonymous=true`, or `gs://…`.
    pub(crate) fn parse(url: &str) -> Result<Self> {
        let address = Address::parse(url)?;
        let left = Arc::new(AtomicU64::new(1));
        Ok(Self { address, objects: Arc::default(), left, seen: Arc::default() })
    }

    /// Returns what tells it from other folders in buckets.
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

    /// Waits for `work`; we are where that hurts nobody.
    fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        Handle::current().block_on(work)
    }

    /// Puts `content` at `path` if what is there is `edition`; whether it was.
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
        // Google keeps copies of what anybody may read, else.
        let attributes = Attributes::from_iter([(Attribute::CacheControl, "no-store")]);
        let options = PutOptions { mode, attributes, ..PutOptions::default() };
        let content = Bytes::copy_from_slice(content).into();
        match self.objects()?.put_opts(&self.path(path), content, options).await {
            Ok(_) => Ok(true),
            Err(Refusal::AlreadyExists { .. } | Refusal::Precondition { .. }) => Ok(false),
            Err(refusal) => Err(self.failed(path, &refusal)),
        }
    }

    /// Refuses a service that replaces objects whatever they are: two loaders would undo each other.
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
        // Now, by the service's clock: the manifest is among them.
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

    /// A load that was outrun may yet write a file before it learns of that, so its note stays for a day.
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

/// The path of the note of a load, or of a reset.
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
                // Somebody else may have swept up here.
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

/// A load that is at it, beside others perhaps.
#[derive(Debug)]
pub(crate) struct Load {
    bucket: Bucket,
    mark: String,
    /// The notes that it has put, by their commit.
    notes: Vec<(u64, String)>,
    left: Arc<AtomicU64>,
    /// What `left` was when the sweep began that is going on.
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

    /// What a load left that failed at commit 7 is over once somebody's commit 7 is there: sooner, it
    /// might still become that.
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
