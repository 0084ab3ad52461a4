//! The exchange's tables, as much of them at a time as memory holds.

use std::ops::RangeInclusive;

use polars::prelude::*;
use tidegauge_core::tables::{
    Chargeback, Deposit, LedgerEntry, Order, RampTransaction, Trade, TruthUser, User, Withdrawal,
};
use tidegauge_core::{Scan, Table, TableRef, Warehouse};

use super::RuleResult;
use crate::Result;
use crate::frames::shown;

/// What the rules ask of a user.
const USER: [&str; 8] = [
    "user_id",
    "country",
    "kyc_status",
    "kyc_verified_at",
    "signup_at",
    "acquisition_channel",
    "referred_by",
    "balances",
];

/// What they ask of a deposit and a withdrawal alike.
const TRANSFER: [&str; 6] =
    ["user_id", "currency", "amount", "status", "created_at", "completed_at"];

/// The tables whose rows are some user's, the users before all others.
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

/// The rows of some users, each table in one piece.
#[derive(Debug)]
pub(super) struct Frames {
    pub(super) users: DataFrame,
    pub(super) deposits: DataFrame,
    pub(super) withdrawals: DataFrame,
    pub(super) orders: DataFrame,
    pub(super) trades: DataFrame,
    pub(super) ramp: DataFrame,
    pub(super) chargebacks: DataFrame,
    pub(super) entries: DataFrame,
    pub(super) truths: DataFrame,
    /// What was found of rows that are not whole; the frames have none of them.
    pub(super) whole: Vec<RuleResult>,
}

impl Frames {
    /// Of the users whose numbers lie in `users`; of all, and of rows without a number, where that is
    /// `None`.
    pub(super) async fn read(
        warehouse: &dyn Warehouse,
        users: Option<&RangeInclusive<i64>>,
    ) -> Result<Self> {
        let mut frames = Vec::new();
        let mut whole = Vec::new();
        for table in tables() {
            let mut scan = match table.name.as_ref() {
                "users" => Scan::columns(table, USER),
                "deposits" => transfers(table, &["deposit_id", "deposit_type"]),
                "withdrawals" => transfers(table, &["withdrawal_id", "withdrawal_type", "fee"]),
                _ => Scan::all(table),
            };
            if let Some(users) = users {
                scan = scan.within("user_id", users.clone());
            }
            let mut rule = nulls(table);
            let mut frame = complete(table, warehouse.scan(&scan).await?, &mut rule)?;
            frame.rechunk_mut();
            frames.push(frame);
            whole.push(rule);
        }
        let mut frames = frames.into_iter();
        let mut next = || frames.next().unwrap_or_default();
        Ok(Self {
            users: next(),
            deposits: next(),
            withdrawals: next(),
            orders: next(),
            trades: next(),
            ramp: next(),
            chargebacks: next(),
            entries: next(),
            truths: next(),
            whole,
        })
    }

    /// The frames in the order of [`tables`].
    pub(super) fn all(&self) -> [&DataFrame; 9] {
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

fn transfers(table: &TableRef, more: &[&str]) -> Scan {
    Scan::columns(table, more.iter().chain(&TRANSFER).copied())
}

fn nulls(table: &Table) -> RuleResult {
    RuleResult::new(
        format!("never_null.{}", table.name),
        format!("no row of {} lacks what every row must have", table.name),
    )
}

/// `frame` without the rows that lack what they must have: no other rule can judge them.
fn complete(table: &Table, frame: DataFrame, rule: &mut RuleResult) -> Result<DataFrame> {
    let mut whole = vec![true; frame.height()];
    for column in frame.columns() {
        let must = table.column(column.name()).is_ok_and(|defined| !defined.nullable);
        if must && column.null_count() > 0 {
            let there = column.is_not_null();
            whole.iter_mut().zip(there.iter()).for_each(|(whole, there)| {
                *whole &= there == Some(true);
            });
        }
    }
    for (row, whole) in whole.iter().enumerate() {
        let key = || shown(&frame, table.key.first().map_or("", AsRef::as_ref), row);
        rule.check(*whole, || format!("{} {}", table.name, key()));
    }
    Ok(match whole.contains(&false) {
        true => frame.filter(&BooleanChunked::from_slice(PlSmallStr::EMPTY, &whole))?,
        false => frame,
    })
}

/// Some columns of a table, in one piece.
pub(super) async fn scan(
    warehouse: &dyn Warehouse,
    table: &TableRef,
    columns: &[&str],
) -> Result<DataFrame> {
    let mut frame = warehouse.scan(&Scan::columns(table, columns.iter().copied())).await?;
    frame.rechunk_mut();
    Ok(frame)
}
