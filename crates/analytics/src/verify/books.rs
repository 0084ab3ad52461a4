//! The exchange's records as plain columns.

use std::collections::HashMap;

use polars::prelude::*;
use tidegauge_core::tables::{Deposit, Order, RampTransaction, Trade, User, Withdrawal};
use tidegauge_core::{Scan, TableRef, Warehouse};

use crate::Result;

/// The scanned tables, each in one piece.
#[derive(Debug)]
pub(super) struct Frames {
    users: DataFrame,
    deposits: DataFrame,
    withdrawals: DataFrame,
    orders: DataFrame,
    trades: DataFrame,
    ramp: DataFrame,
}

impl Frames {
    pub(super) async fn read(warehouse: &dyn Warehouse) -> Result<Self> {
        let users = ["user_id", "country", "kyc_status", "kyc_verified_at", "signup_at"];
        let transfer = ["user_id", "currency", "amount", "status", "created_at", "completed_at"];
        Ok(Self {
            users: scan(warehouse, User::table(), &users).await?,
            deposits: scan(
                warehouse,
                Deposit::table(),
                &[&["deposit_id", "deposit_type"], &transfer[..]].concat(),
            )
            .await?,
            withdrawals: scan(
                warehouse,
                Withdrawal::table(),
                &[&["withdrawal_id", "withdrawal_type", "fee"], &transfer[..]].concat(),
            )
            .await?,
            orders: scan_all(warehouse, Order::table()).await?,
            trades: scan_all(warehouse, Trade::table()).await?,
            ramp: scan_all(warehouse, RampTransaction::table()).await?,
        })
    }
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

async fn scan_all(warehouse: &dyn Warehouse, table: &TableRef) -> Result<DataFrame> {
    let columns: Vec<&str> = table.columns.iter().map(|column| column.name.as_ref()).collect();
    scan(warehouse, table, &columns).await
}

/// A user, as far as the rules ask.
#[derive(Debug, Clone, Copy)]
pub(super) struct Person<'f> {
    pub(super) country: &'f str,
    pub(super) signup_at: i64,
    /// Null unless the identity is verified.
    pub(super) verified_at: Option<i64>,
    /// When the identity check succeeded, whatever the status says.
    pub(super) checked_at: Option<i64>,
}

/// Deposits or withdrawals.
#[derive(Debug)]
pub(super) struct Transfers<'f> {
    pub(super) name: &'static str,
    pub(super) id: &'f [i64],
    pub(super) user: &'f [i64],
    pub(super) kind: Texts<'f>,
    pub(super) currency: Texts<'f>,
    pub(super) amount: &'f [i128],
    /// Of withdrawals only.
    pub(super) fee: Option<&'f [i128]>,
    pub(super) status: Texts<'f>,
    pub(super) created_at: &'f [i64],
    pub(super) completed_at: &'f Int64Chunked,
}

#[derive(Debug)]
pub(super) struct Orders<'f> {
    pub(super) id: &'f [i64],
    pub(super) user: &'f [i64],
    pub(super) pair: Texts<'f>,
    pub(super) side: Texts<'f>,
    pub(super) base: Texts<'f>,
    pub(super) quote: Texts<'f>,
    pub(super) base_amount: &'f [i128],
    pub(super) filled_amount: &'f [i128],
    pub(super) limit_price: &'f Int128Chunked,
    pub(super) status: Texts<'f>,
    pub(super) created_at: &'f [i64],
    pub(super) updated_at: &'f [i64],
    row_of: HashMap<i64, usize>,
}

impl Orders<'_> {
    pub(super) fn row(&self, id: i64) -> Option<usize> {
        self.row_of.get(&id).copied()
    }
}

#[derive(Debug)]
pub(super) struct Trades<'f> {
    pub(super) id: &'f [i64],
    pub(super) order: &'f [i64],
    pub(super) user: &'f [i64],
    pub(super) pair: Texts<'f>,
    pub(super) side: Texts<'f>,
    pub(super) base: Texts<'f>,
    pub(super) quote: Texts<'f>,
    pub(super) base_amount: &'f [i128],
    pub(super) quote_amount: &'f [i128],
    pub(super) price: &'f [i128],
    pub(super) fee: &'f [i128],
    pub(super) fee_currency: Texts<'f>,
    pub(super) is_maker: &'f BooleanChunked,
    pub(super) at: &'f [i64],
}

#[derive(Debug)]
pub(super) struct Ramp<'f> {
    pub(super) id: &'f [i64],
    pub(super) user: &'f [i64],
    pub(super) fiat: Texts<'f>,
    /// Cents.
    pub(super) fiat_amount: &'f [i128],
    pub(super) token: Texts<'f>,
    pub(super) token_amount: &'f [i128],
    pub(super) country: Texts<'f>,
    pub(super) status: Texts<'f>,
    /// Cents.
    pub(super) fee_usd: &'f [i128],
    pub(super) at: &'f [i64],
}

/// The exchange's records. Amounts are units of 8 places, fiat amounts of the ramp cents; times are
/// microseconds since 1970.
#[derive(Debug)]
pub(super) struct Books<'f> {
    pub(super) users: HashMap<i64, Person<'f>>,
    pub(super) deposits: Transfers<'f>,
    pub(super) withdrawals: Transfers<'f>,
    pub(super) orders: Orders<'f>,
    pub(super) trades: Trades<'f>,
    pub(super) ramp: Ramp<'f>,
}

