//! Column buffers that collect rows before they become batches. Enumerated strings are stored as indices
//! (dictionary encoding).

use tidegauge_core::tables::{
    Chargeback, Deposit, LedgerEntry, Order, RampTransaction, Trade, TruthUser, User, Withdrawal,
};
use tidegauge_core::{Batch, TableRef, Values};

use crate::error::Result;
use crate::exchange::market::assets::{ASSETS, COINS, FIATS, PAIRS};
use crate::exchange::output::enum_values::{
    ACCOUNT_TIERS, ASSET_KINDS, CHARGEBACK_REASONS, DEPOSIT_METHODS, DESTINATIONS, KYC_STATUSES,
    LEDGER_ACCOUNTS, LEDGER_EVENTS, ORDER_STATUSES, ORDER_TYPES, PURCHASE_METHODS, SIDES,
    TRANSFER_STATUSES,
};
use crate::exchange::population::countries::COUNTRY_CODES;
use crate::units::stored;

/// Defines the row type of a table and its column buffers. `nulls` lists columns that are always null.
macro_rules! columns {
    ($name:ident of $row:ident in $table:ident {
        $($field:ident: $type:ty => $kind:ident $(($names:expr))?,)+
    } $(nulls $($null:ident)+)?) => {
        #[derive(Debug)]
        pub(crate) struct $row {
            $(pub(crate) $field: $type,)+
        }

        #[derive(Debug, Default)]
        pub(crate) struct $name {
            $($field: Vec<$type>,)+
        }

        impl $name {
            #[inline]
            pub(crate) fn push(&mut self, row: $row) {
                $(self.$field.push(row.$field);)+
            }

            fn batch(mut self) -> Result<Option<Batch>> {
                let lens = [$(self.$field.len()),+];
                let (rows, table): (usize, &TableRef) = (lens[0], $table::table());
                if rows == 0 {
                    return Ok(None);
                }
                // Batches are kept for a while, and buffers have grown by doubling.
                $(self.$field.shrink_to_fit();)+
                let columns = vec![
                    $(columns!(@$kind self.$field $(, $names)?),)+
                    $($(columns!(@Null $null),)+)?
                ];
                Ok(Some(Batch::from_columns(table, rows, columns)?))
            }
        }
    };
    (@Null $name:ident) => { Values::Nulls };
    (@Owned $values:expr) => { Values::Texts($values.iter().map(String::as_str).collect()) };
    (@SomeOwned $values:expr) => {
        Values::SomeTexts($values.iter().map(Option::as_deref).collect())
    };
    (@Dictionary $values:expr, $names:expr) => { Values::Dictionary($values, &$names) };
    (@Coins $values:expr) => { Values::Decimals($values.into_iter().map(stored).collect()) };
    (@SomeCoins $values:expr) => {
        Values::SomeDecimals($values.into_iter().map(|amount| amount.map(stored)).collect())
    };
    (@$kind:ident $values:expr) => { Values::$kind($values) };
}

columns!(Users of UserRow in User {
    user_id: i64 => Ints,
    email: String => Owned,
    country: u8 => Dictionary(COUNTRY_CODES),
    kyc_status: u8 => Dictionary(KYC_STATUSES),
    kyc_verified_at: Option<i64> => SomeTimestamps,
    account_tier: u8 => Dictionary(ACCOUNT_TIERS),
    is_active: bool => Bools,
    signup_at: i64 => Timestamps,
    acquisition_channel: &'static str => Texts,
    campaign: Option<&'static str> => SomeTexts,
    name: Option<String> => SomeOwned,
    phone: Option<String> => SomeOwned,
    address: Option<String> => SomeOwned,
    device: Option<String> => SomeOwned,
    referred_by: Option<i64> => SomeInts,
    balances: Option<String> => SomeOwned,
} nulls external_id);

columns!(Deposits of DepositRow in Deposit {
    deposit_id: i64 => Ints,
    user_id: i64 => Ints,
    deposit_type: u8 => Dictionary(ASSET_KINDS),
    currency: u8 => Dictionary(ASSETS),
    amount: i128 => Coins,
    payment_method: u8 => Dictionary(DEPOSIT_METHODS),
    status: u8 => Dictionary(TRANSFER_STATUSES),
    blockchain_confirmations: Option<i64> => SomeInts,
    created_at: i64 => Timestamps,
    completed_at: Option<i64> => SomeTimestamps,
    tx_hash: Option<String> => SomeOwned,
} nulls external_id external_user_id);

