//! Prices and exchange rates at every minute of the simulated days.

use std::sync::OnceLock;

use chrono::{Days, NaiveDate};
use tidegauge_core::Fingerprint;
use tidegauge_core::market::{Market, Rate};

use crate::error::{Error, Result};
use crate::exchange::market::assets::{COINS, FIATS, USD};
use crate::exchange::market::price_path::{DailyCandle, MINUTES_PER_DAY, MinutePrices, price_path};
use crate::rng::{RandomStream, StreamId};
use crate::units::{DAY, MINUTE, PLACES, midnight};

/// The market over the simulated days.
#[derive(Debug)]
pub(crate) struct MarketPrices {
    seed: u64,
    first: NaiveDate,
    opening: i64,
    days: Vec<MarketDay>,
    /// Fingerprint of the market before each day, and before the end.
    fingerprints: Vec<Fingerprint>,
}

#[derive(Debug)]
struct MarketDay {
    candles: [DailyCandle; COINS.len()],
    rates: [Rate; FIATS.len()],
    /// Minute prices, generated on first use.
    minutes: [OnceLock<MinutePrices>; COINS.len()],
}

impl MarketPrices {
    /// Loads the market of `days` days from `first` on.
    ///
    /// # Errors
    /// Returns an error if the market lacks a price or an exchange rate of one of the days, or if one is out
    /// of range.
    pub(crate) fn new(seed: u64, first: NaiveDate, days: usize, market: &Market) -> Result<Self> {
        let mut fingerprint = Fingerprint::default();
        let mut loaded = Self {
            seed,
            first,
            opening: midnight(first),
            days: Vec::with_capacity(days),
            fingerprints: vec![fingerprint],
        };
        for day in first.iter_days().take(days) {
            let mut candles = [DailyCandle::default(); COINS.len()];
            for (candle, coin) in candles.iter_mut().zip(COINS) {
                let prices = market.prices(coin, day)?.rounded(PLACES);
                let out_of_range = || Error::PriceOutOfRange { what: coin.to_owned(), day };
                *candle = DailyCandle::from_prices(&prices).ok_or_else(out_of_range)?;
                fingerprint.update(&candle.bytes());
            }
            let mut rates = [market.rate(FIATS[USD], day)?; FIATS.len()];
            for (rate, fiat) in rates.iter_mut().zip(FIATS) {
                let out_of_range =
                    || Error::PriceOutOfRange { what: format!("{fiat} in US dollars"), day };
                *rate = market.rate(fiat, day)?.rounded(PLACES).ok_or_else(out_of_range)?;
                let (units, usd) = rate.ratio();
                fingerprint.update(&units.to_le_bytes());
                fingerprint.update(&usd.to_le_bytes());
            }
            loaded.days.push(MarketDay { candles, rates, minutes: Default::default() });
            loaded.fingerprints.push(fingerprint);
        }
        Ok(loaded)
    }

    /// Returns the exclusive end of the simulated days.
    pub(crate) fn end(&self) -> NaiveDate {
        self.first + Days::new(self.days.len() as u64)
    }

    /// Returns the fingerprint of the market before a day, or `None` if the day is not simulated.
    pub(crate) fn fingerprint_before(&self, day: NaiveDate) -> Option<Fingerprint> {
        let number = usize::try_from((day - self.first).num_days()).ok()?;
        self.fingerprints.get(number).copied()
    }

    /// Returns for each day its trading intensity, which is 1 where the first coin's range was four percent,
    /// and `true` if that coin fell by more than three percent.
    pub(crate) fn intensities(&self) -> impl Iterator<Item = (f64, bool)> {
        self.days.iter().map(|day| {
            let DailyCandle { open, high, low, close } = day.candles[0];
            let range = (high - low) as f64 / low as f64;
            let fell = i128::from(close) * 100 < i128::from(open) * 97;
            ((0.5 + 0.5 * range / 0.04).clamp(0.5, 3.0), fell)
        })
    }

    /// Returns the price of a coin at `at` (microseconds since 1970), in 10⁻⁸ US dollars.
    ///
    /// # Errors
    /// Returns [`Error::DayOutOfRange`] if the day is not simulated.
    pub(crate) fn price(&self, coin: usize, at: i64) -> Result<i64> {
        let (number, day) = self.day(at)?;
        let minutes = day.minutes[coin].get_or_init(|| {
            let entity = (number * COINS.len() + coin) as u64;
            price_path(
                &day.candles[coin],
                &mut RandomStream::new(self.seed, StreamId::PricePath, entity),
            )
        });
        let minute = usize::try_from(at.rem_euclid(DAY) / MINUTE).unwrap_or_default();
        Ok(minutes[minute.min(MINUTES_PER_DAY - 1)])
    }

    /// Returns the day's high of a coin, in 10⁻⁸ US dollars.
    ///
    /// # Errors
    /// Returns [`Error::DayOutOfRange`] if the day is not simulated.
    pub(crate) fn high(&self, coin: usize, at: i64) -> Result<i64> {
        Ok(self.day(at)?.1.candles[coin].high)
    }

    /// Converts an amount of US dollars to a currency at the rate of the day, in the same units.
    ///
    /// # Errors
    /// Returns [`Error::DayOutOfRange`] if the day is not simulated, or [`Error::PriceOutOfRange`] if the
    /// result is out of range.
    pub(crate) fn usd_to_fiat(&self, fiat: usize, usd: i64, at: i64) -> Result<i64> {
        if fiat == USD {
            return Ok(usd);
        }
        let amount = self.day(at)?.1.rates[fiat].from_usd(i128::from(usd));
        amount
            .and_then(|amount| i64::try_from(amount).ok())
            .filter(|amount| *amount > 0)
            .ok_or_else(|| Error::PriceOutOfRange {
                what: FIATS[fiat].to_owned(),
                day: crate::units::day_of(at),
            })
    }

    /// Returns the index and the market of the day of a moment.
    ///
    /// # Errors
    /// Returns [`Error::DayOutOfRange`] if the day is not simulated.
    fn day(&self, at: i64) -> Result<(usize, &MarketDay)> {
        let number = usize::try_from((at - self.opening).div_euclid(DAY)).ok();
        let day = number.and_then(|number| Some((number, self.days.get(number)?)));
        day.ok_or_else(|| Error::DayOutOfRange { day: crate::units::day_of(at) })
    }
}
