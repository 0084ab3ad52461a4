//! An exchange of any size, whose users come through channels with known costs, and trade, stay and leave
//! by known processes.

mod book;
mod channels;
mod clock;
mod life;
mod nature;
mod orders;
mod path;
mod plan;
mod rows;

use std::num::NonZero;
use std::sync::Arc;
use std::thread;

use async_trait::async_trait;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use tidegauge_core::market::Market;
use tidegauge_core::tables::{
    Deposit, LedgerEntry, MarketingSpend, Order, RampTransaction, Trade, TruthChannel, TruthUser,
    User, Withdrawal,
};
use tidegauge_core::{Batch, Cursor, Page, Source, TableRef, Values};

use self::book::Book;
use self::channels::CHANNELS;
use self::clock::Days;
use self::path::Paths;
use self::plan::Plan;
use self::rows::Rows;
use crate::world::{DAY, midnight};
use crate::{Error, Result};

/// What sinks know the source by.
const NAME: &str = "simulation";

/// Rows that a user makes in a year, roughly: pages are cut by users, and this says by how many.
const ROWS_A_YEAR: usize = 60;

/// Users that a thread plays at a time.
const AT_ONCE: usize = 256;

/// What the exchange is like.
#[derive(Debug, Clone, PartialEq)]
pub struct ExchangeConfig {
    /// Everything that is drawn follows from it.
    pub seed: u64,
    /// The first day of business.
    pub first_day: NaiveDate,
    /// For how many days new users sign up.
    pub days: u16,
    /// How many users that will have been.
    pub users: u64,
    /// Days before this one are played; `None`: the first alone.
    pub until: Option<NaiveDate>,
    /// About how many rows a page has.
    pub page_rows: usize,
    /// How many threads play; `None`: as many as there are cores. It changes no byte.
    pub threads: Option<NonZero<usize>>,
    /// Which part of the users is played, and of how many: `(0, 1)` is all. The rows of all parts are
    /// those of the whole.
    pub shard: (u64, NonZero<u64>),
    /// Whether users trade evenly through time, whatever the market does: then they are exactly what
    /// BG/NBD assumes.
    pub stationary: bool,
}

impl Default for ExchangeConfig {
    fn default() -> Self {
        Self {
            seed: 42,
            first_day: NaiveDate::from_ymd_opt(2020, 7, 3).unwrap_or_default(),
            days: 365,
            users: 10_000,
            until: None,
            page_rows: 100_000,
            threads: None,
            shard: (0, NonZero::<u64>::MIN),
            stationary: false,
        }
    }
}

/// What the lives of all users follow from.
#[derive(Debug)]
struct World {
    seed: u64,
    /// When the first day begins.
    opening: i64,
    plan: Plan,
    paths: Paths,
    days: Days,
}

/// An exchange of any size.
///
/// Every user's life is a function of the seed and the user's number: so users can be played in any order,
/// by any number of threads and machines, a page can be played again alone, and a run of ninety days makes
/// the rows that ninety runs of a day make. `ledger_entries` are its books; `truth_users` and
/// `truth_channels` say what its users are really like.
#[derive(Debug)]
pub struct Exchange {
    config: ExchangeConfig,
    world: World,
}

/// How far the play has come: the cursor's text, as JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Position {
    seed: u64,
    first_day: NaiveDate,
    days: u16,
    users: u64,
    stationary: bool,
    /// All days before this one are played.
    from: NaiveDate,
    /// The days that are being played end here, and `user` is the next whose they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<NaiveDate>,
    #[serde(default)]
    user: u64,
}

impl Exchange {
    /// An exchange in a market, which must know every day before `until`.
    ///
    /// # Errors
    /// When the market lacks a price that the pace of its days is told by.
    pub fn new(config: ExchangeConfig, market: Arc<Market>) -> Result<Self> {
        let ExchangeConfig { seed, first_day, days, users, until, .. } = config;
        let end = until.or_else(|| first_day.succ_opt()).unwrap_or(first_day);
        let played = usize::try_from((end - first_day).num_days()).unwrap_or_default();
        let opening = midnight(first_day);
        let paths = Paths::new(seed, first_day, played, market);
        let days_of_market = Days::new(opening, first_day, &paths, config.stationary)?;
        let plan = Plan::new(seed, users, first_day, usize::from(days.max(1)));
        let world = World { seed, opening, plan, paths, days: days_of_market };
        Ok(Self { config, world })
    }

    /// The day before which an exchange at this cursor has been played; none where it has not begun.
    pub fn played_by(cursor: Option<&Cursor>) -> Option<NaiveDate> {
        let position: Position = serde_json::from_str(cursor?.as_str()).ok()?;
        Some(position.from)
    }

    /// The seed, the first day and the day reached that a cursor of the exchange tells of.
    pub fn told_by(cursor: &Cursor) -> Option<(u64, NaiveDate, Option<NaiveDate>)> {
        let position: Position = serde_json::from_str(cursor.as_str()).ok()?;
        Some((position.seed, position.first_day, Some(position.from)))
    }

