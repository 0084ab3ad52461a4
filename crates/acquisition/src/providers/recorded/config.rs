//! The settings of the recorded data.

use crate::{Error, Result};

/// The settings of the recorded data.
#[derive(Debug, Clone)]
pub struct Config {
    /// The approximate number of rows of a page: the rows of one line stay together.
    pub page_rows: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { page_rows: 2_000 }
    }
}

impl Config {
    pub(super) fn validate(&self) -> Result<()> {
        if self.page_rows == 0 {
            return Err(Error::config("page_rows", "a page has at least one row"));
        }
        Ok(())
    }
}
