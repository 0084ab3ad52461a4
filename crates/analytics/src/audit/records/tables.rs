//! The rows of each of the users' tables as plain columns. Amounts are units of
//! [`Crypto`](tidegauge_core::Crypto), fiat amounts of the ramp cents; times are microseconds since
//! 1970.

use std::collections::{HashMap, HashSet};

use tidegauge_core::Batch;
use tidegauge_core::arrow::array::types::Int64Type;
use tidegauge_core::arrow::array::{Array, BooleanArray};

use super::columns::{
    NullableAmounts, NullableTimes, Strings, nullable_amounts, nullable_times, strings,
};
use crate::Result;
use crate::typed_columns::{Nullable, amounts, floats, ints, times, typed_column};

/// A user, with the columns that rules read. Unknown strings are empty.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UserRecord<'f> {
    pub(crate) country: &'f str,
    pub(crate) signup_at: i64,
    /// The time of the verification; `None` unless the identity is verified.
    pub(crate) verified_at: Option<i64>,
    /// `true` if the status of the identity check is known.
    pub(crate) has_status: bool,
    /// The time at which the identity check succeeded, independent of the status.
    pub(crate) checked_at: Option<i64>,
    pub(crate) channel: &'f str,
    pub(crate) referred_by: Option<i64>,
    /// A JSON object, if it is known.
    pub(crate) balances: Option<&'f str>,
}

/// Deposits or withdrawals.
#[derive(Debug)]
pub(crate) struct Transfers<'f> {
    pub(crate) name: &'static str,
    pub(crate) id: &'f [i64],
    pub(crate) user: &'f [i64],
    pub(crate) kind: Strings<'f>,
    pub(crate) currency: Strings<'f>,
    pub(crate) amount: &'f [i128],
    /// The fees; `None` for deposits.
    pub(crate) fee: Option<&'f [i128]>,
    pub(crate) status: Strings<'f>,
    pub(crate) created_at: &'f [i64],
    pub(crate) completed_at: NullableTimes<'f>,
}

impl<'f> Transfers<'f> {
    /// Returns the columns of a batch of deposits.
    ///
    /// # Errors
    /// When a column is missing or of another type.
    pub(crate) fn from_deposits(batch: &'f Batch) -> Result<Self> {
        Self::from_batch(batch, "deposits", ["deposit_id", "deposit_type"])
    }

    /// Returns the columns of a batch of withdrawals.
    ///
    /// # Errors
    /// When a column is missing or of another type.
    pub(crate) fn from_withdrawals(batch: &'f Batch) -> Result<Self> {
        let names = ["withdrawal_id", "withdrawal_type"];
        let fee = Some(amounts(batch, "fee")?);
        Ok(Self { fee, ..Self::from_batch(batch, "withdrawals", names)? })
    }

    fn from_batch(batch: &'f Batch, name: &'static str, [id, kind]: [&str; 2]) -> Result<Self> {
        Ok(Self {
            name,
            id: ints(batch, id)?,
            user: ints(batch, "user_id")?,
            kind: strings(batch, kind)?,
            currency: strings(batch, "currency")?,
            amount: amounts(batch, "amount")?,
            fee: None,
            status: strings(batch, "status")?,
            created_at: times(batch, "created_at")?,
            completed_at: nullable_times(batch, "completed_at")?,
        })
    }
}

/// Orders.
#[derive(Debug)]
pub(crate) struct Orders<'f> {
    pub(crate) id: &'f [i64],
    pub(crate) user: &'f [i64],
    pub(crate) pair: Strings<'f>,
    pub(crate) side: Strings<'f>,
    pub(crate) base: Strings<'f>,
    pub(crate) quote: Strings<'f>,
    pub(crate) base_amount: &'f [i128],
    pub(crate) filled_amount: NullableAmounts<'f>,
    pub(crate) limit_price: NullableAmounts<'f>,
    pub(crate) status: Strings<'f>,
    pub(crate) created_at: &'f [i64],
    pub(crate) updated_at: NullableTimes<'f>,
    row_of: HashMap<i64, usize>,
}

impl<'f> Orders<'f> {
    /// Returns the columns of a batch of orders.
    ///
    /// # Errors
    /// When a column is missing or of another type.
    pub(crate) fn from_batch(batch: &'f Batch) -> Result<Self> {
        let ids = ints(batch, "order_id")?;
        Ok(Self {
            id: ids,
            user: ints(batch, "user_id")?,
            pair: strings(batch, "trading_pair")?,
            side: strings(batch, "side")?,
            base: strings(batch, "base_currency")?,
            quote: strings(batch, "quote_currency")?,
            base_amount: amounts(batch, "base_amount")?,
            filled_amount: nullable_amounts(batch, "filled_amount")?,
            limit_price: nullable_amounts(batch, "limit_price")?,
            status: strings(batch, "status")?,
            created_at: times(batch, "created_at")?,
            updated_at: nullable_times(batch, "updated_at")?,
            row_of: rows(ids),
        })
    }

