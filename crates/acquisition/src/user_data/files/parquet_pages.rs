//! Uncompressed sizes of the pages of a Parquet file, known before any page is decompressed.
//!
//! A page is decompressed as a whole, and a few bytes may become gigabytes. Its header has the
//! size: this module reads the headers, which are encoded in Thrift's compact protocol, and skips
//! the rest. If the decoder might exceed that size, the page is first decompressed here, and only
//! up to that size.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use parquet::basic::{Encoding, Type};
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};

use super::parquet_unpack::UnboundedCodec;

/// The pages of the projected columns of a row group.
#[derive(Debug)]
pub(super) struct PageSizes(Vec<ColumnPages>);

#[derive(Debug)]
struct ColumnPages {
    name: String,
    /// The number of bytes of the dictionary, which is in memory together with any of the pages.
    dictionary: u64,
    /// For each data page, the index of the row after it, and its number of bytes.
    data: Vec<(u64, u64)>,
    /// The maximum number of bytes of a value, if that does not follow from the size of its page.
    value: u64,
}

/// The maximum number of pages of one column in a row group; a file with more is rejected.
const MAX_PAGES: usize = 1_000_000;

impl PageSizes {
    /// Reads the headers of the pages of `columns` of a row group of `file`. Pages whose header has
    /// at most `limit` bytes are checked by decompressing them, if their codec needs it.
    ///
    /// # Errors
    /// Returns an error if the pages are not where the row group says, a header is invalid, or a
    /// page is larger than its header says.
    pub(super) fn read(
        file: &mut File,
        group: &RowGroupMetaData,
        columns: &[usize],
        limit: u64,
    ) -> io::Result<Self> {
        let pages = columns.iter().map(|at| {
            let column = group.columns().get(*at).ok_or_else(|| invalid("a column is missing"))?;
            ColumnPages::read(file, column, limit)
        });
        pages.collect::<io::Result<_>>().map(Self)
    }

    /// Returns the largest column and its number of bytes, if the pages that contain one row may
    /// exceed `limit` bytes together.
    pub(super) fn exceeding(&self, limit: u64) -> Option<(&str, u64)> {
        let most = |column: &ColumnPages| column.dictionary.saturating_add(column.largest());
        let all = self.0.iter().map(most).fold(0, u64::saturating_add);
        let largest = self.0.iter().max_by_key(|column| most(column));
        largest.filter(|_| all > limit).map(|column| (column.name.as_str(), most(column)))
    }

    /// Returns the number of rows from `start` on whose pages have at most `budget` bytes together;
    /// at least those up to the end of the first page.
    pub(super) fn rows_within(&self, start: u64, budget: u64) -> u64 {
        let ends = self.0.iter().flat_map(|column| column.data.iter().map(|(end, _)| *end));
        let mut ends: Vec<u64> = ends.filter(|end| *end > start).collect();
        ends.sort_unstable();
        ends.dedup();
        let mut fits = ends.first().copied().unwrap_or(u64::MAX);
        // The bytes increase with the rows.
        let within = ends.partition_point(|end| {
            let bytes = self.0.iter().map(|column| column.between(start, *end));
            bytes.fold(0, u64::saturating_add) <= budget
        });
        if let Some(end) = within.checked_sub(1).and_then(|at| ends.get(at)) {
            fits = fits.max(*end);
        }
        fits.saturating_sub(start)
    }

    /// Returns the number of rows that may be decoded at a time, for values that are longer than
    /// their encoded form.
    pub(super) fn rows_at_once(&self, budget: u64) -> u64 {
        let largest = self.0.iter().map(|column| column.value).max().unwrap_or(0);
        budget.checked_div(largest).map_or(u64::MAX, |rows| rows.max(1))
    }
}

impl ColumnPages {
    fn read(file: &mut File, column: &ColumnChunkMetaData, limit: u64) -> io::Result<Self> {
        let start = match column.dictionary_page_offset() {
            Some(dictionary) => dictionary.min(column.data_page_offset()),
            None => column.data_page_offset(),
        };
        let number =
            |number: i64| u64::try_from(number).map_err(|_| invalid("a place is negative"));
        let (start, length) = (number(start)?, number(column.compressed_size())?);
        file.seek(SeekFrom::Start(start))?;
        let mut reader = PageHeaderReader { input: BufReader::new(&mut *file), left: length };
        let (mut dictionary, mut data, mut rows) = (0u64, Vec::new(), 0u64);
        let codec = UnboundedCodec::of(column.compression());
        while reader.left > 0 {
            let page = reader.page()?;
            match codec {
                // A page with a larger size is rejected without decompressing it.
                Some(codec) if page.uncompressed <= limit && !page.is_plain => {
                    reader.check_size(&page, codec)?;
                }
                _ => reader.skip(page.compressed)?,
            }
            if page.is_dictionary {
                dictionary = dictionary.saturating_add(page.uncompressed);
            } else {
                rows = rows.saturating_add(page.values);
                data.push((rows, page.uncompressed));
            }
            if data.len() > MAX_PAGES {
                return Err(invalid("a column has more than a million pages in one row group"));
            }
        }
        let mut pages = Self { name: column.column_path().string(), dictionary, data, value: 0 };
        pages.value = match column.column_type() {
            Type::FIXED_LEN_BYTE_ARRAY => u64::try_from(column.column_descr().type_length())
                .map_err(|_| invalid("a length is negative"))?,
            // A value may share its prefix with the previous one, so each may be as long as a page.
            Type::BYTE_ARRAY
                if column.encodings().any(|encoding| encoding == Encoding::DELTA_BYTE_ARRAY) =>
            {
                pages.largest()
            }
            _ => 0,
        };
        Ok(pages)
    }

