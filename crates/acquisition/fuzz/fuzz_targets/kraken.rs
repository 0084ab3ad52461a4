//! Fuzz target: the decoders must not panic, hang or exhaust memory on any input.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidegauge_acquisition::__internal::kraken::decode;
use tidegauge_acquisition::backfill::{BadRows, RowFilter};

fuzz_target!(|body: &[u8]| {
    let _ = decode::ticker("BTC/USD", body);
    let _ = decode::asset_pairs(body);
    let _ = decode::time(body);
    let _ = decode::system_status(body);
    let _ = decode::refusal(body);
    for policy in [BadRows::Fail, BadRows::Quarantine] {
        let row_filter = &mut RowFilter::new(policy, "table", "series");
        let _ = decode::ohlc("BTC/USD", body, row_filter);
        let _ = decode::trades("BTC/USD", body, row_filter);
    }
});
