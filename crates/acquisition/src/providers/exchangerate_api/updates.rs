//! The polling of the latest rates once per update, shared by both endpoints.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use tidegauge_core::tables::{FxRate, Quarantine};
use tidegauge_core::{Batch, Cursor, Page, TableRef};

use super::{Client, Config, Latest};
use crate::bad_rows::{BadRow, RowFilter};
use crate::{Context, Error, Result, cursor};

/// The latest rates of one base currency, one page per update.
#[derive(Debug)]
pub(crate) struct LatestRates {
    /// The name of the source, for rows and cursors.
    pub(crate) name: &'static str,
    pub(crate) client: Client,
    pub(crate) config: Config,
    pub(crate) context: Context,
}

/// The content of the cursor.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PollProgress {
    base: String,
    /// The time of the rates last loaded, seconds since 1970.
    last_update: i64,
    /// The time before which no request is made, seconds since 1970.
    next_update: i64,
    /// The quote currencies that have been seen: one that disappears has ended, one that was never there is a
    /// mistake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seen: Option<BTreeSet<String>>,
}

/// The polling interval for a late update.
const LATE_POLL_INTERVAL: TimeDelta = TimeDelta::hours(1);

/// The longest time without a request, even if the next update is announced for later.
const MAX_POLL_INTERVAL: TimeDelta = TimeDelta::days(7);

impl LatestRates {
    pub(crate) fn tables() -> Vec<TableRef> {
        vec![FxRate::table().clone(), Quarantine::table().clone()]
    }

    pub(crate) async fn page(&self, before: Option<&Cursor>) -> Result<Page> {
        let now = self.context.clock.now();
        let taken = match before {
            Some(before) => Some((before, cursor::read::<PollProgress>(self.name, before)?)),
            None => None,
        };
        // A cursor of another base does not apply to this one.
        let taken = taken.filter(|(_, progress)| progress.base == self.config.base);
        if let Some((before, progress)) = &taken
            && now.timestamp() < progress.next_update
        {
            return Ok(cursor::nothing_new(before));
        }
        let base = &self.config.base;
        let mut row_filter =
            RowFilter::new(self.context.bad_rows, "fx_rates", format!("latest {base}"))
                .redacting(self.client.redactor());
        let latest = self.client.latest(base, &mut row_filter).await?;
        let bad = row_filter.into_bad();
        let seen = self.seen(taken.as_ref().map(|(_, progress)| progress), &latest, &bad)?;
        let progress = PollProgress {
            base: base.clone(),
            last_update: latest.last_update.timestamp(),
            next_update: latest
                .next_update
                .clamp(now + LATE_POLL_INTERVAL, now + MAX_POLL_INTERVAL)
                .timestamp(),
            seen: Some(seen),
        };
        let is_new = taken.is_none_or(|(_, taken)| taken.last_update < progress.last_update);
        let batches = if is_new { self.batches(latest, bad, now)? } else { Vec::new() };
        Ok(Page { batches, cursor: cursor::write(self.name, &progress)?, done: true })
    }

    /// Returns the requested currencies that have been seen, up to and including `latest`.
    ///
    /// # Errors
    /// When one is missing that was never seen.
    fn seen(
        &self,
        before: Option<&PollProgress>,
        latest: &Latest,
        bad: &[BadRow],
    ) -> Result<BTreeSet<String>> {
        let wanted = &self.config.quotes;
        // A cursor of an earlier release was written only if all of them were there.
        let all = || wanted.iter().cloned().collect();
        let mut seen =
            before.map_or_else(BTreeSet::new, |progress| progress.seen.clone().unwrap_or_else(all));
        for quote in wanted {
            let there = latest.rates.iter().any(|(found, _)| found == quote)
                || bad.iter().any(|bad| bad.place.ends_with(quote.as_str()));
            if there {
                seen.insert(quote.clone());
            } else if seen.contains(quote) {
                tracing::warn!(source = self.name, quote, "currency has no rate any more, skipped");
            } else {
                return Err(Error::NoInstrument {
                    service: self.name,
                    symbol: quote.clone(),
                    known: "listed at https://www.exchangerate-api.com/docs/supported-currencies"
                        .into(),
                });
            }
        }
        Ok(seen)
    }

    /// Returns the requested rates and the quarantined rows as batches.
    fn batches(&self, latest: Latest, bad: Vec<BadRow>, now: DateTime<Utc>) -> Result<Vec<Batch>> {
        if latest.last_update > now + TimeDelta::days(1) {
            let reason = "which is in the future: check this machine's clock";
            let value = latest.last_update.to_rfc3339();
            return Err(Error::value(latest.base, "time_last_update_unix", &value, reason));
        }
        let wanted = &self.config.quotes;
        let (base, rate_date) = (latest.base, latest.last_update.date_naive());
        let rates = latest.rates.into_iter();
        let rates = rates.filter(|(quote, _)| wanted.is_empty() || wanted.contains(quote));
        let rows = rates.map(|(quote, rate)| FxRate {
            base: base.clone(),
            quote,
            rate_date,
            source: self.name.into(),
            rate,
        });
        let rows = Batch::from_rows(FxRate::table(), rows.collect::<Vec<_>>())?;
        let quarantined = BadRow::batch(self.name, bad, now)?;
        Ok([rows, quarantined].into_iter().filter(|batch| batch.rows() > 0).collect())
    }
}
