//! The target of a URL: project, dataset and service.

use std::fmt;
use std::path::PathBuf;

use tidegauge_core::connection_url;
use url::Url;

use crate::{Error, Result};

/// The production service: <https://cloud.google.com/bigquery/docs/reference/rest>.
const SERVICE_URL: &str = "https://bigquery.googleapis.com";

/// The environment variable with the address of an emulator, which Google's own clients read too.
const EMULATOR_VARIABLE: &str = "BIGQUERY_EMULATOR_HOST";

/// A dataset of a project, with the options of the URL.
#[derive(Clone)]
pub(crate) struct DatasetRef {
    pub(super) project_id: String,
    pub(super) dataset_id: String,
    /// The location of the dataset, also when it is created; the service's default is the US.
    pub(super) location: Option<String>,
    /// The base URL of the API, without a trailing slash.
    pub(super) endpoint: String,
    /// The file of a service account's key; without it, the application-default credentials are
    /// used.
    pub(super) credentials: Option<PathBuf>,
    /// The maximum number of bytes that a query may be billed for.
    pub(super) max_bytes_billed: Option<u64>,
    /// The name for users.
    pub(super) name: String,
}

impl fmt::Debug for DatasetRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl DatasetRef {
    /// Returns the name for messages.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Parses the URL of a dataset.
    pub(crate) fn parse(url: &str) -> Result<Self> {
        let emulator = std::env::var(EMULATOR_VARIABLE).ok().filter(|host| !host.is_empty());
        Self::parse_with_emulator(url, emulator)
    }

    /// Parses a URL; `emulator` is the address of an emulator, which an endpoint in the URL
    /// overrides.
    fn parse_with_emulator(url: &str, emulator: Option<String>) -> Result<Self> {
        let invalid = |reason: String| Error::InvalidUrl {
            scheme: "bigquery",
            reason: format!("{reason}; it looks like bigquery://project/dataset?location=EU"),
        };
        const OPTIONS: [&str; 4] = ["location", "credentials", "max_bytes_billed", "endpoint"];
        connection_url::check_options(url, &OPTIONS).map_err(invalid)?;
        let rest = url.split_once("://").map_or("", |(_, rest)| rest);
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let Some((project, dataset)) = path.trim_end_matches('/').split_once('/') else {
            return Err(invalid("names no dataset".into()));
        };
        // A project within a company's own domain is called `example.com:project`.
        let is_project = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
        let is_dataset = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if project.is_empty() || !project.chars().all(is_project) {
            return Err(invalid("names no project".into()));
        }
        if dataset.is_empty() || !dataset.chars().all(is_dataset) {
            return Err(invalid(
                "has a dataset whose name has more than letters, digits, _".into(),
            ));
        }
        let mut dataset = Self {
            project_id: project.into(),
            dataset_id: dataset.into(),
            location: None,
            endpoint: endpoint(&emulator.unwrap_or_else(|| SERVICE_URL.into())),
            credentials: None,
            max_bytes_billed: None,
            name: format!("bigquery://{project}/{dataset}"),
        };
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match name.as_ref() {
                "location" => dataset.location = Some(value.into_owned()),
                "endpoint" => dataset.endpoint = endpoint(&value),
                "credentials" => dataset.credentials = Some(PathBuf::from(value.as_ref())),
                "max_bytes_billed" => {
                    let number = value.parse();
                    dataset.max_bytes_billed = Some(number.map_err(|_| {
                        invalid("has a max_bytes_billed that is no number of bytes".into())
                    })?);
                }
                _ => return Err(invalid("has an option that there is not".into())),
            }
        }
        let endpoint = Url::parse(&dataset.endpoint)
            .map_err(|_| invalid("has an endpoint that is no URL".into()))?;
        if !endpoint.username().is_empty() || endpoint.password().is_some() {
            return Err(invalid(
                "has an endpoint with a user or a password; leave them out".into(),
            ));
        }
        Ok(dataset)
    }

    /// Returns `true` for an emulator, without TLS: credentials are never sent to it.
    pub(super) fn is_emulator(&self) -> bool {
        self.endpoint.starts_with("http://")
    }
}

/// Returns the base URL of the API at `host`, which may or may not have a scheme and a path.
fn endpoint(host: &str) -> String {
    let whole = if host.contains("://") { host.to_owned() } else { format!("http://{host}") };
    whole.trim_end_matches('/').trim_end_matches("/bigquery/v2").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_project_dataset_and_options() {
        let dataset = DatasetRef::parse_with_emulator(
            "bigquery://shop-1/tidegauge?location=EU&max_bytes_billed=5000000000&credentials=/etc/key.json",
            None,
        )
        .unwrap();
        assert_eq!(format!("{dataset:?}"), "bigquery://shop-1/tidegauge");
        assert_eq!(dataset.location.as_deref(), Some("EU"));
        assert_eq!(dataset.max_bytes_billed, Some(5_000_000_000));
        assert_eq!(dataset.endpoint, "https://bigquery.googleapis.com");
        assert!(!dataset.is_emulator());
    }

    #[test]
    fn the_emulator_is_read_from_the_environment_or_the_url() {
        let parse = |url: &str, host: &str| {
            DatasetRef::parse_with_emulator(url, Some(host.into())).unwrap()
        };
        for host in ["localhost:9050", "http://localhost:9050/", "localhost:9050/bigquery/v2"] {
            let dataset = parse("bigquery://p/d", host);
            assert_eq!(dataset.endpoint, "http://localhost:9050");
            assert!(dataset.is_emulator());
        }
        let dataset = parse("bigquery://p/d?endpoint=https://bigquery-x.p.googleapis.com", "other");
        assert!(
            !dataset.is_emulator() && dataset.endpoint == "https://bigquery-x.p.googleapis.com"
        );
    }

    #[test]
    fn errors_name_the_missing_or_invalid_part() {
        for (url, says) in [
            ("bigquery://shop", "names no dataset"),
            ("bigquery:///d", "names no project"),
            ("bigquery://shop/a-b", "letters, digits"),
            ("bigquery://shop/d`; DROP", "letters, digits"),
            ("bigquery://shop/d?max_bytes_billed=5GB", "no number of bytes"),
            ("bigquery://shop/d?key=secret", "has an option `key` that there is not; it takes loc"),
            ("bigquery://shop/d?endpoint=http://u:secret@h", "endpoint with a user or a password"),
        ] {
            let error = DatasetRef::parse_with_emulator(url, None).unwrap_err().to_string();
            assert!(error.contains(says) && !error.contains("secret"), "{error}");
        }
    }
}
