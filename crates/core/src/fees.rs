//! What the exchange takes: one schedule for whoever simulates it and for whoever audits it.
//!
//! ```
//! use tidegauge_core::fees;
//!
//! let (nothing, much) = (0, 60_000_00); // cents traded for in the last thirty days
//! assert_eq!(fees::TIERED.rate(nothing, true), 25); // 0.25 %
//! assert_eq!(fees::TIERED.rate(much, false), 24); // 0.24 %
//! assert_eq!(fees::FLAT.rate(much, false), 40); // 0.40 %, however much
//! assert_eq!(fees::of_purchase(100_00), 1_50);
//! ```

use crate::divide_half_even;

/// What rates and shares are parts of: one of them is a hundredth of a percent.
pub const WHOLE: i128 = 10_000;

/// What the exchange takes of a ramp purchase.
pub const RAMP: i128 = 150;

/// How many days before a trade count for its step: those from exactly so long ago on, the trade itself
/// not among them.
pub const DAYS: i64 = 30;

/// One fee for everybody.
pub const FLAT: Schedule = Schedule(&[step(0, 25, 40)]);

/// The fees that Kraken Pro publishes, as its `AssetPairs` gave them on 2025-11-11 (`fees_maker` and
/// `fees` of XBTUSDT): who trades for more pays less.
pub const TIERED: Schedule = Schedule(&[
    step(0, 25, 40),
    step(10_000, 20, 35),
    step(50_000, 14, 24),
    step(100_000, 12, 22),
    step(250_000, 10, 20),
    step(500_000, 8, 18),
    step(1_000_000, 6, 16),
    step(2_500_000, 4, 14),
    step(5_000_000, 2, 12),
    step(10_000_000, 0, 10),
]);

/// What trades cost by the volume of the [`DAYS`] before them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule(&'static [Step]);

/// The fees from some volume on, in parts of [`WHOLE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The least volume, US cents.
    pub from_cents: i128,
    /// Of who waits in the book.
    pub maker: i128,
    /// Of who takes what waits.
    pub taker: i128,
}

const fn step(dollars: i128, maker: i128, taker: i128) -> Step {
    Step { from_cents: dollars * 100, maker, taker }
}

impl Schedule {
    /// Its steps, from no volume upwards.
    pub const fn steps(&self) -> &'static [Step] {
        self.0
    }

    /// What a trade costs, in parts of [`WHOLE`] of its quote amount, for who has traded for
    /// `volume_cents` US cents in the [`DAYS`] before.
    pub fn rate(&self, volume_cents: i128, is_maker: bool) -> i128 {
        let reached = self.0.iter().rev().find(|step| step.from_cents <= volume_cents);
        // Nobody has traded for less than nothing.
        let step = reached.or(self.0.first());
        step.map_or(0, |step| if is_maker { step.maker } else { step.taker })
    }
}

/// The fee in a ramp purchase of so many cents, in cents of the same currency.
pub const fn of_purchase(cents: i128) -> i128 {
    divide_half_even(cents.saturating_mul(RAMP), WHOLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_begins_at_its_very_volume() {
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
    fn who_trades_for_more_never_pays_more() {
        for pair in TIERED.steps().windows(2) {
            assert!(pair[0].from_cents < pair[1].from_cents);
            assert!(pair[0].maker > pair[1].maker && pair[0].taker > pair[1].taker);
        }
        assert_eq!(TIERED.steps()[0], FLAT.steps()[0], "both begin alike");
    }

    #[test]
    fn a_purchase_is_rounded_half_to_even() {
        // 1.5 % of 1.00 and 3.00: half a cent, twice.
        assert_eq!([100, 300, 12_345].map(of_purchase), [2, 4, 185]);
    }
}
