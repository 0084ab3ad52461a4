//! Fast parsing of numbers and dates from ASCII digits, for readers of millions of them.

use chrono::NaiveDate;

/// Parses an integer that consists of digits only; returns `None` on any other byte or on overflow.
///
/// ```
/// use tidegauge_core::digits;
///
/// assert_eq!(digits::number(b"042"), Some(42));
/// assert_eq!(digits::number(b"+42"), None);
/// assert_eq!(digits::day(b"2026-02-28").map(|day| day.to_string()), Some("2026-02-28".into()));
/// assert_eq!(digits::day(b"2026-02-30"), None);
/// ```
pub fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0u32, |number, byte| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit <= 9)?;
        number.checked_mul(10)?.checked_add(u32::from(digit))
    })
}

/// Parses a date of the exact form `2026-02-28`; returns `None` for anything else.
pub fn day(bytes: &[u8]) -> Option<NaiveDate> {
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let year = i32::try_from(number(&bytes[..4])?).ok()?;
    NaiveDate::from_ymd_opt(year, number(&bytes[5..7])?, number(&bytes[8..])?)
}
