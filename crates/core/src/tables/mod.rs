//! The built-in tables, each defined once: the row struct below **is** the definition, and the
//! schema ([`Table`]) and the page in `docs/tables.md` follow from it.

#[macro_use]
mod define;
mod exchange;
mod market;
mod operations;
mod social;

pub use exchange::{
    Chargeback, Deposit, LedgerEntry, MarketingSpend, Order, RampTransaction, Trade, TruthChannel,
    TruthUser, User, Withdrawal,
};
pub use market::{
    Candle, CryptoMetric, FxDaily, FxRate, MarketPrice, MarketTrade, Quote, RawCryptoMarketData,
};
pub use operations::{Coverage, OperationalMetric, Quarantine};
pub use social::{SocialCount, SocialPost};

use crate::{Table, TableRef};

/// All built-in tables; a table that others refer to comes before them.
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
    ]
    .into_iter()
    .cloned()
    .collect()
}

/// The built-in table called `name`.
pub fn by_name(name: &str) -> Option<TableRef> {
    all().into_iter().find(|table| table.name == name)
}

/// The reference page of all built-in tables, `docs/tables.md`.
pub fn to_markdown() -> String {
    let mut page = String::from(
        "# The tables\n\n\
         Made from the definitions in `crates/core/src/tables` by `tidegauge tables --markdown`; \
         a test fails when this page is stale.\n\n\
         Times are UTC. Decimals are exact. *Append* tables refuse a key that is there already; \
         in *merge* tables the newest row of a key stays.\n",
    );
    for table in all() {
        page.push('\n');
        page.push_str(&Table::to_markdown(&table));
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_definition_holds_together() {
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
