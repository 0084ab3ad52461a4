//! Removal of rows: parts are left out, or rewritten without the removed rows.

use std::ops::ControlFlow;

use tidegauge_core::{Batch, Predicate, Removal, Scan};

use super::file::{ParquetFile, Request};
use super::name::Name;
use super::tally::Tally;
use super::{load, prune, scan};
use crate::Result;
use crate::folder::{Commit, Files, Part, Stored};

/// Counts the rows of `stored` that `removal` removes and a reader would see.
pub(super) fn count<P: Files>(place: &P, removal: &Removal, stored: &Stored) -> Result<usize> {
    let (table, tally) = (removal.table(), Tally::new(&removal.table().name));
    let request = Request {
        table: table.clone(),
        output: Scan::columns(table, table.key.first().map(ToString::to_string)).output()?,
        predicate: removal.predicate().clone(),
        limit: None,
    };
    let mut rows = 0;
    for unit in scan::units(place, &tally, &request, stored)? {
        rows += match &unit.stays {
            Some(stays) => stays.count_set_bits(),
            None if removal.is_whole() => unit.file.rows,
            None => {
                let mut passing = 0;
                ParquetFile::open(place, &tally, &unit.file, true)?.read(
                    &request,
                    &mut |batch| {
                        passing += batch.rows();
                        Ok(ControlFlow::Continue(()))
                    },
                )?;
                passing
            }
        };
    }
    Ok(rows)
}

/// Removes the rows of `removal` from `stored`: as whole parts if possible, otherwise by rewriting
/// the remaining rows of a part, each such part as a commit of its own with numbers from `commit`
/// on. The paths of files that are no longer named are appended to `old`.
pub(super) fn remove<P: Files>(
    place: &P,
    removal: &Removal,
    stored: &mut Stored,
    (commit, mark): (&mut u64, Option<&str>),
    old: &mut Vec<String>,
) -> Result<()> {
    let (table, mut left) = (removal.table(), Vec::new());
    if !removal.is_whole() {
        stored.widen(table);
    }
    for part in std::mem::take(&mut stored.parts) {
        let rest = match removal.is_whole() {
            true => Some(Vec::new()),
            false => rest(place, removal, &part)?,
        };
        let Some(rest) = rest else {
            left.push(part);
            continue;
        };
        let time = table.time.as_deref().unwrap_or_default();
        old.extend(Name::of_part(&table.name, &part).map(|name| name.path(time)));
        let rest = Batch::concat(table, &rest)?;
        if rest.rows() > 0 {
            *commit += 1;
            let mut new = Part::new(*commit, mark, rest.rows());
            new.origin = Some(part.first_commit());
            new.replaces = part.replaces;
            new.range = part.range;
            let mut note = Commit { is_last: true, ..Commit::default() };
            load::write(place, table, stored, &mut new, rest, &mut note)?;
            left.push(new);
        }
    }
    stored.parts = left;
    Ok(())
}

/// Returns the rows of `part` that are not removed, or `None` if none is removed.
fn rest<P: Files>(place: &P, removal: &Removal, part: &Part) -> Result<Option<Vec<Batch>>> {
    let (table, predicate) = (removal.table(), removal.predicate());
    if predicate.is_never() || !prune::part(predicate, table, part) {
        return Ok(None);
    }
    let tally = Tally::new(&table.name);
    let request = Request {
        table: table.clone(),
        output: table.clone(),
        predicate: Predicate::default(),
        limit: None,
    };
    let (mut rest, mut rows) = (Vec::new(), 0);
    for file in scan::files(&request.predicate, table, part) {
        ParquetFile::open(place, &tally, &file, false)?.read(&request, &mut |batch| {
            let goes = predicate.keeps(&batch)?;
            let stays: Vec<u32> =
                (0..).take(batch.rows()).filter(|row| !goes.value(*row as usize)).collect();
            rows += stays.len();
            rest.push(batch.take(&stays)?);
            Ok(ControlFlow::Continue(()))
        })?;
    }
    Ok((rows < part.rows).then_some(rest))
}
