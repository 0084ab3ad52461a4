//! Rows that a computation ignores, counted by table and reason.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::market::MAX_AGE_DAYS;

/// The maximum number of examples kept for each table and reason.
const MAX_EXAMPLES: usize = 3;

/// The reason why a row is ignored by a computation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SetAsideReason {
    /// It lacks a required value, or has a number that is not finite.
    Incomplete,
    /// Its user appears more than once; the earliest signup counts.
    DuplicateUser,
    /// It refers to a user that does not exist.
    UnknownUser,
    /// It precedes its user's signup.
    BeforeSignup,
    /// It is not before the end of observation.
    AfterEnd,
    /// Its amount has no price or exchange rate that is recent enough.
    Unpriced,
    /// Its amount has no price or exchange rate that is recent enough; the row itself still counts
    /// as activity of its user.
    Unvalued,
    /// Its price or rate is not greater than zero.
    NotPositive,
    /// Its candle is inconsistent: the open or close lies outside the low and high.
    Inverted,
    /// Its time is beyond the calendar.
    BeyondCalendar,
    /// Its value has more digits than its table's column holds.
    TooLarge,
}

impl fmt::Display for SetAsideReason {
    /// Writes a phrase that follows the name of a row, as in "`BTC` on 2026-01-05 is not above
    /// zero".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Incomplete => f.write_str("is missing or not finite"),
            Self::DuplicateUser => f.write_str("is there more than once"),
            Self::UnknownUser => f.write_str("is of a user that is not among the users"),
            Self::BeforeSignup => f.write_str("comes before its user's signup"),
            Self::AfterEnd => f.write_str("is not before the end of observation"),
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

/// Rows of one table that a computation ignores, entirely or only in their amounts, for one reason.
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
    /// The reason.
    pub reason: SetAsideReason,
    /// The number of rows.
    pub rows: u64,
    /// The first few of the rows, worded so that [`SetAsideReason`] continues the sentence.
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

/// Rows that a computation ignores, by table and reason, in the order in which they were found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SetAsideRows(Vec<SetAside>);

impl SetAsideRows {
    /// Adds rows of a table, with `example` naming one of them.
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
        if known.examples.len() < MAX_EXAMPLES {
            let example = example();
            if !known.examples.contains(&example) {
                known.examples.push(example);
            }
        }
    }

    /// Adds the rows that another computation has set aside.
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

    /// Returns the rows by table and reason.
    pub fn as_slice(&self) -> &[SetAside] {
        &self.0
    }

    /// Returns `true` if no rows are set aside.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the total number of rows.
    pub fn rows(&self) -> u64 {
        self.0.iter().map(|found| found.rows).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_counted_by_table_and_reason_with_few_examples() {
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
