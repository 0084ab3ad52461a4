//! Orders, and the trades that fill them.

use crate::error::Result;
use crate::exchange::account::transfers;
use crate::exchange::account::user_account::FIAT_SLOT;
use crate::exchange::account::user_state::{TradeIntent, UserState, to_i64};
use crate::exchange::market::assets::{code, pair};
use crate::exchange::output::enum_values::{
    LedgerAccount, LedgerEvent, OrderStatus, OrderType, Side,
};
use crate::exchange::output::rows::{OrderRow, TradeRow};
use crate::fees::TAKER_FEE;
use crate::units::{CENT, MINUTE, ONE, SECOND, divide, micros};

/// Maximum number of trades per order.
const MAX_FILLS: usize = 4;

/// Probability that a user sells a sufficient coin balance, and that a user without one deposits coins to
/// sell.
const SELL_PROBABILITY: f64 = 0.4;
const COIN_DEPOSIT_PROBABILITY: f64 = 0.05;

/// Probability that an order is a maker order.
pub(crate) const MAKER_SHARE: f64 = 0.45;

/// An order as of the end of its day.
struct OrderDraft {
    coin: usize,
    side: Side,
    ordered: i64,
    filled: i64,
    limit: Option<i64>,
    status: OrderStatus,
    created: i64,
    updated: i64,
}

/// Places an order of the value of `intent` and executes the trades that fill it. Returns the time of the last
/// event.
pub(crate) fn trade(state: &mut UserState<'_>, intent: &TradeIntent, coin: usize) -> Result<i64> {
    let at = intent.at;
    let (side, coin) = choose_side(state, intent, coin)?;
    let (price, usd_price) = (state.price(coin, at)?, state.context.prices.price(coin, at)?);
    let usd = i128::from(intent.cents) * CENT;
    let mut base = to_i64(divide(usd * ONE, usd_price.into()), state)?.max(1);
    if side == Side::Sell {
        base = base.min(state.account.balance(coin));
    }
    let is_maker = state.rng.chance(MAKER_SHARE);
    // The remainder of some limit orders is cancelled.
    let remainder = match is_maker && state.rng.chance(0.1) {
        true => percent_of(base, state.rng.between(10, 90)),
        false => 0,
    };
    let (parts, count) = split(state, base);
    let remainder = match side {
        Side::Buy => remainder,
        Side::Sell => remainder.min(state.account.balance(coin) - base),
    };
    let ordered = to_i64(i128::from(base) + i128::from(remainder), state)?;
    if side == Side::Buy {
        // The balance must cover the whole order at the highest fee when the order is placed.
        let quote = divide(i128::from(ordered) * i128::from(price), ONE);
        let cost = to_i64(quote + divide(quote * TAKER_FEE, 10_000), state)? + 8;
        if state.account.balance(FIAT_SLOT) < cost {
            transfers::deposit(state, FIAT_SLOT, cost - state.account.balance(FIAT_SLOT), intent)?;
        }
    }
    // The trades of one order follow each other within the minute, before the user's next event.
    let minute_end = at - at.rem_euclid(MINUTE) + MINUTE;
    let step = (intent.to.min(minute_end) - at) / 8;
    let ended_at = at + step * i64::try_from(count - 1).unwrap_or(0);
    let max_wait = micros(state.rng.exponential(20.0 * MINUTE as f64)).min((at - intent.from) / 4);
    let created = if is_maker { resting_since(state, coin, side, at, max_wait)? } else { at };
    let order = record_order(
        state,
        &OrderDraft {
            coin,
            side,
            ordered,
            filled: base,
            limit: is_maker.then_some(price),
            status: if remainder > 0 { OrderStatus::PartiallyFilled } else { OrderStatus::Filled },
            created,
            updated: ended_at,
        },
    )?;
    let mut when = at;
    for (index, part) in parts[..count].iter().enumerate() {
        // In the last microseconds of a minute or day, the trades are simultaneous.
        when = at + step * i64::try_from(index).unwrap_or(0);
        fill(
            state,
            &Fill { order, coin, side, base: *part, price, usd_price, is_maker, at: when },
        )?;
    }
    place_unfilled(state, coin, when, intent.to)
}

