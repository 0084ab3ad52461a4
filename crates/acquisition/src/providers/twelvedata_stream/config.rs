//! The settings of Twelve Data's stream.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tidegauge_core::instruments::INSTRUMENTS;

use crate::duration;
use crate::http::HttpConfig;
use crate::live::LiveConfig;

/// The settings of Twelve Data's stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The symbols to stream, as in the registry: coins, shares, currencies; default: all built-in ones. Each
    /// uses one of the plan's WebSocket credits while it is streamed.
    pub symbols: Vec<String>,
    /// The interval of heartbeats; the service expects one every 10 seconds.
    #[serde(with = "duration")]
    pub heartbeat: Duration,
    /// The settings of pages and timeouts.
    pub live: LiveConfig,
    /// The settings of the opening request; of the timeouts, those for connecting apply. Retries are those of
    /// [`LiveConfig::reconnect`].
    pub http: HttpConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            symbols: INSTRUMENTS.iter().map(|known| known.symbol.to_string()).collect(),
            heartbeat: Duration::from_secs(10),
            live: LiveConfig::default(),
            http: HttpConfig::default(),
        }
    }
}
