//! Tests that no reply makes a decoder panic.
#![cfg(feature = "all")]

use crate::support::recording;
use chrono::TimeDelta;
use proptest::prelude::*;
use tidegauge_acquisition::__internal::{
    coingecko, ecb, exchangerate_api, frankfurter, kraken, twelvedata, x,
};
use tidegauge_acquisition::backfill::{BadRows, RowFilter};

/// Decodes `body` with every decoder.
fn read_all(body: &[u8]) {
    let _ = coingecko::decode::ping(body);
    let _ = coingecko::decode::simple_price(body);
    let _ = coingecko::decode::coins_list(body);
    let _ = coingecko::decode::refusal(body);
    let _ = exchangerate_api::decode::refusal(body);
    let _ = frankfurter::decode::refusal(body);
    let _ = ecb::decode::refusal(body);
    let _ = twelvedata::decode::batch(&["AAPL", "MSFT"], body);
    let _ = twelvedata::decode::quote("AAPL", body);
    let _ = twelvedata::decode::price("AAPL", body);
    let _ = twelvedata::decode::exchange_rate("EUR/USD", body);
    let _ = twelvedata::decode::api_usage(body);
    let _ = twelvedata::decode::refusal(body);
    let _ = kraken::decode::ticker("BTC/USD", body);
    let _ = kraken::decode::asset_pairs(body);
    let _ = kraken::decode::time(body);
    let _ = kraken::decode::system_status(body);
    let _ = kraken::decode::refusal(body);
    let _ = x::decode::search(body).map(|found| found.posts().count());
    let _ = x::decode::counts(body).map(|found| found.buckets().count());
    let _ = x::decode::refusal(body);
    if let Ok(text) = std::str::from_utf8(body) {
        let _ = (x::decode::post(text), x::decode::bucket(text));
    }
    for policy in [BadRows::Fail, BadRows::Quarantine] {
        let row_filter = &mut RowFilter::new(policy, "fx_rates", "test");
        let _ = coingecko::decode::coins_markets(body, row_filter);
        let _ = coingecko::decode::market_chart("bitcoin", body, row_filter);
        let _ = coingecko::decode::ohlc("bitcoin", TimeDelta::hours(4), body, row_filter);
        let _ = twelvedata::decode::time_series("BTC/USD", body, row_filter);
        let _ = kraken::decode::ohlc("BTC/USD", body, row_filter);
        let _ = kraken::decode::trades("BTC/USD", body, row_filter);
        let _ = exchangerate_api::decode::latest(body, row_filter);
        let _ = frankfurter::decode::range(body, row_filter);
        let _ = frankfurter::decode::day(body, row_filter);
        let _ = frankfurter::decode::rates_v2(body, row_filter);
        let _ = ecb::decode::eurofxref_xml(body, row_filter);
        let _ = ecb::decode::eurofxref_csv(body, row_filter);
        let _ = ecb::decode::exr_csv(body, row_filter);
    }
}

const SMALL: &[&str] = &[
    "coingecko/coins_markets_bitcoin_usd.recorded-2021-05-15.json",
    "coingecko/jkorf_GetMarketChart.2024.json",
    "coingecko/ohlc_bitcoin_usd_7d.recorded-2021-05-15.json",
    "coingecko/simple_price.oas-example-2026.json",
    "coingecko/error_401_past_365_days_10012.recorded-2024-03-30.json",
    "twelvedata/time_series_aapl_1day.captured-2026-08-23.json",
    "twelvedata/fixture_batch_quote.json",
    "kraken/rest_ohlc_BTC-USD_60m.recorded-2026-09-25.json",
    "kraken/rest_trades_BTC-USD.recorded-2026-09-25.json",
    "kraken/rest_ticker_XBTUSDT.recorded-2025-11-11.json",
    "x/search_recent_with_expansions.official-docs.json",
    "x/counts_recent_day.official-docs.json",
    "x/error_400_invalid_request.json",
    "fx/open_er_api_latest_czk.recorded-2026-02-18.json",
    "fx/frankfurter_v2_rates.openapi-example.json",
    "fx/exchangerate-api_v6_standard.official-docs.json",
    "fx/ecb_eurofxref-daily.2018-06-11.xml",
    "fx/ecb_eurofxref-hist-90d.excerpt-3days.2018.xml",
];

/// The replacements for a number.
const NASTY: &[&str] = &[
    "null",
    "-1",
    "0",
    "NaN",
    "1e400",
    "1e-400",
    "9223372036854775808",
    "\"\"",
    "\"\\u0000\"",
    "[]",
    "{}",
    "-9223372036854775808",
    "99999999999999999999999999999999999999999",
    "true",
    "1e",
    "\"0x1\"",
];

