//! Comparison of amounts with exact products, on integer units.

use tidegauge_core::{Crypto, multiply_divide_floor};

/// One, in units of amounts and prices.
pub(crate) const ONE: i128 = Crypto::ONE;
/// The last of the 8 decimal places of the simulation.
const LAST_PLACE: i128 = ONE / 100_000_000;
/// Half a cent and the last of 8 places: the tolerance of a fiat amount around the exact product.
pub(crate) const HALF_A_CENT: i128 = ONE / 200 + LAST_PLACE;
/// Returns `true` if `x × y ÷ scale` is `amount`, within half a cent.
pub(crate) fn is_near(x: i128, y: i128, amount: i128, scale: i128) -> bool {
    is_within(x, y, amount, scale, HALF_A_CENT)
}

/// Returns `true` if `x × y ÷ scale` is within `tolerance` of `amount`; `false` if the product is too
/// large for an amount.
pub(crate) fn is_within(x: i128, y: i128, amount: i128, scale: i128, tolerance: i128) -> bool {
    multiply_divide_floor(x, y, scale).is_some_and(|(whole, rest)| {
        // The product lies between this and the next integer.
        let difference = whole.saturating_sub(amount);
        difference >= -tolerance
            && (difference < tolerance || (difference == tolerance && rest == 0))
    })
}
