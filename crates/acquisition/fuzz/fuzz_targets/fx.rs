//! Fuzz target: the decoders must not panic, hang or exhaust memory on any input.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidegauge_acquisition::backfill::{BadRows, RowFilter};
use tidegauge_acquisition::__internal::{ecb, exchangerate_api, frankfurter};

fuzz_target!(|body: &[u8]| {
    let policy = if body.len().is_multiple_of(2) { BadRows::Fail } else { BadRows::Quarantine };
    let row_filter = &mut RowFilter::new(policy, "fx_rates", "series");
    // Input that begins as another format is rejected at once, so only matching decoders run.
    match body.first() {
        Some(b'<') => {
            let _ = ecb::decode::eurofxref_xml(body, row_filter);
        }
        Some(b'{' | b'[') => {
            let _ = exchangerate_api::decode::refusal(body);
            let _ = frankfurter::decode::refusal(body);
            let _ = ecb::decode::refusal(body);
            let _ = exchangerate_api::decode::latest(body, row_filter);
            let _ = frankfurter::decode::range(body, row_filter);
            let _ = frankfurter::decode::day(body, row_filter);
            let _ = frankfurter::decode::rates_v2(body, row_filter);
        }
        Some(b'D') => {
            let _ = ecb::decode::eurofxref_csv(body, row_filter);
        }
        _ => {
            let _ = ecb::decode::exr_csv(body, row_filter);
        }
    }
});
