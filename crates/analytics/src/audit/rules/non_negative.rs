//! The rule that amounts have a valid sign.

use crate::audit::records::Records;
use crate::audit::report::RuleResult;

/// Checks that no amount is negative.
pub(crate) fn rule(records: &Records<'_>) -> RuleResult {
    let mut rule = RuleResult::new(
        "amounts_not_negative",
        "no amount or price is below zero, nor a fee of a withdrawal or purchase; fees of trades may be, as rebates",
    );
    for transfers in [&records.deposits, &records.withdrawals] {
        for (row, id) in transfers.id.iter().enumerate() {
            let fee = transfers.fee.map_or(0, |fees| fees[row]);
            rule.check(transfers.amount[row] >= 0 && fee >= 0, || {
                format!("{} {id}", transfers.name)
            });
        }
    }
    let orders = &records.orders;
    for (row, id) in orders.id.iter().enumerate() {
        let least = orders.base_amount[row].min(orders.filled_amount.get(row).unwrap_or(0));
        let limit = orders.limit_price.get(row).unwrap_or_default();
        rule.check(least >= 0 && limit >= 0, || format!("orders {id}"));
    }
    let trades = &records.trades;
    for (row, id) in trades.id.iter().enumerate() {
        let (base, price) = (trades.base_amount.get(row), trades.price.get(row));
        let least = trades.quote_amount[row].min(base.unwrap_or(0)).min(price.unwrap_or(0));
        rule.check(least >= 0, || format!("trades {id}"));
    }
    let ramp = &records.ramp;
    for (row, id) in ramp.id.iter().enumerate() {
        let (bought, fee) = (ramp.token_amount.get(row), ramp.fee_usd.get(row));
        let least = ramp.fiat_amount[row].min(bought.unwrap_or(0)).min(fee.unwrap_or(0));
        rule.check(least >= 0, || format!("ramp_transactions {id}"));
    }
    let back = &records.chargebacks;
    for (row, id) in back.id.iter().enumerate() {
        rule.check(back.amount[row] >= 0, || format!("chargebacks {id}"));
    }
    rule
}
