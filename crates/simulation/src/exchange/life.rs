//! A user's life, from signup to the last trade. All of it follows from the seed and the user's number.
//!
//! Whatever a trade brings about, money that comes in before it and goes out after it, happens on the
//! trade's own day. So a day can be played without knowing what the market does on the next.

use super::book::{Account, Book, FIAT};
use super::channels::CHANNELS;
use super::clock::Clock;
use super::nature::Nature;
use super::path::{COINS, FIATS};
use super::plan::Way;
use super::{World, orders};
use crate::draw::{Draws, Stream};
use crate::world::{CENT, COUNTRIES, DAY, HOUR, MINUTE, ONE, divide, micros, withdrawal_fee};
use crate::{Error, Result};

/// A month: whoever has done nothing for so long is not active.
const MONTH: i64 = 30 * DAY;

/// How much volume makes an account `intermediate`, and `pro`, in US cents.
const TIERS: [i64; 2] = [250_000, 2_500_000];

/// Someone who has signed up.
pub(super) struct Life<'w> {
    pub(super) world: &'w World,
    pub(super) draws: Draws,
    pub(super) fiat: usize,
    country: &'static str,
    way: Way,
    signup_at: i64,
    kyc: Kyc,
    nature: Nature,
    /// What all trades were worth in US cents, at the beginning of the window and by now.
    volume: [i64; 2],
    /// When the last one was, likewise.
    last: [Option<i64>; 2],
}

/// The identity check.
#[derive(Debug, Clone, Copy)]
struct Kyc {
    status: &'static str,
    /// When it came to that.
    at: i64,
}

/// What a trade is to be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deal {
    pub(super) coin: usize,
    pub(super) buys: bool,
    /// What it is worth, in US dollars.
    pub(super) value: f64,
    pub(super) at: i64,
    /// Nothing that belongs to it happens before…
    pub(super) from: i64,
    /// …or from then on.
    pub(super) to: i64,
}

/// Plays the life of the user with that number, counted from 0, into `book`.
pub(super) fn live(world: &World, number: u64, book: &mut Book) -> Result<()> {
    let mut draws = Draws::of(world.seed, Stream::Life, number);
    let (day, way) = world.plan.signup(number);
    let day = i64::try_from(day).unwrap_or(i64::MAX).saturating_mul(DAY);
    let signup_at = world.opening + day + draws.between(0, DAY);
    let window = book.window().clone();
    if signup_at >= window.end {
        return Ok(());
    }
    let channel = way.channel();
    let (country, fiat) = home(&mut draws, channel.home);
    book.open(i64::try_from(number).unwrap_or(i64::MAX).saturating_add(1), FIATS[fiat]);
    let [confirms, passes, starts] = channel.funnel.map(|share| draws.chance(share));
    let asked_at = signup_at + micros(draws.exponential(3.0 * HOUR as f64)) + MINUTE;
    let said_at = asked_at + micros(draws.exponential(8.0 * HOUR as f64)) + MINUTE;
    let refused = draws.chance(0.5);
    let kyc = match (confirms, passes) {
        (true, true) => Kyc { status: "verified", at: said_at },
        (true, false) if refused => Kyc { status: "rejected", at: said_at },
        _ => Kyc { status: "pending", at: i64::MAX },
    };
    let nature = channel.process.draw(&mut draws);
    let begins = said_at + micros(draws.exponential(1.5 * DAY as f64)) + MINUTE;
    let started = (confirms && passes && starts).then_some(begins);
    let mut life = Life {
        world,
        draws,
        fiat,
        country,
        way,
        signup_at,
        kyc,
        nature,
        volume: [0; 2],
        last: [None; 2],
    };
    if window.contains(&signup_at) {
        life.tell_truth(book, started);
    }
    if let Some(at) = started {
        life.trade(book, at, window.end)?;
    }
    life.tell_user(book);
    Ok(())
}

