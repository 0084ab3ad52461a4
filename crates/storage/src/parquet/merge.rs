//! Merge on read: the selection of the newest row of each key.

use tidegauge_core::arrow::buffer::BooleanBufferBuilder;
use tidegauge_core::{Batch, Condition, Predicate, Scan};

use super::file::{DataFile, ParquetFile, Request};
use super::prune;
use super::scan::{Unit, files};
use super::tally::Tally;
use crate::Result;
use crate::folder::{Files, Part, Range};
use crate::keys::{KeyMap, Keys};

/// The location of the newest row of a key: the index of its file, and its own within that.
type Place = (u32, u32);

/// A search for the newest rows among parts, which are ordered from the oldest, and for those of
/// them that pass.
///
/// No part has a key twice, and most key ranges overlap no other: such parts are read as they are.
/// Of the others only the keys are read here. Memory holds the keys of rows that pass, and a bit
/// per row; for other rows it suffices to know that they replace one.
struct Newest<'a, P> {
    place: &'a P,
    tally: &'a Tally,
    request: &'a Request,
    /// The conditions on key columns: a row that fails them replaces no row that passes.
    on_key: Predicate,
    places: KeyMap<Place>,
    /// For each file whose keys were read, the rows that pass and are the newest.
    stays: Vec<BooleanBufferBuilder>,
}

/// The relation of a part to the others.
#[derive(Clone, Copy)]
struct Standing {
    /// It may have rows that pass.
    wanted: bool,
    /// It may replace rows of older parts that pass.
    replaces: bool,
    /// Newer parts may replace rows of it.
    replaced: bool,
}

/// Returns the files with rows that pass, and which of their rows are the newest.
pub(super) fn newest<P: Files>(
    place: &P,
    tally: &Tally,
    request: &Request,
    parts: &[Part],
) -> Result<Vec<Unit>> {
    let table = &request.table;
    let is_on_key = |condition: &&Condition| table.key.contains(&condition.name);
    let on_key = request.predicate.conditions.iter().filter(is_on_key).cloned().collect();
    let mut newest = Newest {
        place,
        tally,
        request,
        on_key: Predicate { conditions: on_key },
        places: KeyMap::new(table)?,
        stays: Vec::new(),
    };
    let mut chosen: Vec<(DataFile, Option<usize>)> = Vec::new();
    let mut earlier: Vec<&Part> = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        let meets = |other: &Part| Range::meets(part.range.as_ref(), other.range.as_ref());
        let reaches = |other: &Part| meets(other) && prune::part(&newest.on_key, table, other);
        let standing = Standing {
            wanted: prune::part(&request.predicate, table, part),
            replaces: prune::part(&newest.on_key, table, part)
                && earlier.iter().any(|other| meets(other)),
            replaced: parts[at + 1..].iter().any(reaches),
        };
        if standing.wanted {
            earlier.push(part);
        } else if !standing.replaces {
            continue;
        }
        // Without `replaces`, only days with rows that pass need to be read.
        let everything = Predicate::default();
        let days = if standing.replaces { &everything } else { &request.predicate };
        for file in files(days, table, part) {
            if !standing.replaces && !standing.replaced {
                chosen.push((file, None));
                continue;
            }
            let stays = newest.read(&file, standing)?;
            if standing.wanted {
                chosen.push((file, Some(stays)));
            }
        }
    }
    let mut stays: Vec<_> = newest.stays.iter_mut().map(BooleanBufferBuilder::finish).collect();
    let units = chosen.into_iter().map(|(file, place)| {
        let stays = place.and_then(|place| stays.get_mut(place));
        Unit { file, stays: stays.cloned() }
    });
    Ok(units
        .filter(|unit| unit.stays.as_ref().is_none_or(|stays| stays.count_set_bits() > 0))
        .collect())
}

impl<P: Files> Newest<'_, P> {
    /// Reads the keys of a file; returns the index of its bits in `stays`.
    fn read(&mut self, file: &DataFile, standing: Standing) -> Result<usize> {
        let Self { request, on_key, places, stays, .. } = self;
        let table = &request.table;
        let mut names: Vec<String> = table.key.iter().map(ToString::to_string).collect();
        if standing.wanted {
            for condition in &request.predicate.conditions {
                if !names.iter().any(|name| *name == condition.name) {
                    names.push(condition.name.to_string());
                }
            }
        }
        // A row may replace another one even if it does not pass itself, so only key conditions
        // apply.
        let predicate = if standing.replaces { on_key.clone() } else { request.predicate.clone() };
        let output = Scan::columns(table, names).output()?;
        let keys = Request { table: table.clone(), output, predicate, limit: None };
        let mut bits = BooleanBufferBuilder::new(file.rows);
        bits.append_n(file.rows, false);
        let index = stays.len();
        stays.push(bits);
        let number = u32::try_from(index).unwrap_or(u32::MAX);
        let opened = ParquetFile::open(self.place, self.tally, file, false)?;
        opened.read_groups(&keys, &mut |batch: &Batch, rows| {
            let keys = Keys::of(batch, table)?;
            let passes = match standing.wanted {
                true => Some(request.predicate.keeps(batch)?),
                false => None,
            };
            for (row, at) in (0..batch.rows()).zip(rows) {
                let passes = passes.as_ref().is_some_and(|passes| passes.value(row));
                if passes {
                    stays[index].set_bit(at, true);
                }
                let older = match passes && standing.replaced {
                    true => {
                        let at = u32::try_from(at).unwrap_or(u32::MAX);
                        places.insert(&keys, row, (number, at))
                    }
                    false => places.remove(&keys, row),
                };
                if let Some((file, row)) = older {
                    stays[file as usize].set_bit(row as usize, false);
                }
            }
            Ok(())
        })?;
        Ok(index)
    }
}
