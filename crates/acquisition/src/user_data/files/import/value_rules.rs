//! Rules for the values of statuses, sides and currencies.

use std::collections::{BTreeMap, BTreeSet};

use super::inspection::Guess;
use super::values::InferredColumn;
use super::words;
use crate::user_data::mapping::{Case, Constant, Otherwise, Rule};

/// Maps the states of purchases to statuses; unknown states are bad values.
pub(super) fn states(rule: &mut Rule, found: &InferredColumn, guesses: &mut Vec<Guess>) {
    let mut unknown = Vec::new();
    for state in found.distinct.iter().flatten() {
        match words::status(state) {
            Some(status) if status == state.trim() => {}
            Some(status) => {
                rule.values.insert(state.trim().to_owned(), Constant::Text(status.into()));
            }
            None => unknown.push(state.trim()),
        }
    }
    // Later files have states that this one lacks. Rows with an unknown state are quarantined.
    let states = found.distinct.iter().flatten();
    let is_capitalized = states.into_iter().any(|state| state.starts_with(char::is_uppercase));
    for (lower, capitalized) in COMMON_STATES {
        let written = if is_capitalized { capitalized } else { lower };
        for state in [written, lower] {
            if let Some(status) = words::status(state) {
                let status = Constant::Text(status.into());
                rule.values.entry(state.to_owned()).or_insert(status);
            }
        }
    }
    rule.otherwise = Some(Otherwise::Bad);
    let is_there = |state: &str| found.distinct.iter().flatten().any(|text| text.trim() == state);
    let shown: BTreeSet<String> = rule
        .values
        .iter()
        .filter(|(state, _)| is_there(state))
        .map(|(state, status)| match status {
            Constant::Text(status) => format!("`{state}` as {status}"),
            _ => state.clone(),
        })
        .collect();
    if !shown.is_empty() {
        let shown = shown.into_iter().collect::<Vec<_>>().join(", ");
        guesses.push(Guess::note(format!("`{}` is read so: {shown}", found.name)));
    }
    if !unknown.is_empty() {
        let unknown =
            unknown.iter().map(|state| format!("`{state}`")).collect::<Vec<_>>().join(", ");
        guesses.push(Guess::note(format!(
            "what {unknown} of `{}` means is not known, and such rows are set aside: add it to `values`",
            found.name
        )));
    }
}

/// Common states of purchases, each in lower case and capitalized.
const COMMON_STATES: [(&str, &str); 7] = [
    ("completed", "Completed"),
    ("paid", "Paid"),
    ("pending", "Pending"),
    ("failed", "Failed"),
    ("cancelled", "Cancelled"),
    ("canceled", "Canceled"),
    ("refunded", "Refunded"),
];

/// Returns the values that the sides of trades are renamed to.
pub(super) fn sides(found: &InferredColumn) -> BTreeMap<String, Constant> {
    let side = |text: &String| {
        let side = if text.trim().to_lowercase().starts_with('b') { "buy" } else { "sell" };
        (text.trim() != side).then(|| (text.trim().to_owned(), Constant::Text(side.into())))
    };
    found.distinct.iter().flatten().filter_map(side).collect()
}

/// Sets the case to upper if currencies have lower-case letters.
pub(super) fn uppercased(rule: &mut Rule, found: &InferredColumn) {
    let has_small = |text: &String| text.chars().any(char::is_lowercase);
    rule.case = found.distinct.iter().flatten().any(has_small).then_some(Case::Upper);
}
