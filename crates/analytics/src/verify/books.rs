//! The exchange's records as plain columns.

use std::collections::{HashMap, HashSet};

use tidegauge_core::arrow::array::types::{Decimal128Type, Int64Type, TimestampMicrosecondType};
use tidegauge_core::arrow::array::{Array, BooleanArray};
use tidegauge_core::{Batch, TextView};

use super::elsewhere::Elsewhere;
use super::read::Slice;
use super::subject::Subject;
use crate::Result;
use crate::typed::{Nullable, amounts, floats, ints, times, typed};

/// A user, with the columns that rules read. Unknown strings are empty.
#[derive(Debug, Clone, Copy)]
pub(super) struct Person<'f> {
    pub(super) country: &'f str,
    pub(super) signup_at: i64,
    /// The time of the verification; `None` unless the identity is verified.
    pub(super) verified_at: Option<i64>,
    /// `true` if the status of the identity check is known.
    pub(super) has_status: bool,
    /// The time at which the identity check succeeded, independent of the status.
    pub(super) checked_at: Option<i64>,
    pub(super) channel: &'f str,
    pub(super) referred_by: Option<i64>,
    /// A JSON object, if it is known.
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
    /// The fees; `None` for deposits.
    pub(super) fee: Option<&'f [i128]>,
    pub(super) status: Texts<'f>,
    pub(super) created_at: &'f [i64],
    pub(super) completed_at: Times<'f>,
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
    pub(super) filled_amount: Amounts<'f>,
    pub(super) limit_price: Amounts<'f>,
    pub(super) status: Texts<'f>,
    pub(super) created_at: &'f [i64],
    pub(super) updated_at: Times<'f>,
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
    pub(super) order: Nullable<'f, Int64Type>,
    pub(super) user: &'f [i64],
    pub(super) pair: Texts<'f>,
    pub(super) side: Texts<'f>,
    pub(super) base: Texts<'f>,
    pub(super) quote: Texts<'f>,
    pub(super) base_amount: Amounts<'f>,
    pub(super) quote_amount: &'f [i128],
    pub(super) price: Amounts<'f>,
    pub(super) fee: Amounts<'f>,
    pub(super) fee_currency: Texts<'f>,
    is_maker: &'f BooleanArray,
    pub(super) at: &'f [i64],
}

impl Trades<'_> {
    /// Returns whether the order was waiting in the order book, or `None` if it is unknown.
    pub(super) fn is_maker(&self, row: usize) -> Option<bool> {
        self.is_maker.is_valid(row).then(|| self.is_maker.value(row))
    }
}

#[derive(Debug)]
pub(super) struct Ramp<'f> {
    pub(super) id: &'f [i64],
    pub(super) user: &'f [i64],
    pub(super) fiat: Texts<'f>,
    /// Cents.
    pub(super) fiat_amount: &'f [i128],
    pub(super) token: Texts<'f>,
    pub(super) token_amount: Amounts<'f>,
    pub(super) country: Texts<'f>,
    pub(super) status: Texts<'f>,
    /// Cents.
    pub(super) fee_usd: Amounts<'f>,
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

/// The double-entry ledger of a simulated exchange.
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
    /// The users with entries.
    pub(super) users: HashSet<i64>,
}

/// The ground truth of simulated users.
#[derive(Debug)]
pub(super) struct Truths<'f> {
    pub(super) user: &'f [i64],
    pub(super) signup_at: &'f [i64],
    pub(super) channel: Texts<'f>,
    pub(super) started_at: Times<'f>,
    pub(super) lasts: &'f [i64],
    pub(super) rate: &'f [f64],
    pub(super) dropout: &'f [f64],
    /// The expected values by horizon, the shortest first.
    pub(super) values: [&'f [f64]; 4],
}

