//! Exchange rates as exact ratios.

use crate::{Crypto, divide_half_even, multiply_divide};

/// One whole unit, in minor units of prices and rates.
pub(super) const ONE: i128 = Crypto::ONE;

/// The value of a currency or coin in US dollars, as a ratio of two integers, so that rounding
/// happens only once, at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// The number of units of the asset.
    pub(super) units: i128,
    /// The units of US dollars that they were worth. Both numbers are greater than zero.
    pub(super) usd: i128,
}

/// Returns the ratio of the minor units of [`Crypto`] to those of `places` decimal places, or
/// `None` if `places` is not the smaller scale.
pub(super) fn rescaling_factor(places: u32) -> Option<i128> {
    let one = 10i128.checked_pow(places)?;
    (one < ONE).then(|| ONE / one)
}

impl Rate {
    /// The rate of the US dollar against itself.
    pub(super) const DOLLAR: Self = Self { units: 1, usd: 1 };

    /// Creates the rate of a coin at `price`, in units of US dollars.
    pub(super) fn of_price(price: i128) -> Self {
        Self { units: ONE, usd: price }
    }

    /// Returns the two sides of the ratio: units of the asset, and the units of US dollars that
    /// they were worth.
    pub fn ratio(self) -> (i128, i128) {
        (self.units, self.usd)
    }

    /// Converts `amount` to US dollars, rounded half to even; returns `None` on overflow.
    pub fn to_usd(self, amount: i128) -> Option<i128> {
        multiply_divide(amount, self.usd, self.units)
    }

    /// Converts an amount of US dollars, the inverse of [`Rate::to_usd`]; returns `None` on
    /// overflow.
    pub fn from_usd(self, usd: i128) -> Option<i128> {
        multiply_divide(usd, self.units, self.usd)
    }

    /// Returns the same rate with `places` decimal places on both sides, rounded half to even;
    /// `None` if one side becomes zero.
    pub fn rounded(self, places: u32) -> Option<Self> {
        let Some(power) = rescaling_factor(places).filter(|_| self != Self::DOLLAR) else {
            return Some(self);
        };
        let [units, usd] = [self.units, self.usd].map(|side| divide_half_even(side, power));
        (units > 0 && usd > 0).then_some(Self { units, usd })
    }

    /// Returns US dollars per unit, for statistics only.
    pub fn to_f64(self) -> f64 {
        Crypto::from_units(self.usd).ratio(Crypto::from_units(self.units))
    }
}
