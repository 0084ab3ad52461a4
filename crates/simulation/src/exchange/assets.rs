//! What is traded, and what it is paid in.

/// The coins.
pub(super) const COINS: [&str; 4] = ["BTC", "ETH", "SOL", "USDT"];

/// The currencies of the countries.
pub(super) const FIATS: [&str; 4] = ["USD", "EUR", "GBP", "CAD"];

/// The place of the US dollar among them.
pub(super) const USD: usize = 0;

/// Both: a coin has the same place as among the coins, a currency comes after them.
pub(super) const ASSETS: [&str; 8] = ["BTC", "ETH", "SOL", "USDT", "USD", "EUR", "GBP", "CAD"];

/// Every coin in every currency.
pub(super) const PAIRS: [&str; 16] = [
    "BTC/USD", "BTC/EUR", "BTC/GBP", "BTC/CAD", "ETH/USD", "ETH/EUR", "ETH/GBP", "ETH/CAD",
    "SOL/USD", "SOL/EUR", "SOL/GBP", "SOL/CAD", "USDT/USD", "USDT/EUR", "USDT/GBP", "USDT/CAD",
];

/// The place of a coin in a currency among the pairs.
pub(super) fn pair(coin: usize, fiat: usize) -> u8 {
    code(coin * FIATS.len() + fiat)
}

/// A place in one of these lists, or another as short.
pub(super) fn code(place: usize) -> u8 {
    u8::try_from(place).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_fit_names() {
        for (coin, name) in COINS.iter().enumerate() {
            assert_eq!(ASSETS[coin], *name);
            for (fiat, money) in FIATS.iter().enumerate() {
                assert_eq!(ASSETS[COINS.len() + fiat], *money);
                assert_eq!(PAIRS[usize::from(pair(coin, fiat))], format!("{name}/{money}"));
            }
        }
    }
}