    /// Returns the row of an order; of a duplicated one, the last.
    pub(crate) fn row(&self, id: i64) -> Option<usize> {
        self.row_of.get(&id).copied()
    }
}

/// Trades.
#[derive(Debug)]
pub(crate) struct Trades<'f> {
    pub(crate) id: &'f [i64],
    pub(crate) order: Nullable<'f, Int64Type>,
    pub(crate) user: &'f [i64],
    pub(crate) pair: Strings<'f>,
    pub(crate) side: Strings<'f>,
    pub(crate) base: Strings<'f>,
    pub(crate) quote: Strings<'f>,
    pub(crate) base_amount: NullableAmounts<'f>,
    pub(crate) quote_amount: &'f [i128],
    pub(crate) price: NullableAmounts<'f>,
    pub(crate) fee: NullableAmounts<'f>,
    pub(crate) fee_currency: Strings<'f>,
    is_maker: &'f BooleanArray,
    pub(crate) at: &'f [i64],
}

impl<'f> Trades<'f> {
    /// Returns the columns of a batch of trades.
    ///
    /// # Errors
    /// When a column is missing or of another type.
    pub(crate) fn from_batch(batch: &'f Batch) -> Result<Self> {
        Ok(Self {
            id: ints(batch, "trade_id")?,
            order: Nullable(typed_column(batch, "order_id", |column| column.as_i64())?),
            user: ints(batch, "user_id")?,
            pair: strings(batch, "trading_pair")?,
            side: strings(batch, "side")?,
            base: strings(batch, "base_currency")?,
            quote: strings(batch, "quote_currency")?,
            base_amount: nullable_amounts(batch, "base_amount")?,
            quote_amount: amounts(batch, "quote_amount")?,
            price: nullable_amounts(batch, "price")?,
            fee: nullable_amounts(batch, "fee_amount")?,
            fee_currency: strings(batch, "fee_currency")?,
            is_maker: typed_column(batch, "is_maker", |column| column.as_bool())?,
            at: times(batch, "executed_at")?,
        })
    }

    /// Returns whether the order was waiting in the order book, or `None` if it is unknown.
    pub(crate) fn is_maker(&self, row: usize) -> Option<bool> {
        self.is_maker.is_valid(row).then(|| self.is_maker.value(row))
    }
}

/// Purchases by card: the rows of `ramp_transactions`.
#[derive(Debug)]
pub(crate) struct RampPurchases<'f> {
    pub(crate) id: &'f [i64],
    pub(crate) user: &'f [i64],
    pub(crate) fiat: Strings<'f>,
    /// Cents.
    pub(crate) fiat_amount: &'f [i128],
    pub(crate) token: Strings<'f>,
    pub(crate) token_amount: NullableAmounts<'f>,
    pub(crate) country: Strings<'f>,
    pub(crate) status: Strings<'f>,
    /// Cents.
    pub(crate) fee_usd: NullableAmounts<'f>,
    pub(crate) at: &'f [i64],
    row_of: HashMap<i64, usize>,
}

impl<'f> RampPurchases<'f> {
    /// Returns the columns of a batch of purchases.
    ///
    /// # Errors
    /// When a column is missing or of another type.
    pub(crate) fn from_batch(batch: &'f Batch) -> Result<Self> {
        let ids = ints(batch, "transaction_id")?;
        Ok(Self {
            id: ids,
            user: ints(batch, "user_id")?,
            fiat: strings(batch, "fiat_currency")?,
            fiat_amount: amounts(batch, "fiat_amount")?,
            token: strings(batch, "crypto_token")?,
            token_amount: nullable_amounts(batch, "crypto_amount")?,
            country: strings(batch, "country")?,
            status: strings(batch, "status")?,
            fee_usd: nullable_amounts(batch, "fee_usd")?,
            at: times(batch, "created_at")?,
            row_of: rows(ids),
        })
    }

    /// Returns the row of a purchase; of a duplicated one, the last.
    pub(crate) fn row(&self, id: i64) -> Option<usize> {
        self.row_of.get(&id).copied()
    }
}

/// Chargebacks.
#[derive(Debug)]
pub(crate) struct Chargebacks<'f> {
    pub(crate) id: &'f [i64],
    pub(crate) transaction: &'f [i64],
    pub(crate) user: &'f [i64],
    pub(crate) currency: Strings<'f>,
    /// Cents.
    pub(crate) amount: &'f [i128],
    pub(crate) at: &'f [i64],
}

