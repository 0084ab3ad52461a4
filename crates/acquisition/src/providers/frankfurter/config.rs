//! The settings of the source Frankfurter.

use serde::{Deserialize, Serialize};

use crate::decode::parse::check_currency;
use crate::decode::rates;
use crate::http::HttpConfig;
use crate::{Error, Result};

/// A version of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Api {
    /// Version 1: the rates of the ECB, unchanged.
    #[default]
    V1,
    /// Version 2: the rates of many central banks, blended, or of those configured.
    V2,
}

/// The settings of the source Frankfurter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The quote currencies.
    pub symbols: Vec<String>,
    /// The days of history to start with; the rates of the service begin on 1999-01-04.
    pub history_days: u32,
    /// The version of the API.
    pub api: Api,
    /// The base currency. Version 1 allows only the euro, because it rounds the rates of others.
    pub base: String,
    /// The central banks whose rates are used, as in `ECB` (version 2 only); empty: all, blended.
    pub providers: Vec<String>,
    /// The settings of HTTP requests.
    pub http: HttpConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            symbols: ["USD", "GBP", "CAD"].map(Into::into).into(),
            history_days: 120,
            api: Api::V1,
            base: "EUR".into(),
            providers: Vec::new(),
            http: HttpConfig::default(),
        }
    }
}

impl Config {
    pub(super) fn validate(&self) -> Result<()> {
        if self.symbols.is_empty() {
            return Err(Error::config("symbols", "it is empty: name at least one, as in `USD`"));
        }
        if self.api == Api::V1 && self.base != "EUR" {
            let reason = "version 1 rounds rates of other currencies than the euro: leave it at \
                          `EUR`, or set `api = \"v2\"`";
            return Err(Error::config("base", reason));
        }
        check_currency("base", &self.base)?;
        rates::check_symbols(&self.base, &self.symbols)?;
        rates::check_history(self.history_days)?;
        if self.api == Api::V1 && !self.providers.is_empty() {
            let reason = "version 1 has the ECB alone: leave it out, or set `api = \"v2\"`";
            return Err(Error::config("providers", reason));
        }
        let plain =
            |name: &String| !name.is_empty() && name.bytes().all(|c| c.is_ascii_alphanumeric());
        if let Some(odd) = self.providers.iter().find(|name| !plain(name)) {
            let reason =
                format!("`{}` is not a bank's key, as in `ECB`", crate::text::cut(odd, 40));
            return Err(Error::config("providers", reason));
        }
        Ok(())
    }

    /// Returns the name of the series.
    pub(super) fn series(&self) -> String {
        let mut of = format!("rates {}", self.base);
        if self.api == Api::V2 {
            of.push_str(" v2");
        }
        if !self.providers.is_empty() {
            of = rates::series_name(&format!("{of} by"), &self.providers);
        }
        rates::series_name(&of, &self.symbols)
    }
}
