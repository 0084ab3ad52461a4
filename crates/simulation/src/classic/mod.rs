//! The `classic` preset: a small exchange with the counts and shares of the system that Tidegauge
//! grew out of, and books that balance.

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

/// How the `classic` exchange is played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassicConfig {
    /// Everything that is drawn follows from it.
    pub seed: u64,
    /// The first ninety days end where this day begins; from it on, a run plays one day.
    pub start_day: NaiveDate,
    /// Play up to where this day begins, instead of one day more. Never less than the first ninety.
    pub until: Option<NaiveDate>,
    /// The most rows in a page, at least one.
    pub page_rows: usize,
    /// The market that another copy of this exchange began in ([`Classic::market_of`]): beginning
    /// in any other is refused, since the two copies would differ.
    pub expect: Option<Fingerprint>,
}

impl Default for ClassicConfig {
    fn default() -> Self {
        // The bundled prices know this day, the ninety before it and the 150 after it.
        let start_day = NaiveDate::from_ymd_opt(2020, 10, 1).unwrap_or_default();
        Self { seed: 42, start_day, until: None, page_rows: 10_000, expect: None }
    }
}

impl ClassicConfig {
    /// The day on which the exchange opens: ninety before the start.
    ///
    /// # Errors
    /// [`Error::StartDay`] when that is before 1970, or the start after 9999: dates are written
    /// with four digits for the year.
    pub fn first_day(&self) -> Result<NaiveDate> {
        let first = self.start_day.checked_sub_days(Days::new(DAYS.unsigned_abs()));
        first
            .filter(|first| first.year() >= 1970 && self.start_day.year() <= 9999)
            .ok_or(Error::StartDay { start_day: self.start_day })
    }

    /// The day that the next run of an exchange at `cursor` plays up to (exclusive).
    ///
    /// # Errors
    /// When the cursor is not one of this exchange: another seed or start day, or not ours at all.
    pub fn next_until(&self, cursor: Option<&Cursor>) -> tidegauge_core::Result<NaiveDate> {
        let position = cursor.map(|cursor| Position::read(cursor, self)).transpose()?;
        match position.and_then(|position| position.day) {
            Some(day) if day >= self.start_day => after(day),
            _ => Ok(self.start_day),
        }
    }
}

/// A small exchange: 1,000 users, 800 deposits, 600 withdrawals, 3,000 orders and their trades
/// over ninety days, and 500 ramp purchases on each of them and on every day after.
///
/// Shares are exact: identity checks 70/20/10 verified, pending, rejected; tiers 60/30/10; orders
/// 40/30/20/8/2 filled, open, cancelled, partially filled, expired; deposits 90/7/3 completed,
/// pending, failed; withdrawals 85/10/3/2 completed, pending, failed, cancelled; ramp purchases
/// 85/10/5 completed, failed, pending.
///
/// The first run hands out everything up to the start day; every further run the next day.
#[derive(Debug)]
pub struct Classic {
    config: ClassicConfig,
    first_day: NaiveDate,
    market: Market,
    fingerprint: Fingerprint,
    people: Vec<Person>,
    reference: OnceLock<Reference>,
}

/// How far the play has come: the cursor's text, as JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Position {
    seed: u64,
    start_day: NaiveDate,
    /// The market that the first ninety days were, or are being, played in.
    market: Fingerprint,
    /// The next row of the reference tables; all are out once `day` is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reference: Option<usize>,
    /// The next day of ramp purchases, and its next row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    day: Option<NaiveDate>,
    #[serde(default)]
    row: usize,
}

impl Position {
    /// The position that `cursor` tells of, if it is one of the exchange of `config`.
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
    /// An exchange in a market, which must know every day that will be played.
    ///
    /// # Errors
    /// As for [`ClassicConfig::first_day`].
    pub fn new(config: ClassicConfig, market: Arc<tidegauge_core::market::Market>) -> Result<Self> {
        let first_day = config.first_day()?;
        let people = people::population(config.seed, midnight(first_day));
        let fingerprint = fingerprint::of(&market, first_day);
        let (market, reference) = (Market(market), OnceLock::new());
        Ok(Self { config, first_day, market, fingerprint, people, reference })
    }

    /// The seed, the start day and the day reached that a cursor of the simulator tells of.
    pub fn told_by(cursor: &Cursor) -> Option<(u64, NaiveDate, Option<NaiveDate>)> {
        let position: Position = serde_json::from_str(cursor.as_str()).ok()?;
        Some((position.seed, position.start_day, position.day))
    }

    /// The market that an exchange at this cursor began in.
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

    /// The first ninety days hang together, so all of their pages must come from one market.
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
        // Without an end of its own, a run goes on to the start day, or by one day from there.
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

/// Returns what a cursor of this preset tells of the rows that are written.
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
        // One to three for each order that is filled, all or in part.
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

/// The page that ends at a position.
fn close(batches: Vec<Batch>, position: Position, done: bool) -> Page {
    let text = serde_json::to_string(&position).unwrap_or_default();
    Page { batches, cursor: Cursor::new(text), done }
}

/// The day after; only a cursor that somebody wrote by hand reaches the calendar's end.
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
