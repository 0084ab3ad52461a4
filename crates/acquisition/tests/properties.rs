//! No reply makes a decoder panic.

mod support;

use chrono::TimeDelta;
use proptest::prelude::*;
use support::recording;
use tidegauge_acquisition::series::Sieve;
use tidegauge_acquisition::{coingecko, frankfurter, open_er_api, x};

/// Reads `body` as everything that there is.
fn read_all(body: &[u8]) {
    let _ = coingecko::decode::ping(body);
    let _ = coingecko::decode::simple_price(body);
    let _ = coingecko::decode::coins_markets(body, &mut Sieve::strict());
    let _ = coingecko::decode::market_chart("bitcoin", body, &mut Sieve::strict());
    let _ = coingecko::decode::ohlc("bitcoin", TimeDelta::hours(4), body, &mut Sieve::strict());
    let _ = coingecko::decode::refusal(body);
    let _ = open_er_api::decode::latest(body);
    let _ = open_er_api::decode::refusal(body);
    let _ = frankfurter::decode::range(body);
    let _ = frankfurter::decode::day(body);
    let _ = frankfurter::decode::rates_v2(body);
    let _ = frankfurter::decode::refusal(body);
    let _ = x::decode::search(body).map(|found| found.posts().count());
    let _ = x::decode::counts(body).map(|found| found.buckets().count());
    let _ = x::decode::refusal(body);
    if let Ok(text) = std::str::from_utf8(body) {
        let _ = (x::decode::post(text), x::decode::bucket(text));
    }
}

const SMALL: &[&str] = &[
    "coingecko/coins_markets_bitcoin_usd.recorded-2021-05-15.json",
    "coingecko/jkorf_GetMarketChart.2024.json",
    "coingecko/ohlc_bitcoin_usd_7d.recorded-2021-05-15.json",
    "coingecko/simple_price.oas-example-2026.json",
    "coingecko/error_401_past_365_days_10012.recorded-2024-03-30.json",
    "fx/open_er_api_latest_czk.recorded-2026-02-18.json",
    "fx/frankfurter_v2_rates.openapi-example.json",
    "fx/exchangerate-api_v6_standard.official-docs.json",
    "x/search_recent_with_expansions.official-docs.json",
    "x/counts_recent_day.official-docs.json",
    "x/error_400_invalid_request.json",
];

/// What a number may be replaced by.
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
fn deep_nesting_is_refused_not_followed() {
    let deep = "[".repeat(100_000);
    read_all(deep.as_bytes());
    read_all(format!("{{\"prices\":{deep}").as_bytes());
}
