//! The rules that keys are unique.

use futures_util::TryStreamExt;
use polars::prelude::{DataFrame, Expr, IntoLazy, SortMultipleOptions, col, len, lit};
use tidegauge_core::{Batch, Table, TableRef, Warehouse};

use super::key_column::key_column;
use crate::audit::records::{
    AuditScope, TimePart, scan, split_range, time_parts, with_nullable_columns,
};
use crate::audit::report::{MAX_EXAMPLES, RuleResult};
use crate::frames::{CollectBlocking, counts, display_value};
use crate::typed_columns::{ints, typed_column};
use crate::{Result, arrow_to_polars};

/// Checks that no two rows of a table have the same key. Of a table whose key contains the event
/// time, only about `rows` keys are held at a time.
pub(crate) async fn check_table(
    warehouse: &dyn Warehouse,
    table: &TableRef,
    rows: u64,
) -> Result<RuleResult> {
    let is_by_time = table.time.as_ref().is_some_and(|time| table.key.contains(time));
    let parts = match is_by_time {
        true => time_parts(warehouse, &with_nullable_columns(table), rows).await?,
        false => vec![TimePart::All],
    };
    let mut rule = new_rule(table);
    for part in parts {
        let keys = part.restrict(scan(table, table.key.iter().map(AsRef::as_ref)));
        rule.merge(check_keys(table, arrow_to_polars::read_frame(warehouse, &keys).await?)?);
    }
    Ok(rule)
}

fn check_keys(table: &Table, keys: DataFrame) -> Result<RuleResult> {
    let mut rule = new_rule(table);
    rule.checked = keys.height() as u64;
    let columns: Vec<Expr> = table.key.iter().map(|name| col(name.as_ref())).collect();
    let duplicates = keys
        .lazy()
        .group_by(columns)
        .agg([len().alias("rows")])
        .filter(col("rows").gt(lit(1)))
        .sort(key_names(table), SortMultipleOptions::default())
        .collect_blocking()?;
    rule.violations = counts(&duplicates, "rows")?.into_iter().map(|rows| rows - 1).sum();
    rule.examples = examples(table, &duplicates);
    Ok(rule)
}

fn new_rule(table: &Table) -> RuleResult {
    RuleResult::new(
        format!("unique_key.{}", table.name),
        format!("no two rows of {} have the same {}", table.name, table.key.join(", ")),
    )
}

/// The keys of a table whose rows are read in slices.
pub(crate) struct KeyChecker {
    table: &'static TableRef,
    rule: RuleResult,
    /// The smallest and the greatest key of each slice.
    spans: Vec<[i64; 2]>,
}

impl KeyChecker {
    pub(crate) fn new(table: &'static TableRef) -> Self {
        Self { table, rule: new_rule(table), spans: Vec::new() }
    }

    pub(crate) fn add_slice(&mut self, rows: &Batch) -> Result<()> {
        let mut keys = ints(rows, key_column(self.table))?.to_vec();
        keys.sort_unstable();
        check_sorted(&mut self.rule, self.table, &keys);
        self.spans.extend(keys.first().zip(keys.last()).map(|(least, most)| [*least, *most]));
        Ok(())
    }

    /// Returns the number of rows that a simulation wrote.
    pub(crate) fn simulated_rows(&self, rows: &Batch, scope: &AuditScope) -> Result<u64> {
        let keys = ints(rows, key_column(self.table))?.iter().zip(ints(rows, "user_id")?);
        let is_simulated =
            |(key, user): &(&i64, &i64)| scope.is_simulated(&self.table.name, **key, **user);
        Ok(keys.filter(is_simulated).count() as u64)
    }

    /// Returns the result. A key that occurs in two slices is not detected in either of them: if
    /// the slices' keys overlap, all keys are read once more, `rows` at a time.
    pub(crate) async fn finish(
        mut self,
        warehouse: &dyn Warehouse,
        rows: u64,
    ) -> Result<RuleResult> {
        self.spans.sort_unstable();
        let overlap = self.spans.windows(2).any(|pair| pair[0][1] >= pair[1][0]);
        let most = self.spans.iter().map(|span| span[1]).max();
        let (Some([least, _]), Some(most), true) = (self.spans.first(), most, overlap) else {
            return Ok(self.rule);
        };
        let mut rule = new_rule(self.table);
        for range in split_range(*least, most, self.rule.checked.div_ceil(rows.max(1))) {
            let key = key_column(self.table);
            let keys_in_range = scan(self.table, [key]).range(key, range);
            let mut batches = warehouse.scan(&keys_in_range).await?;
            let mut keys: Vec<i64> = Vec::new();
            while let Some(batch) = batches.try_next().await? {
                keys.extend(typed_column(&batch, key, |column| column.as_i64())?.iter().flatten());
            }
            keys.sort_unstable();
            check_sorted(&mut rule, self.table, &keys);
        }
        Ok(rule)
    }
}

fn check_sorted(rule: &mut RuleResult, table: &Table, sorted: &[i64]) {
    for same in sorted.chunk_by(|one, other| one == other) {
        rule.checked += 1;
        for again in &same[1..] {
            rule.check(false, || format!("{} {again}", table.name));
        }
    }
}

fn key_names(table: &Table) -> Vec<String> {
    table.key.iter().map(ToString::to_string).collect()
}

/// Returns the first few keys, as in `trades 17`.
fn examples(table: &Table, frame: &DataFrame) -> Vec<String> {
    let key = |row: usize| {
        let values: Vec<String> =
            table.key.iter().map(|name| display_value(frame, name, row)).collect();
        format!("{} {}", table.name, values.join(" · "))
    };
    (0..frame.height().min(MAX_EXAMPLES)).map(key).collect()
}
