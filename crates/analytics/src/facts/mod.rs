//! The compact input of all metrics: the users, and their activity.

mod check;
mod sieve;
mod value;
mod warehouse;

use chrono::{DateTime, Utc};
use polars::prelude::*;
use serde::{Deserialize, Serialize};
use tidegauge_core::{Batch, SetAside};

pub use sieve::BadRows;
pub(crate) use value::Usd;
pub use warehouse::FactsParams;

use sieve::Sieve;

use crate::Result;
use crate::columns::of_batch;
use crate::frames::{Compute, micros};

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
        Self::build(users, events, end, Sieve::default())
    }

    /// Creates facts like [`Facts::new`], but fails on an implausible row.
    ///
    /// # Errors
    /// As for [`Facts::new`], and when a column has nulls; when a user is duplicated; when an event
    /// is of an unknown user or before its user's signup.
    pub fn new_strict(users: &DataFrame, events: &DataFrame, end: DateTime<Utc>) -> Result<Self> {
        Self::build(users, events, end, Sieve::new(BadRows::Fail))
    }

    fn build(
        users: &DataFrame,
        events: &DataFrame,
        end: DateTime<Utc>,
        mut sieve: Sieve,
    ) -> Result<Self> {
        let users = check::users(users, end, &mut sieve)?;
        let events = check::events(events, end, &mut sieve)?;
        let events = check::belong(&users, events, &mut sieve)?;
        let (bad_rows, set_aside) = (sieve.bad_rows, sieve.aside.as_slice().to_vec());
        Ok(Self {
            users,
            events,
            spend: check::no_spend()?,
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
        Self::new(&of_batch(users)?, &of_batch(events)?, end)
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
        let mut sieve = Sieve::default();
        let events = check::transactions(transactions, end, &mut sieve)?;
        let users = events
            .clone()
            .lazy()
            .group_by_stable([col("user")])
            .agg([col("at").min().alias("signup_at")]);
        Self::build(&users.compute()?, &events, end, sieve)
    }

    /// Adds the spend on acquisition, by `day`, `channel` and `campaign`, in `spend_usd`.
    ///
    /// Rows with nulls (only `campaign` may have them) are set aside, or an error if the facts were
    /// created as strict.
    ///
    /// # Errors
    /// When a column is missing or of another type.
    pub fn with_spend(mut self, spend: &DataFrame) -> Result<Self> {
        let mut sieve = Sieve::new(self.bad_rows);
        self.spend = check::spend(spend, self.end, &mut sieve)?;
        self.set_aside.extend_from_slice(sieve.aside.as_slice());
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

    /// Returns the events of some kinds, in the events' order.
    pub(crate) fn events_of(&self, kinds: &Kinds) -> LazyFrame {
        self.events.clone().lazy().filter(kinds.matches())
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
        crate::frames::look_up(users, totals, &["user"])
    }

    /// Returns the age of an event: microseconds from its user's signup. Requires the column
    /// `signup_at`.
    pub(crate) fn age() -> Expr {
        micros("at") - micros("signup_at")
    }
}

/// A filter of events by kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kinds {
    /// All kinds.
    #[default]
    Any,
    /// Only these kinds, such as `trade`, `ramp`, `withdrawal`.
    Only(Vec<String>),
}

impl Kinds {
    /// Creates a filter of these kinds.
    pub fn only<S: Into<String>>(kinds: impl IntoIterator<Item = S>) -> Self {
        Self::Only(kinds.into_iter().map(Into::into).collect())
    }

    fn matches(&self) -> Expr {
        match self {
            Self::Any => lit(true),
            Self::Only(kinds) => kinds
                .iter()
                .map(|kind| col("kind").eq(lit(kind.as_str())))
                .reduce(Expr::or)
                .unwrap_or(lit(false)),
        }
    }
}
