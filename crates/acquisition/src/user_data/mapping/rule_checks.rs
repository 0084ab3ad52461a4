//! Checks of the rule of a column against its type, and of the rule's parts against each other.

use tidegauge_core::{Column, DataType};

use super::columns::Rule;
use super::settings::Part;

/// Returns an error if `rule` does not fit `column`, or its parts contradict each other.
pub(super) fn check(column: &Column, rule: &Rule) -> Result<(), String> {
    fits_type(column, rule)?;
    let origins = [rule.column.is_some(), rule.value.is_some(), !rule.columns.is_empty()];
    // A rule for missing values may be combined with a number.
    let renames = rule.values.keys().any(|value| !value.trim().is_empty());
    let is_bare =
        !renames && rule.otherwise.is_none() && rule.currency.is_empty() && !rule.accounting;
    for (is_wrong, reason) in [
        (
            origins.iter().filter(|origin| **origin).count() > 1,
            "it has more than one of `column`, `columns` and `value`: choose one",
        ),
        (
            rule.join.is_some() && rule.columns.is_empty(),
            "its `join` goes with `columns`, which are not set",
        ),
        (
            rule.otherwise.is_some() && rule.values.is_empty(),
            "its `otherwise` goes with `values`, which are not set",
        ),
        (
            rule.value.is_some() && !rule.values.is_empty(),
            "it has both a `value` and `values`: choose one",
        ),
        (
            rule.value.is_some() && rule.case.is_some(),
            "it has both a `value` and a `case`: write the value as it shall be",
        ),
        (
            rule.absolute && rule.negate.is_some(),
            "it has both `absolute`, which takes signs off, and `negate`, which sets one: choose one",
        ),
        (
            rule.divide.is_some_and(|by| by < 10 || !is_power_of_ten(by)),
            "its `divide` is no power of ten from 10 on, by which nothing is rounded",
        ),
        (
            rule.part == Some(Part::Number) && !is_bare,
            "`part = \"number\"` goes with no `currency`, `accounting` and `values` but of no value (`\"\"`)",
        ),
    ] {
        if is_wrong {
            return Err(reason.into());
        }
    }
    Ok(())
}

fn is_power_of_ten(number: u64) -> bool {
    (0..20).any(|zeros| 10u64.checked_pow(zeros) == Some(number))
}

fn fits_type(column: &Column, rule: &Rule) -> Result<(), String> {
    let is_time = matches!(column.dtype, DataType::Date | DataType::Timestamp);
    let is_number =
        matches!(column.dtype, DataType::Int64 | DataType::Float64 | DataType::Decimal { .. });
    let is_text = column.dtype == DataType::Text;
    let part = match rule.part {
        Some(Part::Number) => (!is_number, "`part = \"number\"`"),
        Some(Part::Unit) => (!is_text, "`part = \"unit\"`"),
        Some(Part::Base) => (!is_text, "`part = \"base\"`"),
        Some(Part::Quote) => (!is_text, "`part = \"quote\"`"),
        None => (false, "`part`"),
    };
    for (is_wrong, what) in [
        ((rule.format.is_some() || rule.zone.is_some()) && !is_time, "`format` and no `zone`"),
        (
            (rule.earliest.is_some() || rule.latest.is_some()) && !is_time,
            "`earliest` and no `latest`",
        ),
        (
            (rule.decimal.is_some() || rule.thousands.is_some()) && !is_number,
            "`decimal` and no `thousands`",
        ),
        (
            (!rule.currency.is_empty() || rule.accounting) && !is_number,
            "`currency` and no `accounting`",
        ),
        (rule.negate.is_some() && !is_number, "`negate`"),
        (rule.absolute && !is_number, "`absolute`"),
        (rule.divide.is_some() && !matches!(column.dtype, DataType::Decimal { .. }), "`divide`"),
        (rule.case.is_some() && !is_text, "`case`"),
        part,
        (rule.empty.is_some() && !is_text, "`empty`: empty text is never a value there"),
    ] {
        if is_wrong {
            return Err(format!("it is {}, which has no {what}", column.dtype));
        }
    }
    Ok(())
}
