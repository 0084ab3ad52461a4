//! The rules of keys and references: keys are unique, and references lead to a row.

use std::collections::HashMap;

use futures_util::TryStreamExt;
use polars::prelude::{DataFrame, Expr, IntoLazy, SortMultipleOptions, col, len, lit};
use tidegauge_core::tables::{EXTERNAL_ID, Order, RampTransaction, User};
use tidegauge_core::{Batch, Table, TableRef, TextView, Warehouse};

use super::books::Books;
use super::parts::{Part, parts};
use super::read::{self, Slice};
use super::slices::{Everyone, cut};
use super::subject::Subject;
use super::{EXAMPLES, RuleResult};
use crate::frames::{Compute, counts, shown};
use crate::typed::{ints, typed};
use crate::{Result, columns};

/// Checks that no two rows of a table have the same key. Of a table whose key contains the event
/// time, only about `rows` keys are held at a time.
pub(super) async fn unique(
    warehouse: &dyn Warehouse,
    table: &TableRef,
    rows: u64,
) -> Result<RuleResult> {
    let is_by_time = table.time.as_ref().is_some_and(|time| table.key.contains(time));
    let parts = match is_by_time {
        true => parts(warehouse, &read::lenient(table), rows).await?,
        false => vec![Part::All],
    };
    let mut rule = unique_rule(table);
    for part in parts {
        let scan = part.of(read::scan(table, table.key.iter().map(AsRef::as_ref)));
        rule.add(unique_in(table, columns::read(warehouse, &scan).await?)?);
    }
    Ok(rule)
}

fn unique_in(table: &Table, keys: DataFrame) -> Result<RuleResult> {
    let mut rule = unique_rule(table);
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

fn unique_rule(table: &Table) -> RuleResult {
    RuleResult::new(
        format!("unique_key.{}", table.name),
        format!("no two rows of {} have the same {}", table.name, table.key.join(", ")),
    )
}

/// The keys of a table whose rows are read in slices.
pub(super) struct Passing {
    table: &'static TableRef,
    rule: RuleResult,
    /// The smallest and the greatest key of each slice.
    spans: Vec<[i64; 2]>,
}

impl Passing {
    pub(super) fn new(table: &'static TableRef) -> Self {
        Self { table, rule: unique_rule(table), spans: Vec::new() }
    }

    pub(super) fn slice(&mut self, rows: &Batch) -> Result<()> {
        let mut keys = ints(rows, key(self.table))?.to_vec();
        keys.sort_unstable();
        repeated(&mut self.rule, self.table, &keys);
        self.spans.extend(keys.first().zip(keys.last()).map(|(least, most)| [*least, *most]));
        Ok(())
    }

    /// Returns the number of rows that a simulation wrote.
    pub(super) fn simulated(&self, rows: &Batch, subject: &Subject) -> Result<u64> {
        let keys = ints(rows, key(self.table))?.iter().zip(ints(rows, "user_id")?);
        let is_simulated =
            |(key, user): &(&i64, &i64)| subject.is_simulated(&self.table.name, **key, **user);
        Ok(keys.filter(is_simulated).count() as u64)
    }

    /// Returns the result. A key that occurs in two slices is not detected in either of them: if
    /// the slices' keys overlap, all keys are read once more, `rows` at a time.
    pub(super) async fn finish(
        mut self,
        warehouse: &dyn Warehouse,
        rows: u64,
    ) -> Result<RuleResult> {
        self.spans.sort_unstable();
        let mix = self.spans.windows(2).any(|pair| pair[0][1] >= pair[1][0]);
        let most = self.spans.iter().map(|span| span[1]).max();
        let (Some([least, _]), Some(most), true) = (self.spans.first(), most, mix) else {
            return Ok(self.rule);
        };
        let mut rule = unique_rule(self.table);
        for range in cut(*least, most, self.rule.tried.div_ceil(rows.max(1))) {
            let key = key(self.table);
            let scan = read::scan(self.table, [key]).range(key, range);
            let mut batches = warehouse.scan(&scan).await?;
            let mut keys: Vec<i64> = Vec::new();
            while let Some(batch) = batches.try_next().await? {
                keys.extend(typed(&batch, key, |column| column.as_i64())?.iter().flatten());
            }
            keys.sort_unstable();
            repeated(&mut rule, self.table, &keys);
        }
        Ok(rule)
    }
}

/// Returns the key of a table of users' rows, which is one integer column.
fn key(table: &Table) -> &str {
    table.key.first().map_or("", AsRef::as_ref)
}

fn repeated(rule: &mut RuleResult, table: &Table, sorted: &[i64]) {
    for same in sorted.chunk_by(|one, other| one == other) {
        rule.tried += 1;
        for again in &same[1..] {
            rule.check(false, || format!("{} {again}", table.name));
        }
    }
}

/// The external ids of users.
struct Names<'f>(HashMap<i64, &'f str>);

