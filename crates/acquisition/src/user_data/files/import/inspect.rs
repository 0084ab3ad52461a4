//! The inference of the configuration of a file from its content.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use tidegauge_core::{DataType, Table, WriteMode, tables};

use super::inspection::{Guess, Hints, Inspection, Question};
use super::sample::Sample;
use super::table_match::{self, TableMatch};
use super::time_zones::resolve_time_zones;
use super::values::InferredColumn;
use super::{declared_table, number_text, read_sample, words};
use crate::bad_rows::BadRows;
use crate::user_data::duplicate_rows::DuplicateRows;
use crate::user_data::files::config::Config;
use crate::user_data::files::listing;
use crate::user_data::files::presets::{self, Preset};
use crate::user_data::mapping::{declare, resolve};
use crate::{Error, Result};

/// Infers the configuration of the file at `path`, or of the last file that matches a pattern. It
/// asks nothing and writes nothing. Numbers may be times up to the day after `now`.
///
/// # Errors
/// Returns an error if the file cannot be read or has no rows, or if the requested table does not
/// exist or cannot be filled from it.
pub fn inspect(path: &str, hints: &Hints, now: DateTime<Utc>) -> Result<Inspection> {
    if let Some(table) = &hints.table
        && tables::by_name(table).is_none()
    {
        let apply_preset = tables::all();
        let apply_preset: Vec<_> =
            apply_preset.iter().map(|table| format!("`{}`", table.name)).collect();
        let reason =
            format!("there is no built-in table `{table}`, but {}", apply_preset.join(", "));
        return Err(Error::config("table", reason));
    }
    refuse_unknown_columns(hints)?;
    let pattern = pattern(path);
    let files = listing::list(&pattern)?;
    let Some(file) = files.last() else { return Err(Error::NoFiles { pattern }) };
    let sample = read_sample::read(&file.path, &file.name, now, None)?;
    let stem = file.path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let stem = stem.split('.').next().unwrap_or_default();
    let mut entry = Config {
        name: hints.name.clone().unwrap_or_else(|| words::identifier(stem, "file")),
        path: pattern,
        bad_rows: BadRows::Quarantine,
        ..sample.config.clone()
    };
    let mut import = Inspection {
        found: sample.found.clone(),
        guesses: sample.guesses.clone(),
        ..Inspection::default()
    };
    let names: Vec<&str> = sample.names.iter().map(String::as_str).collect();
    let is_asked = hints.table.is_some() || !hints.columns.is_empty();
    if let Some(preset) = presets::preset_for(&names).filter(|_| !is_asked) {
        apply_preset(preset, &entry, hints, &mut import)?;
        let others: Vec<&str> =
            names.iter().copied().filter(|name| !reads(&import.entries, name)).collect();
        report_unused(&others, &mut import.found);
        return Ok(import);
    }
    let columns = columns(&sample, hints, now);
    entry.nulls = null_markers(&columns);
    let named = Hints { name: Some(entry.name.clone()), ..hints.clone() };
    match table_match::best_match(&columns, &named) {
        Some(table_match) if table_match.missing.is_empty() => {
            apply_match(&mut entry, table_match, &columns, &mut import)
        }
        Some(table_match) if is_asked => return Err(no_match(&file.path, &table_match, &sample)),
        near => {
            import.guesses.extend(near.as_ref().and_then(near_match));
            let (table, rules) = declared_table::declare_table(
                &entry.name,
                &file.name,
                &sample,
                &columns,
                &mut import.guesses,
            );
            entry.table.clone_from(&table.name);
            entry.columns = rules;
            import.tables.push(table);
        }
    }
    let declared = declare(&import.tables)?;
    let table = resolve(&entry.table, &declared)?;
    resolve_time_zones(&mut entry.columns, &table, &columns, hints, &mut import.guesses);
    import.entries.push(entry);
    Ok(import)
}

/// Checks that the columns of `hints` exist.
///
/// # Errors
/// Returns an error if a column is not one of the requested table, or of any table that files may
/// fill.
fn refuse_unknown_columns(hints: &Hints) -> Result<()> {
    let Some(unknown) = hints.columns.keys().find(|name| {
        let is_there = |table: &Table| table.column(name).is_ok();
        !table_match::tables(hints).any(|table| is_there(&table))
    }) else {
        return Ok(());
    };
    let reason = match &hints.table {
        Some(table) => format!(
            "`{table}` has no column `{unknown}`: `tidegauge tables {table}` lists what it has"
        ),
        None => format!(
            "no built-in table has a column `{unknown}`: `tidegauge tables` lists what they have"
        ),
    };
    Err(Error::config("column", reason))
}

