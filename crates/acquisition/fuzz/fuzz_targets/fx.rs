//! No bytes make the decoders panic, hang or eat memory.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidegauge_acquisition::series::{BadRows, Sieve};
use tidegauge_acquisition::{ecb, exchangerate_api, frankfurter};

fuzz_target!(|body: &[u8]| {
    let _ = exchangerate_api::decode::refusal(body);
    let _ = frankfurter::decode::refusal(body);
    let _ = ecb::decode::refusal(body);
    for policy in [BadRows::Fail, BadRows::Quarantine] {
        let sieve = &mut Sieve::new(policy, "fx_rates", "series");
        let _ = exchangerate_api::decode::latest(body, sieve);
        let _ = frankfurter::decode::range(body, sieve);
        let _ = frankfurter::decode::day(body, sieve);
        let _ = frankfurter::decode::rates_v2(body, sieve);
        let _ = ecb::decode::eurofxref_xml(body, sieve);
        let _ = ecb::decode::eurofxref_csv(body, sieve);
        let _ = ecb::decode::exr_csv(body, sieve);
    }
});
