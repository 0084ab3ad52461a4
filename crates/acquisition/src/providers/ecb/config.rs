//! The settings of the source ECB.

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::decode::rates;
use crate::http::HttpConfig;

/// The settings of the source ECB.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The quote currencies of the euro; empty: all that the ECB fixes.
    pub symbols: Vec<String>,
    /// The days of history to start with; the ECB's rates begin on 1999-01-04.
    pub history_days: u32,
    /// The settings of HTTP requests. A base URL replaces both `https://www.ecb.europa.eu` and
    /// `https://data-api.ecb.europa.eu`, whose paths differ.
    pub http: HttpConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            symbols: ["USD", "GBP", "CAD"].map(Into::into).into(),
            history_days: 120,
            http: HttpConfig::default(),
        }
    }
}

impl Config {
    pub(super) fn validate(&self) -> Result<()> {
        rates::check_symbols("EUR", &self.symbols)?;
        rates::check_history(self.history_days)
    }
}
