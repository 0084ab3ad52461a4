//! Formats of columns: how values and their units are displayed.

use serde::{Deserialize, Serialize};
use tidegauge_analytics::stats::Share;

use crate::{Currency, Interval};

/// The placeholder for an unknown value.
pub(crate) const UNKNOWN: &str = "–";

/// Writes the level of an interval, as noted in column headings: `90 %`.
pub(crate) fn level(level: f64) -> String {
    let percent = format!("{:.2}", level * 100.0);
    let percent = percent.trim_end_matches('0').trim_end_matches('.');
    format!("{percent}\u{a0}%")
}

/// The format of a column's values, which also determines their unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Format {
    /// Text, written as it is.
    Text,
    /// The name of a cohort: underscores are written as spaces, and a missing one as `no channel`.
    Name,
    /// A count, with thousands separators.
    Count,
    /// A share between 0 and 1, written in percent with one decimal place.
    Percent,
    /// US dollars: with cents below a thousand, else rounded to dollars with separators.
    Dollars,
    /// Amounts in another currency, written likewise.
    Money(Currency),
    /// A ratio, written with two decimal places.
    Ratio,
    /// A number of days.
    Days,
    /// A share between 0 and 1 that is small, such as a take rate, written in percent with three
    /// decimal places.
    Rate,
}

impl Format {
    /// Returns the format of amounts in a currency.
    pub fn of(currency: Currency) -> Self {
        if currency == Currency::USD { Self::Dollars } else { Self::Money(currency) }
    }

    /// Returns the unit of the values as written, or an empty string for text and ratios.
    pub fn unit(self) -> String {
        match self {
            Self::Text | Self::Name | Self::Ratio => String::new(),
            Self::Count => "count".into(),
            Self::Percent | Self::Rate => "percent".into(),
            Self::Dollars => Currency::USD.name().to_owned(),
            Self::Money(currency) => currency.name().to_owned(),
            Self::Days => "days".into(),
        }
    }

    /// Returns `true` if the cells of such a column hold numbers.
    pub fn is_number(self) -> bool {
        !matches!(self, Self::Text | Self::Name)
    }

    /// Writes a value with its unit.
    pub fn show(self, value: f64) -> String {
        match self {
            Self::Text | Self::Name => value.to_string(),
            Self::Count => count(decimals(value, 0)),
            // With a non-breaking space before the sign.
            Self::Percent => format!("{}\u{a0}%", decimals(value * 100.0, 1)),
            Self::Rate => format!("{}\u{a0}%", decimals(value * 100.0, 3)),
            Self::Dollars => Currency::USD.show(value),
            Self::Money(currency) => currency.show(value),
            Self::Ratio => decimals(value, 2),
            Self::Days => format!("{} days", decimals(value, 0)),
        }
    }

    /// Writes an interval from its lower to its upper bound: `17.6–32.1 %`, `$30.40–$52.10`, `15–32`.
    pub fn show_interval(self, interval: &Interval) -> String {
        let bound = |value: f64| match self {
            Self::Days => decimals(value, 0),
            _ => self.show(value),
        };
        let low = bound(interval.low);
        match interval.high.map(bound) {
            Some(high) => {
                // A dash before or after a minus sign would be misread.
                let to = if interval.low < 0.0 { " to " } else { "–" };
                format!("{}{to}{high}", low.strip_suffix("\u{a0}%").unwrap_or(&low))
            }
            None if self == Self::Days => format!("{low} or later"),
            None => format!("{low} or more"),
        }
    }

    /// Writes a value with its interval as part of a sentence: `1.92 (90 %: 1.60–2.31)`.
    pub fn show_within(self, value: f64, interval: Option<&Interval>) -> String {
        match interval {
            Some(interval) => {
                let (level, bounds) = (level(interval.level), self.show_interval(interval));
                format!("{} ({level}: {bounds})", self.show(value))
            }
            None => self.show(value),
        }
    }
}

