//! The users' tables: those whose rows belong to a user.

use tidegauge_core::tables::{
    Chargeback, Deposit, LedgerEntry, Order, RampTransaction, Trade, TruthUser, User, Withdrawal,
};
use tidegauge_core::{Scan, Table, TableRef};

/// Returns the tables whose rows belong to a user, the users first.
pub(crate) fn user_tables() -> [&'static TableRef; 9] {
    [
        User::table(),
        Deposit::table(),
        Withdrawal::table(),
        Order::table(),
        Trade::table(),
        RampTransaction::table(),
        Chargeback::table(),
        LedgerEntry::table(),
        TruthUser::table(),
    ]
}

/// Returns a scan of some columns of a table that may have nulls: the audit reports them, and must
/// not fail because of them.
pub(crate) fn scan<'c>(table: &Table, columns: impl IntoIterator<Item = &'c str>) -> Scan {
    Scan::columns(&with_nullable_columns(table), columns)
}

/// Returns the table with every column nullable.
pub(crate) fn with_nullable_columns(table: &Table) -> TableRef {
    table.as_read()
}
