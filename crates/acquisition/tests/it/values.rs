//! Tests of the values that the decoders accept and reject.
#![cfg(all(
    feature = "coingecko",
    feature = "ecb",
    feature = "exchangerate-api",
    feature = "frankfurter"
))]

use crate::support::{at, recording};
use chrono::TimeDelta;
use tidegauge_acquisition::__internal::coingecko::decode as coingecko;
use tidegauge_acquisition::__internal::ecb::decode as ecb;
use tidegauge_acquisition::__internal::exchangerate_api::decode as exchangerate_api;
use tidegauge_acquisition::__internal::frankfurter::decode as frankfurter;
use tidegauge_acquisition::Error;
use tidegauge_acquisition::backfill::{BadRows, RowFilter};
use tidegauge_acquisition::bad_rows::FinePrices;

fn rates(rates: Vec<frankfurter::Rate>) -> Vec<String> {
    let shown = |rate: frankfurter::Rate| {
        format!("{} {}/{} {}", rate.date, rate.base, rate.quote, rate.rate)
    };
    rates.into_iter().map(shown).collect()
}

#[test]
fn ranges_and_single_days_are_decoded_with_their_dates() {
    let range = br#"{"amount":1.0,"base":"EUR","start_date":"2026-01-02","end_date":"2026-01-05",
        "rates":{"2026-01-05":{"USD":1.1721,"GBP":0.87},"2026-01-02":{"USD":1.1721344444}}}"#;
    let rows = rates(frankfurter::range(range, &mut RowFilter::strict()).unwrap());
    assert_eq!(
        rows,
        [
            "2026-01-02 EUR/USD 1.1721344444",
            "2026-01-05 EUR/GBP 0.87000000",
            "2026-01-05 EUR/USD 1.17210000"
        ]
    );
    let day = br#"{"amount":1.0,"base":"EUR","date":"2026-02-16","rates":{"USD":1.18}}"#;
    assert_eq!(
        rates(frankfurter::day(day, &mut RowFilter::strict()).unwrap()),
        ["2026-02-16 EUR/USD 1.18000000"]
    );
    let hundred = br#"{"amount":100.0,"base":"EUR","date":"2026-02-16","rates":{"USD":118}}"#;
    assert!(matches!(
        frankfurter::day(hundred, &mut RowFilter::strict()),
        Err(Error::BadValue { .. })
    ));
}

#[test]
fn tiny_rates_are_exact() {
    let reply = |rate: &str| {
        format!(
            r#"{{"result":"success","time_last_update_unix":1771372952,"time_next_update_unix":1771461262,
            "base_code":"IRR","rates":{{"IRR":1,"USD":{rate}}}}}"#
        )
    };
    for (rate, stored) in [
        ("0.0000237345", "0.0000237345"),
        ("2.37e-5", "0.00002370"),
        ("4.2e-12", "0.0000000000042"),
        ("1e-18", "0.000000000000000001"),
        ("1176470.588235294117647", "1176470.588235294117647"),
        ("99999999999999999999", "99999999999999999999.00000000"),
    ] {
        let latest =
            exchangerate_api::latest(reply(rate).as_bytes(), &mut RowFilter::strict()).unwrap();
        let rates: Vec<_> = latest.rates.iter().map(|(_, rate)| rate.to_string()).collect();
        assert_eq!(rates, [stored], "{rate}");
    }
    for (rate, says) in [
        ("1.0000000000000000001", "`1.0000000000000000001`, which has more than 18 decimal places"),
        ("4e-19", "more than 18 decimal places"),
        ("100000000000000000000", "larger than the column holds"),
        ("0.000", "not above zero"),
    ] {
        let error = exchangerate_api::latest(reply(rate).as_bytes(), &mut RowFilter::strict());
        let error = error.unwrap_err().to_string();
        assert!(error.contains(says), "{error} should say {says}");
    }
}

#[test]
fn ecb_days_without_rates_and_changing_columns_are_decoded_by_name() {
    let csv = b"Date, USD, BGN, \n13 April 2026, 1.1684, N/A, \n10 April 2026, 1.1711, 1.9558, \n";
    let rows = rates(ecb::eurofxref_csv(csv, &mut RowFilter::strict()).unwrap());
    let all = [
        "2026-04-13 EUR/USD 1.16840000",
        "2026-04-10 EUR/USD 1.17110000",
        "2026-04-10 EUR/BGN 1.95580000",
    ];
    assert_eq!(rows, all);

    let exr = b"OBS_VALUE,EXTRA,TIME_PERIOD,CURRENCY\r\n1.5,\"a,b\",2026-04-13,USD\r\n,,2026-04-14,USD\r\nNaN,,2026-04-15,USD\r\n";
    assert_eq!(
        rates(ecb::exr_csv(exr, &mut RowFilter::strict()).unwrap()),
        ["2026-04-13 EUR/USD 1.50000000"]
    );
    assert_eq!(ecb::exr_csv(b"", &mut RowFilter::strict()).unwrap(), []);
    for (wrong, says) in [
        ("CURRENCY,TIME_PERIOD\nUSD,2026-04-13\n", "`OBS_VALUE`"),
        ("CURRENCY,CURRENCY_DENOM,TIME_PERIOD,OBS_VALUE\nUSD,GBP,2026-04-13,1\n", "`GBP`"),
        ("FREQ,CURRENCY,TIME_PERIOD,OBS_VALUE\nM,USD,2026-04,1\n", "FREQ"),
        ("CURRENCY,TIME_PERIOD,OBS_VALUE\nUSD,2026-04,1\n", "not a day"),
        ("CURRENCY,TIME_PERIOD,OBS_VALUE\nUS,2026-04-13,1\n", "three capital letters"),
        ("CURRENCY,TIME_PERIOD,OBS_VALUE\nUSD,2026-04-13\n", "a line"),
    ] {
        let error =
            ecb::exr_csv(wrong.as_bytes(), &mut RowFilter::strict()).unwrap_err().to_string();
        assert!(error.contains(says), "{wrong}: {error}");
    }
}

