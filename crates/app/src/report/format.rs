//! Numbers as people read them. A number that is not known is a dash.

use tidegauge_analytics::stats::Share;

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

pub(super) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

pub(super) fn ratio(ratio: f64) -> String {
    format!("{ratio:.2}")
}

pub(super) fn known<T>(value: Option<T>, show: impl Fn(T) -> String) -> String {
    value.map_or_else(|| UNKNOWN.into(), show)
}

/// A share with its 95 % interval: `24.1 % (17.6–32.1)`.
pub(super) fn share(share: &Share) -> String {
    match (share.rate, &share.interval) {
        (Some(rate), Some(interval)) => {
            format!("{} ({:.1}–{:.1})", percent(rate), interval.low * 100.0, interval.high * 100.0)
        }
        (Some(rate), None) => percent(rate),
        _ => UNKNOWN.into(),
    }
}

/// What a cohort is called where it has no value of its own.
pub(super) fn label(cohort: Option<&str>) -> String {
    cohort.unwrap_or("none").replace('_', " ")
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
        assert_eq!(percent(0.2414), "24.1 %");
        assert_eq!(known(None, ratio), "–");
    }
}