/// Returns a guess about what the file lacks to fill a built-in table, if that is a single column.
fn near_match(table_match: &TableMatch) -> Option<Guess> {
    let signs: Vec<_> = table_match.signs.iter().map(|sign| format!("`{sign}`")).collect();
    match table_match.missing.as_slice() {
        [only] if only.ends_with("currency") && signs.len() > 1 => Some(Guess::question(
            format!(
                "amounts are in several currencies, {}: with one (`--currency EUR`) its amounts would fill `{}`, and the others \
                 be set aside",
                signs.join(", "),
                table_match.table
            ),
            Question::Currency,
        )),
        [only] if only.ends_with("currency") => Some(Guess::question(
            format!(
                "no column says the currency: with one (`--currency EUR`) the file would fill `{}`",
                table_match.table
            ),
            Question::Currency,
        )),
        [only] if table_match.taken.len() > 2 => Some(Guess::note(format!(
            "no column is taken for `{only}`: with one (`--column {only}=NAME`, as the file calls it) the file would \
             fill `{}`",
            table_match.table
        ))),
        _ => None,
    }
}

/// Adds the entries of a preset, with the path, encoding and dialect of `entry`.
fn apply_preset(
    preset: &Preset,
    entry: &Config,
    hints: &Hints,
    import: &mut Inspection,
) -> Result<()> {
    import.preset = Some(preset.title.clone());
    import.notes.clone_from(&preset.notes);
    for apply_preset in &preset.entries {
        let mut new = Config {
            path: entry.path.clone(),
            encoding: entry.encoding,
            delimiter: entry.delimiter,
            quote: entry.quote.clone(),
            footer_starts_with: entry.footer_starts_with.clone(),
            ..apply_preset.clone()
        };
        if let Some(name) = &hints.name {
            new.name = match preset.entries.len() {
                1 => name.clone(),
                _ => format!("{name}_{}", apply_preset.table),
            };
        }
        let table = resolve(&new.table, &[])?;
        let is_time =
            |name: &str| table.column(name).is_ok_and(|column| column.dtype == DataType::Timestamp);
        if let Some(zone) = &hints.zone {
            let times =
                new.columns.iter_mut().filter(|(name, rule)| is_time(name) && rule.value.is_none());
            for (_, rule) in times.filter(|(_, rule)| rule.zone.is_none()) {
                rule.zone = Some(zone.clone());
            }
        }
        import.entries.push(new);
    }
    Ok(())
}

/// Returns `true` if an entry reads the column that the file calls `name`.
fn reads(entries: &[Config], name: &str) -> bool {
    let is = |other: &str| words::are_similar(other, name);
    entries.iter().any(|entry| {
        let sources =
            entry.columns.values().flat_map(|rule| rule.column.iter().chain(&rule.columns));
        let conditions = entry.filter.iter().map(|condition| &condition.column);
        // A column with the name of one of the table fills it without a rule.
        let table = tables::by_name(&entry.table);
        let has = |table: &Table| table.columns.iter().any(|column| is(&column.name));
        sources.chain(conditions).any(|column| is(column)) || table.is_some_and(|table| has(&table))
    })
}

/// Returns a pattern for `path`: the path itself, with wildcards escaped if a file of that name
/// exists.
pub(super) fn pattern(path: &str) -> String {
    match std::path::Path::new(path).exists() {
        true => glob::Pattern::escape(path),
        false => path.to_owned(),
    }
}

/// Returns the inferred columns of the file.
pub(super) fn columns(sample: &Sample, hints: &Hints, now: DateTime<Utc>) -> Vec<InferredColumn> {
    let all = (0..sample.names.len()).flat_map(|at| sample.values(at));
    let decimals = number_text::decimals(all, sample.config.delimiter);
    let column = |(at, name): (usize, &String)| {
        let values: Vec<&str> = sample.values(at).collect();
        let dtype = sample.types.get(at).copied();
        InferredColumn::new(
            name,
            &values,
            sample.rows.len(),
            dtype,
            (decimals, now, hints.day_first),
        )
    };
    let mut columns: Vec<InferredColumn> = sample.names.iter().enumerate().map(column).collect();
    join_times(&mut columns, sample, (now, hints.day_first));
    columns
}

