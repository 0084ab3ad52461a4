//! Faults: changes of the world that violate exactly one rule.

use tidegauge_core::tables::Order;

use super::world::{World, euro, money, order, raw, trade};
use crate::support::at;

/// A change of the world.
pub(super) type Change = fn(&mut World);

/// A rule, its example, and the change that violates it.
pub(super) const FAULTS: &[(&str, &str, Change)] = &[
    ("unique_key.users", "users 3", |w| w.users.push(w.users[2].clone())),
    ("unique_key.deposits", "deposits 3", |w| w.deposits.push(w.deposits[2].clone())),
    ("unique_key.withdrawals", "withdrawals 2", |w| w.withdrawals.push(w.withdrawals[1].clone())),
    ("unique_key.orders", "orders 4", |w| w.orders.push(w.orders[3].clone())),
    ("unique_key.trades", "trades 1", |w| w.trades[1].trade_id = 1),
    ("unique_key.ramp_transactions", "ramp_transactions 2", |w| w.ramp.push(w.ramp[1].clone())),
    ("unique_key.marketing_spend", "marketing_spend 2026-01-01 · search · brand", |w| {
        w.spend.push(w.spend[0].clone());
    }),
    ("unique_key.fx_rates", "fx_rates EUR · USD · 2026-01-02 · ecb", |w| {
        w.fx.push(w.fx[0].clone());
    }),
    ("unique_key.candles", "candles kraken · BTC · 1d · 2026-01-05", |w| {
        w.candles.push(w.candles[0].clone());
    }),
    ("unique_key.raw_crypto_market_data", "raw_crypto_market_data BTC", |w| {
        w.raw.push(w.raw[0].clone());
    }),
    ("unique_key.market_prices", "market_prices BTC", |w| w.prices.push(w.prices[0].clone())),
    ("unique_key.fx_daily", "fx_daily EUR · USD · 2026-01-03", |w| {
        w.fx_daily.push(w.fx_daily[1].clone());
    }),
    ("market_prices_are_observed", "market_prices BTC · 2026-01-06", |w| {
        w.prices[2].price_usd = money("101.00000001");
    }),
    ("market_prices_are_observed", "market_prices BTC · 2026-01-06", |w| {
        w.prices[2].source = "coingecko".into();
    }),
    ("market_prices_are_observed", "market_prices BTC · 2026-01-05T12:00", |w| {
        w.prices[0].at = at("2026-01-05 12:00"); // where the five minutes begin
    }),
    ("market_prices_are_observed", "market_prices BTC · 2026-01-05T12:05", |w| {
        w.prices[0].other_price_usd = Some(money("102"));
        w.prices[0].difference = Some(0.02);
    }),
    ("market_prices_disputes_share_a_threshold", "market_prices BTC · 2026-01-05T12:05", |w| {
        w.prices[0].difference = Some(0.011);
    }),
    ("market_prices_disputes_share_a_threshold", "market_prices BTC · 2026-01-05T13:05", |w| {
        w.prices[0].is_disputed = true;
        w.prices[1].is_disputed = false;
    }),
    ("market_prices_disputes_share_a_threshold", "market_prices BTC · 2026-01-05T12:05", |w| {
        w.prices[0].sources = 1;
    }),
    ("market_prices_disputes_share_a_threshold", "market_prices BTC · 2026-01-06", |w| {
        w.prices[2].is_disputed = true;
    }),
    ("fx_daily_follows_fixings", "fx_daily EUR · USD · 2026-01-03", |w| {
        w.fx_daily[1].rate = money("1.25000001");
    }),
    ("fx_daily_follows_fixings", "fx_daily EUR · USD · 2026-01-04", |w| {
        w.fx_daily[2].is_filled = false;
    }),
    ("fx_daily_follows_fixings", "fx_daily EUR · USD · 2026-01-04", |w| {
        w.fx_daily[2].via = Some("GBP".into());
    }),
    ("fx_daily_follows_fixings", "fx_daily EUR · USD · 2026-01-10", |w| {
        w.fx_daily.extend(["2026-01-05", "2026-01-06", "2026-01-07", "2026-01-08"].map(euro));
        w.fx_daily.extend(["2026-01-09", "2026-01-10"].map(euro)); // eight days old
    }),
    ("fx_daily_has_no_hole", "fx_daily EUR · USD · 2026-01-03", |w| {
        w.fx_daily.remove(1);
    }),
    ("foreign_key.deposits.user_id", "deposits 3", |w| w.deposits[2].user_id = 99),
    ("foreign_key.withdrawals.user_id", "withdrawals 2", |w| w.withdrawals[1].user_id = 99),
    ("foreign_key.orders.user_id", "orders 4", |w| w.orders[3].user_id = 99),
    ("foreign_key.trades.order_id", "trades 9", |w| {
        // A trade of no value, so that no balance changes.
        let none = Order { order_id: 99, ..w.orders[3].clone() };
        w.trades.push(trade(9, &none, ("0", "80", "0", "0"), true, "2026-01-05 10:00"));
    }),
    ("foreign_key.trades.user_id", "trades 3", |w| {
        w.trades[2].user_id = 99;
        w.withdrawals.pop(); // of the coins that user 2 now lacks
    }),
    ("foreign_key.ramp_transactions.user_id", "ramp_transactions 2", |w| w.ramp[1].user_id = 99),
    ("filled_amount_fits_status", "orders 4", |w| w.orders[3].filled_amount = Some(money("0.1"))),
    ("filled_amount_fits_status", "orders 2", |w| {
        w.orders[1].base_amount = w.orders[1].filled_amount.unwrap();
    }),
    ("filled_amount_fits_status", "orders 1", |w| w.orders[0].base_amount = money("2.1")),
    ("filled_orders_have_trades", "orders 2", |w| {
        w.trades.remove(2);
        w.withdrawals.pop();
    }),
    ("trades_sum_to_filled_amount", "orders 2", |w| {
        w.orders[1].filled_amount = Some(money("0.40000001"));
    }),
    ("trades_only_of_filled_orders", "trades 3", |w| {
        w.orders[1].status = Some("cancelled".into());
        w.orders[1].filled_amount = Some(money("0"));
    }),
    ("trades_match_their_order", "trades 3", |w| w.trades[2].trading_pair = Some("ETH/EUR".into())),
    ("trades_match_their_order", "trades 3", |w| w.orders[1].user_id = 1),
    ("limit_never_worse", "trades 4", |w| w.orders[2].limit_price = Some(money("98.00000001"))),
    ("limit_never_worse", "trades 2", |w| w.orders[0].limit_price = Some(money("104"))),
    ("trades_not_before_their_order", "trades 3", |w| {
        w.orders[1].created_at = at("2026-01-05 12:01");
    }),
    ("quote_amount_is_price_times_base", "trades 3", |w| w.trades[2].quote_amount = money("32.01")),
    ("trade_fees_follow_schedule", "trades 3", |w| w.trades[2].fee_amount = Some(money("0.14"))),
    ("trade_fees_follow_schedule", "trades 1", |w| w.trades[0].is_maker = Some(true)),
    ("ramp_fees_follow_schedule", "ramp_transactions 1", |w| {
        w.ramp[0].fee_usd = Some("1.9".parse().unwrap());
    }),
    ("trade_price_within_market_range", "trades 2", |w| w.candles[0].high = money("104.9")),
    ("trade_price_within_market_range", "trades 4", |w| w.candles[0].low = money("98.1")),
    ("balance_never_negative", "user 1 USD at 2026-01-06T11:00:00+00:00", |w| {
        w.deposits[0].amount = money("299.99999999");
    }),
    ("balance_never_negative", "user 2 BTC at 2026-01-06T11:00:00+00:00", |w| {
        w.withdrawals[2].fee = money("0.10000001");
    }),
    ("balance_never_negative", "user 2 EUR at 2026-01-05T12:00:00+00:00", |w| {
        w.deposits[1].completed_at = Some(at("2026-01-05 12:01")); // too late
    }),
    ("orders_are_covered", "orders 3", |w| w.orders[2].created_at = at("2026-01-05 09:59")),
    ("orders_are_covered", "orders 4", |w| {
        w.orders[3].base_amount = money("0.969"); // 67.83, but for its fee
        w.withdrawals.remove(1);
    }),
    ("orders_are_covered", "orders 5", |w| w.orders[4].base_amount = money("1.20000001")),
    ("orders_are_covered", "orders 6", |w| {
        // Either of the two orders alone would be covered.
        w.withdrawals.remove(1);
        let placed = at("2026-01-05 14:00");
        w.orders.push(Order { order_id: 6, created_at: placed, ..w.orders[3].clone() });
    }),
    ("orders_are_covered", "orders 6", |w| {
        // The amount is held by order 5 until it is cancelled.
        w.orders.push(order(6, 2, ("sell", "EUR"), ("1", "0"), None, "cancelled"));
        w.orders[5].created_at = at("2026-01-05 19:59");
    }),
    ("pending_withdrawals_are_covered", "withdrawals 2", |w| {
        w.withdrawals[1].amount = money("31.79");
    }),
    ("nothing_before_signup", "users 2", |w| w.users[1].signup_at = at("2026-01-02 01:00")),
    ("nothing_before_kyc", "deposits 2", |w| {
        w.users[1].kyc_verified_at = Some(at("2026-01-03 10:01"));
    }),
    ("nothing_before_kyc", "deposits 2", |w| {
        w.users[1].kyc_status = Some("rejected".into());
        w.users[1].kyc_verified_at = None;
    }),
    ("completed_after_created", "deposits 3", |w| {
        w.deposits[2].completed_at = Some(at("2026-01-04"));
    }),
    ("completed_after_created", "deposits 1", |w| w.deposits[0].completed_at = None),
    ("completed_after_created", "withdrawals 1", |w| {
        w.withdrawals[0].created_at = at("2026-01-06 11:01");
    }),
    ("currency_fits_country", "deposits 2", |w| w.users[1].country = Some("GB".into())),
    ("currency_fits_country", "ramp_transactions 1", |w| w.ramp[0].country = Some("US".into())),
    ("amounts_not_negative", "orders 5", |w| w.orders[4].limit_price = Some(money("-1"))),
    ("market_rows_make_sense", "raw_crypto_market_data: `BTC` on 2026-01-05", |w| {
        w.raw.push(raw("other", "2026-01-05 15:00", "0"));
    }),
];
