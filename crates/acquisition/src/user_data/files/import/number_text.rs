//! Texts that may be numbers, and the decimal point and separators that they show.

use std::collections::BTreeMap;

use super::words;
use crate::user_data::mapping::Rule;

/// The decimal point that the numbers of a file use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DecimalPoint {
    pub(super) is_comma: bool,
    /// Whether a value shows it.
    pub(super) is_shown: bool,
}

/// A text that may be a number, split into the digits and what surrounds them.
pub(super) struct NumberText<'t> {
    pub(super) before: &'t str,
    pub(super) digits: &'t str,
    pub(super) after: &'t str,
    pub(super) is_negative: bool,
    pub(super) is_accounting: bool,
}

impl<'t> NumberText<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let text = text.trim();
        let is_inside = |c: char| c.is_ascii_digit();
        let (start, end) = (text.find(is_inside), text.rfind(is_inside));
        let (start, end) = (start.unwrap_or(text.len()), end.map_or(text.len(), |at| at + 1));
        // A unit with digits in it, as in `1INCH`, cannot be separated.
        let mut digits = &text[start..end.max(start)];
        let mut after = &text[end.max(start)..];
        if let Some(at) = digits.find(|c: char| c.is_alphabetic()) {
            let is_exponent = digits[at..].starts_with(['e', 'E']) && after.is_empty();
            if !is_exponent {
                (digits, after) = (&digits[..at], &text[start + at..]);
            }
        }
        let before = &text[..start];
        let is_parenthesized = before.contains('(') && after.contains(')');
        let is_accounting = is_parenthesized || after.trim_start().starts_with('-');
        let is_negative = before.contains('-') || is_accounting;
        let sign = |c: char| c.is_whitespace() || "+-().".contains(c);
        Self {
            before: before.trim_matches(sign),
            digits: digits.trim_end(),
            after: after.trim_matches(sign),
            is_negative,
            is_accounting,
        }
    }

    pub(super) fn units(&self) -> impl Iterator<Item = &'t str> {
        [self.before, self.after].into_iter().filter(|unit| !unit.is_empty())
    }

    /// Returns `true` if the text around the digits may be signs or codes of currencies, or units
    /// after them. Letters before the digits are part of a code, as in `A-17`, unless they are a
    /// currency.
    pub(super) fn has_plausible_units(&self) -> bool {
        // `#1001` is a code.
        let is_sign = words::is_currency_sign;
        let is_known = |unit: &str| words::currency(unit).is_some() || words::is_currency(unit);
        let is_code = |unit: &str| {
            (2..=8).contains(&unit.len())
                && unit.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        };
        (self.before.is_empty() || is_sign(self.before) || is_known(self.before))
            && (self.after.is_empty()
                || is_sign(self.after)
                || is_known(self.after)
                || is_code(self.after))
    }

    pub(super) fn is_whole(&self) -> bool {
        !self.digits.is_empty() && self.digits.bytes().all(|byte| byte.is_ascii_digit())
    }

    pub(super) fn is_zero(&self) -> bool {
        !self.digits.is_empty() && self.digits.chars().all(|c| !c.is_ascii_digit() || c == '0')
    }

    /// Returns the number of decimals, without trailing zeros; 18 for numbers with an exponent.
    pub(super) fn places(&self, decimal: char) -> usize {
        let fraction = self.digits.rsplit_once(decimal).map(|(_, fraction)| fraction);
        match fraction {
            Some(fraction) if fraction.contains(['e', 'E']) => 18,
            Some(fraction) => fraction.trim_end_matches('0').len(),
            None => 0,
        }
    }

    /// Returns the decimal point that the text shows, or `None` if it is ambiguous.
    pub(super) fn decimal(&self) -> Option<char> {
        let last = self.digits.rfind(['.', ','])?;
        let sign = self.digits[last..].chars().next()?;
        let other = if sign == '.' { ',' } else { '.' };
        let behind = self.digits.len() - last - 1;
        let is_single = self.digits.matches(sign).count() == 1;
        // 1.234 is ambiguous; 1.234.567 has groups of three; 1,234.5 and 0.123 are clear.
        let leads = self.digits.trim_start_matches('0').starts_with(sign);
        match self.digits.contains(other) {
            true if is_single => Some(sign),
            false if is_single && (behind != 3 || leads || last > 3) => Some(sign),
            false if !is_single => Some(other),
            _ => None,
        }
    }
}

/// Returns the rule to read the points, commas and other separators within numbers.
pub(super) fn separators(numbers: &[NumberText<'_>], has_decimal_comma: bool) -> Rule {
    let mut votes = BTreeMap::<char, usize>::new();
    for sign in numbers.iter().filter_map(NumberText::decimal) {
        *votes.entry(sign).or_default() += 1;
    }
    let comma = votes.get(&',').copied().unwrap_or(0);
    let point = votes.get(&'.').copied().unwrap_or(0);
    let is_comma = comma > point || comma == point && has_decimal_comma;
    let other = if is_comma { '.' } else { ',' };
    let within = |sign: char| numbers.iter().any(|numbers| numbers.digits.contains(sign));
    let thousands =
        [other, '\'', '’', '\u{a0}', '\u{202f}', ' '].into_iter().find(|sign| within(*sign));
    // If a point separates thousands, the comma is the decimal point, even if no value has one.
    let has_comma = is_comma && (within(',') || thousands == Some('.'));
    Rule { decimal: has_comma.then_some(','), thousands, ..Rule::default() }
}

/// Returns the decimal point of the numbers of a file, judged by all of its values.
pub(super) fn decimals<'t>(
    values: impl Iterator<Item = &'t str>,
    delimiter: Option<char>,
) -> DecimalPoint {
    let is_number = |text: &&str| {
        let numbers = NumberText::new(text);
        numbers.digits.contains(['.', ','])
            && numbers.digits.chars().all(|c| c.is_ascii_digit() || ".,".contains(c))
            && numbers.digits.matches('.').count() < 3
    };
    let (mut comma, mut point) = (0u32, 0u32);
    for text in values.filter(is_number) {
        match NumberText::new(text).decimal() {
            Some(',') => comma += 1,
            Some(_) => point += 1,
            None => {}
        }
    }
    let is_comma = match comma.cmp(&point) {
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => delimiter == Some(';'),
    };
    DecimalPoint { is_comma, is_shown: comma + point > 0 }
}
