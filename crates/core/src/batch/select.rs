//! Slicing, projecting, filtering and concatenating batches.

use arrow_array::{Array, ArrayRef, BooleanArray, UInt32Array};
use arrow_buffer::BooleanBuffer;
use arrow_schema::ArrowError;
use arrow_select::take::TakeOptions;

use super::check::check;
use super::convert::plain_text;
use super::record::Batch;
use super::view::ColumnView;
use crate::{Column, DataType, Error, Result, TableRef};

impl Batch {
    /// Returns up to `rows` rows starting at `offset`, without a copy; fewer if the batch ends
    /// earlier.
    #[must_use]
    pub fn slice(&self, offset: usize, rows: usize) -> Self {
        let offset = offset.min(self.rows());
        let rows = rows.min(self.rows() - offset);
        Self { table: self.table.clone(), record: self.record.slice(offset, rows) }
    }

    /// Returns the columns of `columns`, a table with some of this table's columns in any order,
    /// without a copy.
    ///
    /// # Errors
    /// When this table lacks one of the columns or has it with another type, or when a column that
    /// is not nullable in `columns` has nulls.
    pub fn project(&self, columns: &TableRef) -> Result<Self> {
        let array = |wanted: &Column| {
            let invalid = |row, why| Error::mismatch(&self.table.name, &wanted.name, row, why);
            let found = self.table.column(&wanted.name)?;
            if found.dtype != wanted.dtype {
                return Err(invalid(None, format!("it is {}, not {}", found.dtype, wanted.dtype)));
            }
            let none = || invalid(None, "the column is missing".into());
            let array = self.record.column_by_name(&wanted.name).ok_or_else(none)?;
            if found.nullable && !wanted.nullable {
                check(wanted, array).map_err(|(row, why)| invalid(row, why))?;
            }
            Ok(array.clone())
        };
        let arrays: Result<Vec<_>> = columns.columns.iter().map(array).collect();
        Self::from_validated(columns, self.rows(), arrays?)
    }

    /// Returns the rows whose bit in `keep` is set.
    ///
    /// # Errors
    /// When `keep` and the batch differ in length.
    pub fn filter(&self, keep: &BooleanBuffer) -> Result<Self> {
        if keep.len() != self.rows() {
            let reason = format!("{} rows cannot be chosen by {}", self.rows(), keep.len());
            return Err(Error::mismatch(&self.table.name, "*", None, reason));
        }
        if keep.count_set_bits() == keep.len() {
            return Ok(self.clone());
        }
        let keep = BooleanArray::new(keep.clone(), None);
        let record = arrow_select::filter::filter_record_batch(&self.record, &keep);
        let record = record.map_err(|error| arrow_error(&self.table, &error))?;
        Ok(Self { table: self.table.clone(), record })
    }

    /// Returns the rows at the indexes `rows`, in that order.
    ///
    /// # Errors
    /// When an index is out of range.
    pub fn take(&self, rows: &[u32]) -> Result<Self> {
        let indices = UInt32Array::from(rows.to_vec());
        let options = TakeOptions { check_bounds: true };
        let take = |array: &ArrayRef| {
            arrow_select::take::take(array, &indices, Some(options.clone()))
                .map_err(|error| arrow_error(&self.table, &error))
        };
        let arrays: Result<Vec<_>> = self.record.columns().iter().map(take).collect();
        Self::from_validated(&self.table, rows.len(), arrays?)
    }

    /// Concatenates batches of one table. Text stays dictionary-encoded if all batches share the
    /// dictionary.
    ///
    /// # Errors
    /// When a batch has other columns than `table`, or a column gets more text than a batch can
    /// hold.
    pub fn concat(table: &TableRef, batches: &[Self]) -> Result<Self> {
        let batches: Vec<Self> =
            batches.iter().map(|batch| batch.with_columns_of(table)).collect::<Result<_>>()?;
        match batches.as_slice() {
            [] => return Ok(Self::empty(table)),
            [one] => return Ok(one.clone()),
            _ => {}
        }
        let rows = batches.iter().map(Self::rows).sum();
        let joined = |(at, column): (usize, &Column)| {
            let mut parts: Vec<ArrayRef> =
                batches.iter().map(|batch| batch.record.column(at).clone()).collect();
            if column.dtype == DataType::Text && !share_encoding(&parts) {
                let invalid = |(row, why)| Error::mismatch(&table.name, &column.name, row, why);
                for part in &mut parts {
                    *part = plain_text(part).map_err(invalid)?;
                }
            }
            let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
            arrow_select::concat::concat(&parts).map_err(|error| arrow_error(table, &error))
        };
        let arrays: Result<Vec<_>> = table.columns.iter().enumerate().map(joined).collect();
        Self::from_validated(table, rows, arrays?)
    }

