//! The `exchange` preset: any number of users, acquired through channels with known costs, who trade and
//! churn according to known models.

mod account;
mod behavior;
mod config;
mod context;
pub(crate) mod cursor;
mod generate;
mod market;
mod marketing;
mod output;
mod population;
mod resume;
mod scenario;

use std::sync::Arc;

use async_trait::async_trait;
use chrono::NaiveDate;
use tidegauge_core::market::Market;
use tidegauge_core::tables::{
    Chargeback, Deposit, LedgerEntry, MarketingSpend, Order, RampTransaction, Trade, TruthChannel,
    TruthUser, User, Withdrawal,
};
use tidegauge_core::{Batch, Cursor, Page, Source, SourceCapabilities, TableRef, Values};

pub use self::config::{ExchangeConfig, Shard};
pub use self::scenario::Scenario;

use self::account::user_account::COUNTER_BITS;
use self::context::SimulationContext;
use self::cursor::Position;
use self::market::prices::MarketPrices;
use self::output::truth;
use self::population::fraud_ring::{accounts_opened_before, fraud_rings};
use self::population::signup::user_id;
use crate::error::{Error, NAME, Result, cursor_error};
use crate::simulated_rows::{RowIds, SimulatedRows};
use crate::units::{DAY, midnight};

/// A simulated exchange with any number of users.
///
/// All events of a user are a deterministic function of the seed and the user's number. Users can therefore
/// be simulated in any order, by any number of threads and shards; a page can be regenerated alone; and
/// ninety one-day runs produce the rows of one ninety-day run.
///
/// `ledger_entries` is the double-entry ledger. `truth_users` and `truth_channels` hold the true model
/// parameters.
#[derive(Debug)]
pub struct Exchange {
    name: String,
    config: ExchangeConfig,
    context: SimulationContext,
}

impl Exchange {
    /// Creates an exchange that is priced from `market`, which must cover every day before `until`.
    ///
    /// # Errors
    /// Returns an error if the market lacks a price or an exchange rate of such a day, or if a setting is
    /// invalid.
    pub fn new(config: ExchangeConfig, market: Arc<Market>) -> Result<Self> {
        config.check()?;
        let days = (config.end() - config.first_day).num_days();
        let days = usize::try_from(days).unwrap_or_default();
        let prices = MarketPrices::new(config.seed, config.first_day, days, &market)?;
        let name = Self::source_name(config.shard);
        Ok(Self { name, context: SimulationContext::new(&config, prices), config })
    }

    /// Returns the source name of a shard, under which sinks store its cursor.
    pub fn source_name(shard: Shard) -> String {
        if shard.is_whole() { NAME.to_owned() } else { format!("{NAME} {shard}") }
    }

    /// Returns the tables that the exchange fills, a superset of those of [`Classic`](crate::Classic).
    pub fn all_tables() -> Vec<TableRef> {
        [
            User::table(),
            Deposit::table(),
            Withdrawal::table(),
            Order::table(),
            Trade::table(),
            MarketingSpend::table(),
            RampTransaction::table(),
            Chargeback::table(),
            LedgerEntry::table(),
            TruthUser::table(),
            TruthChannel::table(),
        ]
        .map(Arc::clone)
        .into()
    }

    /// Returns the seed, the first day, and the exclusive end of the simulated days that a cursor records, or
    /// `None` if the cursor is not an exchange's.
    pub fn parse_cursor(cursor: &Cursor) -> Option<(u64, NaiveDate, Option<NaiveDate>)> {
        let position = Position::parse(cursor).ok()?;
        Some((position.seed, position.first_day, Some(position.from)))
    }

    /// Checks that the market tables are still those that the cursor's days were priced from.
    ///
    /// # Errors
    /// Returns a cursor error if prices or rates of already simulated days have changed.
    fn check_market(&self, position: &Position) -> tidegauge_core::Result<()> {
        let (reached, prices) = (position.to.unwrap_or(position.from), &self.context.prices);
        // Days beyond the simulated ones have no fingerprint to compare.
        let now = prices.fingerprint_before(reached);
        if position.market.is_none() || now.is_none() || now == position.market {
            return Ok(());
        }
        Err(cursor_error(format!(
            "the days before {reached} were played with other prices or exchange rates than the market \
             tables have for them now; put those back, or begin anew in an empty warehouse and empty \
             backups (`tidegauge reset simulation` empties both of it)"
        )))
    }

