//! Pruning by predicates: of segments and partitions by the manifest, of row groups and pages by
//! their statistics.

use parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use parquet::arrow::arrow_reader::{RowGroupSelection, RowSelection, RowSelector};
use parquet::errors::Result;
use parquet::file::metadata::ParquetMetaData;
use tidegauge_core::arrow::array::{Array, ArrayRef, UInt64Array};
use tidegauge_core::arrow::schema::Field;
use tidegauge_core::{
    Cell, Column, ColumnView, Condition, DataType, Predicate, Scalar, Table, Test,
};

use super::partitions;
use crate::folder::{KeyRange, Segment};

/// Returns `false` if, by the manifest, no row of `segment` passes `predicate`.
pub(super) fn segment(predicate: &Predicate, table: &Table, segment: &Segment) -> bool {
    predicate.conditions.iter().all(|condition| {
        let is_key = table.key.first().is_some_and(|name| *name == condition.name);
        let is_time = table.time.as_ref().is_some_and(|name| *name == condition.name);
        let bounds = match &segment.key_range {
            Some(range) if is_key => range_bounds(range, condition.dtype),
            _ => None,
        };
        let column_range = segment.column_ranges.get(condition.name.as_ref()).copied();
        let times = segment.time_range.filter(|_| is_time);
        let bounds = bounds
            .or_else(|| range_bounds(&KeyRange::Int(column_range.or(times)?), condition.dtype));
        may_overlap(condition, bounds.as_ref())
    })
}

/// Returns `false` if no row of the day `day` passes `predicate`.
pub(super) fn partition(predicate: &Predicate, table: &Table, day: &str) -> bool {
    let mut conditions = predicate.conditions.iter();
    conditions.all(|condition| match table.time.as_ref() {
        Some(time) if *time == condition.name && day == partitions::NULL_PARTITION => {
            condition.test == Test::IsNull
        }
        Some(time) if *time == condition.name => {
            may_overlap(condition, partitions::time_bounds(day, condition.dtype).as_ref())
        }
        _ => true,
    })
}

fn may_overlap(condition: &Condition, bounds: Option<&(Scalar, Scalar)>) -> bool {
    condition.test.overlaps(bounds.map(|(min, _)| min), bounds.map(|(_, max)| max))
}

/// Converts a range of the manifest to the units of a column of type `dtype`.
fn range_bounds(range: &KeyRange, dtype: DataType) -> Option<(Scalar, Scalar)> {
    let scalar = |value: i64| match dtype {
        DataType::Int64 => Some(Scalar::Int(value)),
        DataType::Timestamp => Some(Scalar::Timestamp(value)),
        DataType::Date => i32::try_from(value).ok().map(Scalar::Date),
        _ => None,
    };
    match range {
        KeyRange::Int([min, max]) => scalar(*min).zip(scalar(*max)),
        KeyRange::Text([min, max]) if dtype == DataType::Text => {
            Some((Scalar::Text(min.clone()), Scalar::Text(max.clone())))
        }
        KeyRange::Text(_) => None,
    }
}

/// A row group in which rows may pass.
#[derive(Debug)]
pub(super) struct RowGroup {
    /// The row group, and which of its pages to read.
    pub(super) selection: RowGroupSelection,
    /// `true` if all its rows pass, so that none needs to be tested.
    pub(super) all_pass: bool,
}

/// Returns the row groups of a file, and the pages of each, in which rows may pass the conditions.
/// `conditions` come with the index of their column in the file; those on columns that the file
/// lacks are excluded. `units` are, for each condition, the number of its units per unit of the
/// file's column.
pub(super) fn row_groups(
    metadata: &ParquetMetaData,
    conditions: &[(usize, &Condition)],
    units: &[i128],
) -> Result<Vec<RowGroup>> {
    let schema = metadata.file_metadata().schema_descr();
    let groups = metadata.row_groups();
    let fields: Vec<Field> = conditions
        .iter()
        .map(|(_, condition)| Field::new("", condition.dtype.to_arrow(), true))
        .collect();
    let (mut may_pass, mut all_pass) = (vec![true; groups.len()], vec![true; groups.len()]);
    let mut converters = Vec::with_capacity(conditions.len());
    for (((index, condition), field), unit) in conditions.iter().zip(&fields).zip(units) {
        let converter = StatisticsConverter::from_column_index(*index, field, schema)?
            .with_missing_null_counts_as_zero(false);
        let statistics = Statistics {
            min: converter.row_group_mins(groups)?,
            max: converter.row_group_maxes(groups)?,
            nulls: converter.row_group_null_counts(groups)?,
            unit: *unit,
        };
        for (at, group) in groups.iter().enumerate() {
            let rows = u64::try_from(group.num_rows()).unwrap_or_default();
            may_pass[at] = may_pass[at] && statistics.may_pass(at, Some(rows), condition);
            all_pass[at] = all_pass[at] && statistics.all_pass(at, rows, condition);
        }
        converters.push(converter);
    }
    let mut selected = Vec::new();
    for (index, group) in groups.iter().enumerate().filter(|(index, _)| may_pass[*index]) {
        let row_group = |selection, all_pass| RowGroup {
            selection: RowGroupSelection::new(index, selection),
            all_pass,
        };
        if all_pass[index] {
            selected.push(row_group(None, true));
            continue;
        }
        let rows = usize::try_from(group.num_rows()).unwrap_or_default();
        let mut selection: Option<RowSelection> = None;
        for (((_, condition), converter), unit) in conditions.iter().zip(&converters).zip(units) {
            if let Some(pages) = pages(metadata, index, converter, condition, *unit)? {
                selection = Some(match selection {
                    Some(others) => others.intersection(&pages),
                    None => pages,
                });
            }
        }
        match selection {
            Some(selection) if !selection.selects_any() => {}
            Some(selection) if selection.row_count() < rows => {
                selected.push(row_group(Some(selection), false));
            }
            _ => selected.push(row_group(None, false)),
        }
    }
    Ok(selected)
}

