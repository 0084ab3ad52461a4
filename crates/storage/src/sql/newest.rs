//! Of rows with one key, the last.

use tidegauge_core::Table;
use tidegauge_core::polars::frame::DataFrame;
use tidegauge_core::polars::prelude::{BooleanChunked, NewChunkedArray, PlSmallStr};

use crate::Result;
use crate::folder::{KeySet, Keys};

/// The last row of each key: a merge in one statement may meet each but once.
pub(crate) fn newest(table: &Table, frame: DataFrame) -> Result<DataFrame> {
    let mut seen = KeySet::new(table)?;
    let keys = Keys::of(&frame, table)?;
    let mut stays = vec![false; frame.height()];
    for row in (0..frame.height()).rev() {
        stays[row] = seen.add(&keys, row);
    }
    if stays.iter().all(|stays| *stays) {
        return Ok(frame);
    }
    Ok(frame.filter(&BooleanChunked::from_slice(PlSmallStr::EMPTY, &stays))?)
}
