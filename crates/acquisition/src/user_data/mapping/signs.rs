//! Signs around numbers: those of currencies, and the parentheses of accounting.

use std::borrow::Cow;

use super::columns::Rule;

/// The signs that are allowed around the numbers of a column.
#[derive(Debug, Clone)]
pub(super) struct Signs {
    /// The currency signs, the longest first: `US$` before `$`.
    currencies: Vec<String>,
    /// Whether `(12.00)` and `12.00-` are negative.
    accounting: bool,
}

impl Signs {
    pub(super) const NONE: Self = Self { currencies: Vec::new(), accounting: false };

    pub(super) fn new(rule: &Rule) -> Result<Self, String> {
        let mut currencies = Vec::with_capacity(rule.currency.len());
        for sign in &rule.currency {
            let sign = sign.trim();
            if sign.is_empty() || sign.contains(|c: char| c.is_numeric() || "+-()".contains(c)) {
                return Err(format!("`{sign}` is no `currency`, as `$`, `€` and `EUR` are"));
            }
            currencies.push(sign.to_owned());
        }
        currencies.sort_by_key(|sign| std::cmp::Reverse(sign.len()));
        Ok(Self { currencies, accounting: rule.accounting })
    }

    /// Returns the number without signs around it, and with a leading minus if it is negative. If a
    /// number has two signs, one of them is kept, so that it is invalid.
    pub(super) fn bare<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.currencies.is_empty() && !self.accounting {
            return text.into();
        }
        let (mut rest, mut negative, mut has_currency) = (text.trim(), None, false);
        loop {
            let before = rest;
            if !has_currency && let Some(without) = self.without_currency(rest) {
                (rest, has_currency) = (without.trim(), true);
            }
            if negative.is_none()
                && let Some((without, is_negative)) = self.without_sign(rest)
            {
                (rest, negative) = (without.trim(), Some(is_negative));
            }
            if rest == before {
                break;
            }
        }
        match negative {
            Some(true) => format!("-{rest}").into(),
            // Of two signs one would remain, which is not part of a number.
            Some(false) if rest.starts_with(['+', '-']) => text.into(),
            _ => rest.into(),
        }
    }

    fn without_currency<'t>(&self, text: &'t str) -> Option<&'t str> {
        let mut signs = self.currencies.iter();
        signs.find_map(|sign| text.strip_prefix(&**sign).or_else(|| text.strip_suffix(&**sign)))
    }

    /// Returns `text` without one sign, and `true` if that is a minus; `None` if it has no sign.
    fn without_sign<'t>(&self, text: &'t str) -> Option<(&'t str, bool)> {
        if let Some(rest) = text.strip_prefix('-') {
            return Some((rest, true));
        }
        if let Some(rest) = text.strip_prefix('+') {
            return Some((rest, false));
        }
        let within = || text.strip_prefix('(').and_then(|text| text.strip_suffix(')'));
        let negative = self.accounting.then(|| within().or_else(|| text.strip_suffix('-')));
        negative.flatten().map(|rest| (rest, true))
    }
}

/// Returns advice on the rule that reads a number with signs around it, if there is one.
pub(super) fn advice(text: &str) -> Option<String> {
    let currency = |c: &char| "$€£¥₹₩₽₺₴₦₱฿₫₪₡₲₵₸₿".contains(*c);
    let ends = [text.chars().next(), text.chars().next_back()];
    let after_sign = text.trim_start_matches(['+', '-', '(', ' ']).chars().next();
    if let Some(sign) = ends.into_iter().chain([after_sign]).flatten().find(currency) {
        return Some(format!(": `currency = \"{sign}\"` takes off the sign around a number"));
    }
    let is_accounting = text.starts_with('(') && text.ends_with(')')
        || text.ends_with('-') && text.starts_with(|c: char| c.is_ascii_digit());
    is_accounting.then(|| ": `accounting = true` reads (12.00) and 12.00- as negative".into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn signs(currency: &[&str], accounting: bool) -> Signs {
        let currency = currency.iter().map(|sign| (*sign).to_owned()).collect();
        Signs::new(&Rule { currency, accounting, ..Rule::default() }).unwrap()
    }

    #[test]
    fn signs_around_numbers_are_removed() {
        let both = signs(&["$", "US$", "€", "EUR"], true);
        for (text, number) in [
            ("$1,234.50", "1,234.50"),
            ("US$ 5", "5"),
            ("1.234,50 €", "1.234,50"),
            ("-$5.00", "-5.00"),
            ("$-5.00", "-5.00"),
            ("- 5.00 EUR", "-5.00"),
            ("5.00\u{a0}€", "5.00"),
            ("(12.00)", "-12.00"),
            ("($12.00)", "-12.00"),
            ("$ (12.00)", "-12.00"),
            ("12.00- €", "-12.00"),
            ("+7", "7"),
            ("7", "7"),
            // The remaining text is not a number.
            ("--5", "--5"),
            ("+-5", "+-5"),
            ("(-5)", "--5"),
            ("$$5", "$5"),
            ("£5", "£5"),
            ("(5", "(5"),
        ] {
            assert_eq!(both.bare(text), number, "{text}");
        }
        assert_eq!(signs(&["$"], false).bare("(5)"), "(5)");
        assert_eq!(signs(&["$"], false).bare("5-"), "5-");
        for sign in ["", " ", "5", "-", "("] {
            let rule = Rule { currency: vec![sign.into()], ..Rule::default() };
            assert!(Signs::new(&rule).unwrap_err().contains("`currency`"), "{sign:?}");
        }
    }

    #[test]
    fn advice_is_given_for_unread_signs() {
        for (text, says) in [
            ("$5", "\"$\""),
            ("-£5", "\"£\""),
            ("5 €", "\"€\""),
            ("(12.00)", "accounting"),
            ("12-", "accounting"),
        ] {
            assert!(advice(text).unwrap_or_default().contains(says), "{text}");
        }
        for text in ["5", "abc", "", "2020-01-", "é"] {
            assert_eq!(advice(text).is_some(), text == "2020-01-", "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_causes_a_hang(text in "[-+()$€ 0-9.]{0,12}") {
            let _ = (signs(&["$", "€"], true).bare(&text), advice(&text));
        }
    }
}
