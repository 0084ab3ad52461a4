//! The audit: a consistent world passes; each rule is violated by one change, and no other rule
//! with it.

use tidegauge_analytics::audit::{AppliesTo, AuditParams, AuditReport, FeeTier, OwnRules, audit};
use tidegauge_core::Crypto;
use tidegauge_core::tables::{
    Candle, Deposit, FxDaily, FxRate, MarketPrice, MarketingSpend, Order, RampTransaction,
    RawCryptoMarketData, Trade, User, Withdrawal,
};

use crate::support::{Memory, at, day, run};

#[derive(Clone)]
struct World {
    users: Vec<User>,
    deposits: Vec<Deposit>,
    withdrawals: Vec<Withdrawal>,
    orders: Vec<Order>,
    trades: Vec<Trade>,
    ramp: Vec<RampTransaction>,
    spend: Vec<MarketingSpend>,
    fx: Vec<FxRate>,
    fx_daily: Vec<FxDaily>,
    candles: Vec<Candle>,
    raw: Vec<RawCryptoMarketData>,
    prices: Vec<MarketPrice>,
}

impl World {
    fn audit(&self) -> AuditReport {
        run(audit(&self.memory(), &AuditParams::all_simulated())).unwrap()
    }

    fn memory(&self) -> Memory {
        let mut memory = Memory::default();
        memory.put(User::table(), &self.users);
        memory.put(Deposit::table(), &self.deposits);
        memory.put(Withdrawal::table(), &self.withdrawals);
        memory.put(Order::table(), &self.orders);
        memory.put(Trade::table(), &self.trades);
        memory.put(RampTransaction::table(), &self.ramp);
        memory.put(MarketingSpend::table(), &self.spend);
        memory.put(FxRate::table(), &self.fx);
        memory.put(FxDaily::table(), &self.fx_daily);
        memory.put(Candle::table(), &self.candles);
        memory.put(RawCryptoMarketData::table(), &self.raw);
        memory.put(MarketPrice::table(), &self.prices);
        memory
    }
}

fn money(text: &str) -> Crypto {
    text.parse().unwrap()
}

fn user(id: i64, country: &str, verified: Option<&str>) -> User {
    User {
        user_id: id,
        email: Some(format!("{id}@example.com")),
        country: Some(country.into()),
        kyc_status: Some(if verified.is_some() { "verified" } else { "pending" }.into()),
        kyc_verified_at: verified.map(at),
        account_tier: Some("starter".into()),
        is_active: Some(true),
        signup_at: at("2026-01-01"),
        acquisition_channel: Some("search".into()),
        campaign: None,
        name: None,
        phone: None,
        address: None,
        device: None,
        referred_by: None,
        balances: None,
        external_id: None,
    }
}

fn deposit(id: i64, user_id: i64, currency: &str, amount: &str, done: Option<&str>) -> Deposit {
    Deposit {
        deposit_id: id,
        user_id,
        deposit_type: "fiat".into(),
        currency: currency.into(),
        amount: money(amount),
        payment_method: "card".into(),
        status: if done.is_some() { "completed" } else { "failed" }.into(),
        blockchain_confirmations: None,
        created_at: at("2026-01-03 10:00"),
        completed_at: done.map(at),
        tx_hash: None,
        external_id: None,
        external_user_id: None,
    }
}

fn withdrawal(
    id: i64,
    user_id: i64,
    what: (&str, &str, &str),
    fee: &str,
    done: Option<&str>,
) -> Withdrawal {
    Withdrawal {
        withdrawal_id: id,
        user_id,
        withdrawal_type: what.0.into(),
        currency: what.1.into(),
        amount: money(what.2),
        fee: money(fee),
        destination_type: "wallet".into(),
        tx_hash: None,
        status: if done.is_some() { "completed" } else { "pending" }.into(),
        created_at: at("2026-01-06 10:00"),
        completed_at: done.map(at),
        address: None,
        external_id: None,
        external_user_id: None,
    }
}