columns!(Withdrawals of WithdrawalRow in Withdrawal {
    withdrawal_id: i64 => Ints,
    user_id: i64 => Ints,
    withdrawal_type: u8 => Dictionary(ASSET_KINDS),
    currency: u8 => Dictionary(ASSETS),
    amount: i128 => Coins,
    fee: i128 => Coins,
    destination_type: u8 => Dictionary(DESTINATIONS),
    tx_hash: Option<String> => SomeOwned,
    status: u8 => Dictionary(TRANSFER_STATUSES),
    created_at: i64 => Timestamps,
    completed_at: Option<i64> => SomeTimestamps,
    address: Option<String> => SomeOwned,
} nulls external_id external_user_id);

columns!(Orders of OrderRow in Order {
    order_id: i64 => Ints,
    user_id: i64 => Ints,
    trading_pair: u8 => Dictionary(PAIRS),
    side: u8 => Dictionary(SIDES),
    order_type: u8 => Dictionary(ORDER_TYPES),
    base_currency: u8 => Dictionary(COINS),
    quote_currency: u8 => Dictionary(FIATS),
    base_amount: i128 => Coins,
    filled_amount: i128 => Coins,
    limit_price: Option<i128> => SomeCoins,
    status: u8 => Dictionary(ORDER_STATUSES),
    created_at: i64 => Timestamps,
    updated_at: i64 => Timestamps,
} nulls external_id external_user_id);

columns!(Trades of TradeRow in Trade {
    trade_id: i64 => Ints,
    order_id: i64 => Ints,
    user_id: i64 => Ints,
    trading_pair: u8 => Dictionary(PAIRS),
    side: u8 => Dictionary(SIDES),
    base_currency: u8 => Dictionary(COINS),
    quote_currency: u8 => Dictionary(FIATS),
    base_amount: i128 => Coins,
    quote_amount: i128 => Coins,
    price: i128 => Coins,
    fee_amount: i128 => Coins,
    fee_currency: u8 => Dictionary(FIATS),
    is_maker: bool => Bools,
    executed_at: i64 => Timestamps,
} nulls external_id external_order_id external_user_id);

columns!(Purchases of Purchase in RampTransaction {
    transaction_id: i64 => Ints,
    user_id: i64 => Ints,
    fiat_currency: u8 => Dictionary(FIATS),
    fiat_amount: i128 => Decimals,
    crypto_token: u8 => Dictionary(COINS),
    crypto_amount: i128 => Coins,
    payment_method: u8 => Dictionary(PURCHASE_METHODS),
    country: u8 => Dictionary(COUNTRY_CODES),
    status: u8 => Dictionary(TRANSFER_STATUSES),
    fee_usd: i128 => Decimals,
    created_at: i64 => Timestamps,
    card: Option<String> => SomeOwned,
} nulls external_id external_user_id);

columns!(Chargebacks of ChargebackRow in Chargeback {
    chargeback_id: i64 => Ints,
    transaction_id: i64 => Ints,
    user_id: i64 => Ints,
    currency: u8 => Dictionary(FIATS),
    amount: i128 => Decimals,
    reason: u8 => Dictionary(CHARGEBACK_REASONS),
    created_at: i64 => Timestamps,
} nulls external_id external_transaction_id external_user_id);

columns!(Entries of Entry in LedgerEntry {
    entry_id: i64 => Ints,
    posting_id: i64 => Ints,
    user_id: i64 => Ints,
    kind: u8 => Dictionary(LEDGER_EVENTS),
    reference_id: i64 => Ints,
    account: u8 => Dictionary(LEDGER_ACCOUNTS),
    asset: u8 => Dictionary(ASSETS),
    amount: i128 => Coins,
    posted_at: i64 => Timestamps,
});

columns!(Truths of Truth in TruthUser {
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

/// The column buffers of all tables that users have rows in.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) users: Users,
    pub(crate) deposits: Deposits,
    pub(crate) withdrawals: Withdrawals,
    pub(crate) orders: Orders,
    pub(crate) trades: Trades,
    pub(crate) purchases: Purchases,
    pub(crate) chargebacks: Chargebacks,
    pub(crate) entries: Entries,
    pub(crate) true_parameters: Truths,
}

/// Number of tables in [`Rows`].
pub(crate) const TABLES: usize = 9;

impl Rows {
    /// Converts the buffers to batches in table order; `None` for tables without rows.
    ///
    /// # Errors
    /// Returns an error if a value does not fit its column.
    pub(crate) fn batches(self) -> Result<[Option<Batch>; TABLES]> {
        Ok([
            self.users.batch()?,
            self.deposits.batch()?,
            self.withdrawals.batch()?,
            self.orders.batch()?,
            self.trades.batch()?,
            self.purchases.batch()?,
            self.chargebacks.batch()?,
            self.entries.batch()?,
            self.true_parameters.batch()?,
        ])
    }
}
