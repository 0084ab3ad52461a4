//! Fuzz target: the decoders must not panic, hang or exhaust memory on any input.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidegauge_acquisition::__internal::x::decode;

fuzz_target!(|body: &[u8]| {
    let _ = decode::search(body).map(|found| found.posts().count());
    let _ = decode::counts(body).map(|found| found.buckets().count());
    let _ = decode::refusal(body);
    if let Ok(text) = std::str::from_utf8(body) {
        let _ = (decode::post(text), decode::bucket(text));
    }
});
