//! What the first ninety days were priced from, in one number.

use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use tidegauge_core::market::Market;

use super::people::DAYS;
use crate::world::{COINS, COUNTRIES};

/// A fingerprint of the prices and exchange rates that the first ninety days are played with.
///
/// The cursor keeps it: rows that were played in one market do not fit those of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fingerprint(u64);

/// The constants of FNV-1a, 64 bits. Written out here, since what is stored must not hang on what
/// a library hashes like in its next release.
const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

impl Fingerprint {
    /// Of the ninety days from `first` on. A day that the market does not know counts as such, so
    /// that its coming later is seen.
    pub(super) fn of(market: &Market, first: NaiveDate) -> Self {
        let mut hash = Self(BASIS);
        let mut currencies: Vec<&str> = COUNTRIES.iter().map(|((_, money), _)| *money).collect();
        currencies.sort_unstable();
        currencies.dedup();
        for day in first.iter_days().zip(0..DAYS).map(|(day, _)| day) {
            for (coin, _) in COINS {
                let prices = market.prices(coin, day).ok();
                hash.add(prices.map(|it| [it.open, it.high, it.low, it.close]));
            }
            for currency in &currencies {
                hash.add(
                    market.rate(currency, day).ok().map(|rate| <[i128; 2]>::from(rate.ratio())),
                );
            }
        }
        hash
    }

    fn add<const N: usize>(&mut self, units: Option<[i128; N]>) {
        self.eat(&[u8::from(units.is_some())]);
        for unit in units.iter().flatten() {
            self.eat(&unit.to_le_bytes());
        }
    }

    fn eat(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(PRIME);
        }
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> Self {
        fingerprint.to_string()
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = std::num::ParseIntError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        u64::from_str_radix(&text, 16).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_published_one() {
        // From the reference implementation's test vectors.
        for (text, hash) in [
            ("", 0xcbf2_9ce4_8422_2325),
            ("a", 0xaf63_dc4c_8601_ec8c),
            ("foobar", 0x8594_4171_f739_67e8),
        ] {
            let mut found = Fingerprint(BASIS);
            found.eat(text.as_bytes());
            assert_eq!(found, Fingerprint(hash), "{text}");
        }
    }

    #[test]
    fn its_text_is_read_back() {
        let fingerprint = Fingerprint(0xab);
        assert_eq!(fingerprint.to_string(), "00000000000000ab");
        assert_eq!(fingerprint.to_string().try_into(), Ok(fingerprint));
    }
}
