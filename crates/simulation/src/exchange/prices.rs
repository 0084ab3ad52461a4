//! Prices and exchange rates at every minute of the simulated days.

use std::sync::OnceLock;

use chrono::{Days, NaiveDate};
use tidegauge_core::Fingerprint;
use tidegauge_core::market::{Market, Rate};

use super::assets::{COINS, FIATS, USD};
use super::path::{Candle, MINUTES, Minutes, path};
use crate::draw::{Draws, Stream};
use crate::world::{DAY, MINUTE, PLACES, midnight};
use crate::{Error, Result};

/// The market over the simulated days.
#[derive(Debug)]
pub(super) struct Prices {
    seed: u64,
    first: NaiveDate,
    opening: i64,
    days: Vec<Day>,
    /// Fingerprint of the market before each day, and before the end.
    fingerprints: Vec<Fingerprint>,
}

#[derive(Debug)]
struct Day {
    candles: [Candle; COINS.len()],
    rates: [Rate; FIATS.len()],
    /// Minute prices, generated on first use.
    minutes: [OnceLock<Minutes>; COINS.len()],
}

impl Prices {
    /// Loads the market of `days` days from `first` on.
    ///
    /// # Errors
    /// Returns an error if the market lacks a price or an exchange rate of one of the days, or if one is out
    /// of range.
    pub(super) fn new(seed: u64, first: NaiveDate, days: usize, market: &Market) -> Result<Self> {
        let mut fingerprint = Fingerprint::default();
        let mut loaded = Self {
            seed,
            first,
            opening: midnight(first),
            days: Vec::with_capacity(days),
            fingerprints: vec![fingerprint],
        };
        for day in first.iter_days().take(days) {
            let mut candles = [Candle::default(); COINS.len()];
            for (candle, coin) in candles.iter_mut().zip(COINS) {
                let prices = market.prices(coin, day)?.rounded(PLACES);
                let absurd = || Error::Absurd { what: coin.to_owned(), day };
                *candle = Candle::of(&prices).ok_or_else(absurd)?;
                fingerprint.eat(&candle.bytes());
            }
            let mut rates = [market.rate(FIATS[USD], day)?; FIATS.len()];
            for (rate, fiat) in rates.iter_mut().zip(FIATS) {
                let absurd = || Error::Absurd { what: format!("{fiat} in US dollars"), day };
                *rate = market.rate(fiat, day)?.rounded(PLACES).ok_or_else(absurd)?;
                let (units, usd) = rate.ratio();
                fingerprint.eat(&units.to_le_bytes());
                fingerprint.eat(&usd.to_le_bytes());
            }
            loaded.days.push(Day { candles, rates, minutes: Default::default() });
            loaded.fingerprints.push(fingerprint);
        }
        Ok(loaded)
    }

    /// Returns the exclusive end of the simulated days.
    pub(super) fn end(&self) -> NaiveDate {
        self.first + Days::new(self.days.len() as u64)
    }

    /// Returns the fingerprint of the market before a day, or `None` if the day is not simulated.
    pub(super) fn before(&self, day: NaiveDate) -> Option<Fingerprint> {
        let number = usize::try_from((day - self.first).num_days()).ok()?;
        self.fingerprints.get(number).copied()
    }

    /// Returns for each day its trading intensity, which is 1 where the first coin's range was four percent,
    /// and `true` if that coin fell by more than three percent.
    pub(super) fn moods(&self) -> impl Iterator<Item = (f64, bool)> {
        self.days.iter().map(|day| {
            let Candle { open, high, low, close } = day.candles[0];
            let range = (high - low) as f64 / low as f64;
            let fell = i128::from(close) * 100 < i128::from(open) * 97;
            ((0.5 + 0.5 * range / 0.04).clamp(0.5, 3.0), fell)
        })
    }

    /// Returns the price of a coin at `at` (microseconds since 1970), in 10⁻⁸ US dollars.
    ///
    /// # Errors
    /// Returns [`Error::Beyond`] if the day is not simulated.
    pub(super) fn usd(&self, coin: usize, at: i64) -> Result<i64> {
        let (number, day) = self.day(at)?;
        let minutes = day.minutes[coin].get_or_init(|| {
            let entity = (number * COINS.len() + coin) as u64;
            path(&day.candles[coin], &mut Draws::of(self.seed, Stream::Path, entity))
        });
        let minute = usize::try_from(at.rem_euclid(DAY) / MINUTE).unwrap_or_default();
        Ok(minutes[minute.min(MINUTES - 1)])
    }

    /// Returns the day's high of a coin, in 10⁻⁸ US dollars.
    ///
    /// # Errors
    /// Returns [`Error::Beyond`] if the day is not simulated.
    pub(super) fn high(&self, coin: usize, at: i64) -> Result<i64> {
        Ok(self.day(at)?.1.candles[coin].high)
    }

    /// Converts an amount of US dollars to a currency at the rate of the day, in the same units.
    ///
    /// # Errors
    /// Returns [`Error::Beyond`] if the day is not simulated, or [`Error::Absurd`] if the result is out of
    /// range.
    pub(super) fn in_fiat(&self, fiat: usize, usd: i64, at: i64) -> Result<i64> {
        if fiat == USD {
            return Ok(usd);
        }
        let amount = self.day(at)?.1.rates[fiat].from_usd(i128::from(usd));
        amount
            .and_then(|amount| i64::try_from(amount).ok())
            .filter(|amount| *amount > 0)
            .ok_or_else(|| Error::Absurd {
                what: FIATS[fiat].to_owned(),
                day: crate::world::day_of(at),
            })
    }

    fn day(&self, at: i64) -> Result<(usize, &Day)> {
        let number = usize::try_from((at - self.opening).div_euclid(DAY)).ok();
        let day = number.and_then(|number| Some((number, self.days.get(number)?)));
        day.ok_or_else(|| Error::Beyond { day: crate::world::day_of(at) })
    }
}