    fn largest(&self) -> u64 {
        self.data.iter().map(|(_, bytes)| *bytes).max().unwrap_or(0)
    }

    /// Returns the number of bytes of the pages that contain the rows from `start` to before `end`,
    /// with the dictionary.
    fn between(&self, start: u64, end: u64) -> u64 {
        let first = self.data.partition_point(|(page_end, _)| *page_end <= start);
        let last = self.data.partition_point(|(page_end, _)| *page_end < end);
        let pages = self.data.get(first..=last.min(self.data.len().saturating_sub(1)));
        let bytes = pages.unwrap_or_default().iter().map(|(_, bytes)| *bytes);
        bytes.fold(self.dictionary, u64::saturating_add)
    }
}

/// The content of a page header.
#[derive(Debug, Default, PartialEq, Eq)]
struct PageHeader {
    is_dictionary: bool,
    uncompressed: u64,
    compressed: u64,
    values: u64,
    /// The number of bytes of the levels before the values, which are not compressed.
    levels: u64,
    /// Whether the values are not compressed either.
    is_plain: bool,
}

/// A reader of page headers; `left` is the number of bytes left of the column, headers and pages.
struct PageHeaderReader<R> {
    input: BufReader<R>,
    left: u64,
}

/// The types of Thrift's compact protocol.
mod types {
    pub(super) const STOP: u8 = 0;
    pub(super) const TRUE: u8 = 1;
    pub(super) const FALSE: u8 = 2;
    pub(super) const BYTE: u8 = 3;
    pub(super) const I16: u8 = 4;
    pub(super) const I64: u8 = 6;
    pub(super) const DOUBLE: u8 = 7;
    pub(super) const BINARY: u8 = 8;
    pub(super) const LIST: u8 = 9;
    pub(super) const SET: u8 = 10;
    pub(super) const STRUCT: u8 = 12;
}

impl<R: Read + Seek> PageHeaderReader<R> {
    /// Reads a header: its type (1), the uncompressed (2) and compressed (3) number of bytes of the
    /// page, and for data (5, 8) and dictionaries (7) a nested header, whose first field is the
    /// number of values.
    fn page(&mut self) -> io::Result<PageHeader> {
        let (mut page, mut field) = (PageHeader::default(), 0);
        while let Some(dtype) = self.field(&mut field)? {
            match (field, dtype) {
                (2, types::I16..=types::I64) => page.uncompressed = self.count()?,
                (3, types::I16..=types::I64) => page.compressed = self.count()?,
                (5 | 7 | 8, types::STRUCT) => {
                    page.is_dictionary = field == 7;
                    // A data page of version 2 of the format.
                    let (is_second, mut inner) = (field == 8, 0);
                    while let Some(dtype) = self.field(&mut inner)? {
                        match (inner, dtype) {
                            (1, types::I16..=types::I64) => page.values = self.count()?,
                            (5 | 6, types::I16..=types::I64) if is_second => {
                                page.levels = page.levels.saturating_add(self.count()?);
                            }
                            (7, types::FALSE) if is_second => page.is_plain = true,
                            _ => self.skip_value(dtype, 0)?,
                        }
                    }
                }
                _ => self.skip_value(dtype, 0)?,
            }
        }
        Ok(page)
    }

    /// Reads the header of the next field. Returns its type, or `None` at the end of a struct.
    fn field(&mut self, field: &mut i64) -> io::Result<Option<u8>> {
        let head = self.byte()?;
        let dtype = head & 0x0f;
        if dtype == types::STOP {
            return Ok(None);
        }
        *field = match head >> 4 {
            0 => self.signed()?,
            delta => field.saturating_add(delta.into()),
        };
        Ok(Some(dtype))
    }

    /// Skips a value.
    fn skip_value(&mut self, dtype: u8, depth: u8) -> io::Result<()> {
        if depth > 16 {
            return Err(invalid("the header of a page is nested too deeply"));
        }
        match dtype {
            types::TRUE | types::FALSE => Ok(()),
            types::BYTE => self.skip(1),
            types::I16..=types::I64 => self.varint().map(drop),
            types::DOUBLE => self.skip(8),
            types::BINARY => {
                let length = self.varint()?;
                self.skip(length)
            }
            types::LIST | types::SET => {
                let head = self.byte()?;
                let length = match head >> 4 {
                    15 => self.varint()?,
                    length => length.into(),
                };
                for _ in 0..length {
                    match head & 0x0f {
                        // In a list, a Boolean takes a byte.
                        types::TRUE | types::FALSE => self.skip(1)?,
                        dtype => self.skip_value(dtype, depth + 1)?,
                    }
                }
                Ok(())
            }
            types::STRUCT => {
                let mut field = 0;
                while let Some(dtype) = self.field(&mut field)? {
                    self.skip_value(dtype, depth + 1)?;
                }
                Ok(())
            }
            _ => Err(invalid("the header of a page cannot be read")),
        }
    }

