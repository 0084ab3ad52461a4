//! A user's life, from signup to the last trade. All of it follows from the seed and the user's number.
//!
//! Whatever a trade brings about, money that comes in before it and goes out after it, happens on the
//! trade's own day. So a day can be played without knowing what the market does on the next.

use std::collections::VecDeque;

use tidegauge_core::fees;

use super::book::Book;
use super::signup::Signup;
use super::{World, money, orders, tell};
use crate::Result;
use crate::draw::{Draws, Stream};
use crate::world::{CENT, DAY, ONE, divide};

/// The share of trades that are purchases with a card, without an order.
pub(super) const PURCHASES: f64 = 0.13;

/// A US dollar, in cents.
pub(super) const DOLLAR: i64 = 100;

/// The most that a card is charged with, in US cents.
pub(super) const CARD_LIMIT: i64 = 5_000 * DOLLAR;

/// Someone who has signed up, and their books.
pub(super) struct Life<'w> {
    pub(super) world: &'w World,
    pub(super) book: &'w mut Book,
    pub(super) signup: Signup,
    /// The place of the currency that the user pays in.
    pub(super) fiat: usize,
    /// Draws of what belongs to one trade.
    pub(super) draws: Draws,
    /// What all trades were worth in US cents, when the window began and by now.
    pub(super) volume: [i64; 2],
    /// When the last one was, likewise.
    pub(super) last: [Option<i64>; 2],
    recent: Recent,
}

/// What a trade is to be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deal {
    /// What it is worth, in US cents.
    pub(super) cents: i64,
    pub(super) at: i64,
    /// Nothing that belongs to it happens before…
    pub(super) from: i64,
    /// …or from then on.
    pub(super) to: i64,
}

/// Plays a life into `book`; `draws` are those of the trades to come.
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
    /// Trades from `at` on, until the user leaves or the window ends.
    fn trade(&mut self, mut draws: Draws, mut at: i64) -> Result<()> {
        let (world, end) = (self.world, self.book.window.end);
        let nature = self.signup.nature;
        // What is done before money can be taken out again, or new come in.
        let mut from = self.signup.checked_at;
        for number in 1..=nature.lasts {
            if at >= end {
                return Ok(());
            }
            let wait = draws.exponential(DAY as f64 / nature.rate);
            let next = world.clock.after(self.signup.country, at, wait);
            let cents = cents(nature.value(&mut draws));
            // Draws of its own: what it draws must not shift those of the next.
            self.draws = Draws::of(draws.bits(), Stream::Ledger, number.unsigned_abs());
            let midnight = at - at.rem_euclid(DAY);
            let deal = Deal { cents, at, from: from.max(midnight), to: next.min(midnight + DAY) };
            from = self.deal(&deal)?;
            at = next;
        }
        Ok(())
    }

    /// One trade or purchase; when all that belongs to it is over.
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

    fn coin(&mut self) -> usize {
        let at = self.draws.unit();
        [0.45, 0.75, 0.9].iter().filter(|below| at >= **below).count()
    }

    /// What the user's holdings of a coin are worth, in US cents.
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

    /// The price of a coin at a moment, in 10⁻⁸ of the user's currency.
    pub(super) fn price(&self, coin: usize, at: i64) -> Result<i64> {
        self.in_own(self.world.prices.usd(coin, at)?, at)
    }

    /// An amount of US dollars in the user's currency, the same units.
    pub(super) fn in_own(&self, usd: i64, at: i64) -> Result<i64> {
        self.world.prices.in_fiat(self.fiat, usd, at)
    }

    /// The fee of a trade, in 10⁻⁴: by what the user traded for in the thirty days before.
    pub(super) fn fee_rate(&mut self, at: i64, is_maker: bool) -> i128 {
        fees::TIERED.rate(self.recent.cents(at), is_maker)
    }

    /// Remembers what was traded for, in 10⁻⁸ US dollars.
    pub(super) fn traded(&mut self, at: i64, usd: i64) {
        self.recent.add(at, usd);
    }
}

/// What a user traded for in the days that count for the fee.
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

    /// US cents in the days before `at`.
    fn cents(&mut self, at: i64) -> i128 {
        while let Some((then, usd)) = self.trades.front().copied() {
            if then >= at - fees::DAYS * DAY {
                break;
            }
            self.sum -= i128::from(usd);
            self.trades.pop_front();
        }
        // Of trades at one moment none is before the other.
        let now = self.trades.iter().rev().take_while(|trade| trade.0 >= at);
        (self.sum - now.map(|trade| i128::from(trade.1)).sum::<i128>()) / CENT
    }
}

/// US cents, at least one.
#[allow(clippy::cast_possible_truncation)] // what does not fit is cut
pub(super) fn cents(value: f64) -> i64 {
    // Nobody trades for more than a hundred million at once.
    ((value * 100.0 + 0.5).min(1e10) as i64).max(1)
}
