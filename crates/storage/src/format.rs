//! The text format of decimals, dates and timestamps, where a store has no type for them.

use chrono::{DateTime, Datelike, NaiveDate, Timelike};
use tidegauge_core::{digits, format_units};

/// Formats `units` at `scale` as [`format_units`] does: the one text form of a decimal in every
/// store.
pub(crate) fn format_decimal(units: i128, scale: u8) -> String {
    format_units(units, scale.into())
}

/// Returns the day `days` after 1970-01-01 as `YYYY-MM-DD`; `None` outside the years 0000 to 9999.
pub(crate) fn format_date(days: i32) -> Option<String> {
    const EPOCH: i32 = 719_163; // 1970-01-01 in days of the common era
    date_text(NaiveDate::from_num_days_from_ce_opt(days.checked_add(EPOCH)?)?)
}

/// Returns the instant `micros` after 1970-01-01T00:00:00Z as `YYYY-MM-DD`, `between`,
/// `HH:MM:SS.ffffff`, `end`; `None` outside the years 0000 to 9999.
pub(crate) fn format_timestamp(micros: i64, between: char, end: &str) -> Option<String> {
    let at = DateTime::from_timestamp_micros(micros)?.naive_utc();
    let mut text = date_text(at.date())?;
    // Digit by digit, because every row of a load has an instant, and `format!` is slow.
    for (separator, number, width) in [
        (between, at.hour(), 2),
        (':', at.minute(), 2),
        (':', at.second(), 2),
        ('.', at.nanosecond() / 1000, 6),
    ] {
        text.push(separator);
        push_digits(&mut text, number, width);
    }
    text.push_str(end);
    Some(text)
}

/// Returns the message that a time of so many `units` after 1970 cannot be written.
pub(crate) fn out_of_range(unit: &str, units: impl std::fmt::Display) -> String {
    format!("{unit} {units} after 1970 lies outside the years 0000 to 9999")
}

/// Parses the output of [`format_timestamp`] with a space between and no end; `None` for any other
/// text.
pub(crate) fn parse_timestamp(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    if bytes.len() != 26 || bytes[10] != b' ' || bytes[13] != b':' || bytes[16] != b':' {
        return None;
    }
    let at = digits::day(&bytes[..10])?.and_hms_micro_opt(
        digits::number(&bytes[11..13])?,
        digits::number(&bytes[14..16])?,
        digits::number(&bytes[17..19])?,
        (bytes[19] == b'.').then(|| digits::number(&bytes[20..]))??,
    )?;
    Some(at.and_utc().timestamp_micros())
}

/// Parses the output of [`format_date`]; `None` for any other text.
pub(crate) fn parse_date(text: &str) -> Option<i32> {
    let days = (digits::day(text.as_bytes())? - NaiveDate::default()).num_days();
    i32::try_from(days).ok()
}

fn date_text(date: NaiveDate) -> Option<String> {
    let year = u32::try_from(date.year()).ok().filter(|year| *year <= 9999)?;
    let mut text = String::with_capacity(32);
    push_digits(&mut text, year, 4);
    for number in [date.month(), date.day()] {
        text.push('-');
        push_digits(&mut text, number, 2);
    }
    Some(text)
}

/// Appends the last `width` digits of `number`.
fn push_digits(text: &mut String, number: u32, width: u32) {
    for place in (0..width).rev() {
        let digit = number / 10u32.pow(place) % 10;
        text.extend(char::from_digit(digit, 10));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_are_formatted_readably() {
        assert_eq!(format_decimal(-5, 2), "-0.05");
        assert_eq!(format_decimal(1250, 2), "12.50");
        assert_eq!(format_decimal(7, 0), "7");
        assert_eq!(format_decimal(i128::MIN, 38), "-1.70141183460469231731687303715884105728");
        assert_eq!(format_date(-1).as_deref(), Some("1969-12-31"));
        assert_eq!(format_timestamp(-1, 'T', "Z").as_deref(), Some("1969-12-31T23:59:59.999999Z"));
        assert_eq!(format_timestamp(i64::MAX, ' ', ""), None);
        assert_eq!(format_date(i32::MIN), None);
    }

    #[test]
    fn only_its_own_format_is_parsed() {
        for text in ["", "2020-01-01", "2020-01-01T00:00:00.000000", "2020-02-30 00:00:00.000000"] {
            assert_eq!(parse_timestamp(text), None, "{text}");
        }
        for text in ["", "2020-1-01", "2020-02-30", "2020-01-0é", "2020-01-01 "] {
            assert_eq!(parse_date(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn timestamps_round_trip(micros in -62_167_219_200_000_000i64..253_402_300_800_000_000) {
            let text = format_timestamp(micros, ' ', "").unwrap();
            prop_assert_eq!(parse_timestamp(&text), Some(micros));
        }

        #[test]
        fn dates_round_trip(days in -719_528i32..2_932_897) {
            prop_assert_eq!(parse_date(&format_date(days).unwrap()), Some(days));
        }
    }
}