    fn position(&self, cursor: Option<&Cursor>) -> tidegauge_core::Result<Position> {
        let ExchangeConfig { seed, first_day, days, users, stationary, .. } = self.config;
        let from = first_day;
        let new = Position { seed, first_day, days, users, stationary, from, to: None, user: 0 };
        let Some(cursor) = cursor else { return Ok(new) };
        let position: Position = serde_json::from_str(cursor.as_str()).map_err(|error| {
            refused(format!(
                "`{cursor}` is not the exchange's: {error}; set the preset that it was begun \
                     with, or begin in another warehouse"
            ))
        })?;
        let same = Position { from: position.from, to: position.to, user: position.user, ..new };
        if position == same {
            return Ok(position);
        }
        Err(refused(format!(
            "it was played with seed {} from {}, for {} users in {} days, stationary: {}; go on with \
             these, or begin in another warehouse",
            position.seed, position.first_day, position.users, position.days, position.stationary
        )))
    }

    fn page(&self, mut position: Position) -> Result<Page> {
        let until = self.world.paths.end();
        if position.from >= until {
            return Ok(self.close(Vec::new(), position, true));
        }
        let to = position.to.unwrap_or(until);
        if to > self.world.paths.end() {
            // A run that went further was broken off; its pages have to be those of that run.
            return Err(Error::Unfinished { to });
        }
        let mut batches = Vec::new();
        if position.user == 0 && self.config.shard.0 == 0 {
            batches.extend(self.spend(position.from, to)?);
            if position.from == self.config.first_day {
                batches.push(truth_channels()?);
            }
        }
        let window = midnight(position.from)..midnight(to);
        // Nobody after these has signed up yet.
        let last_day = usize::try_from((to - self.config.first_day).num_days()).unwrap_or(0);
        let users = self.world.plan.signed_up_before(last_day);
        let ends = users.min(position.user.saturating_add(self.users_a_page(&position, to)));
        batches.extend(self.play(position.user..ends, window)?.batches()?);
        position = if ends >= users {
            Position { from: to, to: None, user: 0, ..position }
        } else {
            Position { to: Some(to), user: ends, ..position }
        };
        let done = position.to.is_none() && position.from >= until;
        Ok(self.close(batches, position, done))
    }

    fn users_a_page(&self, position: &Position, to: NaiveDate) -> u64 {
        let days = usize::try_from((to - position.from).num_days()).unwrap_or(1);
        let rows = 1 + ROWS_A_YEAR * days / 365;
        ((self.config.page_rows / rows) as u64).max(1)
    }

    /// The rows of some users that fall into a span of time.
    fn play(&self, users: std::ops::Range<u64>, window: std::ops::Range<i64>) -> Result<Rows> {
        let cores = || thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
        let threads = self.config.threads.unwrap_or_else(cores).get();
        let starts: Vec<u64> = (users.start..users.end).step_by(AT_ONCE).collect();
        let some = |start: u64| -> Result<Rows> {
            let mut book = Book::new(window.clone());
            let (part, of) = self.config.shard;
            for user in start..users.end.min(start + AT_ONCE as u64) {
                if user % of == part {
                    life::live(&self.world, user, &mut book)?;
                }
            }
            Ok(book.rows)
        };
        let mut rows = Rows::default();
        if threads < 2 || starts.len() < 2 {
            for start in starts {
                rows.append(some(start)?);
            }
            return Ok(rows);
        }
        // Neighbours together, so that rows come in the order of the users.
        let each = starts.len().div_ceil(threads);
        let parts: Vec<Result<Rows>> = thread::scope(|scope| {
            let some = &some;
            let work = |starts: &[u64]| {
                let starts = starts.to_vec();
                scope.spawn(move || {
                    let mut rows = Rows::default();
                    for start in starts {
                        rows.append(some(start)?);
                    }
                    Ok(rows)
                })
            };
            let workers: Vec<_> = starts.chunks(each).map(work).collect();
            let join = |worker: thread::ScopedJoinHandle<'_, Result<Rows>>| {
                worker.join().unwrap_or_else(|panicked| std::panic::resume_unwind(panicked))
            };
            workers.into_iter().map(join).collect()
        });
        for part in parts {
            rows.append(part?);
        }
        Ok(rows)
    }

    /// What is spent on the days from `from` to `to`.
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

    #[allow(clippy::unused_self)] // beside its caller, whose page it closes
    fn close(&self, batches: Vec<Batch>, position: Position, done: bool) -> Page {
        let text = serde_json::to_string(&position).unwrap_or_default();
        Page { batches, cursor: Cursor::new(text), done }
    }
}

fn truth_channels() -> Result<Batch> {
    let rows = CHANNELS.iter().map(|channel| {
        let process = channel.process;
        let value = process.expected(365.0) * process.mean_value() * channel.starts();
        TruthChannel {
            channel: channel.name.into(),
            r: process.r,
            alpha: process.alpha,
            a: process.a,
            b: process.b,
            p: process.p,
            q: process.q,
            gamma: process.gamma,
            starts: channel.starts(),
            cost: channel.cost,
            value_365d: value,
        }
    });
    Ok(Batch::from_rows(TruthChannel::table(), rows)?)
}

fn refused(reason: String) -> tidegauge_core::Error {
    tidegauge_core::Error::Cursor { source_name: NAME.into(), reason }
}

#[async_trait]
impl Source for Exchange {
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
            LedgerEntry::table(),
            TruthUser::table(),
            TruthChannel::table(),
        ]
        .map(Arc::clone)
        .into()
    }

    async fn fetch(&self, cursor: Option<&Cursor>) -> tidegauge_core::Result<Page> {
        let position = self.position(cursor)?;
        self.page(position).map_err(|error: Error| tidegauge_core::Error::source(NAME, error))
    }
}
