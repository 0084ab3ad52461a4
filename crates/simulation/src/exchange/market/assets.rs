//! Traded coins, fiat currencies and their pairs.

/// Codes of the traded coins.
pub(crate) const COINS: [&str; 4] = ["BTC", "ETH", "SOL", "USDT"];

/// ISO 4217 codes of the users' fiat currencies.
pub(crate) const FIATS: [&str; 4] = ["USD", "EUR", "GBP", "CAD"];

/// Index of the US dollar in [`FIATS`].
pub(crate) const USD: usize = 0;

/// Codes of all assets: the coins in the order of [`COINS`], then the currencies in the order of [`FIATS`].
pub(crate) const ASSETS: [&str; 8] = ["BTC", "ETH", "SOL", "USDT", "USD", "EUR", "GBP", "CAD"];

/// Trading pairs, coin-major.
pub(crate) const PAIRS: [&str; 16] = [
    "BTC/USD", "BTC/EUR", "BTC/GBP", "BTC/CAD", "ETH/USD", "ETH/EUR", "ETH/GBP", "ETH/CAD",
    "SOL/USD", "SOL/EUR", "SOL/GBP", "SOL/CAD", "USDT/USD", "USDT/EUR", "USDT/GBP", "USDT/CAD",
];

/// Returns the index in [`PAIRS`] of a coin and a currency.
pub(crate) fn pair(coin: usize, fiat: usize) -> u8 {
    code(coin * FIATS.len() + fiat)
}

/// Converts the index of a short list to `u8`.
pub(crate) fn code(place: usize) -> u8 {
    u8::try_from(place).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_match_codes() {
        for (coin, name) in COINS.iter().enumerate() {
            assert_eq!(ASSETS[coin], *name);
            for (fiat, money) in FIATS.iter().enumerate() {
                assert_eq!(ASSETS[COINS.len() + fiat], *money);
                assert_eq!(PAIRS[usize::from(pair(coin, fiat))], format!("{name}/{money}"));
            }
        }
    }
}
