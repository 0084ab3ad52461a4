//! Facts from the exchange's tables, valued in US dollars.

mod columns;
mod spend;
mod transactions;
mod users;
mod valuation;

use chrono::{DateTime, Utc};
use tidegauge_core::Warehouse;

use super::build::build;
use super::collect::Collector;
use super::input::Facts;
use super::prices::UsdPrices;
use super::row_filter::{BadRows, RowFilter};
use crate::calendar::Calendar;
use crate::{Error, Result, external_ids};

use transactions::{EventReader, add_reversals};
use valuation::Valuation;

/// The parameters of reading facts from a warehouse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FactsParams {
    /// The end of observation, exclusive: the time to which every source has been read. `None`: the
    /// start of the day of the last row, since that day may not be over; its end if all users are
    /// of that day.
    pub end: Option<DateTime<Utc>>,
    /// The time of the reading: later events are implausible, and do not move the end of
    /// observation. `None`: no event is.
    pub now: Option<DateTime<Utc>>,
    /// The handling of rows that are implausible or cannot be valued.
    pub bad_rows: BadRows,
    /// The calendar of days, weeks and months.
    pub calendar: Calendar,
    /// `true` if volumes and revenues are read, which metrics of activity alone do without.
    pub amounts: bool,
    /// The bytes of events that are collected in memory; more go through a temporary file.
    pub memory: usize,
}

impl Default for FactsParams {
    fn default() -> Self {
        Self {
            end: None,
            now: None,
            bad_rows: BadRows::default(),
            calendar: Calendar::default(),
            amounts: true,
            memory: 1 << 30,
        }
    }
}

impl Facts {
    /// Reads facts from the exchange's tables in a warehouse, all amounts in US dollars as of the
    /// UTC day.
    ///
    /// - users: `channel`, `campaign`, `country`, `tier`, `referral` (`referred` or not) and
    ///   `entry_product` beside `signup_at`;
    /// - `trade`: volume is the quote amount, revenue the fee; the fills of an order are one
    ///   occasion;
    /// - `ramp`, completed: volume is the fiat amount, revenue `fee_usd`; a chargeback takes the
    ///   payment back from both, at the time of the purchase;
    /// - `withdrawal`, completed, at the time of its completion: no volume, revenue is the fee;
    /// - `deposit`, completed: neither;
    /// - spend: `marketing_spend`.
    ///
    /// Amounts are valued by [`Market::asset_rate`](tidegauge_core::market::Market::asset_rate): a currency
    /// by its latest fixing on or before the day, a token by the latest closing price, at most
    /// seven days old.
    ///
    /// Without any users they are derived from the events: the first event of a user is the signup,
    /// and no dimension is known. A trade or purchase whose fee is unknown has no revenue. Both are
    /// [noted](Self::notes).
    ///
    /// Implausible rows, also of the market tables, and spend and chargebacks that cannot be valued
    /// are [set aside](Self::set_aside), or the first of them is an error. A trade, a purchase or a
    /// withdrawal with an amount that cannot be valued counts as activity, adds nothing to that
    /// amount, and is listed in the same place.
    ///
    /// # Errors
    /// When the warehouse cannot be read, has neither users nor events, or none that is not set
    /// aside, and as for [`Facts::new`]; with [`BadRows::Fail`] as for [`Facts::new_strict`], and
    /// when an amount cannot be valued.
    pub async fn from_warehouse(warehouse: &dyn Warehouse, params: &FactsParams) -> Result<Self> {
        let mut row_filter = RowFilter::new(params.bad_rows);
        let prices = UsdPrices::read(warehouse).await?;
        prices.set_aside_bad_rows(&mut row_filter)?;
        let mut valuation = Valuation::new(&prices, params.bad_rows);

        let mut notes = Vec::new();
        let mut users = users::read(warehouse, &mut row_filter).await?;
        if users.len() == 0 {
            users = users::of_transactions(warehouse).await?;
            if users.len() > 0 {
                notes.push(
                    "There are no users: they follow from their trades and purchases. Each has signed up with the first of \
                     them, and nothing else is known; who came before the data begin looks new."
                        .to_owned(),
                );
            }
        }
        let now = params.now.map(|now| now.timestamp_micros());
        let mut collector =
            Collector::new(&users, (params.amounts, params.memory), now, row_filter);
        let mut reader = EventReader {
            warehouse,
            collector: &mut collector,
            valuation: &mut valuation,
            has_amounts: params.amounts,
            notes: &mut notes,
        };
        let reversals = reader.read().await?;

        let spend = spend::read(warehouse, &mut valuation).await?;
        let last_signup =
            users.signup_at.iter().copied().filter(|at| now.is_none_or(|now| *at < now));
        let last = collector.last_at().max(last_signup.max());
        let end = match (params.end, last) {
            (Some(end), _) => end,
            (None, Some(last)) => {
                let (end, note) = end_by_last_row(last, &users.signup_at, &params.calendar);
                notes.push(note);
                end
            }
            (None, None) => {
                valuation.finish(&mut collector.row_filter);
                let set_aside = collector.row_filter.set_aside.as_slice().to_vec();
                return Err(match set_aside.is_empty() {
                    true => Error::NoFacts,
                    false => Error::AllSetAside { set_aside },
                });
            }
        };
        let (reversed, lost_usd) =
            add_reversals(reversals, end.timestamp_micros(), &mut collector, &mut valuation)?;
        valuation.finish(&mut collector.row_filter);
        if reversed > 0 {
            let purchases = match reversed {
                1 => "a purchase".to_owned(),
                _ => format!("{reversed} purchases"),
            };
            notes.push(format!(
                "Revenue is after chargebacks: {purchases} of ${lost_usd:.2} in all, taken back at the age of the purchase."
            ));
        }
        let (events, row_filter) = collector.finish(end.timestamp_micros())?;
        let mut facts = build(users, events, (end, params.calendar), row_filter)?;
        facts.notes = notes;
        let mut facts = facts.with_spend(&spend)?;
        external_ids::substitute(
            warehouse,
            facts.set_aside.iter_mut().flat_map(|aside| &mut aside.examples),
        )
        .await?;
        Ok(facts)
    }
}

/// Returns the end of observation by the last row, in microseconds since 1970, with a sentence that
/// states it: the start of that day, or, if no user has signed up before, its end.
fn end_by_last_row(last: i64, signups: &[i64], calendar: &Calendar) -> (DateTime<Utc>, String) {
    let day = calendar.date(DateTime::from_timestamp_micros(last).unwrap_or_default());
    let start = calendar.midnight(day);
    if signups.iter().any(|signup| *signup < start.timestamp_micros()) {
        let note = format!(
            "Observation ends before {day}, the day of the last row, which may not be over."
        );
        return (start, note);
    }
    let end = calendar.midnight(day.succ_opt().unwrap_or(day));
    (end, format!("All users are of {day}: observation ends with that day, which may not be over."))
}
