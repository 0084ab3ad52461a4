//! The declaration of a table for a file that fits no built-in one.

use std::collections::BTreeSet;

use tidegauge_core::{DataType, tables};

use super::inspection::Guess;
use super::sample::Sample;
use super::values::InferredColumn;
use super::words;
use crate::user_data::mapping::{
    ColumnConfig, Columns, Part, Rule, TableConfig, TypeConfig, WriteConfig,
};

/// Returns a table called `name` with the columns of the file, and the rules that fill them.
pub(super) fn declare_table(
    name: &str,
    file: &str,
    sample: &Sample,
    columns: &[InferredColumn],
    guesses: &mut Vec<Guess>,
) -> (TableConfig, Columns) {
    let name = match tables::by_name(name) {
        Some(_) => format!("{name}_file"),
        None => name.to_owned(),
    };
    let mut names = BTreeSet::new();
    let mut table = TableConfig {
        name,
        description: format!("What {file} holds"),
        columns: Vec::new(),
        key: Vec::new(),
        time: None,
        write: WriteConfig::Merge,
    };
    let mut rules = Columns::new();
    // The name of each column of the file in the table; `None` if it is left out.
    let mut own: Vec<Option<String>> = Vec::new();
    let mut add = |name: &str, column: &InferredColumn, dtype: DataType, rule: Rule| {
        let mut unique = words::identifier(name, "column");
        let base = unique.clone();
        let mut number = 2;
        while !names.insert(unique.clone()) {
            unique = format!("{base}_{number}");
            number += 1;
        }
        if rule != Rule::column(unique.clone()) {
            rules.insert(unique.clone(), rule);
        }
        table.columns.push(ColumnConfig {
            name: unique.clone(),
            dtype: TypeConfig(dtype),
            nullable: true,
            description: format!("`{}` of the file", column.name),
        });
        unique
    };
    for column in columns {
        let is_twice = columns.iter().filter(|other| other.name == column.name).count() > 1;
        if is_twice || column.name.trim().is_empty() {
            own.push(None);
            continue;
        }
        let from = match &column.time_of_day {
            Some(time) => Rule::joined([column.name.as_str(), time.as_str()], " "),
            None => Rule::column(column.name.clone()),
        };
        let Rule { column: only, columns: several, join, .. } = from;
        let rule = Rule { column: only, columns: several, join, ..column.rule.clone() };
        own.push(Some(add(&column.name, column, column.dtype, rule)));
        if column.has_unit {
            let rule = Rule { part: Some(Part::Unit), ..Rule::column(column.name.clone()) };
            add(&format!("{} unit", column.name), column, DataType::Text, rule);
        }
    }
    let key = key(sample, columns);
    table.key = key.iter().filter_map(|at| own.get(*at)?.clone()).collect();
    let is_plain = match key.as_slice() {
        [only] => columns.get(*only).is_some_and(|column| column.is_unique),
        _ => false,
    };
    let shown = table.key.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    guesses.push(Guess::note(match is_plain {
        true => format!("the key is {shown}: no two rows have the same; a later row of a key takes its place"),
        false => format!("the key is {shown}: rows equal in all of it are one, and a later one takes the place of it"),
    }));
    let is_time = |column: &&InferredColumn| {
        matches!(column.dtype, DataType::Timestamp | DataType::Date) && !column.has_nulls
    };
    let time = columns.iter().position(|column| is_time(&column));
    table.time = time.and_then(|at| own.get(at)?.clone());
    for column in &mut table.columns {
        column.nullable =
            !table.key.contains(&column.name) && table.time.as_ref() != Some(&column.name);
    }
    (table, rules)
}

/// Returns the indexes of the key columns: a unique one with the name of an id, the first or another
/// unique one, two or three that are unique together, or otherwise all.
fn key(sample: &Sample, columns: &[InferredColumn]) -> Vec<usize> {
    let is_key = |at: &usize| {
        let column = &columns[*at];
        let is_twice = columns.iter().filter(|other| other.name == column.name).count() > 1;
        !column.has_nulls
            && column.nulls.is_empty()
            && !column.name.trim().is_empty()
            && !is_twice
            && !matches!(column.dtype, DataType::Float64)
    };
    let able: Vec<usize> = (0..columns.len()).filter(is_key).collect();
    let says_id = |at: &usize| {
        let name = words::normalize(&columns[*at].name);
        let words = [
            "id",
            "key",
            "uuid",
            "number",
            "no",
            "nr",
            "code",
            "reference",
            "hash",
            "ticket",
            "invoice",
            "order",
            "commande",
            "pedido",
            "bestellung",
            "numero",
            "nummer",
            "email",
            "sku",
        ];
        words.iter().any(|word| {
            name == *word
                || name.ends_with(&format!("_{word}"))
                || name.starts_with(&format!("n_{word}"))
        })
    };
    let is_unique = |at: &&usize| columns[**at].is_unique;
    if let Some(at) = able.iter().filter(is_unique).find(|at| says_id(at)) {
        return vec![*at];
    }
    // The first column usually identifies the row. In few rows others may be unique by chance; a
    // time together with another column identifies events.
    let is_named = |at: &&usize| {
        matches!(
            columns[**at].dtype,
            DataType::Text | DataType::Int64 | DataType::Date | DataType::Timestamp
        )
    };
    let is_time = |at: &&usize| matches!(columns[**at].dtype, DataType::Date | DataType::Timestamp);
    if let Some(first) = able.first().filter(|at| is_unique(at) && is_named(at) && !is_time(at)) {
        return vec![*first];
    }
    for time in able.iter().filter(is_time) {
        let others = able.iter().filter(is_named).filter(|other| *other != time);
        for other in others {
            let pair = [*time.min(other), *time.max(other)];
            if are_unique_together(sample, &pair) {
                return pair.to_vec();
            }
        }
    }
    if let Some(at) = able.iter().filter(is_unique).find(is_named) {
        return vec![*at];
    }
    for one in 0..able.len() {
        for other in one + 1..able.len() {
            if are_unique_together(sample, &[able[one], able[other]]) {
                return vec![able[one], able[other]];
            }
        }
    }
    let few: Vec<usize> = able.iter().copied().take(3).collect();
    if few.len() == 3 && are_unique_together(sample, &few) {
        return few;
    }
    match able.is_empty() {
        false => able,
        true => (0..columns.len().min(1)).collect(),
    }
}

fn are_unique_together(sample: &Sample, places: &[usize]) -> bool {
    let mut seen = BTreeSet::new();
    let key = |row: &'_ Vec<Option<String>>| -> Vec<Option<String>> {
        places.iter().map(|at| row.get(*at).cloned().flatten()).collect()
    };
    sample.rows.iter().all(|row| seen.insert(key(row)))
}
