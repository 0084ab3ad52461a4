//! The first ninety days of one user, in order of time, with balances that never become negative.

mod orders;
mod price_ranges;
mod transfers;
mod user_simulation;
mod wallet;

use tidegauge_core::tables::Deposit;

pub(super) use self::user_simulation::Rows;

use self::price_ranges::PriceRanges;
use self::transfers::MAX_PENDING;
use self::user_simulation::UserSimulation;
use self::wallet::Wallet;
use super::activity_plan::ActivityPlan;
use super::market::Market;
use super::population::SimulatedUser;
use crate::error::Result;
use crate::rng::{RandomStream, StreamId};
use crate::units::SECOND;

/// A scheduled action of a user.
enum Action {
    Credit(Box<Deposit>),
    Order(&'static str),
    Withdraw(&'static str),
}

/// The simulator of the first ninety days.
#[derive(Debug)]
pub(super) struct Simulator<'a> {
    seed: u64,
    market: &'a Market,
    ranges: PriceRanges,
    end: i64,
}

impl<'a> Simulator<'a> {
    /// Creates the simulator of the days in `[opening, end)`, in microseconds since 1970.
    ///
    /// # Errors
    /// Returns an error if the market lacks a price or an exchange rate.
    pub(super) fn new(seed: u64, market: &'a Market, opening: i64, end: i64) -> Result<Self> {
        Ok(Self { seed, market, ranges: PriceRanges::read(market, opening, end)?, end })
    }

    /// Simulates the plan of one user.
    ///
    /// # Errors
    /// Returns an error if the market lacks a price, or if the plan cannot be carried out.
    pub(super) fn simulate(&self, user: &SimulatedUser, plan: &ActivityPlan) -> Result<Rows> {
        let Some(verified_at) = user.verified_at.filter(|_| !plan.deposits.is_empty()) else {
            return Ok(Rows::default());
        };
        let mut simulation = UserSimulation {
            user,
            market: self.market,
            ranges: &self.ranges,
            rng: RandomStream::new(self.seed, StreamId::Activity, user.row.user_id.unsigned_abs()),
            end: self.end,
            wallet: Wallet::new(user.currency),
            open_left: plan.orders.iter().filter(|status| **status == "open").count(),
            rows: Rows::default(),
        };
        let actions = simulation.schedule(plan, verified_at, user.churned_at.min(self.end))?;
        for (at, (time, action)) in actions.iter().enumerate() {
            let next = actions.get(at + 1).map_or(self.end, |(time, _)| *time);
            simulation.wallet.release(*time);
            match action {
                Action::Credit(deposit) => simulation.credit(deposit),
                Action::Order(status) => simulation.order(*time, next, status)?,
                Action::Withdraw(status) => simulation.withdraw(*time, status)?,
            }
        }
        Ok(simulation.rows)
    }
}

impl UserSimulation<'_> {
    /// Returns the actions of a user in order of time. The first deposit precedes all others.
    fn schedule(&mut self, plan: &ActivityPlan, from: i64, to: i64) -> Result<Vec<(i64, Action)>> {
        let fifth = (to - from) / 5;
        let mut actions = Vec::new();
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
                    actions.push((time, Action::Credit(Box::new(deposit))));
                }
                None => self.rows.deposits.push(deposit),
            }
        }
        for status in &plan.orders {
            actions.push((self.rng.between(funded_at + 1, to - SECOND), Action::Order(status)));
        }
        for status in &plan.withdrawals {
            let waits = if *status == "pending" { to - MAX_PENDING } else { funded_at };
            let time = self.rng.between(waits.max(funded_at) + 1, to - SECOND);
            actions.push((time, Action::Withdraw(status)));
        }
        actions.sort_by_key(|(time, _)| *time); // stable: equal times stay as they were drawn
        Ok(actions)
    }
}