/// The exchange's records. Amounts are units of [`Crypto`](tidegauge_core::Crypto), fiat amounts of
/// the ramp cents; times are microseconds since 1970.
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
    /// The rows that these records refer to and that belong to other users.
    pub(super) elsewhere: Elsewhere,
    /// The origin of the rows and the rules that apply.
    pub(super) subject: &'f Subject,
}

impl<'f> Books<'f> {
    pub(super) fn open(slice: &'f Slice, subject: &'f Subject) -> Result<Self> {
        let (orders, trades, ramp) = (&slice.orders, &slice.trades, &slice.ramp);
        let ids = ints(orders, "order_id")?;
        Ok(Self {
            users: people(&slice.users)?,
            deposits: transfers(&slice.deposits, "deposits", ["deposit_id", "deposit_type"])?,
            withdrawals: Transfers {
                fee: Some(amounts(&slice.withdrawals, "fee")?),
                ..transfers(
                    &slice.withdrawals,
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
                filled_amount: some_amounts(orders, "filled_amount")?,
                limit_price: some_amounts(orders, "limit_price")?,
                status: texts(orders, "status")?,
                created_at: times(orders, "created_at")?,
                updated_at: some_times(orders, "updated_at")?,
                row_of: rows(ids),
            },
            trades: Trades {
                id: ints(trades, "trade_id")?,
                order: Nullable(typed(trades, "order_id", |column| column.as_i64())?),
                user: ints(trades, "user_id")?,
                pair: texts(trades, "trading_pair")?,
                side: texts(trades, "side")?,
                base: texts(trades, "base_currency")?,
                quote: texts(trades, "quote_currency")?,
                base_amount: some_amounts(trades, "base_amount")?,
                quote_amount: amounts(trades, "quote_amount")?,
                price: some_amounts(trades, "price")?,
                fee: some_amounts(trades, "fee_amount")?,
                fee_currency: texts(trades, "fee_currency")?,
                is_maker: typed(trades, "is_maker", |column| column.as_bool())?,
                at: times(trades, "executed_at")?,
            },
            ramp: Ramp {
                id: ints(ramp, "transaction_id")?,
                user: ints(ramp, "user_id")?,
                fiat: texts(ramp, "fiat_currency")?,
                fiat_amount: amounts(ramp, "fiat_amount")?,
                token: texts(ramp, "crypto_token")?,
                token_amount: some_amounts(ramp, "crypto_amount")?,
                country: texts(ramp, "country")?,
                status: texts(ramp, "status")?,
                fee_usd: some_amounts(ramp, "fee_usd")?,
                at: times(ramp, "created_at")?,
                row_of: rows(ints(ramp, "transaction_id")?),
            },
            chargebacks: chargebacks(&slice.chargebacks)?,
            entries: entries(&slice.entries)?,
            truths: truths(&slice.truths)?,
            elsewhere: Elsewhere::default(),
            subject,
        })
    }

    /// Returns `true` if a simulation wrote this row.
    pub(super) fn is_simulated(&self, table: &str, key: i64, user: i64) -> bool {
        self.subject.is_simulated(table, key, user)
    }

    /// Returns `true` if the whole history of a user is present.
    pub(super) fn has_history(&self, user: i64) -> bool {
        self.subject.own.complete_history || self.is_simulated("users", user, user)
    }

    /// Returns the users, sorted by id.
    pub(super) fn people(&self) -> Vec<(i64, &Person<'f>)> {
        let mut people: Vec<_> = self.users.iter().map(|(id, person)| (*id, person)).collect();
        people.sort_unstable_by_key(|(id, _)| *id);
        people
    }
}

fn rows(ids: &[i64]) -> HashMap<i64, usize> {
    ids.iter().enumerate().map(|(row, id)| (*id, row)).collect()
}

fn chargebacks(batch: &Batch) -> Result<Chargebacks<'_>> {
    Ok(Chargebacks {
        id: ints(batch, "chargeback_id")?,
        transaction: ints(batch, "transaction_id")?,
        user: ints(batch, "user_id")?,
        currency: texts(batch, "currency")?,
        amount: amounts(batch, "amount")?,
        at: times(batch, "created_at")?,
    })
}

