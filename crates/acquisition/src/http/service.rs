//! The description of an API, of its key, and of a request.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::HeaderMap;
use secrecy::SecretString;

use super::classify::Refusal;
use super::quota::{Quota, RateLimitHint};

/// The description of an API, for its client.
#[derive(Debug, Clone, Copy)]
pub struct Service {
    /// The name in logs and errors.
    pub name: &'static str,
    /// The base URL, unless the user configures another.
    pub base_url: &'static str,
    /// The quota, unless the user configures another.
    pub quota: Quota,
    /// Whether a failed request costs no credits of the day and the month.
    pub failures_are_free: bool,
    /// The pause after a 429 without `Retry-After`.
    pub throttled_pause: Duration,
    /// Finds the API's own message in a reply that refuses, whatever its status.
    pub refusal: fn(&[u8]) -> Option<Refusal>,
    /// Reads the rate-limit headers of a reply.
    pub hint: fn(&HeaderMap, DateTime<Utc>) -> RateLimitHint,
}

impl Service {
    /// Creates a service without rate-limit headers, with 5 requests per minute and no other limit.
    pub const fn new(
        name: &'static str,
        base_url: &'static str,
        refusal: fn(&[u8]) -> Option<Refusal>,
    ) -> Self {
        Self {
            name,
            base_url,
            quota: Quota::per_minute(5),
            failures_are_free: false,
            throttled_pause: Duration::from_secs(60),
            refusal,
            hint: |_, _| RateLimitHint { hold_until: None, used_this_minute: None },
        }
    }
}

/// A key, and the header in which it is sent.
#[derive(Debug, Clone)]
pub struct Key {
    /// The header's name.
    pub header: &'static str,
    /// The prefix of the key in the header: `Bearer `, or empty.
    pub prefix: &'static str,
    /// The key.
    pub value: SecretString,
}

/// A request and its cost.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The path segments below the base URL; they need no escaping.
    pub path: &'a [&'a str],
    /// The query parameters; they need no escaping.
    pub query: &'a [(&'a str, &'a str)],
    /// The cost, in the service's credits.
    pub credits: u32,
    /// Whether the answer has to be JSON; otherwise any format is accepted.
    pub json: bool,
}

impl<'a> Request<'a> {
    /// Creates a request for JSON that costs one credit.
    pub const fn get(path: &'a [&'a str], query: &'a [(&'a str, &'a str)]) -> Self {
        Self { path, query, credits: 1, json: true }
    }
}
