//! The layouts of files with payments.

use super::super::values::InferredColumn;
use super::super::words;

/// The layout of a file with payments, which decides what its amounts are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Layout {
    /// Payments or orders: the value is the amount, and a negative one is a refund.
    #[default]
    Payments,
    /// Trades of a market: the value is what was paid in the quote currency, and the fee is the
    /// revenue.
    Trades,
    /// A ledger of accounts: amounts have the sign of the booking, and the fee is the revenue.
    Ledger,
}

impl Layout {
    /// Returns the layout of a file with these columns.
    pub(super) fn of(columns: &[InferredColumn]) -> Self {
        let has = |names: &[&str]| {
            columns.iter().any(|column| {
                words::name_candidates(&column.name)
                    .iter()
                    .any(|candidate| names.contains(&candidate.as_str()))
            })
        };
        let is_market = has(&["pair", "trading_pair", "market", "symbol", "instrument"]);
        if is_market && has(&["vol", "volume", "qty", "quantity", "size", "base_amount", "filled"])
        {
            return Self::Trades;
        }
        if has(&["asset", "coin"]) && has(&["amount"]) && has(&["type", "kind"]) {
            return Self::Ledger;
        }
        Self::Payments
    }
}
