//! Rows of other slices: orders and purchases that belong to users of another slice.

use std::collections::HashSet;

use futures_util::TryStreamExt;
use tidegauge_core::tables::{Order, RampTransaction};
use tidegauge_core::{Filter, TableRef, Value, Warehouse};

use super::books::Books;
use super::read::scan;
use crate::Result;
use crate::typed::typed;

/// The maximum number of look-ups in one audit. Each missing row violates a rule whether it is
/// found or not.
pub(super) const LOOK_UPS: usize = 1_000;

/// Orders and purchases that rows of a slice refer to, and that exist, but belong to another user.
#[derive(Debug, Default)]
pub(super) struct Elsewhere {
    pub(super) orders: HashSet<i64>,
    pub(super) purchases: HashSet<i64>,
}

impl Elsewhere {
    /// Looks up the rows that are missing in `books`, and counts `left` down.
    pub(super) async fn look_up(
        warehouse: &dyn Warehouse,
        books: &Books<'_>,
        left: &mut usize,
    ) -> Result<Self> {
        let orders = books.trades.order.0.iter().flatten();
        let orders = orders.filter(|id| books.orders.row(*id).is_none());
        let orders = there(warehouse, Order::table(), orders, left).await?;
        let purchases = books.chargebacks.transaction.iter().copied();
        let purchases = purchases.filter(|id| books.ramp.row(*id).is_none());
        let purchases = there(warehouse, RampTransaction::table(), purchases, left).await?;
        Ok(Self { orders, purchases })
    }
}

/// Returns those of `ids` that `table` has.
async fn there(
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
        found.extend(typed(&batch, key, |column| column.as_i64())?.iter().flatten());
    }
    Ok(found)
}
