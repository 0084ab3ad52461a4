//! Fuzz target: the decoders must not panic, hang or exhaust memory on any input.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidegauge_acquisition::__internal::coingecko::decode;
use tidegauge_acquisition::backfill::{BadRows, RowFilter};

fuzz_target!(|body: &[u8]| {
    let _ = decode::ping(body);
    let _ = decode::simple_price(body);
    let _ = decode::coins_list(body);
    let _ = decode::refusal(body);
    for policy in [BadRows::Fail, BadRows::Quarantine] {
        let row_filter = &mut RowFilter::new(policy, "table", "series");
        let _ = decode::coins_markets(body, row_filter);
        let chart = decode::market_chart("bitcoin", body, row_filter);
        let _ = chart.map(|chart| chart.into_batch("BTC", "Bitcoin"));
        let _ = decode::ohlc("bitcoin", chrono::TimeDelta::hours(4), body, row_filter);
    }
});
