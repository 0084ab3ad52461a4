//! The exchange's records as plain columns.

use std::collections::{HashMap, HashSet};

use polars::prelude::*;

use super::elsewhere::Elsewhere;
use super::read::Frames;
use crate::Result;

/// A user, as far as the rules ask.
#[derive(Debug, Clone, Copy)]
pub(super) struct Person<'f> {
    pub(super) country: &'f str,
    pub(super) signup_at: i64,
    /// Null unless the identity is verified.
    pub(super) verified_at: Option<i64>,
    /// When the identity check succeeded, whatever the status says.
    pub(super) checked_at: Option<i64>,
    pub(super) channel: &'f str,
    pub(super) referred_by: Option<i64>,
    /// A JSON object, if anybody says.
    pub(super) balances: Option<&'f str>,
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
    row_of: HashMap<i64, usize>,
}

impl Ramp<'_> {
    pub(super) fn row(&self, id: i64) -> Option<usize> {
        self.row_of.get(&id).copied()
    }
}

#[derive(Debug)]
pub(super) struct Chargebacks<'f> {
    pub(super) id: &'f [i64],
    pub(super) transaction: &'f [i64],
    pub(super) user: &'f [i64],
    pub(super) currency: Texts<'f>,
    /// Cents.
    pub(super) amount: &'f [i128],
    pub(super) at: &'f [i64],
}

/// The books that a simulated exchange keeps by double entry.
#[derive(Debug)]
pub(super) struct Entries<'f> {
    pub(super) id: &'f [i64],
    pub(super) posting: &'f [i64],
    pub(super) user: &'f [i64],
    pub(super) kind: Texts<'f>,
    pub(super) reference: &'f [i64],
    pub(super) account: Texts<'f>,
    pub(super) asset: Texts<'f>,
    pub(super) amount: &'f [i128],
    pub(super) at: &'f [i64],
    /// Whose there are any.
    pub(super) users: HashSet<i64>,
}

/// What simulated users are really like.
#[derive(Debug)]
pub(super) struct Truths<'f> {
    pub(super) user: &'f [i64],
    pub(super) signup_at: &'f [i64],
    pub(super) channel: Texts<'f>,
    pub(super) started_at: &'f Int64Chunked,
    pub(super) lasts: &'f [i64],
    pub(super) rate: &'f [f64],
    pub(super) dropout: &'f [f64],
    /// By their horizons, the shortest first.
    pub(super) values: [&'f [f64]; 4],
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
    pub(super) chargebacks: Chargebacks<'f>,
    pub(super) entries: Entries<'f>,
    pub(super) truths: Truths<'f>,
    /// What rows here speak of, and that is another user's.
    pub(super) elsewhere: Elsewhere,
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
                row_of: rows(ids),
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
                row_of: rows(ints(ramp, "transaction_id")?),
            },
            chargebacks: chargebacks(&frames.chargebacks)?,
            entries: entries(&frames.entries)?,
            truths: truths(&frames.truths)?,
            elsewhere: Elsewhere::default(),
        })
    }

    /// The users, by their numbers.
    pub(super) fn people(&self) -> Vec<(i64, &Person<'f>)> {
        let mut people: Vec<_> = self.users.iter().map(|(id, person)| (*id, person)).collect();
        people.sort_unstable_by_key(|(id, _)| *id);
        people
    }
}

fn rows(ids: &[i64]) -> HashMap<i64, usize> {
    ids.iter().enumerate().map(|(row, id)| (*id, row)).collect()
}

fn chargebacks(frame: &DataFrame) -> Result<Chargebacks<'_>> {
    Ok(Chargebacks {
        id: ints(frame, "chargeback_id")?,
        transaction: ints(frame, "transaction_id")?,
        user: ints(frame, "user_id")?,
        currency: texts(frame, "currency")?,
        amount: amounts(frame, "amount")?,
        at: times(frame, "created_at")?,
    })
}

fn entries(frame: &DataFrame) -> Result<Entries<'_>> {
    let user = ints(frame, "user_id")?;
    Ok(Entries {
        id: ints(frame, "entry_id")?,
        posting: ints(frame, "posting_id")?,
        user,
        kind: texts(frame, "kind")?,
        reference: ints(frame, "reference_id")?,
        account: texts(frame, "account")?,
        asset: texts(frame, "asset")?,
        amount: amounts(frame, "amount")?,
        at: times(frame, "posted_at")?,
        users: user.iter().copied().collect(),
    })
}

fn truths(frame: &DataFrame) -> Result<Truths<'_>> {
    Ok(Truths {
        user: ints(frame, "user_id")?,
        signup_at: times(frame, "signup_at")?,
        channel: texts(frame, "channel")?,
        started_at: frame.column("started_at")?.datetime()?.physical(),
        lasts: ints(frame, "lasts")?,
        rate: floats(frame, "rate")?,
        dropout: floats(frame, "dropout")?,
        values: [
            floats(frame, "value_30d")?,
            floats(frame, "value_90d")?,
            floats(frame, "value_180d")?,
            floats(frame, "value_365d")?,
        ],
    })
}

fn people(frame: &DataFrame) -> Result<HashMap<i64, Person<'_>>> {
    let (ids, signups) = (ints(frame, "user_id")?, times(frame, "signup_at")?);
    let (countries, statuses) = (texts(frame, "country")?, texts(frame, "kyc_status")?);
    let checked = frame.column("kyc_verified_at")?.datetime()?.physical();
    let (channels, balances) =
        (texts(frame, "acquisition_channel")?, frame.column("balances")?.str()?);
    let referrers = frame.column("referred_by")?.i64()?;
    let person = |(row, id): (usize, &i64)| {
        let (checked_at, verified) = (checked.get(row), statuses.get(row) == "verified");
        let verified_at = checked_at.filter(|_| verified);
        let person = Person {
            country: countries.get(row),
            signup_at: signups[row],
            verified_at,
            checked_at,
            channel: channels.get(row),
            referred_by: referrers.get(row),
            balances: balances.get(row),
        };
        (*id, person)
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

fn floats<'f>(frame: &'f DataFrame, name: &str) -> Result<&'f [f64]> {
    slice(frame.column(name)?.f64()?)
}

fn slice<T: PolarsNumericType>(values: &ChunkedArray<T>) -> Result<&[T::Native]> {
    // Without rows there may be no chunk to point at.
    if values.is_empty() { Ok(&[]) } else { Ok(values.cont_slice()?) }
}
