//! Trading, ramp and withdrawal fees of both presets.

use tidegauge_core::fees;

use crate::units::ONE;

/// Trading fees in basis points (1/10,000) of the quote amount.
pub(crate) const MAKER_FEE: i128 = fees::FLAT.tiers()[0].maker;
pub(crate) const TAKER_FEE: i128 = fees::FLAT.tiers()[0].taker;
/// The fee of a ramp purchase in basis points (1/10,000) of the fiat amount.
pub(crate) const RAMP_FEE: i128 = fees::PURCHASE_FEE;

/// Returns the withdrawal fee in 10⁻⁸ of the withdrawn currency.
pub(crate) fn withdrawal_fee(currency: &str) -> i128 {
    match currency {
        "BTC" => 2_000,
        "ETH" => 50_000,
        "SOL" => 1_000_000,
        _ => ONE,
    }
}
