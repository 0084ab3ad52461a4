//! The rules of the audit, one module per subject.

mod balances;
mod chargebacks;
mod currency_by_country;
mod double_entry;
mod event_order;
mod exact_products;
pub(super) mod foreign_keys;
pub(super) mod fx_daily;
mod ground_truth;
mod holds;
mod key_column;
mod ledger;
pub(super) mod market_prices;
pub(super) mod market_rows;
mod movements;
mod non_negative;
mod orders;
mod quote_amounts;
mod ramp_fees;
mod referrers;
mod trade_fees;
mod trade_prices;
pub(super) mod unique_keys;

use super::context::AuditContext;
use super::records::Records;
use super::report::RuleResult;
use movements::Movements;

/// Returns the results of all rules that check the records of a slice.
pub(super) fn check_records(records: &Records<'_>, context: &AuditContext) -> Vec<RuleResult> {
    let usd = &context.usd;
    let mut rules = vec![non_negative::rule(records)];
    rules.extend(orders::rules(records));
    rules.extend([
        quote_amounts::rule(records),
        trade_fees::rule(records, usd),
        ramp_fees::rule(records, usd),
    ]);
    rules.push(trade_prices::rule(records, usd));
    let mut movements = Movements::from_records(records);
    rules.push(balances::rule(records, &movements));
    rules.extend(holds::rules(records, &mut movements));
    rules.extend(event_order::rules(records));
    rules.push(currency_by_country::rule(records));
    rules.extend(ledger::rules(records));
    rules.push(double_entry::rule(records, context.has_ledger));
    rules.push(chargebacks::rule(records));
    rules.push(referrers::rule(records, &context.users));
    rules.push(ground_truth::rule(records, context.truth_channels.as_ref()));
    rules
}