    fn byte(&mut self) -> io::Result<u8> {
        self.left =
            self.left.checked_sub(1).ok_or_else(|| invalid("a page goes past its column"))?;
        let mut byte = [0];
        self.input.read_exact(&mut byte)?;
        Ok(byte[0])
    }

    fn varint(&mut self) -> io::Result<u64> {
        let (mut number, mut shift) = (0u64, 0);
        loop {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
            shift += 7;
            if shift > 63 {
                return Err(invalid("a number has too many bytes"));
            }
        }
    }

    fn signed(&mut self) -> io::Result<i64> {
        let number = self.varint()?;
        let half = i64::try_from(number >> 1).map_err(|_| invalid("a number is too large"))?;
        Ok(if number & 1 == 0 { half } else { -half - 1 })
    }

    fn count(&mut self) -> io::Result<u64> {
        u64::try_from(self.signed()?).map_err(|_| invalid("a count is negative"))
    }

    /// Skips a page, after checking that its uncompressed size does not exceed that in its header.
    fn check_size(&mut self, page: &PageHeader, codec: UnboundedCodec) -> io::Result<()> {
        let levels = page.levels.min(page.compressed);
        self.skip(levels)?;
        let (compressed, uncompressed) =
            (page.compressed - levels, page.uncompressed.saturating_sub(levels));
        let after = self.left.checked_sub(compressed);
        self.left = after.ok_or_else(|| invalid("a page goes past its column"))?;
        let mut rest = (&mut self.input).take(compressed);
        if codec.is_beyond(&mut rest, uncompressed) {
            return Err(invalid("a page unpacks to more bytes than its header says"));
        }
        io::copy(&mut rest, &mut io::sink()).map(drop)
    }

    fn skip(&mut self, bytes: u64) -> io::Result<()> {
        self.left =
            self.left.checked_sub(bytes).ok_or_else(|| invalid("a page goes past its column"))?;
        let bytes = i64::try_from(bytes).map_err(|_| invalid("a page is too large"))?;
        self.input.seek_relative(bytes)
    }
}

fn invalid(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(bytes: &[u8]) -> io::Result<PageHeader> {
        let left = bytes.len() as u64;
        PageHeaderReader { input: BufReader::new(io::Cursor::new(bytes)), left }.page()
    }

    #[test]
    fn page_sizes_are_read_from_headers() {
        // type 0, uncompressed 300, compressed 100, crc, data header: 4 values, encodings,
        // statistics
        let data = [
            0x15, 0x00, 0x15, 0xd8, 0x04, 0x15, 0xc8, 0x01, 0x15, 0x02, 0x1c, 0x15, 0x08, 0x15,
            0x00, 0x15, 0x06, 0x15, 0x06, 0x1c, 0x18, 0x02, b'a', b'b', 0x00, 0x00, 0x00,
        ];
        let page =
            PageHeader { uncompressed: 300, compressed: 100, values: 4, ..PageHeader::default() };
        assert_eq!(read(&data).unwrap(), page);
        let dictionary = [0x15, 0x04, 0x15, 0x02, 0x15, 0x02, 0x4c, 0x15, 0x02, 0x00, 0x00];
        assert!(read(&dictionary).unwrap().is_dictionary);
        assert!(read(&data[..5]).is_err());
        assert!(read(&[0x15, 0x00, 0x15, 0x01, 0x00]).is_err(), "a negative size");
    }

    #[test]
    fn rows_are_read_as_far_as_their_pages_fit_the_budget() {
        let column = |dictionary, data: &[(u64, u64)]| ColumnPages {
            name: "c".into(),
            dictionary,
            data: data.to_vec(),
            value: 0,
        };
        let pages = PageSizes(vec![
            column(5, &[(10, 10), (20, 10), (30, 10)]),
            column(0, &[(15, 1), (30, 1)]),
        ]);
        assert_eq!(pages.rows_within(0, 16), 10);
        assert_eq!(pages.rows_within(0, 26), 15);
        assert_eq!(pages.rows_within(0, 27), 20);
        assert_eq!(pages.rows_within(12, 1_000), 18);
        assert_eq!(pages.rows_within(0, 0), 10, "one page at least");
        assert_eq!(pages.exceeding(16), None);
        assert_eq!(pages.exceeding(15), Some(("c", 15)));
    }

    proptest! {
        #[test]
        fn no_input_causes_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = read(&bytes);
        }
    }
}
