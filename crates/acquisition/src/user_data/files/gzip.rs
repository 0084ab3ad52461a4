//! Decompression of gzip files, with the behavior of gzip(1).

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

/// A reader of gzip files: decompresses all members, and accepts zeros after the last one as
/// padding.
pub(super) struct GzipReader<R>(Option<GzDecoder<R>>);

impl<R: BufRead> GzipReader<R> {
    pub(super) fn new(file: R) -> Self {
        Self(Some(GzDecoder::new(file)))
    }
}

impl<R: BufRead> Read for GzipReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.0 {
            let read = member.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            let Some(mut rest) = self.0.take().map(GzDecoder::into_inner) else { break };
            if has_next_member(&mut rest)? {
                self.0 = Some(GzDecoder::new(rest));
            }
        }
        Ok(0)
    }
}

/// Returns `true` if another member follows.
fn has_next_member(rest: &mut impl BufRead) -> io::Result<bool> {
    let mut padded = false;
    loop {
        let next = rest.fill_buf()?;
        let zeros = next.iter().take_while(|byte| **byte == 0).count();
        match next.get(zeros) {
            None if zeros == 0 => return Ok(false),
            None => {
                padded = true;
                rest.consume(zeros);
            }
            Some(0x1f) if zeros == 0 && !padded => return Ok(true),
            Some(_) => {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "behind its compressed data stand other bytes: it was damaged, or written to \
                     by something else; pack it anew",
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gz(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn read(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        GzipReader::new(io::BufReader::with_capacity(3, bytes)).read_to_end(&mut text)?;
        Ok(text)
    }

    #[test]
    fn members_and_padding_are_accepted_and_other_bytes_rejected() {
        let two = [gz(b"one "), gz(b""), gz(b"two")].concat();
        assert_eq!(read(&two).unwrap(), b"one two");
        assert_eq!(read(&[two.clone(), vec![0; 1_000]].concat()).unwrap(), b"one two");
        for behind in [&b"x"[..], b"\0x", b"\0\x1f\x8b"] {
            let error = read(&[&two, behind].concat()).unwrap_err();
            assert!(error.to_string().contains("other bytes"), "{error}");
        }
        let cut = read(&two[..two.len() - 1]).unwrap_err();
        assert_eq!(cut.kind(), io::ErrorKind::UnexpectedEof);
    }
}
