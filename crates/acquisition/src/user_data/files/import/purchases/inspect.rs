//! The inspection of a file of purchases.

use chrono::{DateTime, Utc};
use tidegauge_core::DataType;

use super::super::inspect::{columns as infer_columns, null_markers, pattern};
use super::super::inspection::Hints;
use super::super::sample::Sample;
use super::super::time_zones::resolve_time_zones;
use super::super::values::InferredColumn;
use super::super::{read_sample, words};
use super::by_content::{Ambiguous, find_by_content};
use super::by_name::{Found, find_by_name};
use super::column::PurchaseColumn;
use super::dimension::{PurchaseDimension, dimensions};
use super::hints::{PurchaseFile, PurchaseHints};
use super::layout::Layout;
use super::mapping::{is_pair, rules};
use super::names::{PRICES, currency_in};
use super::table::{NAME, purchases_table};
use crate::bad_rows::BadRows;
use crate::user_data::duplicate_rows::DuplicateRows;
use crate::user_data::files::config::Config;
use crate::user_data::files::listing;
use crate::user_data::files::presets;
use crate::user_data::mapping::Constant;
use crate::{Error, Result};

/// Infers which columns of the file at `path`, or of the last file that matches a pattern, are the
/// user, the time and the value of purchases, and how to read them. It asks nothing and writes
/// nothing. Numbers may be times up to the day after `now`.
///
/// # Errors
/// Returns an error if the file cannot be read or has no rows, if a column of `hints` does not
/// exist, or if no column or several may be a required one; the error names them.
pub fn inspect_purchases(
    path: &str,
    hints: &PurchaseHints,
    now: DateTime<Utc>,
) -> Result<PurchaseFile> {
    let pattern = pattern(path);
    let files = listing::list(&pattern)?;
    let Some(file) = files.last() else { return Err(Error::NoFiles { pattern }) };
    let delimiter = hints.delimiter.map(|sign| {
        u8::try_from(sign)
            .map_err(|_| Error::config("delimiter", format!("`{sign}` is not a sign of ASCII")))
    });
    let sample = read_sample::read(&file.path, &file.name, now, delimiter.transpose()?)?;
    let known = Hints { day_first: hints.day_first, zone: hints.zone.clone(), ..Hints::default() };
    let mut columns = infer_columns(&sample, &known, now);
    let place = file.path.display().to_string();
    let mut found = asked(&place, &mut columns, hints)?;
    let layout = Layout::of(&columns);
    find_by_name(&columns, &sample, layout, &mut found);
    add_pair_currency(&columns, layout, &mut found);
    let only_user = only_user(&sample, &found);
    if only_user.is_some() {
        // A place holder, so that no other column is taken for the user.
        found.insert(PurchaseColumn::User, usize::MAX);
    }
    find_by_content(&mut columns, &sample, (now, hints.day_first), &mut found)
        .map_err(|ambiguous| missing(&place, &ambiguous, &columns))?;
    found.retain(|_, at| *at != usize::MAX);
    keep_quantity(&columns, hints, &mut found);
    let dimensions = dimensions(&place, &columns, &found, &hints.dimensions)?;
    describe(pattern, sample, columns, (layout, found, dimensions, only_user), (hints, &known))
}

/// Returns the settings of the found columns.
fn describe(
    path: String,
    sample: Sample,
    columns: Vec<InferredColumn>,
    (layout, found, dimensions, only_user): (
        Layout,
        Found,
        Vec<(PurchaseDimension, usize)>,
        Option<String>,
    ),
    (hints, known): (&PurchaseHints, &Hints),
) -> Result<PurchaseFile> {
    let table =
        purchases_table(found.keys().copied(), dimensions.iter().map(|(dimension, _)| dimension))?;
    let mut entry = Config {
        name: NAME.into(),
        path,
        table: NAME.into(),
        bad_rows: BadRows::Quarantine,
        on_duplicate: Some(DuplicateRows::Last),
        columns: rules((&found, &dimensions), &columns, layout, hints),
        nulls: null_markers(&columns),
        settle: std::time::Duration::ZERO,
        ..sample.config.clone()
    };
    let mut guesses: Vec<String> = sample.guesses.iter().map(|guess| guess.text.clone()).collect();
    for (wanted, at) in found.iter().filter(|(wanted, _)| !hints.columns.contains_key(wanted)) {
        let name = columns[*at].name.trim();
        guesses.push(format!("`{name}` is {}", wanted.meaning()));
    }
    for (PurchaseDimension { name, header, .. }, _) in &dimensions {
        guesses.push(format!("`{}` is a dimension of the users, `{name}`", header.trim()));
    }
    if let Some(user) = &only_user {
        guesses.push(format!(
            "the export is of one account and names no user: all rows are of one, `{user}`; `--user COLUMN` \
             tells users apart"
        ));
    }
    let mut questions = Vec::new();
    resolve_time_zones(&mut entry.columns, &table, &columns, known, &mut questions);
    guesses.extend(questions.into_iter().map(|guess| guess.text));
    let value = found.get(&PurchaseColumn::Value).map(|at| &columns[*at]);
    let divisor = value
        .filter(|column| column.dtype == DataType::Int64)
        .and_then(|column| words::divisor(&column.name));
    if let (Some(divisor), Some(column)) = (divisor, value) {
        guesses.push(format!("`{}` is divided by {divisor}, as its name says", column.name));
    }
    let currency = match found.contains_key(&PurchaseColumn::Currency) {
        true => None,
        false => value.and_then(|column| currency_of(column, &mut guesses)),
    };
    let columns = found.iter().map(|(wanted, at)| (*wanted, columns[*at].name.clone())).collect();
    let (found, divisor) = (sample.found, divisor.unwrap_or(1));
    let dimensions = dimensions.into_iter().map(|(dimension, _)| dimension).collect();
    Ok(PurchaseFile {
        entry,
        table,
        columns,
        dimensions,
        layout,
        divisor,
        currency,
        only_user,
        found,
        guesses,
    })
}

