//! Deposits, withdrawals, card purchases and chargebacks.

use tidegauge_core::fees;

use super::assets::{COINS, FIATS, code};
use super::book::FIAT;
use super::life::{CARD_LIMIT, DOLLAR, Deal, Life};
use super::names::{Account, DepositBy, Destination, Event, Kind, Method, Reason, Transfer};
use super::rows::{ChargebackRow, DepositRow, Purchase, WithdrawalRow};
use super::{chain, device, narrow};
use crate::Result;
use crate::draw::{Draws, Stream};
use crate::world::{CENT, DAY, HOUR, MINUTE, ONE, divide, micros, withdrawal_fee};

/// One unit of any asset, and one cent, in 10⁻⁸.
const UNIT: i64 = 100_000_000;
const PENNY: i64 = UNIT / 100;

/// Payment methods of card purchases, and their weights.
const METHODS: [(Method, u32); 3] =
    [(Method::Card, 2), (Method::ApplePay, 1), (Method::GooglePay, 1)];

/// Deposits at least `short`, in 10⁻⁸, ahead of a trade that lacks this balance.
pub(super) fn deposit(life: &mut Life<'_>, kind: usize, short: i64, deal: &Deal) -> Result<()> {
    let more = i128::from(short) * i128::from(life.draws.between(100, 160)) / 100;
    let more = narrow(more, life)?;
    let amount = match kind {
        // Fiat deposits are rounded up to multiples of ten.
        FIAT => (more.max(short) + 10 * UNIT - 1) / (10 * UNIT) * (10 * UNIT),
        _ => more.max(short),
    };
    // The deposit completes before the order is placed, which happens in the last quarter.
    let between = deal.at - deal.from;
    let at = deal.from + life.draws.between(between / 4, between / 2);
    // Two thirds of the US dollar limit is within the limit in every currency.
    let by_bank = life.draws.chance(0.6) || amount / PENNY > CARD_LIMIT / 3 * 2;
    let (by, lead) = match (kind, by_bank) {
        (FIAT, true) => (DepositBy::Bank, 20.0 * HOUR as f64),
        (FIAT, false) => (DepositBy::Card, MINUTE as f64),
        _ => (DepositBy::Blockchain, 40.0 * MINUTE as f64),
    };
    let checked_at = life.signup.checked_at;
    let created = (at - micros(life.draws.exponential(lead)) - 1).max(checked_at);
    if life.draws.chance(0.04) && kind == FIAT {
        // A failed attempt may precede the successful deposit.
        let tried = created.saturating_sub(life.draws.between(MINUTE, HOUR)).max(checked_at);
        tell_deposit(life, kind, amount, by, (tried, None), at)?;
    }
    let number = tell_deposit(life, kind, amount, by, (created, Some(at)), at)?;
    let moves = [(Account::User, kind, amount), (Account::Outside, kind, -amount)];
    life.book.post(Event::Deposit, number, at, &moves)
}

/// Writes a deposit row on the day of `at`, when the outcome is known. Returns the row's id.
fn tell_deposit(
    life: &mut Life<'_>,
    kind: usize,
    amount: i64,
    by: DepositBy,
    (created_at, completed_at): (i64, Option<i64>),
    at: i64,
) -> Result<i64> {
    let number = life.book.number()?;
    if life.book.tells(at) {
        let coin = COINS.get(kind);
        let confirmations = 6 + number % 30;
        let status = if completed_at.is_some() { Transfer::Completed } else { Transfer::Failed };
        let row = DepositRow {
            deposit_id: number,
            user_id: life.book.user(),
            deposit_type: coin.map_or(Kind::Fiat, |_| Kind::Crypto) as u8,
            currency: life.book.asset(kind),
            amount: amount.into(),
            payment_method: by as u8,
            status: status as u8,
            blockchain_confirmations: coin.map(|_| confirmations),
            created_at,
            completed_at,
            tx_hash: coin.map(|coin| chain::hash(&mut written(life, number), coin)),
        };
        life.book.rows.deposits.push(row);
    }
    Ok(number)
}

