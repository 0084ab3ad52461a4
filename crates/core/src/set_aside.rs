//! Rows that a computation leaves out, counted by table and reason.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::market::MAX_AGE_DAYS;

/// The number of examples that are kept of each table and reason.
const EXAMPLES: usize = 3;

/// Why a row is left out of a computation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SetAsideReason {
    /// It lacks a value that it must have, or has a number that is not finite.
    Incomplete,
    /// Its user is there more than once; the earliest signup counts.
    DuplicateUser,
    /// It is of a user that is not among the users.
    UnknownUser,
    /// It lies before the signup of its user.
    BeforeSignup,
    /// Its amount has no price or exchange rate that is recent enough.
    Unpriced,
    /// Its amount has no price or exchange rate that is recent enough; the row itself counts, as what its user did.
    Unvalued,
    /// Its price or rate is not above zero.
    NotPositive,
    /// It is a candle whose open or close lies outside its low and high.
    Inverted,
    /// Its time lies beyond the calendar.
    BeyondCalendar,
    /// Its value has more digits than the table that it is for.
    TooLarge,
}

impl fmt::Display for SetAsideReason {
    /// Writes a phrase that follows the name of a row, as in "`BTC` on 2026-01-05 is not above zero".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Incomplete => f.write_str("is missing or not finite"),
            Self::DuplicateUser => f.write_str("is there more than once"),
            Self::UnknownUser => f.write_str("is of a user that is not among the users"),
            Self::BeforeSignup => f.write_str("comes before its user's signup"),
            Self::Unpriced | Self::Unvalued => write!(
                f,
                "has no price or exchange rate in the market tables that is at most {MAX_AGE_DAYS} \
                 days old"
            ),
            Self::NotPositive => f.write_str("is not above zero"),
            Self::Inverted => f.write_str("is not low ≤ open, close ≤ high"),
            Self::BeyondCalendar => f.write_str("is at a time that no calendar reaches"),
            Self::TooLarge => f.write_str("has more digits than its column holds"),
        }
    }
}

/// Rows of one table that are left out of a computation for one reason, or whose amounts are.
///
/// ```
/// use tidegauge_core::{SetAside, SetAsideReason, SetAsideRows};
///
/// let mut rows = SetAsideRows::default();
/// rows.add("trades", SetAsideReason::Unpriced, 2, || "`XAG` on 2020-11-08".into());
/// let found: &SetAside = &rows.as_slice()[0];
/// assert_eq!((found.rows, found.examples.len()), (2, 1));
/// assert!(found.to_string().starts_with("2 rows of trades are left out: `XAG` on 2020-11-08 has"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SetAside {
    /// The name of the table, or `users`, `events`, `transactions` or `spend` of a frame.
    pub table: String,
    /// Why.
    pub reason: SetAsideReason,
    /// The number of rows.
    pub rows: u64,
    /// The first few of them, in words that [`SetAsideReason`] continues.
    pub examples: Vec<String>,
}

impl fmt::Display for SetAside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rows, are, count) = match self.rows {
            1 => ("row", "is", "counts"),
            _ => ("rows", "are", "count"),
        };
        write!(f, "{} {rows} of {} ", self.rows, self.table)?;
        match self.reason {
            SetAsideReason::Unvalued => write!(f, "{count} as activity, without the amount: ")?,
            _ => write!(f, "{are} left out: ")?,
        }
        let (first, others) = match self.examples.split_first() {
            Some((first, others)) => (first.as_str(), others),
            None => ("each", &[][..]),
        };
        write!(f, "{first} {}", self.reason)?;
        if !others.is_empty() {
            write!(f, "; also {}", others.join(", "))?;
        }
        match self.reason {
            SetAsideReason::Unvalued => f.write_str(
                "; `history_days` of a source of rates or prices says how far back it loads",
            ),
            _ => Ok(()),
        }
    }
}

/// Rows that are left out of a computation, by table and reason in the order in which they were found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SetAsideRows(Vec<SetAside>);

impl SetAsideRows {
    /// Adds rows of a table, which `example` names.
    pub fn add(
        &mut self,
        table: &str,
        reason: SetAsideReason,
        rows: u64,
        example: impl FnOnce() -> String,
    ) {
        let known = self.0.iter_mut().find(|known| known.table == table && known.reason == reason);
        let Some(known) = known else {
            let (table, examples) = (table.to_owned(), vec![example()]);
            self.0.push(SetAside { table, reason, rows, examples });
            return;
        };
        known.rows += rows;
        if known.examples.len() < EXAMPLES {
            let example = example();
            if !known.examples.contains(&example) {
                known.examples.push(example);
            }
        }
    }

    /// Adds what was left out elsewhere.
    pub fn extend(&mut self, others: &[SetAside]) {
        for other in others {
            let mut examples = other.examples.iter().cloned();
            let first = || examples.next().unwrap_or_default();
            self.add(&other.table, other.reason, other.rows, first);
            for example in examples {
                self.add(&other.table, other.reason, 0, || example);
            }
        }
    }

    /// Returns all of them.
    pub fn as_slice(&self) -> &[SetAside] {
        &self.0
    }

    /// Returns `true` if nothing is left out.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the number of rows.
    pub fn rows(&self) -> u64 {
        self.0.iter().map(|found| found.rows).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_counted_by_table_and_reason_and_a_few_are_named() {
        let mut rows = SetAsideRows::default();
        for user in 1..=5 {
            rows.add("users", SetAsideReason::DuplicateUser, 1, || format!("user {user}"));
        }
        rows.add("events", SetAsideReason::UnknownUser, 2, || "trade of user 9".into());
        let told: Vec<_> = rows.as_slice().iter().map(ToString::to_string).collect();
        let users =
            "5 rows of users are left out: user 1 is there more than once; also user 2, user 3";
        assert_eq!(told[0], users);
        let mut both = SetAsideRows::default();
        both.extend(rows.as_slice());
        both.extend(rows.as_slice());
        assert_eq!((both.rows(), both.as_slice()[0].examples.len()), (14, 3));
        assert_eq!(both.as_slice()[1].examples, ["trade of user 9"]);
    }
}