fn order(
    id: i64,
    user_id: i64,
    what: (&str, &str),
    amounts: (&str, &str),
    limit: Option<&str>,
    status: &str,
) -> Order {
    Order {
        order_id: id,
        user_id,
        trading_pair: Some(format!("BTC/{}", what.1)),
        side: Some(what.0.into()),
        order_type: Some(if limit.is_some() { "limit" } else { "market" }.into()),
        base_currency: "BTC".into(),
        quote_currency: Some(what.1.into()),
        base_amount: money(amounts.0),
        filled_amount: Some(money(amounts.1)),
        limit_price: limit.map(money),
        status: Some(status.into()),
        created_at: at("2026-01-05 09:00"),
        updated_at: Some(at("2026-01-05 20:00")),
        external_id: None,
        external_user_id: None,
    }
}

/// Returns a fill of `order` with (base amount, price, quote amount, fee).
fn trade(
    id: i64,
    order: &Order,
    amounts: (&str, &str, &str, &str),
    is_maker: bool,
    when: &str,
) -> Trade {
    Trade {
        trade_id: id,
        order_id: Some(order.order_id),
        user_id: order.user_id,
        trading_pair: order.trading_pair.clone(),
        side: order.side.clone(),
        base_currency: Some(order.base_currency.clone()),
        quote_currency: order.quote_currency.clone().unwrap_or_default(),
        base_amount: Some(money(amounts.0)),
        price: Some(money(amounts.1)),
        quote_amount: money(amounts.2),
        fee_amount: Some(money(amounts.3)),
        fee_currency: order.quote_currency.clone(),
        is_maker: Some(is_maker),
        executed_at: at(when),
        external_id: None,
        external_order_id: None,
        external_user_id: None,
    }
}

fn raw(source: &str, when: &str, price: &str) -> RawCryptoMarketData {
    RawCryptoMarketData {
        symbol: "BTC".into(),
        observed_at: at(when),
        source: source.into(),
        name: "Bitcoin".into(),
        price_usd: money(price),
        volume_24h_usd: None,
        market_cap_usd: None,
    }
}

/// Returns CoinGecko's price of 100, with Kraken's price against it.
fn price(when: &str, other: &str, difference: f64, is_disputed: bool) -> MarketPrice {
    MarketPrice {
        symbol: "BTC".into(),
        at: at(when),
        price_usd: money("100"),
        source: "coingecko".into(),
        sources: 2,
        other_source: Some("kraken".into()),
        other_price_usd: Some(money(other)),
        difference: Some(difference),
        is_disputed,
    }
}

/// Returns the daily rate of the euro, fixed on the 2nd.
fn euro(date: &str) -> FxDaily {
    FxDaily {
        base: "EUR".into(),
        quote: "USD".into(),
        rate_date: day(date),
        rate: money("1.25"),
        fixed_on: day("2026-01-02"),
        is_filled: date != "2026-01-02",
        via: None,
    }
}

