//! What is not where it should be: orders and purchases that belong to users of another slice.

use std::collections::HashSet;

use tidegauge_core::tables::{Order, RampTransaction};
use tidegauge_core::{Scan, TableRef, Warehouse};

use super::books::Books;
use crate::Result;

/// As many as are looked up in one audit. Each of them breaks a rule whether it is found or not.
pub(super) const LOOK_UPS: usize = 1_000;

/// Orders and purchases that rows of a slice refer to, and that are there, but another user's.
#[derive(Debug, Default)]
pub(super) struct Elsewhere {
    pub(super) orders: HashSet<i64>,
    pub(super) purchases: HashSet<i64>,
}

impl Elsewhere {
    /// Looks up what is missing in `books`, and counts `left` down.
    pub(super) async fn look_up(
        warehouse: &dyn Warehouse,
        books: &Books<'_>,
        left: &mut usize,
    ) -> Result<Self> {
        let orders = books.trades.order.iter().filter(|id| books.orders.row(**id).is_none());
        let orders = there(warehouse, Order::table(), orders, left).await?;
        let purchases = books.chargebacks.transaction.iter();
        let purchases = purchases.filter(|id| books.ramp.row(**id).is_none());
        let purchases = there(warehouse, RampTransaction::table(), purchases, left).await?;
        Ok(Self { orders, purchases })
    }
}

/// Those of `ids` that `table` has.
async fn there(
    warehouse: &dyn Warehouse,
    table: &TableRef,
    ids: impl Iterator<Item = &i64>,
    left: &mut usize,
) -> Result<HashSet<i64>> {
    let mut found = HashSet::new();
    let Some(key) = table.key.first() else { return Ok(found) };
    let missing: HashSet<i64> = ids.copied().collect();
    for id in missing.into_iter().take(*left) {
        *left -= 1;
        let scan = Scan::columns(table, [key.as_ref()]).within(key.as_ref(), id..=id);
        if warehouse.scan(&scan).await?.height() > 0 {
            found.insert(id);
        }
    }
    Ok(found)
}
