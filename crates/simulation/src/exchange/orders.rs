//! Orders, and the trades that fill them.

use super::assets::{code, pair};
use super::book::FIAT;
use super::life::{Deal, Life};
use super::names::{Account, Event, OrderStatus, OrderType, Side};
use super::rows::{OrderRow, TradeRow};
use super::{money, narrow};
use crate::Result;
use crate::world::{CENT, MINUTE, ONE, SECOND, TAKER_FEE, divide, micros};

/// Maximum number of trades per order.
const MOST: usize = 4;

/// Probability that a user sells a sufficient coin balance, and that a user without one deposits coins to
/// sell.
const SELLS: f64 = 0.4;
const BRINGS: f64 = 0.05;

/// Probability that an order is a maker order.
pub(super) const MAKERS: f64 = 0.45;

/// An order as of the end of its day.
struct Asked {
    coin: usize,
    side: Side,
    wanted: i64,
    filled: i64,
    limit: Option<i64>,
    status: OrderStatus,
    created: i64,
    updated: i64,
}

/// Places an order of the value of `deal` and executes the trades that fill it. Returns the time of the last
/// event.
pub(super) fn trade(life: &mut Life<'_>, deal: &Deal, coin: usize) -> Result<i64> {
    let at = deal.at;
    let (side, coin) = side(life, deal, coin)?;
    let (price, usd_price) = (life.price(coin, at)?, life.world.prices.usd(coin, at)?);
    let usd = i128::from(deal.cents) * CENT;
    let mut base = narrow(divide(usd * ONE, usd_price.into()), life)?.max(1);
    if side == Side::Sell {
        base = base.min(life.book.has(coin));
    }
    let is_maker = life.draws.chance(MAKERS);
    // The remainder of some limit orders is cancelled.
    let rest = match is_maker && life.draws.chance(0.1) {
        true => part(base, life.draws.between(10, 90)),
        false => 0,
    };
    let (parts, count) = split(life, base);
    let rest = match side {
        Side::Buy => rest,
        Side::Sell => rest.min(life.book.has(coin) - base),
    };
    let wanted = narrow(i128::from(base) + i128::from(rest), life)?;
    if side == Side::Buy {
        // The balance must cover the whole order at the highest fee when the order is placed.
        let quote = divide(i128::from(wanted) * i128::from(price), ONE);
        let cost = narrow(quote + divide(quote * TAKER_FEE, 10_000), life)? + 8;
        if life.book.has(FIAT) < cost {
            money::deposit(life, FIAT, cost - life.book.has(FIAT), deal)?;
        }
    }
    // The trades of one order follow each other within the minute, before the user's next event.
    let minute_end = at - at.rem_euclid(MINUTE) + MINUTE;
    let step = (deal.to.min(minute_end) - at) / 8;
    let over = at + step * i64::try_from(count - 1).unwrap_or(0);
    let waits = micros(life.draws.exponential(20.0 * MINUTE as f64)).min((at - deal.from) / 4);
    let created = if is_maker { waited(life, coin, side, at, waits)? } else { at };
    let order = tell(
        life,
        &Asked {
            coin,
            side,
            wanted,
            filled: base,
            limit: is_maker.then_some(price),
            status: if rest > 0 { OrderStatus::PartiallyFilled } else { OrderStatus::Filled },
            created,
            updated: over,
        },
    )?;
    let mut when = at;
    for (number, part) in parts[..count].iter().enumerate() {
        // In the last microseconds of a minute or day, the trades are simultaneous.
        when = at + step * i64::try_from(number).unwrap_or(0);
        fill(life, &Fill { order, coin, side, base: *part, price, usd_price, is_maker, at: when })?;
    }
    stray(life, coin, when, deal.to)
}

/// Returns the side and the coin of an order.
fn side(life: &mut Life<'_>, deal: &Deal, coin: usize) -> Result<(Side, usize)> {
    let mut sells = None;
    for held in 0..FIAT {
        if life.worth(held, deal.at)? > deal.cents && life.draws.chance(SELLS) {
            sells = Some(held);
        }
    }
    if let Some(held) = sells {
        return Ok((Side::Sell, held));
    }
    if !life.draws.chance(BRINGS) {
        return Ok((Side::Buy, coin));
    }
    let price = life.world.prices.usd(coin, deal.at)?;
    let needs = divide(i128::from(deal.cents) * CENT * ONE, price.into());
    let short = narrow(needs, life)?.max(1) + 1 - life.book.has(coin);
    if short > 0 {
        money::deposit(life, coin, short, deal)?;
    }
    Ok((Side::Sell, coin))
}

/// One execution of an order.
struct Fill {
    order: i64,
    coin: usize,
    side: Side,
    base: i64,
    price: i64,
    usd_price: i64,
    is_maker: bool,
    at: i64,
}

