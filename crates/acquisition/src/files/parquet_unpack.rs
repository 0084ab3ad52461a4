//! Whether a page unpacks to what its header says. The decoders of some codecs keep to that by themselves; those of
//! gzip and Brotli unpack as much as comes.

use std::io::{self, Read};

use parquet::basic::Compression;

/// The buffer of the decoder, in bytes.
const BUFFER: usize = 64 * 1024;

/// A codec whose decoder knows no bound.
#[derive(Debug, Clone, Copy)]
pub(super) enum Unbounded {
    Gzip,
    Brotli,
}

impl Unbounded {
    /// Returns the codec of a column, if its decoder knows no bound.
    pub(super) fn of(compression: Compression) -> Option<Self> {
        match compression {
            Compression::GZIP(_) => Some(Self::Gzip),
            Compression::BROTLI(_) => Some(Self::Brotli),
            _ => None,
        }
    }

    /// Returns `true` if what is `packed` unpacks to more than `limit` bytes. No more of it is unpacked than tells,
    /// and none of it is kept. What cannot be unpacked is left for the decoder to say.
    pub(super) fn is_beyond(self, packed: impl Read, limit: u64) -> bool {
        let most = limit.saturating_add(1);
        let count = |mut unpacked: io::Take<&mut dyn Read>| {
            let (mut buffer, mut count) = ([0; 8 * 1024], 0u64);
            loop {
                match unpacked.read(&mut buffer) {
                    Ok(0) | Err(_) => return count,
                    Ok(read) => count = count.saturating_add(read as u64),
                }
            }
        };
        let unpacked = match self {
            Self::Gzip => {
                count((&mut flate2::read::MultiGzDecoder::new(packed) as &mut dyn Read).take(most))
            }
            Self::Brotli => {
                count((&mut brotli::Decompressor::new(packed, BUFFER) as &mut dyn Read).take(most))
            }
        };
        unpacked > limit
    }
}
