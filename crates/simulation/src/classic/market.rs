//! Intraday prices in the users' local currencies, for the `classic` preset.

use std::sync::Arc;

use chrono::NaiveDate;
use tidegauge_core::market::{DayPrices, Rate};

use crate::error::{Error, Result};
use crate::units::{self, DAY, ONE, PLACES, divide};

/// The largest supported price: one billion units of currency, in 10⁻⁸.
const MAX_PRICE: i128 = 1_000_000_000 * ONE;

/// Prices and exchange rates of the market tables, rounded to eight decimal places.
#[derive(Debug, Clone)]
pub(crate) struct Market(pub(crate) Arc<tidegauge_core::market::Market>);

impl Market {
    /// Returns the price at `at` (microseconds since 1970) in 10⁻⁸ of `currency`, rounded to the tick size
    /// where that stays within the day's range.
    ///
    /// # Errors
    /// Returns [`Error::PriceOutOfRange`] if the price is out of range, or an error if the market lacks the
    /// price or rate.
    pub(crate) fn price(&self, symbol: &str, currency: &str, at: i64) -> Result<i128> {
        let day = units::day_of(at);
        let [exact, low, high] = self.convert(symbol, currency, day, |prices| {
            Some([within(prices, at)?, prices.low, prices.high])
        })?;
        let ticked = divide(exact, tick(exact)) * tick(exact);
        Ok(if (low..=high).contains(&ticked) { ticked } else { exact })
    }

    /// Returns the lowest and the highest price of a day, in 10⁻⁸ of `currency`.
    ///
    /// # Errors
    /// Returns [`Error::PriceOutOfRange`] if a price is out of range, or an error if the market lacks the
    /// price or rate.
    pub(crate) fn range(
        &self,
        symbol: &str,
        currency: &str,
        day: NaiveDate,
    ) -> Result<(i128, i128)> {
        let range = |prices: &DayPrices| Some([prices.low, prices.high]);
        let [low, high] = self.convert(symbol, currency, day, range)?;
        Ok((low, high))
    }

    /// Converts the prices that `chosen` selects from a day's prices to 10⁻⁸ of `currency`.
    fn convert<const N: usize>(
        &self,
        symbol: &str,
        currency: &str,
        day: NaiveDate,
        chosen: impl FnOnce(&DayPrices) -> Option<[i128; N]>,
    ) -> Result<[i128; N]> {
        let (prices, rate) = (self.prices(symbol, day)?, self.rate(currency, day)?);
        let convert_all = || {
            let mut prices = chosen(&prices)?;
            for price in &mut prices {
                *price = rate.from_usd(*price).filter(|price| (1..=MAX_PRICE).contains(price))?;
            }
            Some(prices)
        };
        convert_all()
            .ok_or_else(|| Error::PriceOutOfRange { what: format!("{symbol} in {currency}"), day })
    }

    /// Converts `amount` of `currency` to US dollars, in the same units.
    ///
    /// # Errors
    /// Returns [`Error::PriceOutOfRange`] if the result overflows, or an error if the market lacks the rate.
    pub(crate) fn to_usd(&self, amount: i128, currency: &str, day: NaiveDate) -> Result<i128> {
        let usd = self.rate(currency, day)?.to_usd(amount);
        usd.ok_or_else(|| Error::PriceOutOfRange { what: format!("{currency} in US dollars"), day })
    }

    /// Returns the prices of a day in US dollars, rounded to [`PLACES`].
    fn prices(&self, symbol: &str, day: NaiveDate) -> Result<DayPrices> {
        Ok(self.0.prices(symbol, day)?.rounded(PLACES))
    }

    /// Returns the exchange rate of a day, rounded to [`PLACES`].
    fn rate(&self, currency: &str, day: NaiveDate) -> Result<Rate> {
        match self.0.rate(currency, day)?.rounded(PLACES) {
            Some(rate) if matches!(rate.to_usd(ONE), Some(1..=MAX_PRICE)) => Ok(rate),
            _ => Err(Error::PriceOutOfRange { what: format!("{currency} in US dollars"), day }),
        }
    }
}