fn fill(life: &mut Life<'_>, fill: &Fill) -> Result<()> {
    let Fill { order, coin, side, base, price, usd_price, is_maker, at } = *fill;
    let quote = divide(i128::from(base) * i128::from(price), ONE);
    let fee = narrow(divide(quote * life.fee_rate(at, is_maker), 10_000), life)?;
    let quote = narrow(quote, life)?;
    life.traded(at, narrow(divide(i128::from(base) * i128::from(usd_price), ONE), life)?);
    let number = life.book.number()?;
    let currency = code(life.fiat);
    if life.book.tells(at) {
        life.book.rows.trades.push(TradeRow {
            trade_id: number,
            order_id: order,
            user_id: life.book.user(),
            trading_pair: pair(coin, life.fiat),
            side: side as u8,
            base_currency: code(coin),
            quote_currency: currency,
            base_amount: base.into(),
            quote_amount: quote.into(),
            price: price.into(),
            fee_amount: fee.into(),
            fee_currency: currency,
            is_maker,
            executed_at: at,
        });
    }
    let (gets, gives, paid) = match side {
        Side::Buy => (base, -(quote + fee), quote),
        Side::Sell => (-base, quote - fee, -quote),
    };
    let moves = [
        (Account::User, coin, gets),
        (Account::Exchange, coin, -gets),
        (Account::User, FIAT, gives),
        (Account::Exchange, FIAT, paid),
        (Account::Fees, FIAT, fee),
    ];
    life.book.post(Event::Trade, number, at, &moves)
}

/// Places a sell order that is never filled, with some probability. Returns the time at which it ends.
fn stray(life: &mut Life<'_>, coin: usize, over: i64, to: i64) -> Result<i64> {
    let wants = life.draws.chance(0.3);
    let room = (to - over) / 4;
    let has = life.book.has(coin);
    if !wants || room < 4 * SECOND || has < 1_000 {
        return Ok(over);
    }
    // A limit above the day's high is never reached.
    let high = life.in_own(life.world.prices.high(coin, over)?, over)?;
    let limit = part(high, life.draws.between(102, 125));
    let wanted = part(has, life.draws.between(10, 91)).max(1);
    let created = over + life.draws.between(1, room);
    let updated = created + life.draws.between(1, room);
    let cancelled = life.draws.chance(0.8);
    let status = if cancelled { OrderStatus::Cancelled } else { OrderStatus::Expired };
    let (side, limit) = (Side::Sell, Some(limit));
    let order = Asked { coin, side, wanted, filled: 0, limit, status, created, updated };
    tell(life, &order)?;
    Ok(updated)
}

/// Returns the time since which a limit order filled at `at` has been resting without the market reaching its
/// limit.
fn waited(life: &Life<'_>, coin: usize, side: Side, at: i64, most: i64) -> Result<i64> {
    let prices = &life.world.prices;
    let mut minute = at - at.rem_euclid(MINUTE);
    let limit = prices.usd(coin, at)?;
    while minute > at - most {
        let price = prices.usd(coin, minute - MINUTE)?;
        let is_met = match side {
            Side::Buy => price <= limit,
            Side::Sell => price >= limit,
        };
        if is_met {
            break;
        }
        minute -= MINUTE;
    }
    Ok(minute.max(at - most).min(at))
}

/// Splits an amount at random into one to four positive parts. Returns the parts and their number.
fn split(life: &mut Life<'_>, amount: i64) -> ([i64; MOST], usize) {
    let at = life.draws.unit();
    let wanted = 1 + [0.6, 0.85, 0.95].iter().filter(|below| at >= **below).count();
    let (mut parts, mut count, mut left) = ([0; MOST], 0, amount);
    for _ in 1..wanted {
        let taken = part(left, life.draws.between(20, 81));
        if taken > 0 && taken < left {
            parts[count] = taken;
            count += 1;
            left -= taken;
        }
    }
    parts[count] = left;
    (parts, count + 1)
}

/// Returns `hundredths` percent of an amount, rounded down.
fn part(amount: i64, hundredths: i64) -> i64 {
    amount / 100 * hundredths + amount % 100 * hundredths / 100
}

fn tell(life: &mut Life<'_>, order: &Asked) -> Result<i64> {
    let number = life.book.number()?;
    if life.book.tells(order.created) {
        let order_type = if order.limit.is_some() { OrderType::Limit } else { OrderType::Market };
        life.book.rows.orders.push(OrderRow {
            order_id: number,
            user_id: life.book.user(),
            trading_pair: pair(order.coin, life.fiat),
            side: order.side as u8,
            order_type: order_type as u8,
            base_currency: code(order.coin),
            quote_currency: code(life.fiat),
            base_amount: order.wanted.into(),
            filled_amount: order.filled.into(),
            limit_price: order.limit.map(i128::from),
            status: order.status as u8,
            created_at: order.created,
            updated_at: order.updated,
        });
    }
    Ok(number)
}
