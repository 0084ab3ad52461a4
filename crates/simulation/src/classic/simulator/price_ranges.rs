//! Price ranges over several days, within which unfilled orders must not be reached.

use std::collections::BTreeMap;

use crate::classic::market::{Market, tick};
use crate::classic::parameters::{COINS, COUNTRIES};
use crate::error::Result;
use crate::units::{DAY, day_of};

/// Low and high of a day, in 10⁻⁸ of a currency.
type Range = (i128, i128);

/// Daily price ranges from the opening on, by coin and currency.
#[derive(Debug)]
pub(super) struct PriceRanges {
    opening: i64,
    days: BTreeMap<(&'static str, &'static str), Vec<Range>>,
}

impl PriceRanges {
    /// Loads the ranges of the days in `[opening, end)`, in microseconds since 1970.
    ///
    /// # Errors
    /// Returns an error if the market lacks a price or an exchange rate.
    pub(super) fn read(market: &Market, opening: i64, end: i64) -> Result<Self> {
        let mut days = BTreeMap::new();
        for ((_, currency), _) in COUNTRIES {
            for (coin, _) in COINS {
                if days.contains_key(&(coin, currency)) {
                    continue;
                }
                let ranges: Result<Vec<Range>> = (opening..end)
                    .step_by(usize::try_from(DAY).unwrap_or(usize::MAX))
                    .map(|midnight| market.range(coin, currency, day_of(midnight)))
                    .collect();
                days.insert((coin, currency), ranges?);
            }
        }
        Ok(Self { opening, days })
    }

    /// Returns low and high over all days from `from` to `to`, inclusive, as far as they are known.
    pub(super) fn over(&self, coin: &str, currency: &str, from: i64, to: i64) -> Option<Range> {
        let day = |at: i64| usize::try_from((at - self.opening).div_euclid(DAY)).unwrap_or(0);
        let all = self.days.get(&(coin, currency))?;
        let days = all.get(day(from)..all.len().min(day(to).saturating_add(1)))?;
        days.iter().copied().reduce(|(low, high), day| (low.min(day.0), high.max(day.1)))
    }
}

/// Rounds a price down to a multiple of its tick size.
pub(super) fn tick_floor(price: i128) -> i128 {
    price / tick(price) * tick(price)
}

/// Rounds a price up to a multiple of its tick size.
pub(super) fn tick_ceil(price: i128) -> i128 {
    tick_floor(price + tick(price) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_round_to_tick_size() {
        for (price, below, above) in [
            (1_100_000_999_999, 1_100_000_000_000, 1_100_001_000_000),
            (35_000_000_001, 35_000_000_000, 35_000_010_000),
            (99_999_999, 99_999_000, 100_000_000),
            (100_000_000, 100_000_000, 100_000_000),
        ] {
            assert_eq!((tick_floor(price), tick_ceil(price)), (below, above), "{price}");
        }
    }

    #[test]
    fn ranges_cover_low_and_high_of_all_days() {
        let days = BTreeMap::from([(("BTC", "USD"), vec![(3, 5), (2, 4), (4, 9)])]);
        let ranges = PriceRanges { opening: 10 * DAY, days };
        let over = |from, to| ranges.over("BTC", "USD", from, to);
        assert_eq!(over(10 * DAY + 1, 10 * DAY + 2), Some((3, 5)));
        assert_eq!(over(10 * DAY, 11 * DAY), Some((2, 5)));
        assert_eq!(over(12 * DAY - 1, i64::MAX / 2), Some((2, 9)));
        assert_eq!(over(13 * DAY, 14 * DAY), None);
    }
}
