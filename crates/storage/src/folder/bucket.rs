//! A folder in a bucket of S3 or of Google Cloud Storage.
//!
//! Nothing is locked there. Instead a manifest only replaces the one that it was made from, which the
//! service sees to, and so a load whose commit has a number that was taken meanwhile cannot be
//! committed any more: what it wrote is known to be left over.

use std::future::Future;
use std::io::Cursor;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use object_store::aws::AmazonS3Builder;
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::path::Path;
use object_store::{
    Error as Refusal, GetOptions, GetRange, ObjectStore, ObjectStoreExt, PutMode, PutOptions,
    RetryConfig, UpdateVersion,
};
use polars_parquet::read::read_metadata;
use tokio::runtime::Handle;
use url::Url;

use super::Manifest;
use super::place::{Edition, Place, Reader, Turn};
use crate::{Error, Result, random};

const MANIFEST: &str = "_tidegauge/manifest.json";
const OWN: &str = "_tidegauge/";

/// Objects that are written, read or removed at a time.
const AT_ONCE: usize = 16;

/// Bytes from the end of a file that are read first: its footer, as a rule, and often all of it.
const TAIL: u64 = 64 * 1024;

/// The last bytes of a Parquet file: how long its footer is, and `PAR1`.
const ENDING: usize = 8;

/// How often, and for how long, the service is asked again.
const ATTEMPTS: usize = 6;
const PATIENCE: Duration = Duration::from_secs(60);

/// A folder in a bucket.
#[derive(Debug, Clone)]
pub(crate) struct Bucket {
    url: String,
    objects: Arc<dyn ObjectStore>,
    within: Path,
    /// Whether no load of ours has left anything, and those of others before us were looked for.
    clean: Arc<AtomicBool>,
}

impl Bucket {
    /// The folder at `url`: `s3://bucket/folder?endpoint=…&region=…&anonymous=true`; `gs://` has no region.
    pub(crate) fn parse(url: &str) -> Result<Self> {
        let scheme = if url.starts_with("gs:") { "gs" } else { "s3" };
        let invalid = |reason: String| Error::InvalidUrl { scheme, reason };
        let parsed = Url::parse(url).map_err(|error| invalid(format!("is none: {error}")))?;
        let bucket = parsed.host_str().unwrap_or_default();
        if bucket.is_empty() {
            return Err(invalid(format!("names no bucket; write {scheme}://bucket/folder")));
        }
        if !parsed.username().is_empty() || parsed.password().is_some() {
            let reason =
                "takes no credentials; set them in the environment, as docs/sinks/parquet.md says";
            return Err(invalid(reason.into()));
        }
        let (mut endpoint, mut region, mut anonymous) = (None, None, false);
        for (name, value) in parsed.query_pairs() {
            match (scheme, &*name) {
                (_, "endpoint") => endpoint = Some(value.into_owned()),
                (_, "anonymous") => anonymous = value == "true",
                ("s3", "region") => region = Some(value.into_owned()),
                _ => {
                    let region = if scheme == "s3" { ", region" } else { "" };
                    let reason = format!(
                        "has an option `{name}`; it takes endpoint{region} and anonymous=true"
                    );
                    return Err(invalid(reason));
                }
            }
        }
        let within = Path::from_url_path(parsed.path())
            .map_err(|error| invalid(format!("has a folder that cannot be: {error}")))?;
        let retry = RetryConfig {
            max_retries: ATTEMPTS,
            retry_timeout: PATIENCE,
            ..RetryConfig::default()
        };
        let built: object_store::Result<Arc<dyn ObjectStore>> = if scheme == "s3" {
            let mut builder =
                AmazonS3Builder::from_env().with_bucket_name(bucket).with_retry(retry);
            if anonymous {
                builder = builder.with_skip_signature(true);
            }
            if let Some(endpoint) = endpoint {
                builder = builder.with_allow_http(endpoint.starts_with("http://"));
                builder = builder.with_endpoint(endpoint);
            }
            if let Some(region) = region {
                builder = builder.with_region(region);
            }
            builder.build().map(|built| Arc::new(built) as _)
        } else {
            let mut builder =
                GoogleCloudStorageBuilder::from_env().with_bucket_name(bucket).with_retry(retry);
            if anonymous {
                // object_store 0.14.2 asks for a token to write with all the same; it gets one.
                builder = builder.with_skip_signature(true).with_bearer_token("");
            }
            if let Some(endpoint) = endpoint {
                builder = builder.with_config(GoogleConfigKey::BaseUrl, endpoint);
            }
            builder.build().map(|built| Arc::new(built) as _)
        };
        let objects = built.map_err(|error| invalid(format!("cannot be used: {error}")))?;
        let url = format!("{scheme}://{bucket}/{within}").trim_end_matches('/').to_owned();
        Ok(Self { url, objects, within, clean: Arc::default() })
    }

