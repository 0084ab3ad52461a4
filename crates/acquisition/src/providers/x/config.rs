//! The settings of the source X.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tidegauge_core::instruments::INSTRUMENTS;

use crate::http::HttpConfig;
use crate::{Error, Result, duration};

/// The settings of the source X.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The symbols to search for, by their `query` in the registry; default: all built-in ones.
    pub symbols: Vec<String>,
    /// Whether to read the number of posts by hour: a request per symbol and round.
    pub counts: bool,
    /// Whether to read the posts themselves: X charges for each.
    pub posts: bool,
    /// The days of history to start with; the lookback of X is 7 days.
    pub history_days: u32,
    /// The maximum number of posts per request, 10 to 100.
    pub max_results: u32,
    /// The sentiment model for posts.
    pub sentiment: Scorer,
    /// The time between rounds.
    #[serde(with = "duration")]
    pub refresh: Duration,
    /// The settings of HTTP requests.
    pub http: HttpConfig,
}

/// A sentiment model for posts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scorer {
    /// The lexicon [`crate::sentiment::Vader`], which supports English only.
    #[default]
    Vader,
    /// No model: posts have no score.
    None,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            symbols: INSTRUMENTS.iter().map(|known| known.symbol.to_string()).collect(),
            counts: true,
            posts: true,
            history_days: 1,
            max_results: 100,
            sentiment: Scorer::default(),
            refresh: Duration::from_hours(12),
            http: HttpConfig::default(),
        }
    }
}

impl Config {
    pub(super) fn validate(&self) -> Result<()> {
        if !self.counts && !self.posts {
            return Err(Error::config("posts", "neither posts nor counts are to be read: set one"));
        }
        if !(1..=7).contains(&self.history_days) {
            let reason =
                format!("{} is not between 1 and 7: X looks back 7 days", self.history_days);
            return Err(Error::config("history_days", reason));
        }
        super::client::check_max_results(self.max_results)
    }
}
