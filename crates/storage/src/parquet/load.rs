//! Writing files, and removing those that no commit names.

use std::collections::HashSet;

use tidegauge_core::{Batch, Table, WriteMode};

use super::{commit, days, file, path};
use crate::Result;
use crate::folder::{Files, Manifest, Part, ranges, times};
use crate::keys::newest;
use crate::parquet_file::encode;

/// Writes the rows of `batch` as the files of `part`.
pub(super) fn write(
    place: &impl Files,
    table: &Table,
    part: &mut Part,
    batch: Batch,
) -> Result<()> {
    let batch = match table.write {
        WriteMode::Append => batch,
        WriteMode::Merge => newest(table, batch)?,
    };
    part.rows = batch.rows();
    part.ranges = ranges(&batch, table)?;
    let times = times(&batch, table)?;
    let days = days::by_day(table, batch)?;
    part.days = days.iter().filter_map(|(day, rows)| Some((day.clone()?, rows.rows()))).collect();
    part.times = times.filter(|_| part.days.is_empty());
    // By way of memory, which a page fits: what the disk says is then said by itself.
    let encoded = |(day, rows): &(Option<String>, Batch)| {
        Ok((path(table, part, day.as_deref()), encode(rows.record())?))
    };
    place.write(&mut days.iter().map(encoded))
}

/// Removes the files that a killed load left: those that are called like ours, are not in the manifest,
/// and will not be.
pub(super) fn clean<P: Files>(place: &P, manifest: &Manifest) -> Result<()> {
    let mut committed = HashSet::new();
    for (table, stored) in &manifest.tables {
        for part in &stored.parts {
            let days = part.days.keys().map(|day| (table.as_str(), Some(day.as_str()), file(part)));
            committed.extend(days);
            if part.days.is_empty() {
                committed.insert((table, None, file(part)));
            }
        }
    }
    let mut paths = place.files()?;
    paths.retain(|path| {
        taken_apart(path).is_some_and(|(table, day, name)| {
            commit(name).is_some_and(|commit| P::is_over(commit, manifest))
                && !committed.contains(&(table, day, name.to_owned()))
        })
    });
    for path in &paths {
        tracing::warn!(path = place.name(path), "removing what an unfinished load left");
    }
    place.remove(&paths)
}

/// The table, the day and the name of the file at `path`: `<table>/<time>_day=<day>/<name>`, where tables
/// without a time have no day. None of what lies elsewhere.
fn taken_apart(path: &str) -> Option<(&str, Option<&str>, &str)> {
    let (table, rest) = path.split_once('/')?;
    let Some((folder, name)) = rest.split_once('/') else { return Some((table, None, rest)) };
    let (_, day) = folder.split_once('=')?;
    Some((table, Some(day), name))
}
