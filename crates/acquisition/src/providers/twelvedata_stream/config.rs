//! What a user may choose about Twelve Data's stream.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tidegauge_core::instruments::INSTRUMENTS;

use crate::duration;
use crate::http::HttpConfig;
use crate::live::LiveConfig;

/// What a user may choose about Twelve Data's stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Our symbols of what to stream, as in the registry: coins, shares, currencies; default: all
    /// of the house. Each costs a credit of the plan's WebSocket credits while it is streamed.
    pub symbols: Vec<String>,
    /// From one sign of life of ours to the next; the service wants one every 10 seconds.
    #[serde(with = "duration")]
    pub heartbeat: Duration,
    /// Pages, and when the line counts as dead.
    pub live: LiveConfig,
    /// How the line is opened; of the times, those that belong to connecting. Retries are those of
    /// [`LiveConfig::reconnect`].
    pub http: HttpConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            symbols: INSTRUMENTS.iter().map(|it| it.symbol.to_string()).collect(),
            heartbeat: Duration::from_secs(10),
            live: LiveConfig::default(),
            http: HttpConfig::default(),
        }
    }
}
