//! The `classic` preset: a small exchange with the row counts and shares of the system that Tidegauge
//! originates from, and with balanced accounts.

mod fingerprint;
mod ledger;
mod people;
mod plan;
mod ramp;
mod reference;

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use chrono::{Datelike, Days, NaiveDate};
use serde::{Deserialize, Serialize};
use tidegauge_core::tables::{
    Deposit, MarketingSpend, Order, RampTransaction, Trade, User, Withdrawal,
};
use tidegauge_core::{Batch, Cursor, Fingerprint, Page, Source, TableRef};

use self::people::{DAYS, Person};
use self::reference::Reference;
use crate::market::Market;
use crate::played::{Numbers, Played};
use crate::world::midnight;
use crate::{Error, NAME, Result, other_preset, refused, set_otherwise};

/// Configuration of the `classic` preset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassicConfig {
    /// Seed of all random streams.
    pub seed: u64,
    /// Exclusive end of the first ninety days; from this day on, every run simulates one day.
    pub start_day: NaiveDate,
    /// Exclusive end of the simulated days, instead of one more day. The first ninety days are always
    /// complete.
    pub until: Option<NaiveDate>,
    /// Maximum number of rows per page, at least one.
    pub page_rows: usize,
    /// Market fingerprint of another copy of this exchange ([`Classic::market_of`]). A start with any other
    /// market is refused, because the copies would differ.
    pub expect: Option<Fingerprint>,
}

impl Default for ClassicConfig {
    fn default() -> Self {
        // The bundled prices cover this day, the ninety days before it and 150 days after it.
        let start_day = NaiveDate::from_ymd_opt(2020, 10, 1).unwrap_or_default();
        Self { seed: 42, start_day, until: None, page_rows: 10_000, expect: None }
    }
}

impl ClassicConfig {
    /// Returns the opening day: ninety days before the start day.
    ///
    /// # Errors
    /// Returns [`Error::StartDay`] if that is before 1970, or if the start day is after 9999: dates are
    /// written with four-digit years.
    pub fn first_day(&self) -> Result<NaiveDate> {
        let first = self.start_day.checked_sub_days(Days::new(DAYS.unsigned_abs()));
        first
            .filter(|first| first.year() >= 1970 && self.start_day.year() <= 9999)
            .ok_or(Error::StartDay { start_day: self.start_day })
    }

    /// Returns the exclusive end of the next run of an exchange at `cursor`.
    ///
    /// # Errors
    /// Returns an error if the cursor is another preset's, or was written with another seed or start day.
    pub fn next_until(&self, cursor: Option<&Cursor>) -> tidegauge_core::Result<NaiveDate> {
        let position = cursor.map(|cursor| Position::read(cursor, self)).transpose()?;
        match position.and_then(|position| position.day) {
            Some(day) if day >= self.start_day => after(day),
            _ => Ok(self.start_day),
        }
    }
}

/// A simulated exchange of fixed size: 1,000 users, 800 deposits, 600 withdrawals, 3,000 orders with their
/// trades within ninety days, and 500 ramp purchases on every day.
///
/// Shares are exact: identity checks 70/20/10 verified, pending, rejected; tiers 60/30/10; orders
/// 40/30/20/8/2 filled, open, cancelled, partially filled, expired; deposits 90/7/3 completed, pending,
/// failed; withdrawals 85/10/3/2 completed, pending, failed, cancelled; ramp purchases 85/10/5 completed,
/// failed, pending.
///
/// The first run produces all days before the start day, and every further run the next day.
#[derive(Debug)]
pub struct Classic {
    config: ClassicConfig,
    first_day: NaiveDate,
    market: Market,
    fingerprint: Fingerprint,
    people: Vec<Person>,
    reference: OnceLock<Reference>,
}

/// The progress of the simulation, serialized as JSON in the cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Position {
    seed: u64,
    start_day: NaiveDate,
    /// Fingerprint of the market that the first ninety days are priced from.
    market: Fingerprint,
    /// Index of the next reference row; `None` once all are written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reference: Option<usize>,
    /// The next day of ramp purchases, and the index of its next row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    day: Option<NaiveDate>,
    #[serde(default)]
    row: usize,
}

