//! The row filter: it sets implausible rows aside, or refuses the first of them.

use serde::{Deserialize, Serialize};
use tidegauge_core::{SetAside, SetAsideRows};

use crate::{Error, Result};

/// The handling of rows that are implausible or cannot be valued.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BadRows {
    /// They are left out, and counted by reason.
    #[default]
    SetAside,
    /// The first of them is an error.
    Fail,
}

/// A filter of implausible rows, which counts the rows that are left out by reason.
#[derive(Debug, Default)]
pub(crate) struct RowFilter {
    pub(super) bad_rows: BadRows,
    pub(super) set_aside: SetAsideRows,
}

impl RowFilter {
    /// Creates a filter without rows that are set aside.
    pub(super) fn new(bad_rows: BadRows) -> Self {
        Self { bad_rows, set_aside: SetAsideRows::default() }
    }

    /// Takes over the rows that the market tables have set aside; `refusal` returns the error for
    /// the first of them.
    ///
    /// # Errors
    /// The error of `refusal`, if bad rows are errors.
    pub(super) fn set_aside_market_rows(
        &mut self,
        rows: &[SetAside],
        refusal: impl FnOnce() -> Option<tidegauge_core::Error>,
    ) -> Result<()> {
        if self.bad_rows == BadRows::Fail
            && let Some(error) = refusal()
        {
            return Err(Error::from(error));
        }
        self.set_aside.extend(rows);
        Ok(())
    }
}
