//! The policy for bad rows, and the filter that applies it.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use tidegauge_core::tables::Quarantine;
use tidegauge_core::{Batch, Fingerprint};

pub use crate::bad_row_policy::{BadRows, FinePrices};
use crate::decode::parse;
use crate::redact::Redactor;
use crate::text::cut;
use crate::{Error, Result};

/// A row that was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    /// The place of the row in its source, unique there.
    pub place: String,
    /// The table that the row was meant for.
    pub table: String,
    /// The reason for which it was not taken.
    pub reason: String,
    /// The row as it was received.
    pub content: String,
}

/// A filter that passes good rows and handles bad ones by its policy.
#[derive(Debug)]
pub struct RowFilter {
    policy: BadRows,
    table: String,
    series: String,
    bad: Vec<BadRow>,
    redactor: Redactor,
    fine_prices: FinePrices,
}

/// The number of characters of a bad row that are kept.
const MAX_CONTENT_CHARS: usize = 2_000;

/// The number of characters of a place that are written out.
const MAX_PLACE_CHARS: usize = 180;

impl RowFilter {
    /// Creates a filter for rows of `table`; `series` is the first part of the place of a bad row.
    pub fn new(policy: BadRows, table: &str, series: impl Into<String>) -> Self {
        Self {
            policy,
            table: table.into(),
            series: series.into(),
            bad: Vec::new(),
            redactor: Redactor::default(),
            fine_prices: FinePrices::default(),
        }
    }

    /// Sets the policy for prices with more places than a column holds.
    #[must_use]
    pub fn with_fine_prices(self, fine_prices: FinePrices) -> Self {
        Self { fine_prices, ..self }
    }

    /// Returns the policy for prices with more places than a column holds.
    pub(crate) fn fine_prices(&self) -> FinePrices {
        self.fine_prices
    }

    /// Removes `redactor` from places and reasons; the content of a bad row stays as it was received.
    #[must_use]
    pub(crate) fn redacting(self, redactor: &Redactor) -> Self {
        Self { redactor: redactor.clone(), ..self }
    }

    /// Creates a filter that fails on every bad row.
    pub fn strict() -> Self {
        Self::new(BadRows::Fail, "", "")
    }

    /// Returns the row if it is good, or `None` if it was quarantined. `place` identifies it within the
    /// series; `content` is the row as it was received.
    ///
    /// # Errors
    /// The error of a bad row, if the policy does not quarantine it.
    pub fn pass<T>(
        &mut self,
        row: Result<T>,
        place: impl FnOnce() -> String,
        content: impl FnOnce() -> String,
    ) -> Result<Option<T>> {
        match row {
            Ok(row) => Ok(Some(row)),
            Err(error) => {
                let error = self.redactor.error(error);
                self.quarantine(&error, place, content).then_some(None).ok_or(error)
            }
        }
    }

    /// Quarantines a bad row if the policy allows it. Returns `true` if it did.
    #[cold]
    fn quarantine(
        &mut self,
        error: &Error,
        place: impl FnOnce() -> String,
        content: impl FnOnce() -> String,
    ) -> bool {
        // Other errors concern more than the row itself.
        let of_row =
            matches!(error, Error::Decode { .. } | Error::BadValue { .. } | Error::BadRow { .. });
        let may_quarantine = match self.policy {
            BadRows::Quarantine => true,
            BadRows::Fail => !self.table.is_empty() && parse::has_too_many_digits(error),
        };
        if !of_row || !may_quarantine {
            return false;
        }
        let place = self.place(&place());
        let reason = error.quarantine_reason();
        tracing::debug!(%place, table = %self.table, %reason, "row quarantined");
        let (table, content) = (self.table.clone(), cut(&content(), MAX_CONTENT_CHARS));
        self.bad.push(BadRow { place, table, reason, content });
        true
    }

    /// Quarantines a row that is good by itself.
    pub(crate) fn quarantine_row(&mut self, place: &str, reason: String, content: &str) {
        let (place, table) = (self.place(place), self.table.clone());
        tracing::debug!(%place, %table, %reason, "row quarantined");
        self.bad.push(BadRow { place, table, reason, content: cut(content, MAX_CONTENT_CHARS) });
    }

    /// Returns `true` if the row at `place` was quarantined.
    pub(crate) fn is_quarantined(&self, place: &str) -> bool {
        let place = self.place(place);
        self.bad.iter().any(|bad| bad.place == place)
    }

    fn place(&self, place: &str) -> String {
        truncated_place(self.redactor.text(format!("{} {place}", self.series).trim_start()))
    }

    /// Returns the number of rows that were quarantined so far.
    pub fn count(&self) -> usize {
        self.bad.len()
    }

    /// Returns the rows that were quarantined.
    pub fn into_bad(self) -> Vec<BadRow> {
        self.bad
    }
}

impl Error {
    /// Returns the reason that is stored with a quarantined row.
    pub(crate) fn quarantine_reason(&self) -> String {
        match self {
            Self::BadRow { column, value, reason, .. } if column == "*" => {
                format!("`{value}` {reason}")
            }
            Self::BadRow { column, value, reason, .. } => {
                format!("column `{column}`: `{value}` {reason}")
            }
            other => other.to_string(),
        }
    }
}

/// Returns a place that every store accepts as part of a key: the end of a very long one is replaced by a
/// fingerprint.
fn truncated_place(place: String) -> String {
    let Some((end, _)) = place.char_indices().nth(MAX_PLACE_CHARS) else { return place };
    let mut whole = Fingerprint::default();
    whole.update(place.as_bytes());
    format!("{}…{whole}", &place[..end])
}

impl BadRow {
    /// Converts `rows`, which `source` quarantined at `now`, to a batch of the table `quarantine`.
    ///
    /// # Errors
    /// An error if a row does not fit the table, which none of these rows can cause.
    pub fn batch(source: &str, rows: Vec<Self>, now: DateTime<Utc>) -> Result<Batch> {
        if let Some(Self { place, table, reason, .. }) = rows.first() {
            let count = rows.len();
            tracing::warn!(source, count, table, place, reason, "rows quarantined");
        }
        // A place that is a key may belong to several rows.
        let mut places = HashSet::new();
        let row = |row: Self| Quarantine {
            source: source.into(),
            place: if places.insert(row.place.clone()) {
                row.place
            } else {
                let mut whole = Fingerprint::default();
                whole.update(row.content.as_bytes());
                truncated_place(format!("{} #{whole}", row.place))
            },
            table_name: row.table,
            reason: row.reason,
            content: row.content,
            noted_at: now,
        };
        Ok(Batch::from_rows(Quarantine::table(), rows.into_iter().map(row))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_rows_of_the_same_place_are_all_quarantined() {
        let row = |content: &str| BadRow {
            place: "id=1".into(),
            table: "trades".into(),
            reason: "is bad".into(),
            content: content.into(),
        };
        let rows = vec![row("a"), row("b"), row("c")];
        let batch = BadRow::batch("crm", rows, DateTime::UNIX_EPOCH).unwrap();
        let places = batch.column("place").unwrap();
        let places: HashSet<_> = (0..3).map(|row| places.shown(row).unwrap()).collect();
        assert!(places.len() == 3 && places.contains("id=1"), "{places:?}");
    }

    #[test]
    fn a_long_place_is_truncated_and_stays_unique() {
        assert_eq!(truncated_place("a.csv:7".into()), "a.csv:7");
        let [one, other] =
            ["1", "2"].map(|end| truncated_place(format!("{}{end}", "é".repeat(300))));
        assert!(one.chars().count() <= 200 && one != other, "{one}");
    }
}
