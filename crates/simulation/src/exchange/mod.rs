//! The `exchange` preset: any number of users, acquired through channels with known costs, who trade and
//! churn according to known models.

mod assets;
mod book;
mod chain;
mod channels;
mod clock;
mod config;
mod countries;
mod cursor;
mod device;
mod expected;
mod life;
mod money;
mod names;
mod nations;
mod nature;
mod orders;
mod path;
mod people;
mod plan;
mod play;
mod prices;
mod ring;
mod rows;
mod scenario;
mod signup;
mod tell;
mod truth;

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

use self::channels::CHANNELS;
use self::clock::Clock;
use self::countries::mix;
use self::cursor::Position;
use self::life::Life;
use self::plan::Plan;
use self::prices::Prices;
use self::ring::Ring;
use crate::draw::Weighted;
use crate::played::{Numbers, Played};
use crate::world::{DAY, midnight};
use crate::{Error, NAME, Result, refused};

/// The inputs that all users share.
#[derive(Debug)]
struct World {
    seed: u64,
    /// Start of the first day, in microseconds since 1970.
    opening: i64,
    plan: Plan,
    rings: Vec<Ring>,
    prices: Prices,
    clock: Clock,
    /// Country distribution of each channel's users.
    mixes: Vec<Weighted>,
    /// Periods during which no identity check completes, in microseconds since 1970.
    outages: Vec<std::ops::Range<i64>>,
}

impl World {
    fn new(config: &ExchangeConfig, prices: Prices) -> Self {
        let ExchangeConfig { seed, first_day, days, users, stationary, .. } = *config;
        let opening = midnight(first_day);
        let clock = Clock::new(opening, first_day, &prices, stationary);
        let scenarios = &config.scenarios;
        let outage = |scenario: &Scenario| {
            let Scenario::KycOutage { from, days } = scenario else { return None };
            let (from, to) = scenario::span(*from, Some(*days));
            Some(midnight(from)..midnight(to))
        };
        Self {
            seed,
            opening,
            plan: Plan::new(seed, users, first_day, days.into(), scenarios),
            rings: ring::rings(scenarios),
            prices,
            clock,
            mixes: CHANNELS.iter().map(|channel| Weighted::new(mix(channel.home))).collect(),
            outages: scenarios.iter().filter_map(outage).collect(),
        }
    }

    /// Returns the time at which an identity check ends that is submitted at `asked` and takes `takes`
    /// microseconds.
    fn checked(&self, asked: i64, takes: i64) -> i64 {
        let mut end = asked.saturating_add(takes);
        // A check that was delayed by one outage may end within another.
        while let Some(outage) = self.outages.iter().find(|outage| outage.contains(&end)) {
            end = outage.end + takes;
        }
        end
    }
}

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
    world: World,
}

impl Exchange {
    /// Creates an exchange that is priced from `market`, which must cover every day before `until`.
    ///
    /// # Errors
    /// Returns an error if the market lacks a price or an exchange rate of such a day, or if a setting is
    /// invalid.
    pub fn new(config: ExchangeConfig, market: Arc<Market>) -> Result<Self> {
        config.check()?;
        let played = (config.end() - config.first_day).num_days();
        let played = usize::try_from(played).unwrap_or_default();
        let prices = Prices::new(config.seed, config.first_day, played, &market)?;
        let name = Self::name_of(config.shard);
        Ok(Self { name, world: World::new(&config, prices), config })
    }

