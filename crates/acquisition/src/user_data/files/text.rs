//! The reader of files of lines, compressed or not, which accounts for every byte.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::encoding::Encoding;
use super::gzip::GzipReader;
use super::splitter::Splitter;

const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The number of bytes in which the first line break is searched.
const HEAD: u64 = 64 * 1024;

/// A file of lines, and the position up to which it was taken.
pub(super) struct TextReader {
    reader: Box<dyn BufRead + Send>,
    /// Whether the file is compressed, so that its end is definite.
    pub(super) zipped: bool,
    pub(super) encoding: Encoding,
    /// The byte that ends a line: a line feed, or a carriage return in files of old Macs and some
    /// of Excel's.
    pub(super) end: u8,
    hash: Sha256,
    /// The number of bytes taken, uncompressed and in UTF-8.
    pub(super) taken: u64,
    /// The number of the next line, counted from 1.
    pub(super) line: u64,
    /// The last byte taken.
    last: u8,
}

/// The result of reading a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReadRecord {
    /// The record is complete.
    Whole,
    /// The file ended within the record.
    Unfinished,
    /// There is no record: the file is at its end.
    None,
    /// The record is longer than allowed.
    TooLong,
}

impl TextReader {
    /// Opens a file of lines, in which `quote` may surround line breaks. It is in `encoding`,
    /// unless its first bytes specify another one. Returns the file's metadata as well.
    pub(super) fn open(
        path: &Path,
        quote: Option<u8>,
        encoding: Option<Encoding>,
    ) -> io::Result<(Self, std::fs::Metadata)> {
        let mut file = File::open(path)?;
        let metadata = file.metadata()?;
        let mut start = Vec::with_capacity(GZIP.len());
        (&mut file).take(2).read_to_end(&mut start)?;
        file.rewind()?;
        let zipped = start == GZIP;
        const BUFFER: usize = 256 * 1024;
        let file = BufReader::with_capacity(BUFFER, file);
        let mut reader: Box<dyn BufRead + Send> = if zipped {
            Box::new(BufReader::with_capacity(BUFFER, GzipReader::new(file)))
        } else {
            Box::new(file)
        };
        let mut head = Vec::new();
        (&mut reader).take(HEAD).read_to_end(&mut head)?;
        let (encoding, mark) = Encoding::of(&head, encoding)?;
        if encoding != Encoding::UTF_8 {
            let encoded = io::Cursor::new(head.split_off(mark)).chain(reader);
            reader = Box::new(BufReader::with_capacity(BUFFER, encoding.decode(encoded)));
            head.clear();
            (&mut reader).take(HEAD).read_to_end(&mut head)?;
        }
        let end = line_end(&head, quote);
        let reader = Box::new(io::Cursor::new(head).chain(reader));
        let (hash, taken, line, last) = (Sha256::new(), 0, 1, end);
        Ok((Self { reader, zipped, encoding, end, hash, taken, line, last }, metadata))
    }

    /// Reads the next record into `record`, of at most `limit` bytes. It only counts as taken after
    /// [`Self::take`].
    pub(super) fn next(
        &mut self,
        record: &mut Vec<u8>,
        mut splitter: Option<&mut Splitter>,
        limit: usize,
    ) -> io::Result<ReadRecord> {
        record.clear();
        if let Some(splitter) = &mut splitter {
            splitter.restart();
        }
        self.read_on(record, splitter, limit)
    }

    /// Reads the rest of the record whose first line is `record`, up to `limit` bytes in total.
    pub(super) fn rest(
        &mut self,
        record: &mut Vec<u8>,
        splitter: &mut Splitter,
        limit: usize,
    ) -> io::Result<ReadRecord> {
        splitter.restart();
        match splitter.ends(record) {
            true => Ok(ReadRecord::Whole),
            false if record.len() >= limit => Ok(ReadRecord::TooLong),
            false => self.read_on(record, Some(splitter), limit),
        }
    }

    fn read_on(
        &mut self,
        record: &mut Vec<u8>,
        mut splitter: Option<&mut Splitter>,
        limit: usize,
    ) -> io::Result<ReadRecord> {
        loop {
            let start = record.len();
            let remaining = u64::try_from(limit - start).unwrap_or(u64::MAX);
            (&mut self.reader).take(remaining).read_until(self.end, record)?;
            let line = &record[start..];
            if line.last() != Some(&self.end) {
                return Ok(match (record.len(), self.at_end()?) {
                    (0, _) => ReadRecord::None,
                    (_, true) => ReadRecord::Unfinished,
                    (_, false) => ReadRecord::TooLong,
                });
            }
            if splitter.as_mut().is_none_or(|splitter| splitter.ends(line)) {
                return Ok(ReadRecord::Whole);
            }
            if record.len() == limit {
                return Ok(ReadRecord::TooLong);
            }
        }
    }

