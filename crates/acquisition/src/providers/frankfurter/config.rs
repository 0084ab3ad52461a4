//! What a user may choose about Frankfurter.

use serde::{Deserialize, Serialize};

use crate::decode::parse::check_currency;
use crate::decode::rates;
use crate::http::HttpConfig;
use crate::{Error, Result};

/// Which version of the API is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Api {
    /// The rates of the ECB, as they are.
    #[default]
    V1,
    /// The rates of many central banks, blended or of those named.
    V2,
}

/// What a user may choose about Frankfurter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The currencies that the base is priced in.
    pub symbols: Vec<String>,
    /// How many days of history to start with; the service begins with 1999-01-04.
    pub history_days: u32,
    /// Which version of the API is asked.
    pub api: Api,
    /// The currency priced. Version 1 rounds any other than the euro, so it is asked for no other.
    pub base: String,
    /// The central banks whose rates are taken, as in `ECB` (version 2 alone); empty: all, blended.
    pub providers: Vec<String>,
    /// How requests are made.
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
        let plain = |it: &String| !it.is_empty() && it.bytes().all(|c| c.is_ascii_alphanumeric());
        if let Some(odd) = self.providers.iter().find(|it| !plain(it)) {
            let reason =
                format!("`{}` is not a bank's key, as in `ECB`", crate::error::cut(odd, 40));
            return Err(Error::config("providers", reason));
        }
        Ok(())
    }

    /// What the series is called.
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
