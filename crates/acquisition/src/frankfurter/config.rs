//! What a user may choose about Frankfurter.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::exact::check_currency;
use crate::http::HttpConfig;
use crate::{Error, Result};

/// What a user may choose about Frankfurter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The currencies that a euro is priced in.
    pub quotes: Vec<String>,
    /// The first day to read; the service begins with 1999-01-04.
    pub since: NaiveDate,
    /// How requests are made.
    pub http: HttpConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            quotes: ["USD", "GBP", "CAD"].map(Into::into).into(),
            since: NaiveDate::from_ymd_opt(2020, 1, 1).unwrap_or_default(),
            http: HttpConfig::default(),
        }
    }
}

impl Config {
    pub(super) fn validate(&self) -> Result<()> {
        if self.quotes.is_empty() {
            return Err(Error::config("quotes", "it is empty: name at least one, as in `USD`"));
        }
        if self.quotes.iter().any(|quote| quote == "EUR") {
            return Err(Error::config("quotes", "the euro is priced in others, not in itself"));
        }
        self.quotes.iter().try_for_each(|quote| check_currency("quotes", quote))
    }
}