impl Position {
    /// Parses a cursor of an exchange with that `config`.
    ///
    /// # Errors
    /// Returns an error if the cursor is another preset's, or was written with another seed or start day.
    fn read(cursor: &Cursor, config: &ClassicConfig) -> tidegauge_core::Result<Self> {
        let position: Self = serde_json::from_str(cursor.as_str()).map_err(|error| {
            if crate::Exchange::told_by(cursor).is_some() {
                return other_preset("exchange", "classic");
            }
            refused(format!(
                "`{cursor}` is not the simulator's: {error}; `tidegauge reset simulation` has it played from the \
                 beginning"
            ))
        })?;
        let ClassicConfig { seed, start_day, .. } = *config;
        if (position.seed, position.start_day) == (seed, start_day) {
            return Ok(position);
        }
        Err(set_otherwise(format!(
            "it was played with seed {} from {}, and is to go on with seed {seed} from \
             {start_day}; use that seed and day, or another warehouse",
            position.seed, position.start_day
        )))
    }
}

impl Classic {
    /// Creates an exchange that is priced from `market`. A missing price is reported when its day is
    /// simulated.
    ///
    /// # Errors
    /// Returns an error under the conditions of [`ClassicConfig::first_day`].
    pub fn new(config: ClassicConfig, market: Arc<tidegauge_core::market::Market>) -> Result<Self> {
        let first_day = config.first_day()?;
        let people = people::population(config.seed, midnight(first_day));
        let fingerprint = fingerprint::of(&market, first_day);
        let (market, reference) = (Market(market), OnceLock::new());
        Ok(Self { config, first_day, market, fingerprint, people, reference })
    }

    /// Returns the seed, the start day, and the exclusive end of the simulated days that a cursor records, or
    /// `None` if the cursor is not of this preset.
    pub fn told_by(cursor: &Cursor) -> Option<(u64, NaiveDate, Option<NaiveDate>)> {
        let position: Position = serde_json::from_str(cursor.as_str()).ok()?;
        Some((position.seed, position.start_day, position.day))
    }

    /// Returns the fingerprint of the market that the exchange of this cursor started with.
    pub fn market_of(cursor: &Cursor) -> Option<Fingerprint> {
        let position: Position = serde_json::from_str(cursor.as_str()).ok()?;
        Some(position.market)
    }

    fn position(&self, cursor: Option<&Cursor>) -> tidegauge_core::Result<Position> {
        let Some(cursor) = cursor else {
            let ClassicConfig { seed, start_day, .. } = self.config;
            let market = self.config.expect.unwrap_or(self.fingerprint);
            return Ok(Position { seed, start_day, market, reference: Some(0), day: None, row: 0 });
        };
        Position::read(cursor, &self.config)
    }

    /// Checks that all pages of the first ninety days are priced from one market.
    ///
    /// # Errors
    /// Returns a cursor error if prices or exchange rates have changed since the first page.
    fn check_market(&self, position: &Position) -> tidegauge_core::Result<()> {
        if position.reference.is_none() || position.market == self.fingerprint {
            return Ok(());
        }
        Err(refused(format!(
            "its first ninety days, from {}, were begun with other prices or exchange rates than \
             the market tables have for them now ({} then, {} now), and the rest would not fit; \
             put those prices and rates back, or begin anew in an empty warehouse and empty backups \
             (`tidegauge reset simulation` empties both of it)",
            self.first_day, position.market, self.fingerprint
        )))
    }

    fn reference(&self) -> Result<&Reference> {
        if let Some(reference) = self.reference.get() {
            return Ok(reference);
        }
        let opening = midnight(self.first_day);
        let built = Reference::build(self.config.seed, opening, &self.people, &self.market)?;
        Ok(self.reference.get_or_init(|| built))
    }

