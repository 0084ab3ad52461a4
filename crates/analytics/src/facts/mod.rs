//! The compact input of all metrics: who there is, and what they did.

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

/// The compact input of all metrics, checked once when made.
///
/// - **users**: `user` (whole numbers or text), `signup_at` (time), and any dimensions, such as
///   `channel`, `campaign`, `country`, `tier`. One row a user.
/// - **events**: `user`, `at` (time), `kind` (text), `volume_usd`, `revenue_usd` (floats, US dollars).
/// - **spend**: `day` (date), `channel`, `campaign` (text), `spend_usd` (float, US dollars).
///
/// All within what has been observed, before [`Facts::end`]: what lies after it is left out. Rows that
/// cannot be right, and amounts that cannot be valued, are left out too, and counted by reason:
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
    /// From a user's own data. `end` is the end of what has been observed; that instant is not in it.
    ///
    /// Times may be dates or datetimes without a zone, read as UTC; amounts any numbers. Rows with nulls
    /// or numbers that are not finite, users that are there again, events of unknown users and events
    /// before their user's signup are [set aside](Self::set_aside).
    ///
    /// # Errors
    /// When a column is missing or of another type.
    pub fn new(users: &DataFrame, events: &DataFrame, end: DateTime<Utc>) -> Result<Self> {
        Self::build(users, events, end, Sieve::default())
    }

    /// The same, where a row that cannot be right is an error.
    ///
    /// # Errors
    /// As for [`Facts::new`], and when a column has nulls; when a user is there twice; when an
    /// event is of an unknown user or before its user's signup.
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

    /// From a user's own data as batches of tables with the columns of [`Facts::new`].
    ///
    /// # Errors
    /// As for [`Facts::new`].
    pub fn from_batches(users: Batch, events: Batch, end: DateTime<Utc>) -> Result<Self> {
        Self::new(&of_batch(users)?, &of_batch(events)?, end)
    }

    /// From bare transactions (`user`, `at`, `value` in US dollars): a user's signup is their first
    /// transaction, and `value` is both the volume and the revenue of an event of kind `purchase`.
    ///
    /// Beware of **left truncation**: who was a customer before the data begin looks new in them,
    /// and makes the first cohorts look better than they were.
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

    /// Adds what was spent on acquisition, by `day`, `channel` and `campaign`, in `spend_usd`.
    ///
    /// Rows with nulls (only `campaign` may have them) are set aside, or an error if the facts were made
    /// so.
    ///
    /// # Errors
    /// When a column is missing or of another type.
    pub fn with_spend(mut self, spend: &DataFrame) -> Result<Self> {
        let mut sieve = Sieve::new(self.bad_rows);
        self.spend = check::spend(spend, self.end, &mut sieve)?;
        self.set_aside.extend_from_slice(sieve.aside.as_slice());
        Ok(self)
    }

    /// Returns the rows that are left out because they cannot be right or cannot be valued, by table and
    /// reason: the metrics are those of all others.
    pub fn set_aside(&self) -> &[SetAside] {
        &self.set_aside
    }

    /// Returns what a reader has to know of the rows that count, a sentence each.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The users, sorted by `user`.
    pub fn users(&self) -> &DataFrame {
        &self.users
    }

    /// The events, sorted by `user` and `at`.
    pub fn events(&self) -> &DataFrame {
        &self.events
    }

    /// The spend, sorted by `day`, `channel` and `campaign`.
    pub fn spend(&self) -> &DataFrame {
        &self.spend
    }

    /// The end of what has been observed; that instant is not in it.
    pub fn end(&self) -> DateTime<Utc> {
        self.end
    }

    /// The events of some kinds, in the events' order.
    pub(crate) fn events_of(&self, kinds: &Kinds) -> LazyFrame {
        self.events.clone().lazy().filter(kinds.matches())
    }

    /// The users, each with `events`, `volume_usd`, `revenue_usd`, `first_at`, `last_at` and `more`
    /// over their share of `events`; null where a user has none.
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

    /// The age of an event: microseconds from its user's signup. Needs the column `signup_at`.
    pub(crate) fn age() -> Expr {
        micros("at") - micros("signup_at")
    }
}

/// Which kinds of events count.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kinds {
    /// All.
    #[default]
    Any,
    /// Only these, such as `trade`, `ramp`, `withdrawal`.
    Only(Vec<String>),
}

impl Kinds {
    /// Only these kinds.
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
