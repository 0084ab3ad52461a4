//! Rows of other slices: orders and purchases that belong to users of another slice.

use std::collections::HashSet;

use futures_util::TryStreamExt;
use tidegauge_core::tables::{Order, RampTransaction};
use tidegauge_core::{Filter, TableRef, Value, Warehouse};

use super::user_tables::scan;
use crate::Result;
use crate::typed_columns::typed_column;

/// The maximum number of look-ups in one audit. Each missing row violates a rule whether it is
/// found or not.
pub(crate) const MAX_LOOKUPS: usize = 1_000;

/// Orders and purchases that rows of a slice refer to, and that exist, but belong to another user.
#[derive(Debug, Default)]
pub(crate) struct ForeignRows {
    pub(crate) orders: HashSet<i64>,
    pub(crate) purchases: HashSet<i64>,
}

impl ForeignRows {
    /// Looks up the orders and purchases that the records of a slice lack, and counts the look-ups
    /// down in `left`.
    ///
    /// # Errors
    /// When the warehouse cannot be read.
    pub(crate) async fn look_up(
        warehouse: &dyn Warehouse,
        orders: impl Iterator<Item = i64>,
        purchases: impl Iterator<Item = i64>,
        left: &mut usize,
    ) -> Result<Self> {
        let orders = existing(warehouse, Order::table(), orders, left).await?;
        let purchases = existing(warehouse, RampTransaction::table(), purchases, left).await?;
        Ok(Self { orders, purchases })
    }
}

/// Returns those of `ids` that exist in `table`, of at most `left` of them.
async fn existing(
    warehouse: &dyn Warehouse,
    table: &TableRef,
    ids: impl Iterator<Item = i64>,
    left: &mut usize,
) -> Result<HashSet<i64>> {
    let mut found = HashSet::new();
    let Some(key) = table.key.first() else { return Ok(found) };
    let missing: HashSet<i64> = ids.collect();
    let missing: Vec<Value> = missing.into_iter().take(*left).map(Value::Int).collect();
    if missing.is_empty() {
        return Ok(found);
    }
    *left -= missing.len();
    let scan = scan(table, [key.as_ref()]).filter(Filter::is_in(key.as_ref(), missing));
    let mut batches = warehouse.scan(&scan).await?;
    while let Some(batch) = batches.try_next().await? {
        found.extend(typed_column(&batch, key, |column| column.as_i64())?.iter().flatten());
    }
    Ok(found)
}
