//! The generation of the days after the recorded ones, one by one.

use chrono::{Datelike, NaiveDate, TimeDelta, Weekday};
use tidegauge_core::tables::{Candle, FxRate, RawCryptoMarketData};
use tidegauge_core::{Crypto, Fiat, Fixed, multiply_divide};

use super::config::Config;
use super::history::{Coin, Currency, History, ONE};
use super::name::NAME;
use crate::decode::rates::midnight;
use crate::{Error, Result};

/// The units of the last place of a price: prices have eight places, the maximum of the recorded ones.
const PRICE_STEP: i128 = 10i128.pow(10);

/// The units of the last place of a rate: rates have five places, as those of the ECB.
const RATE_STEP: i128 = 10i128.pow(13);

/// The rows of one day.
#[derive(Debug, Default)]
pub(super) struct Day {
    pub(super) candles: Vec<Candle>,
    pub(super) observed: Vec<RawCryptoMarketData>,
    pub(super) rates: Vec<FxRate>,
}

/// A path of prices and rates: the stationary bootstrap of Politis and Romano (1994) on the recorded days.
///
/// Each day applies the changes of one recorded day to all coins and currencies together: the day after the
/// one drawn before, or, once in `block_days` days on average, a random one. The recorded days are treated as
/// circular.
#[derive(Debug)]
pub(super) struct PricePath<'a> {
    history: &'a History,
    seed: u64,
    block_days: u32,
    /// The recorded day that was drawn last.
    taken: Option<usize>,
    /// The last closing price of each coin.
    closes: Vec<i128>,
    /// The last rate of each currency, before rounding.
    rates: Vec<i128>,
    day: NaiveDate,
}

impl<'a> PricePath<'a> {
    /// Creates a path that begins on the day after the last recorded one.
    pub(super) fn new(history: &'a History, config: &Config) -> Self {
        let close = |coin: &Coin| coin.days.last().map_or(0, |(candle, _)| candle.close.units());
        Self {
            history,
            seed: config.seed,
            block_days: config.block_days.max(1),
            taken: None,
            closes: history.coins.iter().map(close).collect(),
            rates: history.currencies.iter().map(|currency| currency.last).collect(),
            day: next(history.last),
        }
    }

    /// Returns the next day.
    pub(super) fn day(&self) -> NaiveDate {
        self.day
    }

    /// Returns the rows of the next day.
    ///
    /// # Errors
    /// When a price exceeds its column, which takes centuries.
    pub(super) fn step(&mut self) -> Result<Day> {
        let (day, drawn) = (self.day, self.draw());
        let mut rows = Day::default();
        for (coin, close) in self.history.coins.iter().zip(&mut self.closes) {
            let (candle, observed) = next_candle(coin, drawn, *close, day)?;
            *close = candle.close.units();
            rows.candles.push(candle);
            rows.observed.push(observed);
        }
        if day > self.history.last_rate {
            for (currency, rate) in self.history.currencies.iter().zip(&mut self.rates) {
                *rate = next_rate(currency, drawn, *rate)
                    .ok_or_else(|| too_large(&currency.quote, day))?;
                // The ECB has no rates at weekends.
                if !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
                    rows.rates.push(FxRate {
                        base: "EUR".into(),
                        quote: currency.quote.clone(),
                        rate_date: day,
                        source: NAME.into(),
                        rate: Crypto::from_units(round_to_step(*rate, RATE_STEP)),
                    });
                }
            }
        }
        (self.taken, self.day) = (Some(drawn), next(day));
        Ok(rows)
    }

    /// Returns the index of the recorded day whose changes the next day applies; never the first, which has
    /// no predecessor.
    fn draw(&self) -> usize {
        let number = self.day.to_epoch_days();
        let draws = [0u64, 1].map(|draw| {
            split_mix(split_mix(self.seed) ^ split_mix(number.unsigned_abs().into()) ^ draw)
        });
        let goes_on = draws[0] % u64::from(self.block_days) != 0;
        let last = self.history.days() - 1;
        match self.taken {
            Some(taken) if goes_on && taken < last => taken + 1,
            Some(_) if goes_on => 1,
            // The bias of the remainder of a division by some three hundred is below 2⁻⁵⁵.
            _ => 1 + usize::try_from(draws[1] % last as u64).unwrap_or_default(),
        }
    }
}

/// Returns the rows of a coin that closed at `close` the day before and changes as on the recorded day
/// `drawn`.
fn next_candle(
    coin: &Coin,
    drawn: usize,
    close: i128,
    day: NaiveDate,
) -> Result<(Candle, RawCryptoMarketData)> {
    let [(before, _), (candle, observed)] = &coin.days[drawn - 1..=drawn] else {
        return Err(Error::decode(NAME, "recorded data", "a day is missing"));
    };
    let too_large = || too_large(&candle.symbol, day);
    let price = |of: Crypto| match coin.trend {
        None => Some(of),
        Some(trend) => {
            let level = multiply_divide(close, trend, ONE)?;
            let next_rate = multiply_divide(level, of.units(), before.close.units())?;
            Some(Crypto::from_units(round_to_step(next_rate, PRICE_STEP)))
        }
    };
    let close = price(candle.close).ok_or_else(too_large)?;
    // The volume in coins is that of the recorded day.
    let worth = |units: i128| multiply_divide(units, close.units(), candle.close.units());
    let volume =
        candle.volume.map(|volume| worth(volume.units()).ok_or_else(too_large)).transpose()?;
    let money = |amount: Option<Fiat>| {
        let next_rate =
            |amount: Fiat| worth(amount.units()).map(Fixed::from_units).ok_or_else(too_large);
        amount.map(next_rate).transpose()
    };
    let observed = RawCryptoMarketData {
        observed_at: midnight(day) + TimeDelta::days(1) - TimeDelta::seconds(1),
        source: NAME.into(),
        price_usd: close,
        volume_24h_usd: money(observed.volume_24h_usd)?,
        market_cap_usd: money(observed.market_cap_usd)?,
        ..observed.clone()
    };
    let candle = Candle {
        source: NAME.into(),
        open_at: midnight(day),
        open: price(candle.open).ok_or_else(too_large)?,
        high: price(candle.high).ok_or_else(too_large)?,
        low: price(candle.low).ok_or_else(too_large)?,
        close,
        volume: volume.map(|units| Crypto::from_units(round_to_step(units, PRICE_STEP))),
        ..candle.clone()
    };
    Ok((candle, observed))
}

/// Returns the rate of a currency after a day that changes as the recorded day `drawn`.
fn next_rate(currency: &Currency, drawn: usize, rate: i128) -> Option<i128> {
    let (before, now) = (currency.days.get(drawn - 1)?, currency.days.get(drawn)?);
    // On a recorded weekend only the trend changes the rate, which is that of all days.
    let rate = multiply_divide(rate, *now, *before)?;
    multiply_divide(rate, currency.trend, ONE)
}

/// Rounds to a multiple of `step`, half to even, but to one step at least.
fn round_to_step(units: i128, step: i128) -> i128 {
    tidegauge_core::divide_half_even(units, step).max(1) * step
}

/// Returns the day after `day`, or the last day of the calendar.
fn next(day: NaiveDate) -> NaiveDate {
    day.succ_opt().unwrap_or(NaiveDate::MAX)
}

fn too_large(of: &str, day: NaiveDate) -> Error {
    Error::value(of, "price", &day.to_string(), "on which it is larger than its column holds")
}

/// Returns a pseudorandom number for `number` by SplitMix64 (Steele, Lea and Flood, 2014).
fn split_mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}