/// Returns the tick size of a price, both in 10⁻⁸.
pub(crate) fn tick(price: i128) -> i128 {
    match price {
        100_000_000_000.. => 1_000_000,
        1_000_000_000.. => 10_000,
        _ => 1_000,
    }
}

/// Returns the price at `at` (microseconds since 1970), or `None` on overflow.
///
/// The price is interpolated linearly: from open to the first extreme, to the second, to close, a third of
/// the day each. The low comes first on days that close at or above their open.
fn within(prices: &DayPrices, at: i64) -> Option<i128> {
    let DayPrices { open, high, low, close } = *prices;
    let (first, second) = if close >= open { (low, high) } else { (high, low) };
    let leg = i128::from(DAY / 3);
    let elapsed = i128::from(at.rem_euclid(DAY));
    let (from, to, elapsed) = match elapsed / leg {
        0 => (open, first, elapsed),
        1 => (first, second, elapsed - leg),
        _ => (second, close, elapsed - 2 * leg),
    };
    let moved = to.checked_sub(from)?.checked_mul(elapsed)? / leg;
    Some(from.checked_add(moved)?.clamp(low, high))
}

#[cfg(test)]
mod tests {
    use tidegauge_core::tables::{Candle, FxRate, RawCryptoMarketData};
    use tidegauge_core::{Batch, Crypto};

    use super::*;

    /// Returns a market with `BTC` at `price` US dollars and the euro at `euro` US dollars on 2026-01-05.
    fn market(price: &str, euro: &str) -> Market {
        let price: Crypto = price.parse().unwrap();
        let day = NaiveDate::from_ymd_opt(2026, 1, 5).unwrap();
        let candle = Candle {
            source: "test".into(),
            symbol: "BTC".into(),
            interval: "1d".into(),
            open_at: units::time_of(units::midnight(day)),
            open: price,
            high: price,
            low: price,
            close: price,
            volume: None,
            base_volume: None,
            currency: "USD".into(),
        };
        let rate = FxRate {
            base: "EUR".into(),
            quote: "USD".into(),
            rate_date: day,
            source: "test".into(),
            rate: euro.parse().unwrap(),
        };
        let candles = Batch::from_rows(Candle::table(), [candle]).unwrap();
        let rates = Batch::from_rows(FxRate::table(), [rate]).unwrap();
        let raw = Batch::from_rows(RawCryptoMarketData::table(), [(); 0]).unwrap();
        let market = tidegauge_core::market::Market::from_batches(&[candles], &[raw], &[rates]);
        Market(Arc::new(market.unwrap()))
    }

    #[test]
    fn prices_are_converted_to_the_users_currency() {
        let at = units::midnight(NaiveDate::from_ymd_opt(2026, 1, 5).unwrap()) + DAY / 2;
        assert_eq!(market("100", "1.25").price("BTC", "EUR", at).unwrap(), 80 * ONE);
        assert_eq!(market("100", "1.25").price("BTC", "USD", at).unwrap(), 100 * ONE);
    }

    #[test]
    fn prices_and_rates_out_of_range_are_refused() {
        let day = NaiveDate::from_ymd_opt(2026, 1, 5).unwrap();
        let at = units::midnight(day) + DAY / 2;
        let most = "99999999999999999999";
        for (price, euro, what) in [
            (most, "1", "BTC in EUR"),
            (most, "0.00000001", "BTC in EUR"),
            ("0.00000001", "1000000", "BTC in EUR"),
            ("1", most, "EUR in US dollars"),
        ] {
            let error = market(price, euro).price("BTC", "EUR", at).unwrap_err().to_string();
            assert!(error.contains(what) && error.contains("2026-01-05"), "{error}");
        }
        let error = market("1", most).to_usd(ONE, "EUR", day).unwrap_err().to_string();
        assert!(error.contains("EUR in US dollars on 2026-01-05"), "{error}");
        let error = market("1", "1000000").to_usd(i128::MAX / 2, "EUR", day).unwrap_err();
        assert!(matches!(error, Error::PriceOutOfRange { .. }), "{error}");
    }
}
