//! The names that exports give to the columns of purchases.

use super::super::usual_names::{AMOUNT, CHANNEL, COUNTRY, CURRENCY, STATUS, TIME, USER};
use super::super::words;
use super::column::PurchaseColumn;
use super::layout::Layout;

/// Returns the normalized names of a column, the likeliest first.
pub(super) fn names(column: PurchaseColumn, layout: Layout) -> &'static [&'static str] {
    match (column, layout) {
        (PurchaseColumn::User, _) => USER,
        (PurchaseColumn::Time, _) => TIME,
        (PurchaseColumn::Value, Layout::Payments) => AMOUNT,
        (PurchaseColumn::Value, Layout::Trades) => &TRADE_VALUE,
        (PurchaseColumn::Value, Layout::Ledger) => &["amount"],
        (PurchaseColumn::Quantity, _) => &["quantity", "qty", "menge", "anzahl", "units"],
        // What a payment service charges is not what the shop earns.
        (PurchaseColumn::Revenue, Layout::Payments) => &[],
        (PurchaseColumn::Revenue, _) => &["fee", "fees", "fee_amount", "commission"],
        (PurchaseColumn::Refunded, _) => &REFUNDED,
        (PurchaseColumn::Currency, Layout::Payments) => CURRENCY,
        (PurchaseColumn::Currency, Layout::Trades) => &["quote_currency", "quote", "quote_asset"],
        (PurchaseColumn::Currency, Layout::Ledger) => &["asset", "currency", "coin"],
        (PurchaseColumn::Order, Layout::Payments) => &ORDER,
        (PurchaseColumn::Order, _) => &TRADE_ORDER,
        (PurchaseColumn::Kind, _) => &KIND,
        (PurchaseColumn::Status, _) => STATUS,
        (PurchaseColumn::Test, _) => &TEST,
        (PurchaseColumn::Channel, _) => CHANNEL,
        (PurchaseColumn::Country, _) => COUNTRY,
    }
}

/// Returns further names of a column, which are those of other things where rows need not be
/// payments.
pub(super) fn further_names(column: PurchaseColumn) -> &'static [&'static str] {
    if column == PurchaseColumn::Time { &["day", "data"] } else { &[] }
}

/// Returns the normalized names that the header of an amount may stand for: without a currency at
/// its end, and without the words for cents, as in `amount_usd` and `total_cents`.
pub(super) fn amount_names(header: &str) -> Vec<String> {
    let mut names = words::name_candidates(header);
    for at in 0..names.len() {
        let is_kept =
            |word: &&str| !words::is_currency(&word.to_uppercase()) && !MINOR_UNITS.contains(word);
        let rest: Vec<&str> = names[at].split('_').filter(is_kept).collect();
        let rest = rest.join("_");
        if !rest.is_empty() && !names.contains(&rest) {
            names.push(rest);
        }
    }
    names
}

/// Returns the currency that the header of an amount names, as in `amount_usd`.
pub(super) fn currency_in(header: &str) -> Option<String> {
    let name = words::normalize(header).to_uppercase();
    name.split('_').find(|word| words::is_currency(word)).map(ToOwned::to_owned)
}

const MINOR_UNITS: [&str; 7] = ["in", "cents", "pence", "centimes", "minor", "units", "micros"];

/// Names of a price of one item, which is multiplied by the number of items.
pub(super) const PRICES: [&str; 4] = ["price", "unit_price", "item_price", "preis"];

const TRADE_VALUE: [&str; 13] = [
    "cost",
    "quote_amount",
    "quote_qty",
    "quote_quantity",
    "quote_volume",
    "notional",
    "funds",
    "total",
    "turnover",
    "value",
    "amount",
    "volume_usd",
    "amount_quoted",
];

const REFUNDED: [&str; 8] = [
    "amount_refunded",
    "refunded_amount",
    "refund_amount",
    "total_refunded",
    "refunded",
    "refunds",
    "refund",
    "amount_refund",
];

const ORDER: [&str; 29] = [
    "order_id",
    "orderid",
    "order_number",
    "order_name",
    "order",
    "invoice_id",
    "invoiceno",
    "invoice_number",
    "invoice",
    "transaction_id",
    "payment_id",
    "purchase_id",
    "charge_id",
    "receipt_id",
    "receipt",
    "txn_id",
    "tx_id",
    "txid",
    "original_transaction_id",
    "reference",
    "refid",
    "bestellnummer",
    "bestell_id",
    "belegnummer",
    "beleg_id",
    "rechnungsnummer",
    "rechnungs_id",
    "name",
    "id",
];

const TRADE_ORDER: [&str; 9] = [
    "ordertxid",
    "order_txid",
    "order_id",
    "order",
    "refid",
    "trade_id",
    "txid",
    "transaction_id",
    "id",
];

const KIND: [&str; 11] = [
    "kind",
    "type",
    "transaction_type",
    "payment_type",
    "record_type",
    "entry_type",
    "event_type",
    "row_type",
    "reporting_category",
    "typ",
    "vorgang",
];

const TEST: [&str; 8] =
    ["mode", "environment", "livemode", "live_mode", "is_live", "test", "is_test", "test_order"];
