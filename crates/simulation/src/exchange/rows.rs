//! Rows on their way into batches, as columns.

use tidegauge_core::tables::{
    Deposit, LedgerEntry, Order, RampTransaction, Trade, TruthUser, User, Withdrawal,
};
use tidegauge_core::{Batch, TableRef, Values};

use crate::Result;

/// Defines the columns of a table: what they grow from, and what they become.
macro_rules! columns {
    ($name:ident of $row:ident { $($field:ident: $type:ty => $kind:ident,)+ }) => {
        #[derive(Debug, Default)]
        pub(super) struct $name {
            $(pub(super) $field: Vec<$type>,)+
        }

        impl $name {
            fn len(&self) -> usize {
                let lens = [$(self.$field.len()),+];
                lens[0]
            }

            fn append(&mut self, other: Self) {
                $(self.$field.extend(other.$field);)+
            }

            fn batch(self) -> Result<Option<Batch>> {
                let (rows, table): (usize, &TableRef) = (self.len(), $row::table());
                if rows == 0 {
                    return Ok(None);
                }
                let columns = vec![$(columns!(@$kind self.$field)),+];
                Ok(Some(Batch::from_columns(table, rows, columns)?))
            }
        }
    };
    (@Owned $values:expr) => { Values::Texts($values.iter().map(String::as_str).collect()) };
    (@SomeOwned $values:expr) => {
        Values::SomeTexts($values.iter().map(Option::as_deref).collect())
    };
    (@$kind:ident $values:expr) => { Values::$kind($values) };
}

columns!(Users of User {
    user_id: i64 => Ints,
    email: String => Owned,
    country: &'static str => Texts,
    kyc_status: &'static str => Texts,
    kyc_verified_at: Option<i64> => SomeTimestamps,
    account_tier: &'static str => Texts,
    is_active: bool => Bools,
    signup_at: i64 => Timestamps,
    acquisition_channel: &'static str => Texts,
    campaign: Option<&'static str> => SomeTexts,
});

columns!(Deposits of Deposit {
    deposit_id: i64 => Ints,
    user_id: i64 => Ints,
    deposit_type: &'static str => Texts,
    currency: &'static str => Texts,
    amount: i128 => Decimals,
    payment_method: &'static str => Texts,
    status: &'static str => Texts,
    blockchain_confirmations: Option<i64> => SomeInts,
    created_at: i64 => Timestamps,
    completed_at: Option<i64> => SomeTimestamps,
});

columns!(Withdrawals of Withdrawal {
    withdrawal_id: i64 => Ints,
    user_id: i64 => Ints,
    withdrawal_type: &'static str => Texts,
    currency: &'static str => Texts,
    amount: i128 => Decimals,
    fee: i128 => Decimals,
    destination_type: &'static str => Texts,
    tx_hash: Option<String> => SomeOwned,
    status: &'static str => Texts,
    created_at: i64 => Timestamps,
    completed_at: Option<i64> => SomeTimestamps,
});

columns!(Orders of Order {
    order_id: i64 => Ints,
    user_id: i64 => Ints,
    trading_pair: &'static str => Texts,
    side: &'static str => Texts,
    order_type: &'static str => Texts,
    base_currency: &'static str => Texts,
    quote_currency: &'static str => Texts,
    base_amount: i128 => Decimals,
    filled_amount: i128 => Decimals,
    limit_price: Option<i128> => SomeDecimals,
    status: &'static str => Texts,
    created_at: i64 => Timestamps,
    updated_at: i64 => Timestamps,
});

columns!(Trades of Trade {
    trade_id: i64 => Ints,
    order_id: i64 => Ints,
    user_id: i64 => Ints,
    trading_pair: &'static str => Texts,
    side: &'static str => Texts,
    base_currency: &'static str => Texts,
    quote_currency: &'static str => Texts,
    base_amount: i128 => Decimals,
    quote_amount: i128 => Decimals,
    price: i128 => Decimals,
    fee_amount: i128 => Decimals,
    fee_currency: &'static str => Texts,
    is_maker: bool => Bools,
    executed_at: i64 => Timestamps,
});

columns!(Purchases of RampTransaction {
    transaction_id: i64 => Ints,
    user_id: i64 => Ints,
    fiat_currency: &'static str => Texts,
    fiat_amount: i128 => Decimals,
    crypto_token: &'static str => Texts,
    crypto_amount: i128 => Decimals,
    payment_method: &'static str => Texts,
    country: &'static str => Texts,
    status: &'static str => Texts,
    fee_usd: i128 => Decimals,
    created_at: i64 => Timestamps,
});

columns!(Entries of LedgerEntry {
    entry_id: i64 => Ints,
    posting_id: i64 => Ints,
    user_id: i64 => Ints,
    kind: &'static str => Texts,
    reference_id: i64 => Ints,
    account: &'static str => Texts,
    asset: &'static str => Texts,
    amount: i128 => Decimals,
    posted_at: i64 => Timestamps,
});

columns!(Truths of TruthUser {
    user_id: i64 => Ints,
    signup_at: i64 => Timestamps,
    channel: &'static str => Texts,
    started_at: Option<i64> => SomeTimestamps,
    rate: f64 => Floats,
    dropout: f64 => Floats,
    mean_value: f64 => Floats,
    lasts: i64 => Ints,
    value_30d: f64 => Floats,
    value_90d: f64 => Floats,
    value_180d: f64 => Floats,
    value_365d: f64 => Floats,
});

/// The rows of some users.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) users: Users,
    pub(super) deposits: Deposits,
    pub(super) withdrawals: Withdrawals,
    pub(super) orders: Orders,
    pub(super) trades: Trades,
    pub(super) purchases: Purchases,
    pub(super) entries: Entries,
    pub(super) truths: Truths,
}

impl Rows {
    /// Adds those of the users that follow.
    pub(super) fn append(&mut self, other: Self) {
        self.users.append(other.users);
        self.deposits.append(other.deposits);
        self.withdrawals.append(other.withdrawals);
        self.orders.append(other.orders);
        self.trades.append(other.trades);
        self.purchases.append(other.purchases);
        self.entries.append(other.entries);
        self.truths.append(other.truths);
    }

    /// Those tables that have rows.
    pub(super) fn batches(self) -> Result<Vec<Batch>> {
        let batches = [
            self.users.batch()?,
            self.deposits.batch()?,
            self.withdrawals.batch()?,
            self.orders.batch()?,
            self.trades.batch()?,
            self.purchases.batch()?,
            self.entries.batch()?,
            self.truths.batch()?,
        ];
        Ok(batches.into_iter().flatten().collect())
    }
}
