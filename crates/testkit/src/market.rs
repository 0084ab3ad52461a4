//! A synthetic market with moving prices.

use std::error::Error;

use chrono::{Days, NaiveDate};
use tidegauge_core::market::Market;
use tidegauge_core::tables::{Candle, FxRate};
use tidegauge_core::{Batch, Crypto};

/// The mean prices of the coins, in US dollars.
const PRICES: [(&str, f64); 4] = [("BTC", 11_000.0), ("ETH", 350.0), ("SOL", 2.5), ("USDT", 1.0)];

/// The exchange rates of the euro.
const RATES: [(&str, &str); 3] = [("USD", "1.18"), ("GBP", "0.9"), ("CAD", "1.55")];

/// Generates prices of `days` days from `first` on that rise and fall by a fifth over the months,
/// with a daily range of 4 %, at a relative level: 1 is that of the summer of 2020. Exchange rates
/// are fixed on five days a week.
///
/// # Errors
/// When a price at that level does not fit.
pub fn market(first: NaiveDate, days: u64, level: f64) -> Result<Market, Box<dyn Error>> {
    let (mut candles, mut rates) = (Vec::new(), Vec::new());
    for (number, day) in
        (0..days).filter_map(|day| Some((day, first.checked_add_days(Days::new(day))?)))
    {
        for (at, (symbol, price)) in (0..).map(f64::from).zip(PRICES) {
            let wave = level + 0.2 * libm::sin(number as f64 / 9.0 + at);
            let price = |factor: f64| Crypto::rounded(&format!("{:.8}", price * wave * factor));
            candles.push(Candle {
                source: "test".into(),
                symbol: symbol.into(),
                interval: "1d".into(),
                open_at: day.and_time(chrono::NaiveTime::MIN).and_utc(),
                open: price(1.0)?,
                high: price(1.03)?,
                low: price(0.99)?,
                close: price(1.01)?,
                volume: None,
                base_volume: None,
                currency: "USD".into(),
            });
        }
        // No fixing at the weekend, as at the ECB.
        if number % 7 < 5 || number == 0 {
            for (quote, rate) in RATES {
                rates.push(FxRate {
                    base: "EUR".into(),
                    quote: quote.into(),
                    rate_date: day,
                    source: "test".into(),
                    rate: rate.parse()?,
                });
            }
        }
    }
    let candles = Batch::from_rows(Candle::table(), candles)?;
    let rates = Batch::from_rows(FxRate::table(), rates)?;
    Ok(Market::from_batches(&[candles], &[], &[rates])?)
}
