//! Fuzz target: the decoders of users' files must not panic, hang or exhaust memory on any line.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidegauge_acquisition::__internal::files::decode::{self, Dialect};

fuzz_target!(|body: &[u8]| {
    for dialect in [
        Dialect::default(),
        Dialect { delimiter: b';', quote: None },
        Dialect { delimiter: b'\t', quote: Some(b'\'') },
    ] {
        let _ = decode::csv(body, dialect).map(|cells| cells.iter().map(str::len).sum::<usize>());
    }
    let _ = decode::ndjson(body, &["id", "name", "amount"]);
});
