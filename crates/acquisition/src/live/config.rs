//! The settings of live streams.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::duration;
use crate::{Error, Result};

/// The settings of a stream: its division into pages, and the timeouts of its connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LiveConfig {
    /// The maximum number of rows of a page.
    pub batch_rows: usize,
    /// The maximum duration of a page; without rows by then, the page is empty.
    #[serde(with = "duration")]
    pub batch_for: Duration,
    /// The interval of pages that only record coverage while no events arrive.
    #[serde(with = "duration")]
    pub idle_for: Duration,
    /// The timeout for the answer to a subscription.
    #[serde(with = "duration")]
    pub ack_timeout: Duration,
    /// The time without any message after which the connection counts as dead.
    #[serde(with = "duration")]
    pub silence_timeout: Duration,
    /// The time without an event of any series after which the stream reconnects, even if the connection is
    /// alive (`None`: never, for quiet markets).
    #[serde(with = "duration::option")]
    pub data_timeout: Option<Duration>,
    /// The time after its end at which a candle without further updates counts as final.
    #[serde(with = "duration")]
    pub grace: Duration,
    /// The reconnect policy.
    pub reconnect: Reconnect,
}

impl Default for LiveConfig {
    fn default() -> Self {
        Self {
            batch_rows: 1_000,
            batch_for: Duration::from_secs(1),
            idle_for: Duration::from_secs(10),
            ack_timeout: Duration::from_secs(10),
            silence_timeout: Duration::from_secs(30),
            data_timeout: None,
            grace: Duration::from_secs(10),
            reconnect: Reconnect::default(),
        }
    }
}

impl LiveConfig {
    pub(crate) fn validate(&self) -> Result<()> {
        if self.batch_rows == 0 {
            return Err(Error::config(
                "batch_rows",
                "a page of no rows never fills: set at least 1",
            ));
        }
        for (setting, length) in [
            ("batch_for", self.batch_for),
            ("ack_timeout", self.ack_timeout),
            ("silence_timeout", self.silence_timeout),
        ] {
            if length.is_zero() {
                return Err(Error::config(setting, "it is nothing: set at least `1ms`"));
            }
        }
        Ok(())
    }
}

/// A reconnect policy: exponential backoff with jitter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Reconnect {
    /// The pause after the first failure; each later one is twice as long, less a random part (jitter).
    #[serde(with = "duration")]
    pub first_pause: Duration,
    /// The maximum of these pauses.
    #[serde(with = "duration")]
    pub longest_pause: Duration,
    /// The lifetime of a connection after which the backoff is reset.
    #[serde(with = "duration")]
    pub stable_after: Duration,
    /// The maximum number of consecutive failures (`None`: unlimited).
    pub failures: Option<u32>,
}

impl Default for Reconnect {
    fn default() -> Self {
        Self {
            first_pause: Duration::from_secs(5),
            longest_pause: Duration::from_secs(60),
            stable_after: Duration::from_secs(60),
            failures: None,
        }
    }
}