fn world() -> World {
    let mut orders = vec![
        order(1, 1, ("buy", "USD"), ("2", "2"), Some("105"), "filled"),
        order(2, 2, ("buy", "EUR"), ("1", "0.4"), None, "partially_filled"),
        order(3, 1, ("sell", "USD"), ("1", "1"), Some("95"), "filled"),
        order(4, 2, ("buy", "EUR"), ("0.5", "0"), Some("70"), "open"),
        order(5, 2, ("sell", "EUR"), ("1", "0"), Some("99"), "cancelled"),
    ];
    orders[2].created_at = at("2026-01-05 10:30"); // once trade 1 has bought what it sells
    orders[3].created_at = at("2026-01-05 13:00");
    let trades = vec![
        // The first: 1.5 × 100 = 150, taker 0.40 % = 0.60; 0.5 × 105 = 52.50, maker 0.25 % =
        // 0.13125.
        trade(1, &orders[0], ("1.5", "100", "150", "0.6"), false, "2026-01-05 10:00"),
        trade(2, &orders[0], ("0.5", "105", "52.5", "0.13"), true, "2026-01-05 11:00"),
        // A limit of 80 EUR at 1.25 is 100 USD. 0.4 × 80 = 32, taker 0.128.
        trade(3, &orders[1], ("0.4", "80", "32", "0.13"), false, "2026-01-05 12:00"),
        // Sells what trades 1 and 2 bought, at the very instant of trade 2.
        trade(4, &orders[2], ("1", "98", "98", "0.25"), true, "2026-01-05 11:00"),
    ];
    let ramp = RampTransaction {
        transaction_id: 1,
        user_id: 2,
        fiat_currency: "EUR".into(),
        fiat_amount: "100".parse().unwrap(),
        crypto_token: Some("BTC".into()),
        crypto_amount: Some(money("1.2")),
        payment_method: Some("card".into()),
        country: Some("DE".into()),
        status: "completed".into(),
        fee_usd: Some("1.88".parse().unwrap()), // 1.5 % of 125 USD = 1.875
        created_at: at("2026-01-04 10:00"),
        card: None,
        external_id: None,
        external_user_id: None,
    };
    let failed = RampTransaction {
        transaction_id: 2,
        status: "failed".into(),
        fee_usd: Some("0".parse().unwrap()),
        ..ramp.clone()
    };
    World {
        users: vec![
            user(1, "US", Some("2026-01-02")),
            user(2, "DE", Some("2026-01-02")),
            user(3, "BR", None),
        ],
        deposits: vec![
            deposit(1, 1, "USD", "300", Some("2026-01-03 11:00")),
            deposit(2, 2, "EUR", "100", Some("2026-01-03 11:00")),
            deposit(3, 1, "USD", "9999", None),
        ],
        withdrawals: vec![
            // The whole balance is withdrawn, to the cent: 300 − 150.60 − 52.63 + 97.75 = 194.52.
            withdrawal(1, 1, ("fiat", "USD", "193.52"), "1", Some("2026-01-06 11:00")),
            // The balance is 100 − 32.13 = 67.87, of which order 4 holds 0.5 × 70 = 35 and 0.0875
            // for the fee.
            withdrawal(2, 2, ("fiat", "EUR", "10"), "1", None),
            withdrawal(3, 2, ("crypto", "BTC", "1.5"), "0.1", Some("2026-01-06 11:00")), // of 1.6
        ],
        orders,
        trades,
        ramp: vec![ramp, failed],
        spend: vec![MarketingSpend {
            day: day("2026-01-01"),
            channel: "search".into(),
            campaign: "brand".into(),
            currency: "USD".into(),
            spend: "10".parse().unwrap(),
        }],
        fx: vec![FxRate {
            base: "EUR".into(),
            quote: "USD".into(),
            rate_date: day("2026-01-02"),
            source: "ecb".into(),
            rate: money("1.25"),
        }],
        fx_daily: ["2026-01-02", "2026-01-03", "2026-01-04"].map(euro).into(),
        candles: vec![Candle {
            source: "kraken".into(),
            symbol: "BTC".into(),
            interval: "1d".into(),
            open_at: at("2026-01-05"),
            open: money("99"),
            high: money("105"),
            low: money("98"),
            close: money("101"),
            volume: None,
            base_volume: None,
            currency: "USD".into(),
        }],
        raw: vec![
            raw("coingecko", "2026-01-05 12:00", "100"),
            raw("kraken", "2026-01-05 12:04", "101"),
            raw("coingecko", "2026-01-05 13:00", "100"),
            raw("kraken", "2026-01-05 13:04", "104"),
        ],
        prices: vec![
            price("2026-01-05 12:05", "101", 0.01, false),
            price("2026-01-05 13:05", "104", 0.04, true),
            MarketPrice {
                at: at("2026-01-06"),
                price_usd: money("101"), // the candle's close
                source: "kraken".into(),
                sources: 1,
                other_source: None,
                other_price_usd: None,
                difference: None,
                ..price("2026-01-06", "101", 0.0, false)
            },
        ],
    }
}

/// The rules of an exchange with a ledger; `faults.rs` violates these.
const BOOKS: [&str; 18] = [
    "unique_key.truth_channels",
    "unique_key.chargebacks",
    "unique_key.ledger_entries",
    "unique_key.truth_users",
    "foreign_key.chargebacks.transaction_id",
    "foreign_key.chargebacks.user_id",
    "foreign_key.ledger_entries.user_id",
    "foreign_key.truth_users.user_id",
    "never_null.chargebacks",
    "never_null.ledger_entries",
    "never_null.truth_users",
    "ledger_sums_to_zero",
    "ledger_never_below_zero",
    "balances_are_the_ledgers",
    "ledger_agrees",
    "chargebacks_undo_purchases",
    "referrers_came_first",
    "truth_fits",
];

