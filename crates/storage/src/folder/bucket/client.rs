//! The client of a bucket, and conditional writes: the compare-and-swap of an object.

use std::fmt;
use std::future::Future;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, Error as ServiceError, ObjectStore, PutMode, PutOptions, UpdateVersion,
};
use tidegauge_core::ErrorKind;
use tokio::runtime::Handle;

use super::address::Address;
use crate::folder::manifest::ManifestVersion;
use crate::{Error, Result};

/// The object that is written to test whether the service honors conditional writes.
const PROBE: &str = "_tidegauge/probe";

/// A folder in a bucket.
#[derive(Clone)]
pub(crate) struct Bucket {
    pub(super) address: Address,
    objects: Arc<OnceLock<Arc<dyn ObjectStore>>>,
    /// The greatest commit that may have left files without being committed; 0 if there is none. It
    /// starts at 1, because nothing is known about earlier processes.
    pub(super) leftover_commit: Arc<AtomicU64>,
    /// The greatest commit number seen so far.
    pub(super) seen_commit: Arc<AtomicU64>,
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
        let leftover_commit = Arc::new(AtomicU64::new(1));
        Ok(Self { address, objects: Arc::default(), leftover_commit, seen_commit: Arc::default() })
    }

    /// Converts an error at `path` to one whose message says what to do.
    pub(super) fn to_error(&self, path: &str, error: &ServiceError) -> Error {
        self.address.to_error(path, error)
    }

    /// Returns a text that distinguishes the folder from other folders in buckets.
    pub(crate) fn identity(&self) -> String {
        format!("{} {}", self.address.url(), self.address.endpoint.as_deref().unwrap_or_default())
    }

    /// Returns the client of the service, which is created on first use.
    pub(super) fn objects(&self) -> Result<&dyn ObjectStore> {
        if let Some(objects) = self.objects.get() {
            return Ok(&**objects);
        }
        let client = self.address.create_client()?;
        Ok(&**self.objects.get_or_init(|| client))
    }

    /// Returns the location of an object in the bucket.
    pub(super) fn path(&self, path: &str) -> Path {
        path.split('/').fold(self.address.prefix.clone(), Path::join)
    }

    /// Blocks on `work`; callers run on a thread for blocking work.
    pub(super) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        Handle::current().block_on(work)
    }

    /// Writes `content` to `path` if the object there is still `version`; returns `false` if it is
    /// not.
    pub(super) async fn put_if_version(
        &self,
        path: &str,
        content: &[u8],
        version: Option<&ManifestVersion>,
    ) -> Result<bool> {
        let mode = match version.cloned() {
            None => PutMode::Create,
            Some(ManifestVersion { e_tag, version }) => {
                PutMode::Update(UpdateVersion { e_tag, version })
            }
        };
        // Google would otherwise cache publicly readable objects.
        let attributes = Attributes::from_iter([(Attribute::CacheControl, "no-store")]);
        let options = PutOptions { mode, attributes, ..PutOptions::default() };
        let content = Bytes::copy_from_slice(content).into();
        match self.objects()?.put_opts(&self.path(path), content, options).await {
            Ok(_) => Ok(true),
            Err(ServiceError::AlreadyExists { .. } | ServiceError::Precondition { .. }) => {
                Ok(false)
            }
            Err(error) => Err(self.to_error(path, &error)),
        }
    }

    /// Refuses a service that ignores the conditions of writes: two loaders would overwrite each
    /// other.
    pub(super) async fn probe(&self) -> Result<()> {
        self.put_if_version(PROBE, b"", None).await?;
        let other = ManifestVersion { e_tag: Some("\"0\"".into()), version: Some("1".into()) };
        let honors_conditions = !self.put_if_version(PROBE, b"", None).await?
            && !self.put_if_version(PROBE, b"", Some(&other)).await?;
        if honors_conditions {
            return Ok(());
        }
        Err(Error::Server {
            kind: ErrorKind::Configuration,
            reason: format!(
                "`{}`: this service replaces objects without keeping to conditions, and two \
                 loaders would undo each other",
                self.address.name("")
            ),
            advice: "use one with conditional writes, or load into parquet://dir and copy that"
                .into(),
        })
    }
}
