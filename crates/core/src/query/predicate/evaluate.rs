//! Evaluation of predicates on batches.

use std::ops::{Bound, RangeBounds};

use arrow_array::{Array, ArrowPrimitiveType, PrimitiveArray};
use arrow_buffer::BooleanBuffer;

use super::{Condition, Predicate, Scalar, Test};
use crate::{Batch, ColumnView, Error, Result, TextView};

impl Predicate {
    /// Returns a mask of the rows that are kept. The batch may be of any table that has the
    /// conditions' columns, by name.
    ///
    /// # Errors
    /// When the batch lacks a column, or has it of another type.
    pub fn keeps(&self, batch: &Batch) -> Result<BooleanBuffer> {
        let mut kept = BooleanBuffer::new_set(batch.rows());
        for condition in &self.conditions {
            kept &= &condition.keeps(batch)?;
        }
        Ok(kept)
    }
}

impl Condition {
    fn keeps(&self, batch: &Batch) -> Result<BooleanBuffer> {
        let (view, rows) = (batch.column(&self.name)?, batch.rows());
        let passed = match (&self.test, view) {
            (Test::Never, _) => BooleanBuffer::new_unset(rows),
            (Test::IsNull, view) => BooleanBuffer::collect_bool(rows, |row| view.is_null(row)),
            (Test::OneOf(accepted), ColumnView::Bool(values)) => {
                let holds = |value| accepted.contains(&Scalar::Bool(value));
                let (yes, no) = (holds(true), holds(false));
                let passes = |row| !values.is_null(row) && if values.value(row) { yes } else { no };
                BooleanBuffer::collect_bool(rows, passes)
            }
            (test, ColumnView::Int64(values)) => {
                let native = |scalar: &Scalar| match scalar {
                    Scalar::Int(value) => Some(*value),
                    _ => None,
                };
                return self.evaluate_units(batch, test, values, native);
            }
            (test, ColumnView::Date(values)) => {
                let native = |scalar: &Scalar| match scalar {
                    Scalar::Date(value) => Some(*value),
                    _ => None,
                };
                return self.evaluate_units(batch, test, values, native);
            }
            (test, ColumnView::Timestamp(values)) => {
                let native = |scalar: &Scalar| match scalar {
                    Scalar::Timestamp(value) => Some(*value),
                    _ => None,
                };
                return self.evaluate_units(batch, test, values, native);
            }
            (test, ColumnView::Decimal(values)) => {
                let native = |scalar: &Scalar| match scalar {
                    Scalar::Decimal(value) => Some(*value),
                    _ => None,
                };
                return self.evaluate_units(batch, test, values, native);
            }
            (Test::OneOf(accepted), ColumnView::Float64(values)) => {
                let holds = |value| accepted.contains(&Scalar::Float(value));
                mask_of_values(values, holds)
            }
            (Test::BetweenFloats { from, to }, ColumnView::Float64(values)) => {
                mask_of_values(values, |value| (*from, *to).contains(&value))
            }
            (Test::OneOf(accepted), ColumnView::Text(texts)) => {
                let accepted: Vec<&str> = accepted
                    .iter()
                    .filter_map(|scalar| match scalar {
                        Scalar::Text(text) => Some(text.as_str()),
                        _ => None,
                    })
                    .collect();
                mask_of_texts(texts, |text| accepted.binary_search(&text).is_ok())
            }
            (Test::BetweenText { from, to }, ColumnView::Text(texts)) => {
                let (from, to) = (as_str(from), as_str(to));
                mask_of_texts(texts, |text| RangeBounds::<str>::contains(&(from, to), text))
            }
            _ => return Err(self.type_error(batch)),
        };
        Ok(passed)
    }

    /// Evaluates a test on a column of integer units; `native` converts scalars to the column's
    /// values.
    fn evaluate_units<T: ArrowPrimitiveType<Native: Ord>>(
        &self,
        batch: &Batch,
        test: &Test,
        values: &PrimitiveArray<T>,
        native: impl Fn(&Scalar) -> Option<T::Native>,
    ) -> Result<BooleanBuffer> {
        match test {
            Test::OneOf(accepted) => {
                let accepted: Option<Vec<_>> = accepted.iter().map(&native).collect();
                let accepted = accepted.ok_or_else(|| self.type_error(batch))?;
                Ok(match accepted.as_slice() {
                    [one] => mask_of_values(values, |value| value == *one),
                    all => mask_of_values(values, |value| all.binary_search(&value).is_ok()),
                })
            }
            Test::Between(from, to) => {
                let bound = |scalar: &Option<Scalar>| {
                    let value = scalar.as_ref().map(&native);
                    value.map(|value| value.ok_or_else(|| self.type_error(batch))).transpose()
                };
                Ok(match (bound(from)?, bound(to)?) {
                    (None, None) => mask_of_values(values, |_| true),
                    (Some(from), None) => mask_of_values(values, |value| value >= from),
                    (None, Some(to)) => mask_of_values(values, |value| value <= to),
                    (Some(from), Some(to)) => {
                        mask_of_values(values, |value| from <= value && value <= to)
                    }
                })
            }
            _ => Err(self.type_error(batch)),
        }
    }

    fn type_error(&self, batch: &Batch) -> Error {
        let reason = format!("it does not compare as a {}", self.dtype);
        Error::mismatch(&batch.table().name, &self.name, None, reason)
    }
}

/// Returns a mask of the values that are not null and pass.
fn mask_of_values<T: ArrowPrimitiveType>(
    values: &PrimitiveArray<T>,
    passes: impl Fn(T::Native) -> bool,
) -> BooleanBuffer {
    let slice: &[T::Native] = values.values();
    let passed = BooleanBuffer::collect_bool(slice.len(), |row| passes(slice[row]));
    match values.nulls() {
        Some(nulls) => &passed & nulls.inner(),
        None => passed,
    }
}

/// Returns a mask of the texts that pass. A dictionary's texts are tested once each, not once per
/// row.
fn mask_of_texts(texts: TextView<'_>, passes: impl Fn(&str) -> bool) -> BooleanBuffer {
    if let TextView::Plain(_) = texts {
        let passes = |row| texts.get(row).is_some_and(&passes);
        return BooleanBuffer::collect_bool(texts.len(), passes);
    }
    let passed: Vec<bool> = texts.values().iter().map(|text| text.is_some_and(&passes)).collect();
    let passes = |row| texts.key(row).is_some_and(|key| passed[key]);
    BooleanBuffer::collect_bool(texts.len(), passes)
}

fn as_str(bound: &Bound<String>) -> Bound<&str> {
    match bound {
        Bound::Included(text) => Bound::Included(text),
        Bound::Excluded(text) => Bound::Excluded(text),
        Bound::Unbounded => Bound::Unbounded,
    }
}
