//! The state of one user during the simulation.

use std::collections::VecDeque;

use tidegauge_core::fees;

use crate::error::{Error, Result};
use crate::exchange::account::user_account::UserAccount;
use crate::exchange::context::SimulationContext;
use crate::exchange::population::signup::Signup;
use crate::rng::RandomStream;
use crate::units::{CENT, DAY, ONE, divide};

/// One US dollar, in cents.
pub(crate) const DOLLAR: i64 = 100;

/// Largest card payment, in US cents.
pub(crate) const CARD_LIMIT: i64 = 5_000 * DOLLAR;

/// The state of one user during the simulation.
pub(crate) struct UserState<'w> {
    pub(crate) context: &'w SimulationContext,
    pub(crate) account: &'w mut UserAccount,
    pub(crate) signup: Signup,
    /// Index of the user's currency in `FIATS`.
    pub(crate) fiat: usize,
    /// Random stream of the current trade.
    pub(crate) rng: RandomStream,
    /// Total trading volume in US cents, at the start of the window and now.
    pub(crate) volume: [i64; 2],
    /// Time of the last trade, at the start of the window and now.
    pub(crate) last: [Option<i64>; 2],
    /// Volume that the fee tier depends on.
    pub(crate) trailing_volume: TrailingVolume,
}

/// The size and time of an intended trade.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TradeIntent {
    /// Value, in US cents.
    pub(crate) cents: i64,
    /// Time of the trade, in microseconds since 1970.
    pub(crate) at: i64,
    /// Earliest time of any event of this trade.
    pub(crate) from: i64,
    /// Exclusive latest time of any event of this trade.
    pub(crate) to: i64,
}

impl UserState<'_> {
    /// Returns the value of the user's balance of a coin, in US cents.
    pub(crate) fn coin_value(&self, coin: usize, at: i64) -> Result<i64> {
        match self.account.balance(coin) {
            0 => Ok(0),
            balance => {
                let price = self.context.prices.price(coin, at)?;
                let cents = divide(i128::from(balance) * i128::from(price), ONE * CENT);
                Ok(i64::try_from(cents).unwrap_or(i64::MAX))
            }
        }
    }

    /// Returns the price of a coin in 10⁻⁸ of the user's currency.
    pub(crate) fn price(&self, coin: usize, at: i64) -> Result<i64> {
        self.in_user_currency(self.context.prices.price(coin, at)?, at)
    }

    /// Converts an amount of US dollars to the user's currency, in the same units.
    pub(crate) fn in_user_currency(&self, usd: i64, at: i64) -> Result<i64> {
        self.context.prices.usd_to_fiat(self.fiat, usd, at)
    }

    /// Returns the fee in basis points (1/10,000) for the trailing thirty-day volume.
    pub(crate) fn fee_rate(&mut self, at: i64, is_maker: bool) -> i128 {
        fees::TIERED.rate(self.trailing_volume.cents(at), is_maker)
    }

    /// Adds a trade in 10⁻⁸ US dollars to the trailing volume.
    pub(crate) fn record_volume(&mut self, at: i64, usd: i64) {
        self.trailing_volume.add(at, usd);
    }
}

/// Converts an amount to `i64`.
///
/// # Errors
/// Returns [`Error::Infeasible`] if the amount does not fit.
pub(crate) fn to_i64(amount: i128, state: &UserState<'_>) -> Result<i64> {
    let user = state.signup.id;
    i64::try_from(amount).map_err(|_| Error::Infeasible { user, what: "trade for as much" })
}

/// Trades within the trailing window of the fee tiers.
#[derive(Debug, Default)]
pub(crate) struct TrailingVolume {
    trades: VecDeque<(i64, i64)>,
    sum: i128,
}

impl TrailingVolume {
    /// Adds a trade of `usd`, in 10⁻⁸ US dollars.
    fn add(&mut self, at: i64, usd: i64) {
        self.trades.push_back((at, usd));
        self.sum += i128::from(usd);
    }

    /// Returns the volume in US cents of the window that ends before `at`.
    fn cents(&mut self, at: i64) -> i128 {
        while let Some((then, usd)) = self.trades.front().copied() {
            if then >= at - fees::VOLUME_DAYS * DAY {
                break;
            }
            self.sum -= i128::from(usd);
            self.trades.pop_front();
        }
        // Trades at the same moment do not count toward each other's tier.
        let now = self.trades.iter().rev().take_while(|trade| trade.0 >= at);
        (self.sum - now.map(|trade| i128::from(trade.1)).sum::<i128>()) / CENT
    }
}

/// Converts US dollars to cents; at least one.
#[allow(clippy::cast_possible_truncation)] // what does not fit is cut
pub(crate) fn cents(value: f64) -> i64 {
    // One trade is limited to 100 million US dollars.
    ((value * 100.0 + 0.5).min(1e10) as i64).max(1)
}
