//! The records of a slice of users.

use std::collections::HashMap;

use super::cross_slice::ForeignRows;
use super::scope::AuditScope;
use super::slice::Slice;
use super::tables::{
    Chargebacks, GroundTruth, LedgerEntries, Orders, RampPurchases, Trades, Transfers, UserRecord,
    users,
};
use crate::Result;

/// The exchange's records of a slice of users.
#[derive(Debug)]
pub(crate) struct Records<'f> {
    pub(crate) users: HashMap<i64, UserRecord<'f>>,
    pub(crate) deposits: Transfers<'f>,
    pub(crate) withdrawals: Transfers<'f>,
    pub(crate) orders: Orders<'f>,
    pub(crate) trades: Trades<'f>,
    pub(crate) ramp: RampPurchases<'f>,
    pub(crate) chargebacks: Chargebacks<'f>,
    pub(crate) ledger_entries: LedgerEntries<'f>,
    pub(crate) ground_truth: GroundTruth<'f>,
    /// The rows of other slices that these records refer to.
    pub(crate) foreign_rows: ForeignRows,
    /// The origin of the rows and the rules that apply.
    pub(crate) scope: &'f AuditScope,
}

impl<'f> Records<'f> {
    /// Creates the records of a slice, without rows of other slices.
    ///
    /// # Errors
    /// When a table lacks a column, or has one of another type.
    pub(crate) fn from_slice(slice: &'f Slice, scope: &'f AuditScope) -> Result<Self> {
        Ok(Self {
            users: users(&slice.users)?,
            deposits: Transfers::from_deposits(&slice.deposits)?,
            withdrawals: Transfers::from_withdrawals(&slice.withdrawals)?,
            orders: Orders::from_batch(&slice.orders)?,
            trades: Trades::from_batch(&slice.trades)?,
            ramp: RampPurchases::from_batch(&slice.ramp)?,
            chargebacks: Chargebacks::from_batch(&slice.chargebacks)?,
            ledger_entries: LedgerEntries::from_batch(&slice.ledger_entries)?,
            ground_truth: GroundTruth::from_batch(&slice.ground_truth)?,
            foreign_rows: ForeignRows::default(),
            scope,
        })
    }

    /// Returns `true` if a simulation wrote this row.
    pub(crate) fn is_simulated(&self, table: &str, key: i64, user: i64) -> bool {
        self.scope.is_simulated(table, key, user)
    }

    /// Returns `true` if the whole history of a user is present.
    pub(crate) fn has_history(&self, user: i64) -> bool {
        self.scope.own.complete_history || self.is_simulated("users", user, user)
    }

    /// Returns the users, sorted by id.
    pub(crate) fn users_by_id(&self) -> Vec<(i64, &UserRecord<'f>)> {
        let mut users: Vec<_> = self.users.iter().map(|(id, record)| (*id, record)).collect();
        users.sort_unstable_by_key(|(id, _)| *id);
        users
    }

    /// Returns the ids of the orders that trades refer to and that the records lack.
    pub(crate) fn missing_orders(&self) -> impl Iterator<Item = i64> {
        let orders = self.trades.order.0.iter().flatten();
        orders.filter(|id| self.orders.row(*id).is_none())
    }

    /// Returns the ids of the purchases that chargebacks refer to and that the records lack.
    pub(crate) fn missing_purchases(&self) -> impl Iterator<Item = i64> {
        let purchases = self.chargebacks.transaction.iter().copied();
        purchases.filter(|id| self.ramp.row(*id).is_none())
    }
}