    fn with_columns_of(&self, table: &TableRef) -> Result<Self> {
        let is_same = self.table.columns.len() == table.columns.len()
            && self.table.columns.iter().zip(&table.columns).all(|(this, that)| {
                this.name == that.name && this.dtype == that.dtype && this.nullable == that.nullable
            });
        if is_same {
            Ok(Self { table: table.clone(), ..self.clone() })
        } else {
            self.project(table)
        }
    }
}

/// Returns `true` if the text arrays are all plain, or dictionaries of the same texts.
fn share_encoding(parts: &[ArrayRef]) -> bool {
    let Some((first, rest)) = parts.split_first() else { return true };
    let text = |array| ColumnView::new(array, DataType::Text).and_then(|view| view.as_text());
    let Some(one) = text(first) else { return true };
    rest.iter().all(|part| {
        part.data_type() == first.data_type()
            && (*part.data_type() == DataType::Text.to_arrow()
                || text(part).is_some_and(|other| one.values() == other.values()))
    })
}

fn arrow_error(table: &TableRef, error: &ArrowError) -> Error {
    Error::mismatch(&table.name, "*", None, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Cell, Table, Values};

    fn table() -> TableRef {
        Table::builder("t", "")
            .column("id", DataType::Int64, "")
            .nullable("text", DataType::Text, "")
            .key(["id"])
            .build()
            .unwrap()
    }

    fn batch(ids: std::ops::Range<i64>, texts: Values<'_>) -> Batch {
        let ids: Vec<i64> = ids.collect();
        Batch::from_columns(&table(), ids.len(), vec![Values::Ints(ids), texts]).unwrap()
    }

    fn texts(batch: &Batch) -> Vec<Option<&str>> {
        batch.column("text").unwrap().as_text().unwrap().iter().collect()
    }

    #[test]
    fn concatenated_batches_share_a_text_encoding() {
        let ads = || batch(0..2, Values::Constant("ads"));
        let same = Batch::concat(&table(), &[ads(), ads()]).unwrap();
        assert!(matches!(same.view(1).unwrap(), ColumnView::Text(crate::TextView::Small(..))));
        let other = batch(2..3, Values::Constant("organic"));
        let plain = batch(3..5, Values::SomeTexts(vec![None, Some("ads")]));
        let all = Batch::concat(&table(), &[ads(), other, plain, Batch::empty(&table())]).unwrap();
        assert!(matches!(all.view(1).unwrap(), ColumnView::Text(crate::TextView::Plain(_))));
        assert_eq!(texts(&all), [Some("ads"), Some("ads"), Some("organic"), None, Some("ads")]);
        assert_eq!(Batch::concat(&table(), &[]).unwrap().rows(), 0);
    }

    #[test]
    fn rows_are_selected_by_index_and_mask() {
        let all = batch(0..4, Values::Dictionary(vec![0, 1, 0, 1], &["a", "b"]));
        let odd = all.filter(&BooleanBuffer::collect_bool(4, |row| row % 2 == 1)).unwrap();
        assert_eq!(texts(&odd), [Some("b"), Some("b")]);
        let some = all.take(&[3, 0, 0]).unwrap();
        assert_eq!(some.view(0).unwrap().cell(0), Cell::Int(3));
        assert_eq!(texts(&some), [Some("b"), Some("a"), Some("a")]);
        assert!(all.take(&[4]).is_err() && all.filter(&BooleanBuffer::new_set(3)).is_err());
        assert_eq!(all.slice(3, 9).rows(), 1);
        assert_eq!(all.slice(9, 1).rows(), 0);
    }

    #[test]
    fn projections_check_nullability_and_types() {
        let strict = Table::builder("t", "").column("text", DataType::Text, "").key(["text"]);
        let strict = strict.build().unwrap();
        let whole = batch(0..1, Values::Constant("a"));
        assert_eq!(texts(&whole.project(&strict).unwrap()), [Some("a")]);
        let error = batch(0..1, Values::Nulls).project(&strict).unwrap_err().to_string();
        assert!(error.contains("`text`, row 0: it is null"), "{error}");
        let other = Table::builder("t", "").column("id", DataType::Text, "").key(["id"]);
        let error = whole.project(&other.build().unwrap()).unwrap_err().to_string();
        assert!(error.contains("it is int64, not text"), "{error}");
    }
}
