//! What a user may choose about ExchangeRate-API, with a key or without.

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::decode::parse::check_currency;
use crate::http::HttpConfig;

/// What a user may choose about ExchangeRate-API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The currency priced, ISO 4217.
    pub base: String,
    /// The currencies that it is priced in; empty: all that there are.
    pub quotes: Vec<String>,
    /// How requests are made.
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