impl<'f> Chargebacks<'f> {
    /// Returns the columns of a batch of chargebacks.
    ///
    /// # Errors
    /// When a column is missing or of another type.
    pub(crate) fn from_batch(batch: &'f Batch) -> Result<Self> {
        Ok(Self {
            id: ints(batch, "chargeback_id")?,
            transaction: ints(batch, "transaction_id")?,
            user: ints(batch, "user_id")?,
            currency: strings(batch, "currency")?,
            amount: amounts(batch, "amount")?,
            at: times(batch, "created_at")?,
        })
    }
}

/// Entries of the double-entry ledger of a simulated exchange.
#[derive(Debug)]
pub(crate) struct LedgerEntries<'f> {
    pub(crate) id: &'f [i64],
    pub(crate) posting: &'f [i64],
    pub(crate) user: &'f [i64],
    pub(crate) kind: Strings<'f>,
    pub(crate) reference: &'f [i64],
    pub(crate) account: Strings<'f>,
    pub(crate) asset: Strings<'f>,
    pub(crate) amount: &'f [i128],
    pub(crate) at: &'f [i64],
    /// The users with entries.
    pub(crate) users: HashSet<i64>,
}

impl<'f> LedgerEntries<'f> {
    /// Returns the columns of a batch of ledger entries.
    ///
    /// # Errors
    /// When a column is missing or of another type.
    pub(crate) fn from_batch(batch: &'f Batch) -> Result<Self> {
        let user = ints(batch, "user_id")?;
        Ok(Self {
            id: ints(batch, "entry_id")?,
            posting: ints(batch, "posting_id")?,
            user,
            kind: strings(batch, "kind")?,
            reference: ints(batch, "reference_id")?,
            account: strings(batch, "account")?,
            asset: strings(batch, "asset")?,
            amount: amounts(batch, "amount")?,
            at: times(batch, "posted_at")?,
            users: user.iter().copied().collect(),
        })
    }
}

/// The ground truth of simulated users.
#[derive(Debug)]
pub(crate) struct GroundTruth<'f> {
    pub(crate) user: &'f [i64],
    pub(crate) signup_at: &'f [i64],
    pub(crate) channel: Strings<'f>,
    pub(crate) started_at: NullableTimes<'f>,
    pub(crate) lasts: &'f [i64],
    pub(crate) rate: &'f [f64],
    pub(crate) dropout: &'f [f64],
    /// The expected values by horizon, the shortest first.
    pub(crate) values: [&'f [f64]; 4],
}

impl<'f> GroundTruth<'f> {
    /// Returns the columns of a batch of `truth_users`.
    ///
    /// # Errors
    /// When a column is missing or of another type.
    pub(crate) fn from_batch(batch: &'f Batch) -> Result<Self> {
        Ok(Self {
            user: ints(batch, "user_id")?,
            signup_at: times(batch, "signup_at")?,
            channel: strings(batch, "channel")?,
            started_at: nullable_times(batch, "started_at")?,
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
}

/// Returns the row of each id; of a duplicated id, the last.
fn rows(ids: &[i64]) -> HashMap<i64, usize> {
    ids.iter().enumerate().map(|(row, id)| (*id, row)).collect()
}

/// Returns the users of a batch by id.
///
/// # Errors
/// When a column is missing or of another type.
pub(crate) fn users(batch: &Batch) -> Result<HashMap<i64, UserRecord<'_>>> {
    let (ids, signups) = (ints(batch, "user_id")?, times(batch, "signup_at")?);
    let (countries, statuses) = (strings(batch, "country")?, strings(batch, "kyc_status")?);
    let checked = nullable_times(batch, "kyc_verified_at")?;
    let channels = strings(batch, "acquisition_channel")?;
    let balances = typed_column(batch, "balances", |column| column.as_text())?;
    let referrers = Nullable(typed_column(batch, "referred_by", |column| column.as_i64())?);
    let user = |(row, id): (usize, &i64)| {
        let (checked_at, verified) = (checked.get(row), statuses.get(row) == "verified");
        let verified_at = checked_at.filter(|_| verified);
        let record = UserRecord {
            country: countries.get(row),
            signup_at: signups[row],
            verified_at,
            has_status: !statuses.get(row).is_empty(),
            checked_at,
            channel: channels.get(row),
            referred_by: referrers.get(row),
            balances: balances.get(row),
        };
        (*id, record)
    };
    Ok(ids.iter().enumerate().map(user).collect())
}
