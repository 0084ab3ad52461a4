//! The consistency audit of a warehouse (`tidegauge verify`): rules that must hold between the
//! exchange's own records, row by row, for a slice of users at a time. See
//! `docs/metrics/verify.md` for the rules and their tolerances.
//!
//! [`audit`] reads a warehouse and returns an [`AuditReport`] with one [`RuleResult`] per rule.

mod context;
mod params;
mod records;
mod report;
mod rules;

use tidegauge_core::{TableRef, Warehouse, tables};

pub use params::{AuditParams, FeeTier, OwnRules, RowOrigin, RowSelection};
pub use report::{AppliesTo, AuditReport, RuleResult};

use crate::{Result, external_ids};
use context::AuditContext;
use records::{ForeignRows, MAX_LOOKUPS, Records, Slice, user_tables};
use rules::unique_keys::KeyChecker;
use rules::{foreign_keys, fx_daily, market_prices, market_rows, unique_keys};

/// Tables that no record refers to; the audit ignores them.
const IGNORED_TABLES: [&str; 9] = [
    "crypto_metrics",
    "social_posts",
    "social_counts",
    "operational_metrics",
    "quotes",
    "market_trades",
    "coverage",
    "quarantine",
    "runs",
];

/// Audits the exchange's and the market's tables of a warehouse. Rules that hold for any exchange
/// apply to all rows, those of the simulated world to the simulated rows alone.
///
/// # Errors
/// When the warehouse cannot be read.
pub async fn audit(warehouse: &dyn Warehouse, params: &AuditParams) -> Result<AuditReport> {
    let rows = params.rows;
    let is_user_table = |table: &TableRef| user_tables().contains(&table);
    let others = tables::all()
        .into_iter()
        .filter(|table| !is_user_table(table) && !IGNORED_TABLES.contains(&table.name.as_ref()));
    let mut rules = Vec::new();
    for table in others {
        rules.push(unique_keys::check_table(warehouse, &table, rows).await?);
    }
    let context = AuditContext::read(warehouse, params).await?;
    let users = audit_users(warehouse, &context, rows).await?;
    rules.extend(users.keys);
    rules.push(market_rows::rule(&context.usd));
    rules.extend(market_prices::rules(warehouse, rows).await?);
    rules.extend(fx_daily::rules(warehouse).await?);
    rules.extend(users.rules);
    external_ids::substitute(warehouse, rules.iter_mut().flat_map(|rule| &mut rule.examples))
        .await?;
    for rule in rules.iter().filter(|rule| rule.violations > 0) {
        tracing::warn!(
            rule = rule.name,
            broken = rule.violations,
            tried = rule.checked,
            "rule is broken"
        );
    }
    let (simulated_rows, own_rows) = (users.simulated_rows, users.own_rows);
    Ok(AuditReport { rules, simulated_rows, own_rows, notes: Vec::new() })
}

/// The results for the users' tables.
struct UserTableResults {
    /// The rules of their keys, their references, and missing values.
    keys: Vec<RuleResult>,
    rules: Vec<RuleResult>,
    simulated_rows: u64,
    own_rows: u64,
}

/// Audits the users' tables, slice by slice.
async fn audit_users(
    warehouse: &dyn Warehouse,
    context: &AuditContext,
    rows: u64,
) -> Result<UserTableResults> {
    let counts = context.scope.counts();
    let total = counts.iter().sum();
    let (mut simulated_rows, mut own_rows) = (0, 0);
    let slices = context.users.slices(total, rows);
    let mut unique: Vec<KeyChecker> = user_tables().into_iter().map(KeyChecker::new).collect();
    let (mut references, mut completeness, mut rules) = (Vec::new(), Vec::new(), Vec::new());
    let mut lookups_left = MAX_LOOKUPS;
    for users in &slices {
        let slice =
            Slice::read(warehouse, (slices.len() > 1).then_some(users), &context.scope).await?;
        let mut records = Records::from_slice(&slice, &context.scope)?;
        if slices.len() > 1 {
            let (orders, purchases) = (records.missing_orders(), records.missing_purchases());
            records.foreign_rows =
                ForeignRows::look_up(warehouse, orders, purchases, &mut lookups_left).await?;
        }
        for (table, rows) in unique.iter_mut().zip(slice.batches()) {
            table.add_slice(rows)?;
            let simulated = table.simulated_rows(rows, &context.scope)?;
            simulated_rows += simulated;
            own_rows += rows.rows() as u64 - simulated;
        }
        merge(&mut references, foreign_keys::rules(&slice, &records, &context.users)?);
        merge(&mut rules, rules::check_records(&records, context));
        merge(&mut completeness, slice.completeness);
    }
    // Rows without a user are in no slice.
    for (rule, count) in completeness.iter_mut().zip(counts) {
        for _ in rule.checked..*count {
            rule.check(false, || "a row without user_id".into());
        }
    }
    let mut keys = Vec::new();
    for table in unique {
        keys.push(table.finish(warehouse, rows.saturating_mul(8)).await?);
    }
    keys.extend(references);
    keys.extend(completeness);
    Ok(UserTableResults { keys, rules, simulated_rows, own_rows })
}

/// Merges the results of one slice into those of the slices before.
fn merge(total: &mut Vec<RuleResult>, slice: Vec<RuleResult>) {
    if total.is_empty() {
        *total = slice;
    } else {
        total.iter_mut().zip(slice).for_each(|(rule, other)| rule.merge(other));
    }
}