impl<'f> Names<'f> {
    fn of(users: &'f Batch) -> Result<Self> {
        let Some(names) = external(users, EXTERNAL_ID)? else { return Ok(Self(HashMap::new())) };
        let ids = ints(users, "user_id")?.iter().enumerate();
        Ok(Self(ids.filter_map(|(row, id)| Some((*id, names.get(row)?))).collect()))
    }

    /// Returns `true` if the user has this external id, or had none so far.
    fn agree(&mut self, user: i64, name: &'f str) -> bool {
        *self.0.entry(user).or_insert(name) == name
    }
}

/// Returns a column of external ids, or `None` if the rows lack it.
fn external<'f>(rows: &'f Batch, name: &str) -> Result<Option<TextView<'f>>> {
    match rows.table().column(name) {
        Ok(_) => Ok(Some(typed(rows, name, |column| column.as_text())?)),
        Err(_) => Ok(None),
    }
}

/// Checks that every reference of a slice's rows leads to a row, and a reference to a user to the
/// user with the same external id.
pub(super) fn whole(
    slice: &Slice,
    books: &Books<'_>,
    everyone: &Everyone,
) -> Result<Vec<RuleResult>> {
    let mut rules = Vec::new();
    let mut names = Names::of(&slice.users)?;
    for (table, rows) in read::tables().into_iter().zip(slice.all()) {
        for reference in &table.foreign_keys {
            let [column] = &reference.columns[..] else { continue };
            let is_there = |id: i64| match reference.table.as_ref() {
                "users" => everyone.signup(id).is_some(),
                "orders" => books.orders.row(id).is_some() || books.elsewhere.orders.contains(&id),
                _ => books.ramp.row(id).is_some() || books.elsewhere.purchases.contains(&id),
            };
            let mut rule = RuleResult::new(
                format!("foreign_key.{}.{column}", table.name),
                format!("every {column} of {} is in {}", table.name, reference.table),
            );
            let keys = ints(rows, key(table))?;
            let ids = typed(rows, column, |column| column.as_i64())?;
            // Of a user's own data, users, orders and purchases may never have been loaded.
            let is_there_at_all = match reference.table.as_ref() {
                "users" => books.subject.has(User::table()),
                "orders" => books.subject.has(Order::table()),
                _ => books.subject.has(RampTransaction::table()),
            };
            let users = ints(rows, "user_id")?;
            let mut lost: Vec<i64> = Vec::new();
            let called = match column.as_ref() {
                "user_id" => external(rows, "external_user_id")?,
                _ => None,
            };
            for (row, ((key, id), user)) in keys.iter().zip(ids).zip(users).enumerate() {
                let Some(id) = id else { continue };
                let name = called.and_then(|called| called.get(row));
                if name.is_some_and(|name| !names.agree(id, name)) {
                    lost.push(*key);
                    continue;
                }
                if !is_there_at_all && name.is_some() {
                    rule.tried += 1;
                    continue;
                }
                if !is_there_at_all && !books.is_simulated(&table.name, *key, *user) {
                    continue;
                }
                if is_there(id) {
                    rule.tried += 1;
                } else {
                    lost.push(*key);
                }
            }
            lost.sort_unstable();
            for key in lost {
                rule.check(false, || format!("{} {key}", table.name));
            }
            rules.push(rule);
        }
    }
    Ok(rules)
}

fn names(columns: &[std::borrow::Cow<'static, str>]) -> Vec<String> {
    columns.iter().map(ToString::to_string).collect()
}

/// Returns the first few keys, as in `trades 17`.
fn examples(table: &Table, frame: &DataFrame) -> Vec<String> {
    let key = |row: usize| {
        let values: Vec<String> = table.key.iter().map(|name| shown(frame, name, row)).collect();
        format!("{} {}", table.name, values.join(" · "))
    };
    (0..frame.height().min(EXAMPLES)).map(key).collect()
}
