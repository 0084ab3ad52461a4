//! Slices: the rows of a range of users, which fit into memory.

use std::ops::RangeInclusive;

use tidegauge_core::arrow::buffer::BooleanBuffer;
use tidegauge_core::tables::{
    Chargeback, Deposit, LedgerEntry, Order, RampTransaction, Trade, TruthUser, User, Withdrawal,
};
use tidegauge_core::{Batch, Cell, ColumnView, Scan, Table, Warehouse, WarehouseExt};

use super::scope::AuditScope;
use super::user_tables::{scan, with_nullable_columns};
use crate::Result;
use crate::audit::report::RuleResult;

/// The columns of a user that rules read.
const USER_COLUMNS: [&str; 9] = [
    "user_id",
    "country",
    "kyc_status",
    "kyc_verified_at",
    "signup_at",
    "acquisition_channel",
    "referred_by",
    "balances",
    "external_id",
];

/// The columns of a deposit and of a withdrawal that rules read.
const TRANSFER_COLUMNS: [&str; 7] =
    ["user_id", "currency", "amount", "status", "created_at", "completed_at", "external_user_id"];

/// Columns that may be null in a user's own data, and that a simulation always fills.
const SIMULATED_COLUMNS: [(&str, &[&str]); 4] = [
    ("users", &["country", "kyc_status", "acquisition_channel"]),
    (
        "orders",
        &[
            "trading_pair",
            "side",
            "order_type",
            "quote_currency",
            "filled_amount",
            "status",
            "updated_at",
        ],
    ),
    (
        "trades",
        &[
            "order_id",
            "trading_pair",
            "side",
            "base_currency",
            "base_amount",
            "price",
            "fee_amount",
            "fee_currency",
            "is_maker",
        ],
    ),
    (
        "ramp_transactions",
        &["crypto_token", "crypto_amount", "payment_method", "country", "fee_usd"],
    ),
];

/// The rows of a slice of users, each table in one batch.
#[derive(Debug)]
pub(crate) struct Slice {
    pub(crate) users: Batch,
    pub(crate) deposits: Batch,
    pub(crate) withdrawals: Batch,
    pub(crate) orders: Batch,
    pub(crate) trades: Batch,
    pub(crate) ramp: Batch,
    pub(crate) chargebacks: Batch,
    pub(crate) ledger_entries: Batch,
    pub(crate) ground_truth: Batch,
    /// The results for rows with missing values, which are not in the batches.
    pub(crate) completeness: Vec<RuleResult>,
}

impl Slice {
    /// Reads the rows of the users whose ids are in `users`; `None`: all rows, also those without
    /// an id.
    pub(crate) async fn read(
        warehouse: &dyn Warehouse,
        users: Option<&RangeInclusive<i64>>,
        scope: &AuditScope,
    ) -> Result<Self> {
        let mut reader = Reader { warehouse, users, scope, completeness: Vec::new() };
        let deposits = ["deposit_id", "deposit_type"].into_iter().chain(TRANSFER_COLUMNS);
        let withdrawals =
            ["withdrawal_id", "withdrawal_type", "fee"].into_iter().chain(TRANSFER_COLUMNS);
        Ok(Self {
            users: reader.columns(User::table(), USER_COLUMNS).await?,
            deposits: reader.columns(Deposit::table(), deposits).await?,
            withdrawals: reader.columns(Withdrawal::table(), withdrawals).await?,
            orders: reader.table(Order::table()).await?,
            trades: reader.table(Trade::table()).await?,
            ramp: reader.table(RampTransaction::table()).await?,
            chargebacks: reader.table(Chargeback::table()).await?,
            ledger_entries: reader.table(LedgerEntry::table()).await?,
            ground_truth: reader.table(TruthUser::table()).await?,
            completeness: reader.completeness,
        })
    }

    /// Returns the batches in the order of [`user_tables`](super::user_tables::user_tables).
    pub(crate) fn batches(&self) -> [&Batch; 9] {
        [
            &self.users,
            &self.deposits,
            &self.withdrawals,
            &self.orders,
            &self.trades,
            &self.ramp,
            &self.chargebacks,
            &self.ledger_entries,
            &self.ground_truth,
        ]
    }
}

/// A reader of the rows of a slice, table by table, that reports missing values.
struct Reader<'w> {
    warehouse: &'w dyn Warehouse,
    users: Option<&'w RangeInclusive<i64>>,
    scope: &'w AuditScope,
    completeness: Vec<RuleResult>,
}

impl Reader<'_> {
    async fn table(&mut self, table: &Table) -> Result<Batch> {
        self.rows(table, Scan::all(&with_nullable_columns(table))).await
    }

    async fn columns(
        &mut self,
        table: &Table,
        columns: impl IntoIterator<Item = &'static str> + Send,
    ) -> Result<Batch> {
        self.rows(table, scan(table, columns)).await
    }

    async fn rows(&mut self, table: &Table, scan: Scan) -> Result<Batch> {
        let scan = match self.users {
            Some(users) => scan.range("user_id", users.clone()),
            None => scan,
        };
        let mut rule = completeness_rule(table);
        let batch = complete_rows(table, self.warehouse.read(&scan).await?, self.scope, &mut rule)?;
        self.completeness.push(rule);
        Ok(batch)
    }
}

fn completeness_rule(table: &Table) -> RuleResult {
    RuleResult::new(
        format!("never_null.{}", table.name),
        format!("no row of {} lacks what every row must have", table.name),
    )
}

/// Drops the rows with missing required values: no other rule can check them.
fn complete_rows(
    table: &Table,
    batch: Batch,
    scope: &AuditScope,
    rule: &mut RuleResult,
) -> Result<Batch> {
    let known = SIMULATED_COLUMNS.iter().find(|(name, _)| *name == table.name);
    let known = known.map_or(&[][..], |(_, columns)| columns);
    let (mut required, mut simulated): (Vec<ColumnView<'_>>, Vec<ColumnView<'_>>) =
        Default::default();
    for (definition, column) in batch.table().columns.iter().zip(batch.views()?) {
        if column.null_count() == 0 {
            continue;
        }
        if table.column(&definition.name).is_ok_and(|defined| !defined.nullable) {
            required.push(column);
        } else if known.contains(&definition.name.as_ref()) {
            simulated.push(column);
        }
    }
    if required.is_empty() && simulated.is_empty() {
        rule.checked += batch.rows() as u64;
        return Ok(batch);
    }
    let key = batch.column(table.key.first().map_or("", AsRef::as_ref))?;
    let user = batch.column("user_id")?;
    let is_simulated = |row: usize| {
        let [key, user] = [key, user].map(|column| match column.cell(row) {
            Cell::Int(id) => i64::try_from(id).ok(),
            _ => None,
        });
        key.zip(user).is_some_and(|(key, user)| scope.is_simulated(&table.name, key, user))
    };
    let is_complete = BooleanBuffer::collect_bool(batch.rows(), |row| {
        required.iter().all(|column| !column.is_null(row))
            && (simulated.iter().all(|column| !column.is_null(row)) || !is_simulated(row))
    });
    for (row, is_complete) in is_complete.iter().enumerate() {
        let key = || match key.cell(row) {
            Cell::Int(key) => key.to_string(),
            _ => "null".into(),
        };
        rule.check(is_complete, || format!("{} {}", table.name, key()));
    }
    Ok(batch.filter(&is_complete)?)
}