    /// Counts `record` as taken.
    pub(super) fn take(&mut self, record: &[u8]) {
        self.hash.update(record);
        self.taken += record.len() as u64;
        self.line += self.line_breaks(record);
        self.last = record.last().copied().unwrap_or(self.last);
    }

    /// Returns the number of line breaks in `bytes`, which come next. If a carriage return ends
    /// lines, a line feed within quotes counts as well.
    fn line_breaks(&self, bytes: &[u8]) -> u64 {
        if self.end == b'\n' {
            return bytes.iter().map(|byte| u64::from(*byte == b'\n')).sum();
        }
        let before = std::iter::once(&self.last).chain(bytes);
        let breaks = before
            .zip(bytes)
            .filter(|(before, byte)| **byte == b'\r' || (**byte == b'\n' && **before != b'\r'));
        breaks.map(|_| 1).sum()
    }

    /// Takes all bytes up to position `taken`. Returns `false` if the file is shorter.
    pub(super) fn skip(&mut self, taken: u64) -> io::Result<bool> {
        while self.taken < taken {
            let bytes = self.reader.fill_buf()?;
            let left = usize::try_from(taken - self.taken).unwrap_or(usize::MAX);
            let bytes = bytes[..bytes.len().min(left)].to_vec();
            if bytes.is_empty() {
                return Ok(false);
            }
            self.take(&bytes);
            self.reader.consume(bytes.len());
        }
        Ok(self.taken == taken)
    }

    pub(super) fn at_end(&mut self) -> io::Result<bool> {
        Ok(self.reader.fill_buf()?.is_empty())
    }

    /// Returns `true` if the next bytes begin a line, or end the incomplete one that was taken.
    pub(super) fn is_at_line_start(&mut self) -> io::Result<bool> {
        let next = self.reader.fill_buf()?.first();
        Ok(self.last == self.end || matches!(next, None | Some(b'\n' | b'\r')))
    }

    /// Returns a digest of the bytes taken.
    pub(super) fn digest(&self) -> u64 {
        short_digest(self.hash.clone())
    }
}

/// Returns the byte that ends lines, by the first line: a carriage return if it is not followed by
/// a line feed.
pub(super) fn line_end(head: &[u8], quote: Option<u8>) -> u8 {
    let mut within = false;
    for (at, byte) in head.iter().enumerate() {
        match byte {
            byte if Some(*byte) == quote => within = !within,
            b'\n' if !within => return b'\n',
            b'\r' if !within => {
                let next = head.get(at + 1);
                return if next.is_some_and(|next| *next != b'\n') { b'\r' } else { b'\n' };
            }
            _ => {}
        }
    }
    b'\n'
}

impl std::fmt::Debug for TextReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TextReader").field("taken", &self.taken).finish_non_exhaustive()
    }
}

/// Returns a digest of a whole file.
pub(super) fn digest(file: &mut File) -> io::Result<u64> {
    let mut hash = Sha256::new();
    file.rewind()?;
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            read => hash.update(&buffer[..read]),
        }
    }
    file.rewind()?;
    Ok(short_digest(hash))
}

/// Returns the first 8 bytes of a digest.
pub(super) fn short_digest(hash: Sha256) -> u64 {
    hash.finalize()
        .iter()
        .take(8)
        .fold(0, |short_digest, byte| short_digest << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_ending_follows_from_the_first_line() {
        for (head, end) in [
            ("a,b\r1,2\r", b'\r'),
            ("\"a\nb\",c\r1,2\r", b'\r'),
            ("\r\ra,b\r", b'\r'),
            ("a,b\r\n1,2\r\n", b'\n'),
            ("a,b\n1,\r2\n", b'\n'),
            ("\"a\rb\",c\n", b'\n'),
            // A line feed may still follow.
            ("a,b\r", b'\n'),
            ("", b'\n'),
        ] {
            assert_eq!(line_end(head.as_bytes(), Some(b'"')), end, "{head:?}");
        }
    }
}
