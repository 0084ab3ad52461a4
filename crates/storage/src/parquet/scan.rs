//! Reading columns back, from the files that the manifest names.

use std::path::Path;

use polars_io::SerReader;
use polars_io::parquet::read::ParquetReader;
use tidegauge_core::polars::frame::DataFrame;
use tidegauge_core::polars::prelude::{BooleanChunked, NewChunkedArray, PlSmallStr, Series};
use tidegauge_core::{Aggregate, Fold, Scan, Table, WriteMode};

use super::{ParquetFiles, days, file, folder, opened};
use crate::folder::{Format, KeySet, Keys, Manifest, Part, Range};
use crate::{Error, Result, cells};

/// The columns that `scan` wants; no rows of a table that is not there.
pub(super) fn scan(dir: &Path, scan: &Scan) -> Result<DataFrame> {
    crate::check(&scan.table)?;
    let wanted = scan.wanted()?;
    let names: Vec<String> = wanted.iter().map(|column| column.name.to_string()).collect();
    let mut frame = cells::none(&cells::projected(&scan.table, wanted))?;
    each(
        dir,
        &scan.table,
        &names,
        |_| true,
        |part| {
            frame.vstack_mut_owned(part)?;
            Ok(())
        },
    )?;
    Ok(frame)
}

/// A summary, part by part.
pub(super) fn summarise(dir: &Path, aggregate: &Aggregate) -> Result<DataFrame> {
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
    each(dir, &aggregate.table, &names, wanted, |part| Ok(fold.add(&part)?))?;
    Ok(fold.finish()?)
}

/// Hands the columns called `names` to `take`, part by part; only the days that are `wanted`, where that
/// can be told.
fn each(
    dir: &Path,
    table: &Table,
    names: &[String],
    wanted: impl Fn(&str) -> bool,
    mut take: impl FnMut(DataFrame) -> Result<()>,
) -> Result<()> {
    let manifest = Manifest::read(dir, ParquetFiles::NAME)?;
    let Some(stored) = manifest.tables.get(table.name.as_ref()) else { return Ok(()) };
    stored.compare(table)?;
    match table.write {
        WriteMode::Append => stored.parts.iter().try_for_each(|part| {
            let mut some = part.clone();
            some.days.retain(|day, _| wanted(day));
            match part.days.is_empty() || !some.days.is_empty() {
                true => take(read(dir, table, &some, names.to_vec())?),
                false => Ok(()),
            }
        }),
        // What replaces a row of one day may lie in another.
        WriteMode::Merge => {
            newest(dir, table, &stored.parts, names)?.into_iter().try_for_each(take)
        }
    }
}

/// The columns called `names` of the rows of `part`, in that order.
pub(super) fn read(
    dir: &Path,
    table: &Table,
    part: &Part,
    names: Vec<String>,
) -> Result<DataFrame> {
    if part.days.is_empty() {
        let path = folder(dir, table, None).join(file(part.commit));
        return read_file(&path, table, part.rows, names);
    }
    let mut frame: Option<DataFrame> = None;
    for (day, rows) in &part.days {
        let path = folder(dir, table, Some(day)).join(file(part.commit));
        let day = read_file(&path, table, *rows, names.clone())?;
        match &mut frame {
            Some(frame) => {
                frame.vstack_mut_owned(day)?;
            }
            None => frame = Some(day),
        }
    }
    Ok(frame.unwrap_or_default())
}

fn read_file(path: &Path, table: &Table, rows: usize, names: Vec<String>) -> Result<DataFrame> {
    let file = |error| Error::file(path, error);
    let mut reader = ParquetReader::new(opened(path)?);
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
    let frame = frame.select(&names)?;
    if frame.height() != rows && !names.is_empty() {
        let reason = format!("it has {} rows, not {rows}", frame.height());
        return Err(Error::damaged(path, reason));
    }
    Ok(frame)
}

/// The parts, oldest first, without the rows that a later part replaces.
fn newest(dir: &Path, table: &Table, parts: &[Part], names: &[String]) -> Result<Vec<DataFrame>> {
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
            kept.push(read(dir, table, part, names.to_vec())?);
            continue;
        }
        let mut frame = read(dir, table, part, with_key.clone())?;
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
