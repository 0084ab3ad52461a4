//! The fingerprint of the market that the first ninety days are priced from.

use chrono::NaiveDate;
use tidegauge_core::Fingerprint;
use tidegauge_core::market::Market;

use super::population::DAYS;
use crate::classic::parameters::{COINS, COUNTRIES};
use crate::units::PLACES;

/// Returns the fingerprint of the prices and exchange rates of the ninety days from `first` on, rounded as
/// the simulation rounds them. Missing days are part of it, so that a later addition is detected.
///
/// The cursor stores it, because rows that were priced from one market are inconsistent with another.
pub(super) fn market_fingerprint(market: &Market, first: NaiveDate) -> Fingerprint {
    let mut hash = Fingerprint::default();
    let mut currencies: Vec<&str> = COUNTRIES.iter().map(|((_, money), _)| *money).collect();
    currencies.sort_unstable();
    currencies.dedup();
    for day in first.iter_days().zip(0..DAYS).map(|(day, _)| day) {
        for (coin, _) in COINS {
            let prices = market.prices(coin, day).ok().map(|prices| prices.rounded(PLACES));
            hash.add(
                prices.map(|prices| bytes([prices.open, prices.high, prices.low, prices.close])),
            );
        }
        for currency in &currencies {
            let rate = market.rate(currency, day).ok().and_then(|rate| rate.rounded(PLACES));
            hash.add(rate.map(|rate| bytes(<[i128; 2]>::from(rate.ratio()))));
        }
    }
    hash
}

/// Returns the values as little-endian bytes.
fn bytes<const N: usize>(units: [i128; N]) -> Vec<u8> {
    units.iter().flat_map(|unit| unit.to_le_bytes()).collect()
}
