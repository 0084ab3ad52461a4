//! The built-in tables, each defined once: the row struct **is** the definition, and the schema
//! ([`Table`](crate::Table)) and the page `docs/tables.md` are derived from it.

#[macro_use]
mod define;
mod exchange;
mod external;
mod market;
mod operations;
mod social;

pub use exchange::{
    Chargeback, Deposit, LedgerEntry, MarketingSpend, Order, RampTransaction, Trade, TruthChannel,
    TruthUser, User, Withdrawal,
};
pub use external::{EXTERNAL_ID, SURROGATES, external, keeps_external_ids};
pub use market::{
    Candle, CryptoMetric, FxDaily, FxRate, MarketPrice, MarketTrade, Quote, RawCryptoMarketData,
};
pub use operations::{Coverage, OperationalMetric, Quarantine, RunRecord};
pub use social::{SocialCount, SocialPost};

use crate::TableRef;

/// Returns all built-in tables; a table that others refer to comes before them.
pub fn all() -> Vec<TableRef> {
    [
        RawCryptoMarketData::table(),
        Candle::table(),
        Quote::table(),
        MarketTrade::table(),
        MarketPrice::table(),
        FxRate::table(),
        FxDaily::table(),
        CryptoMetric::table(),
        SocialPost::table(),
        SocialCount::table(),
        User::table(),
        Deposit::table(),
        Withdrawal::table(),
        Order::table(),
        Trade::table(),
        RampTransaction::table(),
        Chargeback::table(),
        MarketingSpend::table(),
        LedgerEntry::table(),
        TruthUser::table(),
        TruthChannel::table(),
        OperationalMetric::table(),
        Coverage::table(),
        Quarantine::table(),
        RunRecord::table(),
    ]
    .into_iter()
    .cloned()
    .collect()
}

/// Returns the built-in table called `name`, or `None`.
pub fn by_name(name: &str) -> Option<TableRef> {
    all().into_iter().find(|table| table.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_table_definitions_are_valid() {
        let tables = all();
        for (at, table) in tables.iter().enumerate() {
            table.validate().unwrap();
            for key in &table.foreign_keys {
                let other = tables[..at].iter().find(|other| other.name == key.table).unwrap();
                assert_eq!(other.key.len(), key.columns.len(), "{}", table.name);
                for (here, there) in key.columns.iter().zip(&other.key) {
                    let types = (table.column(here).unwrap(), other.column(there).unwrap());
                    assert_eq!(types.0.dtype, types.1.dtype, "{}.{here}", table.name);
                }
            }
        }
    }
}
