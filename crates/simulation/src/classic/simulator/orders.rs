//! Orders, which never exceed the available balance at the time they are placed.

use tidegauge_core::tables::{Order, Trade};

use super::price_ranges::{tick_ceil, tick_floor};
use super::user_simulation::{Holding, LOT, UserSimulation};
use crate::classic::parameters::COINS;
use crate::error::{Error, Result};
use crate::fees::{MAKER_FEE, TAKER_FEE};
use crate::units::{
    self, Amount, CENT, DAY, HOUR, ONE, SECOND, day_of, divide, time_of, to_cents, units,
};

/// Maximum number of trades per order.
const MAX_FILLS: i64 = 3;

/// Minimum order value in US dollars, if the balance allows it.
const MIN_ORDER_USD: f64 = 5.0;

/// An order with its final status.
struct OrderDraft<'a> {
    at: i64,
    coin: &'static str,
    buys: bool,
    wanted: i128,
    filled: i128,
    limit_price: Option<i128>,
    status: &'a str,
    updated: i64,
}

impl UserSimulation<'_> {
    /// Places an order that ends with the given status.
    ///
    /// # Errors
    /// Returns [`Error::Infeasible`] if the balance is too small, or an error if the market lacks a price.
    pub(super) fn order(&mut self, at: i64, next: i64, status: &str) -> Result<()> {
        let fills = matches!(status, "filled" | "partially_filled");
        if fills { self.filled_order(at, next, status) } else { self.unfilled_order(at, status) }
    }

    /// Places an order that is filled. The remainder of a partially filled one is cancelled with the last
    /// trade.
    fn filled_order(&mut self, at: i64, next: i64, status: &str) -> Result<()> {
        let holding = self.holding(at, self.wallet.available())?;
        let (coin, buys) = self.choose_coin(&holding);
        let is_full = status == "filled";
        let limit = !is_full || self.rng.chance(0.45);
        let maker = limit && self.rng.chance(0.7);
        let fills = self.fills(at, next, coin, maker)?;
        let prices = fills.iter().map(|(_, price)| *price);
        let worst = if buys { prices.max() } else { prices.min() }.unwrap_or_default();
        // A taker who takes the whole offer has no remainder within the limit.
        let slack = if maker || !is_full { 0 } else { self.rng.between(10, 50) };
        let slack = worst * i128::from(slack) / 10_000;
        let limit_price = limit.then(|| match (slack, buys) {
            (0, _) => worst,
            (_, true) => tick_ceil(worst + slack),
            (_, false) => tick_floor(worst - slack),
        });
        let share = self.rng.uniform(0.1, 0.6).max((MIN_ORDER_USD / holding.worth).min(0.9));
        let budget = units(Amount::from_units(holding.amount).to_f64() * share, 1);
        let wanted = max_order_size(buys, budget, limit_price.unwrap_or(worst));
        let filled = if is_full { wanted } else { self.random_part(wanted, 0.2, 0.85) };
        if filled < LOT || (!is_full && filled == wanted) {
            return Err(Error::Infeasible { user: self.user.row.user_id, what: "trade" });
        }
        let mut left = filled;
        for (at, (time, price)) in fills.iter().enumerate() {
            let last = at + 1 == fills.len();
            let base = if last { left } else { self.random_part(left, 0.3, 0.7) };
            left -= base;
            if base > 0 {
                self.trade(*time, coin, buys, maker, base, *price);
            }
        }
        let updated = fills.last().map_or(at, |(time, _)| *time);
        self.place(&OrderDraft { at, coin, buys, wanted, filled, limit_price, status, updated });
        Ok(())
    }

    /// Returns the times and prices of the fills. All fills of a maker have the order's price; those of a
    /// taker have the market price.
    fn fills(&mut self, at: i64, next: i64, coin: &str, maker: bool) -> Result<Vec<(i64, i128)>> {
        // Fills precede the user's next action and stay within the day, whose prices are known.
        let day_end = units::midnight(day_of(at)) + DAY - 1;
        let max_rest = if maker { 2 * HOUR } else { 2 * SECOND };
        let room = (next.min(day_end).min(at + max_rest) - at).max(0);
        let parts = *self.rng.pick(&[(1i64, 60), (2, 25), (MAX_FILLS, 15)]);
        let mut fills = Vec::new();
        for part in 1..=parts {
            let time = at + room * part / (parts + 1);
            let price = match fills.first() {
                Some((_, resting)) if maker => *resting,
                _ => self.market.price(coin, self.user.currency, time)?,
            };
            fills.push((time, price));
        }
        Ok(fills)
    }

    /// Places an order that is not filled: its limit stays outside the market's range.
    fn unfilled_order(&mut self, at: i64, status: &str) -> Result<()> {
        let (holding, share) = self.resting_balance(at, status)?;
        let (coin, buys) = self.choose_coin(&holding);
        let quote = self.user.currency;
        // A cancelled order may be a market order without a counterparty.
        let limit = status != "cancelled" || self.rng.chance(0.9);
        let until = match status {
            "open" => i64::MAX,
            "expired" => self.expiry(at),
            _ => {
                let longest = if limit { 2 * DAY } else { 2 * SECOND };
                at + self.rng.between(SECOND, longest).min((self.end - at) / 2)
            }
        };
        let updated = if status == "open" { at } else { until };
        let price = self.market.price(coin, quote, at)?;
        let (low, high) = self.ranges.over(coin, quote, at, until).unwrap_or((price, price));
        let away = i128::from(self.rng.between(50, 800));
        let limit_price = limit.then(|| {
            if buys {
                tick_floor(low - low * away / 10_000)
            } else {
                tick_ceil(high + high * away / 10_000)
            }
        });
        let budget = units(Amount::from_units(holding.amount).to_f64() * share, 1);
        let wanted = max_order_size(buys, budget, limit_price.unwrap_or(price));
        if wanted < LOT {
            return Err(Error::Infeasible { user: self.user.row.user_id, what: "order" });
        }
        self.wallet.hold(holding.currency, budget, until);
        self.place(&OrderDraft { at, coin, buys, wanted, filled: 0, limit_price, status, updated });
        Ok(())
    }

    /// Returns the expiry of an order: after a week, or after a day if the period ends earlier.
    fn expiry(&self, at: i64) -> i64 {
        let spans = [7 * DAY, DAY].map(|span| at + span);
        let midnight = units::midnight(day_of(at)) + DAY - 1;
        spans.into_iter().find(|gone| *gone < self.end).unwrap_or(midnight)
    }

    /// Returns the balance that backs a resting order, and the share of it that the order uses.
    fn resting_balance(&mut self, at: i64, status: &str) -> Result<(Holding, f64)> {
        let share = if status == "open" {
            // Orders that stay open share what may be held permanently.
            let left = self.open_left.max(1) as f64;
            self.open_left = self.open_left.saturating_sub(1);
            self.rng.uniform(0.4, 1.0) / left
        } else {
            self.rng.uniform(0.1, 0.6)
        };
        let spare = self.holding(at, self.wallet.spare())?;
        if spare.worth >= MIN_ORDER_USD {
            let share = share.max((MIN_ORDER_USD / spare.worth).min(0.5));
            return Ok((spare, share));
        }
        // When resting orders hold nearly half, a small share of the available balance is used.
        let free = self.holding(at, self.wallet.available())?;
        let share = self.rng.uniform(0.05, 0.15).max((MIN_ORDER_USD / free.worth).min(0.25));
        Ok((free, share))
    }

    /// Returns the coin that is traded, and `true` if the user buys it.
    fn choose_coin(&mut self, holding: &Holding) -> (&'static str, bool) {
        let buys = holding.currency == self.user.currency;
        (if buys { *self.rng.pick(&COINS) } else { holding.currency }, buys)
    }

    /// Draws a part of an amount, rounded to whole lots.
    fn random_part(&mut self, amount: i128, low: f64, high: f64) -> i128 {
        let part = Amount::from_units(amount).to_f64() * self.rng.uniform(low, high);
        units(part, LOT).clamp(amount.min(LOT), amount)
    }

    /// Books a trade.
    fn trade(&mut self, at: i64, coin: &str, buys: bool, maker: bool, base: i128, price: i128) {
        let quote = self.user.currency;
        let amount = to_cents(divide(base * price, ONE));
        let fee = to_cents(divide(amount * if maker { MAKER_FEE } else { TAKER_FEE }, 10_000));
        let sign = if buys { 1 } else { -1 };
        self.wallet.add(coin, sign * base);
        self.wallet.add(quote, -sign * amount - fee);
        self.rows.trades.push(Trade {
            trade_id: 0,
            order_id: Some(i64::try_from(self.rows.orders.len()).unwrap_or(i64::MAX)),
            user_id: self.user.row.user_id,
            trading_pair: Some(format!("{coin}/{quote}")),
            side: Some(if buys { "buy" } else { "sell" }.into()),
            base_currency: Some(coin.into()),
            quote_currency: quote.into(),
            base_amount: Some(units::crypto(base)),
            quote_amount: units::crypto(amount),
            price: Some(units::crypto(price)),
            fee_amount: Some(units::crypto(fee)),
            fee_currency: Some(quote.into()),
            is_maker: Some(maker),
            executed_at: time_of(at),
            external_id: None,
            external_order_id: None,
            external_user_id: None,
        });
    }

    /// Adds the row of an order.
    fn place(&mut self, order: &OrderDraft<'_>) {
        let (coin, quote) = (order.coin, self.user.currency);
        self.rows.orders.push(Order {
            order_id: 0,
            user_id: self.user.row.user_id,
            trading_pair: Some(format!("{coin}/{quote}")),
            side: Some(if order.buys { "buy" } else { "sell" }.into()),
            order_type: Some(if order.limit_price.is_some() { "limit" } else { "market" }.into()),
            base_currency: coin.into(),
            quote_currency: Some(quote.into()),
            base_amount: units::crypto(order.wanted),
            filled_amount: Some(units::crypto(order.filled)),
            limit_price: order.limit_price.map(units::crypto),
            status: Some(order.status.into()),
            created_at: time_of(order.at),
            updated_at: Some(time_of(order.updated)),
            external_id: None,
            external_user_id: None,
        });
    }
}

/// Returns the largest coin amount of an order whose cost is at most `budget`. A purchase includes the taker
/// fee and the rounding of each trade to cents.
fn max_order_size(buys: bool, budget: i128, price: i128) -> i128 {
    if !buys {
        return budget / LOT * LOT;
    }
    let rounding = i128::from(MAX_FILLS) * CENT;
    let net = (budget - rounding).max(0) * 10_000 / (10_000 + TAKER_FEE);
    net * ONE / price / LOT * LOT
}
