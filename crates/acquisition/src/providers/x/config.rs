//! What a user may choose about X.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tidegauge_core::instruments::INSTRUMENTS;

use crate::http::HttpConfig;
use crate::{Error, Result, duration};

/// What a user may choose about X.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Our symbols of what to search for, by the `query` of the registry; default: all of it.
    pub symbols: Vec<String>,
    /// Whether to read how many posts there are, hour by hour: a request a symbol and round.
    pub counts: bool,
    /// Whether to read the posts themselves: X charges for each.
    pub posts: bool,
    /// How many days of history to start with; X looks back 7.
    pub history_days: u32,
    /// Posts a request, 10 to 100.
    pub max_results: u32,
    /// Who judges how posts sound.
    pub sentiment: Scorer,
    /// How long after a round the next one begins.
    #[serde(with = "duration")]
    pub refresh: Duration,
    /// How requests are made.
    pub http: HttpConfig,
}

/// Who judges how posts sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scorer {
    /// The lexicon [`crate::sentiment::Vader`], which knows English alone.
    #[default]
    Vader,
    /// Nobody.
    None,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            symbols: INSTRUMENTS.iter().map(|it| it.symbol.to_string()).collect(),
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
