//! The rows of the first ninety days other than ramp purchases, which the first run writes in full.

use std::collections::BTreeMap;

use tidegauge_core::tables::{Deposit, MarketingSpend, Order, Trade, User, Withdrawal};
use tidegauge_core::{Batch, Fiat, TableRef};

use super::population::{DAYS, SimulatedUser, row_id};
use super::{activity_plan, simulator};
use crate::classic::market::Market;
use crate::classic::parameters::CHANNELS;
use crate::error::{Error, Result};
use crate::rng::{RandomStream, StreamId};
use crate::units::{CENT, DAY, day_of, units};

/// The rows of each table, in the order in which pages hold them.
#[derive(Debug)]
pub(super) struct Reference {
    pub(super) users: Vec<User>,
    pub(super) deposits: Vec<Deposit>,
    pub(super) withdrawals: Vec<Withdrawal>,
    pub(super) orders: Vec<Order>,
    pub(super) trades: Vec<Trade>,
    pub(super) spend: Vec<MarketingSpend>,
}

impl Reference {
    /// Simulates the first ninety days.
    ///
    /// # Errors
    /// Returns an error if the market lacks a price, or if a user cannot carry out the plan.
    pub(super) fn build(
        seed: u64,
        opening: i64,
        users: &[SimulatedUser],
        market: &Market,
    ) -> Result<Self> {
        let end = opening + DAYS * DAY;
        let plans = activity_plan::allocate(seed, users, end)
            .ok_or(Error::Infeasible { user: 0, what: "be found to take part" })?;
        let simulator = simulator::Simulator::new(seed, market, opening, end)?;
        let mut all = simulator::Rows::default();
        for (user, plan) in users.iter().zip(&plans) {
            let mut rows = simulator.simulate(user, plan)?;
            // Order indices within a user become indices over all users.
            let before = i64::try_from(all.orders.len()).unwrap_or(i64::MAX);
            for order in rows.trades.iter_mut().filter_map(|trade| trade.order_id.as_mut()) {
                *order += before;
            }
            all.deposits.append(&mut rows.deposits);
            all.withdrawals.append(&mut rows.withdrawals);
            all.orders.append(&mut rows.orders);
            all.trades.append(&mut rows.trades);
        }
        number(&mut all);
        Ok(Self {
            users: users.iter().map(|user| user.row.clone()).collect(),
            deposits: all.deposits,
            withdrawals: all.withdrawals,
            orders: all.orders,
            trades: all.trades,
            spend: spend(seed, opening, users),
        })
    }

    /// Returns the total number of rows.
    pub(super) fn rows(&self) -> usize {
        self.users.len()
            + self.deposits.len()
            + self.withdrawals.len()
            + self.orders.len()
            + self.trades.len()
            + self.spend.len()
    }

    /// Returns the rows in `[from, to)`, counted over all tables, as batches.
    pub(super) fn slice(&self, from: usize, to: usize) -> Result<Vec<Batch>> {
        let mut slice = BatchSlice { from, to, before: 0, batches: Vec::new() };
        slice.take(User::table(), &self.users)?;
        slice.take(Deposit::table(), &self.deposits)?;
        slice.take(Withdrawal::table(), &self.withdrawals)?;
        slice.take(Order::table(), &self.orders)?;
        slice.take(Trade::table(), &self.trades)?;
        slice.take(MarketingSpend::table(), &self.spend)?;
        Ok(slice.batches)
    }
}

/// The part of all tables that one page holds.
struct BatchSlice {
    from: usize,
    to: usize,
    /// Number of rows in the tables before the current one.
    before: usize,
    batches: Vec<Batch>,
}

impl BatchSlice {
    /// Adds the part of a table that lies within the range.
    fn take<R: serde::Serialize>(&mut self, table: &TableRef, rows: &[R]) -> Result<()> {
        let within = |at: usize| at.saturating_sub(self.before).min(rows.len());
        let wanted = &rows[within(self.from)..within(self.to)];
        self.before += rows.len();
        if !wanted.is_empty() {
            self.batches.push(Batch::from_rows(table, wanted)?);
        }
        Ok(())
    }
}

/// Assigns row ids in order of time.
fn number(all: &mut simulator::Rows) {
    all.deposits.sort_by_key(|row| (row.created_at, row.user_id));
    for (at, row) in all.deposits.iter_mut().enumerate() {
        row.deposit_id = row_id(at);
    }
    all.withdrawals.sort_by_key(|row| (row.created_at, row.user_id));
    for (at, row) in all.withdrawals.iter_mut().enumerate() {
        row.withdrawal_id = row_id(at);
    }
    for (at, row) in all.orders.iter_mut().enumerate() {
        row.order_id = row_id(at);
    }
    all.orders.sort_by_key(|row| (row.created_at, row.user_id, row.order_id));
    let mut ids = BTreeMap::new();
    for (at, row) in all.orders.iter_mut().enumerate() {
        ids.insert(row.order_id - 1, row_id(at));
        row.order_id = row_id(at);
    }
    for trade in &mut all.trades {
        trade.order_id = trade.order_id.and_then(|order| ids.get(&order).copied());
    }
    all.trades.sort_by_key(|row| (row.executed_at, row.order_id));
    for (at, row) in all.trades.iter_mut().enumerate() {
        row.trade_id = row_id(at);
    }
}

/// Returns the daily marketing spend: the cost of the day's signups with noise, and a little on days without
/// signups.
fn spend(seed: u64, opening: i64, users: &[SimulatedUser]) -> Vec<MarketingSpend> {
    let mut rng = RandomStream::new(seed, StreamId::Spend, 0);
    let mut rows = Vec::new();
    for number in 0..DAYS {
        let day = day_of(opening + number * DAY);
        for (channel, _) in &CHANNELS {
            for (campaign, _) in channel.campaigns {
                let signups = users.iter().filter(|user| {
                    user.row.signup_at.date_naive() == day
                        && user.row.acquisition_channel.as_deref() == Some(channel.name)
                        && user.row.campaign.as_deref() == Some(*campaign)
                });
                let paid = (signups.count() as f64 + 0.2) * channel.cost * rng.uniform(0.8, 1.2);
                rows.push(MarketingSpend {
                    day,
                    channel: channel.name.into(),
                    campaign: (*campaign).into(),
                    currency: "USD".into(),
                    spend: Fiat::from_units(units(paid, CENT) / CENT),
                });
            }
        }
    }
    rows
}
