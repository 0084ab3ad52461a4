//! What is written out of a few: each list has the names of an enumeration, in its order.

/// Defines an enumeration and the list of its names.
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
    /// How the identity check went.
    Kyc, KYC: Pending = "pending", Verified = "verified", Rejected = "rejected"
);
names!(
    /// What an account has come to by what it traded for.
    Tier, TIER: Starter = "starter", Intermediate = "intermediate", Pro = "pro"
);
names!(
    /// What a transfer moves.
    Kind, KIND: Fiat = "fiat", Crypto = "crypto"
);
names!(
    /// How it ended.
    Transfer, TRANSFER: Completed = "completed", Failed = "failed", Cancelled = "cancelled"
);
names!(
    /// How money or coins come in.
    DepositBy, DEPOSIT: Bank = "bank_transfer", Card = "card", Blockchain = "blockchain"
);
names!(
    /// Where they go.
    Destination, DESTINATION: Bank = "bank_account", Wallet = "wallet"
);
names!(
    /// What an order does.
    Side, SIDE: Buy = "buy", Sell = "sell"
);
names!(
    /// At what price.
    OrderType, ORDER: Market = "market", Limit = "limit"
);
names!(
    /// What became of it.
    OrderStatus, STATUS:
    Filled = "filled", PartiallyFilled = "partially_filled", Cancelled = "cancelled",
    Expired = "expired"
);
names!(
    /// What a purchase is paid with.
    Method, METHOD: Card = "card", ApplePay = "apple_pay", GooglePay = "google_pay"
);
names!(
    /// Why a purchase is undone.
    Reason, REASON: Fraud = "fraud", Dispute = "dispute"
);
names!(
    /// Whose account an amount goes to, or comes from.
    Account, ACCOUNT: User = "user", Exchange = "exchange", Fees = "fees", Outside = "outside"
);
names!(
    /// What an entry of the books belongs to.
    Event, EVENT:
    Deposit = "deposit", Withdrawal = "withdrawal", Trade = "trade", Ramp = "ramp",
    Chargeback = "chargeback"
);
