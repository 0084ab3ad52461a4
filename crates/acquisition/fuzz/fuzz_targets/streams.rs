//! Fuzz target: the decoders of the streams must not panic, hang or exhaust memory on any message.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidegauge_acquisition::__internal::{kraken_stream, twelvedata_stream};

fuzz_target!(|body: &[u8]| {
    if let Ok(text) = std::str::from_utf8(body) {
        let _ = twelvedata_stream::decode::message(text);
        let _ = kraken_stream::decode::message(text);
    }
});
