//! The first ninety days of one user, in order of time, with balances that never become negative.

mod orders;
mod ranges;
mod transfers;
mod wallet;

use tidegauge_core::tables::{Deposit, Order, Trade, Withdrawal};

use self::ranges::Ranges;
use self::transfers::LONGEST_WAIT;
use self::wallet::Wallet;
use super::people::Person;
use super::plan::Plan;
use crate::Result;
use crate::draw::{Draws, Stream};
use crate::market::Market;
use crate::world::{Amount, ONE, SECOND, day_of};

/// The rows of one user. Ids are assigned later for all users; until then, an order is identified by its
/// index here.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) deposits: Vec<Deposit>,
    pub(super) withdrawals: Vec<Withdrawal>,
    pub(super) orders: Vec<Order>,
    pub(super) trades: Vec<Trade>,
}

/// Lot size of coin amounts: 10⁻⁶, in 10⁻⁸.
const LOT: i128 = 100;

/// A scheduled action of a user.
enum Act {
    Credit(Box<Deposit>),
    Order(&'static str),
    Withdraw(&'static str),
}

/// A balance that a user may use for an order or a withdrawal.
struct Holding {
    currency: &'static str,
    /// Amount, in 10⁻⁸.
    amount: i128,
    /// Value, in US dollars.
    worth: f64,
}

/// The simulator of the first ninety days.
#[derive(Debug)]
pub(super) struct Exchange<'a> {
    seed: u64,
    market: &'a Market,
    ranges: Ranges,
    end: i64,
}

impl<'a> Exchange<'a> {
    pub(super) fn new(seed: u64, market: &'a Market, opening: i64, end: i64) -> Result<Self> {
        Ok(Self { seed, market, ranges: Ranges::read(market, opening, end)?, end })
    }

    /// Simulates the plan of one user.
    ///
    /// # Errors
    /// Returns an error if the market lacks a price, or if the plan cannot be carried out.
    pub(super) fn play(&self, person: &Person, plan: &Plan) -> Result<Rows> {
        let Some(verified_at) = person.verified_at.filter(|_| !plan.deposits.is_empty()) else {
            return Ok(Rows::default());
        };
        let mut ledger = Ledger {
            person,
            market: self.market,
            ranges: &self.ranges,
            draws: Draws::of(self.seed, Stream::Ledger, person.row.user_id.unsigned_abs()),
            end: self.end,
            wallet: Wallet::new(person.currency),
            open_left: plan.orders.iter().filter(|status| **status == "open").count(),
            rows: Rows::default(),
        };
        let acts = ledger.schedule(plan, verified_at, person.lapses_at.min(self.end))?;
        for (at, (time, act)) in acts.iter().enumerate() {
            let next = acts.get(at + 1).map_or(self.end, |(time, _)| *time);
            ledger.wallet.release(*time);
            match act {
                Act::Credit(deposit) => ledger.credit(deposit),
                Act::Order(status) => ledger.order(*time, next, status)?,
                Act::Withdraw(status) => ledger.withdraw(*time, status)?,
            }
        }
        Ok(ledger.rows)
    }
}

struct Ledger<'a> {
    person: &'a Person,
    market: &'a Market,
    ranges: &'a Ranges,
    draws: Draws,
    /// End of the first ninety days: completion times lie before it, in microseconds since 1970.
    end: i64,
    wallet: Wallet,
    /// Number of planned orders that stay open and have not been placed yet.
    open_left: usize,
    rows: Rows,
}

impl Ledger<'_> {
    /// Returns the actions of a user in order of time. The first deposit precedes all others.
    fn schedule(&mut self, plan: &Plan, from: i64, to: i64) -> Result<Vec<(i64, Act)>> {
        let fifth = (to - from) / 5;
        let mut acts = Vec::new();
        let mut funded_at = from;
        for (at, status) in plan.deposits.iter().enumerate() {
            let within = if at == 0 { (from, from + fifth) } else { (funded_at, to - fifth) };
            let deposit = self.deposit(status, within, fifth)?;
            match deposit.completed_at {
                Some(time) => {
                    let time = time.timestamp_micros();
                    if at == 0 {
                        funded_at = time;
                    }
                    acts.push((time, Act::Credit(Box::new(deposit))));
                }
                None => self.rows.deposits.push(deposit),
            }
        }
        for status in &plan.orders {
            acts.push((self.draws.between(funded_at + 1, to - SECOND), Act::Order(status)));
        }
        for status in &plan.withdrawals {
            let waits = if *status == "pending" { to - LONGEST_WAIT } else { funded_at };
            let time = self.draws.between(waits.max(funded_at) + 1, to - SECOND);
            acts.push((time, Act::Withdraw(status)));
        }
        acts.sort_by_key(|(time, _)| *time); // stable: equal times stay as they were drawn
        Ok(acts)
    }

    /// Draws one of several balances, with probability proportional to value.
    fn holding(&mut self, at: i64, amounts: [(&'static str, i128); 5]) -> Result<Holding> {
        let mut holdings = Vec::with_capacity(amounts.len());
        for (currency, amount) in amounts {
            let dollars = if currency == self.person.currency {
                self.market.to_usd(amount, currency, day_of(at))?
            } else {
                amount * self.market.price(currency, "USD", at)? / ONE
            };
            let worth = Amount::from_units(dollars).to_f64();
            holdings.push(Holding { currency, amount, worth });
        }
        let total: f64 = holdings.iter().map(|holding| holding.worth).sum();
        let mut left = self.draws.unit() * total;
        let drawn = holdings.iter().position(|holding| {
            left -= holding.worth;
            left < 0.0
        });
        let by_worth = |a: &usize, b: &usize| holdings[*a].worth.total_cmp(&holdings[*b].worth);
        let richest = (0..holdings.len()).max_by(by_worth).unwrap_or_default();
        let chosen = drawn.filter(|at| holdings[*at].worth >= 10.0).unwrap_or(richest);
        Ok(holdings.swap_remove(chosen))
    }
}