/// Writes a number with `places` decimal places; zero never has a sign.
pub(crate) fn decimals(value: f64, places: usize) -> String {
    let text = format!("{value:.places$}");
    match text.strip_prefix('-') {
        Some(digits) if digits.bytes().all(|digit| matches!(digit, b'0' | b'.')) => digits.into(),
        _ => text,
    }
}

/// Writes a count with thousands separators.
pub(crate) fn count(number: impl ToString) -> String {
    let text = number.to_string();
    match text.strip_prefix('-') {
        Some(digits) => format!("−{}", grouped(digits)),
        None => grouped(&text),
    }
}

/// Writes a value, or a dash if it is unknown.
pub(crate) fn known<T>(value: Option<T>, show: impl Fn(T) -> String) -> String {
    value.map_or_else(|| UNKNOWN.into(), show)
}

/// Writes a share with its interval as part of a sentence: `24.1 % (90 %: 18.3–31.0 %)`.
pub(crate) fn share(share: &Share) -> String {
    let interval = share.interval.map(Interval::from);
    known(share.rate, |rate| Format::Percent.show_within(rate, interval.as_ref()))
}

/// Writes the name of a cohort, or `no` and the dimension `what` if there is none.
pub(crate) fn label(cohort: Option<&str>, what: &str) -> String {
    match cohort {
        Some(name) => name.replace('_', " "),
        None => format!("no {}", what.replace('_', " ").to_lowercase()),
    }
}

/// Writes digits with separators of thousands.
pub(crate) fn grouped(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_formatted_with_separators_and_units() {
        assert_eq!(Format::Dollars.show(1_234_567.8), "$1,234,568");
        assert_eq!(Format::Dollars.show(-12.345), "−$12.35");
        assert_eq!(Format::Dollars.show(0.0), "$0.00");
        assert_eq!(Format::Dollars.show(-0.001), "$0.00");
        assert_eq!(Format::Percent.show(-0.0), "0.0\u{a0}%");
        assert_eq!(Format::Ratio.show(-0.001), "0.00");
        assert_eq!(Format::Ratio.show(-0.01), "-0.01");
        assert_eq!(Format::Count.show(45_000.0), "45,000");
        assert_eq!(
            (count(7), count(-123), count(-1_234)),
            ("7".into(), "−123".into(), "−1,234".into())
        );
        assert_eq!(Format::Rate.show(0.001_54), "0.154\u{a0}%");
        assert_eq!(Format::Percent.show(0.2414), "24.1\u{a0}%");
        assert_eq!(known(None, |ratio| Format::Ratio.show(ratio)), "–");
        let none = Share::new(0, 10, 0.95);
        assert_eq!(share(&none), "0.0\u{a0}% (95\u{a0}%: 0.0–27.8\u{a0}%)");
        let money = Interval { low: 1.6, high: Some(1_234.0), level: 0.9 };
        assert_eq!(
            Format::Dollars.show_within(2.0, Some(&money)),
            "$2.00 (90\u{a0}%: $1.60–$1,234)"
        );
        assert_eq!(Format::Ratio.show_within(2.0, None), "2.00");
        assert_eq!(label(None, "Campaign"), "no campaign");
        assert_eq!(label(Some("paid_search"), "Channel"), "paid search");
    }

    #[test]
    fn days_are_formatted_with_their_unit() {
        assert_eq!(Format::Days.show(21.0), "21 days");
        assert_eq!(level(0.975), "97.5\u{a0}%");
        let interval = |high| Interval { low: 15.0, high, level: 0.9 };
        assert_eq!(Format::Days.show_interval(&interval(Some(32.0))), "15–32");
        let signed = Interval { low: -4.0, high: Some(32.0), level: 0.9 };
        assert_eq!(Format::Dollars.show_interval(&signed), "−$4.00 to $32.00");
        assert_eq!(Format::Days.show_interval(&interval(None)), "15 or later");
        assert_eq!(Format::Ratio.show_interval(&interval(None)), "15.00 or more");
    }
}
