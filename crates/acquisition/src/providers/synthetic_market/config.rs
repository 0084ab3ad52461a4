//! The settings of the synthetic market.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The settings of the synthetic market.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The seed of the random draws: the same seed always yields the same prices.
    pub seed: u64,
    /// The mean length of a block of recorded days, in days.
    pub block_days: u32,
    /// The first day without prices; `None`: today, so that yesterday is the last day.
    pub until: Option<NaiveDate>,
    /// The approximate number of rows of a page: the rows of one day stay together.
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