/// Returns the rows of those pages of a column in which rows may pass, or `None` if the file has no
/// page index.
fn pages(
    metadata: &ParquetMetaData,
    group: usize,
    converter: &StatisticsConverter<'_>,
    condition: &Condition,
    unit: i128,
) -> Result<Option<RowSelection>> {
    let (Some(index), Some(column)) = (metadata.page_index(), converter.parquet_column_index())
    else {
        return Ok(None);
    };
    if index.column_index(group, column).is_none()
        || index.offset_index(group, column).is_none_or(|pages| pages.page_locations().is_empty())
    {
        return Ok(None);
    }
    let groups = [group];
    let rows = converter.data_page_row_counts(index.as_ref(), metadata.row_groups(), &groups)?;
    let Some(rows) = rows.filter(|rows| rows.null_count() == 0) else { return Ok(None) };
    let statistics = Statistics {
        min: converter.data_page_mins(index.as_ref(), &groups)?,
        max: converter.data_page_maxes(index.as_ref(), &groups)?,
        nulls: converter.data_page_null_counts(index.as_ref(), &groups)?,
        unit,
    };
    if statistics.min.len() != rows.len() {
        return Ok(None);
    }
    let selectors = rows.values().iter().enumerate().map(|(page, rows)| {
        let count = usize::try_from(*rows).unwrap_or_default();
        match statistics.may_pass(page, Some(*rows), condition) {
            true => RowSelector::select(count),
            false => RowSelector::skip(count),
        }
    });
    Ok(Some(RowSelection::from(selectors.collect::<Vec<_>>())))
}

/// The statistics of the row groups or pages of a column.
struct Statistics {
    min: ArrayRef,
    max: ArrayRef,
    nulls: UInt64Array,
    /// The number of units of the table's column per unit of these decimals, which are the file's.
    unit: i128,
}

impl Statistics {
    fn nulls(&self, at: usize) -> Option<u64> {
        let is_known = at < self.nulls.len() && self.nulls.is_valid(at);
        is_known.then(|| self.nulls.value(at))
    }

    /// Returns `true` if every row of the row group `at`, which has `rows` rows, passes.
    fn all_pass(&self, at: usize, rows: u64, condition: &Condition) -> bool {
        let nulls = self.nulls(at);
        if condition.test == Test::IsNull {
            return nulls == Some(rows);
        }
        let min = scalar(&self.min, at, condition.dtype, self.unit);
        let max = scalar(&self.max, at, condition.dtype, self.unit);
        nulls == Some(0) && min.zip(max).is_some_and(|(min, max)| condition.test.covers(&min, &max))
    }

    /// Returns `false` if no row of the row group or page `at`, which has `rows` rows, passes.
    fn may_pass(&self, at: usize, rows: Option<u64>, condition: &Condition) -> bool {
        let nulls = self.nulls(at);
        match condition.test {
            Test::IsNull => nulls != Some(0),
            _ if nulls.is_some() && nulls == rows => false,
            _ => {
                let min = scalar(&self.min, at, condition.dtype, self.unit);
                let max = scalar(&self.max, at, condition.dtype, self.unit);
                condition.test.overlaps(min.as_ref(), max.as_ref())
            }
        }
    }
}

/// Returns a value of an array of statistics, or `None` if it is unknown.
fn scalar(array: &ArrayRef, at: usize, dtype: DataType, unit: i128) -> Option<Scalar> {
    if at >= array.len() {
        return None;
    }
    Some(match ColumnView::new(array.as_ref(), dtype)?.cell(at) {
        Cell::Bool(value) => Scalar::Bool(value),
        Cell::Int(value) => Scalar::Int(i64::try_from(value).ok()?),
        Cell::Float(value) if value.is_finite() => Scalar::Float(value),
        Cell::Text(text) => Scalar::Text(text.to_owned()),
        Cell::Date(days) => Scalar::Date(days),
        Cell::Timestamp(micros) => Scalar::Timestamp(micros),
        Cell::Decimal(units) => Scalar::Decimal(units.checked_mul(unit)?),
        Cell::Null | Cell::Float(_) => return None,
    })
}

/// Returns the condition that the first column of the key lies in `range`.
pub(super) fn key_range(table: &Table, range: Option<&KeyRange>) -> Predicate {
    let first = table.key.first().and_then(|name| {
        let column = table.columns.iter().position(|column| column.name == *name)?;
        Some((column, table.columns.get(column)?))
    });
    let condition = first.zip(range).and_then(|((index, column), range)| {
        Some(Condition {
            column: index,
            name: column.name.clone(),
            dtype: column.dtype,
            test: range_test(column, range)?,
        })
    });
    Predicate { conditions: condition.into_iter().collect() }
}

fn range_test(column: &Column, range: &KeyRange) -> Option<Test> {
    use std::ops::Bound::Included;
    Some(match range_bounds(range, column.dtype)? {
        (Scalar::Text(min), Scalar::Text(max)) => {
            Test::BetweenText { from: Included(min), to: Included(max) }
        }
        (min, max) => Test::Between(Some(min), Some(max)),
    })
}
