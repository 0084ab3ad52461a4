//! What a user may choose about the synthetic market.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// What a user may choose about the synthetic market.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Decides which days are drawn: the same seed gives the same prices for ever.
    pub seed: u64,
    /// The mean length of a block of recorded days, in days.
    pub block_days: u32,
    /// The first day without prices; without one, today, so that yesterday is the last.
    pub until: Option<NaiveDate>,
    /// The rows of a page, about: those of one day stay together.
    #[serde(skip)]
    pub page_rows: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { seed: 42, block_days: 20, until: None, page_rows: 2_000 }
    }
}

impl Config {
    pub(super) fn validate(&self) -> Result<()> {
        if self.block_days == 0 {
            return Err(Error::config("block_days", "a block has at least one day"));
        }
        if self.page_rows == 0 {
            return Err(Error::config("page_rows", "a page has at least one row"));
        }
        Ok(())
    }
}
