//! Decimal numbers as text: parsing to minor units and formatting.

/// The decimal places of prices and crypto amounts.
pub(super) const PRICE_SCALE: u32 = 18;

/// The decimal places that are always written; most prices and amounts need no more. Trailing zeros
/// beyond them are omitted.
const MIN_PLACES: u32 = 8;

/// Text that is not a decimal number, or not representable at the requested scale.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a decimal number that fits {scale} places exactly")]
pub struct InexactDecimal {
    /// The text, truncated to 40 characters.
    pub text: String,
    /// The available decimal places.
    pub scale: u32,
}

/// Parses a decimal number to minor units at a scale known only at run time, exactly; [`Fixed`](crate::Fixed) is
/// for a scale that is part of the type.
///
/// ```
/// use tidegauge_core::parse_units;
///
/// assert_eq!(parse_units("12.5", 2)?, 1250);
/// assert!(parse_units("0.001", 2).is_err()); // would lose a digit
/// # Ok::<(), tidegauge_core::InexactDecimal>(())
/// ```
///
/// # Errors
/// When `text` is not a decimal number, is too large, or has more decimal places than `scale`.
pub fn parse_units(text: &str, scale: u32) -> Result<i128, InexactDecimal> {
    parse(text, scale, false).ok_or_else(|| inexact_error(text, scale))
}

pub(super) fn inexact_error(text: &str, scale: u32) -> InexactDecimal {
    InexactDecimal { text: text.chars().take(40).collect(), scale }
}

/// Parses the minor units of `text` at `scale`: an optional sign, digits, a point and an exponent.
pub(crate) fn parse(text: &str, scale: u32, round: bool) -> Option<i128> {
    parse_short(text.as_bytes(), scale, round).or_else(|| parse_any(text, scale, round))
}

/// Parses the common case: digits that fit 64 bits, with a point and without an exponent. Returns
/// `None` for anything else, which [`parse_any`] parses, several times as slowly.
fn parse_short(text: &[u8], scale: u32, round: bool) -> Option<i128> {
    let (negative, digits) = match text.first()? {
        b'-' => (true, &text[1..]),
        _ => (false, text),
    };
    if digits.is_empty() || digits.len() > 19 {
        return None;
    }
    let (mut units, mut point) = (0u64, None);
    for (at, byte) in digits.iter().enumerate() {
        match byte {
            b'0'..=b'9' => units = units * 10 + u64::from(byte - b'0'),
            b'.' if point.is_none() => point = Some(at + 1),
            _ => return None,
        }
    }
    let places = u32::try_from(point.map_or(0, |point| digits.len() - point)).ok()?;
    let units = if places <= scale {
        i128::from(units).checked_mul(i128::from(power_of_ten(scale - places)?))?
    } else {
        let one = power_of_ten(places - scale)?;
        let (kept, lost) = (units / one, units % one);
        if lost != 0 && !round {
            return None;
        }
        // Half to even; `one` is even, so its half is exact.
        let up = lost > one / 2 || (lost == one / 2 && kept % 2 == 1);
        i128::from(kept) + i128::from(up)
    };
    (digits.len() > usize::from(point.is_some())).then_some(if negative { -units } else { units })
}

/// Returns a power of ten from a table, since computing it takes as long as parsing a number.
fn power_of_ten(exponent: u32) -> Option<u64> {
    const POWERS: [u64; 20] = {
        let (mut powers, mut at) = ([1; 20], 1);
        while at < 20 {
            powers[at] = powers[at - 1] * 10;
            at += 1;
        }
        powers
    };
    POWERS.get(usize::try_from(exponent).ok()?).copied()
}

fn parse_any(text: &str, scale: u32, round: bool) -> Option<i128> {
    let (negative, unsigned) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    // The value is 0.d₁d₂d₃… × 10^point; the digits up to `kept` become minor units, the rest is
    // lost.
    let point = i32::try_from(whole.len()).ok()?.checked_add(exponent)?;
    let kept = point.checked_add(i32::try_from(scale).ok()?)?;
    let mut units: i128 = 0;
    let (mut first_lost, mut rest_lost) = (0u8, false);
    let mut count = 0i32;
    for byte in whole.bytes().chain(fraction.bytes()) {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit <= 9)?;
        if count < kept {
            units = units.checked_mul(10)?.checked_add(i128::from(digit))?;
        } else if count == kept {
            first_lost = digit;
        } else {
            rest_lost |= digit != 0;
        }
        count = count.checked_add(1)?;
    }
    if count < kept && units != 0 {
        units = units.checked_mul(10i128.checked_pow(u32::try_from(kept - count).ok()?)?)?;
    }
    if kept < 0 {
        // The value is less than half a minor unit, and the first lost digit is not a real one.
        rest_lost |= first_lost != 0;
        first_lost = 0;
    }
    if first_lost != 0 || rest_lost {
        if !round {
            return None;
        }
        let up = first_lost > 5 || (first_lost == 5 && (rest_lost || units % 2 == 1));
        units = units.checked_add(i128::from(up))?;
    }
    Some(if negative { -units } else { units })
}

/// Returns an `f64` close to `units` at a scale known only at run time; [`Fixed::to_f64`](crate::Fixed::to_f64) is for a
/// scale that is part of the type.
pub fn units_to_f64(units: i128, scale: u32) -> f64 {
    // With few digits both operands of the division are exact, so it is rounded only once.
    let (units, scale) = short_units(units, scale);
    // A conversion from 128 bits is many times slower.
    let whole = i64::try_from(units).map_or_else(|_| units as f64, |units| units as f64);
    whole / 10f64.powi(scale.cast_signed())
}

