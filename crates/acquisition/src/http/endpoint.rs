//! Base URLs of APIs, as users configure them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use crate::refusal::Endpoint;
use crate::{Error, Result};

/// The base URL of an API: `https`, or `http` on this machine; without user, query or fragment, so that it
/// can be shown.
///
/// ```
/// use tidegauge_acquisition::http::BaseUrl;
///
/// assert!("https://api.coingecko.com/api/v3".parse::<BaseUrl>().is_ok());
/// assert!("http://127.0.0.1:8080".parse::<BaseUrl>().is_ok());
/// assert!("http://api.coingecko.com".parse::<BaseUrl>().is_err());
/// assert!("https://me:password@example.com".parse::<BaseUrl>().is_err());
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BaseUrl(Url);

impl TryFrom<String> for BaseUrl {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<BaseUrl> for String {
    fn from(base: BaseUrl) -> Self {
        base.to_string()
    }
}

impl BaseUrl {
    /// Returns `true` if the host is this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        match self.0.host() {
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        }
    }

    /// Returns the host, with the port if it is not the default one.
    pub(super) fn host(&self) -> String {
        Endpoint::of(&self.0).host
    }

    pub(super) fn join(&self, path: &[&str], query: &[(&str, &str)]) -> Url {
        let mut url = self.0.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }
}

impl FromStr for BaseUrl {
    type Err = Error;

    /// Parses and checks a base URL.
    ///
    /// # Errors
    /// When `text` is not such a URL. The text is not repeated: it may contain a password.
    fn from_str(text: &str) -> Result<Self> {
        let wrong = |reason: &str| Error::config("base_url", reason);
        let url = Url::parse(text).map_err(|error| wrong(&error.to_string()))?;
        if !url.has_host() || url.cannot_be_a_base() {
            return Err(wrong("it names no host, as in https://api.example.com/v1"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("it holds a user or a password: give keys as keys"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("it ends in a query or a fragment: leave only host and path"));
        }
        let base = Self(url);
        match base.0.scheme() {
            "https" => Ok(base),
            "http" if base.is_loopback() => Ok(base),
            _ => Err(wrong("it must be https; http is taken only on this machine")),
        }
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl Endpoint {
    pub(super) fn of(url: &Url) -> Self {
        let host = url.host_str().unwrap_or_default();
        let host = url.port().map_or_else(|| host.into(), |port| format!("{host}:{port}"));
        Self { host, path: url.path().into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_keeps_its_path_and_escapes_segments() {
        for base in ["https://example.com/api/v3", "https://example.com/api/v3/"] {
            let base: BaseUrl = base.parse().unwrap();
            let url = base.join(&["coins", "a/../b"], &[("ids", "x&y")]);
            assert_eq!(url.as_str(), "https://example.com/api/v3/coins/a%2F..%2Fb?ids=x%26y");
        }
    }

    #[test]
    fn urls_with_credentials_queries_or_plain_http_are_rejected() {
        for text in [
            "ftp://a.b",
            "file:///etc/passwd",
            "https://k@a.b",
            "https://a.b/?key=k",
            "x",
            "data:,k",
        ] {
            let error = text.parse::<BaseUrl>().unwrap_err();
            assert!(matches!(error, Error::Config { setting: "base_url", .. }), "{text}");
        }
    }
}
