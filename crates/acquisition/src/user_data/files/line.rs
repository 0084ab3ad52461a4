//! Lines as bytes: blank ones, and the byte order mark of the first.

const BOM: &[u8] = b"\xef\xbb\xbf";

/// Returns a record without the byte order mark that the first record of a file may have; `taken`
/// is the number of bytes before the record.
pub(super) fn line(record: &[u8], taken: u64) -> &[u8] {
    match taken {
        0 => record.strip_prefix(BOM).unwrap_or(record),
        _ => record,
    }
}

/// Returns `true` if `line` is only whitespace.
pub(super) fn is_blank(line: &[u8]) -> bool {
    line.iter().all(u8::is_ascii_whitespace)
}
