//! Numbers as people read them. A number that is not known is a dash.

use tidegauge_analytics::stats::{Interval, Share};

pub(super) const UNKNOWN: &str = "–";

/// US dollars: cents below a thousand, else whole dollars with separators.
pub(super) fn dollars(amount: f64) -> String {
    let digits = if amount.abs() < 1_000.0 { 2 } else { 0 };
    let text = format!("{:.digits$}", amount.abs());
    let (whole, cents) = text.split_once('.').unwrap_or((&text, ""));
    let point = if cents.is_empty() { "" } else { "." };
    let sign = if amount < 0.0 { "−" } else { "" };
    format!("{sign}${}{point}{cents}", grouped(whole))
}

pub(super) fn count(number: impl ToString) -> String {
    grouped(&number.to_string())
}

/// With a space that does not break before the sign, as in all that follows.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1}\u{a0}%", share * 100.0)
}

pub(super) fn ratio(ratio: f64) -> String {
    format!("{ratio:.2}")
}

pub(super) fn known<T>(value: Option<T>, show: impl Fn(T) -> String) -> String {
    value.map_or_else(|| UNKNOWN.into(), show)
}

/// From the lower bound to the upper: `17.6–32.1 %`, `$30.40–$52.10`, `1.60–2.31`.
pub(super) fn range(interval: &Interval, show: impl Fn(f64) -> String) -> String {
    let (low, high) = (show(interval.low), show(interval.high));
    format!("{}–{high}", low.strip_suffix("\u{a0}%").unwrap_or(&low))
}

/// A value in a sentence: `1.92 (95 %: 1.60–2.31)`.
pub(super) fn within(
    value: f64,
    interval: Option<&Interval>,
    show: impl Fn(f64) -> String,
) -> String {
    match interval {
        Some(interval) => format!("{} (95\u{a0}%: {})", show(value), range(interval, &show)),
        None => show(value),
    }
}

/// A share in a sentence: `24.1 % (95 %: 17.6–32.1 %)`.
pub(super) fn share(share: &Share) -> String {
    known(share.rate, |rate| within(rate, share.interval.as_ref(), percent))
}

/// What a cohort is called; `what` it has none of where it is without a value.
pub(super) fn label(cohort: Option<&str>, what: &str) -> String {
    match cohort {
        Some(name) => name.replace('_', " "),
        None => format!("no {}", what.to_lowercase()),
    }
}

fn grouped(digits: &str) -> String {
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
    fn numbers_read_well() {
        assert_eq!(dollars(1_234_567.8), "$1,234,568");
        assert_eq!(dollars(-12.345), "−$12.35");
        assert_eq!(dollars(0.0), "$0.00");
        assert_eq!(count(45_000), "45,000");
        assert_eq!(count(7), "7");
        assert_eq!(percent(0.2414), "24.1\u{a0}%");
        assert_eq!(known(None, ratio), "–");
        assert_eq!(share(&Share::new(0, 10)), "0.0\u{a0}% (95\u{a0}%: 0.0–27.8\u{a0}%)");
        let interval = Interval { low: 1.6, high: 1_234.0 };
        assert_eq!(within(2.0, Some(&interval), dollars), "$2.00 (95\u{a0}%: $1.60–$1,234)");
        assert_eq!(within(2.0, None, ratio), "2.00");
        assert_eq!(label(None, "Campaign"), "no campaign");
        assert_eq!(label(Some("paid_search"), "Channel"), "paid search");
    }
}
