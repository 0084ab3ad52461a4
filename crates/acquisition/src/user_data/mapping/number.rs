//! Formats of numbers.

use std::borrow::Cow;

use tidegauge_core::parse_units;

use super::columns::Rule;
use super::signs::{self, Signs};

/// The format of the numbers of a column.
#[derive(Debug, Clone)]
pub(super) struct NumberFormat {
    decimal: char,
    thousands: Option<char>,
    signs: Signs,
}

/// The format of numbers with a decimal point and nothing else.
pub(super) static PLAIN_NUMBERS: NumberFormat =
    NumberFormat { decimal: '.', thousands: None, signs: Signs::NONE };

impl NumberFormat {
    pub(super) fn new(rule: &Rule) -> Result<Self, String> {
        let decimal = rule.decimal.unwrap_or('.');
        let odd = |c: char| c.is_ascii_alphanumeric() || "+-".contains(c);
        if odd(decimal) || rule.thousands.is_some_and(|c| odd(c) || c == decimal) {
            return Err("`decimal` and `thousands` must be two signs, and no digits".into());
        }
        Ok(Self { decimal, thousands: rule.thousands, signs: Signs::new(rule)? })
    }

    /// Returns the number `text` in units of 10^-`scale`, without rounding.
    pub(super) fn decimal(&self, text: &str, precision: u8, scale: u8) -> Result<i128, String> {
        let number = self.normalized(text);
        let number = number.as_deref();
        match number.and_then(|number| parse_units(number, scale.into()).ok()) {
            Some(units) => digits(units, precision),
            None if number.is_some_and(is_decimal) => {
                Err(format!("has more than {scale} places, or is too large"))
            }
            None => Err(self.not_decimal_message(text)),
        }
    }

    /// Returns the message for a text that is not a decimal number, with the likely solution.
    fn not_decimal_message(&self, text: &str) -> String {
        if let Some(advice) = signs::advice(&self.signs.bare(text)) {
            return format!("is not a decimal number{advice}");
        }
        let advice = if self.thousands.is_none() && self.decimal != ',' && text.contains(',') {
            ": a decimal comma wants `decimal = \",\"`, commas between thousands `thousands = \",\"`"
        } else if matches!(split(text), (number, unit) if !number.is_empty() && !unit.is_empty()) {
            ": `part = \"number\"` takes the number of a cell that has its unit behind it"
        } else {
            ""
        };
        format!("is not a decimal number{advice}")
    }

    /// Returns `text` with a decimal point, and without signs around it and separators between
    /// groups of three digits; `None` if the separators are misplaced.
    pub(super) fn normalized<'t>(&self, text: &'t str) -> Option<Cow<'t, str>> {
        match self.signs.bare(text) {
            Cow::Borrowed(bare) => self.without_separators(bare),
            Cow::Owned(bare) => {
                self.without_separators(&bare).map(|number| number.into_owned().into())
            }
        }
    }

    fn without_separators<'t>(&self, text: &'t str) -> Option<Cow<'t, str>> {
        if self.decimal == '.' && self.thousands.is_none() {
            return Some(text.into());
        }
        let (whole, fraction) = match text.split_once(self.decimal) {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (text, None),
        };
        let mut number = String::with_capacity(text.len());
        match self.thousands {
            Some(between) if whole.contains(between) => {
                for (at, group) in whole.split(between).enumerate() {
                    let digits = group.trim_start_matches(['+', '-']);
                    let fits =
                        if at == 0 { (1..=3).contains(&digits.len()) } else { group.len() == 3 };
                    if !fits {
                        return None;
                    }
                    number.push_str(group);
                }
            }
            _ => number.push_str(whole),
        }
        if self.decimal != '.' && text.contains('.') && self.thousands != Some('.') {
            return None;
        }
        if let Some(fraction) = fraction {
            number.push('.');
            number.push_str(fraction);
        }
        Some(number.into())
    }
}

/// Splits a cell into the number at its start, with all characters that may group digits, and the
/// unit after it.
pub(super) fn split(text: &str) -> (&str, &str) {
    let text = text.trim();
    let sign = text.len() - text.trim_start_matches(['+', '-']).len();
    let mut end = sign;
    for (at, c) in text.char_indices().skip_while(|(at, _)| *at < sign) {
        let behind = || text[at + c.len_utf8()..].starts_with(|c: char| c.is_ascii_digit());
        let groups = ".,'’_".contains(c) || (c.is_whitespace() && behind());
        if !c.is_ascii_digit() && !groups {
            break;
        }
        end = at + c.len_utf8();
    }
    // `1e-8 BTC` has an exponent; `1ETH` does not.
    if let Some(exponent) = text[end..].strip_prefix(['e', 'E']) {
        let digits = exponent.trim_start_matches(['+', '-']);
        let rest = digits.trim_start_matches(|c: char| c.is_ascii_digit());
        if rest.len() < digits.len() {
            end = text.len() - rest.len();
        }
    }
    match text[..end].contains(|c: char| c.is_ascii_digit()) {
        true => (text[..end].trim_end(), text[end..].trim_start()),
        false => ("", text),
    }
}

pub(super) fn digits(units: i128, precision: u8) -> Result<i128, String> {
    let bound = 10u128.checked_pow(precision.into()).unwrap_or(u128::MAX);
    if units.unsigned_abs() >= bound {
        return Err(format!("has more than {precision} digits"));
    }
    Ok(units)
}

/// Returns `true` for a decimal number, optionally with a sign, a point and an exponent.
fn is_decimal(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c))
        && text.chars().all(|c| c.is_ascii_digit() || "+-.eE".contains(c))
        && text.parse::<f64>().is_ok()
}
