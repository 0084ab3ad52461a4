//! What becomes of a row that makes no sense.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tidegauge_core::tables::Quarantine;
use tidegauge_core::{Batch, Fingerprint};

use crate::decode::parse;
use crate::error::cut;
use crate::hidden::Hidden;
use crate::{Error, Result};

/// What becomes of a row that makes no sense. Never is one left out without a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BadRows {
    /// The page fails, and nothing of it is taken. A row of a service that has a number with more digits than its
    /// column is put into quarantine all the same: what is sent as a float is wrong in no other way.
    #[default]
    Fail,
    /// The row goes to the table `quarantine` with its reason; the others are taken.
    Quarantine,
}

/// What becomes of a price with more than eighteen decimal places, which is what a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinePrices {
    /// Its row goes to the table `quarantine`.
    #[default]
    Quarantine,
    /// It is rounded to eighteen places, half to even; one that would be zero goes to `quarantine`.
    Round,
}

/// A row that was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    /// Where it stands in the source, unique there.
    pub place: String,
    /// The table that it was meant for.
    pub table: String,
    /// Why it was not taken.
    pub reason: String,
    /// As it came.
    pub content: String,
}

/// Lets good rows pass, and does with bad ones what it is told.
#[derive(Debug)]
pub struct RowFilter {
    policy: BadRows,
    table: String,
    series: String,
    bad: Vec<BadRow>,
    hidden: Hidden,
    fine_prices: FinePrices,
}

/// The characters of a bad row that are kept.
const KEPT: usize = 2_000;

/// The most characters of a place that are written out.
const LONGEST_PLACE: usize = 180;

impl RowFilter {
    /// A sieve for rows of `table`; `series` is part of the place of a bad one.
    pub fn new(policy: BadRows, table: &str, series: impl Into<String>) -> Self {
        Self {
            policy,
            table: table.into(),
            series: series.into(),
            bad: Vec::new(),
            hidden: Hidden::default(),
            fine_prices: FinePrices::default(),
        }
    }

    /// Returns the same sieve, for prices with more places than a column holds.
    #[must_use]
    pub fn with_fine_prices(self, fine_prices: FinePrices) -> Self {
        Self { fine_prices, ..self }
    }

    /// Returns what becomes of a price with more places than a column holds.
    pub(crate) fn fine_prices(&self) -> FinePrices {
        self.fine_prices
    }

    /// Returns the same sieve, which shows `hidden` nowhere; the content of a bad row stays as it
    /// came.
    #[must_use]
    pub(crate) fn hiding(self, hidden: &Hidden) -> Self {
        Self { hidden: hidden.clone(), ..self }
    }

    /// A sieve that lets nothing pass but good rows.
    pub fn strict() -> Self {
        Self::new(BadRows::Fail, "", "")
    }

    /// The row if it is good; none if it was put aside. `place` tells it from all others of the
    /// series, `content` is how it came.
    ///
    /// # Errors
    /// When it is bad, and bad rows are to fail the page.
    pub fn pass<T>(
        &mut self,
        row: Result<T>,
        place: impl FnOnce() -> String,
        content: impl FnOnce() -> String,
    ) -> Result<Option<T>> {
        match row {
            Ok(row) => Ok(Some(row)),
            Err(error) => {
                let error = self.hidden.error(error);
                self.put_aside(&error, place, content).then_some(None).ok_or(error)
            }
        }
    }

    /// Whether a bad row may be done without.
    #[cold]
    fn put_aside(
        &mut self,
        error: &Error,
        place: impl FnOnce() -> String,
        content: impl FnOnce() -> String,
    ) -> bool {
        // Only what is wrong with the row itself.
        let of_row =
            matches!(error, Error::Decode { .. } | Error::BadValue { .. } | Error::BadRow { .. });
        let is_done_without = match self.policy {
            BadRows::Quarantine => true,
            BadRows::Fail => !self.table.is_empty() && parse::has_too_many_digits(error),
        };
        if !of_row || !is_done_without {
            return false;
        }
        let place = self.place(&place());
        let reason = error.of_row();
        tracing::debug!(%place, table = %self.table, %reason, "row put into quarantine");
        let (table, content) = (self.table.clone(), cut(&content(), KEPT));
        self.bad.push(BadRow { place, table, reason, content });
        true
    }

    /// Puts a row aside that could be taken by itself.
    pub(crate) fn add(&mut self, place: &str, reason: String, content: &str) {
        let (place, table) = (self.place(place), self.table.clone());
        tracing::debug!(%place, %table, %reason, "row put into quarantine");
        self.bad.push(BadRow { place, table, reason, content: cut(content, KEPT) });
    }

    /// Returns whether the row at `place` was put aside.
    pub(crate) fn has(&self, place: &str) -> bool {
        let place = self.place(place);
        self.bad.iter().any(|bad| bad.place == place)
    }

    fn place(&self, place: &str) -> String {
        bounded(self.hidden.text(format!("{} {place}", self.series).trim_start()))
    }

    /// How many rows were put aside so far.
    pub fn count(&self) -> usize {
        self.bad.len()
    }

    /// The rows that were put aside.
    pub fn into_bad(self) -> Vec<BadRow> {
        self.bad
    }
}

/// Returns a place that any store takes as part of a key: the end of a very long one is told by its fingerprint.
fn bounded(place: String) -> String {
    let Some((end, _)) = place.char_indices().nth(LONGEST_PLACE) else { return place };
    let mut whole = Fingerprint::default();
    whole.eat(place.as_bytes());
    format!("{}…{whole}", &place[..end])
}

impl BadRow {
    /// `rows`, put aside by `source` at `now`, as rows of the table `quarantine`.
    ///
    /// # Errors
    /// Returns an error if a row does not fit the table, which none of these rows can.
    pub fn batch(source: &str, rows: Vec<Self>, now: DateTime<Utc>) -> Result<Batch> {
        if let Some(Self { place, table, reason, .. }) = rows.first() {
            let count = rows.len();
            tracing::warn!(
                source,
                count,
                table,
                place,
                reason,
                "rows put into quarantine, as this"
            );
        }
        // Where the place is a key, several rows may have it.
        let mut places = HashSet::new();
        let row = |row: Self| Quarantine {
            source: source.into(),
            place: if places.insert(row.place.clone()) {
                row.place
            } else {
                let mut whole = Fingerprint::default();
                whole.eat(row.content.as_bytes());
                bounded(format!("{} #{whole}", row.place))
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
    fn rows_of_one_place_are_all_kept() {
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
    fn a_long_place_is_bounded_and_still_told_from_others() {
        assert_eq!(bounded("a.csv:7".into()), "a.csv:7");
        let [one, other] = ["1", "2"].map(|end| bounded(format!("{}{end}", "é".repeat(300))));
        assert!(one.chars().count() <= 200 && one != other, "{one}");
    }
}
