//! Fuzz target: the decoders must not panic, hang or exhaust memory on any input.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidegauge_acquisition::__internal::twelvedata::decode;
use tidegauge_acquisition::backfill::{BadRows, RowFilter};

fuzz_target!(|body: &[u8]| {
    let _ = decode::batch(&["AAPL", "MSFT"], body);
    let _ = decode::quote("AAPL", body);
    let _ = decode::price("AAPL", body);
    let _ = decode::exchange_rate("EUR/USD", body);
    let _ = decode::api_usage(body);
    let _ = decode::refusal(body);
    for policy in [BadRows::Fail, BadRows::Quarantine] {
        let _ = decode::time_series("AAPL", body, &mut RowFilter::new(policy, "table", "series"));
    }
});
