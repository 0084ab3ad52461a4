//! Accounts: balances, orders, transfers and the double-entry ledger.

pub(super) mod blockchain;
pub(super) mod orders;
pub(super) mod transfers;
pub(super) mod user_account;
pub(super) mod user_state;
