//! The columns that are found by their values, where no name tells them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use tidegauge_core::DataType;

use super::super::sample::Sample;
use super::super::times;
use super::super::values::InferredColumn;
use super::by_name::Found;
use super::column::PurchaseColumn;

/// The most columns that a message names.
const MAX_CANDIDATES: usize = 8;

/// The columns that may be a required one: none, or several.
#[derive(Debug)]
pub(super) struct Ambiguous {
    pub(super) wanted: PurchaseColumn,
    pub(super) candidates: Vec<usize>,
}

/// Finds the required columns that no name tells. Numbers of eight digits that are all days become
/// times.
///
/// # Errors
/// Returns the columns that may be a required one, if it is not exactly one.
pub(super) fn find_by_content(
    columns: &mut [InferredColumn],
    sample: &Sample,
    (now, day_first): (DateTime<Utc>, Option<bool>),
    found: &mut Found,
) -> Result<(), Ambiguous> {
    for wanted in [PurchaseColumn::Time, PurchaseColumn::Value, PurchaseColumn::User] {
        if found.contains_key(&wanted) {
            continue;
        }
        if wanted == PurchaseColumn::Time {
            read_compact_days(columns, sample, (now, day_first), found);
        }
        let candidates: Vec<usize> =
            candidates(wanted, columns, sample, found).into_iter().take(MAX_CANDIDATES).collect();
        match candidates.as_slice() {
            [only] => drop(found.insert(wanted, *only)),
            _ => return Err(Ambiguous { wanted, candidates }),
        }
    }
    Ok(())
}

/// Returns `true` if each value of a column goes with one value of the other, and the other way
/// round: both are ids of the same.
fn are_one_to_one<'s>(sample: &'s Sample, one: usize, other: usize) -> bool {
    let (mut there, mut back) = (HashMap::new(), HashMap::new());
    let cell = |row: &'s [Option<String>], at: usize| row.get(at).and_then(Option::as_deref);
    let mut pairs = sample.rows.iter().map(|row| (cell(row, one), cell(row, other)));
    pairs.all(|(one, other)| {
        *there.entry(one).or_insert(other) == other && *back.entry(other).or_insert(one) == one
    })
}

/// Reads columns of numbers such as 19970101 as days, if there is no other column of times.
fn read_compact_days(
    columns: &mut [InferredColumn],
    sample: &Sample,
    (now, day_first): (DateTime<Utc>, Option<bool>),
    found: &Found,
) {
    let is_time =
        |column: &InferredColumn| matches!(column.dtype, DataType::Date | DataType::Timestamp);
    if columns.iter().any(is_time) {
        return;
    }
    for (at, column) in columns.iter_mut().enumerate() {
        let values: Vec<&str> = sample.values(at).map(str::trim).collect();
        let are_numbers = values
            .iter()
            .all(|text| text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()));
        if found.values().any(|taken| *taken == at) || values.is_empty() || !are_numbers {
            continue;
        }
        if let Some(format) = times::find("date", &values, now, day_first) {
            column.dtype = DataType::Date;
            column.rule.format = format.format;
            column.is_local = format.is_local;
        }
    }
}

/// Returns the columns that may be `wanted` by their values.
fn candidates(
    wanted: PurchaseColumn,
    columns: &[InferredColumn],
    sample: &Sample,
    found: &Found,
) -> Vec<usize> {
    let is_free = |at: &usize| !found.values().any(|taken| taken == at) && columns[*at].count > 0;
    let free: Vec<usize> = (0..columns.len()).filter(is_free).collect();
    let only = |is: &dyn Fn(&InferredColumn) -> bool| -> Vec<usize> {
        free.iter().copied().filter(|at| is(&columns[*at])).collect()
    };
    match wanted {
        PurchaseColumn::Time => {
            only(&|column| matches!(column.dtype, DataType::Date | DataType::Timestamp))
        }
        PurchaseColumn::Value => {
            let amounts = only(&|column| {
                matches!(column.dtype, DataType::Decimal { .. } | DataType::Float64)
            });
            match amounts.is_empty() {
                // Ids and numbers of items are whole numbers too.
                true => only(&|column| column.dtype == DataType::Int64 && !column.is_unique),
                false => amounts,
            }
        }
        _ => {
            // The users are the ids with most values that occur more than once.
            let mut ids = only(&|column| {
                matches!(column.dtype, DataType::Int64 | DataType::Text) && !column.is_unique
            });
            // Numbers of one or two digits are rather numbers of items.
            if ids.iter().any(|at| !columns[*at].is_small) {
                ids.retain(|at| !columns[*at].is_small);
            }
            let distinct =
                |at: &usize| sample.values(*at).collect::<std::collections::HashSet<_>>().len();
            let ids: Vec<(usize, usize)> = ids.into_iter().map(|at| (at, distinct(&at))).collect();
            let most = ids.iter().map(|(_, distinct)| *distinct).max().unwrap_or(0);
            // A column with a tenth of the values of another one is a category.
            let is_likely = |(_, distinct): &(usize, usize)| *distinct > 1 && distinct * 10 > most;
            let mut ids: Vec<usize> = ids.into_iter().filter(is_likely).map(|(at, _)| at).collect();
            if let [first, others @ ..] = ids.as_slice()
                && others.iter().all(|other| are_one_to_one(sample, *first, *other))
            {
                ids.truncate(1);
            }
            ids
        }
    }
}
