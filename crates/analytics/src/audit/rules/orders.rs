//! The rules of orders and the trades that fill them.

use tidegauge_core::tables::Trade;

use crate::audit::records::{Orders, Records, Trades};
use crate::audit::report::RuleResult;

/// Checks orders and the trades that fill them.
pub(crate) fn rules(records: &Records<'_>) -> Vec<RuleResult> {
    let (orders, trades) = (&records.orders, &records.trades);
    let fills = Fills::from_trades(orders, trades);
    let mut rules = vec![filled_amount_rule(records)];
    rules.extend(filled_order_rules(records, &fills));
    rules.extend(trade_rules(records));
    rules
}

/// Returns `true` if an order of this status has trades.
fn has_trades(status: &str) -> bool {
    matches!(status, "filled" | "partially_filled")
}

fn filled_amount_rule(records: &Records<'_>) -> RuleResult {
    let orders = &records.orders;
    let mut rule = RuleResult::new(
        "filled_amount_fits_status",
        "no order is filled beyond its base_amount; a simulated one that is filled is so to its base_amount, a partially filled one in part, any other not at all",
    );
    for (row, id) in orders.id.iter().enumerate() {
        let wanted = orders.base_amount[row];
        let Some(filled) = orders.filled_amount.get(row) else { continue };
        let fits = match orders.status.get(row) {
            // In other data an order may be cancelled after a partial fill.
            _ if !records.is_simulated("orders", *id, orders.user[row]) => filled <= wanted,
            "filled" => filled == wanted,
            "partially_filled" => 0 < filled && filled < wanted,
            _ => filled == 0,
        };
        rule.check(fits, || format!("orders {id}"));
    }
    rule
}

/// The number of trades and their total amount by row of the orders; `None` if an amount is
/// unknown.
struct Fills(Vec<(u64, Option<i128>)>);

impl Fills {
    fn from_trades(orders: &Orders<'_>, trades: &Trades<'_>) -> Self {
        let mut fills = vec![(0u64, Some(0i128)); orders.id.len()];
        for trade in 0..trades.id.len() {
            if let Some(row) = trades.order.get(trade).and_then(|order| orders.row(order)) {
                let (count, sum) = &mut fills[row];
                *count += 1;
                *sum = sum
                    .zip(trades.base_amount.get(trade))
                    .map(|(sum, base)| sum.saturating_add(base));
            }
        }
        Self(fills)
    }
}

fn filled_order_rules(records: &Records<'_>, fills: &Fills) -> [RuleResult; 2] {
    let orders = &records.orders;
    let mut have_trades = RuleResult::new(
        "filled_orders_have_trades",
        "every filled or partially filled order has trades",
    );
    let mut sums = RuleResult::new(
        "trades_sum_to_filled_amount",
        "the trades of a filled or partially filled order sum to its filled_amount exactly",
    );
    for (row, id) in orders.id.iter().enumerate() {
        // Of a duplicated order, trades are booked on its last row.
        if !has_trades(orders.status.get(row)) || orders.row(*id) != Some(row) {
            continue;
        }
        // Of a user's own data, trades may never have been loaded.
        let simulated = records.is_simulated("orders", *id, orders.user[row]);
        if !simulated && !records.scope.has(Trade::table()) {
            continue;
        }
        let (count, sum) = fills.0[row];
        have_trades.check(count > 0, || format!("orders {id}"));
        if let Some((sum, filled)) = sum.zip(orders.filled_amount.get(row)).filter(|_| count > 0) {
            sums.check(sum == filled, || format!("orders {id}"));
        }
    }
    [have_trades, sums]
}

/// Returns `true` if two strings are equal, or one of them is unknown.
fn equal_if_known(one: &str, other: &str) -> bool {
    one == other || one.is_empty() || other.is_empty()
}

fn trade_rules(records: &Records<'_>) -> [RuleResult; 4] {
    let (orders, trades) = (&records.orders, &records.trades);
    let mut only = RuleResult::new(
        "trades_only_of_filled_orders",
        "trades belong to filled or partially filled orders; those of a user's own data to orders that are filled in part at least",
    );
    let mut same = RuleResult::new(
        "trades_match_their_order",
        "user, pair, side and currencies of a trade are its order's",
    );
    let mut limit = RuleResult::new(
        "limit_never_worse",
        "a limit order never buys above its limit_price, nor sells below it",
    );
    let mut after = RuleResult::new(
        "trades_not_before_their_order",
        "a trade is not executed before its order was placed",
    );
    for (trade, id) in trades.id.iter().enumerate() {
        let key = || format!("trades {id}");
        // Unknown users are violations of the foreign keys.
        let is_unknown_user = !records.users.contains_key(&trades.user[trade]);
        let Some(number) = trades.order.get(trade) else { continue };
        let Some(order) = orders.row(number) else {
            if records.foreign_rows.orders.contains(&number) {
                same.check(is_unknown_user, key); // it is another user's
            }
            continue;
        };
        let simulated = records.is_simulated("trades", *id, trades.user[trade]);
        let (filled, status) = (orders.filled_amount.get(order), orders.status.get(order));
        // An order with neither value may have been filled.
        if filled.is_some() || !status.is_empty() {
            let is_filled = !simulated && filled.is_some_and(|filled| filled > 0);
            only.check(is_filled || has_trades(status), key);
        }
        let matches = (is_unknown_user || trades.user[trade] == orders.user[order])
            && equal_if_known(trades.pair.get(trade), orders.pair.get(order))
            && equal_if_known(trades.side.get(trade), orders.side.get(order))
            && equal_if_known(trades.base.get(trade), orders.base.get(order))
            && equal_if_known(trades.quote.get(trade), orders.quote.get(order));
        same.check(matches, key);
        if let Some((worst, paid)) = orders.limit_price.get(order).zip(trades.price.get(trade)) {
            match orders.side.get(order) {
                "" => {}
                "buy" => limit.check(paid <= worst, key),
                _ => limit.check(paid >= worst, key),
            }
        }
        after.check(trades.at[trade] >= orders.created_at[order], key);
    }
    [only, same, limit, after]
}