/// Returns the same number at eight decimal places if it has a larger scale and needs no more than
/// eight; otherwise returns it unchanged.
///
/// ```
/// use tidegauge_core::short_units;
///
/// assert_eq!(short_units(1_500_000_000_000_000_000, 18), (150_000_000, 8));
/// assert_eq!(short_units(1, 18), (1, 18));
/// ```
pub fn short_units(units: i128, scale: u32) -> (i128, u32) {
    let short = scale.checked_sub(MIN_PLACES).and_then(|more| {
        // 10ⁿ is 2ⁿ 5ⁿ: numbers with fewer binary zeros are not divisible, and most others fit 64
        // bits without them, whose division is many times faster.
        if units.trailing_zeros() < more {
            return None;
        }
        let halved = units >> more;
        match (i64::try_from(halved), 5i64.checked_pow(more)) {
            (Ok(halved), Some(five)) => (halved % five == 0).then(|| i128::from(halved / five)),
            _ => {
                let five = 5i128.checked_pow(more)?;
                (halved % five == 0).then(|| halved / five)
            }
        }
    });
    short.map_or((units, scale), |short| (short, MIN_PLACES))
}

/// Formats `units` at `scale` as plain text with all decimal places. At the scale of prices
/// (eighteen), trailing zeros beyond the eighth place are omitted, so that a price that needs no
/// more than eight places looks as it did when prices had eight.
///
/// ```
/// use tidegauge_core::format_units;
///
/// assert_eq!(format_units(1250, 2), "12.50");
/// assert_eq!(format_units(1_500_000_000_000_000_000, 18), "1.50000000");
/// assert_eq!(format_units(4_200_000, 18), "0.0000000000042");
/// ```
pub fn format_units(units: i128, scale: u32) -> String {
    let is_price = scale == PRICE_SCALE;
    let (units, scale) = if is_price { short_units(units, scale) } else { (units, scale) };
    let sign = if units < 0 { "-" } else { "" };
    let width = scale as usize + 1;
    // Most numbers fit 64 bits, which are formatted several times as fast.
    let mut text = match u64::try_from(units.unsigned_abs()) {
        Ok(digits) => format!("{sign}{digits:0>width$}"),
        Err(_) => format!("{sign}{:0>width$}", units.unsigned_abs()),
    };
    if scale > 0 {
        text.insert(text.len() - scale as usize, '.');
    }
    if is_price && scale > MIN_PLACES {
        text.truncate(text.trim_end_matches('0').len());
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Crypto;

    #[test]
    fn number_formats_of_apis_are_parsed() {
        for (text, scale, units) in [
            ("0", 2, 0),
            ("49053", 8, 4_905_300_000_000),
            ("50675.258073370765", 8, 5_067_525_807_337),
            ("1.24624E+11", 2, 12_462_400_000_000),
            ("4.1e-05", 8, 4_100),
            ("-0.005", 2, 0),
            ("-0.015", 2, -2),
            ("0.0000000049", 8, 0),
            ("9e-9", 8, 1),
            ("9e-10", 8, 0),
            (".5", 2, 50),
            ("5.", 2, 500),
            ("1e3", 0, 1000),
        ] {
            assert_eq!(parse(text, scale, true), Some(units), "{text} at {scale}");
        }
    }

    #[test]
    fn invalid_numbers_are_refused() {
        for text in ["", "-", ".", "NaN", "inf", "1,5", "0x1", "1e", "1e99", "1 ", "١"] {
            assert_eq!(parse(text, 2, true), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn numbers_that_need_at_most_eight_places_are_shortened(
            digits in proptest::num::i64::ANY, zeros in 0u32..19, scale in 0u32..39,
        ) {
            let units = i128::from(digits) * 10i128.pow(zeros);
            let power = scale.checked_sub(MIN_PLACES).map(|more| 10i128.pow(more));
            let expected = match power {
                Some(power) if units % power == 0 => (units / power, MIN_PLACES),
                _ => (units, scale),
            };
            prop_assert_eq!(short_units(units, scale), expected);
        }
    }

    #[test]
    fn trailing_zeros_beyond_eight_places_are_omitted() {
        for (text, written) in [
            ("0", "0.00000000"),
            ("1.5", "1.50000000"),
            ("-0.000000001", "-0.000000001"),
            ("4.2e-12", "0.0000000000042"),
            ("1e-18", "0.000000000000000001"),
            ("99999999999999999999.999999999999999999", "99999999999999999999.999999999999999999"),
            ("-12345678901234567890", "-12345678901234567890.00000000"),
        ] {
            assert_eq!(text.parse::<Crypto>().unwrap().to_string(), written);
        }
        assert_eq!(format_units(i128::MIN, 38), "-1.70141183460469231731687303715884105728");
        assert!("1e-19".parse::<Crypto>().is_err());
    }

    proptest! {
        #[test]
        fn units_survive_a_text_round_trip(units in any::<i64>(), scale in 0u32..=20) {
            let text = format_units(i128::from(units), scale);
            prop_assert_eq!(parse(&text, scale, false), Some(i128::from(units)));
        }

        #[test]
        fn fast_path_equals_general_parser(
            text in "-?[0-9]{0,19}[.]?[0-9]{0,19}", scale in 0u32..12, round in any::<bool>(),
        ) {
            if let Some(units) = parse_short(text.as_bytes(), scale, round) {
                prop_assert_eq!(parse_any(&text, scale, round), Some(units));
            }
        }

        #[test]
        fn parsing_never_panics(text in "[-+]?[0-9]{0,45}[.]?[0-9]{0,45}([eE][-+]?[0-9]{0,12})?") {
            let _ = parse(&text, 8, true);
        }
    }
}
