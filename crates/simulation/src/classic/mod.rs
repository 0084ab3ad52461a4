//! The `classic` preset: a small exchange with the row counts and shares of the system that Tidegauge
//! originates from, and with balanced accounts.

mod activity_plan;
mod config;
pub(crate) mod cursor;
mod fingerprint;
mod market;
pub(crate) mod parameters;
mod population;
mod ramp;
mod reference;
mod resume;
mod simulator;

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use chrono::NaiveDate;
use tidegauge_core::tables::{
    Deposit, MarketingSpend, Order, RampTransaction, Trade, User, Withdrawal,
};
use tidegauge_core::{Batch, Cursor, Fingerprint, Page, Source, TableRef};

pub use self::config::ClassicConfig;

use self::cursor::{Position, page_at};
use self::market::Market;
use self::population::SimulatedUser;
use self::reference::Reference;
use self::resume::{next_day, resume};
use crate::error::{Error, NAME, Result, cursor_error};
use crate::simulated_rows::{RowIds, SimulatedRows};
use crate::units::midnight;

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
    users: Vec<SimulatedUser>,
    reference: OnceLock<Reference>,
}

impl Classic {
    /// Creates an exchange that is priced from `market`. A missing price is reported when its day is
    /// simulated.
    ///
    /// # Errors
    /// Returns an error under the conditions of [`ClassicConfig::first_day`].
    pub fn new(config: ClassicConfig, market: Arc<tidegauge_core::market::Market>) -> Result<Self> {
        let first_day = config.first_day()?;
        let users = population::population(config.seed, midnight(first_day));
        let fingerprint = fingerprint::market_fingerprint(&market, first_day);
        let (market, reference) = (Market(market), OnceLock::new());
        Ok(Self { config, first_day, market, fingerprint, users, reference })
    }

    /// Returns the seed, the start day, and the exclusive end of the simulated days that a cursor records, or
    /// `None` if the cursor is not of this preset.
    pub fn parse_cursor(cursor: &Cursor) -> Option<(u64, NaiveDate, Option<NaiveDate>)> {
        let position = cursor::parse(cursor)?;
        Some((position.seed, position.start_day, position.day))
    }

    /// Returns the fingerprint of the market that the exchange of this cursor started with.
    pub fn market_fingerprint(cursor: &Cursor) -> Option<Fingerprint> {
        let position = cursor::parse(cursor)?;
        Some(position.market)
    }

    /// Returns the position of a cursor, or the start without one.
    ///
    /// # Errors
    /// Returns an error if the cursor cannot be resumed.
    fn position(&self, cursor: Option<&Cursor>) -> tidegauge_core::Result<Position> {
        let Some(cursor) = cursor else {
            let ClassicConfig { seed, start_day, .. } = self.config;
            let market = self.config.expected_market.unwrap_or(self.fingerprint);
            return Ok(Position { seed, start_day, market, reference: Some(0), day: None, row: 0 });
        };
        resume(cursor, self.config.seed, self.config.start_day)
    }

    /// Checks that all pages of the first ninety days are priced from one market.
    ///
    /// # Errors
    /// Returns a cursor error if prices or exchange rates have changed since the first page.
    fn check_market(&self, position: &Position) -> tidegauge_core::Result<()> {
        if position.reference.is_none() || position.market == self.fingerprint {
            return Ok(());
        }
        Err(cursor_error(format!(
            "its first ninety days, from {}, were begun with other prices or exchange rates than \
             the market tables have for them now ({} then, {} now), and the rest would not fit; \
             put those prices and rates back, or begin anew in an empty warehouse and empty backups \
             (`tidegauge reset simulation` empties both of it)",
            self.first_day, position.market, self.fingerprint
        )))
    }

    /// Returns the rows of the first ninety days, simulated on first use.
    fn reference(&self) -> Result<&Reference> {
        if let Some(reference) = self.reference.get() {
            return Ok(reference);
        }
        let opening = midnight(self.first_day);
        let built = Reference::build(self.config.seed, opening, &self.users, &self.market)?;
        Ok(self.reference.get_or_init(|| built))
    }

    /// Generates the page that starts at a position.
    fn fetch_page(&self, mut position: Position) -> Result<Page> {
        let mut room = self.config.page_rows.max(1);
        let mut batches = Vec::new();
        let until = self.config.until.map(|until| until.max(self.config.start_day));
        let started = position.day.filter(|day| *day >= self.config.start_day);
        // Without an explicit end, a run ends at the start day, or one day later than the last run.
        let until = match (until, started) {
            (Some(until), _) => until,
            (None, Some(started)) => next_day(started)?,
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
                return Ok(page_at(batches, position, false));
            }
            position = Position { reference: None, day: Some(self.first_day), row: 0, ..position };
        }
        let mut day = position.day.unwrap_or(self.first_day);
        let mut rows = Vec::new();
        while room > 0 && day < until {
            let number = (day - self.first_day).num_days().unsigned_abs();
            let all =
                ramp::purchases_of_day(self.config.seed, day, number, &self.users, &self.market)?
                    .ok_or(Error::Infeasible { user: 0, what: "be found to buy" })?;
            let from = position.row.min(all.len());
            let to = all.len().min(from.saturating_add(room));
            rows.extend_from_slice(&all[from..to]);
            room -= to - from;
            position.row = to;
            if to == all.len() {
                day = next_day(day)?;
                position.row = 0;
            }
        }
        position.day = Some(day);
        if !rows.is_empty() {
            batches.push(Batch::from_rows(RampTransaction::table(), rows)?);
        }
        Ok(page_at(batches, position, day >= until))
    }
}

/// Returns the rows that a cursor of this preset accounts for, or `None` if the cursor is another preset's.
pub(crate) fn simulated_rows(cursor: &Cursor) -> Option<SimulatedRows> {
    let position = cursor::parse(cursor)?;
    let config = ClassicConfig { start_day: position.start_day, ..ClassicConfig::default() };
    let first_day = config.first_day().ok()?;
    let days = position.day.map_or(0, |day| (day - first_day).num_days());
    let bought = days.saturating_mul(i64::try_from(ramp::PURCHASES_PER_DAY).ok()?);
    let bought = bought.saturating_add(i64::try_from(position.row).ok()?);
    let last = vec![
        ("deposits", 800),
        ("withdrawals", 600),
        ("orders", 3_000),
        // Each order that is filled in full or in part has one to three trades.
        ("trades", 3 * 1_440),
        ("ramp_transactions", bought),
    ];
    Some(SimulatedRows {
        preset: "classic",
        seed: position.seed,
        start_day: position.start_day,
        first_day,
        users: 1..=i64::try_from(population::USERS).ok()?,
        row_ids: RowIds::Sequential(last),
        is_pending: position.reference.is_some() || position.row > 0,
    })
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
        self.fetch_page(position)
            .map_err(|error| tidegauge_core::Error::source(NAME, error.kind(), error))
    }
}
