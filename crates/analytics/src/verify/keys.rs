//! Keys are unique, and references lead somewhere.

use polars::prelude::*;
use tidegauge_core::{ForeignKey, Scan, Table, TableRef, Warehouse, tables};

use super::{EXAMPLES, RuleResult};
use crate::Result;
use crate::frames::{Compute, counts, shown};

/// No two rows of a table have the same key.
pub(super) async fn unique(warehouse: &dyn Warehouse, table: &TableRef) -> Result<RuleResult> {
    let keys = warehouse.scan(&Scan::columns(table, names(&table.key))).await?;
    let mut rule = RuleResult::new(
        format!("unique_key.{}", table.name),
        format!("no two rows of {} have the same {}", table.name, table.key.join(", ")),
    );
    rule.tried = keys.height() as u64;
    let columns: Vec<Expr> = table.key.iter().map(|name| col(name.as_ref())).collect();
    let twice = keys
        .lazy()
        .group_by(columns)
        .agg([len().alias("rows")])
        .filter(col("rows").gt(lit(1)))
        .sort(names(&table.key), SortMultipleOptions::default())
        .compute()?;
    rule.broken = counts(&twice, "rows")?.into_iter().map(|rows| rows - 1).sum();
    rule.examples = examples(table, &twice);
    Ok(rule)
}

/// Every reference of a table leads to a row.
pub(super) async fn whole(warehouse: &dyn Warehouse, table: &TableRef) -> Result<Vec<RuleResult>> {
    let mut rules = Vec::new();
    for key in &table.foreign_keys {
        if let Some(target) = tables::by_name(&key.table) {
            rules.push(leads_somewhere(warehouse, table, key, &target).await?);
        }
    }
    Ok(rules)
}

async fn leads_somewhere(
    warehouse: &dyn Warehouse,
    table: &TableRef,
    key: &ForeignKey,
    target: &TableRef,
) -> Result<RuleResult> {
    let mut rule = RuleResult::new(
        format!("foreign_key.{}.{}", table.name, key.columns.join("_")),
        format!("every {} of {} is in {}", key.columns.join(", "), table.name, key.table),
    );
    let mut columns = names(&table.key);
    columns.extend(names(&key.columns));
    columns.dedup(); // a key that is itself the reference
    let rows = warehouse.scan(&Scan::columns(table, columns)).await?;
    let there = warehouse.scan(&Scan::columns(target, names(&target.key))).await?;
    let here: Vec<Expr> = key.columns.iter().map(|name| col(name.as_ref())).collect();
    let theirs: Vec<Expr> = target.key.iter().map(|name| col(name.as_ref())).collect();
    let set = here.iter().cloned().map(Expr::is_not_null).reduce(Expr::and).unwrap_or(lit(true));
    let rows = rows.lazy().filter(set).compute()?;
    rule.tried = rows.height() as u64;
    let lost = rows
        .lazy()
        .join(there.lazy(), here, theirs, JoinArgs::new(JoinType::Anti))
        .sort(names(&table.key), SortMultipleOptions::default())
        .compute()?;
    rule.broken = lost.height() as u64;
    rule.examples = examples(table, &lost);
    Ok(rule)
}

fn names(columns: &[std::borrow::Cow<'static, str>]) -> Vec<String> {
    columns.iter().map(ToString::to_string).collect()
}

/// The first few keys, as in `trades 17`.
fn examples(table: &Table, frame: &DataFrame) -> Vec<String> {
    let key = |row: usize| {
        let values: Vec<String> = table.key.iter().map(|name| shown(frame, name, row)).collect();
        format!("{} {}", table.name, values.join(" · "))
    };
    (0..frame.height().min(EXAMPLES)).map(key).collect()
}
