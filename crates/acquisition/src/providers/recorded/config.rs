//! What a user may choose about the recorded data.

use crate::{Error, Result};

/// What a user may choose about the recorded data.
#[derive(Debug, Clone)]
pub struct Config {
    /// The rows of a page, about: those of one line stay together.
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
