//! The handling of implausible rows.

use polars::prelude::DataFrame;
use serde::{Deserialize, Serialize};
use tidegauge_core::{SetAside, SetAsideReason, SetAsideRows};

use crate::frames::shown;
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

/// The counter of the rows that are left out.
#[derive(Debug, Default)]
pub(super) struct Sieve {
    pub(super) bad_rows: BadRows,
    pub(super) aside: SetAsideRows,
}

impl Sieve {
    pub(super) fn new(bad_rows: BadRows) -> Self {
        Self { bad_rows, aside: SetAsideRows::default() }
    }

    /// Sets rows aside that the market tables have set aside; `refusal` returns the error for the
    /// first of them.
    pub(super) fn take(
        &mut self,
        aside: &[SetAside],
        refusal: impl FnOnce() -> Option<tidegauge_core::Error>,
    ) -> Result<()> {
        if self.bad_rows == BadRows::Fail
            && let Some(error) = refusal()
        {
            return Err(Error::from(error));
        }
        self.aside.extend(aside);
        Ok(())
    }

    /// Sets events aside, all of them for one reason.
    pub(super) fn events(&mut self, events: &DataFrame, reason: SetAsideReason) {
        for row in 0..events.height() {
            self.aside.add("events", reason, 1, || {
                let [kind, user, at] = ["kind", "user", "at"].map(|name| shown(events, name, row));
                let day = at.split(' ').next().unwrap_or_default();
                format!("a {kind} of user `{user}` on {day}")
            });
        }
    }
}