    fn page(&self, mut position: Position) -> Result<Page> {
        let mut room = self.config.page_rows.max(1);
        let mut batches = Vec::new();
        let until = self.config.until.map(|until| until.max(self.config.start_day));
        let begun = position.day.filter(|day| *day >= self.config.start_day);
        // Without an explicit end, a run ends at the start day, or one day later than the last run.
        let until = match (until, begun) {
            (Some(until), _) => until,
            (None, Some(begun)) => after(begun)?,
            (None, None) => self.config.start_day,
        };
        if let Some(from) = position.reference {
            let reference = self.reference()?;
            let from = from.min(reference.rows());
            let to = reference.rows().min(from.saturating_add(room));
            batches = reference.slice(from, to)?;
            room -= to - from;
            if to < reference.rows() {
                position.reference = Some(to);
                return Ok(close(batches, position, false));
            }
            position = Position { reference: None, day: Some(self.first_day), row: 0, ..position };
        }
        let mut day = position.day.unwrap_or(self.first_day);
        let mut rows = Vec::new();
        while room > 0 && day < until {
            let number = (day - self.first_day).num_days().unsigned_abs();
            let all = ramp::day(self.config.seed, day, number, &self.people, &self.market)?
                .ok_or(Error::Impossible { user: 0, what: "be found to buy" })?;
            let from = position.row.min(all.len());
            let to = all.len().min(from.saturating_add(room));
            rows.extend_from_slice(&all[from..to]);
            room -= to - from;
            position.row = to;
            if to == all.len() {
                day = after(day)?;
                position.row = 0;
            }
        }
        position.day = Some(day);
        if !rows.is_empty() {
            batches.push(Batch::from_rows(RampTransaction::table(), rows)?);
        }
        Ok(close(batches, position, day >= until))
    }
}

/// Returns the rows that a cursor of this preset accounts for, or `None` if the cursor is another preset's.
pub(crate) fn played(cursor: &Cursor) -> Option<Played> {
    let position: Position = serde_json::from_str(cursor.as_str()).ok()?;
    let config = ClassicConfig { start_day: position.start_day, ..ClassicConfig::default() };
    let first_day = config.first_day().ok()?;
    let days = position.day.map_or(0, |day| (day - first_day).num_days());
    let bought = days.saturating_mul(i64::try_from(ramp::A_DAY).ok()?);
    let bought = bought.saturating_add(i64::try_from(position.row).ok()?);
    let last = vec![
        ("deposits", 800),
        ("withdrawals", 600),
        ("orders", 3_000),
        // Each order that is filled in full or in part has one to three trades.
        ("trades", 3 * 1_440),
        ("ramp_transactions", bought),
    ];
    Some(Played {
        preset: "classic",
        seed: position.seed,
        start_day: position.start_day,
        first_day,
        users: 1..=i64::try_from(people::USERS).ok()?,
        numbers: Numbers::Counted(last),
        is_amid: position.reference.is_some() || position.row > 0,
    })
}

/// Returns a page with these batches that ends at a position.
fn close(batches: Vec<Batch>, position: Position, done: bool) -> Page {
    let text = serde_json::to_string(&position).unwrap_or_default();
    Page { batches, cursor: Cursor::new(text), done }
}

/// Returns the next day.
///
/// # Errors
/// Returns a cursor error at the end of the calendar, which only an edited cursor reaches.
fn after(day: NaiveDate) -> tidegauge_core::Result<NaiveDate> {
    day.succ_opt().ok_or_else(|| refused(format!("there is no day after {day}")))
}

#[async_trait]
impl Source for Classic {
    fn name(&self) -> &str {
        NAME
    }

    fn tables(&self) -> Vec<TableRef> {
        [
            User::table(),
            Deposit::table(),
            Withdrawal::table(),
            Order::table(),
            Trade::table(),
            MarketingSpend::table(),
            RampTransaction::table(),
        ]
        .map(Arc::clone)
        .into()
    }

    async fn fetch(&self, cursor: Option<&Cursor>) -> tidegauge_core::Result<Page> {
        let position = self.position(cursor)?;
        self.check_market(&position)?;
        self.page(position)
            .map_err(|error| tidegauge_core::Error::source(NAME, error.kind(), error))
    }
}
