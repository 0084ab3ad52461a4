//! What the decoders take for true, and what they do not.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)] // helpers of tests, too

mod support;

use chrono::TimeDelta;
use support::{at, recording, strict};
use tidegauge_acquisition::Error;
use tidegauge_acquisition::coingecko::decode as coingecko;
use tidegauge_acquisition::frankfurter::decode as frankfurter;
use tidegauge_acquisition::series::Sieve;

fn rates(rates: Vec<frankfurter::Rate>) -> Vec<String> {
    let shown = |it: frankfurter::Rate| format!("{} {}/{} {}", it.date, it.base, it.quote, it.rate);
    rates.into_iter().map(shown).collect()
}

#[test]
fn a_range_of_days_and_a_single_day_are_read_with_the_days_they_are_of() {
    let range = br#"{"amount":1.0,"base":"EUR","start_date":"2026-01-02","end_date":"2026-01-05",
        "rates":{"2026-01-05":{"USD":1.1721,"GBP":0.87},"2026-01-02":{"USD":1.1721344444}}}"#;
    let rows = rates(frankfurter::range(range, &mut strict()).unwrap());
    assert_eq!(
        rows,
        [
            "2026-01-02 EUR/USD 1.17213444",
            "2026-01-05 EUR/GBP 0.87000000",
            "2026-01-05 EUR/USD 1.17210000"
        ]
    );
    let day = br#"{"amount":1.0,"base":"EUR","date":"2026-02-16","rates":{"USD":1.18}}"#;
    assert_eq!(
        rates(frankfurter::day(day, &mut strict()).unwrap()),
        ["2026-02-16 EUR/USD 1.18000000"]
    );
    let hundred = br#"{"amount":100.0,"base":"EUR","date":"2026-02-16","rates":{"USD":118}}"#;
    assert!(matches!(frankfurter::day(hundred, &mut strict()), Err(Error::BadValue { .. })));
}

/// Price, market cap and volume of one point, and what the error names.
#[test]
fn values_that_cannot_be_true_are_refused_by_coin_and_field() {
    let body = |at: &str, price: &str, cap: &str| {
        format!(r#"{{"prices":[[{at},{price}]],"market_caps":[[{at},{cap}]],"total_volumes":[]}}"#)
    };
    const AT: &str = "1621003519770";
    for (at, price, cap, field, bad_value) in [
        (AT, "-1.5", "1", "prices", true),
        (AT, "0", "1", "prices", true),
        (AT, "0.000000001", "1", "prices", true), // nothing at 8 places
        (AT, "1e30", "1", "prices", true),
        (AT, "null", "1", "prices", false),
        (AT, r#""NaN""#, "1", "prices", false),
        (AT, "true", "1", "prices", false),
        (AT, "NaN", "1", "prices", false),
        (AT, "1", "-1", "market_caps", true),
        (AT, "1", r#""1""#, "market_caps", false),
        ("1621003519", "1", "1", "prices", true), // seconds
        ("1621003519770000", "1", "1", "prices", true), // microseconds
        ("1621003519770.5", "1", "1", "prices", false),
    ] {
        let error = coingecko::market_chart(
            "bitcoin",
            body(at, price, cap).as_bytes(),
            &mut Sieve::strict(),
        );
        match (error.unwrap_err(), bad_value) {
            (Error::BadValue { of, field: found, .. }, true)
            | (Error::Decode { of, field: found, .. }, false) => {
                assert_eq!((of.as_str(), found.as_str()), ("bitcoin", field), "{at} {price} {cap}");
            }
            (other, _) => panic!("{at} {price} {cap}: {other:?}"),
        }
    }
    let fine = body(AT, "1e-8", "null");
    let points = coingecko::market_chart("bitcoin", fine.as_bytes(), &mut Sieve::strict()).unwrap();
    assert_eq!(points.price_usd, [1]);
    assert_eq!((points.market_cap_usd[0], points.volume_24h_usd[0]), (None, None));
    assert_eq!(points.at, [at("2021-05-14T14:45:19.770Z").timestamp_micros()]);
}

#[test]
fn a_field_that_is_gone_is_never_taken_for_null() {
    for gone in ["prices", "market_caps", "total_volumes"] {
        let body = r#"{"prices":[],"market_caps":[],"total_volumes":[]}"#.replace(gone, "renamed");
        let error =
            coingecko::market_chart("bitcoin", body.as_bytes(), &mut Sieve::strict()).unwrap_err();
        assert!(matches!(&error, Error::Decode { field, .. } if field == gone), "{error:?}");
    }
    let body = String::from_utf8(recording(
        "coingecko/coins_markets_bitcoin_usd.recorded-2021-05-15.json",
    ))
    .unwrap();
    for gone in ["current_price", "market_cap", "total_volume", "last_updated"] {
        let body = body.replace(&format!("\"{gone}\":"), "\"renamed\":");
        let error = coingecko::coins_markets(body.as_bytes(), &mut Sieve::strict()).unwrap_err();
        assert!(
            matches!(&error, Error::Decode { of, field, .. } if field == gone && of == "bitcoin"),
            "{error:?}"
        );
    }
}

#[test]
fn a_candle_must_hold_its_own_prices() {
    let body = b"[[1620504000000,10,9,8,8.5]]";
    let error =
        coingecko::ohlc("bitcoin", TimeDelta::hours(4), body, &mut Sieve::strict()).unwrap_err();
    assert!(matches!(error, Error::BadValue { .. }), "{error:?}");
}
