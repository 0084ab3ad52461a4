//! Enumerated column values: each list holds the strings of an enumeration, in the order of its variants.

/// Defines an enumeration and the list of its strings.
macro_rules! names {
    ($(#[$doc:meta])* $kind:ident, $list:ident: $($name:ident = $text:literal),+) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub(super) enum $kind {
            $($name),+
        }

        pub(super) const $list: [&str; [$($text),+].len()] = [$($text),+];
    };
}

names!(
    /// The result of an identity check.
    Kyc, KYC: Pending = "pending", Verified = "verified", Rejected = "rejected"
);
names!(
    /// The account tier, by trading volume.
    Tier, TIER: Starter = "starter", Intermediate = "intermediate", Pro = "pro"
);
names!(
    /// The kind of a transferred asset.
    Kind, KIND: Fiat = "fiat", Crypto = "crypto"
);
names!(
    /// The outcome of a transfer or purchase.
    Transfer, TRANSFER: Completed = "completed", Failed = "failed", Cancelled = "cancelled"
);
names!(
    /// The payment method of a deposit.
    DepositBy, DEPOSIT: Bank = "bank_transfer", Card = "card", Blockchain = "blockchain"
);
names!(
    /// The destination of a withdrawal.
    Destination, DESTINATION: Bank = "bank_account", Wallet = "wallet"
);
names!(
    /// The side of an order.
    Side, SIDE: Buy = "buy", Sell = "sell"
);
names!(
    /// The type of an order.
    OrderType, ORDER: Market = "market", Limit = "limit"
);
names!(
    /// The final status of an order.
    OrderStatus, STATUS:
    Filled = "filled", PartiallyFilled = "partially_filled", Cancelled = "cancelled",
    Expired = "expired"
);
names!(
    /// The payment method of a card purchase.
    Method, METHOD: Card = "card", ApplePay = "apple_pay", GooglePay = "google_pay"
);
names!(
    /// The reason of a chargeback.
    Reason, REASON: Fraud = "fraud", Dispute = "dispute"
);
names!(
    /// The ledger account that an amount is posted to.
    Account, ACCOUNT: User = "user", Exchange = "exchange", Fees = "fees", Outside = "outside"
);
names!(
    /// The event that a ledger entry belongs to.
    Event, EVENT:
    Deposit = "deposit", Withdrawal = "withdrawal", Trade = "trade", Ramp = "ramp",
    Chargeback = "chargeback"
);