/// Returns the null markers of the file. If a null marker is also a value of a text column, only
/// the columns that cannot contain it treat it as bad.
pub(super) fn null_markers(columns: &[InferredColumn]) -> Vec<String> {
    let nulls: BTreeSet<String> = columns.iter().flat_map(|column| column.nulls.clone()).collect();
    let named = columns.iter().filter(|column| column.dtype == DataType::Text);
    let is_word = |text: &String| {
        named.clone().any(|column| {
            column.distinct.as_ref().is_some_and(|values| values.contains(text) && values.len() > 1)
        })
    };
    nulls.into_iter().filter(|text| !is_word(text)).collect()
}

/// Joins a column of times of day to a column of dates, if there is exactly one of each.
fn join_times(columns: &mut [InferredColumn], sample: &Sample, how: (DateTime<Utc>, Option<bool>)) {
    let only = |is: &dyn Fn(&InferredColumn) -> bool| {
        let mut found = columns.iter().enumerate().filter(|(_, column)| is(column));
        found.next().filter(|_| found.next().is_none()).map(|(at, _)| at)
    };
    let days = only(&|column| column.dtype == DataType::Date);
    let time = only(&|column| words::is_time_of_day(&column.name));
    let (Some(days), Some(time)) = (days, time) else { return };
    let cell = |row: &[Option<String>], at: usize| row.get(at).cloned().flatten();
    let joined = sample
        .rows
        .iter()
        .filter_map(|row| Some(format!("{} {}", cell(row, days)?.trim(), cell(row, time)?.trim())));
    let joined: Vec<String> = joined.collect();
    let joined: Vec<&str> = joined.iter().map(String::as_str).collect();
    let other = columns[time].name.clone();
    columns[days].join_time(&other, &joined, how);
}

/// Sets the table, rules and filter of `entry` so that it fills a built-in table.
fn apply_match(
    entry: &mut Config,
    table_match: TableMatch,
    columns: &[InferredColumn],
    import: &mut Inspection,
) {
    let TableMatch { table, columns: rules, filter, taken, guesses, .. } = table_match;
    (entry.table, entry.columns, entry.filter) = (table, rules, filter);
    import.guesses.extend(guesses);
    // A purchase that was pending is paid in a later export, with the same id.
    let is_appended =
        tables::by_name(&entry.table).is_some_and(|table| table.write == WriteMode::Append);
    let has_id = !entry.columns.values().any(|rule| rule.id.is_some() && !rule.columns.is_empty());
    if is_appended && has_id {
        entry.on_duplicate = Some(DuplicateRows::Last);
    }
    let used: BTreeSet<&str> = entry
        .columns
        .values()
        .flat_map(|rule| rule.column.iter().chain(&rule.columns))
        .chain(&taken)
        .map(String::as_str)
        .collect();
    let table = tables::by_name(&entry.table);
    let table = table.as_ref();
    let others: Vec<_> = columns
        .iter()
        .filter(|column| !used.contains(column.name.as_str()) && !column.name.trim().is_empty())
        // A column with the name of one of the table fills it without a rule.
        .filter(|column| table.is_none_or(|table| table.column(column.name.trim()).is_err()))
        .map(|column| column.name.as_str())
        .collect();
    report_unused(&others, &mut import.found);
}

/// Adds the columns that no entry reads to the findings, if there are any.
fn report_unused(columns: &[&str], found: &mut Vec<String>) {
    let names: Vec<_> = columns.iter().map(|name| format!("`{}`", name.trim())).collect();
    if !names.is_empty() {
        found.push(format!("columns that are not taken: {}", names.join(", ")));
    }
}

/// Returns the error of a file that cannot fill the requested table.
fn no_match(path: &std::path::Path, table_match: &TableMatch, sample: &Sample) -> Error {
    let missing: Vec<_> = table_match.missing.iter().map(|name| format!("`{name}`")).collect();
    let have: Vec<_> = sample.names.iter().map(|name| format!("`{}`", name.trim())).collect();
    Error::File {
        path: path.display().to_string(),
        reason: format!(
            "nothing in it is taken for {} of `{}`; it has {}: say which (`--column {}=NAME`, as the file calls it), or leave \
             `--table` and `--column` out",
            missing.join(", "),
            table_match.table,
            have.join(", "),
            table_match.missing.first().map_or("COLUMN", String::as_str)
        ),
    }
}
