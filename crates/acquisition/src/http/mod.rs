//! The one way out: every request of every client goes through [`Http`].
//!
//! It keeps to one host, to a rate, to a body size and to a time; it tries again what may succeed
//! later; and it never shows a key.

mod config;
mod endpoint;
mod judge;
mod limit;
mod retry;

use std::fmt;
use std::sync::Arc;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue, LOCATION};
use reqwest::{Client, Response, redirect};
use secrecy::{ExposeSecret, SecretString};
use tidegauge_core::Clock;
use tokio::time::{Instant, sleep};
use tracing::Instrument;
use url::Url;

pub use config::{HttpConfig, Retry};
pub use endpoint::{BaseUrl, Endpoint};
use judge::{Again, Failure, Reply};
pub use judge::{Refusal, RefusalKind};
use limit::Limit;
pub use limit::PerMinute;

use crate::{Error, Result};

/// What a client knows about the API that it speaks to.
#[derive(Debug, Clone, Copy)]
pub struct Service {
    /// Its name in logs and errors.
    pub name: &'static str,
    /// Where it lives, unless the user says otherwise.
    pub base_url: &'static str,
    /// How often it may be asked, unless the user says otherwise.
    pub per_minute: PerMinute,
    /// How long it wants to be left alone after a 429 that does not say.
    pub throttled_pause: std::time::Duration,
    /// Finds the API's own words in a reply that refuses, whatever its status.
    pub refusal: fn(&[u8]) -> Option<Refusal>,
}

/// A key, and the header that it travels in.
#[derive(Debug, Clone)]
pub struct Key {
    /// The header's name.
    pub header: &'static str,
    /// The key.
    pub value: SecretString,
}

/// An HTTP client of one API.
pub struct Http {
    service: Service,
    client: Client,
    base: BaseUrl,
    limit: Limit,
    config: HttpConfig,
    key: Option<SecretString>,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").field("base", &self.base).finish_non_exhaustive()
    }
}