/// Checks points by time, price and market cap, and the field that the error names.
#[test]
fn impossible_values_are_rejected_by_coin_and_field() {
    let body = |at: &str, price: &str, cap: &str| {
        format!(r#"{{"prices":[[{at},{price}]],"market_caps":[[{at},{cap}]],"total_volumes":[]}}"#)
    };
    const AT: &str = "1621003519770";
    for (at, price, cap, field, bad_value) in [
        (AT, "-1.5", "1", "prices", true),
        (AT, "0", "1", "prices", true),
        (AT, "1e-19", "1", "prices", true), // more than 18 places
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
            &mut RowFilter::strict(),
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
    let points =
        coingecko::market_chart("bitcoin", fine.as_bytes(), &mut RowFilter::strict()).unwrap();
    assert_eq!(points.price_usd, [10_000_000_000]);
    assert_eq!((points.market_cap_usd[0], points.volume_24h_usd[0]), (None, None));
    assert_eq!(points.at, [at("2021-05-14T14:45:19.770Z").timestamp_micros()]);
}

/// Checks this for every policy on bad rows, since a float that a service sends can only be wrong
/// in its number of digits.
#[test]
fn a_price_with_too_many_digits_is_quarantined_and_the_others_stored() {
    let body = r#"{"prices":[[1621003519770,4.2e-12],[1621003819770,4.2345678e-12],
        [1621004119770,100000000000000000000]],"market_caps":[],"total_volumes":[]}"#;
    for policy in [BadRows::Fail, BadRows::Quarantine] {
        let mut row_filter = RowFilter::new(policy, "raw_crypto_market_data", "prices DUST");
        let chart = coingecko::market_chart("dust", body.as_bytes(), &mut row_filter).unwrap();
        assert_eq!(chart.price_usd, [4_200_000]);
        let output: Vec<_> =
            row_filter.into_bad().into_iter().map(|bad| (bad.place, bad.reason)).collect();
        let expected = [
            ("1621003819770", "`4.2345678e-12`, which has more than 18 decimal places"),
            ("1621004119770", "`100000000000000000000`, which is larger than the column holds"),
        ];
        assert_eq!(output.len(), expected.len(), "{output:?}");
        for ((place, reason), (at, says)) in output.iter().zip(expected) {
            assert!(place.contains(at) && reason.contains(says), "{place}: {reason}");
        }
    }
}

#[test]
fn a_price_with_too_many_digits_is_rounded_if_configured() {
    let body = r#"{"prices":[[1621003519770,4.2345678e-12],[1621003819770,4e-19],
        [1621004119770,100000000000000000000]],"market_caps":[],"total_volumes":[]}"#;
    let mut row_filter =
        RowFilter::new(BadRows::Quarantine, "raw_crypto_market_data", "prices DUST")
            .with_fine_prices(FinePrices::Round);
    let chart = coingecko::market_chart("dust", body.as_bytes(), &mut row_filter).unwrap();
    assert_eq!(chart.price_usd, [4_234_568]);
    let output: Vec<_> = row_filter.into_bad().into_iter().map(|bad| bad.reason).collect();
    assert_eq!(output.len(), 2, "one that would be zero and one that is too large: {output:?}");

    let candles = "[[1621003500000,0.0000123456789012345678,0.00002,0.00001,0.000015]]";
    let mut row_filter = RowFilter::new(BadRows::Fail, "candles", "candles DUST")
        .with_fine_prices(FinePrices::Round);
    let candles = coingecko::ohlc("dust", TimeDelta::hours(4), candles.as_bytes(), &mut row_filter);
    assert_eq!(candles.unwrap().len(), 1);
    assert_eq!(row_filter.count(), 0);
}

#[test]
fn a_missing_field_is_not_null() {
    for gone in ["prices", "market_caps", "total_volumes"] {
        let body = r#"{"prices":[],"market_caps":[],"total_volumes":[]}"#.replace(gone, "renamed");
        let error = coingecko::market_chart("bitcoin", body.as_bytes(), &mut RowFilter::strict())
            .unwrap_err();
        assert!(matches!(&error, Error::Decode { field, .. } if field == gone), "{error:?}");
    }
    let body = String::from_utf8(recording(
        "coingecko/coins_markets_bitcoin_usd.recorded-2021-05-15.json",
    ))
    .unwrap();
    for gone in ["current_price", "market_cap", "total_volume", "last_updated"] {
        let body = body.replace(&format!("\"{gone}\":"), "\"renamed\":");
        let error =
            coingecko::coins_markets(body.as_bytes(), &mut RowFilter::strict()).unwrap_err();
        assert!(
            matches!(&error, Error::Decode { of, field, .. } if field == gone && of == "bitcoin"),
            "{error:?}"
        );
    }
}

#[test]
fn a_candle_must_bound_its_prices() {
    let body = b"[[1620504000000,10,9,8,8.5]]";
    let error = coingecko::ohlc("bitcoin", TimeDelta::hours(4), body, &mut RowFilter::strict())
        .unwrap_err();
    assert!(matches!(error, Error::BadValue { .. }), "{error:?}");
}
