//! A check that a page is not larger, uncompressed, than its header says. The decoders of some
//! codecs ensure that themselves; those of gzip, Brotli and LZ4 frames decompress without a limit.

use std::io::{self, Read};

use lz4_flex::frame::FrameDecoder;
use parquet::basic::Compression;

/// The size of the decoder's buffer, in bytes.
const BUFFER: usize = 64 * 1024;

/// A codec whose decoder has no size limit.
#[derive(Debug, Clone, Copy)]
pub(super) enum UnboundedCodec {
    Gzip,
    Brotli,
    /// LZ4: the page is a frame, or in a form whose decoder has a limit.
    Lz4,
}

impl UnboundedCodec {
    /// Returns the codec of a column, or `None` if its decoder has a size limit.
    pub(super) fn of(compression: Compression) -> Option<Self> {
        match compression {
            Compression::GZIP(_) => Some(Self::Gzip),
            Compression::BROTLI(_) => Some(Self::Brotli),
            Compression::LZ4 => Some(Self::Lz4),
            _ => None,
        }
    }

    /// Returns `true` if `compressed` decompresses to more than `limit` bytes. It is decompressed only
    /// up to the limit, and nothing is kept. Errors are ignored, since the decoder reports them.
    pub(super) fn is_beyond(self, compressed: impl Read, limit: u64) -> bool {
        let most = limit.saturating_add(1);
        let count = |mut uncompressed: io::Take<&mut dyn Read>| {
            let (mut buffer, mut count) = ([0; 8 * 1024], 0u64);
            loop {
                match uncompressed.read(&mut buffer) {
                    Ok(0) | Err(_) => return count,
                    Ok(read) => count = count.saturating_add(read as u64),
                }
            }
        };
        let uncompressed = match self {
            Self::Gzip => count(
                (&mut flate2::read::MultiGzDecoder::new(compressed) as &mut dyn Read).take(most),
            ),
            Self::Brotli => count(
                (&mut brotli::Decompressor::new(compressed, BUFFER) as &mut dyn Read).take(most),
            ),
            Self::Lz4 => count((&mut FrameDecoder::new(compressed) as &mut dyn Read).take(most)),
        };
        uncompressed > limit
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use lz4_flex::frame::FrameEncoder;

    use super::*;

    #[test]
    fn an_lz4_frame_beyond_its_limit_is_detected() {
        let mut encoder = FrameEncoder::new(Vec::new());
        encoder.write_all(&[b'z'; 5_000_000]).unwrap();
        let compressed = encoder.finish().unwrap();
        assert!(compressed.len() < 50_000);
        let lz4 = UnboundedCodec::of(Compression::LZ4).unwrap();
        assert!(lz4.is_beyond(&*compressed, 4_999_999));
        assert!(!lz4.is_beyond(&*compressed, 5_000_000));
        assert!(!lz4.is_beyond(&b"\x00\x00\x00\x05no frame"[..], 0), "left to the decoder");
    }
}