impl Http {
    /// A client of `service`; the clock is asked only where a reply names a date to wait for.
    ///
    /// # Errors
    /// When the base URL or the key cannot be used, or TLS cannot be set up.
    pub fn new(
        service: Service,
        config: &HttpConfig,
        key: Option<Key>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self> {
        let base = match &config.base_url {
            Some(base) => base.clone(),
            None => service.base_url.parse()?,
        };
        let mut builder = Client::builder()
            .user_agent(concat!("tidegauge/", env!("CARGO_PKG_VERSION")))
            .referer(false)
            .redirect(same_origin())
            .https_only(!base.is_loopback())
            .connect_timeout(config.connect_timeout)
            .read_timeout(config.read_timeout)
            .default_headers(headers(key.as_ref())?);
        if base.is_loopback() {
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|error| {
            Error::config("http", format!("{}: {}", error.without_url(), "check the TLS set-up"))
        })?;
        Ok(Self {
            service,
            client,
            base,
            limit: Limit::new(config.per_minute.unwrap_or(service.per_minute)),
            config: config.clone(),
            key: key.map(|key| key.value),
            clock,
        })
    }

    /// The JSON at `path` below the base URL. Text in `path` and `query` needs no escaping.
    ///
    /// # Behavior
    /// - Asks again after 408, 429, 5xx, a failed connection, a timeout and an answer that breaks
    ///   off, within [`Retry`]; waits as long as the API asks for, if that is within the budget.
    /// - The answer is well-formed JSON that the service does not call an error.
    ///
    /// # Errors
    /// What the last attempt met.
    pub async fn get(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Vec<u8>> {
        let url = self.base.join(path, query);
        let endpoint = Endpoint::of(&url);
        let span = tracing::debug_span!("get", service = self.service.name, %endpoint);
        self.attempts(&url, &endpoint).instrument(span).await
    }

    async fn attempts(&self, url: &Url, endpoint: &Endpoint) -> Result<Vec<u8>> {
        let retry = &self.config.retry;
        self.limit.wait().await;
        let deadline = Instant::now() + retry.budget;
        for attempt in 1u32.. {
            let left = deadline.saturating_duration_since(Instant::now());
            let failure = match self.attempt(url, endpoint, left).await {
                Ok(body) => {
                    tracing::debug!(attempt, bytes = body.len(), "answered");
                    return Ok(body);
                }
                Err(failure) => failure,
            };
            let pause = match failure.again {
                Again::Never => return Err(*failure.error),
                Again::Backoff => retry.backoff(attempt),
                Again::After(asked) => asked.saturating_add(retry.jitter()),
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if attempt >= retry.attempts || pause >= left {
                tracing::warn!(attempt, error = %failure.error, "given up");
                return Err(*failure.error);
            }
            tracing::warn!(attempt, ?pause, error = %failure.error, "tried in vain, will try again");
            sleep(pause).await;
            self.limit.wait().await;
            if Instant::now() >= deadline {
                return Err(*failure.error);
            }
        }
        // `1u32..` ends only by overflow, long after `attempts`.
        Err(Error::config("retry", "its attempts are without end"))
    }

    async fn attempt(
        &self,
        url: &Url,
        endpoint: &Endpoint,
        left: std::time::Duration,
    ) -> Result<Vec<u8>, Failure> {
        let timeout = self.config.attempt_timeout.min(left);
        let sent = self.client.get(url.clone()).timeout(timeout).send().await;
        let response = sent.map_err(|error| Failure::transport(error, endpoint))?;
        let status = response.status().as_u16();
        let headers = response.headers();
        let redirect = headers.get(LOCATION).map(|to| self.host_of(url, to));
        let asked = retry::retry_after(headers, self.clock.now());
        let body = match self.body(response, endpoint).await {
            Ok(body) => body,
            // What a refusal says is worth less than that it is one.
            Err(_) if status >= 400 => Vec::new(),
            Err(failure) => return Err(failure),
        };
        let throttled = self.config.retry.throttled_pause.unwrap_or(self.service.throttled_pause);
        Reply { endpoint, status, redirect, asked, throttled, body }.judge(self.service.refusal)
    }

    /// The host that a redirect names, unless it repeats our key.
    fn host_of(&self, from: &Url, location: &HeaderValue) -> String {
        let to = location.to_str().ok().and_then(|to| from.join(to).ok());
        let host = to.as_ref().and_then(Url::host_str).map(str::to_owned);
        // Hosts are written in small letters, whatever the key is.
        let key = self.key.as_ref().map(|key| key.expose_secret().to_ascii_lowercase());
        host.filter(|host| key.is_none_or(|key| !host.contains(&key)))
            .unwrap_or_else(|| "an address that cannot be shown".into())
    }

    /// The body, decompressed, up to the cap, without our key if the service repeats it.
    async fn body(&self, response: Response, endpoint: &Endpoint) -> Result<Vec<u8>, Failure> {
        let limit = self.config.max_body;
        let too_large = || {
            let endpoint = endpoint.clone();
            Failure::new(Error::TooLarge { endpoint, limit }, Again::Never)
        };
        if response.content_length().is_some_and(|length| length > limit as u64) {
            return Err(too_large());
        }
        let (mut response, mut body) = (response, Vec::new());
        while let Some(chunk) =
            response.chunk().await.map_err(|error| Failure::transport(error, endpoint))?
        {
            if body.len() + chunk.len() > limit {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(match &self.key {
            Some(key) => without(body, key.expose_secret().as_bytes()),
            None => body,
        })
    }
}

/// Follows a redirect only within the scheme, host and port that the request began with.
fn same_origin() -> redirect::Policy {
    redirect::Policy::custom(|attempt| {
        let same =
            attempt.previous().first().is_some_and(|from| from.origin() == attempt.url().origin());
        if same && attempt.previous().len() <= 5 { attempt.follow() } else { attempt.stop() }
    })
}

fn headers(key: Option<&Key>) -> Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    headers.insert(reqwest::header::ACCEPT, HeaderValue::from_static("application/json"));
    if let Some(key) = key {
        let bad = |reason: &str| Error::config("key", reason);
        let text = key.value.expose_secret();
        if text.trim().is_empty() || text.trim() != text {
            return Err(bad("it is empty, or has spaces around it"));
        }
        let mut value = HeaderValue::from_str(text)
            .map_err(|_| bad("it has characters that no key has: was it pasted whole?"))?;
        value.set_sensitive(true);
        let name = HeaderName::from_bytes(key.header.as_bytes())
            .map_err(|_| bad("its header has a name that HTTP does not allow"))?;
        headers.insert(name, value);
    }
    Ok(headers)
}

/// `body` with every occurrence of `secret` blotted out.
fn without(body: Vec<u8>, secret: &[u8]) -> Vec<u8> {
    if secret.is_empty() || !body.windows(secret.len()).any(|window| window == secret) {
        return body;
    }
    let mut clean = Vec::with_capacity(body.len());
    let mut rest = body.as_slice();
    while let Some(first) = rest.first() {
        if let Some(after) = rest.strip_prefix(secret) {
            clean.extend_from_slice(b"[key]");
            rest = after;
        } else {
            clean.push(*first);
            rest = &rest[1..];
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_comes_back_is_blotted_out() {
        let body = b"bad key CG-secret, CG-secret!".to_vec();
        assert_eq!(without(body, b"CG-secret"), b"bad key [key], [key]!");
    }
}
