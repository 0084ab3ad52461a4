use tidegauge_analytics::{BadRows, Error, Facts, FactsParams};
use tidegauge_core::ErrorKind;
use tidegauge_core::tables::{
    Candle, FxRate, MarketingSpend, RampTransaction, RawCryptoMarketData, Trade, User, Withdrawal,
};

use crate::support::{Memory, at, day, run};

/// Returns strict parameters.
pub(crate) fn strict(end: &str) -> FactsParams {
    FactsParams { end: Some(at(end)), bad_rows: BadRows::Fail, ..FactsParams::default() }
}

pub(crate) fn user() -> User {
    User {
        user_id: 1,
        email: Some("a@example.com".into()),
        country: Some("GB".into()),
        kyc_status: Some("verified".into()),
        kyc_verified_at: Some(at("2026-01-01")),
        account_tier: Some("pro".into()),
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

pub(crate) fn trade(id: i64, when: &str, quote: &str, amount: &str, fee: (&str, &str)) -> Trade {
    Trade {
        trade_id: id,
        order_id: Some(1),
        user_id: 1,
        trading_pair: Some(format!("BTC/{quote}")),
        side: Some("buy".into()),
        base_currency: Some("BTC".into()),
        quote_currency: quote.into(),
        base_amount: Some("1".parse().unwrap()),
        quote_amount: amount.parse().unwrap(),
        price: Some(amount.parse().unwrap()),
        fee_amount: Some(fee.0.parse().unwrap()),
        fee_currency: Some(fee.1.into()),
        is_maker: Some(false),
        executed_at: at(when),
        external_id: None,
        external_order_id: None,
        external_user_id: None,
    }
}

fn fx(base: &str, quote: &str, when: &str, rate: &str) -> FxRate {
    FxRate {
        base: base.into(),
        quote: quote.into(),
        rate_date: day(when),
        source: "ecb".into(),
        rate: rate.parse().unwrap(),
    }
}

fn candle(interval: &str, when: &str, close: &str) -> Candle {
    Candle {
        source: "kraken".into(),
        symbol: "BTC".into(),
        interval: interval.into(),
        open_at: at(when),
        open: close.parse().unwrap(),
        high: close.parse().unwrap(),
        low: close.parse().unwrap(),
        close: close.parse().unwrap(),
        volume: None,
        base_volume: None,
        currency: "USD".into(),
    }
}

fn raw(when: &str, price: &str) -> RawCryptoMarketData {
    RawCryptoMarketData {
        symbol: "BTC".into(),
        observed_at: at(when),
        source: "coingecko".into(),
        name: "Bitcoin".into(),
        price_usd: price.parse().unwrap(),
        volume_24h_usd: None,
        market_cap_usd: None,
    }
}

pub(crate) fn withdrawal(id: i64, status: &str, when: &str, fee: (&str, &str)) -> Withdrawal {
    Withdrawal {
        withdrawal_id: id,
        user_id: 1,
        withdrawal_type: "crypto".into(),
        currency: fee.1.into(),
        amount: "1".parse().unwrap(),
        fee: fee.0.parse().unwrap(),
        destination_type: "wallet".into(),
        tx_hash: None,
        status: status.into(),
        created_at: at("2026-01-01"),
        completed_at: (status == "completed").then(|| at(when)),
        address: None,
        external_id: None,
        external_user_id: None,
    }
}

/// Returns a warehouse with fixings on Friday 2026-01-02 and Monday 2026-01-05, but none on the
/// weekend.
pub(crate) fn warehouse() -> Memory {
    let mut memory = Memory::default();
    memory.put(User::table(), &[user()]);
    memory.put(
        FxRate::table(),
        &[
            fx("EUR", "USD", "2026-01-02", "1.2"),
            fx("EUR", "GBP", "2026-01-02", "0.8"),
            fx("EUR", "USD", "2026-01-05", "1.5"),
            fx("EUR", "GBP", "2026-01-05", "0.5"),
            fx("USD", "GBP", "2026-01-07", "0.25"),
        ],
    );
    memory.put(
        Candle::table(),
        &[candle("1d", "2026-01-04", "100"), candle("4h", "2026-01-06", "999")],
    );
    memory.put(
        RawCryptoMarketData::table(),
        &[
            raw("2026-01-04 10:00", "111"), // the day has a close
            raw("2026-01-05 09:00", "120"),
            raw("2026-01-05 21:00", "130"), // the last of its day
        ],
    );
    memory.put(
        MarketingSpend::table(),
        &[MarketingSpend {
            day: day("2026-01-03"),
            channel: "search".into(),
            campaign: "brand".into(),
            currency: "EUR".into(),
            spend: "10".parse().unwrap(),
        }],
    );
    memory
}

pub(crate) fn revenue(facts: &Facts) -> Vec<(f64, f64)> {
    let events = facts.events().unwrap();
    let column = |name: &str| events.column(name).unwrap().f64().unwrap().clone();
    let (volume, revenue) = (column("volume_usd"), column("revenue_usd"));
    volume.iter().zip(revenue.iter()).map(|(v, r)| (v.unwrap(), r.unwrap())).collect()
}

#[test]
fn amounts_are_valued_as_of_their_day() {
    let mut memory = warehouse();
    memory.put(
        Trade::table(),
        &[
            // Sunday: Friday's fixings, GBP through EUR: 100 / 0.8 × 1.2 = 150; fee 2 → 3.
            trade(1, "2026-01-04 12:00", "GBP", "100", ("2", "GBP")),
            // Monday: 100 / 0.5 × 1.5 = 300; fee of 0.01 BTC at Monday's last raw price 130.
            trade(2, "2026-01-05 12:00", "GBP", "100", ("0.01", "BTC")),
            // From Wednesday on there is the inverse pair itself: 100 / 0.25 = 400.
            trade(3, "2026-01-08 12:00", "GBP", "100", ("0", "USD")),
        ],
    );
    memory.put(
        Withdrawal::table(),
        &[
            withdrawal(1, "completed", "2026-01-04 13:00", ("0.5", "BTC")), // the close, 100
            withdrawal(2, "completed", "2026-01-08 13:00", ("0.5", "BTC")), // the 4 h candle's, 999
            withdrawal(3, "failed", "2026-01-08 13:00", ("9", "BTC")),
        ],
    );
    let ramp = |id, status: &str| RampTransaction {
        transaction_id: id,
        user_id: 1,
        fiat_currency: "EUR".into(),
        fiat_amount: "50".parse().unwrap(),
        crypto_token: Some("BTC".into()),
        crypto_amount: Some("1".parse().unwrap()),
        payment_method: Some("card".into()),
        country: Some("GB".into()),
        status: status.into(),
        fee_usd: Some("0.9".parse().unwrap()),
        created_at: at("2026-01-03 08:00"),
        card: None,
        external_id: None,
        external_user_id: None,
    };
    memory.put(RampTransaction::table(), &[ramp(1, "completed"), ramp(2, "pending")]);

    let facts = run(Facts::from_warehouse(&memory, &strict("2026-02-01"))).unwrap();
    let expected =
        [(60.0, 0.9), (150.0, 3.0), (0.0, 50.0), (300.0, 1.3), (400.0, 0.0), (0.0, 499.5)];
    for (found, expected) in revenue(&facts).into_iter().zip(expected) {
        let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
        assert!(near(found.0, expected.0) && near(found.1, expected.1), "{found:?} {expected:?}");
    }
    assert_eq!(facts.event_count(), expected.len() as u64);
    let events = facts.events().unwrap();
    let kinds: Vec<_> = events.column("kind").unwrap().str().unwrap().iter().flatten().collect();
    assert_eq!(kinds, ["ramp", "trade", "withdrawal", "trade", "trade", "withdrawal"]);
    let spend = facts.spend().column("spend_usd").unwrap().f64().unwrap().get(0);
    assert_eq!(spend, Some(12.0));
    let users = facts.users().unwrap();
    assert_eq!(users.column("tier").unwrap().str().unwrap().get(0), Some("pro"));
}

#[test]
fn an_amount_without_a_price_is_an_error_in_strict_mode() {
    let mut memory = warehouse();
    memory.put(Trade::table(), &[trade(1, "2026-01-01 12:00", "GBP", "1", ("0", "GBP"))]);
    let error = run(Facts::from_warehouse(&memory, &strict("2026-02-01"))).unwrap_err();
    assert!(
        matches!(
            &error,
            Error::Warehouse(tidegauge_core::Error::NoRate { currency, day: when, last: None })
                if currency == "GBP" && *when == day("2026-01-01")
        ),
        "{error}"
    );

    memory.put(Trade::table(), &[trade(1, "2026-01-08", "XYZ", "1", ("0", "GBP"))]);
    let error = run(Facts::from_warehouse(&memory, &strict("2026-02-01"))).unwrap_err().to_string();
    assert!(error.contains("`XYZ`") && error.contains("2026-01-08"), "{error}");
}

#[test]
fn prices_older_than_seven_days_are_not_used() {
    let mut memory = warehouse();
    // The euro's last fixings are of the 5th, the last price is of the 6th.
    memory.put(Trade::table(), &[trade(1, "2026-01-12 12:00", "EUR", "1", ("1", "BTC"))]);
    let facts = run(Facts::from_warehouse(&memory, &strict("2026-02-01"))).unwrap();
    assert_eq!(revenue(&facts), [(1.5, 999.0)]);

    memory.put(Trade::table(), &[trade(1, "2026-01-13 12:00", "EUR", "1", ("0", "USD"))]);
    let error = run(Facts::from_warehouse(&memory, &strict("2026-02-01"))).unwrap_err().to_string();
    for part in ["`EUR`", "on 2026-01-13", "of 2026-01-05", "7 days", "load `fx_rates`"] {
        assert!(error.contains(part), "{error}");
    }
    memory.put(Trade::table(), &[trade(1, "2026-01-14 12:00", "USD", "1", ("1", "BTC"))]);
    let error = run(Facts::from_warehouse(&memory, &strict("2026-02-01"))).unwrap_err().to_string();
    for part in ["price of BTC on 2026-01-14", "BTC from 2026-01-04 to 2026-01-06"] {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn a_completed_row_without_a_time_is_an_error_in_strict_mode() {
    let mut memory = warehouse();
    let timeless =
        Withdrawal { completed_at: None, ..withdrawal(1, "completed", "2026-01-04", ("1", "BTC")) };
    memory.put(Withdrawal::table(), &[timeless]);
    let error = run(Facts::from_warehouse(&memory, &strict("2026-02-01"))).unwrap_err().to_string();
    assert!(error.contains("events, column `at` has 1 rows"), "{error}");
}

#[test]
fn an_implausible_price_is_an_error_in_strict_mode() {
    let mut memory = warehouse();
    memory.put(RawCryptoMarketData::table(), &[raw("2026-01-05 09:00", "0")]);
    let error = run(Facts::from_warehouse(&memory, &strict("2026-02-01"))).unwrap_err().to_string();
    assert!(error.contains("`BTC` on 2026-01-05 is not above zero"), "{error}");
}

#[test]
fn a_warehouse_whose_rows_are_all_set_aside_is_an_error() {
    let mut memory = Memory::default();
    let spend = MarketingSpend {
        day: "2026-01-08".parse().unwrap(),
        channel: "search".into(),
        campaign: "brand".into(),
        currency: "XAG".into(),
        spend: "7".parse().unwrap(),
    };
    memory.put(MarketingSpend::table(), &[spend]);
    let error = run(Facts::from_warehouse(&memory, &FactsParams::default())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let error = error.to_string();
    for words in ["no row of the warehouse counts", "`XAG` on 2026-01-08", "`fx_rates`"] {
        assert!(error.contains(words), "{error}");
    }
    let empty = run(Facts::from_warehouse(&Memory::default(), &FactsParams::default()));
    assert!(matches!(empty, Err(Error::NoFacts)), "{empty:?}");
}

#[test]
fn implausible_rows_are_set_aside_and_unvalued_events_count_as_activity() {
    let mut memory = warehouse();
    let of = |user_id: i64, trade: Trade| Trade { user_id, ..trade };
    memory.put(
        Trade::table(),
        &[
            trade(1, "2026-01-04 12:00", "GBP", "100", ("2", "GBP")), // 150, 3
            trade(2, "2026-01-08 12:00", "XAG", "7", ("1", "USD")),   // no rate
            trade(3, "2026-01-13 12:00", "EUR", "7", ("1", "USD")),   // the last is of the 5th
            trade(4, "2026-01-14 12:00", "USD", "7", ("1", "BTC")),   // the last price of the 6th
            trade(5, "2025-12-31 12:00", "USD", "7", ("1", "USD")),   // before the signup
            of(9, trade(6, "2026-01-08 12:00", "USD", "7", ("1", "USD"))), // of an unknown user
            trade(7, "2026-01-09 12:00", "USD", "50", ("4", "USD")),  // 50, 4
        ],
    );
    let timeless =
        Withdrawal { completed_at: None, ..withdrawal(1, "completed", "2026-01-04", ("1", "USD")) };
    memory.put(Withdrawal::table(), &[timeless]);
    let mut raw_rows = vec![raw("2026-01-05 09:00", "120"), raw("2026-01-06 09:00", "-3")];
    raw_rows.push(raw("2026-01-05 21:00", "130"));
    memory.put(RawCryptoMarketData::table(), &raw_rows);

    let params = FactsParams { end: Some(at("2026-02-01")), ..FactsParams::default() };
    let facts = run(Facts::from_warehouse(&memory, &params)).unwrap();
    let found = revenue(&facts);
    assert!((found[0].0 - 150.0).abs() < 1e-9, "{found:?}");
    assert_eq!(found[1..], [(0.0, 1.0), (50.0, 4.0), (0.0, 1.0), (7.0, 0.0)]);
    let told: Vec<_> = facts.set_aside().iter().map(ToString::to_string).collect();
    let unpriced = "has no price or exchange rate in the market tables that is at most 7 days old";
    assert_eq!(
        told,
        [
            "1 row of raw_crypto_market_data is left out: `BTC` on 2026-01-06 is not above zero"
                .to_owned(),
            "1 row of events is left out: a trade of user `9` on 2026-01-08 is of a user that is \
             not among the users"
                .into(),
            "1 row of events is left out: `at` of user `1` is missing or not finite".into(),
            format!(
                "3 rows of trades count as activity, without the amount: `BTC` on 2026-01-14 {unpriced}; also \
                 `EUR` on 2026-01-13, `XAG` on 2026-01-08; `history_days` of a source of rates or prices says how far \
                 back it loads"
            ),
            "1 row of events is left out: a trade of user `1` on 2025-12-31 comes before its \
             user's signup"
                .into(),
        ]
    );
    assert!(run(Facts::from_warehouse(&memory, &strict("2026-02-01"))).is_err());
}

#[test]
fn an_empty_warehouse_has_no_end_of_observation() {
    let error =
        run(Facts::from_warehouse(&Memory::default(), &FactsParams::default())).unwrap_err();
    assert!(matches!(error, Error::NoFacts), "{error}");
    let params = FactsParams { end: Some(at("2026-01-01")), ..FactsParams::default() };
    let facts = run(Facts::from_warehouse(&Memory::default(), &params)).unwrap();
    assert_eq!(facts.user_count(), 0);
}

#[test]
fn users_are_derived_from_events_if_there_are_none() {
    let mut memory = warehouse();
    memory.put(User::table(), &[] as &[User]);
    let of = |user_id: i64, trade: Trade| Trade { user_id, ..trade };
    let unknown = Trade {
        fee_amount: None,
        fee_currency: None,
        ..trade(3, "2026-01-06 12:00", "USD", "7", ("1", "USD"))
    };
    memory.put(
        Trade::table(),
        &[
            trade(1, "2026-01-04 12:00", "USD", "100", ("2", "USD")),
            of(9, trade(2, "2026-01-08 12:00", "USD", "7", ("1", "USD"))),
            unknown,
            // A fee without a currency is in that of the trade.
            Trade { fee_currency: None, ..trade(4, "2026-01-07 12:00", "USD", "9", ("3", "USD")) },
        ],
    );
    let facts = run(Facts::from_warehouse(&memory, &strict("2026-02-01"))).unwrap();
    let users = facts.users().unwrap();
    let signups = users.column("signup_at").unwrap().datetime().unwrap().physical().clone();
    let expected = ["2026-01-04 12:00", "2026-01-08 12:00"].map(|when| at(when).timestamp_micros());
    assert_eq!(signups.iter().flatten().collect::<Vec<_>>(), expected);
    assert_eq!(users.column("channel").unwrap().null_count(), 2);
    assert_eq!(revenue(&facts), [(100.0, 2.0), (7.0, 0.0), (9.0, 3.0), (7.0, 1.0)]);
    assert!(facts.set_aside().is_empty(), "{:?}", facts.set_aside());
    let told = facts.notes().join(" ");
    for says in ["The fee of 1 of 4 trades is unknown", "There are no users"] {
        assert!(told.contains(says), "{told}");
    }
}

#[test]
fn futures_of_reads_are_send() {
    fn sendable<T: Send>(_: &T) {}
    let memory = Memory::default();
    sendable(&Facts::from_warehouse(&memory, &FactsParams::default()));
    let params = tidegauge_analytics::audit::AuditParams::default();
    sendable(&tidegauge_analytics::audit::audit(&memory, &params));
}
