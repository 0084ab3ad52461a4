//! Enumerated column values: each list holds the strings of an enumeration, in the order of its variants.

/// Defines an enumeration and the list of its strings.
macro_rules! string_enum {
    ($(#[$doc:meta])* $kind:ident, $list:ident: $($name:ident = $text:literal),+) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub(crate) enum $kind {
            $($name),+
        }

        pub(crate) const $list: [&str; [$($text),+].len()] = [$($text),+];
    };
}

string_enum!(
    /// The result of an identity check.
    KycStatus, KYC_STATUSES: Pending = "pending", Verified = "verified", Rejected = "rejected"
);
string_enum!(
    /// The account tier, by trading volume.
    AccountTier, ACCOUNT_TIERS: Starter = "starter", Intermediate = "intermediate", Pro = "pro"
);
string_enum!(
    /// The kind of a transferred asset.
    AssetKind, ASSET_KINDS: Fiat = "fiat", Crypto = "crypto"
);
string_enum!(
    /// The outcome of a transfer or purchase.
    TransferStatus, TRANSFER_STATUSES: Completed = "completed", Failed = "failed", Cancelled = "cancelled"
);
string_enum!(
    /// The payment method of a deposit.
    DepositMethod, DEPOSIT_METHODS: Bank = "bank_transfer", Card = "card", Blockchain = "blockchain"
);
string_enum!(
    /// The destination of a withdrawal.
    Destination, DESTINATIONS: Bank = "bank_account", Wallet = "wallet"
);
string_enum!(
    /// The side of an order.
    Side, SIDES: Buy = "buy", Sell = "sell"
);
string_enum!(
    /// The type of an order.
    OrderType, ORDER_TYPES: Market = "market", Limit = "limit"
);
string_enum!(
    /// The final status of an order.
    OrderStatus, ORDER_STATUSES:
    Filled = "filled", PartiallyFilled = "partially_filled", Cancelled = "cancelled",
    Expired = "expired"
);
string_enum!(
    /// The payment method of a card purchase.
    PurchaseMethod, PURCHASE_METHODS: Card = "card", ApplePay = "apple_pay", GooglePay = "google_pay"
);
string_enum!(
    /// The reason of a chargeback.
    ChargebackReason, CHARGEBACK_REASONS: Fraud = "fraud", Dispute = "dispute"
);
string_enum!(
    /// The ledger account that an amount is posted to.
    LedgerAccount, LEDGER_ACCOUNTS: User = "user", Exchange = "exchange", Fees = "fees", Outside = "outside"
);
string_enum!(
    /// The event that a ledger entry belongs to.
    LedgerEvent, LEDGER_EVENTS:
    Deposit = "deposit", Withdrawal = "withdrawal", Trade = "trade", Ramp = "ramp",
    Chargeback = "chargeback"
);
