//! What a user may choose about a stream.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::duration;
use crate::{Error, Result};

/// How a stream is cut into pages, and when its line counts as dead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LiveConfig {
    /// A page is closed when it has so many rows…
    pub batch_rows: usize,
    /// …or after so long, if it has any; without rows it is empty then.
    #[serde(with = "duration")]
    pub batch_for: Duration,
    /// How often a page is worth it that only says that nothing happened.
    #[serde(with = "duration")]
    pub idle_for: Duration,
    /// How long the service may take to answer a subscription.
    #[serde(with = "duration")]
    pub ack_timeout: Duration,
    /// After so long without a sign of life the line is dead.
    #[serde(with = "duration")]
    pub silence_timeout: Duration,
    /// After so long without an event of any series the line is opened anew, alive or not
    /// (`None`: a quiet market is nothing to worry about).
    #[serde(with = "duration::option")]
    pub data_timeout: Option<Duration>,
    /// How long after its end a bar of which nothing more is heard counts as finished.
    #[serde(with = "duration")]
    pub grace: Duration,
    /// When to connect again.
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

/// When to connect again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Reconnect {
    /// The pause after the first failure; each later one is twice as long, less some chance.
    #[serde(with = "duration")]
    pub first_pause: Duration,
    /// The longest such pause.
    #[serde(with = "duration")]
    pub longest_pause: Duration,
    /// A line that lived for so long takes the pauses back to the first one.
    #[serde(with = "duration")]
    pub stable_after: Duration,
    /// How many failures on end are borne (`None`: any number).
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
