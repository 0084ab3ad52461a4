//! The HTTP client: sends requests within the rate limit, and retries transient failures with backoff.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{ACCEPT, HeaderMap, HeaderName, HeaderValue, LOCATION};
use reqwest::{Client, ClientBuilder, Response, redirect};
use secrecy::{ExposeSecret, SecretString};
use tidegauge_core::Clock;
use tokio::time::{Instant, sleep};
use tracing::Instrument;
use url::Url;

use super::classify::{Failure, Reply, RetryDecision};
use super::config::HttpConfig;
use super::endpoint::BaseUrl;
use super::quota::{Budget, Quota};
use super::rate_limit::RateLimiter;
use super::retry;
use super::service::{Key, Request, Service};
use super::usage::Usage;
use crate::redact::Redactor;
use crate::refusal::Endpoint;
use crate::{Context, Error, Result};

/// An HTTP client of one API.
pub struct Http {
    pub(super) service: Service,
    pub(super) client: Client,
    pub(super) base: BaseUrl,
    pub(super) rate_limiter: RateLimiter,
    pub(super) usage: Usage,
    pub(super) config: HttpConfig,
    pub(super) redactor: Redactor,
    pub(super) clock: Arc<dyn Clock>,
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").field("base", &self.base).finish_non_exhaustive()
    }
}

impl Http {
    /// Creates a client of `service`.
    ///
    /// # Errors
    /// When the base URL or the key cannot be used, or TLS cannot be set up.
    pub fn new(
        service: Service,
        config: &HttpConfig,
        key: Option<Key>,
        context: &Context,
    ) -> Result<Self> {
        let builder = Client::builder()
            .redirect(same_origin())
            .read_timeout(config.read_timeout)
            .default_headers(headers(key.as_ref())?);
        Self::build(builder, service, config, key.map(|key| key.value), context)
    }

    /// Creates a client of `service` from `builder`; `key` is redacted from errors.
    pub(super) fn build(
        builder: ClientBuilder,
        service: Service,
        config: &HttpConfig,
        key: Option<SecretString>,
        context: &Context,
    ) -> Result<Self> {
        let base = match &config.base_url {
            Some(base) => base.clone(),
            None => service.base_url.parse()?,
        };
        let mut builder = builder
            .user_agent(concat!("tidegauge/", env!("CARGO_PKG_VERSION")))
            .referer(false)
            .https_only(!base.is_loopback())
            .connect_timeout(config.connect_timeout);
        if base.is_loopback() {
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|error| {
            Error::config("http", format!("{}: {}", error.without_url(), "check the TLS set-up"))
        })?;
        let quota = Quota {
            per_minute: config.per_minute.unwrap_or(service.quota.per_minute),
            per_day: config.per_day.or(service.quota.per_day),
            per_month: config.per_month.or(service.quota.per_month),
        };
        let (usage, clock) = (context.usage.clone(), context.clock.clone());
        let rate_limiter =
            RateLimiter::new(service.name, &base.host(), quota, usage.clone(), clock.clone());
        let (config, redactor) = (config.clone(), Redactor::new(key));
        Ok(Self { service, client, base, rate_limiter, usage, config, redactor, clock })
    }

    /// Returns the quota of the service and what is left of it.
    ///
    /// # Errors
    /// When the record of requests cannot be read.
    pub fn budget(&self) -> Result<Budget> {
        self.rate_limiter.budget()
    }