    fn path(&self, path: &str) -> Path {
        Path::from(format!("{}/{path}", self.within))
    }

    /// Waits for `work`; we are where that hurts nobody.
    fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        Handle::current().block_on(work)
    }

    fn failed(&self, path: &str, refusal: &Refusal) -> Error {
        let mend = match refusal {
            _ if is_no_bucket(refusal) => "create it, or correct its name",
            Refusal::NotFound { .. } => "restore what was removed from the bucket",
            Refusal::Unauthenticated { .. } => {
                "set credentials in the environment, as docs/sinks/parquet.md says"
            }
            Refusal::PermissionDenied { .. } => {
                "let these credentials list the folder, and read, write and delete in it"
            }
            _ => "check the endpoint, the network and the credentials, then run again",
        };
        let reason = format!("`{}`: {}", self.name(path), said(refusal));
        Error::Server { reason, mend: mend.into() }
    }

    /// The file at `path`, of which nothing is there but its footer and the columns called `columns`.
    async fn fetch(&self, path: &str, columns: &[String]) -> Result<Cursor<Vec<u8>>> {
        let failed = |refusal| self.failed(path, &refusal);
        let damaged =
            |reason: &str| Error::Damaged { path: self.name(path), reason: reason.into() };
        let location = self.path(path);
        let last = |bytes| GetOptions::new().with_range(Some(GetRange::Suffix(bytes)));
        let tail = self.objects.get_opts(&location, last(TAIL)).await.map_err(failed)?;
        let size = usize::try_from(tail.meta.size).map_err(|_| damaged("it is too long"))?;
        let mut tail = tail.bytes().await.map_err(failed)?;
        let footer = footer(&tail).ok_or_else(|| damaged("it is no Parquet"))?;
        if footer > size {
            return Err(damaged("its footer is longer than it"));
        }
        if footer > tail.len() {
            let range = (size - footer) as u64..size as u64;
            tail = self.objects.get_range(&location, range).await.map_err(failed)?;
        }
        // Memory that nothing is written to is not taken up.
        let mut file = vec![0; size];
        let end = file.get_mut(size.saturating_sub(tail.len())..);
        end.filter(|end| end.len() == tail.len())
            .ok_or_else(|| damaged("it changes while it is read"))?
            .copy_from_slice(&tail);
        if tail.len() < size {
            let metadata = read_metadata(&mut Cursor::new(&file[..]))?;
            let mut ranges: Vec<Range<u64>> = Vec::new();
            for column in metadata.row_groups.iter().flat_map(|group| group.parquet_columns()) {
                let name = column.descriptor().path_in_schema.first();
                if name.is_some_and(|name| columns.iter().any(|it| it == name.as_str())) {
                    ranges.push(column.byte_range());
                }
            }
            let parts = self.objects.get_ranges(&location, &ranges).await.map_err(failed)?;
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

/// What the service said: the innermost cause is it.
fn said(refusal: &Refusal) -> String {
    let mut cause: &dyn std::error::Error = refusal;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string().trim().to_owned()
}

/// Whether it is the bucket that is not there.
fn is_no_bucket(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::NotFound { .. }) && said(refusal).contains("NoSuchBucket")
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
        if path.is_empty() { self.url.clone() } else { format!("{}/{path}", self.url) }
    }

    fn turn(&self) -> Result<Load> {
        Ok(Load { mark: format!("{:016x}", random::number()), clean: self.clean.clone() })
    }

    fn manifest(&self) -> Result<Option<(Vec<u8>, Edition)>> {
        let read = async {
            let found = self.objects.get(&self.path(MANIFEST)).await?;
            let edition =
                Edition { e_tag: found.meta.e_tag.clone(), version: found.meta.version.clone() };
            Ok((found.bytes().await?.into(), edition))
        };
        match self.wait(read) {
            Ok(found) => Ok(Some(found)),
            Err(refusal @ Refusal::NotFound { .. }) if !is_no_bucket(&refusal) => Ok(None),
            Err(refusal) => Err(self.failed(MANIFEST, &refusal)),
        }
    }

    fn replace(&self, manifest: &[u8], edition: &Edition) -> Result<Option<Edition>> {
        let mode = match edition.clone() {
            Edition { e_tag: None, version: None } => PutMode::Create,
            Edition { e_tag, version } => PutMode::Update(UpdateVersion { e_tag, version }),
        };
        let content = Bytes::copy_from_slice(manifest).into();
        let options = PutOptions { mode, ..PutOptions::default() };
        match self.wait(self.objects.put_opts(&self.path(MANIFEST), content, options)) {
            Ok(put) => Ok(Some(Edition { e_tag: put.e_tag, version: put.version })),
            Err(Refusal::AlreadyExists { .. } | Refusal::Precondition { .. }) => Ok(None),
            Err(refusal) => Err(self.failed(MANIFEST, &refusal)),
        }
    }

    fn write(&self, files: &mut dyn Iterator<Item = Result<(String, Vec<u8>)>>) -> Result<()> {
        let puts = stream::iter(files).map(|file| async {
            let (path, bytes) = file?;
            let put = self.objects.put(&self.path(&path), Bytes::from(bytes).into()).await;
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
        let prefix = self.within.as_ref();
        let list = self.objects.list(Some(&self.within)).map_ok(|object| {
            let path = object.location.as_ref();
            path.strip_prefix(prefix).unwrap_or(path).trim_start_matches('/').to_owned()
        });
        let found: object_store::Result<Vec<String>> = self.wait(list.try_collect());
        let mut found = found.map_err(|refusal| self.failed("", &refusal))?;
        found.retain(|path| !path.starts_with(OWN));
        Ok(found)
    }

    fn remove(&self, path: &str) -> Result<()> {
        match self.wait(self.objects.delete(&self.path(path))) {
            // Somebody else may have swept up here.
            Ok(()) | Err(Refusal::NotFound { .. }) => Ok(()),
            Err(refusal) => Err(self.failed(path, &refusal)),
        }
    }

    fn is_over(commit: u64, manifest: &Manifest) -> bool {
        commit <= manifest.commit
    }
}

/// A load that is at it, beside others perhaps.
#[derive(Debug)]
pub(crate) struct Load {
    mark: String,
    clean: Arc<AtomicBool>,
}

impl Turn for Load {
    fn mark(&self) -> Option<&str> {
        Some(&self.mark)
    }

    fn begin(&mut self) -> Result<bool> {
        Ok(!self.clean.swap(true, Ordering::SeqCst))
    }

    fn end(&self, done: bool) {
        // What a failed one wrote is removed by the next, for it might still be committed: that the
        // service did not answer does not mean that it did nothing.
        if !done {
            self.clean.store(false, Ordering::SeqCst);
        }
    }
}