/// Returns the side and the coin of an order.
fn choose_side(
    state: &mut UserState<'_>,
    intent: &TradeIntent,
    coin: usize,
) -> Result<(Side, usize)> {
    let mut sells = None;
    for held in 0..FIAT_SLOT {
        if state.coin_value(held, intent.at)? > intent.cents && state.rng.chance(SELL_PROBABILITY) {
            sells = Some(held);
        }
    }
    if let Some(held) = sells {
        return Ok((Side::Sell, held));
    }
    if !state.rng.chance(COIN_DEPOSIT_PROBABILITY) {
        return Ok((Side::Buy, coin));
    }
    let price = state.context.prices.price(coin, intent.at)?;
    let needs = divide(i128::from(intent.cents) * CENT * ONE, price.into());
    let short = to_i64(needs, state)?.max(1) + 1 - state.account.balance(coin);
    if short > 0 {
        transfers::deposit(state, coin, short, intent)?;
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

/// Executes one trade of an order: its row, its fee and its ledger entries.
fn fill(state: &mut UserState<'_>, fill: &Fill) -> Result<()> {
    let Fill { order, coin, side, base, price, usd_price, is_maker, at } = *fill;
    let quote = divide(i128::from(base) * i128::from(price), ONE);
    let fee = to_i64(divide(quote * state.fee_rate(at, is_maker), 10_000), state)?;
    let quote = to_i64(quote, state)?;
    state.record_volume(at, to_i64(divide(i128::from(base) * i128::from(usd_price), ONE), state)?);
    let id = state.account.next_id()?;
    let currency = code(state.fiat);
    if state.account.in_window(at) {
        state.account.rows.trades.push(TradeRow {
            trade_id: id,
            order_id: order,
            user_id: state.account.user(),
            trading_pair: pair(coin, state.fiat),
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
    let (base_change, quote_change, paid) = match side {
        Side::Buy => (base, -(quote + fee), quote),
        Side::Sell => (-base, quote - fee, -quote),
    };
    let entries = [
        (LedgerAccount::User, coin, base_change),
        (LedgerAccount::Exchange, coin, -base_change),
        (LedgerAccount::User, FIAT_SLOT, quote_change),
        (LedgerAccount::Exchange, FIAT_SLOT, paid),
        (LedgerAccount::Fees, FIAT_SLOT, fee),
    ];
    state.account.post(LedgerEvent::Trade, id, at, &entries)
}

/// Places a sell order that is never filled, with some probability. Returns the time at which it ends.
fn place_unfilled(state: &mut UserState<'_>, coin: usize, ended_at: i64, to: i64) -> Result<i64> {
    let places = state.rng.chance(0.3);
    let room = (to - ended_at) / 4;
    let balance = state.account.balance(coin);
    if !places || room < 4 * SECOND || balance < 1_000 {
        return Ok(ended_at);
    }
    // A limit above the day's high is never reached.
    let high = state.in_user_currency(state.context.prices.high(coin, ended_at)?, ended_at)?;
    let limit = percent_of(high, state.rng.between(102, 125));
    let ordered = percent_of(balance, state.rng.between(10, 91)).max(1);
    let created = ended_at + state.rng.between(1, room);
    let updated = created + state.rng.between(1, room);
    let cancelled = state.rng.chance(0.8);
    let status = if cancelled { OrderStatus::Cancelled } else { OrderStatus::Expired };
    let (side, limit) = (Side::Sell, Some(limit));
    let order = OrderDraft { coin, side, ordered, filled: 0, limit, status, created, updated };
    record_order(state, &order)?;
    Ok(updated)
}

/// Returns the time since which a limit order filled at `at` has been resting without the market reaching its
/// limit.
fn resting_since(
    state: &UserState<'_>,
    coin: usize,
    side: Side,
    at: i64,
    max_wait: i64,
) -> Result<i64> {
    let prices = &state.context.prices;
    let mut minute = at - at.rem_euclid(MINUTE);
    let limit = prices.price(coin, at)?;
    while minute > at - max_wait {
        let price = prices.price(coin, minute - MINUTE)?;
        let is_met = match side {
            Side::Buy => price <= limit,
            Side::Sell => price >= limit,
        };
        if is_met {
            break;
        }
        minute -= MINUTE;
    }
    Ok(minute.max(at - max_wait).min(at))
}

/// Splits an amount at random into one to four positive parts. Returns the parts and their number.
fn split(state: &mut UserState<'_>, amount: i64) -> ([i64; MAX_FILLS], usize) {
    let at = state.rng.unit();
    let fills = 1 + [0.6, 0.85, 0.95].iter().filter(|below| at >= **below).count();
    let (mut parts, mut count, mut left) = ([0; MAX_FILLS], 0, amount);
    for _ in 1..fills {
        let taken = percent_of(left, state.rng.between(20, 81));
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
fn percent_of(amount: i64, hundredths: i64) -> i64 {
    amount / 100 * hundredths + amount % 100 * hundredths / 100
}

/// Writes an order row. Returns its id.
fn record_order(state: &mut UserState<'_>, order: &OrderDraft) -> Result<i64> {
    let id = state.account.next_id()?;
    if state.account.in_window(order.created) {
        let order_type = if order.limit.is_some() { OrderType::Limit } else { OrderType::Market };
        state.account.rows.orders.push(OrderRow {
            order_id: id,
            user_id: state.account.user(),
            trading_pair: pair(order.coin, state.fiat),
            side: order.side as u8,
            order_type: order_type as u8,
            base_currency: code(order.coin),
            quote_currency: code(state.fiat),
            base_amount: order.ordered.into(),
            filled_amount: order.filled.into(),
            limit_price: order.limit.map(i128::from),
            status: order.status as u8,
            created_at: order.created,
            updated_at: order.updated,
        });
    }
    Ok(id)
}
