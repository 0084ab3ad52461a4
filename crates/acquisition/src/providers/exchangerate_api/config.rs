//! The settings of the sources ExchangeRate-API, with a key and without.

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::decode::parse::check_currency;
use crate::http::HttpConfig;

/// The settings of a source ExchangeRate-API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The base currency, ISO 4217.
    pub base: String,
    /// The quote currencies; empty: all that are available.
    pub quotes: Vec<String>,
    /// The settings of HTTP requests.
    pub http: HttpConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self { base: "USD".into(), quotes: Vec::new(), http: HttpConfig::default() }
    }
}

impl Config {
    pub(crate) fn validate(&self) -> Result<()> {
        check_currency("base", &self.base)?;
        self.quotes.iter().try_for_each(|quote| check_currency("quotes", quote))
    }
}
