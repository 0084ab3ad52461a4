//! The price at every minute: a path through what is known of the day.

use std::sync::OnceLock;

use chrono::{Days, NaiveDate};
use tidegauge_core::market::{DayPrices, Market, Rate};

use crate::draw::{Draws, Stream};
use crate::world::{DAY, MINUTE, day_of};
use crate::{Error, Result};

/// The coins.
pub(super) const COINS: [&str; 4] = ["BTC", "ETH", "SOL", "USDT"];

/// The currencies of the countries.
pub(super) const FIATS: [&str; 4] = ["USD", "EUR", "GBP", "CAD"];

const MINUTES: usize = 1_440;

/// The price of every minute of a day, in 10⁻⁸ US dollars.
type Minutes = Box<[i64; MINUTES]>;

/// All coins and days, each made when it is first asked for.
#[derive(Debug)]
pub(super) struct Paths {
    seed: u64,
    first: NaiveDate,
    market: std::sync::Arc<Market>,
    days: Vec<[OnceLock<Result<Minutes, String>>; COINS.len()]>,
}

impl Paths {
    /// Those of `days` days from `first` on.
    pub(super) fn new(
        seed: u64,
        first: NaiveDate,
        days: usize,
        market: std::sync::Arc<Market>,
    ) -> Self {
        let days = (0..days).map(|_| Default::default()).collect();
        Self { seed, first, market, days }
    }

    /// The price of a coin at a moment, in 10⁻⁸ US dollars.
    pub(super) fn usd(&self, coin: usize, at: i64) -> Result<i64> {
        let minutes = self.minutes(coin, day_of(at))?;
        let minute = usize::try_from(at.rem_euclid(DAY) / MINUTE).unwrap_or_default();
        Ok(minutes[minute.min(MINUTES - 1)])
    }

    /// What a currency is worth in US dollars on the day of a moment.
    pub(super) fn rate(&self, fiat: usize, at: i64) -> Result<Rate> {
        Ok(self.market.rate(FIATS[fiat], day_of(at))?)
    }

    /// How much livelier a day is than others, from what its prices did: 1 where they moved by four in
    /// a hundred.
    pub(super) fn liveliness(&self, day: NaiveDate) -> Result<f64> {
        let DayPrices { high, low, .. } = self.market.prices("BTC", day)?;
        let range = (high - low) as f64 / *low as f64;
        Ok((0.5 + 0.5 * range / 0.04).clamp(0.5, 3.0))
    }

    /// The highest price of a coin on the day of a moment, in 10⁻⁸ US dollars.
    pub(super) fn high(&self, coin: usize, at: i64) -> Result<i128> {
        Ok(self.market.prices(COINS[coin], day_of(at))?.high)
    }

    /// Whether prices fell by more than three in a hundred on a day.
    pub(super) fn fell(&self, day: NaiveDate) -> Result<bool> {
        let DayPrices { open, close, .. } = self.market.prices("BTC", day)?;
        Ok(close * 100 < open * 97)
    }

    fn minutes(&self, coin: usize, day: NaiveDate) -> Result<&Minutes> {
        let number = usize::try_from((day - self.first).num_days()).ok();
        let cell = number.and_then(|number| self.days.get(number)).map(|coins| &coins[coin]);
        // Days beyond those that are played have no prices yet.
        let Some(cell) = cell else {
            self.market.prices(COINS[coin], day)?;
            return Err(Error::Absurd { what: format!("{} beyond the end", COINS[coin]), day });
        };
        let made = cell.get_or_init(|| {
            let prices = self.market.prices(COINS[coin], day).map_err(|it| it.to_string())?;
            let entity = (number.unwrap_or_default() * COINS.len() + coin) as u64;
            path(prices, &mut Draws::of(self.seed, Stream::Path, entity))
                .ok_or_else(|| "too large".to_owned())
        });
        match made {
            Ok(minutes) => Ok(minutes),
            Err(_) => {
                self.market.prices(COINS[coin], day)?;
                Err(Error::Absurd { what: COINS[coin].to_owned(), day })
            }
        }
    }

    /// The day before which all days are played.
    pub(super) fn end(&self) -> NaiveDate {
        self.first + Days::new(self.days.len() as u64)
    }
}

/// A path from open to close that touches high and low and leaves them nowhere: Brownian bridges between
/// the four, cut at both. None where a price does not fit.
fn path(prices: &DayPrices, draws: &mut Draws) -> Option<Minutes> {
    let fits = |price: i128| i64::try_from(price).ok().filter(|it| *it > 0);
    let (open, close) = (fits(prices.open)?, fits(prices.close)?);
    let (high, low) = (fits(prices.high)?, fits(prices.low)?);
    let mut turns = [0; 2].map(|_: i32| draws.index(MINUTES - 2) + 1);
    turns.sort_unstable();
    if turns[0] == turns[1] {
        turns = [MINUTES / 3, 2 * MINUTES / 3];
    }
    // Days that end higher mostly fall first.
    let falls_first = draws.chance(if close >= open { 0.7 } else { 0.3 });
    let (first, second) = if falls_first { (low, high) } else { (high, low) };
    let points = [(0, open), (turns[0], first), (turns[1], second), (MINUTES - 1, close)];
    let step = (high - low) as f64 / 40.0;
    let mut minutes = Box::new([open; MINUTES]);
    for leg in points.windows(2) {
        let [(from, start), (to, end)] = *leg else { continue };
        let span = (to - from) as f64;
        let mut wandered = 0.0;
        for minute in from..=to {
            let left = (to - minute) as f64;
            if minute > from {
                // Pulled back to where it has to be in the end.
                wandered = if left > 0.0 {
                    wandered * left / (left + 1.0)
                        + step * draws.normal() * (left / (left + 1.0)).sqrt()
                } else {
                    0.0
                };
            }
            let gone = (minute - from) as f64 / span;
            let straight = start as f64 + (end - start) as f64 * gone;
            minutes[minute] = rounded(straight + wandered).clamp(low, high);
        }
        (minutes[from], minutes[to]) = (start, end);
    }
    Some(minutes)
}

#[allow(clippy::cast_possible_truncation)] // between two that fit
fn rounded(price: f64) -> i64 {
    price as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_begins_ends_and_turns_where_the_day_did() {
        let day = DayPrices { open: 100_000, high: 110_000, low: 95_000, close: 104_000 };
        for entity in 0..200 {
            let minutes = path(&day, &mut Draws::of(3, Stream::Path, entity)).unwrap();
            assert_eq!((minutes[0], minutes[MINUTES - 1]), (100_000, 104_000));
            assert_eq!(
                (minutes.iter().max(), minutes.iter().min()),
                (Some(&110_000), Some(&95_000))
            );
        }
    }

    #[test]
    fn a_day_without_a_move_has_one_price() {
        let day = DayPrices { open: 7, high: 7, low: 7, close: 7 };
        let minutes = path(&day, &mut Draws::of(3, Stream::Path, 0)).unwrap();
        assert!(minutes.iter().all(|it| *it == 7));
    }
}
