//! Reading columns back, from the files that the manifest names.

use std::path::Path;

use polars_io::SerReader;
use polars_io::parquet::read::ParquetReader;
use tidegauge_core::polars::frame::DataFrame;
use tidegauge_core::polars::prelude::{BooleanChunked, NewChunkedArray, PlSmallStr, Series};
use tidegauge_core::{Aggregate, Fold, Scan, Table, WriteMode};

use super::{NAME, days, path};
use crate::folder::{KeySet, Keys, Manifest, Part, Place, Range};
use crate::{Error, Result, cells};

/// The columns that `scan` wants; no rows of a table that is not there.
pub(super) fn scan(place: &impl Place, scan: &Scan) -> Result<DataFrame> {
    crate::check(&scan.table)?;
    let wanted = scan.wanted()?;
    let names: Vec<String> = wanted.iter().map(|column| column.name.to_string()).collect();
    let mut frame = cells::none(&cells::projected(&scan.table, wanted))?;
    each(place, &scan.table, &names, |_| true, &mut |rows| {
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
    let bounds = aggregate.bounds()?;
    let wanted = |day: &str| {
        bounds.as_ref().is_none_or(|(time, bounds)| days::may_lie_in(day, time.dtype, bounds))
    };
    each(place, &aggregate.table, &names, wanted, &mut |rows| Ok(fold.add(&rows)?))?;
    Ok(fold.finish()?)
}

/// What takes rows.
type Take<'a> = &'a mut dyn FnMut(DataFrame) -> Result<()>;

/// Hands the columns called `names` to `take`, bit by bit; only the days that are `wanted`, where that
/// can be told.
fn each(
    place: &impl Place,
    table: &Table,
    names: &[String],
    wanted: impl Fn(&str) -> bool,
    take: Take<'_>,
) -> Result<()> {
    let manifest = Manifest::read(place, NAME)?;
    let Some(stored) = manifest.tables.get(table.name.as_ref()) else { return Ok(()) };
    stored.compare(table)?;
    match table.write {
        WriteMode::Append => {
            let parts = stored.parts.iter();
            let files: Vec<_> = parts.flat_map(|part| files(table, part, &wanted)).collect();
            read(place, table, &files, names, take)
        }
        // What replaces a row of one day may lie in another.
        WriteMode::Merge => {
            newest(place, table, &stored.parts, names)?.into_iter().try_for_each(take)
        }
    }
}

/// The files of `part`, of the days that are `wanted`, and how many rows are in them.
fn files(table: &Table, part: &Part, wanted: &impl Fn(&str) -> bool) -> Vec<(String, usize)> {
    if part.days.is_empty() {
        return vec![(path(table, part, None), part.rows)];
    }
    let days = part.days.iter().filter(|(day, _)| wanted(day));
    days.map(|(day, rows)| (path(table, part, Some(day)), *rows)).collect()
}

/// The columns called `names` of all rows of `part`, in that order.
pub(super) fn whole(
    place: &impl Place,
    table: &Table,
    part: &Part,
    names: &[String],
) -> Result<DataFrame> {
    let mut frame: Option<DataFrame> = None;
    read(place, table, &files(table, part, &|_| true), names, &mut |rows| {
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

/// Hands the columns called `names` of `files` to `take`, file by file.
fn read(
    place: &impl Place,
    table: &Table,
    files: &[(String, usize)],
    names: &[String],
    take: Take<'_>,
) -> Result<()> {
    let (paths, rows): (Vec<String>, Vec<usize>) = files.iter().cloned().unzip();
    place.read(&paths, names, &mut |at, file| {
        let (Some(path), Some(rows)) = (paths.get(at), rows.get(at)) else { return Ok(()) };
        let path = place.name(path);
        take(decoded(Path::new(&path), ParquetReader::new(file), table, *rows, names)?)
    })
}

/// The columns called `names` of the file at `path`, which has so many `rows`.
fn decoded<R: polars_io::mmap::MmapBytesReader>(
    path: &Path,
    mut reader: ParquetReader<R>,
    table: &Table,
    rows: usize,
    names: &[String],
) -> Result<DataFrame> {
    let file = |error| Error::file(path, error);
    // What was written before a column was added to the table is null there.
    let there = reader.schema().map_err(file)?;
    let (there, missing): (Vec<_>, Vec<_>) =
        names.iter().cloned().partition(|name| there.contains(name));
    let mut frame = reader.with_columns(Some(there)).finish().map_err(file)?;
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

/// The parts, oldest first, without the rows that a later part replaces.
fn newest(
    place: &impl Place,
    table: &Table,
    parts: &[Part],
    names: &[String],
) -> Result<Vec<DataFrame>> {
    let mut with_key = names.to_vec();
    let keys = table.key.iter().filter(|key| !names.iter().any(|name| name == *key));
    with_key.extend(keys.map(ToString::to_string));
    let mut seen = KeySet::new(table)?;
    let mut kept = Vec::with_capacity(parts.len());
    for (at, part) in parts.iter().enumerate().rev() {
        let meets = |other: &Part| Range::meets(part.range.as_ref(), other.range.as_ref());
        // No part has a key twice: most ranges meet no other, and those parts stay whole.
        let replaced = parts[at + 1..].iter().any(meets);
        let replaces = parts[..at].iter().any(meets);
        if !replaced && !replaces {
            kept.push(whole(place, table, part, names)?);
            continue;
        }
        let mut frame = whole(place, table, part, &with_key)?;
        frame.rechunk_mut();
        let stays: Vec<bool> = {
            let keys = Keys::of(&frame, table)?;
            (0..frame.height()).map(|row| seen.insert(&keys, row)).collect()
        };
        if stays.contains(&false) {
            frame = frame.filter(&BooleanChunked::from_slice(PlSmallStr::EMPTY, &stays))?;
        }
        kept.push(frame.select(names)?);
    }
    kept.reverse();
    Ok(kept)
}
