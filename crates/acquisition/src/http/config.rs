//! The settings of HTTP requests.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::endpoint::BaseUrl;
use super::quota::PerMinute;
use crate::duration;

/// The settings of HTTP requests. The defaults suit the public APIs.
///
/// ```
/// use tidegauge_acquisition::http::HttpConfig;
///
/// let config = HttpConfig {
///     base_url: Some("https://prices.internal.example/coingecko".parse()?),
///     ..HttpConfig::default()
/// };
/// assert_eq!(config.max_body, 16 * 1024 * 1024);
/// # Ok::<(), tidegauge_acquisition::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HttpConfig {
    /// The base URL of a proxy or a test server (`None`: the API's own).
    pub base_url: Option<BaseUrl>,
    /// Requests per minute, evenly spaced, retries counted (`None`: the limit of the API and plan).
    pub per_minute: Option<PerMinute>,
    /// Credits per day, UTC (`None`: the limit of the API and plan).
    pub per_day: Option<u32>,
    /// Credits per calendar month, UTC (`None`: the limit of the API and plan).
    pub per_month: Option<u32>,
    /// The timeout for establishing a connection.
    #[serde(with = "duration")]
    pub connect_timeout: Duration,
    /// The longest time without receiving data.
    #[serde(with = "duration")]
    pub read_timeout: Duration,
    /// The timeout of one attempt in total.
    #[serde(with = "duration")]
    pub attempt_timeout: Duration,
    /// The maximum size of a body, in bytes after decompression.
    pub max_body: usize,
    /// The retry policy.
    pub retry: Retry,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            base_url: None,
            per_minute: None,
            per_day: None,
            per_month: None,
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(30),
            attempt_timeout: Duration::from_secs(60),
            max_body: 16 * 1024 * 1024,
            retry: Retry::default(),
        }
    }
}

/// A retry policy, bounded both in count and in time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retry {
    /// The maximum number of attempts, including the first.
    pub attempts: u32,
    /// The pause after the first attempt; each later one is twice as long, less a random part (jitter).
    #[serde(with = "duration")]
    pub first_pause: Duration,
    /// The maximum of these pauses.
    #[serde(with = "duration")]
    pub longest_pause: Duration,
    /// The pause after a 429 without `Retry-After` (`None`: as the API's documentation says).
    #[serde(with = "duration::option")]
    pub throttled_pause: Option<Duration>,
    /// The time within which the last attempt ends.
    #[serde(with = "duration")]
    pub budget: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 5,
            first_pause: Duration::from_millis(500),
            longest_pause: Duration::from_secs(30),
            throttled_pause: None,
            budget: Duration::from_secs(180),
        }
    }
}
