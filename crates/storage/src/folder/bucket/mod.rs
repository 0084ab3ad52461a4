//! A folder in a bucket of S3 or of Google Cloud Storage.
//!
//! Nothing is locked there. Instead a manifest only replaces the one that it was made from, which the
//! service sees to, and so a load whose commit has a number that was taken meanwhile cannot be
//! committed any more: what it wrote is known to be left over.

mod failure;
mod open;

use std::fmt;
use std::future::Future;
use std::io::Cursor;
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
use polars_parquet::read::read_metadata;
use tokio::runtime::Handle;

use self::failure::is_no_bucket;
use self::open::Address;
use super::Manifest;
use super::place::{Edition, MANIFEST, OWN, Place, Reader, Turn};
use crate::{Error, Result, random};

/// An object that is only there to see whether the service keeps to conditions.
const PROBE: &str = "_tidegauge/probe";

/// Objects that are written, read or removed at a time.
const AT_ONCE: usize = 16;

/// Bytes from the end of a file that are read first: its footer, as a rule, and often all of it.
const TAIL: u64 = 64 * 1024;

/// The last bytes of a Parquet file: how long its footer is, and `PAR1`.
const ENDING: usize = 8;

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
            reason: format!(
                "`{}`: this service replaces objects without keeping to conditions, and two \
                 loaders would undo each other",
                self.name("")
            ),
            mend: "use one with conditional writes, or load into parquet://dir and copy that"
                .into(),
        })
    }

    /// The file at `path`, of which nothing is there but its footer and the columns called `columns`.
    async fn fetch(&self, path: &str, columns: &[String]) -> Result<Cursor<Vec<u8>>> {
        let failed = |refusal| self.failed(path, &refusal);
        let damaged =
            |reason: &str| Error::Damaged { path: self.name(path), reason: reason.into() };
        let (objects, location) = (self.objects()?, self.path(path));
        let last = |bytes| GetOptions::new().with_range(Some(GetRange::Suffix(bytes)));
        let tail = objects.get_opts(&location, last(TAIL)).await.map_err(failed)?;
        let size = usize::try_from(tail.meta.size).map_err(|_| damaged("it is too long"))?;
        let mut tail = tail.bytes().await.map_err(failed)?;
        let footer = footer(&tail).ok_or_else(|| damaged("it is no Parquet"))?;
        if footer > size {
            return Err(damaged("its footer is longer than it"));
        }
        if footer > tail.len() {
            let range = (size - footer) as u64..size as u64;
            tail = objects.get_range(&location, range).await.map_err(failed)?;
        }
        // As long as the file: what is not read stays zero, and is mostly not even taken up.
        let mut file = vec![0; size];
        let end = file.get_mut(size.saturating_sub(tail.len())..);
        end.filter(|end| end.len() == tail.len())
            .ok_or_else(|| damaged("it changes while it is read"))?
            .copy_from_slice(&tail);
        if tail.len() < size {
            let metadata = read_metadata(&mut Cursor::new(&file[..]))
                .map_err(|error| damaged(&error.to_string()))?;
            let mut ranges: Vec<Range<u64>> = Vec::new();
            for column in metadata.row_groups.iter().flat_map(|group| group.parquet_columns()) {
                let name = column.descriptor().path_in_schema.first();
                if name.is_some_and(|name| columns.iter().any(|it| it == name.as_str())) {
                    ranges.push(column.byte_range());
                }
            }
            let parts = objects.get_ranges(&location, &ranges).await.map_err(failed)?;
            for (range, part) in ranges.iter().zip(parts) {
                let place = usize::try_from(range.start).ok().zip(usize::try_from(range.end).ok());
                place
                    .and_then(|(start, end)| file.get_mut(start..end))
                    .filter(|place| place.len() == part.len())
                    .ok_or_else(|| damaged("its footer names what is not there"))?
                    .copy_from_slice(&part);
            }
        }
        Ok(Cursor::new(file))
    }
}

/// How long the footer is that `tail` ends with, with its ending; none where that is no Parquet file.
fn footer(tail: &[u8]) -> Option<usize> {
    let ending = tail.get(tail.len().checked_sub(ENDING)?..)?;
    let (length, magic) = ending.split_at_checked(4)?;
    let length = u32::from_le_bytes(length.try_into().ok()?);
    (magic == b"PAR1").then_some(usize::try_from(length).ok()? + ENDING)
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

    fn write(&self, files: &mut dyn Iterator<Item = Result<(String, Vec<u8>)>>) -> Result<()> {
        let objects = self.objects()?;
        let puts = stream::iter(files).map(|file| async {
            let (path, bytes) = file?;
            let put = objects.put(&self.path(&path), Bytes::from(bytes).into()).await;
            put.map(drop).map_err(|refusal| self.failed(&path, &refusal))
        });
        self.wait(puts.buffer_unordered(AT_ONCE).try_collect())
    }

    fn read(
        &self,
        files: &[String],
        columns: &[String],
        take: &mut dyn FnMut(usize, Reader) -> Result<()>,
    ) -> Result<()> {
        let fetches = stream::iter(files).map(|path| self.fetch(path, columns));
        let mut fetched = fetches.buffered(AT_ONCE).enumerate();
        while let Some((at, file)) = self.wait(fetched.next()) {
            take(at, Box::new(file?))?;
        }
        Ok(())
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
