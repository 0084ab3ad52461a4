//! Holds: the part of a balance that is reserved by open orders and pending withdrawals, which must
//! be covered.

use tidegauge_core::fees::BASIS_POINTS;
use tidegauge_core::multiply_divide_floor;

use super::RuleResult;
use super::balances::{Movement, Movements};
use super::books::Books;
use super::fees;
use super::money::ONE;

/// A change of a balance, or of its held part, at an instant.
struct Change {
    movement: Movement,
    held: i128,
    asked: Option<Asked>,
}

/// The row that places a hold.
#[derive(Clone, Copy)]
enum Asked {
    Order(usize),
    Withdrawal(usize),
}

/// Checks that orders and pending withdrawals are covered when they are placed, beside all other
/// holds.
pub(super) fn rules<'f>(books: &Books<'f>, movements: &mut Movements<'f>) -> [RuleResult; 2] {
    let mut orders = RuleResult::new(
        "orders_are_covered",
        "when an order is placed its user has what it takes, beside what waits already",
    )
    .of_simulation(books.subject.own.complete_history);
    let mut withdrawals = RuleResult::new(
        "pending_withdrawals_are_covered",
        "when a pending withdrawal is asked for its user has it and the fee, beside what waits already",
    )
    .of_simulation(books.subject.own.complete_history);
    let mut changes = claims(books, movements);
    changes.extend(movements.all.iter().map(|movement| Change {
        movement: *movement,
        held: 0,
        asked: None,
    }));
    let key = |change: &Change| (change.movement.user, change.movement.currency);
    changes.sort_by_key(|change| (key(change), change.movement.at)); // stable: rows in order
    for account in changes.chunk_by(|a, b| key(a) == key(b)) {
        let (mut balance, mut held) = (0i128, 0i128);
        for moment in account.chunk_by(|a, b| a.movement.at == b.movement.at) {
            for change in moment {
                balance = balance.saturating_add(change.movement.units);
                held = held.saturating_add(change.held);
            }
            for asked in moment.iter().filter_map(|change| change.asked) {
                match asked {
                    Asked::Order(row) => {
                        orders
                            .check(held <= balance, || format!("orders {}", books.orders.id[row]));
                    }
                    Asked::Withdrawal(row) => withdrawals.check(held <= balance, || {
                        format!("withdrawals {}", books.withdrawals.id[row])
                    }),
                }
            }
        }
    }
    [orders, withdrawals]
}

/// Returns the starts and ends of all holds. Unknown users are violations of the foreign keys.
fn claims<'f>(books: &Books<'f>, movements: &mut Movements<'f>) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut push = |user: i64, currency: usize, at: i64, held: i128, asked: Option<Asked>| {
        let movement = Movement { user, currency, at, units: 0 };
        changes.push(Change { movement, held, asked });
    };
    let orders = &books.orders;
    let mut left: Vec<i128> = (0..orders.id.len()).map(|row| needs(books, row)).collect();
    // Of a duplicated order, trades are booked on its last row.
    let judged = |row: usize| {
        let user = orders.user[row];
        let known = books.users.contains_key(&user) && books.has_history(user);
        known && orders.row(orders.id[row]) == Some(row) && needs(books, row) > 0
    };
    let account = |movements: &mut Movements<'f>, row: usize| {
        let buys = orders.side.get(row) == "buy";
        movements.number(if buys { orders.quote.get(row) } else { orders.base.get(row) })
    };
    for row in (0..left.len()).filter(|row| judged(*row)) {
        let (user, currency) = (orders.user[row], account(movements, row));
        push(user, currency, orders.created_at[row], left[row], Some(Asked::Order(row)));
    }
    // A trade releases its part of the order's hold.
    let trades = &books.trades;
    for trade in 0..trades.id.len() {
        let row = trades.order.get(trade).and_then(|order| orders.row(order));
        let Some(row) = row.filter(|row| judged(*row)) else { continue };
        let (needs, base) = (needs(books, row), trades.base_amount.get(trade).unwrap_or(0));
        let part = multiply_divide_floor(needs, base, orders.base_amount[row]);
        let part = part.map_or(i128::MAX, |(part, _)| part).min(left[row]);
        left[row] -= part;
        push(orders.user[row], account(movements, row), trades.at[trade], -part, None);
    }
    // An order that is not open holds nothing any more.
    for row in (0..left.len()).filter(|row| judged(*row) && orders.status.get(*row) != "open") {
        let (user, currency) = (orders.user[row], account(movements, row));
        let at = orders.updated_at.get(row).unwrap_or(orders.created_at[row]);
        push(user, currency, at, -left[row], None);
    }
    let withdrawals = &books.withdrawals;
    for (row, user) in withdrawals.user.iter().enumerate() {
        let fee = withdrawals.fee.map_or(0, |fees| fees[row]);
        let held = withdrawals.amount[row].saturating_add(fee);
        let currency = movements.number(withdrawals.currency.get(row));
        let asked_at = withdrawals.created_at[row];
        match (withdrawals.status.get(row), withdrawals.completed_at.get(row)) {
            _ if !books.users.contains_key(user) || !books.has_history(*user) => {}
            ("pending", _) => push(*user, currency, asked_at, held, Some(Asked::Withdrawal(row))),
            // The rule on balances checks whether it was covered in the end.
            ("completed", Some(at)) => {
                push(*user, currency, asked_at, held, None);
                push(*user, currency, at, -held, None);
            }
            _ => {}
        }
    }
    changes
}

/// Returns the amount that an order holds: for sells their coins; for limit buys the whole amount
/// at the limit, and the lowest fee. A market buy has no known price, and cannot be checked.
fn needs(books: &Books<'_>, row: usize) -> i128 {
    let orders = &books.orders;
    let wanted = orders.base_amount[row].max(0);
    match (orders.side.get(row), orders.limit_price.get(row)) {
        ("buy", Some(limit)) if !orders.quote.get(row).is_empty() => {
            let cost =
                multiply_divide_floor(wanted, limit, ONE).map_or(i128::MAX, |(cost, _)| cost);
            let user = orders.user[row];
            let fee = match books.is_simulated("orders", orders.id[row], user) {
                true => fees::least(books.entries.users.contains(&user)),
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