/// Creates the random stream of a transaction hash, which does not affect any other draw.
fn written(life: &Life<'_>, number: i64) -> Draws {
    // An id is longer than an entity number, so the id goes into the seed.
    let seed = life.world.seed.wrapping_add(number.unsigned_abs());
    Draws::of(seed, Stream::Written, life.signup.id.unsigned_abs())
}

/// Buys a coin by card without an order. Returns the time of the purchase.
pub(super) fn purchase(life: &mut Life<'_>, deal: &Deal, coin: usize) -> Result<i64> {
    let Deal { at, from, .. } = *deal;
    let usd = narrow(i128::from(deal.cents) * CENT, life)?;
    let paid = (life.in_own(usd, at)? / PENNY).max(1);
    let fee = narrow(fees::of_purchase(paid.into()), life)?;
    let bought = i128::from((paid - fee) * PENNY) * ONE;
    let bought = narrow(divide(bought, life.price(coin, at)?.into()), life)?;
    let fee_usd = fees::of_purchase(deal.cents.into());
    let method = *life.draws.pick(&METHODS);
    let tried = at - life.draws.between(1, ((at - from) / 2).clamp(2, HOUR));
    let fails = life.draws.chance(0.1) && tried > from;
    let undone = match (life.signup.ring, life.draws.unit()) {
        (Some(_), chance) if chance < 0.9 => Some((Reason::Fraud, 20, 45)),
        (None, chance) if chance < 0.002 && method == Method::Card => {
            Some((Reason::Dispute, 10, 60))
        }
        _ => None,
    };
    for (status, when) in [(Transfer::Failed, tried), (Transfer::Completed, at)] {
        if status == Transfer::Failed && !fails {
            continue;
        }
        let number = life.book.number()?;
        if life.book.tells(when) {
            let card = (method == Method::Card).then(|| card(life, number));
            life.book.rows.purchases.push(Purchase {
                transaction_id: number,
                user_id: life.book.user(),
                fiat_currency: code(life.fiat),
                fiat_amount: paid.into(),
                crypto_token: code(coin),
                crypto_amount: bought.into(),
                payment_method: method as u8,
                country: code(life.signup.country),
                status: status as u8,
                fee_usd,
                created_at: when,
                card,
            });
        }
        if status == Transfer::Completed {
            let moves = [
                (Account::User, coin, bought),
                (Account::Exchange, coin, -bought),
                (Account::Outside, FIAT, -paid * PENNY),
                (Account::Exchange, FIAT, (paid - fee) * PENNY),
                (Account::Fees, FIAT, fee * PENNY),
            ];
            life.book.post(Event::Ramp, number, when, &moves)?;
            if let Some((reason, least, most)) = undone {
                let then = at + life.draws.between(least * DAY, most * DAY);
                undo(life, number, paid, reason, then)?;
            }
        }
    }
    Ok(at)
}

/// Returns the card of a purchase: the user's own, or one of many stolen cards in a fraud ring.
fn card(life: &Life<'_>, number: i64) -> String {
    let owner = match life.signup.ring {
        Some(_) => (1 << 40) + number.unsigned_abs() % 1_009,
        None => life.signup.id.unsigned_abs(),
    };
    device::card(&mut Draws::of(life.world.seed, Stream::Card, owner))
}

/// Reverses a purchase by chargeback: the exchange refunds the payment and loses the coins.
fn undo(life: &mut Life<'_>, purchase: i64, paid: i64, reason: Reason, at: i64) -> Result<()> {
    let number = life.book.number()?;
    if life.book.tells(at) {
        life.book.rows.chargebacks.push(ChargebackRow {
            chargeback_id: number,
            transaction_id: purchase,
            user_id: life.book.user(),
            currency: code(life.fiat),
            amount: paid.into(),
            reason: reason as u8,
            created_at: at,
        });
    }
    let moves = [(Account::Exchange, FIAT, -paid * PENNY), (Account::Outside, FIAT, paid * PENNY)];
    life.book.post(Event::Chargeback, number, at, &moves)
}