proptest! {
    #[test]
    fn any_bytes(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        read_all(&body);
    }

    #[test]
    fn any_text(body in r#"[\[\]{}:,"0-9a-z\-+.eE\\ ]{0,200}"#) {
        read_all(body.as_bytes());
    }

    #[test]
    fn any_xml(body in r#"[<>/!?&;'"= a-zA-Z\[\]\-0-9]{0,200}"#) {
        read_all(body.as_bytes());
        read_all(format!("<Envelope><Cube><Cube {body}</Cube></Cube></Envelope>").as_bytes());
    }

    #[test]
    fn any_csv(body in r#"[,"\n0-9.ENU/ -]{0,200}"#) {
        read_all(format!("Date,USD,JPY,\n{body}").as_bytes());
        read_all(format!("CURRENCY,TIME_PERIOD,OBS_VALUE\n{body}").as_bytes());
    }

    #[test]
    fn recordings_with_a_few_bytes_changed(
        which in 0..SMALL.len(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut body = recording(SMALL[which]);
        for (at, byte) in changes {
            let at = at.index(body.len());
            body[at] = byte;
        }
        read_all(&body);
    }

    #[test]
    fn recordings_with_a_number_replaced(
        which in 0..SMALL.len(),
        at in any::<prop::sample::Index>(),
        with in 0..NASTY.len(),
    ) {
        let body = String::from_utf8(recording(SMALL[which])).unwrap();
        let starts: Vec<_> = body.match_indices([':', ',', '[']).map(|(at, _)| at + 1).collect();
        let start = starts[at.index(starts.len())];
        let end = body[start..].find([',', ']', '}']).map_or(body.len(), |end| start + end);
        read_all(format!("{}{}{}", &body[..start], NASTY[with], &body[end..]).as_bytes());
    }

    #[test]
    fn recordings_cut_short(which in 0..SMALL.len(), at in any::<prop::sample::Index>()) {
        let body = recording(SMALL[which]);
        read_all(&body[..at.index(body.len())]);
    }
}

#[test]
fn deep_nesting_is_rejected() {
    let deep = "[".repeat(100_000);
    read_all(deep.as_bytes());
    read_all(format!("{{\"prices\":{deep}").as_bytes());
}

#[test]
fn xml_with_entities_or_deep_nesting_is_rejected() {
    let read = |body: &str| {
        let row_filter = &mut RowFilter::new(BadRows::Fail, "fx_rates", "test");
        ecb::decode::eurofxref_xml(body.as_bytes(), row_filter).map(|rates| rates.len())
    };
    let lol = (0..9).fold(r#"<!ENTITY l0 "lol">"#.to_owned(), |all, at| {
        format!("{all}<!ENTITY l{} \"{}\">", at + 1, format!("&l{at};").repeat(10))
    });
    let cube = |time: &str, rate: &str| {
        format!(
            "<Envelope><Cube><Cube time='{time}'><Cube currency='USD' rate='{rate}'/></Cube></Cube></Envelope>"
        )
    };
    let deep = format!("<Envelope>{}", "<Cube>".repeat(100_000));
    let outside = r#"<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>"#;
    for (what, body, says) in [
        (
            "a billion laughs",
            format!("<!DOCTYPE x [{lol}]>{}", cube("2026-01-02", "&l9;")),
            "document type",
        ),
        ("a file of ours", format!("{outside}{}", cube("2026-01-02", "&e;")), "document type"),
        ("an entity", cube("2026-01-02", "&e;"), "not a number"),
        ("an entity that is a digit", cube("2026-01-02", "&#49;"), "not a number"),
        ("depth", deep, "too deep"),
        (
            "half a file",
            cube("2026-01-02", "1.5").replace("</Cube></Envelope>", ""),
            "ends in the middle",
        ),
        ("two files", cube("2026-01-02", "1.5").repeat(2), "one `Envelope`"),
        ("a web page", "<!DOCTYPE html><title>Just a moment...</title>".into(), "document type"),
        ("another", "<html><body>blocked</body></html>".into(), "`html`"),
        ("nothing", String::new(), "ends in the middle"),
        ("text", "blocked".into(), "not XML"),
        ("an attribute twice", cube("2026-01-02", "1' rate='2"), "Cube"),
        ("no day", cube("2026-13-02", "1.5"), "not a day"),
        ("no time", cube("2026-01-02", "1.5").replace(" time='2026-01-02'", ""), "`time`"),
        ("zero", cube("2026-01-02", "0"), "not above zero"),
        ("a comma", cube("2026-01-02", "1,5"), "not a number"),
        ("tags that cross", "<Envelope><Cube></Envelope></Cube>".into(), "the whole"),
    ] {
        let error = read(&body).expect_err(what).to_string();
        assert!(error.contains(says), "{what}: {error} should say {says}");
    }
    for fine in [cube("2026-01-02", "1.5"), format!("\u{feff}{}", cube("2026-01-02", "1.5"))] {
        assert_eq!(read(&fine).unwrap(), 1);
    }
}
