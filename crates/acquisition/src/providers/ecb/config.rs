//! What a user may choose about the ECB.

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::decode::rates;
use crate::http::HttpConfig;

/// What a user may choose about the ECB.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The currencies that a euro is priced in; empty: all that the ECB fixes.
    pub symbols: Vec<String>,
    /// How many days of history to start with; the ECB begins with 1999-01-04.
    pub history_days: u32,
    /// How requests are made. A base URL takes the place of both `https://www.ecb.europa.eu` and
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
