//! Orders, and the trades that fill them.

use super::book::{Account, Book, FIAT};
use super::life::{Deal, Life, cents};
use super::path::{COINS, FIATS};
use crate::Result;
use crate::world::{CENT, MAKER_FEE, MINUTE, ONE, SECOND, TAKER_FEE, divide, micros};

/// The names of all pairs.
const PAIRS: [[&str; FIATS.len()]; COINS.len()] = [
    ["BTC/USD", "BTC/EUR", "BTC/GBP", "BTC/CAD"],
    ["ETH/USD", "ETH/EUR", "ETH/GBP", "ETH/CAD"],
    ["SOL/USD", "SOL/EUR", "SOL/GBP", "SOL/CAD"],
    ["USDT/USD", "USDT/EUR", "USDT/GBP", "USDT/CAD"],
];

/// An order as its day's end sees it.
struct Order {
    pair: &'static str,
    coin: usize,
    side: &'static str,
    wanted: i128,
    filled: i128,
    limit: Option<i128>,
    status: &'static str,
    created: i64,
    updated: i64,
}

/// An order for what `deal` is worth, and the trades that fill it; when they are over.
pub(super) fn trade(life: &mut Life<'_>, book: &mut Book, deal: Deal) -> Result<i64> {
    let Deal { coin, buys, at, .. } = deal;
    let price = life.price(coin, at)?;
    let usd_price = i128::from(life.world.paths.usd(coin, at)?);
    let base = divide(i128::from(cents(deal.value)) * CENT * ONE, usd_price).max(1);
    let base = if buys { base } else { base.min(book.has(coin)) };
    let is_maker = life.draws.chance(0.45);
    let rate = if is_maker { MAKER_FEE } else { TAKER_FEE };
    // Several trades fill one order, soon after each other: within the minute, and before the user does
    // anything else.
    let parts = split(life, base);
    let minute_end = at - at.rem_euclid(MINUTE) + MINUTE;
    let room = (deal.to.min(minute_end) - at).max(2) / 2;
    let fills: Vec<(i64, i128, i128, i128)> = parts
        .iter()
        .zip(0..)
        .map(|(part, number)| {
            let count = i64::try_from(parts.len()).unwrap_or(1);
            let quote = divide(part * price, ONE);
            (at + room * number / count, *part, quote, divide(quote * rate, 10_000))
        })
        .collect();
    let over = fills.last().map_or(at, |fill| fill.0);
    // Of some limit orders the rest is taken back.
    let partial = is_maker && life.draws.chance(0.1);
    let rest = if partial { divide(base * i128::from(life.draws.between(10, 90)), 100) } else { 0 };
    let rest = if buys { rest } else { rest.min(book.has(coin) - base) };
    // All that is asked for can be paid when it is asked for.
    let rest_quote = divide(rest * price, ONE);
    let cost: i128 = fills.iter().map(|(_, _, quote, fee)| quote + fee).sum::<i128>()
        + rest_quote
        + divide(rest_quote * rate, 10_000);
    if buys && book.has(FIAT) < cost {
        life.deposit(book, cost - book.has(FIAT), &deal)?;
    }
    let waits = micros(life.draws.exponential(20.0 * MINUTE as f64)).min((at - deal.from) / 4);
    let created = if is_maker { waited(life, coin, price, buys, at, waits)? } else { at };
    let order = Order {
        pair: PAIRS[coin][life.fiat],
        coin,
        side: if buys { "buy" } else { "sell" },
        wanted: base + rest,
        filled: base,
        limit: is_maker.then_some(price),
        status: if partial && rest > 0 { "partially_filled" } else { "filled" },
        created,
        updated: over,
    };
    let id = tell(book, &order)?;
    for (when, part, quote, fee) in fills {
        let number = book.number()?;
        if book.window().contains(&when) {
            let (user, currency) = (book.user(), book.asset(FIAT));
            let rows = &mut book.rows.trades;
            rows.trade_id.push(number);
            rows.order_id.push(id);
            rows.user_id.push(user);
            rows.trading_pair.push(order.pair);
            rows.side.push(order.side);
            rows.base_currency.push(COINS[coin]);
            rows.quote_currency.push(currency);
            rows.base_amount.push(part);
            rows.quote_amount.push(quote);
            rows.price.push(price);
            rows.fee_amount.push(fee);
            rows.fee_currency.push(currency);
            rows.is_maker.push(is_maker);
            rows.executed_at.push(when);
        }
        let (gets, gives) = if buys { (part, -(quote + fee)) } else { (-part, quote - fee) };
        let moves = [
            (Account::User, coin, gets),
            (Account::Exchange, coin, -gets),
            (Account::User, FIAT, gives),
            (Account::Exchange, FIAT, if buys { quote } else { -quote }),
            (Account::Fees, FIAT, fee),
        ];
        book.post("trade", number, when, &moves)?;
    }
    stray(life, book, coin, over, deal.to)
}

