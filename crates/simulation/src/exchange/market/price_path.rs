//! Minute prices within a day, simulated as a path through the daily candle.

use tidegauge_core::market::DayPrices;

use crate::rng::RandomStream;

/// Minutes per day.
pub(crate) const MINUTES_PER_DAY: usize = 1_440;

/// The price at every minute of a day, in 10⁻⁸ US dollars.
pub(crate) type MinutePrices = Box<[i64; MINUTES_PER_DAY]>;

/// Open, high, low and close of a day, in 10⁻⁸ US dollars.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct DailyCandle {
    pub(crate) open: i64,
    pub(crate) high: i64,
    pub(crate) low: i64,
    pub(crate) close: i64,
}

impl DailyCandle {
    /// Converts a day's prices, or returns `None` if one is too large or not positive.
    pub(crate) fn from_prices(prices: &DayPrices) -> Option<Self> {
        let fits = |price: i128| i64::try_from(price).ok().filter(|price| *price > 0);
        Some(Self {
            open: fits(prices.open)?,
            high: fits(prices.high)?,
            low: fits(prices.low)?,
            close: fits(prices.close)?,
        })
    }

    /// Returns the prices as little-endian bytes, for a fingerprint.
    pub(crate) fn bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        let prices = [self.open, self.high, self.low, self.close];
        for (place, price) in bytes.chunks_exact_mut(8).zip(prices) {
            place.copy_from_slice(&price.to_le_bytes());
        }
        bytes
    }
}

/// Returns a price path that starts at the open, ends at the close, and touches but never exceeds high and
/// low: Brownian bridges between the four, clamped.
pub(crate) fn price_path(candle: &DailyCandle, rng: &mut RandomStream) -> MinutePrices {
    let DailyCandle { open, high, low, close } = *candle;
    let mut turning_points = [0; 2].map(|_: i32| rng.index(MINUTES_PER_DAY - 2) + 1);
    turning_points.sort_unstable();
    if turning_points[0] == turning_points[1] {
        turning_points = [MINUTES_PER_DAY / 3, 2 * MINUTES_PER_DAY / 3];
    }
    // Days that close higher usually reach their low first.
    let falls_first = rng.chance(if close >= open { 0.7 } else { 0.3 });
    let (first, second) = if falls_first { (low, high) } else { (high, low) };
    let points = [
        (0, open),
        (turning_points[0], first),
        (turning_points[1], second),
        (MINUTES_PER_DAY - 1, close),
    ];
    let step = (high - low) as f64 / 40.0;
    let mut minutes = Box::new([open; MINUTES_PER_DAY]);
    for leg in points.windows(2) {
        let [(from, start), (to, end)] = *leg else { continue };
        let span = (to - from) as f64;
        let mut deviation = 0.0;
        for minute in from + 1..to {
            // The deviation shrinks so that the path meets the next point.
            let left = (to - minute) as f64;
            let pull = left / (left + 1.0);
            deviation = deviation * pull + step * rng.normal() * pull.sqrt();
            let gone = (minute - from) as f64 / span;
            let straight = start as f64 + (end - start) as f64 * gone;
            minutes[minute] = rounded(straight + deviation).clamp(low, high);
        }
        (minutes[from], minutes[to]) = (start, end);
    }
    minutes
}

/// Rounds a positive price to the nearest integer.
#[allow(clippy::cast_possible_truncation)] // near two that fit
fn rounded(price: f64) -> i64 {
    (price + 0.5) as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::StreamId;

    #[test]
    fn price_paths_match_open_high_low_and_close() {
        let day = DailyCandle { open: 100_000, high: 110_000, low: 95_000, close: 104_000 };
        for entity in 0..200 {
            let minutes = price_path(&day, &mut RandomStream::new(3, StreamId::PricePath, entity));
            assert_eq!((minutes[0], minutes[MINUTES_PER_DAY - 1]), (100_000, 104_000));
            assert_eq!(
                (minutes.iter().max(), minutes.iter().min()),
                (Some(&110_000), Some(&95_000))
            );
        }
    }

    #[test]
    fn flat_days_have_one_price() {
        let day = DailyCandle { open: 7, high: 7, low: 7, close: 7 };
        let minutes = price_path(&day, &mut RandomStream::new(3, StreamId::PricePath, 0));
        assert!(minutes.iter().all(|price| *price == 7));
    }
}