impl<'f> Books<'f> {
    pub(super) fn open(frames: &'f Frames) -> Result<Self> {
        let (orders, trades, ramp) = (&frames.orders, &frames.trades, &frames.ramp);
        let ids = ints(orders, "order_id")?;
        Ok(Self {
            users: people(&frames.users)?,
            deposits: transfers(&frames.deposits, "deposits", ["deposit_id", "deposit_type"])?,
            withdrawals: Transfers {
                fee: Some(amounts(&frames.withdrawals, "fee")?),
                ..transfers(
                    &frames.withdrawals,
                    "withdrawals",
                    ["withdrawal_id", "withdrawal_type"],
                )?
            },
            orders: Orders {
                id: ids,
                user: ints(orders, "user_id")?,
                pair: texts(orders, "trading_pair")?,
                side: texts(orders, "side")?,
                base: texts(orders, "base_currency")?,
                quote: texts(orders, "quote_currency")?,
                base_amount: amounts(orders, "base_amount")?,
                filled_amount: amounts(orders, "filled_amount")?,
                limit_price: orders.column("limit_price")?.decimal()?.physical(),
                status: texts(orders, "status")?,
                created_at: times(orders, "created_at")?,
                updated_at: times(orders, "updated_at")?,
                row_of: ids.iter().enumerate().map(|(row, id)| (*id, row)).collect(),
            },
            trades: Trades {
                id: ints(trades, "trade_id")?,
                order: ints(trades, "order_id")?,
                user: ints(trades, "user_id")?,
                pair: texts(trades, "trading_pair")?,
                side: texts(trades, "side")?,
                base: texts(trades, "base_currency")?,
                quote: texts(trades, "quote_currency")?,
                base_amount: amounts(trades, "base_amount")?,
                quote_amount: amounts(trades, "quote_amount")?,
                price: amounts(trades, "price")?,
                fee: amounts(trades, "fee_amount")?,
                fee_currency: texts(trades, "fee_currency")?,
                is_maker: trades.column("is_maker")?.bool()?,
                at: times(trades, "executed_at")?,
            },
            ramp: Ramp {
                id: ints(ramp, "transaction_id")?,
                user: ints(ramp, "user_id")?,
                fiat: texts(ramp, "fiat_currency")?,
                fiat_amount: amounts(ramp, "fiat_amount")?,
                token: texts(ramp, "crypto_token")?,
                token_amount: amounts(ramp, "crypto_amount")?,
                country: texts(ramp, "country")?,
                status: texts(ramp, "status")?,
                fee_usd: amounts(ramp, "fee_usd")?,
                at: times(ramp, "created_at")?,
            },
        })
    }
}

fn people(frame: &DataFrame) -> Result<HashMap<i64, Person<'_>>> {
    let (ids, signups) = (ints(frame, "user_id")?, times(frame, "signup_at")?);
    let (countries, statuses) = (texts(frame, "country")?, texts(frame, "kyc_status")?);
    let checked = frame.column("kyc_verified_at")?.datetime()?.physical();
    let person = |(row, id): (usize, &i64)| {
        let (checked_at, verified) = (checked.get(row), statuses.get(row) == "verified");
        let verified_at = checked_at.filter(|_| verified);
        let country = countries.get(row);
        (*id, Person { country, signup_at: signups[row], verified_at, checked_at })
    };
    Ok(ids.iter().enumerate().map(person).collect())
}

fn transfers<'f>(
    frame: &'f DataFrame,
    name: &'static str,
    [id, kind]: [&str; 2],
) -> Result<Transfers<'f>> {
    Ok(Transfers {
        name,
        id: ints(frame, id)?,
        user: ints(frame, "user_id")?,
        kind: texts(frame, kind)?,
        currency: texts(frame, "currency")?,
        amount: amounts(frame, "amount")?,
        fee: None,
        status: texts(frame, "status")?,
        created_at: times(frame, "created_at")?,
        completed_at: frame.column("completed_at")?.datetime()?.physical(),
    })
}

/// A column of text that is never null.
#[derive(Debug, Clone, Copy)]
pub(super) struct Texts<'f>(&'f StringChunked);

impl<'f> Texts<'f> {
    pub(super) fn get(self, row: usize) -> &'f str {
        self.0.get(row).unwrap_or_default()
    }
}

pub(super) fn texts<'f>(frame: &'f DataFrame, name: &str) -> Result<Texts<'f>> {
    Ok(Texts(frame.column(name)?.str()?))
}

pub(super) fn times<'f>(frame: &'f DataFrame, name: &str) -> Result<&'f [i64]> {
    slice(frame.column(name)?.datetime()?.physical())
}

pub(super) fn amounts<'f>(frame: &'f DataFrame, name: &str) -> Result<&'f [i128]> {
    slice(frame.column(name)?.decimal()?.physical())
}

pub(super) fn ints<'f>(frame: &'f DataFrame, name: &str) -> Result<&'f [i64]> {
    slice(frame.column(name)?.i64()?)
}

fn slice<T: PolarsNumericType>(values: &ChunkedArray<T>) -> Result<&[T::Native]> {
    // Without rows there may be no chunk to point at.
    if values.is_empty() { Ok(&[]) } else { Ok(values.cont_slice()?) }
}
