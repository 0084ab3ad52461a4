//! The recorded days, from which the synthetic ones are drawn.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use tidegauge_core::tables::{Candle, FxRate, RawCryptoMarketData};
use tidegauge_core::{Fixed, multiply_divide};

use super::name::NAME;
use crate::providers::recorded::{self, decode};
use crate::{Error, Result};

/// The fixed-point representation of 1 for trend factors.
pub(super) const ONE: i128 = Fixed::<12>::ONE;

/// The maximum deviation in hundredths of a dollar of all recorded prices of a coin that counts as pegged to
/// the dollar.
const PEG_TOLERANCE_CENTS: i128 = 5;

/// The recorded days of all coins and currencies, oldest first, without gaps.
#[derive(Debug)]
pub(super) struct History {
    /// The coins with their days.
    pub(super) coins: Vec<Coin>,
    /// The currencies with their daily rates, in units per euro.
    pub(super) currencies: Vec<Currency>,
    /// The last recorded day of the prices.
    pub(super) last: NaiveDate,
    /// The last recorded day of the rates.
    pub(super) last_rate: NaiveDate,
}

/// The recorded days of a coin.
#[derive(Debug)]
pub(super) struct Coin {
    pub(super) days: Vec<(Candle, RawCryptoMarketData)>,
    /// The factor by which the price is multiplied each day, in units of [`ONE`], so that the mean of its
    /// logarithmic changes is 0; `None` for a coin that is pegged to the dollar, whose prices are used
    /// unchanged.
    pub(super) trend: Option<i128>,
}

/// The recorded days of a currency.
#[derive(Debug)]
pub(super) struct Currency {
    pub(super) quote: String,
    /// For each day of the prices, the last rate on or before it.
    pub(super) days: Vec<i128>,
    /// The last recorded rate.
    pub(super) last: i128,
    pub(super) trend: i128,
}

impl History {
    /// Reads the recorded files.
    ///
    /// # Errors
    /// When a value cannot be read, or a day is missing.
    pub(super) fn read() -> Result<Self> {
        let mut coins: BTreeMap<String, Vec<(Candle, RawCryptoMarketData)>> = BTreeMap::new();
        for day in decode::prices(recorded::PRICES, 0, usize::MAX)? {
            coins.entry(day.0.symbol.clone()).or_default().push(day);
        }
        let days = coins.values().map(Vec::len).min().unwrap_or_default();
        let (Some(first), Some(last)) = (
            coins.values().next().and_then(|days| days.first()).map(day_of),
            coins.values().next().and_then(|days| days.last()).map(day_of),
        ) else {
            return Err(incomplete("there are no prices"));
        };
        let whole = |coin: &Vec<(Candle, RawCryptoMarketData)>| {
            coin.len() == days
                && coin.iter().zip(first.iter_days()).all(|(row, day)| day_of(row) == day)
        };
        if days < 2 || !coins.values().all(whole) {
            return Err(incomplete("a day of a coin is missing"));
        }
        let (rates, _) = decode::rates(recorded::FX, 0, usize::MAX)?;
        let last_rate = rates.iter().map(|rate| rate.rate_date).max();
        let last_rate = last_rate.ok_or_else(|| incomplete("there are no rates"))?;
        let quotes: BTreeSet<_> = rates.iter().map(|rate| &rate.quote).collect();
        let currencies = quotes.into_iter().map(|quote| currency(quote, &rates, (first, days)));
        Ok(Self {
            currencies: currencies.collect::<Result<_>>()?,
            coins: coins.into_values().map(coin).collect(),
            last,
            last_rate,
        })
    }

    /// Returns the number of recorded days.
    pub(super) fn days(&self) -> usize {
        self.coins.first().map_or(0, |coin| coin.days.len())
    }
}

fn day_of(day: &(Candle, RawCryptoMarketData)) -> NaiveDate {
    day.0.open_at.date_naive()
}

fn coin(days: Vec<(Candle, RawCryptoMarketData)>) -> Coin {
    let closes: Vec<i128> = days.iter().map(|(candle, _)| candle.close.units()).collect();
    let dollar = 10i128.pow(18);
    let is_pegged =
        closes.iter().all(|close| (close - dollar).abs() * 100 <= dollar * PEG_TOLERANCE_CENTS);
    Coin { trend: (!is_pegged).then(|| trend(&closes)), days }
}

fn currency(quote: &str, rates: &[FxRate], (first, days): (NaiveDate, usize)) -> Result<Currency> {
    let of: BTreeMap<NaiveDate, i128> = rates
        .iter()
        .filter(|rate| rate.quote == quote)
        .map(|rate| (rate.rate_date, rate.rate.units()))
        .collect();
    let on = |day: NaiveDate| of.range(..=day).next_back().map(|(_, rate)| *rate);
    let filled: Option<Vec<i128>> = first.iter_days().take(days).map(on).collect();
    let (Some(filled), Some((_, last))) = (filled, of.last_key_value()) else {
        return Err(incomplete("the rates begin after the prices"));
    };
    Ok(Currency { quote: quote.to_owned(), trend: trend(&filled), days: filled, last: *last })
}

/// Returns the factor that removes the mean daily growth of `levels`: its power of as many days brings the
/// last level back to the first.
///
/// It is computed by multiplication and halving only, which give the same bits on every machine; the roots of
/// math libraries do not.
fn trend(levels: &[i128]) -> i128 {
    let (Some(first), Some(last)) = (levels.first(), levels.last()) else { return ONE };
    let wanted = multiply_divide(*first, ONE, *last).unwrap_or(ONE) as f64 / ONE as f64;
    let (mut low, mut high) = (0.5f64, 2.0f64);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        let power = (1..levels.len()).fold(1.0, |power: f64, _| power * middle);
        if power < wanted { low = middle } else { high = middle }
    }
    format!("{low:.12}").parse::<Fixed<12>>().map_or(ONE, Fixed::units)
}

fn incomplete(reason: &str) -> Error {
    Error::decode(NAME, "recorded data", reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trend_brings_the_last_level_back_to_the_first() {
        let levels = [100, 300, 50, 800];
        let back =
            (0..3).try_fold(800 * ONE, |level, _| multiply_divide(level, trend(&levels), ONE));
        assert!((back.unwrap() - 100 * ONE).abs() < ONE / 1_000);
        assert_eq!(trend(&[5, 7, 5]), ONE);
        assert_eq!(trend(&[]), ONE);
    }

    #[test]
    fn exactly_one_recorded_coin_is_pegged() {
        let history = History::read().unwrap();
        assert_eq!(history.days(), 323);
        let pegged: Vec<_> = history.coins.iter().filter(|coin| coin.trend.is_none()).collect();
        assert_eq!(pegged.len(), 1);
        assert_eq!(pegged[0].days[0].0.symbol, "USDT");
        assert_eq!(history.last.to_string(), "2021-02-27");
        assert_eq!(history.last_rate.to_string(), "2021-03-01");
    }
}
