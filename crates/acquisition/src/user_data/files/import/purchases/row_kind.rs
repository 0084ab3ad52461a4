//! The kinds and the statuses of rows.

use super::super::words;

/// The status of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PaymentStatus {
    /// It was paid, or a part of it was refunded.
    Completed,
    /// It was paid, and all of it was refunded.
    Refunded,
    /// It is no payment: it failed, was cancelled, is not paid yet, or is a test.
    Failed,
    /// The word is unknown.
    Unknown,
}

impl PaymentStatus {
    /// Returns the status that a word stands for, in any case.
    ///
    /// ```
    /// use tidegauge_acquisition::files::import::PaymentStatus;
    ///
    /// assert_eq!(PaymentStatus::of("Partially Refunded"), PaymentStatus::Completed);
    /// assert_eq!(PaymentStatus::of("canceled"), PaymentStatus::Failed);
    /// ```
    pub fn of(word: &str) -> Self {
        const REFUNDED: [&str; 13] = [
            "refunded",
            "refund",
            "reversed",
            "chargeback",
            "charged_back",
            "disputed",
            "erstattet",
            "rembourse",
            "remboursee",
            "reembolsado",
            "reembolsada",
            "zwrocone",
            "rimborsato",
        ];
        let plain = words::normalize(word);
        if REFUNDED.contains(&plain.as_str()) {
            return Self::Refunded;
        }
        match words::status(word) {
            Some("completed") => Self::Completed,
            Some(_) => Self::Failed,
            None if ["test", "blocked", "expired", "deleted"].contains(&plain.as_str()) => {
                Self::Failed
            }
            None => Self::Unknown,
        }
    }
}

/// The kind of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RowKind {
    /// A purchase, a trade, a payment.
    Purchase,
    /// A refund, a return, a chargeback.
    Refund,
    /// A deposit of a user's own money.
    Deposit,
    /// A withdrawal of a user's own money.
    Withdrawal,
    /// No act of a user: a payout to the shop, a fee of the service, an adjustment.
    Other,
}

impl RowKind {
    /// Returns the kind that a word stands for, in any case. Unknown words are purchases.
    ///
    /// ```
    /// use tidegauge_acquisition::files::import::RowKind;
    ///
    /// assert_eq!(RowKind::of("payment_refund"), RowKind::Refund);
    /// assert_eq!(RowKind::of("charge"), RowKind::Purchase);
    /// ```
    pub fn of(word: &str) -> Self {
        const REFUNDS: [&str; 20] = [
            "refund",
            "refunds",
            "refunded",
            "return",
            "returned",
            "chargeback",
            "dispute",
            "reversal",
            "credit_note",
            "creditnote",
            "storno",
            "erstattung",
            "retoure",
            "gutschrift",
            "remboursement",
            "avoir",
            "reembolso",
            "devolucion",
            "rimborso",
            "zwrot",
        ];
        const OTHERS: [&str; 16] = [
            "payout",
            "payouts",
            "transfer",
            "adjustment",
            "stripe_fee",
            "fee",
            "fees",
            "tax",
            "staking",
            "reward",
            "rewards",
            "dividend",
            "interest",
            "topup",
            "payout_failure",
            "network_cost",
        ];
        let plain = words::normalize(word);
        let is = |words: &[&str]| words.contains(&plain.as_str());
        // `payment_refund`, `full refund`
        if is(&REFUNDS) || plain.ends_with("_refund") || plain.starts_with("refund_") {
            return Self::Refund;
        }
        match plain.as_str() {
            "deposit" | "einzahlung" => Self::Deposit,
            "withdrawal" | "withdraw" | "auszahlung" => Self::Withdrawal,
            _ if is(&OTHERS) => Self::Other,
            _ => Self::Purchase,
        }
    }
}

/// Returns `true` if `value`, in a column called `header`, marks a test payment: `Test` in a column
/// `Mode`, `false` in a column `livemode`.
pub fn is_test(header: &str, value: &str) -> bool {
    let (header, value) = (words::normalize(header), words::normalize(value));
    match header.as_str() {
        "livemode" | "live_mode" | "is_live" => ["false", "no", "0"].contains(&value.as_str()),
        _ => ["test", "sandbox", "true", "yes", "1"].contains(&value.as_str()),
    }
}
