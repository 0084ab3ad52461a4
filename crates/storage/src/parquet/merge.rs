//! Of rows that were written again, the newest.

use tidegauge_core::Table;
use tidegauge_core::polars::frame::DataFrame;

use super::scan::{Choice, filtered, whole};
use crate::Result;
use crate::folder::{KeyMap, Keys, Part, Place, Range};

/// Rows that may yet be replaced, and which of them are still the newest.
struct Kept {
    rows: DataFrame,
    stays: Vec<bool>,
}

/// The columns called `names` of the rows asked for, part by part, oldest first, without what a later part
/// replaces. What is held besides are the keys of those rows: of others it is enough to know that they
/// replace one.
pub(super) fn newest(
    place: &impl Place,
    table: &Table,
    parts: &[Part],
    names: &[String],
    choice: &Choice<'_>,
) -> Result<Vec<DataFrame>> {
    let mut keys: Vec<String> = table.key.iter().map(ToString::to_string).collect();
    let key = keys.clone();
    keys.retain(|key| !names.contains(key));
    let with_key = [names, &keys].concat();
    let mut kept: Vec<Kept> = Vec::new();
    let mut seen: KeyMap<(usize, usize)> = KeyMap::new(table)?;
    let mut earlier: Vec<&Part> = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        let meets = |other: &Part| Range::meets(part.range.as_ref(), other.range.as_ref());
        // No part has a key twice: most ranges meet no other, and those parts stay whole.
        let replaces = earlier.iter().any(|other| meets(other));
        if !choice.may_lie_in(table, part) {
            if !replaces {
                continue;
            }
            let mut frame = whole(place, table, part, &key, &Choice::default())?;
            frame.rechunk_mut();
            let keys = Keys::of(&frame, table)?;
            for row in 0..frame.height() {
                forget(&mut kept, seen.remove(&keys, row));
            }
            continue;
        }
        let replaced = parts[at + 1..].iter().any(meets);
        earlier.push(part);
        let wanted = if replaces || replaced { &with_key[..] } else { names };
        // What replaces nothing need not be read to be left out.
        let all = Choice::default();
        let read = if replaces { &all } else { choice };
        let mut frame = whole(place, table, part, &choice.with(wanted), read)?;
        frame.rechunk_mut();
        let inside = choice.of(&frame)?;
        let mut count = 0;
        if replaces || replaced {
            let keys = Keys::of(&frame, table)?;
            for row in 0..frame.height() {
                if inside.as_ref().is_none_or(|inside| inside[row]) {
                    let older = seen.insert(&keys, row, (kept.len(), count));
                    forget(&mut kept, older);
                    count += 1;
                } else {
                    forget(&mut kept, seen.remove(&keys, row));
                }
            }
        }
        let rows = match &inside {
            Some(inside) => filtered(frame, inside)?,
            None => frame,
        };
        kept.push(Kept { rows: rows.select(names)?, stays: vec![true; count] });
    }
    let rows = kept.into_iter().map(|Kept { rows, stays }| match stays.contains(&false) {
        true => filtered(rows, &stays),
        false => Ok(rows),
    });
    rows.collect()
}

/// The row that lies there is not the newest any more.
fn forget(kept: &mut [Kept], place: Option<(usize, usize)>) {
    let Some((part, row)) = place else { return };
    if let Some(stays) = kept.get_mut(part).and_then(|kept| kept.stays.get_mut(row)) {
        *stays = false;
    }
}
