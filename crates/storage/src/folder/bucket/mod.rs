//! A folder in a bucket of S3 or of Google Cloud Storage.
//!
//! Nothing is locked there. Instead a manifest only replaces the one that it was made from, which the
//! service sees to, and so a load whose commit has a number that was taken meanwhile cannot be
//! committed any more: what it wrote is known to be left over.

mod failure;
mod open;

use std::fmt;
use std::future::Future;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, Error as Refusal, GetOptions, GetRange, ObjectStore, ObjectStoreExt,
    PutMode, PutOptions, UpdateVersion,
};
use tidegauge_core::ErrorKind;
use tokio::runtime::Handle;

use self::failure::is_no_bucket;
use self::open::Address;
use super::Manifest;
use super::place::{Edition, Files, MANIFEST, OWN, Opened, Place, Turn};
use crate::{Error, Result, random};

/// An object that is only there to see whether the service keeps to conditions.
const PROBE: &str = "_tidegauge/probe";

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
        Ok(Self { address, objects: Arc::default(), left: Arc::new(AtomicU64::new(1)) })
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
        Ok(Load { mark: format!("{:016x}", random::number()), left: self.left.clone(), swept: 0 })
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

    fn files(&self) -> Result<Vec<String>> {
        let within = &self.address.within;
        let prefix = within.as_ref();
        let list = self.objects()?.list(Some(within)).map_ok(|object| {
            let path = object.location.as_ref();
            path.strip_prefix(prefix).unwrap_or(path).trim_start_matches('/').to_owned()
        });
        let found: object_store::Result<Vec<String>> = self.wait(list.try_collect());
        let mut found = found.map_err(|refusal| self.failed("", &refusal))?;
        found.retain(|path| path.split('/').next() != Some(OWN));
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

    fn is_over(commit: u64, manifest: &Manifest) -> bool {
        commit <= manifest.commit
    }
}

/// A load that is at it, beside others perhaps.
#[derive(Debug)]
pub(crate) struct Load {
    mark: String,
    left: Arc<AtomicU64>,
    /// What `left` was when the sweep began that is going on.
    swept: u64,
}

impl Turn for Load {
    fn mark(&self) -> Option<&str> {
        Some(&self.mark)
    }

    fn begin(&mut self) -> Result<bool> {
        Ok(false)
    }

    /// What a load left that failed at commit 7 is over once somebody's commit 7 is there: sooner, it
    /// might still become that.
    fn end(&mut self, commit: u64, done: bool) -> bool {
        if !done {
            self.left.fetch_max(commit, Ordering::SeqCst);
            return false;
        }
        self.swept = self.left.load(Ordering::SeqCst);
        (1..=commit).contains(&self.swept)
            && self.left.compare_exchange(self.swept, 0, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }

    fn removed(&mut self, all: bool) {
        if !all {
            self.left.fetch_max(self.swept, Ordering::SeqCst);
        }
    }
}
