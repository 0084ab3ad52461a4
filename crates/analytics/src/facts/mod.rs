//! Facts: the users, events and spend that all metrics are computed from.

mod event_filter;
mod row_filter;
mod usd;
mod validate;
mod warehouse;

use chrono::{DateTime, Utc};
use polars::prelude::*;
use tidegauge_core::{Batch, SetAside};

pub use event_filter::EventFilter;
pub use row_filter::BadRows;
pub(crate) use usd::UsdPrices;
pub use warehouse::FactsParams;

use row_filter::RowFilter;

use crate::Result;
use crate::arrow_to_polars::frame_from_batch;
use crate::dates::epoch_micros;
use crate::frames::{CollectBlocking, left_join};

/// The compact input of all metrics, checked once when created.
///
/// - **users**: `user` (integers or strings), `signup_at` (time), and any dimensions, such as
///   `channel`, `campaign`, `country`, `tier`. One row per user.
/// - **events**: `user`, `at` (time), `kind` (string), `volume_usd`, `revenue_usd` (floats, US
///   dollars).
/// - **spend**: `day` (date), `channel`, `campaign` (strings), `spend_usd` (float, US dollars).
///
/// All rows lie before [`Facts::end`], the end of observation: later ones are left out. Implausible
/// rows, and amounts that cannot be valued, are left out too, and counted by reason:
/// [`Facts::set_aside`].
#[derive(Debug, Clone)]
pub struct Facts {
    users: DataFrame,
    events: DataFrame,
    spend: DataFrame,
    end: DateTime<Utc>,
    bad_rows: BadRows,
    set_aside: Vec<SetAside>,
    notes: Vec<String>,
}

impl Facts {
    /// Creates facts from a user's own data. `end` is the end of observation, exclusive.
    ///
    /// Times may be dates or datetimes without a zone, read as UTC; amounts any numbers. Rows with
    /// nulls or numbers that are not finite, duplicate users, events of unknown users and events
    /// before their user's signup are [set aside](Self::set_aside).
    ///
    /// # Errors
    /// When a column is missing or of another type.
    pub fn new(users: &DataFrame, events: &DataFrame, end: DateTime<Utc>) -> Result<Self> {
        Self::build(users, events, end, RowFilter::default())
    }

    /// Creates facts like [`Facts::new`], but fails on an implausible row.
    ///
    /// # Errors
    /// As for [`Facts::new`], and when a column has nulls; when a user is duplicated; when an event
    /// is of an unknown user or before its user's signup.
    pub fn new_strict(users: &DataFrame, events: &DataFrame, end: DateTime<Utc>) -> Result<Self> {
        Self::build(users, events, end, RowFilter::new(BadRows::Fail))
    }

    fn build(
        users: &DataFrame,
        events: &DataFrame,
        end: DateTime<Utc>,
        mut row_filter: RowFilter,
    ) -> Result<Self> {
        let users = validate::users(users, end, &mut row_filter)?;
        let events = validate::events(events, end, &mut row_filter)?;
        let events = validate::attributable_events(&users, events, &mut row_filter)?;
        let (bad_rows, set_aside) = (row_filter.bad_rows, row_filter.set_aside.as_slice().to_vec());
        Ok(Self {
            users,
            events,
            spend: validate::empty_spend()?,
            end,
            bad_rows,
            set_aside,
            notes: Vec::new(),
        })
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
    /// kind `purchase`.
    ///
    /// Beware of **left truncation**: users who were customers before the data begin look new in
    /// them, and make the first cohorts look better than they were.
    ///
    /// # Errors
    /// As for [`Facts::new`].
    pub fn from_transactions(transactions: &DataFrame, end: DateTime<Utc>) -> Result<Self> {
        let mut row_filter = RowFilter::default();
        let events = validate::transactions(transactions, end, &mut row_filter)?;
        let users = events
            .clone()
            .lazy()
            .group_by_stable([col("user")])
            .agg([col("at").min().alias("signup_at")]);
        Self::build(&users.collect_blocking()?, &events, end, row_filter)
    }

    /// Adds the spend on acquisition, by `day`, `channel` and `campaign`, in `spend_usd`.
    ///
    /// Rows with nulls (only `campaign` may have them) are set aside, or an error if the facts were
    /// created as strict.
    ///
    /// # Errors
    /// When a column is missing or of another type.
    pub fn with_spend(mut self, spend: &DataFrame) -> Result<Self> {
        let mut row_filter = RowFilter::new(self.bad_rows);
        self.spend = validate::spend(spend, self.end, &mut row_filter)?;
        self.set_aside.extend_from_slice(row_filter.set_aside.as_slice());
        Ok(self)
    }

    /// Returns the rows that are left out because they are implausible or cannot be valued, by
    /// table and reason: metrics are computed from all others.
    pub fn set_aside(&self) -> &[SetAside] {
        &self.set_aside
    }

    /// Returns the caveats of the rows that are included, one sentence each.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Returns the users, sorted by `user`.
    pub fn users(&self) -> &DataFrame {
        &self.users
    }

    /// Returns the events, sorted by `user` and `at`.
    pub fn events(&self) -> &DataFrame {
        &self.events
    }

    /// Returns the spend, sorted by `day`, `channel` and `campaign`.
    pub fn spend(&self) -> &DataFrame {
        &self.spend
    }

    /// Returns the end of observation, exclusive.
    pub fn end(&self) -> DateTime<Utc> {
        self.end
    }

    /// Returns the events that pass `filter`, in the order of the events.
    pub(crate) fn filtered_events(&self, filter: &EventFilter) -> LazyFrame {
        self.events.clone().lazy().filter(filter.matches())
    }

    /// Returns the users, each with `events`, `volume_usd`, `revenue_usd`, `first_at`, `last_at`
    /// and `more` aggregated over their `events`; null if a user has none.
    pub(crate) fn per_user(users: LazyFrame, events: LazyFrame, more: &[Expr]) -> LazyFrame {
        let mut totals = vec![
            len().alias("events"),
            col("volume_usd").sum(),
            col("revenue_usd").sum(),
            col("at").min().alias("first_at"),
            col("at").max().alias("last_at"),
        ];
        totals.extend_from_slice(more);
        let totals = events.group_by_stable([col("user")]).agg(totals);
        left_join(users, totals, &["user"])
    }

    /// Returns the age of an event: microseconds from its user's signup. Requires the column
    /// `signup_at`.
    pub(crate) fn event_age() -> Expr {
        epoch_micros("at") - epoch_micros("signup_at")
    }
}
