//! What to read of a table.

use std::ops::{Bound, RangeBounds, RangeInclusive};

use polars_core::frame::DataFrame;
use polars_core::prelude::{BooleanChunked, NewChunkedArray, PlSmallStr};

use crate::{Column, DataType, Error, Result, TableRef};

/// What to read of a table.
///
/// ```
/// use tidegauge_core::{Scan, tables::Trade};
///
/// let few = Scan::columns(Trade::table(), ["trade_id", "price"]).within("user_id", 0..100);
/// let (column, range) = few.bounds()?.unwrap();
/// assert_eq!((column.name.as_ref(), range), ("user_id", 0..=99));
/// # Ok::<(), tidegauge_core::Error>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Scan {
    /// The table.
    pub table: TableRef,
    /// The columns wanted, in this order (`None`: all, in the table's order).
    pub columns: Option<Vec<String>>,
    /// Only rows of which this column lies in this range (`None`: all).
    pub within: Option<(String, RangeInclusive<i64>)>,
}

impl Scan {
    /// All of `table`.
    pub fn all(table: &TableRef) -> Self {
        Self { table: table.clone(), columns: None, within: None }
    }

    /// Only `columns` of `table`.
    pub fn columns<S: Into<String>>(
        table: &TableRef,
        columns: impl IntoIterator<Item = S>,
    ) -> Self {
        let columns = columns.into_iter().map(Into::into).collect();
        Self { columns: Some(columns), ..Self::all(table) }
    }

    /// Only rows of which `column`, a whole number, lies in `range`: so a table that no memory holds is
    /// read bit by bit. Null lies in none.
    #[must_use]
    pub fn within(mut self, column: impl Into<String>, range: impl RangeBounds<i64>) -> Self {
        self.within = Some((column.into(), inclusive(&range)));
        self
    }

    /// The definitions of the wanted columns, in the order wanted.
    ///
    /// # Errors
    /// When a wanted column is not the table's.
    pub fn wanted(&self) -> Result<Vec<&Column>> {
        match &self.columns {
            None => Ok(self.table.columns.iter().collect()),
            Some(names) => names.iter().map(|name| self.table.column(name)).collect(),
        }
    }

    /// The column, and where its values have to lie.
    ///
    /// # Errors
    /// When it is not the table's, or no whole number.
    pub fn bounds(&self) -> Result<Option<(&Column, RangeInclusive<i64>)>> {
        let Some((name, range)) = &self.within else { return Ok(None) };
        let column = self.table.column(name)?;
        if column.dtype != DataType::Int64 {
            return Err(Error::Range {
                table: self.table.name.to_string(),
                column: name.clone(),
                dtype: column.dtype,
            });
        }
        Ok(Some((column, range.clone())))
    }

    /// What this asks for of `frame`, which has the columns of the table: all that a warehouse in memory
    /// needs to do.
    ///
    /// # Errors
    /// As for [`wanted`](Self::wanted) and [`bounds`](Self::bounds), and when the frame lacks a column.
    pub fn of(&self, frame: &DataFrame) -> Result<DataFrame> {
        let lacks = |error| Error::sink(self.table.name.to_string(), error);
        let names: Vec<&str> = self.wanted()?.iter().map(|column| column.name.as_ref()).collect();
        let chosen = frame.select(names).map_err(lacks)?;
        let Some((column, range)) = self.bounds()? else { return Ok(chosen) };
        let values = frame.column(&column.name).and_then(|values| values.i64()).map_err(lacks)?;
        let inside = values.iter().map(|value| value.is_some_and(|value| range.contains(&value)));
        let inside = BooleanChunked::from_iter_values(PlSmallStr::EMPTY, inside);
        chosen.filter(&inside).map_err(lacks)
    }
}

/// `range` by its least and its greatest value.
fn inclusive(range: &impl RangeBounds<i64>) -> RangeInclusive<i64> {
    const NONE: RangeInclusive<i64> = RangeInclusive::new(0, -1);
    let least = match range.start_bound() {
        Bound::Included(least) => Some(*least),
        Bound::Excluded(before) => before.checked_add(1),
        Bound::Unbounded => Some(i64::MIN),
    };
    let most = match range.end_bound() {
        Bound::Included(most) => Some(*most),
        Bound::Excluded(behind) => behind.checked_sub(1),
        Bound::Unbounded => Some(i64::MAX),
    };
    least.zip(most).map_or(NONE, |(least, most)| least..=most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::Trade;

    #[test]
    fn ranges_of_any_kind_are_taken_to_the_last_number() {
        assert_eq!(inclusive(&(3..5)), 3..=4);
        assert_eq!(inclusive(&(..)), i64::MIN..=i64::MAX);
        assert_eq!(inclusive(&(7..)), 7..=i64::MAX);
        assert!(inclusive(&(5..5)).is_empty() && inclusive(&(..i64::MIN)).is_empty());
    }

    #[test]
    fn only_whole_numbers_have_ranges() {
        let error = Scan::all(Trade::table()).within("price", 0..1).bounds().unwrap_err();
        assert!(error.to_string().contains("`price` is decimal(28,8)"), "{error}");
        assert!(Scan::all(Trade::table()).within("nope", 0..1).bounds().is_err());
    }
}
