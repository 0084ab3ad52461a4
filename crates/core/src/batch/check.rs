//! Validation of column values against the column's definition, one pass over each buffer.

use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Float64Type, Int32Type, UInt8Type};
use arrow_array::{Array, ArrayRef, StringArray};

use super::view::{ColumnView, TextView};
use crate::{Column, DataType};

/// The row of a value that does not fit, if it is known, and the reason.
pub(super) type InvalidValue = (Option<usize>, String);

/// Checks an array of the column's own Arrow type, or a dictionary of text.
pub(super) fn check(definition: &Column, array: &ArrayRef) -> Result<(), InvalidValue> {
    if !definition.nullable
        && let Some(row) = first_null(array)
    {
        return Err((Some(row), "it is null, and must not be".into()));
    }
    let (row, reason) = match definition.dtype {
        DataType::Float64 => {
            let values = array.as_primitive::<Float64Type>();
            let row = first_invalid(array, values.values(), |value| !value.is_finite());
            (row, "it is not a finite number".to_owned())
        }
        DataType::Decimal { precision, .. } => {
            let bound = 10u128.checked_pow(precision.into()).unwrap_or(u128::MAX);
            let values = array.as_primitive::<Decimal128Type>();
            let row = first_invalid(array, values.values(), |units| units.unsigned_abs() >= bound);
            (row, format!("it has more than {precision} digits"))
        }
        DataType::Text => {
            return first_nul(array).map_or(Ok(()), |row| Err((row, "its text has a NUL".into())));
        }
        _ => return Ok(()),
    };
    row.map_or(Ok(()), |row| Err((Some(row), reason)))
}

fn first_null(array: &ArrayRef) -> Option<usize> {
    if array.null_count() == 0 {
        return None;
    }
    array.nulls()?.iter().position(|is_valid| !is_valid)
}

/// Returns the first row whose value is wrong. Buffer contents under a null are ignored.
fn first_invalid<T: Copy>(
    array: &ArrayRef,
    values: &[T],
    is_invalid: impl Fn(T) -> bool,
) -> Option<usize> {
    // A loop without an early exit is one that the compiler vectorizes.
    if !values.iter().fold(false, |any, value| any | is_invalid(*value)) {
        return None;
    }
    let mut rows = values.iter().enumerate();
    rows.find(|(row, value)| is_invalid(**value) && array.is_valid(*row)).map(|(row, _)| row)
}

/// Returns the first row with a NUL in its text. A dictionary entry with a NUL is refused even if
/// no row refers to it; the inner row is then `None`.
fn first_nul(array: &ArrayRef) -> Option<Option<usize>> {
    match ColumnView::new(array, DataType::Text)?.as_text()? {
        TextView::Plain(texts) => first_nul_in(texts).map(Some),
        text => {
            let invalid = first_nul_in(text.values())?;
            Some((0..text.len()).find(|row| text.key(*row) == Some(invalid)))
        }
    }
}

/// Returns the first text with a NUL, searching the buffer of all texts at once.
fn first_nul_in(texts: &StringArray) -> Option<usize> {
    let offsets = texts.value_offsets();
    let place = |offset: &i32| usize::try_from(*offset).unwrap_or_default();
    let (start, end) = (place(offsets.first()?), place(offsets.last()?));
    memchr::memchr_iter(0, texts.value_data().get(start..end)?).find_map(|found| {
        let row =
            offsets.partition_point(|offset| place(offset) <= start + found).checked_sub(1)?;
        texts.is_valid(row).then_some(row)
    })
}

/// Returns `true` if `array` is text in one of the encodings that a batch may hold.
pub(super) fn is_text(array: &dyn Array) -> bool {
    let is_whole = |values: &ArrayRef| {
        values.as_string_opt::<i32>().is_some_and(|values| values.null_count() == 0)
    };
    array.as_string_opt::<i32>().is_some()
        || array
            .as_dictionary_opt::<UInt8Type>()
            .is_some_and(|dictionary| is_whole(dictionary.values()))
        || array
            .as_dictionary_opt::<Int32Type>()
            .is_some_and(|dictionary| is_whole(dictionary.values()))
}
