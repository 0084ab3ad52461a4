//! The choice of the row to change.

use crate::audit::tables::{Row, Tables, Value};

/// Adds `units` to a decimal.
pub(super) fn add(t: &mut Tables, table: &str, row: usize, column: &str, units: i128) {
    let there = t.row(table, row).units(column);
    t.set(table, row, column, Value::Units(there + units));
}

pub(super) fn user_row(t: &Tables, user: i64) -> usize {
    t.find("users", |row| row.int("user_id") == user)
}

pub(super) fn completed(row: Row<'_>) -> bool {
    row.is("status", "completed")
}

pub(super) fn deposited(t: &Tables) -> usize {
    t.find("deposits", completed)
}

pub(super) fn withdrawn(t: &Tables) -> usize {
    t.find("withdrawals", completed)
}

pub(super) fn bought(t: &Tables) -> usize {
    t.find("ramp_transactions", completed)
}

/// Returns a completed deposit of fiat without which the user's trades are not covered.
pub(super) fn spent_deposit(t: &Tables) -> usize {
    t.find("deposits", |row| {
        let user = row.int("user_id");
        let (mut came, mut went) = (0, 0);
        for deposit in t.all("deposits", |other| other.int("user_id") == user && completed(other)) {
            let deposit = t.row("deposits", deposit);
            let is_same = deposit.is("currency", &row.text("currency"));
            came += if is_same { deposit.units("amount") } else { 0 };
        }
        for trade in
            t.all("trades", |other| other.int("user_id") == user && other.is("side", "buy"))
        {
            let trade = t.row("trades", trade);
            let is_same = trade.is("quote_currency", &row.text("currency"));
            went += if is_same { trade.units("quote_amount") } else { 0 };
        }
        completed(row) && row.is("deposit_type", "fiat") && went > came - row.units("amount")
    })
}

pub(super) fn filled(t: &Tables) -> usize {
    t.find("orders", |row| row.is("status", "filled"))
}

/// Returns the number of trades of the order of a trade.
pub(super) fn fills(t: &Tables, trade: Row<'_>) -> usize {
    t.all("trades", |row| row.int("order_id") == trade.int("order_id")).len()
}

/// Returns the first trade of a filled limit buy order, and the order.
pub(super) fn limit_buy(t: &Tables) -> (usize, usize) {
    let order = t.find("orders", |row| {
        row.is("side", "buy") && row.is("order_type", "limit") && row.is("status", "filled")
    });
    let id = t.row("orders", order).int("order_id");
    (t.find("trades", |row| row.int("order_id") == id), order)
}

/// Returns the entries of the first posting of a kind.
pub(super) fn posting(t: &Tables, kind: &str) -> Vec<usize> {
    let first = t.find("ledger_entries", |row| row.is("kind", kind));
    let number = t.row("ledger_entries", first).int("posting_id");
    t.all("ledger_entries", |row| row.int("posting_id") == number)
}

/// Changes two entries of a posting by one unit of their asset, in opposite directions.
pub(super) fn more(t: &mut Tables, rows: &[usize]) {
    let asset = t.row("ledger_entries", rows[0]).text("asset");
    let same: Vec<usize> = rows
        .iter()
        .copied()
        .filter(|row| t.row("ledger_entries", *row).is("asset", &asset))
        .collect();
    add(t, "ledger_entries", same[0], "amount", 1);
    add(t, "ledger_entries", same[1], "amount", -1);
}

pub(super) fn referred(t: &Tables) -> usize {
    t.find("users", |row| row.some("referred_by").is_some())
}

/// Returns the ground truth row of a user who trades.
pub(super) fn truth(t: &Tables) -> usize {
    let user = t.row("trades", 0).int("user_id");
    t.find("truth_users", |row| row.int("user_id") == user)
}

/// Returns a user with more than two filled orders.
pub(super) fn busiest(t: &Tables) -> i64 {
    let done = |user: i64| {
        t.all("orders", |row| row.int("user_id") == user && row.is("status", "filled")).len()
    };
    let row = t.find("orders", |row| done(row.int("user_id")) > 2);
    t.row("orders", row).int("user_id")
}
