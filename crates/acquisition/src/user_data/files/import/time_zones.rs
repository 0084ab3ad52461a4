//! The time zones of times that have none, and what no value shows about times and numbers.

use tidegauge_core::{DataType, Table};

use super::inspection::{Guess, Hints, Question};
use super::values::InferredColumn;
use super::words;
use crate::user_data::mapping::Columns;

/// Sets the time zone of times that have none, and adds guesses about times and numbers.
pub(super) fn resolve_time_zones(
    rules: &mut Columns,
    table: &Table,
    columns: &[InferredColumn],
    hints: &Hints,
    guesses: &mut Vec<Guess>,
) {
    let mut local = Vec::new();
    for column in columns {
        // The column of the table that it fills, by a rule or by its name.
        let by_rule = rules.iter().find(|(name, rule)| {
            let reads = rule.column.as_ref().or_else(|| rule.columns.first()).unwrap_or(name);
            *reads == column.name && rule.value.is_none()
        });
        let by_rule = by_rule.map(|(name, _)| name.clone());
        let own_name = || {
            (table.column(&column.name).is_ok() && !rules.contains_key(&column.name))
                .then(|| column.name.clone())
        };
        let Some(filled) = by_rule.or_else(own_name) else { continue };
        if column.has_open_order {
            let format = column.rule.format.as_ref().map(|format| format.0.join(", "));
            guesses.push(Guess::question(
                format!(
                    "`{}` is read as `{}`, and no value shows whether the day or the month comes first; \
                     `--day-first` and `--month-first` say it",
                    column.name,
                    format.unwrap_or_default()
                ),
                Question::DayOrder,
            ));
        }
        if let Some(number) = &column.open_separator {
            let rule = rules.get(&filled).or(Some(&column.rule));
            let sign = rule.and_then(|rule| rule.decimal).unwrap_or('.');
            let read = if number.contains(sign) { "places" } else { "thousands" };
            guesses.push(Guess::note(format!(
                "no value shows whether `{}` of `{}` has thousands or places behind its mark: it is read as {read}; \
                 `decimal` and `thousands` in the settings say otherwise",
                number, column.name
            )));
        }
        let says_utc =
            words::normalize(&column.name).split('_').any(|word| word == "utc" || word == "gmt");
        let is_time = table.column(&filled).is_ok_and(|filled| filled.dtype == DataType::Timestamp);
        // A date that fills a time is taken as its midnight.
        let is_local = column.is_local || column.dtype == DataType::Date;
        if !is_local || !is_time || says_utc {
            continue;
        }
        match &hints.zone {
            Some(zone) => rules.entry(filled).or_default().zone = Some(zone.clone()),
            None if column.dtype == DataType::Timestamp => local.push(format!("`{}`", column.name)),
            None => {}
        }
    }
    if !local.is_empty() {
        guesses.push(Guess::question(
            format!(
                "times of {} name no zone, and are taken for UTC; `--zone Europe/Madrid` says otherwise",
                local.join(", ")
            ),
            Question::Zone,
        ));
    }
}
