//! Reading the bytes of a segment.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use crate::folder::Segment;
use crate::{Error, Result};

/// Returns the bytes of the lines of `segment`.
pub(super) fn read_segment(path: &Path, segment: &Segment) -> Result<Vec<u8>> {
    let [start, end] = segment.bytes.unwrap_or_default();
    let length = end.saturating_sub(start);
    let mut bytes = Vec::new();
    let mut read = || {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(start))?;
        file.take(length).read_to_end(&mut bytes)
    };
    let found = read().map_err(|error| Error::io(path, error))?;
    if u64::try_from(found) != Ok(length) {
        return Err(Error::damaged(path, format!("it ends before byte {end}, which was written")));
    }
    Ok(bytes)
}