    /// Returns the key to redact from replies.
    pub(crate) fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// Returns the JSON at `path`, deserialized by `decode`, whose errors are redacted too.
    ///
    /// # Errors
    /// As for [`Self::get`] and `decode`.
    pub(crate) async fn read<T>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        decode: impl FnOnce(&[u8]) -> Result<T>,
    ) -> Result<T> {
        self.read_request(Request::get(path, query), decode).await
    }

    /// Sends `request` and returns its answer, deserialized by `decode`, whose errors are redacted too.
    ///
    /// # Errors
    /// As for [`Self::get`] and `decode`.
    pub(crate) async fn read_request<T>(
        &self,
        request: Request<'_>,
        decode: impl FnOnce(&[u8]) -> Result<T>,
    ) -> Result<T> {
        decode(&self.send(request).await?).map_err(|error| self.redactor.error(error))
    }

    /// Returns the JSON at `path` below the base URL. Text in `path` and `query` needs no escaping.
    ///
    /// # Behavior
    /// - Retries after 408, 429, 5xx, a failed connection, a timeout and an incomplete answer, within
    ///   [`Retry`](crate::http::Retry); waits as long as the API asks for, if that is within the budget.
    /// - Returns well-formed JSON that the service does not call an error, as it was received: if the service
    ///   repeats the key, the key is in it.
    ///
    /// # Errors
    /// The error of the last attempt.
    pub async fn get(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Vec<u8>> {
        self.send(Request::get(path, query)).await
    }

    /// Sends `request`, which may cost more than one credit or ask for another format than JSON. Returns the
    /// body of the answer.
    ///
    /// # Errors
    /// As for [`Self::get`].
    pub async fn send(&self, request: Request<'_>) -> Result<Vec<u8>> {
        let url = self.base.join(request.path, request.query);
        let endpoint = Endpoint::of(&url);
        let span = tracing::debug_span!("get", service = self.service.name, %endpoint);
        self.attempts(request, &url, &endpoint).instrument(span).await
    }

    async fn attempts(
        &self,
        request: Request<'_>,
        url: &Url,
        endpoint: &Endpoint,
    ) -> Result<Vec<u8>> {
        let (retry, credits) = (&self.config.retry, request.credits);
        self.acquire(credits, endpoint).await?;
        let deadline = Instant::now() + retry.budget;
        for attempt in 1u32.. {
            let left = deadline.saturating_duration_since(Instant::now());
            let failure = match self.attempt(request, url, endpoint, left).await {
                Ok(body) => {
                    tracing::debug!(attempt, bytes = body.len(), "request succeeded");
                    return Ok(body);
                }
                Err(failure) => failure,
            };
            // A successful answer costs credits even if it was lost in transit.
            if self.service.failures_are_free && failure.status.is_none_or(|status| status >= 300) {
                self.rate_limiter.refund(credits)?;
            }
            let pause = match failure.decision {
                RetryDecision::Never => return Err(*failure.error),
                RetryDecision::Backoff => retry.backoff().pause_after(attempt),
                RetryDecision::After(retry_after) => {
                    // Other clients of this host have to pause as well.
                    self.rate_limiter.pause_for(retry_after)?;
                    retry_after.saturating_add(retry.backoff().jitter())
                }
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if attempt >= retry.attempts || pause >= left {
                tracing::warn!(attempt, error = %failure.error, "request failed, giving up");
                return Err(*failure.error);
            }
            tracing::warn!(attempt, ?pause, error = %failure.error, "request failed, retrying");
            sleep(pause).await;
            self.usage.count(self.service.name, |traffic| {
                traffic.waited += pause;
                traffic.retries += 1;
            });
            self.acquire(credits, endpoint).await?;
            if Instant::now() >= deadline {
                self.rate_limiter.refund(credits)?;
                return Err(*failure.error);
            }
        }
        // `1u32..` ends only by overflow, long after `attempts`.
        Err(Error::config("retry", "its attempts are without end"))
    }

    /// Reserves `credits` with the rate limiter and waits until the request may be sent.
    pub(super) async fn acquire(&self, credits: u32, endpoint: &Endpoint) -> Result<()> {
        let held = |retry_after| Error::RateLimited {
            endpoint: endpoint.clone(),
            status: 429,
            retry_after,
            message: "it said so in an earlier answer".into(),
        };
        let waited = self.rate_limiter.acquire(credits, self.config.retry.budget, held).await?;
        self.usage.count(self.service.name, |traffic| traffic.waited += waited);
        Ok(())
    }

    async fn attempt(
        &self,
        request: Request<'_>,
        url: &Url,
        endpoint: &Endpoint,
        left: Duration,
    ) -> Result<Vec<u8>, Failure> {
        let timeout = self.config.attempt_timeout.min(left);
        let accept = if request.json { "application/json" } else { "*/*" };
        self.usage.count(self.service.name, |traffic| traffic.requests += 1);
        let sent =
            self.client.get(url.clone()).header(ACCEPT, accept).timeout(timeout).send().await;
        let response = sent.map_err(|error| Failure::transport(error, endpoint))?;
        let status = response.status().as_u16();
        let headers = response.headers();
        let redirect = headers.get(LOCATION).map(|to| self.redirect_host(url, to));
        let now = self.clock.now();
        let hint = (self.service.hint)(headers, now);
        // The time until which the quota is used up is also the time at which to retry.
        let held = hint.hold_until.map(|until| (until - now).to_std().unwrap_or_default());
        let retry_after = retry::retry_after(headers, now).or(held);
        self.rate_limiter
            .apply_hint(hint)
            .map_err(|error| Failure::new(error, RetryDecision::Never))?;
        let body = match self.body(response, endpoint).await {
            Ok(body) => body,
            // That the request was refused matters more than the message of the refusal.
            Err(_) if status >= 400 => Vec::new(),
            Err(failure) => return Err(Failure { status: Some(status), ..failure }),
        };
        self.usage.count(self.service.name, |traffic| traffic.bytes += body.len() as u64);
        let throttled = self.config.retry.throttled_pause.unwrap_or(self.service.throttled_pause);
        let json = request.json;
        Reply { endpoint, status, json, redirect, retry_after, throttled, body }
            .classify(self.service.refusal)
            .map_err(|failure| Failure { status: Some(status), ..failure.redacted(&self.redactor) })
    }

    /// Returns the host that a redirect names, unless it contains the key.
    pub(super) fn redirect_host(&self, from: &Url, location: &HeaderValue) -> String {
        let to = location.to_str().ok().and_then(|to| from.join(to).ok());
        let host = to.as_ref().and_then(Url::host_str).map(str::to_owned);
        // Hosts are lowercase, whatever the case of the key.
        let key = self.redactor.key().map(str::to_ascii_lowercase);
        host.filter(|host| key.is_none_or(|key| !host.contains(&key)))
            .unwrap_or_else(|| "an address that cannot be shown".into())
    }

    /// Returns the body, decompressed, up to the maximum size.
    pub(super) async fn body(
        &self,
        response: Response,
        endpoint: &Endpoint,
    ) -> Result<Vec<u8>, Failure> {
        let limit = self.config.max_body;
        let too_large = || {
            let endpoint = endpoint.clone();
            Failure::new(Error::TooLarge { endpoint, limit }, RetryDecision::Never)
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
        Ok(body)
    }
}

/// Returns a policy that follows redirects only within the scheme, host and port of the request.
fn same_origin() -> redirect::Policy {
    redirect::Policy::custom(|attempt| {
        let same =
            attempt.previous().first().is_some_and(|from| from.origin() == attempt.url().origin());
        if same && attempt.previous().len() <= 5 { attempt.follow() } else { attempt.stop() }
    })
}

fn headers(key: Option<&Key>) -> Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    if let Some(key) = key {
        check_key(&key.value)?;
        let bad = |reason: &str| Error::config("key", reason);
        let text = key.value.expose_secret();
        let mut value = HeaderValue::from_str(&format!("{}{text}", key.prefix))
            .map_err(|_| bad("it has characters that no key has: was it pasted whole?"))?;
        value.set_sensitive(true);
        let name = HeaderName::from_bytes(key.header.as_bytes())
            .map_err(|_| bad("its header has a name that HTTP does not allow"))?;
        headers.insert(name, value);
    }
    Ok(headers)
}

/// Checks that `key` is not empty and has no spaces around it.
pub(super) fn check_key(key: &SecretString) -> Result<()> {
    let text = key.expose_secret();
    if text.trim().is_empty() || text.trim() != text {
        return Err(Error::config("key", "it is empty, or has spaces around it"));
    }
    Ok(())
}
