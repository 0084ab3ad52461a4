//! Which row to break.

use crate::audit::tables::{Row, Tables, Value};

/// Adds to a decimal, by units.
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

/// A completed deposit of fiat that something was bought with.
pub(super) fn spent_deposit(t: &Tables) -> usize {
    t.find("deposits", |row| {
        let user = row.int("user_id");
        let (mut came, mut went) = (0, 0);
        for it in t.all("deposits", |it| it.int("user_id") == user && completed(it)) {
            let it = t.row("deposits", it);
            came += if it.is("currency", &row.text("currency")) { it.units("amount") } else { 0 };
        }
        for it in t.all("trades", |it| it.int("user_id") == user && it.is("side", "buy")) {
            let it = t.row("trades", it);
            let is_it = it.is("quote_currency", &row.text("currency"));
            went += if is_it { it.units("quote_amount") } else { 0 };
        }
        completed(row) && row.is("deposit_type", "fiat") && went > came - row.units("amount")
    })
}

pub(super) fn filled(t: &Tables) -> usize {
    t.find("orders", |row| row.is("status", "filled"))
}

/// How many trades the order of a trade has.
pub(super) fn fills(t: &Tables, trade: Row<'_>) -> usize {
    t.all("trades", |row| row.int("order_id") == trade.int("order_id")).len()
}

/// A buy that did not cost more than its limit, and its order.
pub(super) fn limit_buy(t: &Tables) -> (usize, usize) {
    let order = t.find("orders", |row| {
        row.is("side", "buy") && row.is("order_type", "limit") && row.is("status", "filled")
    });
    let id = t.row("orders", order).int("order_id");
    (t.find("trades", |row| row.int("order_id") == id), order)
}

/// The entries of the first posting of a kind.
pub(super) fn posting(t: &Tables, kind: &str) -> Vec<usize> {
    let first = t.find("ledger_entries", |row| row.is("kind", kind));
    let number = t.row("ledger_entries", first).int("posting_id");
    t.all("ledger_entries", |row| row.int("posting_id") == number)
}

/// Two accounts of a posting move a little more of their asset than they should.
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

/// The truth of somebody who trades.
pub(super) fn truth(t: &Tables) -> usize {
    let user = t.row("trades", 0).int("user_id");
    t.find("truth_users", |row| row.int("user_id") == user)
}

/// Who has filled more than two orders.
pub(super) fn busiest(t: &Tables) -> i64 {
    let done = |user: i64| {
        t.all("orders", |row| row.int("user_id") == user && row.is("status", "filled")).len()
    };
    let row = t.find("orders", |row| done(row.int("user_id")) > 2);
    t.row("orders", row).int("user_id")
}
