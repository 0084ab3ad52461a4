//! Holds: the part of a balance that is reserved by open orders and pending withdrawals, which must
//! be covered.

use tidegauge_core::fees::BASIS_POINTS;
use tidegauge_core::multiply_divide_floor;

use super::exact_products::ONE;
use super::movements::{Movement, Movements};
use super::trade_fees;
use crate::audit::records::Records;
use crate::audit::report::RuleResult;

/// A change of a balance, or of its held part, at an instant.
struct HoldChange {
    movement: Movement,
    held: i128,
    requested: Option<HoldRequest>,
}

/// The row that places a hold.
#[derive(Clone, Copy)]
enum HoldRequest {
    Order(usize),
    Withdrawal(usize),
}

/// Checks that orders and pending withdrawals are covered when they are placed, beside all other
/// holds.
pub(crate) fn rules<'f>(records: &Records<'f>, movements: &mut Movements<'f>) -> [RuleResult; 2] {
    let mut orders = RuleResult::new(
        "orders_are_covered",
        "when an order is placed its user has what it takes, beside what waits already",
    )
    .only_simulated_unless(records.scope.own.complete_history);
    let mut withdrawals = RuleResult::new(
        "pending_withdrawals_are_covered",
        "when a pending withdrawal is asked for its user has it and the fee, beside what waits already",
    )
    .only_simulated_unless(records.scope.own.complete_history);
    let mut changes = hold_changes(records, movements);
    changes.extend(movements.all.iter().map(|movement| HoldChange {
        movement: *movement,
        held: 0,
        requested: None,
    }));
    let key = |change: &HoldChange| (change.movement.user, change.movement.currency);
    changes.sort_by_key(|change| (key(change), change.movement.at)); // stable: rows in order
    for account in changes.chunk_by(|a, b| key(a) == key(b)) {
        let (mut balance, mut held) = (0i128, 0i128);
        for moment in account.chunk_by(|a, b| a.movement.at == b.movement.at) {
            for change in moment {
                balance = balance.saturating_add(change.movement.units);
                held = held.saturating_add(change.held);
            }
            for request in moment.iter().filter_map(|change| change.requested) {
                match request {
                    HoldRequest::Order(row) => {
                        orders.check(held <= balance, || {
                            format!("orders {}", records.orders.id[row])
                        });
                    }
                    HoldRequest::Withdrawal(row) => withdrawals.check(held <= balance, || {
                        format!("withdrawals {}", records.withdrawals.id[row])
                    }),
                }
            }
        }
    }
    [orders, withdrawals]
}

/// Returns the starts and ends of all holds. Unknown users are violations of the foreign keys.
fn hold_changes<'f>(records: &Records<'f>, movements: &mut Movements<'f>) -> Vec<HoldChange> {
    let mut changes = Vec::new();
    let mut push =
        |user: i64, currency: usize, at: i64, held: i128, requested: Option<HoldRequest>| {
            let movement = Movement { user, currency, at, units: 0 };
            changes.push(HoldChange { movement, held, requested });
        };
    let orders = &records.orders;
    let mut remaining: Vec<i128> =
        (0..orders.id.len()).map(|row| required_hold(records, row)).collect();
    // Of a duplicated order, trades are booked on its last row.
    let is_checked = |row: usize| {
        let user = orders.user[row];
        let known = records.users.contains_key(&user) && records.has_history(user);
        known && orders.row(orders.id[row]) == Some(row) && required_hold(records, row) > 0
    };
    let account = |movements: &mut Movements<'f>, row: usize| {
        let buys = orders.side.get(row) == "buy";
        movements.currency_id(if buys { orders.quote.get(row) } else { orders.base.get(row) })
    };
    for row in (0..remaining.len()).filter(|row| is_checked(*row)) {
        let (user, currency) = (orders.user[row], account(movements, row));
        push(user, currency, orders.created_at[row], remaining[row], Some(HoldRequest::Order(row)));
    }
    // A trade releases its part of the order's hold.
    let trades = &records.trades;
    for trade in 0..trades.id.len() {
        let row = trades.order.get(trade).and_then(|order| orders.row(order));
        let Some(row) = row.filter(|row| is_checked(*row)) else { continue };
        let (required, base) =
            (required_hold(records, row), trades.base_amount.get(trade).unwrap_or(0));
        let part = multiply_divide_floor(required, base, orders.base_amount[row]);
        let part = part.map_or(i128::MAX, |(part, _)| part).min(remaining[row]);
        remaining[row] -= part;
        push(orders.user[row], account(movements, row), trades.at[trade], -part, None);
    }
    // An order that is not open holds nothing any more.
    for row in
        (0..remaining.len()).filter(|row| is_checked(*row) && orders.status.get(*row) != "open")
    {
        let (user, currency) = (orders.user[row], account(movements, row));
        let at = orders.updated_at.get(row).unwrap_or(orders.created_at[row]);
        push(user, currency, at, -remaining[row], None);
    }
    let withdrawals = &records.withdrawals;
    for (row, user) in withdrawals.user.iter().enumerate() {
        let fee = withdrawals.fee.map_or(0, |fees| fees[row]);
        let held = withdrawals.amount[row].saturating_add(fee);
        let currency = movements.currency_id(withdrawals.currency.get(row));
        let requested_at = withdrawals.created_at[row];
        match (withdrawals.status.get(row), withdrawals.completed_at.get(row)) {
            _ if !records.users.contains_key(user) || !records.has_history(*user) => {}
            ("pending", _) => {
                push(*user, currency, requested_at, held, Some(HoldRequest::Withdrawal(row)))
            }
            // The rule on balances checks whether it was covered in the end.
            ("completed", Some(at)) => {
                push(*user, currency, requested_at, held, None);
                push(*user, currency, at, -held, None);
            }
            _ => {}
        }
    }
    changes
}

/// Returns the amount that an order holds: for sells their coins; for limit buys the whole amount
/// at the limit, and the lowest fee. A market buy has no known price, and cannot be checked.
fn required_hold(records: &Records<'_>, row: usize) -> i128 {
    let orders = &records.orders;
    let wanted = orders.base_amount[row].max(0);
    match (orders.side.get(row), orders.limit_price.get(row)) {
        ("buy", Some(limit)) if !orders.quote.get(row).is_empty() => {
            let cost =
                multiply_divide_floor(wanted, limit, ONE).map_or(i128::MAX, |(cost, _)| cost);
            let user = orders.user[row];
            let fee = match records.is_simulated("orders", orders.id[row], user) {
                true => trade_fees::lowest_maker_rate(records.ledger_entries.users.contains(&user)),
                false => 0, // which it will be is known when it fills
            };
            let fee =
                multiply_divide_floor(cost, fee, BASIS_POINTS).map_or(i128::MAX, |(fee, _)| fee);
            cost.saturating_add(fee)
        }
        // Unknown amounts cannot be checked.
        ("buy" | "", _) => 0,
        _ => wanted,
    }
}
