//! The reads of the exchange's tables, in slices that fit into memory.

use std::ops::RangeInclusive;

use tidegauge_core::arrow::buffer::BooleanBuffer;
use tidegauge_core::tables::{
    Chargeback, Deposit, LedgerEntry, Order, RampTransaction, Trade, TruthUser, User, Withdrawal,
};
use tidegauge_core::{Batch, Cell, ColumnView, Scan, Table, TableRef, Warehouse, WarehouseExt};

use super::RuleResult;
use super::subject::Subject;
use crate::Result;

/// The columns of a user that rules read.
const USER: [&str; 9] = [
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
const TRANSFER: [&str; 7] =
    ["user_id", "currency", "amount", "status", "created_at", "completed_at", "external_user_id"];

/// Columns that may be null in a user's own data, and that a simulation always fills.
const SIMULATED: [(&str, &[&str]); 4] = [
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

/// Returns the tables whose rows belong to a user, the users first.
pub(super) fn tables() -> [&'static TableRef; 9] {
    [
        User::table(),
        Deposit::table(),
        Withdrawal::table(),
        Order::table(),
        Trade::table(),
        RampTransaction::table(),
        Chargeback::table(),
        LedgerEntry::table(),
        TruthUser::table(),
    ]
}

/// The rows of a slice of users, each table in one batch.
#[derive(Debug)]
pub(super) struct Slice {
    pub(super) users: Batch,
    pub(super) deposits: Batch,
    pub(super) withdrawals: Batch,
    pub(super) orders: Batch,
    pub(super) trades: Batch,
    pub(super) ramp: Batch,
    pub(super) chargebacks: Batch,
    pub(super) entries: Batch,
    pub(super) truths: Batch,
    /// The results for rows with missing values, which are not in the batches.
    pub(super) whole: Vec<RuleResult>,
}

impl Slice {
    /// Reads the rows of the users whose ids are in `users`; `None`: all rows, also those without
    /// an id.
    pub(super) async fn read(
        warehouse: &dyn Warehouse,
        users: Option<&RangeInclusive<i64>>,
        subject: &Subject,
    ) -> Result<Self> {
        let mut reader = Reader { warehouse, users, subject, whole: Vec::new() };
        let deposits = ["deposit_id", "deposit_type"].into_iter().chain(TRANSFER);
        let withdrawals = ["withdrawal_id", "withdrawal_type", "fee"].into_iter().chain(TRANSFER);
        Ok(Self {
            users: reader.some(User::table(), USER).await?,
            deposits: reader.some(Deposit::table(), deposits).await?,
            withdrawals: reader.some(Withdrawal::table(), withdrawals).await?,
            orders: reader.all(Order::table()).await?,
            trades: reader.all(Trade::table()).await?,
            ramp: reader.all(RampTransaction::table()).await?,
            chargebacks: reader.all(Chargeback::table()).await?,
            entries: reader.all(LedgerEntry::table()).await?,
            truths: reader.all(TruthUser::table()).await?,
            whole: reader.whole,
        })
    }

    /// Returns the batches in the order of [`tables`].
    pub(super) fn all(&self) -> [&Batch; 9] {
        [
            &self.users,
            &self.deposits,
            &self.withdrawals,
            &self.orders,
            &self.trades,
            &self.ramp,
            &self.chargebacks,
            &self.entries,
            &self.truths,
        ]
    }
}

/// A reader of the rows of a slice, table by table, that reports missing values.
struct Reader<'w> {
    warehouse: &'w dyn Warehouse,
    users: Option<&'w RangeInclusive<i64>>,
    subject: &'w Subject,
    whole: Vec<RuleResult>,
}

impl Reader<'_> {
    async fn all(&mut self, table: &Table) -> Result<Batch> {
        self.rows(table, Scan::all(&lenient(table))).await
    }

    async fn some(
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
        let mut rule = nulls(table);
        let batch = complete(table, self.warehouse.read(&scan).await?, self.subject, &mut rule)?;
        self.whole.push(rule);
        Ok(batch)
    }
}

/// Returns a scan of some columns of a table that may have nulls: the audit reports them, and must
/// not fail because of them.
pub(super) fn scan<'c>(table: &Table, columns: impl IntoIterator<Item = &'c str>) -> Scan {
    Scan::columns(&lenient(table), columns)
}

/// Returns the table with every column nullable.
pub(super) fn lenient(table: &Table) -> TableRef {
    table.as_read()
}

fn nulls(table: &Table) -> RuleResult {
    RuleResult::new(
        format!("never_null.{}", table.name),
        format!("no row of {} lacks what every row must have", table.name),
    )
}

/// Drops the rows with missing required values: no other rule can check them.
fn complete(
    table: &Table,
    batch: Batch,
    subject: &Subject,
    rule: &mut RuleResult,
) -> Result<Batch> {
    let known = SIMULATED.iter().find(|(name, _)| *name == table.name);
    let known = known.map_or(&[][..], |(_, columns)| columns);
    let (mut lacking, mut unknown): (Vec<ColumnView<'_>>, Vec<ColumnView<'_>>) = Default::default();
    for (definition, column) in batch.table().columns.iter().zip(batch.views()?) {
        if column.null_count() == 0 {
            continue;
        }
        if table.column(&definition.name).is_ok_and(|defined| !defined.nullable) {
            lacking.push(column);
        } else if known.contains(&definition.name.as_ref()) {
            unknown.push(column);
        }
    }
    if lacking.is_empty() && unknown.is_empty() {
        rule.tried += batch.rows() as u64;
        return Ok(batch);
    }
    let key = batch.column(table.key.first().map_or("", AsRef::as_ref))?;
    let user = batch.column("user_id")?;
    let is_simulated = |row: usize| {
        let [key, user] = [key, user].map(|column| match column.cell(row) {
            Cell::Int(id) => i64::try_from(id).ok(),
            _ => None,
        });
        key.zip(user).is_some_and(|(key, user)| subject.is_simulated(&table.name, key, user))
    };
    let whole = BooleanBuffer::collect_bool(batch.rows(), |row| {
        lacking.iter().all(|column| !column.is_null(row))
            && (unknown.iter().all(|column| !column.is_null(row)) || !is_simulated(row))
    });
    for (row, whole) in whole.iter().enumerate() {
        let key = || match key.cell(row) {
            Cell::Int(key) => key.to_string(),
            _ => "null".into(),
        };
        rule.check(whole, || format!("{} {}", table.name, key()));
    }
    Ok(batch.filter(&whole)?)
}
