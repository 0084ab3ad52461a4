//! Parsing of bucket URLs, and creation of the client.

use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::path::Path;
use object_store::{ClientConfigKey, ObjectStore, RetryConfig};
use tidegauge_core::{ErrorKind, connection_url};
use url::Url;

use crate::{Error, Result};

/// The maximum number of retries of a request, and the time limit for all of them.
const MAX_RETRIES: usize = 6;
const RETRY_TIMEOUT: Duration = Duration::from_secs(60);

/// The timeout of a request as a whole; it is long, because pages are also transferred over slow
/// lines.
const REQUEST_TIMEOUT: &str = "10 minutes";

/// The provider of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Service {
    S3,
    Google,
}

/// The address of a folder in a bucket: `s3://bucket/folder?endpoint=…&region=…&anonymous=true`;
/// `gs://` has no region.
#[derive(Debug, Clone)]
pub(super) struct Address {
    service: Service,
    bucket: String,
    pub(super) prefix: Path,
    pub(super) endpoint: Option<String>,
    region: Option<String>,
    anonymous: bool,
}

impl Address {
    /// Parses the URL of a folder in a bucket.
    pub(super) fn parse(url: &str) -> Result<Self> {
        let service = if url.starts_with("gs:") { Service::Google } else { Service::S3 };
        let scheme = service.scheme();
        let invalid = |reason: String| Error::InvalidUrl { scheme, reason };
        // The invalid part is not repeated, since it may be a secret.
        let parsed = Url::parse(url).map_err(|error| invalid(format!("is none: {error}")))?;
        let bucket = parsed.host_str().unwrap_or_default().to_owned();
        if bucket.is_empty() {
            return Err(invalid(format!("names no bucket; write {scheme}://bucket/folder")));
        }
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return Err(invalid(
                "takes no credentials; set them in the environment, as docs/sinks/parquet.md says"
                    .into(),
            ));
        }
        if parsed.port().is_some() || parsed.fragment().is_some() {
            return Err(invalid(format!(
                "has a port or a #; write {scheme}://bucket/folder?endpoint=https://host:port"
            )));
        }
        let prefix = Path::from_url_path(parsed.path())
            .map_err(|error| invalid(format!("has a folder that cannot be: {error}")))?;
        connection_url::check_options(url, service.options()).map_err(invalid)?;
        let mut address =
            Self { service, bucket, prefix, endpoint: None, region: None, anonymous: false };
        for (name, value) in parsed.query_pairs() {
            match (service, &*name, &*value) {
                (_, "endpoint", _) => address.endpoint = Some(value.into_owned()),
                (Service::S3, "region", _) => address.region = Some(value.into_owned()),
                (_, "anonymous", "true") => address.anonymous = true,
                (_, "anonymous", "false") => address.anonymous = false,
                _ => return Err(invalid("has an `anonymous` that is not true or false".into())),
            }
        }
        let endpoint = address.endpoint.as_ref().and_then(|endpoint| Url::parse(endpoint).ok());
        if endpoint.is_some_and(|url| !url.username().is_empty() || url.password().is_some()) {
            return Err(invalid(
                "has an endpoint with a user or a password; set credentials in the environment, as \
                 docs/sinks/parquet.md says"
                    .into(),
            ));
        }
        Ok(address)
    }

    /// Returns the URL without options, of the folder or of `path` in it, for messages.
    pub(super) fn name(&self, path: &str) -> String {
        let url = self.url();
        if path.is_empty() { url } else { format!("{url}/{path}") }
    }

    /// Returns the URL without options.
    pub(super) fn url(&self) -> String {
        let url = format!("{}://{}/{}", self.service.scheme(), self.bucket, self.prefix);
        url.trim_end_matches('/').to_owned()
    }

    /// Creates the client with the credentials of the environment.
    pub(super) fn create_client(&self) -> Result<Arc<dyn ObjectStore>> {
        let retry = RetryConfig {
            max_retries: MAX_RETRIES,
            retry_timeout: RETRY_TIMEOUT,
            ..RetryConfig::default()
        };
        let (built, names): (object_store::Result<Arc<dyn ObjectStore>>, _) = match self.service {
            Service::S3 => {
                let mut builder = AmazonS3Builder::from_env()
                    .with_config(
                        AmazonS3ConfigKey::Client(ClientConfigKey::Timeout),
                        REQUEST_TIMEOUT,
                    )
                    .with_bucket_name(&self.bucket)
                    .with_retry(retry);
                if self.anonymous {
                    builder = builder.with_skip_signature(true);
                }
                if let Some(endpoint) = &self.endpoint {
                    builder = builder.with_allow_http(endpoint.starts_with("http://"));
                    builder = builder.with_endpoint(endpoint);
                }
                if let Some(region) = &self.region {
                    builder = builder.with_region(region);
                }
                (builder.build().map(|built| Arc::new(built) as _), "AWS_…")
            }
            Service::Google => {
                let mut builder = GoogleCloudStorageBuilder::from_env()
                    .with_config(GoogleConfigKey::Client(ClientConfigKey::Timeout), REQUEST_TIMEOUT)
                    .with_bucket_name(&self.bucket)
                    .with_retry(retry);
                if self.anonymous {
                    // object_store 0.14.2 requires a token for writing even then, so it gets an
                    // empty one.
                    builder = builder.with_skip_signature(true).with_bearer_token("");
                }
                if let Some(endpoint) = &self.endpoint {
                    builder = builder.with_base_url(endpoint);
                }
                (builder.build().map(|built| Arc::new(built) as _), "GOOGLE_… and SERVICE_ACCOUNT")
            }
        };
        // The library's message is not repeated, since it may contain the key that it cannot parse.
        built.map_err(|_| Error::Server {
            kind: ErrorKind::Configuration,
            reason: format!("`{}`: no client can be made for it", self.url()),
            advice: format!(
                "check the endpoint, and the variables {names}: what they name is no key"
            ),
        })
    }
}

