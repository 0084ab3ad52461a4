//! The context of an audit: the inputs of the rules besides the records of a slice.

use std::collections::HashSet;

use tidegauge_core::tables::{LedgerEntry, TruthChannel, TruthUser};
use tidegauge_core::{Warehouse, WarehouseExt};

use super::params::AuditParams;
use super::records::{AuditScope, UserIndex, scan, user_tables, with_nullable_columns};
use crate::Result;
use crate::facts::UsdPrices;
use crate::typed_columns::typed_column;

/// The inputs of the rules besides the records of a slice.
pub(super) struct AuditContext {
    pub(super) usd: UsdPrices,
    pub(super) users: UserIndex,
    pub(super) scope: AuditScope,
    /// `true` if the simulated exchange keeps a double-entry ledger.
    pub(super) has_ledger: bool,
    /// The channels of the ground truth, if there is one.
    pub(super) truth_channels: Option<HashSet<String>>,
}

impl AuditContext {
    /// Reads the context of an audit.
    ///
    /// # Errors
    /// When the warehouse cannot be read.
    pub(super) async fn read(warehouse: &dyn Warehouse, params: &AuditParams) -> Result<Self> {
        let (mut counts, mut has_ledger, mut has_truth) = (Vec::new(), false, false);
        for table in user_tables() {
            let count = warehouse.count(&with_nullable_columns(table)).await? as u64;
            has_ledger |= count > 0 && table.name == LedgerEntry::table().name;
            has_truth |= count > 0 && table.name == TruthUser::table().name;
            counts.push(count);
        }
        let channels = warehouse.read(&scan(TruthChannel::table(), ["channel"])).await?;
        let channels = typed_column(&channels, "channel", |column| column.as_text())?.iter();
        let channels = channels.flatten().map(str::to_owned).collect();
        let scope = AuditScope::new(params, counts);
        has_ledger &= scope.has_double_entry();
        has_truth &= scope.has_double_entry();
        Ok(Self {
            usd: UsdPrices::read(warehouse).await?,
            users: UserIndex::read(warehouse).await?,
            scope,
            has_ledger,
            truth_channels: has_truth.then_some(channels),
        })
    }
}