/// Withdraws fiat, and occasionally coins, after a trade. Returns the time of the last event.
pub(super) fn leave(life: &mut Life<'_>, coin: usize, over: i64, to: i64) -> Result<i64> {
    let falls = life.world.clock.falls(over);
    let wants = life.draws.chance(if falls { 0.5 } else { 0.25 });
    let share = life.draws.between(30, 101);
    let sends = life.draws.chance(if falls { 0.1 } else { 0.05 });
    let fee = fee(FIATS[life.fiat]);
    let amount = life.book.has(FIAT) / (100 * UNIT) * share * UNIT - fee;
    let over = match wants && amount >= 50 * UNIT {
        true => withdraw(life, FIAT, amount, fee, over, to)?,
        false => over,
    };
    match sends && life.worth(coin, over)? > 100 * DOLLAR {
        true => send(life, coin, share, over, to),
        false => Ok(over),
    }
}

/// Withdraws `share` percent of a coin's balance. Returns the time of the last event.
pub(super) fn send(
    life: &mut Life<'_>,
    coin: usize,
    share: i64,
    over: i64,
    to: i64,
) -> Result<i64> {
    let fee = fee(COINS[coin]);
    let amount = life.book.has(coin) / 100 * share - fee;
    match amount > fee {
        true => withdraw(life, coin, amount, fee, over, to),
        false => Ok(over),
    }
}

fn withdraw(
    life: &mut Life<'_>,
    kind: usize,
    amount: i64,
    fee: i64,
    over: i64,
    to: i64,
) -> Result<i64> {
    let room = (to - over) / 2;
    let at = over + life.draws.between(1, room.max(2));
    if room < 4 {
        return Ok(over);
    }
    let created = at - micros(life.draws.exponential(HOUR as f64)).min((at - over) / 2);
    let cancelled = life.draws.chance(0.03);
    let number = life.book.number()?;
    if life.book.tells(at) {
        let coin = COINS.get(kind).filter(|_| !cancelled);
        let is_coin = kind < FIAT;
        let row = WithdrawalRow {
            withdrawal_id: number,
            user_id: life.book.user(),
            withdrawal_type: if is_coin { Kind::Crypto } else { Kind::Fiat } as u8,
            currency: life.book.asset(kind),
            amount: amount.into(),
            fee: fee.into(),
            destination_type: if is_coin { Destination::Wallet } else { Destination::Bank } as u8,
            tx_hash: coin.map(|coin| chain::hash(&mut written(life, number), coin)),
            status: if cancelled { Transfer::Cancelled } else { Transfer::Completed } as u8,
            created_at: created,
            completed_at: (!cancelled).then_some(at),
            address: COINS.get(kind).map(|coin| address(life, coin)),
        };
        life.book.rows.withdrawals.push(row);
    }
    if !cancelled {
        let moves = [
            (Account::User, kind, -(amount + fee)),
            (Account::Outside, kind, amount),
            (Account::Fees, kind, fee),
        ];
        life.book.post(Event::Withdrawal, number, at, &moves)?;
    }
    Ok(at)
}

/// Returns the withdrawal address of a coin: one wallet per user, and one per fraud ring.
fn address(life: &Life<'_>, coin: &str) -> String {
    let owner = match life.signup.ring {
        Some(ring) => (1 << 47) + ring as u64,
        None => life.signup.id.unsigned_abs(),
    };
    chain::address(&mut Draws::of(life.world.seed, Stream::Wallet, owner), coin)
}

fn fee(currency: &str) -> i64 {
    i64::try_from(withdrawal_fee(currency)).unwrap_or(i64::MAX)
}
