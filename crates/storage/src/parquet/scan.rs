//! Reading columns back, from the files that the manifest names.

use std::borrow::Cow;
use std::ops::{Range, RangeInclusive};
use std::path::Path;

use polars_io::SerReader;
use polars_io::parquet::read::ParquetReader;
use tidegauge_core::polars::frame::DataFrame;
use tidegauge_core::polars::prelude::{BooleanChunked, NewChunkedArray, PlSmallStr, Series};
use tidegauge_core::{Aggregate, Column, Fold, Scan, Table, WriteMode};

use super::{NAME, days, groups, merge, path};
use crate::folder::{Manifest, Part, Place};
use crate::{Error, Result, cells};

/// What `scan` asks for; no rows of a table that is not there.
pub(super) fn scan(place: &impl Place, scan: &Scan) -> Result<DataFrame> {
    crate::check(&scan.table)?;
    let wanted = scan.wanted()?;
    let names: Vec<String> = wanted.iter().map(|column| column.name.to_string()).collect();
    let mut frame = cells::none(&cells::projected(&scan.table, wanted))?;
    let choice = Choice { within: scan.bounds()?, during: None };
    each(place, &scan.table, &names, &choice, &mut |rows| {
        frame.vstack_mut_owned(rows)?;
        Ok(())
    })?;
    Ok(frame)
}

/// A summary, file by file.
pub(super) fn summarise(place: &impl Place, aggregate: &Aggregate) -> Result<DataFrame> {
    crate::check(&aggregate.table)?;
    let mut fold = Fold::new(aggregate)?;
    let mut names: Vec<String> =
        aggregate.columns()?.iter().map(|column| column.name.to_string()).collect();
    if names.is_empty() {
        names.extend(aggregate.table.key.first().map(ToString::to_string)); // any one will do
    }
    let choice = Choice { within: None, during: aggregate.bounds()? };
    each(place, &aggregate.table, &names, &choice, &mut |rows| Ok(fold.add(&rows)?))?;
    Ok(fold.finish()?)
}

/// Which rows are asked for.
#[derive(Clone, Default)]
pub(super) struct Choice<'a> {
    /// Those alone of which the column lies in the range.
    within: Option<(&'a Column, RangeInclusive<i64>)>,
    /// Of these all, and others as it comes: whoever asks chooses once more.
    during: Option<(&'a Column, Range<i64>)>,
}

impl Choice<'_> {
    /// Whether `part` may have some of them.
    pub(super) fn may_lie_in(&self, table: &Table, part: &Part) -> bool {
        let within = self.within.as_ref();
        let during = self.during.as_ref().zip(part.times);
        within.is_none_or(|(column, range)| part.may_hold(table, &column.name, range))
            && during
                .is_none_or(|((_, span), [first, last])| first < span.end && span.start <= last)
    }

    /// Whether the rows of a day may be some of them.
    fn may_lie_on(&self, day: &str) -> bool {
        let during = self.during.as_ref();
        during.is_none_or(|(time, span)| days::may_lie_in(day, time.dtype, span))
    }

    /// `names`, and the column that rows are chosen by.
    pub(super) fn with<'n>(&self, names: &'n [String]) -> Cow<'n, [String]> {
        match &self.within {
            Some((column, _)) if !names.iter().any(|name| *name == column.name) => {
                Cow::Owned([names, &[column.name.to_string()]].concat())
            }
            _ => Cow::Borrowed(names),
        }
    }

    /// Which of `rows` they are; none of it where they are all.
    pub(super) fn of(&self, rows: &DataFrame) -> Result<Option<Vec<bool>>> {
        let Some((column, range)) = &self.within else { return Ok(None) };
        let values = rows.column(&column.name)?.i64()?;
        let inside = values.iter().map(|value| value.is_some_and(|value| range.contains(&value)));
        let inside: Vec<bool> = inside.collect();
        Ok(inside.contains(&false).then_some(inside))
    }
}

/// Those of `rows` that are `true`.
pub(super) fn filtered(rows: DataFrame, stays: &[bool]) -> Result<DataFrame> {
    Ok(rows.filter(&BooleanChunked::from_slice(PlSmallStr::EMPTY, stays))?)
}

/// What takes rows.
type Take<'a> = &'a mut dyn FnMut(DataFrame) -> Result<()>;

