//! Which rows of a file need not be read, by what its footer says of them.

use std::ops::RangeInclusive;

use polars_parquet::parquet::metadata::{FileMetadata, RowGroupMetadata};
use polars_parquet::parquet::statistics::Statistics;

/// Where the rows begin, and how many they are, among which all lie of which `column` is in `range`: from
/// the first group of rows that may have one to the last.
pub(super) fn span(
    metadata: &FileMetadata,
    column: &str,
    range: &RangeInclusive<i64>,
) -> (usize, usize) {
    let (mut at, mut span) = (0, None::<(usize, usize)>);
    for group in &metadata.row_groups {
        let rows = group.num_rows();
        if may_hold(metadata, group, column, range) {
            let from = span.map_or(at, |(from, _)| from);
            span = Some((from, at + rows - from));
        }
        at += rows;
    }
    span.unwrap_or((0, 0))
}

/// Whether a row of `group` may be one of them. What is not known may.
fn may_hold(
    metadata: &FileMetadata,
    group: &RowGroupMetadata,
    column: &str,
    range: &RangeInclusive<i64>,
) -> bool {
    let mut chunks = group.parquet_columns().iter();
    let chunk = chunks.find(|it| it.descriptor().path_in_schema.iter().eq([column]));
    let known = chunk.and_then(|chunk| chunk.statistics(&metadata.footer_buf));
    match known {
        Some(Ok(Statistics::Int64(known))) => known
            .min_value
            .zip(known.max_value)
            .is_none_or(|(least, most)| least <= *range.end() && *range.start() <= most),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use polars_io::SerReader;
    use polars_io::parquet::read::ParquetReader;
    use tidegauge_core::conformance::rows::owned;
    use tidegauge_core::{Batch, Values, WriteMode};

    use super::*;
    use crate::parquet::encode;

    /// As an exchange writes them: user by user.
    #[test]
    fn groups_without_such_rows_are_left_out() {
        const GROUP: usize = 1 << 18;
        let table = owned(WriteMode::Append);
        let ids = 0..3 * 262_144i64;
        let columns = vec![
            Values::Ints(ids.clone().collect()),
            Values::Ints(ids.clone().map(|id| id / 10).collect()),
            Values::SomeInts(ids.map(|_| None).collect()),
        ];
        let rows = Batch::from_columns(&table, 3 * GROUP, columns).unwrap();
        let file = encode(rows.frame()).unwrap();
        let mut reader = ParquetReader::new(Cursor::new(&file[..]));
        let metadata = reader.get_metadata().unwrap();
        let span = |column, range| span(metadata, column, &range);
        assert_eq!(span("owner", 0..=0), (0, GROUP));
        assert_eq!(span("owner", 26_214..=26_214), (0, 2 * GROUP), "on either side of the edge");
        assert_eq!(span("owner", 30_000..=i64::MAX), (GROUP, 2 * GROUP));
        assert_eq!(span("owner", 78_644..=99_999), (0, 0));
        assert_eq!(span("order", 0..=0), (0, 3 * GROUP), "nothing is known of nulls");
        assert_eq!(span("nope", 0..=0), (0, 3 * GROUP));
    }
}
