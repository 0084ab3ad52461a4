//! The rules that references lead to a row.

use std::collections::HashMap;

use tidegauge_core::tables::{EXTERNAL_ID, Order, RampTransaction, User};
use tidegauge_core::{Batch, TextView};

use super::key_column::key_column;
use crate::Result;
use crate::audit::records::{Records, Slice, UserIndex, user_tables};
use crate::audit::report::RuleResult;
use crate::typed_columns::{ints, typed_column};

/// The external ids of users.
struct ExternalIds<'f>(HashMap<i64, &'f str>);

impl<'f> ExternalIds<'f> {
    fn from_users(users: &'f Batch) -> Result<Self> {
        let Some(names) = external_column(users, EXTERNAL_ID)? else {
            return Ok(Self(HashMap::new()));
        };
        let ids = ints(users, "user_id")?.iter().enumerate();
        Ok(Self(ids.filter_map(|(row, id)| Some((*id, names.get(row)?))).collect()))
    }

    /// Returns `true` if the user has this external id, or had none so far.
    fn insert_or_match(&mut self, user: i64, name: &'f str) -> bool {
        *self.0.entry(user).or_insert(name) == name
    }
}

/// Returns a column of external ids, or `None` if the rows lack it.
fn external_column<'f>(rows: &'f Batch, name: &str) -> Result<Option<TextView<'f>>> {
    match rows.table().column(name) {
        Ok(_) => Ok(Some(typed_column(rows, name, |column| column.as_text())?)),
        Err(_) => Ok(None),
    }
}

/// Checks that every reference of a slice's rows leads to a row, and a reference to a user to the
/// user with the same external id.
pub(crate) fn rules(
    slice: &Slice,
    records: &Records<'_>,
    index: &UserIndex,
) -> Result<Vec<RuleResult>> {
    let mut rules = Vec::new();
    let mut external_ids = ExternalIds::from_users(&slice.users)?;
    for (table, rows) in user_tables().into_iter().zip(slice.batches()) {
        for reference in &table.foreign_keys {
            let [column] = &reference.columns[..] else { continue };
            let exists = |id: i64| match reference.table.as_ref() {
                "users" => index.signup_of(id).is_some(),
                "orders" => {
                    records.orders.row(id).is_some() || records.foreign_rows.orders.contains(&id)
                }
                _ => records.ramp.row(id).is_some() || records.foreign_rows.purchases.contains(&id),
            };
            let mut rule = RuleResult::new(
                format!("foreign_key.{}.{column}", table.name),
                format!("every {column} of {} is in {}", table.name, reference.table),
            );
            let keys = ints(rows, key_column(table))?;
            let ids = typed_column(rows, column, |column| column.as_i64())?;
            // Of a user's own data, users, orders and purchases may never have been loaded.
            let is_table_loaded = match reference.table.as_ref() {
                "users" => records.scope.has(User::table()),
                "orders" => records.scope.has(Order::table()),
                _ => records.scope.has(RampTransaction::table()),
            };
            let users = ints(rows, "user_id")?;
            let mut dangling: Vec<i64> = Vec::new();
            let external_users = match column.as_ref() {
                "user_id" => external_column(rows, "external_user_id")?,
                _ => None,
            };
            for (row, ((key, id), user)) in keys.iter().zip(ids).zip(users).enumerate() {
                let Some(id) = id else { continue };
                let name = external_users.and_then(|external_users| external_users.get(row));
                if name.is_some_and(|name| !external_ids.insert_or_match(id, name)) {
                    dangling.push(*key);
                    continue;
                }
                if !is_table_loaded && name.is_some() {
                    rule.checked += 1;
                    continue;
                }
                if !is_table_loaded && !records.is_simulated(&table.name, *key, *user) {
                    continue;
                }
                if exists(id) {
                    rule.checked += 1;
                } else {
                    dangling.push(*key);
                }
            }
            dangling.sort_unstable();
            for key in dangling {
                rule.check(false, || format!("{} {key}", table.name));
            }
            rules.push(rule);
        }
    }
    Ok(rules)
}
