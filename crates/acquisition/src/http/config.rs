//! What a user may choose about how requests are made.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{BaseUrl, PerMinute};
use crate::duration;

/// How requests are made. The defaults suit the public APIs.
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
    /// Another place than the API's own: a proxy of yours, a test (`None`: the API's own).
    pub base_url: Option<BaseUrl>,
    /// Requests a minute, evenly spaced, retries counted (`None`: what the API and plan allow).
    pub per_minute: Option<PerMinute>,
    /// Credits a day, UTC (`None`: what the API and plan allow).
    pub per_day: Option<u32>,
    /// Credits a calendar month, UTC (`None`: what the API and plan allow).
    pub per_month: Option<u32>,
    /// How long a connection may take to come about.
    #[serde(with = "duration")]
    pub connect_timeout: Duration,
    /// How long the answer may stand still.
    #[serde(with = "duration")]
    pub read_timeout: Duration,
    /// How long one attempt may take in all.
    #[serde(with = "duration")]
    pub attempt_timeout: Duration,
    /// The largest body taken, in bytes after decompression.
    pub max_body: usize,
    /// When to ask again.
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

/// When to ask again: bounded both in count and in time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retry {
    /// Attempts in all, the first one counted.
    pub attempts: u32,
    /// The pause after the first attempt; each later one is twice as long, less some chance.
    #[serde(with = "duration")]
    pub first_pause: Duration,
    /// The longest such pause.
    #[serde(with = "duration")]
    pub longest_pause: Duration,
    /// The pause after a 429 that names none (`None`: as the API's documentation says).
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