    /// Generates the page that starts at a position.
    ///
    /// # Errors
    /// Returns [`Error::UnfinishedRun`] if an interrupted run to a later day must be finished first.
    fn fetch_page(&self, mut position: Position) -> Result<Page> {
        let until = self.context.prices.end();
        if position.from >= until {
            return Ok(position.page(Vec::new(), true));
        }
        let to = position.to.unwrap_or(until);
        if to > until {
            // An interrupted run to a later day must be finished first: its pages depend on its end.
            return Err(Error::UnfinishedRun { to });
        }
        let mut batches = Vec::new();
        if position.to.is_none() && self.config.shard.is_first() {
            batches.extend(self.spend(position.from, to)?);
            if position.from == self.config.first_day {
                batches.push(truth::channels()?);
            }
        }
        // Later users sign up on or after `to`.
        let accounts = generate::open_accounts(&self.context, &self.config, to);
        let from = position.to.map_or(accounts.start, |_| position.user).max(accounts.start);
        let ends = accounts.end.min(from.saturating_add(generate::users_per_page(
            &self.config,
            position.from,
            to,
        )));
        let window = midnight(position.from)..midnight(to);
        batches.extend(generate::generate(&self.context, &self.config, from..ends, to, window)?);
        position.market = self.context.prices.fingerprint_before(to);
        position = if ends >= accounts.end {
            Position { from: to, to: None, user: 0, ..position }
        } else {
            Position { to: Some(to), user: ends, ..position }
        };
        let done = position.to.is_none() && position.from >= until;
        Ok(position.page(batches, done))
    }

    /// Returns the marketing spend of the days in `[from, to)`, or `None` if nothing is spent.
    fn spend(&self, from: NaiveDate, to: NaiveDate) -> Result<Option<Batch>> {
        let (mut days, mut channels, mut campaigns, mut cents) = (vec![], vec![], vec![], vec![]);
        let number = |day: NaiveDate| (day - self.config.first_day).num_days();
        for day in number(from)..number(to) {
            let Ok(at) = usize::try_from(day) else { continue };
            let since_1970 = (self.context.opening / DAY + day).try_into().unwrap_or(i32::MAX);
            for (attribution, spend) in self.context.plan.spend(at) {
                days.push(since_1970);
                channels.push(attribution.channel().name);
                campaigns.push(attribution.campaign().unwrap_or_default());
                cents.push(i128::from(spend));
            }
        }
        let rows = days.len();
        if rows == 0 {
            return Ok(None);
        }
        let columns = vec![
            Values::Dates(days),
            Values::Texts(channels),
            Values::Texts(campaigns),
            Values::Constant("USD"),
            Values::Decimals(cents),
        ];
        Ok(Some(Batch::from_columns(MarketingSpend::table(), rows, columns)?))
    }
}

/// Returns the rows that a cursor of this preset accounts for, or `None` if the cursor is another preset's.
pub(crate) fn simulated_rows(cursor: &Cursor) -> Option<SimulatedRows> {
    let position = Position::parse(cursor).ok()?;
    let accounts = position.shard.range(position.users);
    let rings = match accounts.end >= position.users {
        true => fraud_rings(&position.scenarios),
        false => Vec::new(),
    };
    let reached = position.to.unwrap_or(position.from);
    let end = accounts.end.saturating_add(accounts_opened_before(&rings, reached));
    Some(SimulatedRows {
        preset: "exchange",
        seed: position.seed,
        start_day: position.first_day,
        first_day: position.first_day,
        users: user_id(accounts.start)..=user_id(end) - 1,
        row_ids: RowIds::PerUser(COUNTER_BITS),
        is_pending: position.to.is_some(),
    })
}

#[async_trait]
impl Source for Exchange {
    fn name(&self) -> &str {
        &self.name
    }

    fn tables(&self) -> Vec<TableRef> {
        Self::all_tables()
    }

    fn capabilities(&self) -> SourceCapabilities {
        SourceCapabilities { deterministic: true, ..SourceCapabilities::default() }
    }

    async fn fetch(&self, cursor: Option<&Cursor>) -> tidegauge_core::Result<Page> {
        let position = resume::resume(cursor, &self.config)?;
        self.check_market(&position)?;
        self.fetch_page(position)
            .map_err(|error| tidegauge_core::Error::source(NAME, error.kind(), error))
    }
}
