//! Encoding of exact decimals as PostgreSQL's binary `numeric`, with digits in base 10,000.
//!
//! <https://github.com/postgres/postgres/blob/REL_17_STABLE/src/backend/utils/adt/numeric.c>,
//! `numeric_send`.

const BASE: u64 = 10_000;
const BASE_4: u128 = 10_000_000_000_000_000;
/// The groups for 38 decimal digits, and up to three zeros after them.
const MAX_GROUPS: usize = 11;
const NEGATIVE: u16 = 0x4000;

/// Appends `units` at `scale` with the length of the value.
pub(super) fn encode(units: i128, scale: u8, out: &mut Vec<u8>) {
    let fraction = usize::from(scale).div_ceil(4);
    // Zeros are appended so that the point falls between two groups.
    let zeros = [1u128, 1_000, 100, 10][usize::from(scale) % 4];
    let mut groups = [0u16; MAX_GROUPS];
    let first = write_groups(units.unsigned_abs(), zeros, &mut groups);
    let last = groups.iter().rposition(|group| *group != 0).map_or(first, |last| last + 1);
    let digits = &groups[first..last.max(first)];
    // The position of the first group: 0 is the one before the point.
    let weight =
        if digits.is_empty() { 0 } else { small_i16(MAX_GROUPS - first) - small_i16(fraction) - 1 };
    let sign = if units < 0 { NEGATIVE } else { 0 };
    let count = digits.len().to_le_bytes()[0];
    out.extend_from_slice(&[0, 0, 0, 8 + 2 * count, 0, count]);
    out.extend_from_slice(&weight.to_be_bytes());
    out.extend_from_slice(&sign.to_be_bytes());
    out.extend_from_slice(&[0, scale]);
    for group in digits {
        out.extend_from_slice(&group.to_be_bytes());
    }
}

/// Converts a number of groups, which is always small.
fn small_i16(count: usize) -> i16 {
    i16::from(count.to_le_bytes()[0])
}

/// Writes `number × zeros` into the last of `groups`; returns the index of the first one.
fn write_groups(number: u128, zeros: u128, groups: &mut [u16; MAX_GROUPS]) -> usize {
    let mut at = MAX_GROUPS;
    // If the product overflows, the lower end is split off first.
    let (mut high, low) = match number.checked_mul(zeros) {
        Some(number) => (number, None),
        None => {
            let unit = BASE_4 / zeros;
            (number / unit, Some(number % unit * zeros))
        }
    };
    let mut four = |part: u128, at: &mut usize| {
        let mut part = u64::try_from(part).unwrap_or_default(); // below 10¹⁶
        for _ in 0..4 {
            *at -= 1;
            groups[*at] = group(part % BASE);
            part /= BASE;
        }
    };
    if let Some(low) = low {
        four(low, &mut at);
    }
    while high > u128::from(u64::MAX) {
        four(high % BASE_4, &mut at);
        high /= BASE_4;
    }
    let mut rest = u64::try_from(high).unwrap_or_default();
    while rest > 0 {
        at -= 1;
        groups[at] = group(rest % BASE);
        rest /= BASE;
    }
    at
}

/// Converts a remainder of [`BASE`].
fn group(rest: u64) -> u16 {
    u16::from_le_bytes([rest.to_le_bytes()[0], rest.to_le_bytes()[1]])
}

/// Decodes a number without its length to units at `scale`; returns `None` if it is not a number,
/// has more decimal places, or is too large.
pub(super) fn decode(bytes: &[u8], scale: u8) -> Option<i128> {
    let (head, digits) = bytes.split_first_chunk::<8>()?;
    let word = |at: usize| [head[at], head[at + 1]];
    let count = usize::from(u16::from_be_bytes(word(0)));
    let weight = i32::from(i16::from_be_bytes(word(2)));
    let sign = u16::from_be_bytes(word(4));
    if digits.len() != 2 * count || (sign != 0 && sign != NEGATIVE) {
        return None; // infinite, or not a number
    }
    let mut units = 0i128;
    for (at, group) in digits.chunks_exact(2).enumerate() {
        let group = i128::from(u16::from_be_bytes([group[0], group[1]]));
        let exponent = 4 * weight.checked_sub(i32::try_from(at).ok()?)? + i32::from(scale);
        let power = 10i128.checked_pow(exponent.unsigned_abs())?;
        let part = if exponent >= 0 {
            group.checked_mul(power)?
        } else if group % power == 0 {
            group / power
        } else {
            return None;
        };
        units = units.checked_add(part)?;
    }
    Some(if sign == NEGATIVE { -units } else { units })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bytes(units: i128, scale: u8) -> Vec<u8> {
        let mut out = Vec::new();
        encode(units, scale, &mut out);
        let (length, number) = out.split_first_chunk::<4>().unwrap();
        assert_eq!(usize::try_from(u32::from_be_bytes(*length)).unwrap(), number.len());
        number.to_vec()
    }

    /// Checks against the bytes that a server sends, as `SELECT numeric_send(…)` shows them.
    #[test]
    fn numbers_are_encoded_as_the_server_encodes_them() {
        for (units, scale, hex) in [
            (0, 2, "0000000000000002"),
            (1, 8, "0001fffe000000080001"),
            (-1_250, 2, "0002000040000002000c1388"),
            // 34265.19345116 is 3·10⁴ + 4265 + 1934·10⁻⁴ + 5116·10⁻⁸.
            (3_426_519_345_116, 8, "0004000100000008000310a9078e13fc"),
        ] {
            let found: String =
                bytes(units, scale).iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(found, hex, "{units} at {scale}");
        }
    }

    #[test]
    fn invalid_numbers_are_none() {
        assert_eq!(decode(&[], 2), None);
        assert_eq!(decode(&[0, 0, 0, 0, 0xc0, 0, 0, 0], 2), None, "not a number");
        assert_eq!(decode(&bytes(1, 8), 2), None, "more places");
        assert_eq!(decode(&bytes(10i128.pow(37), 0), 8), None, "too large");
        assert_eq!(decode(&bytes(120, 2)[..9], 2), None, "cut off");
    }

    proptest! {
        #[test]
        fn every_decimal_round_trips(
            units in any::<i128>(), shift in 0u32..127, scale in 0u8..=38,
        ) {
            let units = (units >> shift) % 10i128.pow(38);
            prop_assert_eq!(decode(&bytes(units, scale), scale), Some(units));
        }

        #[test]
        fn nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..40), scale in 0u8..=38) {
            let _ = decode(&bytes, scale);
        }
    }
}
