//! The rules by which the columns of a file fill the table of purchases.

use std::collections::BTreeSet;

use super::super::values::InferredColumn;
use super::super::words;
use super::by_name::Found;
use super::column::PurchaseColumn;
use super::dimension::PurchaseDimension;
use super::hints::PurchaseHints;
use super::layout::Layout;
use super::table::ROW;
use crate::user_data::mapping::{Columns, Constant, Part, Rule};

/// The names that old exports of Kraken give to currencies.
const KRAKEN_CURRENCIES: [(&str, &str); 9] = [
    ("ZAUD", "AUD"),
    ("ZCAD", "CAD"),
    ("ZEUR", "EUR"),
    ("ZGBP", "GBP"),
    ("ZJPY", "JPY"),
    ("ZUSD", "USD"),
    ("XXBT", "BTC"),
    ("XBT", "BTC"),
    ("XETH", "ETH"),
];

/// Returns the rules of the found columns.
pub(super) fn rules(
    (found, dimensions): (&Found, &[(PurchaseDimension, usize)]),
    columns: &[InferredColumn],
    layout: Layout,
    hints: &PurchaseHints,
) -> Columns {
    let mut rules = Columns::new();
    for (wanted, at) in found {
        let column = &columns[*at];
        rules.insert(wanted.name().into(), rule(*wanted, column, layout, hints));
    }
    for (dimension, at) in dimensions {
        rules.insert(dimension.column.clone(), Rule::column(columns[*at].name.clone()));
    }
    let mut parts: BTreeSet<&str> = BTreeSet::new();
    for at in found.values().chain(dimensions.iter().map(|(_, at)| at)) {
        parts.insert(&columns[*at].name);
        parts.extend(columns[*at].time_of_day.as_deref());
    }
    let row = match parts.iter().collect::<Vec<_>>().as_slice() {
        [only] => Rule::column(**only),
        _ => Rule::joined(parts, "|"),
    };
    rules.insert(ROW.into(), row);
    rules
}

fn rule(
    wanted: PurchaseColumn,
    column: &InferredColumn,
    layout: Layout,
    hints: &PurchaseHints,
) -> Rule {
    let plain = Rule::column(column.name.clone());
    match wanted {
        PurchaseColumn::Time => {
            let from = match &column.time_of_day {
                Some(time) => Rule::joined([column.name.as_str(), time.as_str()], " "),
                None => plain,
            };
            let format = hints.time_format.clone().or_else(|| column.rule.format.clone());
            Rule { format, ..from }
        }
        PurchaseColumn::Value
        | PurchaseColumn::Quantity
        | PurchaseColumn::Revenue
        | PurchaseColumn::Refunded => amount(column, hints),
        PurchaseColumn::Currency if layout == Layout::Trades && is_pair(column) => {
            Rule { part: Some(Part::Quote), values: kraken_currencies(), ..plain }
        }
        PurchaseColumn::Currency => Rule { values: kraken_currencies(), ..plain },
        _ => plain,
    }
}

/// Returns the rule of an amount, with the decimal point of the hints.
fn amount(column: &InferredColumn, hints: &PurchaseHints) -> Rule {
    let plain = Rule::column(column.name.clone());
    let inferred = &column.rule;
    let (decimal, thousands) = match hints.decimal {
        None => (inferred.decimal, inferred.thousands),
        Some(',') => (Some(','), inferred.thousands.filter(|sign| *sign != ',').or(Some('.'))),
        Some(sign) => (Some(sign), inferred.thousands.filter(|other| *other != sign).or(Some(','))),
    };
    Rule {
        decimal,
        // A later row may be of more than 999.
        thousands: thousands.or(Some(if decimal == Some(',') { '.' } else { ',' })),
        currency: inferred.currency.clone(),
        accounting: inferred.accounting,
        part: inferred.part,
        ..plain
    }
}

/// Returns `true` if a column has the symbols of markets.
pub(super) fn is_pair(column: &InferredColumn) -> bool {
    let names = ["pair", "trading_pair", "market", "symbol", "instrument"];
    words::name_candidates(&column.name).iter().any(|name| names.contains(&name.as_str()))
}

fn kraken_currencies() -> std::collections::BTreeMap<String, Constant> {
    let constant = |(old, new): (&str, &str)| (old.to_owned(), Constant::Text(new.to_owned()));
    KRAKEN_CURRENCIES.into_iter().map(constant).collect()
}
