//! Division of money: rounded half to even, and of products of 256 bits.

use arrow_buffer::i256;

/// Returns `x × y ÷ z`, rounded half to even, even if the product does not fit 128 bits; `None` if
/// the result does not. `z` must be greater than zero.
///
/// ```
/// use tidegauge_core::multiply_divide;
///
/// let one = 10i128.pow(18);
/// assert_eq!(multiply_divide(60_000 * one, one / 4, one), Some(15_000 * one));
/// assert_eq!(multiply_divide(i128::MAX, 2, 1), None);
/// ```
pub fn multiply_divide(x: i128, y: i128, z: i128) -> Option<i128> {
    let (quotient, rest) = multiply_divide_floor(x, y, z)?;
    // The rest is compared with its distance to `z`, because twice the rest may overflow.
    let left = z - rest;
    let up = rest > left || (rest == left && quotient % 2 != 0);
    if up { quotient.checked_add(1) } else { Some(quotient) }
}

/// Returns the floor of `x × y ÷ z` and the remainder of the product, even if the product does not
/// fit 128 bits; `None` if the floor does not. `z` must be greater than zero.
///
/// ```
/// use tidegauge_core::multiply_divide_floor;
///
/// assert_eq!(multiply_divide_floor(-7, 3, 2), Some((-11, 1)));
/// ```
pub fn multiply_divide_floor(x: i128, y: i128, z: i128) -> Option<(i128, i128)> {
    if let Some(product) = x.checked_mul(y) {
        return Some((product.checked_div_euclid(z)?, product.checked_rem_euclid(z)?));
    }
    // Both factors have at most 127 bits and a sign, so 255 bits hold the product.
    let (product, divisor) =
        (i256::from_i128(x).wrapping_mul(i256::from_i128(y)), i256::from_i128(z));
    let quotient = product.checked_div(divisor)?.to_i128()?;
    let rest = product.checked_rem(divisor)?.to_i128()?;
    if rest < 0 { Some((quotient.checked_sub(1)?, rest + z)) } else { Some((quotient, rest)) }
}

/// Returns `x / y`, rounded half to even; all divisions of money use it.
///
/// ```
/// use tidegauge_core::divide_half_even;
///
/// assert_eq!([5, 7, -5, -7].map(|x| divide_half_even(x, 2)), [2, 4, -2, -4]);
/// ```
///
/// `y` must be above zero.
pub const fn divide_half_even(x: i128, y: i128) -> i128 {
    let (quotient, rest) = (x.div_euclid(y), x.rem_euclid(y));
    // The rest is compared with its distance to `y`, because twice the rest may overflow.
    let left = y - rest;
    if rest > left || (rest == left && quotient % 2 != 0) { quotient + 1 } else { quotient }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::divide_half_even;

    #[test]
    fn halves_round_to_even() {
        for (x, y, rounded) in [
            (5, 2, 2),
            (7, 2, 4),
            (-5, 2, -2),
            (-7, 2, -4),
            (9, 4, 2),
            (11, 4, 3),
            (i128::MAX - 1, i128::MAX, 1),
        ] {
            assert_eq!(divide_half_even(x, y), rounded, "{x}/{y}");
        }
    }

    #[test]
    fn products_beyond_128_bits_are_divided_exactly() {
        let one = 10i128.pow(18);
        let most = 10i128.pow(38) - 1;
        assert_eq!(multiply_divide(most, one, one), Some(most));
        assert_eq!(multiply_divide(-most, one, one), Some(-most));
        assert_eq!(multiply_divide(most, most, most), Some(most));
        assert_eq!(multiply_divide(most, most, one), None);
        assert_eq!(multiply_divide(i128::MIN, i128::MIN, i128::MAX), None);
        // Halves of products that need more than 128 bits go to the even neighbour.
        let (odd, even) = (10i128.pow(30) + 1, 10i128.pow(30) + 2);
        assert_eq!(multiply_divide(odd, one / 2, one), Some(odd / 2));
        assert_eq!(multiply_divide(even, 3 * one / 4, one), Some(even / 2 * 3 / 2 + 1));
        assert_eq!(multiply_divide(-odd, one / 2, one), Some(-(odd / 2)));
    }

    proptest! {
        #[test]
        fn wide_division_equals_narrow_division(
            x in any::<i64>(), y in any::<i64>(), z in 1..i64::MAX, more in 1i64..1_000_000_000,
        ) {
            let [x, y, z, more] = [x, y, z, more].map(i128::from);
            let narrow = divide_half_even(x * y, z);
            prop_assert_eq!(multiply_divide(x, y, z), Some(narrow));
            // The same fraction, with larger numbers.
            let more = more * 10i128.pow(10);
            prop_assert_eq!(multiply_divide(x * more, y, z * more), Some(narrow));
            let (floor, rest) = multiply_divide_floor(x * more, y, z * more).unwrap();
            prop_assert_eq!((floor, rest / more), ((x * y).div_euclid(z), (x * y).rem_euclid(z)));
        }
    }
}