/// Hands the columns called `names` of the rows asked for to `take`, bit by bit.
fn each(
    place: &impl Place,
    table: &Table,
    names: &[String],
    choice: &Choice<'_>,
    take: Take<'_>,
) -> Result<()> {
    let manifest = Manifest::read(place, NAME)?;
    let Some(stored) = manifest.tables.get(table.name.as_ref()) else { return Ok(()) };
    stored.compare(table)?;
    match table.write {
        WriteMode::Append => {
            let parts = stored.parts.iter().filter(|part| choice.may_lie_in(table, part));
            let files: Vec<_> = parts.flat_map(|part| files(table, part, choice)).collect();
            read(place, table, &files, &choice.with(names), choice, &mut |rows| {
                let rows = match choice.of(&rows)? {
                    Some(stays) => filtered(rows, &stays)?,
                    None => rows,
                };
                take(rows.select(names)?)
            })
        }
        // What replaces a row of one day may lie in another.
        WriteMode::Merge => {
            let all = Choice { during: None, ..choice.clone() };
            merge::newest(place, table, &stored.parts, names, &all)?.into_iter().try_for_each(take)
        }
    }
}

/// The files of `part` with rows asked for, and how many rows are in them.
fn files(table: &Table, part: &Part, choice: &Choice<'_>) -> Vec<(String, usize)> {
    if part.days.is_empty() {
        return vec![(path(table, part, None), part.rows)];
    }
    let days = part.days.iter().filter(|(day, _)| choice.may_lie_on(day));
    days.map(|(day, rows)| (path(table, part, Some(day)), *rows)).collect()
}

/// The columns called `names` of the rows of `part` that are asked for, and of others beside them.
pub(super) fn whole(
    place: &impl Place,
    table: &Table,
    part: &Part,
    names: &[String],
    choice: &Choice<'_>,
) -> Result<DataFrame> {
    let mut frame: Option<DataFrame> = None;
    read(place, table, &files(table, part, choice), names, choice, &mut |rows| {
        match &mut frame {
            Some(frame) => {
                frame.vstack_mut_owned(rows)?;
            }
            None => frame = Some(rows),
        }
        Ok(())
    })?;
    Ok(frame.unwrap_or_default())
}

/// Hands the columns called `names` of `files` to `take`, file by file; of rows that are not asked for, as
/// many as it comes.
fn read(
    place: &impl Place,
    table: &Table,
    files: &[(String, usize)],
    names: &[String],
    choice: &Choice<'_>,
    take: Take<'_>,
) -> Result<()> {
    let (paths, rows): (Vec<String>, Vec<usize>) = files.iter().cloned().unzip();
    place.read(&paths, names, &mut |at, file| {
        let (Some(path), Some(rows)) = (paths.get(at), rows.get(at)) else { return Ok(()) };
        let path = place.name(path);
        let reader = ParquetReader::new(file);
        take(decoded(Path::new(&path), reader, table, *rows, names, choice)?)
    })
}

/// The columns called `names` of the file at `path`, which has so many `rows`.
fn decoded<R: polars_io::mmap::MmapBytesReader>(
    path: &Path,
    mut reader: ParquetReader<R>,
    table: &Table,
    rows: usize,
    names: &[String],
    choice: &Choice<'_>,
) -> Result<DataFrame> {
    let file = |error| Error::file(path, error);
    let metadata = reader.get_metadata().map_err(file)?;
    if metadata.num_rows != rows {
        let reason = format!("it has {} rows, not {rows}", metadata.num_rows);
        return Err(Error::damaged(path, reason));
    }
    let within = choice.within.as_ref();
    let (from, rows) =
        within.map_or((0, rows), |(column, range)| groups::span(metadata, &column.name, range));
    // What was written before a column was added to the table is null there.
    let there = reader.schema().map_err(file)?;
    let (there, missing): (Vec<_>, Vec<_>) =
        names.iter().cloned().partition(|name| there.contains(name));
    let reader = reader.with_columns(Some(there)).with_slice(Some((from, rows)));
    let mut frame = reader.finish().map_err(file)?;
    for name in &missing {
        let column = table.column(name)?;
        if !column.nullable {
            return Err(Error::damaged(path, format!("it has no column `{name}`")));
        }
        let dtype = column.dtype.to_polars();
        let nulls = Series::full_null(PlSmallStr::from_str(name), rows, &dtype);
        frame.with_column(nulls.into())?;
    }
    let frame = frame.select(names)?;
    if frame.height() != rows && !names.is_empty() {
        let reason = format!("it has {} rows, not {rows}", frame.height());
        return Err(Error::damaged(path, reason));
    }
    Ok(frame)
}
