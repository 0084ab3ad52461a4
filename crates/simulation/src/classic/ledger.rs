//! One user's first ninety days, in the order of time, against a balance that never goes below
//! zero.

use tidegauge_core::Crypto;
use tidegauge_core::tables::{Deposit, Order, Trade, Withdrawal};

use super::people::Person;
use super::plan::Plan;
use crate::draw::{Draws, Stream};
use crate::market::Market;
use crate::world::{
    self, CENT, COINS, DAY, HOUR, MAKER_FEE, MINUTE, ONE, SECOND, TAKER_FEE, day_of, divide,
    micros, time_of, to_cents, units, withdrawal_fee,
};
use crate::{Error, Result};

/// The rows of one user. Ids are given when everybody's are together; until then an order's is
/// its index here, and so is that of its trades.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) deposits: Vec<Deposit>,
    pub(super) withdrawals: Vec<Withdrawal>,
    pub(super) orders: Vec<Order>,
    pub(super) trades: Vec<Trade>,
}

/// Amounts are whole multiples of 10⁻⁶, as exchanges have it.
const LOT: i128 = 100;

/// What is to be done at a moment.
enum Act {
    Credit(Deposit),
    Order(&'static str),
    Withdraw(&'static str),
}

struct Ledger<'a> {
    person: &'a Person,
    market: &'a Market,
    draws: Draws,
    /// Nothing is completed at or after this moment.
    end: i64,
    /// What the user holds, in 10⁻⁸: their fiat currency first, then the coins.
    wallet: [(&'static str, i128); 5],
    rows: Rows,
}

/// Plays one user's plan.
pub(super) fn play(
    seed: u64,
    person: &Person,
    plan: &Plan,
    market: &Market,
    end: i64,
) -> Result<Rows> {
    let Some(verified_at) = person.verified_at.filter(|_| !plan.deposits.is_empty()) else {
        return Ok(Rows::default());
    };
    let [a, b, c, d] = COINS;
    let mut ledger = Ledger {
        person,
        market,
        draws: Draws::of(seed, Stream::Ledger, person.row.user_id.unsigned_abs()),
        end,
        wallet: [(person.currency, 0), (a.0, 0), (b.0, 0), (c.0, 0), (d.0, 0)],
        rows: Rows::default(),
    };
    let acts = ledger.schedule(plan, verified_at, person.lapses_at.min(end))?;
    for (at, (time, act)) in acts.iter().enumerate() {
        let next = acts.get(at + 1).map_or(end, |(time, _)| *time);
        match act {
            Act::Credit(deposit) => ledger.credit(deposit),
            Act::Order(status) => ledger.order(*time, next, status)?,
            Act::Withdraw(status) => ledger.withdraw(*time, status)?,
        }
    }
    Ok(ledger.rows)
}

impl Ledger<'_> {
    /// When everything is done, in order. The first deposit comes before all else.
    fn schedule(&mut self, plan: &Plan, from: i64, to: i64) -> Result<Vec<(i64, Act)>> {
        let fifth = (to - from) / 5;
        let mut acts = Vec::new();
        let mut funded_at = from;
        for (at, status) in plan.deposits.iter().enumerate() {
            let created = if at == 0 {
                from + self.draws.between(0, fifth)
            } else {
                self.draws.between(funded_at, to - fifth)
            };
            let deposit = self.deposit(created, fifth, status)?;
            match deposit.completed_at {
                Some(time) => {
                    let time = time.timestamp_micros();
                    if at == 0 {
                        funded_at = time;
                    }
                    acts.push((time, Act::Credit(deposit)));
                }
                None => self.rows.deposits.push(deposit),
            }
        }
        for status in &plan.orders {
            acts.push((self.draws.between(funded_at + 1, to - SECOND), Act::Order(status)));
        }
        for status in &plan.withdrawals {
            acts.push((self.draws.between(funded_at + 1, to - SECOND), Act::Withdraw(status)));
        }
        acts.sort_by_key(|(time, _)| *time); // stable: equal times stay as they were drawn
        Ok(acts)
    }

    fn deposit(&mut self, created: i64, longest: i64, status: &str) -> Result<Deposit> {
        let value = self.draws.log_normal(700.0 * self.person.purse, 1.0).clamp(200.0, 500_000.0);
        let dollars = units(value, CENT);
        let crypto = self.draws.chance(0.2);
        let (currency, amount, method, delay) = if crypto {
            let coin = *self.draws.pick(&COINS);
            let price = self.market.price(coin, "USD", created)?;
            let amount = dollars * ONE / price / LOT * LOT;
            (coin, amount, "blockchain", self.draws.between(10 * MINUTE, HOUR))
        } else {
            let currency = self.person.currency;
            let price = self.market.to_usd(ONE, currency, day_of(created))?;
            let amount = to_cents(dollars * ONE / price);
            if self.draws.chance(0.6) {
                (currency, amount, "bank_transfer", self.draws.between(2 * HOUR, 20 * HOUR))
            } else {
                (currency, amount, "card", self.draws.between(MINUTE, 5 * MINUTE))
            }
        };
        let completed = status == "completed";
        let confirmations = self.draws.between(0, 3) + if completed { 6 } else { 0 };
        Ok(Deposit {
            deposit_id: 0,
            user_id: self.person.row.user_id,
            deposit_type: if crypto { "crypto" } else { "fiat" }.into(),
            currency: currency.into(),
            amount: Crypto::from_units(amount),
            payment_method: method.into(),
            status: status.into(),
            blockchain_confirmations: crypto.then_some(confirmations),
            created_at: time_of(created),
            completed_at: completed.then(|| time_of(created + delay.min(longest - 1).max(0))),
        })
    }

    fn credit(&mut self, deposit: &Deposit) {
        self.add(&deposit.currency, deposit.amount.units());
        self.rows.deposits.push(deposit.clone());
    }

    fn add(&mut self, currency: &str, amount: i128) {
        for (held, balance) in &mut self.wallet {
            if *held == currency {
                *balance += amount;
            }
        }
    }

    fn balance(&self, currency: &str) -> i128 {
        self.wallet.iter().find(|(held, _)| *held == currency).map_or(0, |(_, balance)| *balance)
    }

    /// One of the user's holdings, likelier the more it is worth, with its worth in US dollars.
    fn holding(&mut self, at: i64) -> Result<(&'static str, f64)> {
        let mut worth = Vec::with_capacity(self.wallet.len());
        for (currency, balance) in self.wallet {
            let dollars = if currency == self.person.currency {
                self.market.to_usd(balance, currency, day_of(at))?
            } else {
                balance * self.market.price(currency, "USD", at)? / ONE
            };
            worth.push((currency, Crypto::from_units(dollars).to_f64()));
        }
        let total: f64 = worth.iter().map(|(_, dollars)| dollars).sum();
        let mut left = self.draws.unit() * total;
        let richest =
            worth.iter().copied().fold(("", 0.0), |best, it| if it.1 > best.1 { it } else { best });
        let drawn = worth.into_iter().find(|(_, dollars)| {
            left -= dollars;
            left < 0.0
        });
        Ok(drawn.filter(|(_, dollars)| *dollars >= 10.0).unwrap_or(richest))
    }

    fn order(&mut self, at: i64, next: i64, status: &str) -> Result<()> {
        let fills = matches!(status, "filled" | "partially_filled");
        if fills { self.filled_order(at, next, status) } else { self.unfilled_order(at, status) }
    }

    fn filled_order(&mut self, at: i64, next: i64, status: &str) -> Result<()> {
        let (holding, worth) = self.holding(at)?;
        let quote = self.person.currency;
        let buys = holding == quote;
        let coin = if buys { *self.draws.pick(&COINS) } else { holding };
        let limit = status == "partially_filled" || self.draws.chance(0.45);
        let maker = limit && self.draws.chance(0.7);
        // Fills lie before whatever the user does next, and within the day whose prices they have.
        let day_end = world::midnight(day_of(at)) + DAY - 1;
        let patience = if limit { 2 * HOUR } else { 2 * SECOND };
        let room = (next.min(day_end).min(at + patience) - at).max(0);
        let parts = *self.draws.pick(&[(1i64, 60), (2, 25), (3, 15)]);
        let share = self.draws.uniform(0.1, 0.6).max((5.0 / worth).min(0.9));
        let budget = units(Crypto::from_units(self.balance(holding)).to_f64() * share, 1);
        let order = self.rows.orders.len();
        let (mut filled, mut last, mut worst) = (0, at, None::<i128>);
        for part in 1..=parts {
            let time = at + room * part / (parts + 1);
            let price = match worst.filter(|_| maker) {
                Some(resting) => resting,
                None => self.market.price(coin, quote, time)?,
            };
            let spend = budget / i128::from(parts);
            let base = if buys { spend * ONE / price } else { spend } / LOT * LOT;
            let base = base.max(LOT);
            let amount = to_cents(divide(base * price, ONE));
            let fee = to_cents(divide(amount * if maker { MAKER_FEE } else { TAKER_FEE }, 10_000));
            let affordable = if buys {
                self.balance(quote) >= amount + fee
            } else {
                self.balance(coin) >= base && self.balance(quote) + amount >= fee
            };
            if !affordable {
                break;
            }
            let sign = if buys { 1 } else { -1 };
            self.add(coin, sign * base);
            self.add(quote, -sign * amount - fee);
            (filled, last) = (filled + base, time);
            worst = Some(match worst {
                Some(worst) if buys => worst.max(price),
                Some(worst) => worst.min(price),
                None => price,
            });
            self.rows.trades.push(Trade {
                trade_id: 0,
                order_id: i64::try_from(order).unwrap_or(i64::MAX),
                user_id: self.person.row.user_id,
                trading_pair: format!("{coin}/{quote}"),
                side: if buys { "buy" } else { "sell" }.into(),
                base_currency: coin.into(),
                quote_currency: quote.into(),
                base_amount: Crypto::from_units(base),
                quote_amount: Crypto::from_units(amount),
                price: Crypto::from_units(price),
                fee_amount: Crypto::from_units(fee),
                fee_currency: quote.into(),
                is_maker: maker,
                executed_at: time_of(time),
            });
        }
        let Some(worst) = worst else {
            return Err(Error::Impossible { user: self.person.row.user_id, what: "trade" });
        };
        let wanted = if status == "filled" {
            filled
        } else {
            let rest = Crypto::from_units(filled).to_f64() * self.draws.uniform(0.2, 2.0);
            filled + units(rest, LOT).max(LOT)
        };
        let slack = if maker { 0 } else { worst * i128::from(self.draws.between(10, 50)) / 10_000 };
        let limit_price = limit.then(|| if buys { worst + slack } else { worst - slack });
        self.push_order(at, coin, buys, wanted, filled, limit_price, status, last);
        Ok(())
    }

    fn unfilled_order(&mut self, at: i64, status: &str) -> Result<()> {
        let coin = *self.draws.pick(&COINS);
        let buys = self.draws.chance(0.55);
        let price = self.market.price(coin, self.person.currency, at)?;
        let size = self.draws.log_normal(250.0 * self.person.purse, 0.8);
        let base = (units(size, CENT) * ONE / price / LOT * LOT).max(LOT);
        // A cancelled order may have been a market order that found nobody; the rest wait.
        let limit = status != "cancelled" || self.draws.chance(0.9);
        let away = price * i128::from(self.draws.between(200, 1_500)) / 10_000;
        let limit_price = limit.then(|| if buys { price - away } else { price + away });
        let longest = match status {
            "cancelled" => self.draws.between(MINUTE, 2 * DAY),
            "expired" => 7 * DAY,
            _ => 0,
        };
        let updated = at + longest.min((self.end - at) / 2);
        self.push_order(at, coin, buys, base, 0, limit_price, status, updated);
        Ok(())
    }

    #[allow(clippy::too_many_arguments)] // one call a kind of order, all values at hand
    fn push_order(
        &mut self,
        at: i64,
        coin: &str,
        buys: bool,
        wanted: i128,
        filled: i128,
        limit_price: Option<i128>,
        status: &str,
        updated: i64,
    ) {
        let quote = self.person.currency;
        self.rows.orders.push(Order {
            order_id: 0,
            user_id: self.person.row.user_id,
            trading_pair: format!("{coin}/{quote}"),
            side: if buys { "buy" } else { "sell" }.into(),
            order_type: if limit_price.is_some() { "limit" } else { "market" }.into(),
            base_currency: coin.into(),
            quote_currency: quote.into(),
            base_amount: Crypto::from_units(wanted),
            filled_amount: Crypto::from_units(filled),
            limit_price: limit_price.map(Crypto::from_units),
            status: status.into(),
            created_at: time_of(at),
            updated_at: time_of(updated),
        });
    }

    fn withdraw(&mut self, at: i64, status: &str) -> Result<()> {
        let (currency, _) = self.holding(at)?;
        let fiat = currency == self.person.currency;
        let fee = withdrawal_fee(currency);
        let spare = self.balance(currency) - fee;
        let share = self.draws.uniform(0.05, 0.25);
        let drawn = units(Crypto::from_units(spare.max(0)).to_f64() * share, 1);
        let amount = if fiat { to_cents(drawn).max(CENT) } else { (drawn / LOT * LOT).max(LOT) };
        if spare < amount {
            return Err(Error::Impossible { user: self.person.row.user_id, what: "withdraw" });
        }
        let completed = status == "completed";
        if completed {
            self.add(currency, -amount - fee);
        }
        let longest = if fiat { 24 * HOUR } else { HOUR };
        let delay = micros(self.draws.uniform(0.1, 1.0) * longest as f64);
        let hash = [(); 4].map(|()| format!("{:016x}", self.draws.bits())).concat();
        let prefix = if currency == "BTC" { "" } else { "0x" };
        self.rows.withdrawals.push(Withdrawal {
            withdrawal_id: 0,
            user_id: self.person.row.user_id,
            withdrawal_type: if fiat { "fiat" } else { "crypto" }.into(),
            currency: currency.into(),
            amount: Crypto::from_units(amount),
            fee: Crypto::from_units(fee),
            destination_type: if fiat { "bank_account" } else { "wallet" }.into(),
            tx_hash: (completed && !fiat).then(|| format!("{prefix}{hash}")),
            status: status.into(),
            created_at: time_of(at),
            completed_at: completed.then(|| time_of(at + delay.min((self.end - at) / 2))),
        });
        Ok(())
    }
}
