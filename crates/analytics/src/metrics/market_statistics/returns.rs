//! Logarithmic returns.

use chrono::NaiveDate;
use polars::prelude::*;
use serde::Serialize;
use tidegauge_models::series;

use super::daily_columns::{daily_columns, series_column};
use super::daily_market::{DailyMarket, InstrumentSeries};
use crate::Result;

/// The returns of all instruments.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ReturnTable {
    /// The days, ascending.
    pub days: Vec<NaiveDate>,
    /// The instruments, by name.
    pub instruments: Vec<InstrumentReturns>,
}

/// The returns of one instrument.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct InstrumentReturns {
    /// The instrument.
    pub instrument: String,
    /// The return of each day, ln(price/price of the day before on the grid); `None` on the first
    /// day, and where one of the two prices is missing.
    pub log_returns: Vec<Option<f64>>,
}

impl ReturnTable {
    /// Returns the returns as a long frame: `instrument`, `day`, `log_return` (0.01 is about 1 %).
    ///
    /// # Errors
    /// When the frame cannot be made.
    pub fn frame(&self) -> Result<DataFrame> {
        let instruments = self.instruments.iter();
        let names = instruments.clone().map(|of| of.instrument.as_str());
        let [instrument, day] = daily_columns(names, &self.days)?;
        let returns = series_column("log_return", instruments.map(|of| &of.log_returns));
        Ok(DataFrame::new(day.len(), vec![instrument, day, returns])?)
    }
}

/// Computes the daily logarithmic returns of all instruments, ln(pₜ/pₜ₋₁).
///
/// They add up over time, and a hole makes the returns of its day and of the next one unknown: no
/// return spans a hole. On a grid of trading days the return of a Monday is that since Friday.
///
/// ```
/// use polars::prelude::*;
/// use tidegauge_analytics::market_statistics::{DailyMarket, DailyMarketParams, log_returns};
///
/// let day = |text: &str| text.parse::<chrono::NaiveDate>().unwrap();
/// let prices = df!(
///     "instrument" => ["BTC", "BTC", "BTC"],
///     "at" => ["2026-01-05", "2026-01-06", "2026-01-08"].map(day),
///     "price" => [100.0, 110.0, 121.0],
/// )?;
/// let end = Some("2026-01-09T00:00:00Z".parse()?);
/// let market = DailyMarket::from_frame(&prices, &DailyMarketParams { end, ..Default::default() })?;
/// let table = log_returns(&market);
/// let returns = &table.instruments[0].log_returns;
/// assert!((returns[1].unwrap() - 1.1_f64.ln()).abs() < 1e-12);
/// assert_eq!((returns[0], returns[2], returns[3]), (None, None, None)); // the 7th is a hole
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn log_returns(market: &DailyMarket) -> ReturnTable {
    let of = |of: &InstrumentSeries| InstrumentReturns {
        instrument: of.instrument.clone(),
        log_returns: series::log_returns(&of.prices),
    };
    ReturnTable {
        days: market.days.clone(),
        instruments: market.instruments.iter().map(of).collect(),
    }
}
