//! Exact money: an integer number of minor units at a scale fixed by the type.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::decimal_text::{
    InexactDecimal, PRICE_SCALE, format_units, inexact_error, parse, short_units, units_to_f64,
};
use super::division::divide_half_even;

/// An amount of US dollars, euros or another fiat currency: two decimal places.
pub type Fiat = Fixed<2>;

/// An amount of a crypto asset, a price of anything or an exchange rate: eighteen decimal places.
pub type Crypto = Fixed<PRICE_SCALE>;

/// An exact decimal number with `SCALE` decimal places, stored as an `i128` of minor units: the
/// same bits as an Arrow `Decimal128` of that scale, so that money never passes through a float.
///
/// ```
/// use tidegauge_core::{Crypto, Fiat};
///
/// let price: Crypto = "0.0000000000042".parse()?;
/// assert_eq!(price.units(), 4_200_000);
/// assert_eq!(Fiat::from_units(1250).to_string(), "12.50");
/// assert!("0.001".parse::<Fiat>().is_err()); // would lose a digit
/// assert_eq!(Fiat::rounded("0.125")?.to_string(), "0.12"); // half to even
/// # Ok::<(), tidegauge_core::InexactDecimal>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fixed<const SCALE: u32>(i128);

impl<const SCALE: u32> Fixed<SCALE> {
    /// The number of minor units in one whole unit.
    pub const ONE: i128 = 10i128.pow(SCALE);

    /// Creates a value from an integer number of minor units (cents, satoshi).
    pub const fn from_units(units: i128) -> Self {
        Self(units)
    }

    /// Returns the number of minor units.
    pub const fn units(self) -> i128 {
        self.0
    }

    /// Parses a decimal number, rounding digits beyond the scale half to even.
    ///
    /// # Errors
    /// When `text` is not a decimal number, or is too large.
    pub fn rounded(text: &str) -> Result<Self, InexactDecimal> {
        parse(text, SCALE, true).map(Self).ok_or_else(|| inexact_error(text, SCALE))
    }

    /// Converts to another scale, rounding half to even if it has fewer places; returns `None` if
    /// the units overflow.
    ///
    /// ```
    /// use tidegauge_core::{Crypto, Fixed};
    ///
    /// let satoshi: Fixed<8> = Fixed::from_units(1);
    /// assert_eq!(satoshi.rescaled::<18>().map(Crypto::units), Some(10_000_000_000));
    /// ```
    pub fn rescaled<const TO: u32>(self) -> Option<Fixed<TO>> {
        let power = 10i128.checked_pow(TO.abs_diff(SCALE))?;
        let units = match TO >= SCALE {
            true => self.0.checked_mul(power)?,
            false => divide_half_even(self.0, power),
        };
        Some(Fixed(units))
    }

    /// Returns the quotient of this value and `other`, for statistics only. If 15 digits represent
    /// both exactly, the quotient is rounded only once.
    ///
    /// ```
    /// use tidegauge_core::Crypto;
    ///
    /// let [price, other]: [Crypto; 2] = ["0.3", "0.1"].map(|price| price.parse().unwrap());
    /// assert_eq!(price.ratio(other), 3.0);
    /// ```
    pub fn ratio(self, other: Self) -> f64 {
        match (short_units(self.0, SCALE), short_units(other.0, SCALE)) {
            // At the same scale the quotient of the units is the ratio.
            ((units, scale), (other, other_scale)) if scale == other_scale => {
                units as f64 / other as f64
            }
            _ => self.0 as f64 / other.0 as f64,
        }
    }

    /// Returns the mean of `count` amounts whose sum this is, for statistics only. The sum is
    /// divided by the count first, so that the mean of equal amounts is exactly that amount.
    pub fn mean_of(self, count: usize) -> f64 {
        let (units, scale) = short_units(self.0, SCALE);
        units as f64 / count as f64 / 10f64.powi(scale.cast_signed())
    }

    /// Returns an `f64` close to the value, for statistics only: the nearest one if 15 digits
    /// represent the value exactly.
    pub fn to_f64(self) -> f64 {
        units_to_f64(self.0, SCALE)
    }
}

impl<const SCALE: u32> FromStr for Fixed<SCALE> {
    type Err = InexactDecimal;

    fn from_str(text: &str) -> Result<Self, InexactDecimal> {
        parse(text, SCALE, false).map(Self).ok_or_else(|| inexact_error(text, SCALE))
    }
}

impl<const SCALE: u32> fmt::Display for Fixed<SCALE> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format_units(self.0, SCALE))
    }
}

impl<const SCALE: u32> Serialize for Fixed<SCALE> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, const SCALE: u32> Deserialize<'de> for Fixed<SCALE> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_convert_to_the_nearest_float() {
        for text in ["34265.19345116", "0.1", "123456789.12345678", "4.2e-12", "0.3"] {
            let price: Crypto = text.parse().unwrap();
            assert_eq!(price.to_f64(), text.parse::<f64>().unwrap(), "{text}");
        }
    }

    #[test]
    fn rescaling_rounds_half_to_even() {
        let cents: Fixed<2> = Fixed::from_units(-5);
        assert_eq!(cents.rescaled::<18>().unwrap().to_string(), "-0.05000000");
        let halves: [Fixed<10>; 3] = [50, 150, 151].map(Fixed::from_units);
        assert_eq!(halves.map(|amount| amount.rescaled::<8>().unwrap().units()), [0, 2, 2]);
        assert_eq!(Fixed::<2>::from_units(i128::MAX).rescaled::<18>(), None);
    }
}
