//! Faults of users, orders, trades and amounts.

use tidegauge::core::Crypto;

use super::help::{
    add, bought, deposited, filled, fills, limit_buy, spent_deposit, user_row, withdrawn,
};
use super::{Plain, UNKNOWN_ID};
use crate::audit::tables::Value;

pub(super) const FAULTS: &[Plain] = &[
    ("a user who is not there", "foreign_key.deposits.user_id", |t| {
        let user = t.row("deposits", 0).int("user_id");
        let row = user_row(t, user);
        t.remove("users", &[row]);
    }),
    ("a trade without its order", "foreign_key.trades.order_id", |t| {
        t.set("trades", 0, "order_id", Value::Int(UNKNOWN_ID));
    }),
    ("an order that is lost", "foreign_key.trades.order_id", |t| {
        let order = t.row("trades", 3).int("order_id");
        let row = t.find("orders", |row| row.int("order_id") == order);
        t.remove("orders", &[row]);
    }),
    ("a chargeback of no purchase", "foreign_key.chargebacks.transaction_id", |t| {
        t.set("chargebacks", 0, "transaction_id", Value::Int(UNKNOWN_ID));
    }),
    ("filled above what was wanted", "filled_amount_fits_status", |t| {
        let row = filled(t);
        add(t, "orders", row, "filled_amount", 1);
    }),
    ("filled, but not all", "filled_amount_fits_status", |t| {
        let row = filled(t);
        add(t, "orders", row, "base_amount", 1);
    }),
    ("an open order that is filled", "filled_amount_fits_status", |t| {
        let row = t.find("orders", |row| {
            !row.is("status", "filled") && !row.is("status", "partially_filled")
        });
        add(t, "orders", row, "filled_amount", 1);
    }),
    ("a fill that is lost", "filled_orders_have_trades", |t| {
        let row = t.find("trades", |row| fills(t, row) == 1);
        t.remove("trades", &[row]);
    }),
    ("a fill above what was filled", "trades_sum_to_filled_amount", |t| {
        add(t, "trades", 0, "base_amount", 1);
    }),
    ("trades of an order that was cancelled", "trades_only_of_filled_orders", |t| {
        let row = filled(t);
        t.set("orders", row, "status", Value::Text("cancelled".into()));
    }),
    ("a trade on the other side", "trades_match_their_order", |t| {
        let row = t.find("trades", |row| row.is("side", "buy"));
        t.set("trades", row, "side", Value::Text("sell".into()));
    }),
    ("a trade of another user's order", "trades_match_their_order", |t| {
        let user = t.row("trades", 0).int("user_id");
        let other = t.find("users", |row| row.int("user_id") > user + 100);
        let other = t.row("users", other).int("user_id");
        t.set("trades", 0, "user_id", Value::Int(other));
    }),
    ("a limit that was not kept", "limit_never_worse", |t| {
        let row = limit_buy(t);
        let price = t.row("trades", row.0).units("price");
        t.set("orders", row.1, "limit_price", Value::Units(price - 1));
    }),
    ("a trade before its order", "trades_not_before_their_order", |t| {
        let order = t.row("trades", 0).int("order_id");
        let placed = t.row("trades", 0).int("executed_at") + 1;
        let row = t.find("orders", |row| row.int("order_id") == order);
        t.set("orders", row, "created_at", Value::Time(placed));
    }),
    ("a price outside its day", "trade_price_within_market_range", |t| {
        let price = t.row("trades", 0).units("price");
        t.set("trades", 0, "price", Value::Units(price * 11 / 10));
    }),
    ("a cent too much paid", "quote_amount_is_price_times_base", |t| {
        add(t, "trades", 0, "quote_amount", Crypto::ONE / 100);
    }),
    ("a fee off by a cent", "trade_fees_follow_schedule", |t| {
        let row = t.find("trades", |row| row.units("fee_amount") > 0);
        add(t, "trades", row, "fee_amount", Crypto::ONE / 100);
    }),
    ("a maker who pays as a taker", "trade_fees_follow_schedule", |t| {
        let row = t.find("trades", |row| {
            row.units("quote_amount") > 20 * Crypto::ONE && row.is("is_maker", "true")
        });
        let fee = t.row("trades", row).units("quote_amount") * 40 / 10_000;
        t.set("trades", row, "fee_amount", Value::Units(fee));
    }),
    ("a ramp fee off by two cents", "ramp_fees_follow_schedule", |t| {
        let row = bought(t);
        add(t, "ramp_transactions", row, "fee_usd", 3);
    }),
    ("money spent that never came", "balance_never_negative", |t| {
        let row = spent_deposit(t);
        t.set("deposits", row, "status", Value::Text("failed".into()));
        t.set("deposits", row, "completed_at", Value::Null);
    }),
    ("more withdrawn than there is", "balance_never_negative", |t| {
        let row = withdrawn(t);
        add(t, "withdrawals", row, "amount", 1 << 100);
    }),
    ("an order for more than there is", "orders_are_covered", |t| {
        let row = t.find("orders", |row| row.is("side", "sell") && row.is("status", "cancelled"));
        add(t, "orders", row, "base_amount", 1 << 100);
    }),
    ("a deposit before its user signed up", "nothing_before_signup", |t| {
        let row = user_row(t, t.row("deposits", 0).int("user_id"));
        let at = t.row("deposits", 0).int("created_at");
        t.set("users", row, "signup_at", Value::Time(at + 1));
    }),
    ("a deposit before the identity check", "nothing_before_kyc", |t| {
        let row = user_row(t, t.row("deposits", 0).int("user_id"));
        let at = t.row("deposits", 0).int("created_at");
        t.set("users", row, "kyc_verified_at", Value::Time(at + 1));
    }),
    ("a user who was never checked", "nothing_before_kyc", |t| {
        let row = user_row(t, t.row("trades", 0).int("user_id"));
        t.set("users", row, "kyc_status", Value::Text("pending".into()));
        t.set("users", row, "kyc_verified_at", Value::Null);
    }),
    ("a completed deposit without its time", "completed_after_created", |t| {
        let row = deposited(t);
        t.set("deposits", row, "completed_at", Value::Null);
    }),
    ("a withdrawal completed before it was asked for", "completed_after_created", |t| {
        let row = withdrawn(t);
        let at = t.row("withdrawals", row).int("created_at");
        t.set("withdrawals", row, "completed_at", Value::Time(at - 1));
    }),
    ("another country's currency", "currency_fits_country", |t| {
        let user = t.find("users", |row| {
            row.is("country", "US")
                && !t
                    .all("deposits", |deposit| {
                        deposit.is("deposit_type", "fiat")
                            && deposit.int("user_id") == row.int("user_id")
                    })
                    .is_empty()
        });
        t.set("users", user, "country", Value::Text("GB".into()));
    }),
    ("a purchase in another country's currency", "currency_fits_country", |t| {
        let row = t.find("ramp_transactions", |row| row.is("fiat_currency", "EUR"));
        t.set("ramp_transactions", row, "country", Value::Text("US".into()));
    }),
    ("a purchase of less than nothing", "amounts_not_negative", |t| {
        t.set("ramp_transactions", 0, "fiat_amount", Value::Units(-1));
    }),
    ("a rate of nothing", "market_rows_make_sense", |t| {
        t.set("fx_rates", 0, "rate", Value::Units(0));
    }),
];