fn entries(batch: &Batch) -> Result<Entries<'_>> {
    let user = ints(batch, "user_id")?;
    Ok(Entries {
        id: ints(batch, "entry_id")?,
        posting: ints(batch, "posting_id")?,
        user,
        kind: texts(batch, "kind")?,
        reference: ints(batch, "reference_id")?,
        account: texts(batch, "account")?,
        asset: texts(batch, "asset")?,
        amount: amounts(batch, "amount")?,
        at: times(batch, "posted_at")?,
        users: user.iter().copied().collect(),
    })
}

fn truths(batch: &Batch) -> Result<Truths<'_>> {
    Ok(Truths {
        user: ints(batch, "user_id")?,
        signup_at: times(batch, "signup_at")?,
        channel: texts(batch, "channel")?,
        started_at: some_times(batch, "started_at")?,
        lasts: ints(batch, "lasts")?,
        rate: floats(batch, "rate")?,
        dropout: floats(batch, "dropout")?,
        values: [
            floats(batch, "value_30d")?,
            floats(batch, "value_90d")?,
            floats(batch, "value_180d")?,
            floats(batch, "value_365d")?,
        ],
    })
}

fn people(batch: &Batch) -> Result<HashMap<i64, Person<'_>>> {
    let (ids, signups) = (ints(batch, "user_id")?, times(batch, "signup_at")?);
    let (countries, statuses) = (texts(batch, "country")?, texts(batch, "kyc_status")?);
    let checked = some_times(batch, "kyc_verified_at")?;
    let channels = texts(batch, "acquisition_channel")?;
    let balances = typed(batch, "balances", |column| column.as_text())?;
    let referrers = Nullable(typed(batch, "referred_by", |column| column.as_i64())?);
    let person = |(row, id): (usize, &i64)| {
        let (checked_at, verified) = (checked.get(row), statuses.get(row) == "verified");
        let verified_at = checked_at.filter(|_| verified);
        let person = Person {
            country: countries.get(row),
            signup_at: signups[row],
            verified_at,
            has_status: !statuses.get(row).is_empty(),
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
    batch: &'f Batch,
    name: &'static str,
    [id, kind]: [&str; 2],
) -> Result<Transfers<'f>> {
    Ok(Transfers {
        name,
        id: ints(batch, id)?,
        user: ints(batch, "user_id")?,
        kind: texts(batch, kind)?,
        currency: texts(batch, "currency")?,
        amount: amounts(batch, "amount")?,
        fee: None,
        status: texts(batch, "status")?,
        created_at: times(batch, "created_at")?,
        completed_at: some_times(batch, "completed_at")?,
    })
}

/// Times that may be null.
pub(super) type Times<'f> = Nullable<'f, TimestampMicrosecondType>;

/// Amounts that may be null.
pub(super) type Amounts<'f> = Nullable<'f, Decimal128Type>;

/// A column of strings, in which null is empty.
#[derive(Debug, Clone, Copy)]
pub(super) struct Texts<'f>(TextView<'f>);

impl<'f> Texts<'f> {
    pub(super) fn get(self, row: usize) -> &'f str {
        self.0.get(row).unwrap_or_default()
    }
}

pub(super) fn texts<'f>(batch: &'f Batch, name: &str) -> Result<Texts<'f>> {
    Ok(Texts(typed(batch, name, |column| column.as_text())?))
}

fn some_times<'f>(batch: &'f Batch, name: &str) -> Result<Times<'f>> {
    Ok(Nullable(typed(batch, name, |column| column.as_timestamp())?))
}

pub(super) fn some_amounts<'f>(batch: &'f Batch, name: &str) -> Result<Amounts<'f>> {
    Ok(Nullable(typed(batch, name, |column| column.as_decimal())?))
}
