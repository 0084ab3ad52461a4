//! A consistent exchange of three users, and constructors of its rows.

use tidegauge_analytics::audit::{AuditParams, AuditReport, audit};
use tidegauge_core::Crypto;
use tidegauge_core::tables::{
    Candle, Deposit, FxDaily, FxRate, MarketPrice, MarketingSpend, Order, RampTransaction,
    RawCryptoMarketData, Trade, User, Withdrawal,
};

use crate::support::{Memory, at, day, run};

#[derive(Clone)]
pub(super) struct World {
    pub(super) users: Vec<User>,
    pub(super) deposits: Vec<Deposit>,
    pub(super) withdrawals: Vec<Withdrawal>,
    pub(super) orders: Vec<Order>,
    pub(super) trades: Vec<Trade>,
    pub(super) ramp: Vec<RampTransaction>,
    pub(super) spend: Vec<MarketingSpend>,
    pub(super) fx: Vec<FxRate>,
    pub(super) fx_daily: Vec<FxDaily>,
    pub(super) candles: Vec<Candle>,
    pub(super) raw: Vec<RawCryptoMarketData>,
    pub(super) prices: Vec<MarketPrice>,
}

impl World {
    pub(super) fn audit(&self) -> AuditReport {
        run(audit(&self.memory(), &AuditParams::all_simulated())).unwrap()
    }

    pub(super) fn memory(&self) -> Memory {
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

pub(super) fn money(text: &str) -> Crypto {
    text.parse().unwrap()
}

pub(super) fn user(id: i64, country: &str, verified: Option<&str>) -> User {
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

pub(super) fn deposit(
    id: i64,
    user_id: i64,
    currency: &str,
    amount: &str,
    done: Option<&str>,
) -> Deposit {
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

pub(super) fn withdrawal(
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

pub(super) fn order(
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
pub(super) fn trade(
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

pub(super) fn raw(source: &str, when: &str, price: &str) -> RawCryptoMarketData {
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
pub(super) fn price(when: &str, other: &str, difference: f64, is_disputed: bool) -> MarketPrice {
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
pub(super) fn euro(date: &str) -> FxDaily {
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

pub(super) fn world() -> World {
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