    /// Returns the source name of a shard, under which sinks store its cursor.
    pub fn name_of(shard: Shard) -> String {
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
    pub fn told_by(cursor: &Cursor) -> Option<(u64, NaiveDate, Option<NaiveDate>)> {
        let position = Position::read(cursor).ok()?;
        Some((position.seed, position.first_day, Some(position.from)))
    }

    /// Checks that the market tables are still those that the cursor's days were priced from.
    ///
    /// # Errors
    /// Returns a cursor error if prices or rates of already simulated days have changed.
    fn check_market(&self, position: &Position) -> tidegauge_core::Result<()> {
        let (reached, prices) = (position.to.unwrap_or(position.from), &self.world.prices);
        // Days beyond the simulated ones have no fingerprint to compare.
        let now = prices.before(reached);
        if position.market.is_none() || now.is_none() || now == position.market {
            return Ok(());
        }
        Err(refused(format!(
            "the days before {reached} were played with other prices or exchange rates than the market \
             tables have for them now; put those back, or begin anew in an empty warehouse and empty \
             backups (`tidegauge reset simulation` empties both of it)"
        )))
    }

    fn page(&self, mut position: Position) -> Result<Page> {
        let until = self.world.prices.end();
        if position.from >= until {
            return Ok(position.close(Vec::new(), true));
        }
        let to = position.to.unwrap_or(until);
        if to > until {
            // An interrupted run to a later day must be finished first: its pages depend on its end.
            return Err(Error::Unfinished { to });
        }
        let mut batches = Vec::new();
        if position.to.is_none() && self.config.shard.is_first() {
            batches.extend(self.spend(position.from, to)?);
            if position.from == self.config.first_day {
                batches.push(truth::channels()?);
            }
        }
        // Later users sign up on or after `to`.
        let places = self.places(to);
        let from = position.to.map_or(places.start, |_| position.user).max(places.start);
        let ends = places.end.min(from.saturating_add(self.users_a_page(&position, to)));
        batches.extend(self.play(from..ends, to, midnight(position.from)..midnight(to))?);
        position.market = self.world.prices.before(to);
        position = if ends >= places.end {
            Position { from: to, to: None, user: 0, ..position }
        } else {
            Position { to: Some(to), user: ends, ..position }
        };
        let done = position.to.is_none() && position.from >= until;
        Ok(position.close(batches, done))
    }

    /// Returns the marketing spend of the days in `[from, to)`, or `None` if nothing is spent.
    fn spend(&self, from: NaiveDate, to: NaiveDate) -> Result<Option<Batch>> {
        let (mut days, mut channels, mut campaigns, mut cents) = (vec![], vec![], vec![], vec![]);
        let number = |day: NaiveDate| (day - self.config.first_day).num_days();
        for day in number(from)..number(to) {
            let Ok(at) = usize::try_from(day) else { continue };
            let since_1970 = (self.world.opening / DAY + day).try_into().unwrap_or(i32::MAX);
            for (way, spend) in self.world.plan.spend(at) {
                days.push(since_1970);
                channels.push(way.channel().name);
                campaigns.push(way.campaign().unwrap_or_default());
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
            Values::Same("USD"),
            Values::Decimals(cents),
        ];
        Ok(Some(Batch::from_columns(MarketingSpend::table(), rows, columns)?))
    }
}

/// Returns the rows that a cursor of this preset accounts for, or `None` if the cursor is another preset's.
pub(crate) fn played(cursor: &Cursor) -> Option<Played> {
    let position = Position::read(cursor).ok()?;
    let places = position.shard.of(position.users);
    let rings = match places.end >= position.users {
        true => ring::rings(&position.scenarios),
        false => Vec::new(),
    };
    let reached = position.to.unwrap_or(position.from);
    let end = places.end.saturating_add(ring::accounts(&rings, reached));
    Some(Played {
        preset: "exchange",
        seed: position.seed,
        start_day: position.first_day,
        first_day: position.first_day,
        users: signup::id(places.start)..=signup::id(end) - 1,
        numbers: Numbers::OfUser(book::COUNTED),
        is_amid: position.to.is_some(),
    })
}

/// Converts an amount to `i64`.
///
/// # Errors
/// Returns [`Error::Impossible`] if the amount does not fit.
fn narrow(amount: i128, life: &Life<'_>) -> Result<i64> {
    let user = life.signup.id;
    i64::try_from(amount).map_err(|_| Error::Impossible { user, what: "trade for as much" })
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
        let position = Position::after(cursor, &self.config)?;
        self.check_market(&position)?;
        self.page(position)
            .map_err(|error| tidegauge_core::Error::source(NAME, error.kind(), error))
    }
}
