//! The creation of facts from a user's own data.

use chrono::{DateTime, Utc};
use polars::prelude::DataFrame;
use tidegauge_core::Batch;

use super::input::Facts;
use super::row_filter::{BadRows, RowFilter};
use super::{build, from_frames, validate};
use crate::Result;
use crate::arrow_to_polars::frame_from_batch;

impl Facts {
    /// Creates facts from a user's own data. `end` is the end of observation, exclusive.
    ///
    /// - `users`: `user` (integers or text), `signup_at`; optionally `verified_at`, a time; all other
    ///   columns are dimensions.
    /// - `events`: `user`, `at`, `kind`, `volume_usd`, `revenue_usd`; optionally `order` (integers:
    ///   the events of an order are one occasion) and `is_reversal` (Boolean: the event takes back
    ///   amounts, and is no activity).
    ///
    /// Times may be dates or datetimes without a zone, read as UTC; amounts any numbers. Rows with
    /// nulls or numbers that are not finite, duplicate users, events of unknown users, events
    /// before their user's signup and rows at `end` or later are [set aside](Self::set_aside).
    ///
    /// # Errors
    /// When a column is missing or of another type.
    pub fn new(users: &DataFrame, events: &DataFrame, end: DateTime<Utc>) -> Result<Self> {
        build::from_frames(users, events, end, RowFilter::default())
    }

    /// Creates facts like [`Facts::new`], but fails on an implausible row.
    ///
    /// # Errors
    /// As for [`Facts::new`], and when a column has nulls; when a user is duplicated; when an event
    /// is of an unknown user or before its user's signup.
    pub fn new_strict(users: &DataFrame, events: &DataFrame, end: DateTime<Utc>) -> Result<Self> {
        build::from_frames(users, events, end, RowFilter::new(BadRows::Fail))
    }

    /// Creates facts from a user's own data as batches of tables with the columns of
    /// [`Facts::new`].
    ///
    /// # Errors
    /// As for [`Facts::new`].
    pub fn from_batches(users: Batch, events: Batch, end: DateTime<Utc>) -> Result<Self> {
        Self::new(&frame_from_batch(users)?, &frame_from_batch(events)?, end)
    }

    /// Creates facts from bare transactions (`user`, `at`, `value` in US dollars): a user's signup
    /// is their first transaction, and `value` is both the volume and the revenue of an event of
    /// kind `purchase`. A negative value is a refund: it lowers both, and is no activity.
    ///
    /// Beware of **left truncation**: users who were customers before the data begin look new in
    /// them, and make the first cohorts look better than they were.
    ///
    /// # Errors
    /// As for [`Facts::new`].
    pub fn from_transactions(transactions: &DataFrame, end: DateTime<Utc>) -> Result<Self> {
        let mut row_filter = RowFilter::default();
        let (users, events) = from_frames::transactions(transactions, &mut row_filter)?;
        build::from_frames(&users, &events, end, row_filter)
    }

    /// Adds the spend on acquisition, by `day`, `channel` and `campaign`, in `spend_usd`.
    ///
    /// Rows with nulls (only `campaign` may have them) and days at the end of observation or later
    /// are set aside; nulls are an error if the facts were created as strict.
    ///
    /// # Errors
    /// When a column is missing or of another type.
    pub fn with_spend(mut self, spend: &DataFrame) -> Result<Self> {
        let mut row_filter = RowFilter::new(self.bad_rows);
        let last_instant = self.end - chrono::TimeDelta::microseconds(1);
        let last_day = self.calendar.date(last_instant);
        self.spend = validate::spend(spend, last_day, &mut row_filter)?;
        self.set_aside.extend_from_slice(row_filter.set_aside.as_slice());
        Ok(self)
    }
}