/// Returns the columns that `hints` name, by name or by position.
fn asked(place: &str, columns: &mut [InferredColumn], hints: &PurchaseHints) -> Result<Found> {
    let mut found = Found::new();
    for (wanted, name) in &hints.columns {
        let by_name = columns.iter().position(|column| words::are_similar(&column.name, name));
        let by_position = || name.trim().parse::<usize>().ok()?.checked_sub(1);
        let at = by_name.or_else(by_position).filter(|at| *at < columns.len());
        let Some(at) = at else {
            return Err(Error::Columns {
                path: place.to_owned(),
                reason: format!(
                    "there is no column `{name}`, which `{}` names; it has {}",
                    wanted.option(),
                    listed(columns.iter())
                ),
            });
        };
        found.insert(*wanted, at);
    }
    Ok(found)
}

/// Returns the error of a required column that is not exactly one.
fn missing(place: &str, ambiguous: &Ambiguous, columns: &[InferredColumn]) -> Error {
    let Ambiguous { wanted, candidates } = ambiguous;
    let (option, meaning) = (wanted.option(), wanted.meaning());
    let reason = match candidates.is_empty() {
        true => format!(
            "no column is known to be {meaning} of purchases: `{option} COLUMN` names it; it has {}",
            listed(columns.iter())
        ),
        false => format!(
            "several columns may be {meaning} of purchases: `{option} COLUMN` names one of {}",
            listed(candidates.iter().filter_map(|at| columns.get(*at)))
        ),
    };
    Error::Columns { path: place.to_owned(), reason }
}

fn listed<'c>(columns: impl Iterator<Item = &'c InferredColumn>) -> String {
    let names: Vec<_> = columns.map(|column| format!("`{}`", column.name.trim())).collect();
    names.join(", ")
}

/// Takes the currency of trades from their pair, if no column has it.
fn add_pair_currency(columns: &[InferredColumn], layout: Layout, found: &mut Found) {
    if layout == Layout::Trades
        && !found.contains_key(&PurchaseColumn::Currency)
        && let Some(pair) = columns.iter().position(is_pair)
    {
        found.insert(PurchaseColumn::Currency, pair);
    }
}

/// Removes the number of items, unless the value is the price of one, or the user names the column.
fn keep_quantity(columns: &[InferredColumn], hints: &PurchaseHints, found: &mut Found) {
    let is_price = found.get(&PurchaseColumn::Value).is_some_and(|at| {
        let names = words::name_candidates(&columns[*at].name);
        names.iter().any(|name| PRICES.contains(&name.as_str()))
    });
    let is_asked = hints.columns.contains_key(&PurchaseColumn::Quantity);
    if !is_asked && (!is_price || hints.columns.contains_key(&PurchaseColumn::Value)) {
        found.remove(&PurchaseColumn::Quantity);
    }
}

/// Returns the only user of an export of one account, which names none.
fn only_user(sample: &Sample, found: &Found) -> Option<String> {
    if found.contains_key(&PurchaseColumn::User) {
        return None;
    }
    let names: Vec<&str> = sample.names.iter().map(String::as_str).collect();
    let preset = presets::preset_for(&names)?;
    let rule = preset.entries.iter().find_map(|entry| entry.columns.get("user_id"))?;
    match &rule.value {
        Some(Constant::Text(user)) => Some(user.clone()),
        _ => None,
    }
}

/// Returns the currency that the signs or the name of an amount tell.
fn currency_of(value: &InferredColumn, guesses: &mut Vec<String>) -> Option<String> {
    let signs: Vec<&String> = value.units.iter().collect();
    let Some(sign) = signs.first().filter(|_| signs.len() == 1) else {
        return currency_in(&value.name);
    };
    match words::currency(sign) {
        Some((currency, is_certain)) => {
            if !is_certain {
                guesses.push(format!(
                    "`{sign}` is taken for {currency}; `--currency-code` says otherwise"
                ));
            }
            Some(currency.to_owned())
        }
        None => words::is_currency(sign).then(|| (*sign).clone()),
    }
}