impl Service {
    /// Returns the scheme of its URLs.
    fn scheme(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::Google => "gs",
        }
    }

    /// Returns the URL options that it takes.
    fn options(self) -> &'static [&'static str] {
        match self {
            Self::S3 => &["endpoint", "region", "anonymous"],
            Self::Google => &["endpoint", "anonymous"],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_with_unsupported_parts_are_refused() {
        for (url, says) in [
            ("s3://", "names no bucket"),
            ("s3://key:tiger@bucket/lake", "takes no credentials"),
            ("s3://minio:9000/bucket", "?endpoint=https://host:port"),
            ("s3://bucket/lake#tiger", "has a port or a #"),
            ("s3://bucket/lake?secret=tiger", "has an option `secret`"),
            ("s3://bucket/lake?anonymous=tiger", "an `anonymous` that is not true or false"),
            ("s3://bucket/lake?endpoint=http://me:tiger@h", "endpoint with a user or a password"),
            ("gs://bucket/lake?region=eu", "it takes endpoint, anonymous"),
        ] {
            let said = Address::parse(url).unwrap_err().to_string();
            assert!(said.contains(says) && !said.contains("tiger"), "{said}");
        }
    }

    #[test]
    fn the_folder_is_the_path_of_the_url() {
        for (url, prefix, shown) in [
            ("s3://bucket", "", "s3://bucket"),
            ("s3://bucket/a%20lake/~1/", "a lake/~1", "s3://bucket/a lake/~1"),
            ("gs://bucket/währung?endpoint=http://127.0.0.1:1", "währung", "gs://bucket/währung"),
        ] {
            let address = Address::parse(url).unwrap();
            assert_eq!((address.prefix.as_ref(), &*address.url()), (prefix, shown));
        }
    }
}