#[test]
fn consistent_records_pass_every_rule_and_every_rule_is_checked() {
    let report = world().audit();
    let broken: Vec<_> = report.violated().collect();
    assert!(report.passed(), "{broken:#?}");
    let idle: Vec<_> = report.rules.iter().filter(|rule| rule.checked == 0).collect();
    let names: Vec<_> = idle.iter().map(|rule| rule.name.as_str()).collect();
    assert_eq!(names, BOOKS, "{idle:#?}");
}

#[test]
fn an_empty_warehouse_has_no_checks() {
    let report = run(audit(&Memory::default(), &AuditParams::all_simulated())).unwrap();
    assert!(report.passed());
    assert!(report.rules.iter().all(|rule| rule.checked == 0 && rule.examples.is_empty()));
}

type Change = fn(&mut World);

/// A rule, its example, and the change that violates it.
const CHANGES: &[(&str, &str, Change)] = &[
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

#[test]
fn each_fault_violates_exactly_one_rule() {
    for (rule, example, change) in CHANGES {
        let mut world = world();
        change(&mut world);
        let report = world.audit();
        let broken: Vec<_> = report.violated().map(|rule| rule.name.as_str()).collect();
        assert_eq!(broken, [*rule], "{example}: {:#?}", report.violated().collect::<Vec<_>>());
        let examples = &report.violated().next().unwrap().examples;
        assert!(examples[0].starts_with(example), "{rule}: {examples:?}");
    }
    for rule in world().audit().rules {
        // A batch refuses a row with missing values: `faults.rs` creates them.
        let elsewhere = BOOKS.contains(&rule.name.as_str()) || rule.name.starts_with("never_null.");
        let covered = elsewhere || CHANGES.iter().any(|(name, ..)| *name == rule.name);
        assert!(covered, "no change breaks {}", rule.name);
    }
}

/// Checks that results do not depend on the number of users in a slice.
#[test]
fn an_audit_in_slices_finds_the_same_violations() {
    for (rule, example, change) in CHANGES {
        let mut world = world();
        change(&mut world);
        let [whole, sliced] = [1_000_000, 1].map(|rows| {
            let mut report =
                run(audit(&world.memory(), &AuditParams { rows, ..AuditParams::all_simulated() }))
                    .unwrap();
            report.rules.iter_mut().for_each(|rule| rule.examples.sort());
            report
        });
        // A trade of another user's order is missing in that order, which violates further rules.
        let apart = ["foreign_key.trades.user_id", "trades_match_their_order"];
        if !apart.contains(rule) {
            let differs = whole.rules.iter().zip(&sliced.rules).find(|(one, other)| one != other);
            assert!(differs.is_none(), "{rule}: {example}: {differs:#?}");
        }
        assert!(sliced.violated().any(|result| result.name == *rule), "{rule}: {example}");
    }
}

#[test]
fn the_number_of_examples_is_limited() {
    let mut world = world();
    for id in 10..20 {
        world.deposits.push(Deposit { user_id: 99, ..deposit(id, 1, "USD", "1", None) });
    }
    let report = world.audit();
    let rule = report.violated().next().unwrap();
    assert_eq!((rule.checked, rule.violations), (13, 10));
    assert_eq!(rule.examples, ["deposits 10", "deposits 11", "deposits 12"]);
}

/// Returns records of an exchange that is not simulated: no identity checks, purchases at 3 % in a
/// currency that is not the country's, trades without their orders that cost 0.1 %.
fn own() -> World {
    let mut world = world();
    world.users.iter_mut().for_each(|user| {
        (user.kyc_status, user.kyc_verified_at) = (Some("unknown".into()), None);
    });
    world.ramp[0].country = Some("JP".into());
    world.ramp[0].fee_usd = Some("3.75".parse().unwrap());
    (world.deposits, world.withdrawals, world.orders) = Default::default();
    world.trades.iter_mut().for_each(|trade| {
        trade.fee_amount = Some(Crypto::from_units(trade.quote_amount.units() / 1_000));
        // A rounded average price.
        let off = 1_000 * (Crypto::ONE / 100_000_000);
        trade.price = trade.price.map(|price| Crypto::from_units(price.units() + off));
    });
    world
}

fn of_own(world: &World, own: OwnRules) -> AuditReport {
    run(audit(&world.memory(), &AuditParams { own, ..AuditParams::default() })).unwrap()
}

#[test]
fn rules_of_the_simulated_world_do_not_apply_to_own_rows() {
    let report = of_own(&own(), OwnRules::default());
    assert!(report.passed(), "{:#?}", report.violated().collect::<Vec<_>>());
    assert_eq!((report.simulated_rows, report.own_rows), (0, 9));
    for rule in report.rules.iter().filter(|rule| rule.applies_to == AppliesTo::SimulatedRows) {
        assert_eq!(rule.checked, 0, "{}", rule.name);
    }
    let of_simulation = |rule: &&str| {
        report
            .rules
            .iter()
            .any(|result| result.name == **rule && result.applies_to == AppliesTo::SimulatedRows)
    };
    let worldly = [
        "ramp_fees_follow_schedule",
        "trade_fees_follow_schedule",
        "currency_fits_country",
        "nothing_before_kyc",
        "balance_never_negative",
        "trade_price_within_market_range",
        "ledger_agrees",
        "truth_fits",
    ];
    assert!(worldly.iter().all(of_simulation));
    // As simulated rows they would not pass.
    assert!(!own().audit().passed());
}

#[test]
fn rules_of_any_exchange_apply_to_own_rows() {
    let broken = |change: Change| {
        let mut world = own();
        change(&mut world);
        let report = of_own(&world, OwnRules::default());
        report.violated().map(|rule| rule.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(broken(|w| w.ramp[0].user_id = 99), ["foreign_key.ramp_transactions.user_id"]);
    assert_eq!(broken(|w| w.trades.push(w.trades[0].clone())), ["unique_key.trades"]);
    assert_eq!(broken(|w| w.trades[0].quote_amount = money("-150")).len(), 2);
    assert_eq!(
        broken(|w| w.trades[0].price = Some(money("10"))),
        ["quote_amount_is_price_times_base"]
    );
    assert_eq!(broken(|w| w.users[1].signup_at = at("2026-02-01")), ["nothing_before_signup"]);
    // Once any orders are loaded, the order of every trade must be.
    let lost = broken(|w| w.orders.push(order(7, 1, ("buy", "USD"), ("1", "0"), None, "open")));
    assert_eq!(lost, ["foreign_key.trades.order_id"]);
}

#[test]
fn configured_rules_apply_to_own_rows() {
    let mut rules = OwnRules { ramp_fee: Some(0.03), ..OwnRules::default() };
    let step = |from_usd, rate| FeeTier { from_usd, maker: rate, taker: rate };
    rules.trade_fees = vec![step(0.0, 0.001), step(140.0, 0.0005)];
    let mut world = own();
    // The volume before these two is 150 USD: the second tier.
    world.trades[1].fee_amount = Some(money("0.026"));
    world.trades[3].fee_amount = Some(money("0.049"));
    let report = of_own(&world, rules.clone());
    assert!(report.passed(), "{:#?}", report.violated().collect::<Vec<_>>());
    let tried = |report: &AuditReport, name: &str| {
        let rule = report.rules.iter().find(|rule| rule.name == name).unwrap();
        (rule.checked, rule.violations, rule.applies_to)
    };
    assert_eq!(tried(&report, "ramp_fees_follow_schedule"), (1, 0, AppliesTo::AllRows));
    assert_eq!(tried(&report, "trade_fees_follow_schedule"), (4, 0, AppliesTo::AllRows));
    rules.ramp_fee = Some(0.015);
    rules.trade_fees[1] = step(140.0, 0.001);
    rules.verified_first = vec!["ramp_transactions".into()];
    rules.complete_history = true;
    let report = of_own(&world, rules);
    let broken: Vec<_> =
        report.violated().map(|rule| (rule.name.as_str(), rule.violations)).collect();
    assert_eq!(
        broken,
        [
            ("trade_fees_follow_schedule", 2),
            ("ramp_fees_follow_schedule", 1),
            ("balance_never_negative", 2),
            ("nothing_before_kyc", 2),
        ]
    );
}

/// Checks the data of a shop, which has customers and their orders only.
#[test]
fn unknown_values_of_own_rows_violate_no_rule() {
    let mut world = world();
    for user in &mut world.users {
        (user.email, user.country, user.kyc_status) = (None, None, None);
        (user.kyc_verified_at, user.account_tier, user.is_active) = (None, None, None);
        user.acquisition_channel = None;
    }
    for order in &mut world.orders {
        (order.trading_pair, order.side, order.order_type) = (None, None, None);
        (order.quote_currency, order.filled_amount, order.limit_price) = (None, None, None);
        (order.status, order.updated_at) = (None, None);
    }
    for trade in &mut world.trades {
        (trade.trading_pair, trade.side, trade.base_currency) = (None, None, None);
        (trade.base_amount, trade.price, trade.fee_amount) = (None, None, None);
        (trade.fee_currency, trade.is_maker) = (None, None);
    }
    world.trades[0].order_id = None;
    for purchase in &mut world.ramp {
        (purchase.crypto_token, purchase.crypto_amount) = (None, None);
        (purchase.payment_method, purchase.country, purchase.fee_usd) = (None, None, None);
    }
    (world.deposits, world.withdrawals) = Default::default();
    let rules = OwnRules {
        verified_first: vec!["trades".into(), "ramp_transactions".into()],
        trade_fees: vec![FeeTier { from_usd: 0.0, maker: 0.1, taker: 0.1 }],
        ramp_fee: Some(0.03),
        complete_history: false,
    };
    let report = of_own(&world, rules.clone());
    assert!(report.passed(), "{:#?}", report.violated().collect::<Vec<_>>());
    // The same holds for users that were never loaded.
    world.users.clear();
    let report = of_own(&world, rules);
    assert!(report.passed(), "{:#?}", report.violated().collect::<Vec<_>>());
    // In a simulation all values are required.
    let names: Vec<_> = world.audit().violated().map(|rule| rule.name.clone()).collect();
    assert!(names.contains(&"never_null.trades".to_owned()), "{names:?}");
}

#[test]
fn examples_show_external_ids() {
    let mut world = own();
    let id = (1 << 62) + 17;
    let lost = Trade {
        trade_id: id,
        user_id: 99,
        external_id: Some("T-17".into()),
        ..world.trades[0].clone()
    };
    world.trades.push(lost);
    let report = of_own(&world, OwnRules::default());
    let broken = report.violated().next().unwrap();
    assert_eq!(broken.examples, ["trades `T-17`"]);
}

#[test]
fn a_user_id_has_one_external_id() {
    let mut world = own();
    world.ramp[0].external_user_id = Some("b".into());
    world.trades[2].external_user_id = Some("b".into());
    assert!(of_own(&world, OwnRules::default()).passed());
    world.users[1].external_id = Some("a".into());
    let report = of_own(&world, OwnRules::default());
    let broken: Vec<_> = report.violated().map(|rule| rule.name.as_str()).collect();
    assert_eq!(broken, ["foreign_key.trades.user_id", "foreign_key.ramp_transactions.user_id"]);
    // The same without users.
    world.users.clear();
    world.trades[2].external_user_id = Some("a".into());
    let report = of_own(&world, OwnRules::default());
    let broken: Vec<_> = report.violated().map(|rule| rule.name.as_str()).collect();
    assert_eq!(broken, ["foreign_key.ramp_transactions.user_id"]);
}

#[test]
fn invalid_own_rules_are_reported_by_setting() {
    let step = |from_usd, maker| FeeTier { from_usd, maker, taker: 0.004 };
    for (change, says) in [
        (OwnRules { ramp_fee: Some(1.5), ..OwnRules::default() }, "verify.ramp_fee"),
        (OwnRules { trade_fees: vec![step(1.0, 0.1)], ..OwnRules::default() }, "verify.trade_fees"),
        (
            OwnRules { trade_fees: vec![step(0.0, 25.0)], ..OwnRules::default() },
            "verify.trade_fees",
        ),
        (
            OwnRules { verified_first: vec!["trade".into()], ..OwnRules::default() },
            "verify.verified_first",
        ),
    ] {
        assert_eq!(change.first_invalid().unwrap().0, says);
    }
    assert_eq!(OwnRules::default().first_invalid(), None);
}