/// An order that nobody meets, and that is taken back; when that is over.
fn stray(life: &mut Life<'_>, book: &mut Book, coin: usize, over: i64, to: i64) -> Result<i64> {
    let wants = life.draws.chance(0.3);
    let room = (to - over) / 4;
    if !wants || room < 4 * SECOND || book.has(coin) < 1_000 {
        return Ok(over);
    }
    // A coin for more than anybody gives today.
    let day_high = life.day_high(coin, over)?;
    let limit = divide(day_high * i128::from(life.draws.between(102, 125)), 100);
    let wanted = divide(book.has(coin) * i128::from(life.draws.between(10, 91)), 100).max(1);
    let created = over + life.draws.between(1, room);
    let updated = created + life.draws.between(1, room);
    let status = if life.draws.chance(0.8) { "cancelled" } else { "expired" };
    let order = Order {
        pair: PAIRS[coin][life.fiat],
        coin,
        side: "sell",
        wanted,
        filled: 0,
        limit: Some(limit),
        status,
        created,
        updated,
    };
    tell(book, &order)?;
    Ok(updated)
}

/// Since when a limit order waits that is filled at `at`: the market was on the other side all the time.
fn waited(
    life: &Life<'_>,
    coin: usize,
    limit: i128,
    buys: bool,
    at: i64,
    most: i64,
) -> Result<i64> {
    let mut minute = at - at.rem_euclid(MINUTE);
    while minute > at - most {
        let price = life.price(coin, minute - MINUTE)?;
        if if buys { price <= limit } else { price >= limit } {
            break;
        }
        minute -= MINUTE;
    }
    Ok(minute.max(at - most).min(at))
}

/// Up to four parts of an amount.
fn split(life: &mut Life<'_>, amount: i128) -> Vec<i128> {
    let count = 1 + [0.6, 0.85, 0.95].iter().filter(|it| life.draws.unit() > **it).count();
    let mut left = amount;
    let mut parts = Vec::with_capacity(count);
    for _ in 1..count {
        let part = divide(left * i128::from(life.draws.between(20, 81)), 100);
        if part > 0 && part < left {
            parts.push(part);
            left -= part;
        }
    }
    parts.push(left);
    parts
}

fn tell(book: &mut Book, order: &Order) -> Result<i64> {
    let number = book.number()?;
    if book.window().contains(&order.created) {
        let (user, currency) = (book.user(), book.asset(FIAT));
        let rows = &mut book.rows.orders;
        rows.order_id.push(number);
        rows.user_id.push(user);
        rows.trading_pair.push(order.pair);
        rows.side.push(order.side);
        rows.order_type.push(if order.limit.is_some() { "limit" } else { "market" });
        rows.base_currency.push(COINS[order.coin]);
        rows.quote_currency.push(currency);
        rows.base_amount.push(order.wanted);
        rows.filled_amount.push(order.filled);
        rows.limit_price.push(order.limit);
        rows.status.push(order.status);
        rows.created_at.push(order.created);
        rows.updated_at.push(order.updated);
    }
    Ok(number)
}