impl Life<'_> {
    /// Trades from `at` on, until the user leaves or `end` is reached.
    fn trade(&mut self, book: &mut Book, mut at: i64, end: i64) -> Result<()> {
        let clock = Clock::new(&self.world.days, self.world.opening);
        // What is done before money can be taken out again, or new come in.
        let mut from = self.kyc.at;
        for number in 1..=self.nature.lasts {
            if at >= end {
                return Ok(());
            }
            let wait = self.draws.exponential(DAY as f64 / self.nature.rate);
            let next = clock.after(at, wait);
            let day_end = at - at.rem_euclid(DAY) + DAY;
            let from_today = from.max(day_end - DAY);
            let to = next.min(day_end);
            // Draws that do not depend on what the user has: another day's price must not shift them.
            let value = self.nature.value(&mut self.draws);
            let mut draws = Draws::of(self.draws.bits(), Stream::Ledger, number.unsigned_abs());
            std::mem::swap(&mut self.draws, &mut draws);
            from = self.deal(book, value, at, from_today, to)?;
            from = self.withdraw(book, from, to)?;
            std::mem::swap(&mut self.draws, &mut draws);
            at = next;
        }
        Ok(())
    }

    /// One trade or purchase; when all that belongs to it is over.
    fn deal(&mut self, book: &mut Book, value: f64, at: i64, from: i64, to: i64) -> Result<i64> {
        let cents = cents(value);
        let coin = self.coin();
        let worth = |life: &Self, coin: usize| -> Result<i128> {
            let price = i128::from(life.world.paths.usd(coin, at)?);
            Ok(divide(book.has(coin) * price, ONE * CENT))
        };
        // Whoever has a coin may sell of it.
        let mut sells = None;
        for held in 0..COINS.len() {
            if worth(self, held)? > i128::from(cents) && self.draws.chance(0.4) {
                sells = Some(held);
            }
        }
        let deal = |coin, buys| Deal { coin, buys, value, at, from, to };
        let over = match sells {
            Some(held) => orders::trade(self, book, deal(held, false))?,
            None if self.draws.chance(0.18) => self.purchase(book, deal(coin, true))?,
            None => orders::trade(self, book, deal(coin, true))?,
        };
        let before = at < book.window().start;
        self.volume[1] += cents;
        self.last[1] = Some(at);
        if before {
            (self.volume[0], self.last[0]) = (self.volume[1], self.last[1]);
        }
        Ok(over)
    }

    fn coin(&mut self) -> usize {
        let at = self.draws.unit();
        [0.45, 0.75, 0.9].iter().filter(|below| at >= **below).count()
    }

    /// The price of a coin at a moment, in 10⁻⁸ of the user's currency.
    pub(super) fn price(&self, coin: usize, at: i64) -> Result<i128> {
        let usd = i128::from(self.world.paths.usd(coin, at)?);
        self.in_own(usd, at)
    }

    /// The highest price of the day of a moment, in 10⁻⁸ of the user's currency.
    pub(super) fn day_high(&self, coin: usize, at: i64) -> Result<i128> {
        self.in_own(self.world.paths.high(coin, at)?, at)
    }

    /// An amount of US dollars in the user's currency, the same units.
    pub(super) fn in_own(&self, usd: i128, at: i64) -> Result<i128> {
        let price = self.world.paths.rate(self.fiat, at)?.from_usd(usd);
        price.filter(|price| *price > 0).ok_or_else(|| Error::Absurd {
            what: FIATS[self.fiat].to_owned(),
            day: crate::world::day_of(at),
        })
    }

    /// Money comes in before a trade that it is needed for: `short` is what lacks.
    pub(super) fn deposit(&mut self, book: &mut Book, short: i128, deal: &Deal) -> Result<()> {
        // Round sums, and a little more than is needed.
        let tens = 10 * ONE;
        let more = divide(short * i128::from(self.draws.between(100, 160)), 100);
        let amount = (more.max(short) + tens - 1) / tens * tens;
        let between = deal.at - deal.from;
        // Before the order is placed, which is in the last quarter.
        let at = deal.from + self.draws.between(between / 4, between / 2);
        let (method, lead) = match self.draws.chance(0.6) {
            true => ("bank_transfer", 20.0 * HOUR as f64),
            false => ("card", MINUTE as f64),
        };
        let created = (at - micros(self.draws.exponential(lead)) - 1).max(self.kyc.at);
        if self.draws.chance(0.04) {
            // One that failed, before one that did not.
            let tried = created.saturating_sub(self.draws.between(MINUTE, HOUR)).max(self.kyc.at);
            self.tell_deposit(book, (amount, method, "failed"), tried, None, at)?;
        }
        let number =
            self.tell_deposit(book, (amount, method, "completed"), created, Some(at), at)?;
        let moves = [(Account::User, FIAT, amount), (Account::Outside, FIAT, -amount)];
        book.post("deposit", number, at, &moves)
    }

    /// A row is written when it is known how the deposit ends: on the day of `at`.
    fn tell_deposit(
        &mut self,
        book: &mut Book,
        (amount, method, status): (i128, &'static str, &'static str),
        created: i64,
        completed: Option<i64>,
        at: i64,
    ) -> Result<i64> {
        let number = book.number()?;
        if book.window().contains(&at) {
            let (user, currency) = (book.user(), book.asset(FIAT));
            let rows = &mut book.rows.deposits;
            rows.deposit_id.push(number);
            rows.user_id.push(user);
            rows.deposit_type.push("fiat");
            rows.currency.push(currency);
            rows.amount.push(amount);
            rows.payment_method.push(method);
            rows.status.push(status);
            rows.blockchain_confirmations.push(None);
            rows.created_at.push(created);
            rows.completed_at.push(completed);
        }
        Ok(number)
    }

    /// Coins bought with a card, without an order; when that is over.
    fn purchase(&mut self, book: &mut Book, deal: Deal) -> Result<i64> {
        let Deal { coin, at, .. } = deal;
        let usd = i128::from(cents(deal.value).max(1)) * CENT;
        let paid = (self.in_own(usd, at)? / CENT).max(1) * CENT;
        let fee = divide(paid * crate::world::RAMP_FEE, 10_000 * CENT) * CENT;
        let bought = divide((paid - fee) * ONE, self.price(coin, at)?);
        let fee_usd = divide(usd * crate::world::RAMP_FEE, 10_000 * CENT);
        let method = ["card", "card", "apple_pay", "google_pay"][self.draws.index(4)];
        let tried = at - self.draws.between(1, ((at - deal.from) / 2).clamp(2, HOUR));
        let fails = self.draws.chance(0.1) && tried > deal.from;
        for (status, when) in [("failed", tried), ("completed", at)] {
            if status == "failed" && !fails {
                continue;
            }
            let number = book.number()?;
            if book.window().contains(&when) {
                let (user, currency) = (book.user(), book.asset(FIAT));
                let rows = &mut book.rows.purchases;
                rows.transaction_id.push(number);
                rows.user_id.push(user);
                rows.fiat_currency.push(currency);
                rows.fiat_amount.push(paid / CENT);
                rows.crypto_token.push(COINS[coin]);
                rows.crypto_amount.push(bought);
                rows.payment_method.push(method);
                rows.country.push(self.country);
                rows.status.push(status);
                rows.fee_usd.push(fee_usd);
                rows.created_at.push(when);
            }
            if status == "completed" {
                let moves = [
                    (Account::User, coin, bought),
                    (Account::Exchange, coin, -bought),
                    (Account::Outside, FIAT, -paid),
                    (Account::Exchange, FIAT, paid - fee),
                    (Account::Fees, FIAT, fee),
                ];
                book.post("ramp", number, when, &moves)?;
            }
        }
        Ok(at)
    }

    /// Money may go out after a trade; when that is over.
    fn withdraw(&mut self, book: &mut Book, over: i64, to: i64) -> Result<i64> {
        let has = book.has(FIAT);
        let fee = withdrawal_fee(book.asset(FIAT));
        let falls = self.world.days.falls(over);
        let wants = self.draws.chance(if falls { 0.5 } else { 0.25 });
        let share = i128::from(self.draws.between(30, 101));
        let amount = has * share / (100 * ONE) * ONE - fee;
        let room = (to - over) / 2;
        let at = over + self.draws.between(1, room.max(2));
        if !wants || amount < 50 * ONE || room < 4 {
            return Ok(over);
        }
        let created = at - micros(self.draws.exponential(HOUR as f64)).min((at - over) / 2);
        let number = book.number()?;
        if book.window().contains(&at) {
            let (user, currency) = (book.user(), book.asset(FIAT));
            let rows = &mut book.rows.withdrawals;
            rows.withdrawal_id.push(number);
            rows.user_id.push(user);
            rows.withdrawal_type.push("fiat");
            rows.currency.push(currency);
            rows.amount.push(amount);
            rows.fee.push(fee);
            rows.destination_type.push("bank_account");
            rows.tx_hash.push(None);
            rows.status.push("completed");
            rows.created_at.push(created);
            rows.completed_at.push(Some(at));
        }
        let moves = [
            (Account::User, FIAT, -(amount + fee)),
            (Account::Outside, FIAT, amount),
            (Account::Fees, FIAT, fee),
        ];
        book.post("withdrawal", number, at, &moves)?;
        Ok(at)
    }

    /// The user as the window's end sees them, if that is not how its beginning did.
    fn tell_user(&mut self, book: &mut Book) {
        let window = book.window().clone();
        let state = |at: i64, of: usize| {
            let kyc = if self.kyc.at < at { self.kyc.status } else { "pending" };
            let tier = match TIERS.iter().filter(|tier| self.volume[of] >= **tier).count() {
                0 => "starter",
                1 => "intermediate",
                _ => "pro",
            };
            let seen = self.last[of].unwrap_or(self.signup_at);
            (kyc, tier, kyc != "rejected" && seen > at - MONTH)
        };
        let now = state(window.end, 1);
        if self.signup_at < window.start && now == state(window.start, 0) {
            return;
        }
        let (kyc, tier, is_active) = now;
        let user = book.user();
        let rows = &mut book.rows.users;
        rows.user_id.push(user);
        rows.email.push(format!("user{user}@example.com"));
        rows.country.push(self.country);
        rows.kyc_status.push(kyc);
        rows.kyc_verified_at.push((kyc == "verified").then_some(self.kyc.at));
        rows.account_tier.push(tier);
        rows.is_active.push(is_active);
        rows.signup_at.push(self.signup_at);
        rows.acquisition_channel.push(self.way.channel().name);
        rows.campaign.push(self.way.campaign());
    }

    fn tell_truth(&self, book: &mut Book, started: Option<i64>) {
        let user = book.user();
        let Nature { rate, dropout, lasts, .. } = self.nature;
        let value = |days| if started.is_some() { self.nature.expected_value(days) } else { 0.0 };
        let rows = &mut book.rows.truths;
        rows.user_id.push(user);
        rows.signup_at.push(self.signup_at);
        rows.channel.push(CHANNELS[self.way.channel].name);
        rows.started_at.push(started);
        rows.rate.push(rate);
        rows.dropout.push(dropout);
        rows.mean_value.push(self.nature.mean_value());
        rows.lasts.push(lasts);
        rows.value_30d.push(value(30.0));
        rows.value_90d.push(value(90.0));
        rows.value_180d.push(value(180.0));
        rows.value_365d.push(value(365.0));
    }
}

/// A country, and the place of its currency.
fn home(draws: &mut Draws, home: f64) -> (&'static str, usize) {
    // The first country more often, or less, than its share.
    let ((country, currency), _) = match draws.chance((0.38 * home).min(1.0)) {
        true => COUNTRIES[0],
        false => {
            let others = &COUNTRIES[1..];
            (*draws.pick(others), 0)
        }
    };
    (country, FIATS.iter().position(|it| *it == currency).unwrap_or_default())
}

/// US cents, at least one.
#[allow(clippy::cast_possible_truncation)] // values are drawn far below 2⁶³
pub(super) fn cents(value: f64) -> i64 {
    ((value * 100.0 + 0.5) as i64).max(1)
}
