//! The exchange's fee schedule, shared by the simulator and the audit.
//!
//! ```
//! use tidegauge_core::fees;
//!
//! let (nothing, much) = (0, 60_000_00); // cents traded for in the last thirty days
//! assert_eq!(fees::TIERED.rate(nothing, true), 25); // 0.25 %
//! assert_eq!(fees::TIERED.rate(much, false), 24); // 0.24 %
//! assert_eq!(fees::FLAT.rate(much, false), 40); // 0.40 %, however much
//! assert_eq!(fees::purchase_fee(100_00), 1_50);
//! ```

use crate::divide_half_even;

/// The denominator of rates and shares: they are in basis points (1/10,000).
pub const BASIS_POINTS: i128 = 10_000;

/// The fee of a ramp purchase, in basis points.
pub const PURCHASE_FEE: i128 = 150;

/// The number of days before a trade whose volume determines its fee tier: from exactly that long
/// ago on, excluding the trade itself.
pub const VOLUME_DAYS: i64 = 30;

/// The same fee for every user, whatever the volume.
pub const FLAT: Schedule = Schedule(&[tier(0, 25, 40)]);

/// The fees published by Kraken Pro, as its `AssetPairs` returned them on 2025-11-11 (`fees_maker`
/// and `fees` of XBTUSDT): higher volume pays less.
pub const TIERED: Schedule = Schedule(&[
    tier(0, 25, 40),
    tier(10_000, 20, 35),
    tier(50_000, 14, 24),
    tier(100_000, 12, 22),
    tier(250_000, 10, 20),
    tier(500_000, 8, 18),
    tier(1_000_000, 6, 16),
    tier(2_500_000, 4, 14),
    tier(5_000_000, 2, 12),
    tier(10_000_000, 0, 10),
]);

/// Trading fees by the volume of the [`VOLUME_DAYS`] before a trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule(&'static [Tier]);

/// A fee tier: the fees from some volume on, in basis points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tier {
    /// The lowest volume of the tier, in US cents.
    pub from_cents: i128,
    /// The fee of the maker, whose order waits in the book.
    pub maker: i128,
    /// The fee of the taker, who fills a waiting order.
    pub taker: i128,
}

const fn tier(dollars: i128, maker: i128, taker: i128) -> Tier {
    Tier { from_cents: dollars * 100, maker, taker }
}

impl Schedule {
    /// Returns the tiers, in ascending order of volume.
    pub const fn tiers(&self) -> &'static [Tier] {
        self.0
    }

    /// Returns the fee of a trade in basis points of its quote amount, for a user who has traded
    /// `volume_cents` US cents in the [`VOLUME_DAYS`] before.
    pub fn rate(&self, volume_cents: i128, is_maker: bool) -> i128 {
        let reached = self.0.iter().rev().find(|tier| tier.from_cents <= volume_cents);
        // A negative volume falls into the first tier.
        let tier = reached.or(self.0.first());
        tier.map_or(0, |tier| if is_maker { tier.maker } else { tier.taker })
    }
}

/// Returns the fee of a ramp purchase of `cents`, in cents of the same currency, rounded half to
/// even.
pub const fn purchase_fee(cents: i128) -> i128 {
    divide_half_even(cents.saturating_mul(PURCHASE_FEE), BASIS_POINTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiers_start_exactly_at_their_volume() {
        for (cents, maker, taker) in [
            (-1, 25, 40),
            (0, 25, 40),
            (999_999, 25, 40),
            (1_000_000, 20, 35),
            (25_000_000, 10, 20),
            (999_999_999, 2, 12),
            (1_000_000_000, 0, 10),
            (i128::MAX, 0, 10),
        ] {
            assert_eq!(TIERED.rate(cents, true), maker, "{cents}");
            assert_eq!(TIERED.rate(cents, false), taker, "{cents}");
            assert_eq!(FLAT.rate(cents, true), 25);
        }
    }

    #[test]
    fn fees_decrease_with_volume() {
        for pair in TIERED.tiers().windows(2) {
            assert!(pair[0].from_cents < pair[1].from_cents);
            assert!(pair[0].maker > pair[1].maker && pair[0].taker > pair[1].taker);
        }
        assert_eq!(TIERED.tiers()[0], FLAT.tiers()[0], "both begin alike");
    }

    #[test]
    fn purchase_fees_round_half_to_even() {
        // Half a cent each: 1.5 % of 1.00 and of 3.00.
        assert_eq!([100, 300, 12_345].map(purchase_fee), [2, 4, 185]);
    }
}
