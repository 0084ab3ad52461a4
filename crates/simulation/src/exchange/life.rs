//! Simulation of one user from signup to churn, a deterministic function of the seed and the user's number.
//!
//! All events that a trade causes, including deposits before and withdrawals after it, happen on the day of
//! the trade. A day can therefore be simulated without the next day's market.

use std::collections::VecDeque;

use tidegauge_core::fees;

use super::book::Book;
use super::signup::Signup;
use super::{World, money, orders, tell};
use crate::Result;
use crate::draw::{Draws, Stream};
use crate::world::{CENT, DAY, ONE, divide};

/// Probability that a trade is a card purchase without an order.
pub(super) const PURCHASES: f64 = 0.13;

/// One US dollar, in cents.
pub(super) const DOLLAR: i64 = 100;

/// Largest card payment, in US cents.
pub(super) const CARD_LIMIT: i64 = 5_000 * DOLLAR;

/// The state of one user during the simulation.
pub(super) struct Life<'w> {
    pub(super) world: &'w World,
    pub(super) book: &'w mut Book,
    pub(super) signup: Signup,
    /// Index of the user's currency in `FIATS`.
    pub(super) fiat: usize,
    /// Random stream of the current trade.
    pub(super) draws: Draws,
    /// Total trading volume in US cents, at the start of the window and now.
    pub(super) volume: [i64; 2],
    /// Time of the last trade, at the start of the window and now.
    pub(super) last: [Option<i64>; 2],
    recent: Recent,
}

/// The size and time of an intended trade.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deal {
    /// Value, in US cents.
    pub(super) cents: i64,
    pub(super) at: i64,
    /// Earliest time of any event of this trade.
    pub(super) from: i64,
    /// Exclusive latest time of any event of this trade.
    pub(super) to: i64,
}

/// Simulates a user and appends the rows to `book`. `draws` is the random stream of the coming trades.
///
/// # Errors
/// Returns an error if an amount, an id or a balance leaves its range.
pub(super) fn live(world: &World, signup: Signup, draws: Draws, book: &mut Book) -> Result<()> {
    if signup.at >= book.window.end {
        return Ok(());
    }
    let fiat = signup.fiat();
    book.open(signup.id, fiat);
    let (started, window) = (signup.started, book.window.clone());
    if window.contains(&signup.at) {
        tell::truth(&signup, book);
    }
    let none = Draws::of(world.seed, Stream::Ledger, 0);
    let recent = Recent::default();
    let (volume, last) = ([0; 2], [None; 2]);
    let mut life = Life { world, book, signup, fiat, draws: none, volume, last, recent };
    if let Some(at) = started {
        life.trade(draws, at)?;
    }
    tell::user(&mut life);
    Ok(())
}

impl Life<'_> {
    /// Executes trades from `at` on until the user churns or the window ends.
    fn trade(&mut self, mut draws: Draws, mut at: i64) -> Result<()> {
        let (world, end) = (self.world, self.book.window.end);
        let nature = self.signup.nature;
        // End of the previous trade's events: deposits and withdrawals of this trade come after it.
        let mut from = self.signup.checked_at;
        for number in 1..=nature.lasts {
            if at >= end {
                return Ok(());
            }
            let wait = draws.exponential(DAY as f64 / nature.rate);
            let next = world.clock.after(self.signup.country, at, wait);
            let cents = cents(nature.value(&mut draws));
            // A separate stream per trade: its draws must not shift those of later trades.
            self.draws = Draws::of(draws.bits(), Stream::Ledger, number.unsigned_abs());
            let midnight = at - at.rem_euclid(DAY);
            let deal = Deal { cents, at, from: from.max(midnight), to: next.min(midnight + DAY) };
            from = self.deal(&deal)?;
            at = next;
        }
        Ok(())
    }

    /// Executes one trade or card purchase. Returns the time of its last event.
    fn deal(&mut self, deal: &Deal) -> Result<i64> {
        let coin = self.coin();
        let over = if self.signup.ring.is_some() {
            let over = money::purchase(self, deal, coin)?;
            money::send(self, coin, 100, over, deal.to)?
        } else {
            let buys = self.draws.chance(PURCHASES) && deal.cents <= CARD_LIMIT;
            let over = match buys {
                true => money::purchase(self, deal, coin)?,
                false => orders::trade(self, deal, coin)?,
            };
            money::leave(self, coin, over, deal.to)?
        };
        self.volume[1] += deal.cents;
        self.last[1] = Some(deal.at);
        if deal.at < self.book.window.start {
            (self.volume[0], self.last[0]) = (self.volume[1], self.last[1]);
        }
        Ok(over)
    }

    /// Draws a coin; returns its index in `COINS`.
    fn coin(&mut self) -> usize {
        let at = self.draws.unit();
        [0.45, 0.75, 0.9].iter().filter(|below| at >= **below).count()
    }

    /// Returns the value of the user's balance of a coin, in US cents.
    pub(super) fn worth(&self, coin: usize, at: i64) -> Result<i64> {
        match self.book.has(coin) {
            0 => Ok(0),
            has => {
                let price = self.world.prices.usd(coin, at)?;
                let cents = divide(i128::from(has) * i128::from(price), ONE * CENT);
                Ok(i64::try_from(cents).unwrap_or(i64::MAX))
            }
        }
    }

    /// Returns the price of a coin in 10⁻⁸ of the user's currency.
    pub(super) fn price(&self, coin: usize, at: i64) -> Result<i64> {
        self.in_own(self.world.prices.usd(coin, at)?, at)
    }

    /// Converts an amount of US dollars to the user's currency, in the same units.
    pub(super) fn in_own(&self, usd: i64, at: i64) -> Result<i64> {
        self.world.prices.in_fiat(self.fiat, usd, at)
    }

    /// Returns the fee in basis points (1/10,000) for the trailing thirty-day volume.
    pub(super) fn fee_rate(&mut self, at: i64, is_maker: bool) -> i128 {
        fees::TIERED.rate(self.recent.cents(at), is_maker)
    }

    /// Adds a trade in 10⁻⁸ US dollars to the trailing volume.
    pub(super) fn traded(&mut self, at: i64, usd: i64) {
        self.recent.add(at, usd);
    }
}

/// Trades within the trailing window of the fee tiers.
#[derive(Debug, Default)]
struct Recent {
    trades: VecDeque<(i64, i64)>,
    sum: i128,
}

impl Recent {
    fn add(&mut self, at: i64, usd: i64) {
        self.trades.push_back((at, usd));
        self.sum += i128::from(usd);
    }

    /// Returns the volume in US cents of the window that ends before `at`.
    fn cents(&mut self, at: i64) -> i128 {
        while let Some((then, usd)) = self.trades.front().copied() {
            if then >= at - fees::DAYS * DAY {
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
pub(super) fn cents(value: f64) -> i64 {
    // One trade is limited to 100 million US dollars.
    ((value * 100.0 + 0.5).min(1e10) as i64).max(1)
}
