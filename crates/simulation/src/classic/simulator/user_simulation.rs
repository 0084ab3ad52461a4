//! The state of one user during the first ninety days.

use tidegauge_core::tables::{Deposit, Order, Trade, Withdrawal};

use super::price_ranges::PriceRanges;
use super::wallet::Wallet;
use crate::classic::market::Market;
use crate::classic::population::SimulatedUser;
use crate::error::Result;
use crate::rng::RandomStream;
use crate::units::{Amount, ONE, day_of};

/// The rows of one user. Ids are assigned later for all users; until then, an order is identified by its
/// index here.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) deposits: Vec<Deposit>,
    pub(crate) withdrawals: Vec<Withdrawal>,
    pub(crate) orders: Vec<Order>,
    pub(crate) trades: Vec<Trade>,
}

/// Lot size of coin amounts: 10⁻⁶, in 10⁻⁸.
pub(super) const LOT: i128 = 100;

/// A balance that a user may use for an order or a withdrawal.
pub(super) struct Holding {
    pub(super) currency: &'static str,
    /// Amount, in 10⁻⁸.
    pub(super) amount: i128,
    /// Value, in US dollars.
    pub(super) worth: f64,
}

/// The state of one user during the simulation.
pub(super) struct UserSimulation<'a> {
    pub(super) user: &'a SimulatedUser,
    pub(super) market: &'a Market,
    pub(super) ranges: &'a PriceRanges,
    pub(super) rng: RandomStream,
    /// End of the first ninety days: completion times lie before it, in microseconds since 1970.
    pub(super) end: i64,
    pub(super) wallet: Wallet,
    /// Number of planned orders that stay open and have not been placed yet.
    pub(super) open_left: usize,
    pub(super) rows: Rows,
}

impl UserSimulation<'_> {
    /// Draws one of several balances, with probability proportional to value.
    pub(super) fn holding(
        &mut self,
        at: i64,
        amounts: [(&'static str, i128); 5],
    ) -> Result<Holding> {
        let mut holdings = Vec::with_capacity(amounts.len());
        for (currency, amount) in amounts {
            let dollars = if currency == self.user.currency {
                self.market.to_usd(amount, currency, day_of(at))?
            } else {
                amount * self.market.price(currency, "USD", at)? / ONE
            };
            let worth = Amount::from_units(dollars).to_f64();
            holdings.push(Holding { currency, amount, worth });
        }
        let total: f64 = holdings.iter().map(|holding| holding.worth).sum();
        let mut left = self.rng.unit() * total;
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
