//! Realised volatility.

use chrono::NaiveDate;
use polars::prelude::*;
use serde::{Deserialize, Serialize};
use tidegauge_models::Estimate;
use tidegauge_models::series::{self, BlockBootstrap};

use super::daily_columns::{daily_columns, series_column};
use super::daily_market::{DailyMarket, InstrumentSeries};
use super::params::{check_days, check_positive, check_share};
use crate::Result;
use crate::frames::text_column;
use crate::metrics::estimate_columns::estimate_columns;

/// The parameters of realised volatility.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct VolatilityParams {
    /// The number of returns of the moving window.
    pub window: usize,
    /// The number of days of the grid in a year: 365 for coins, 252 for stocks.
    pub periods_per_year: f64,
    /// The nominal level of intervals.
    pub level: f64,
    /// The bootstrap of intervals.
    pub bootstrap: BlockBootstrap,
}

impl Default for VolatilityParams {
    /// Returns a window of 30 days, 365 days a year, and intervals of 90 %.
    fn default() -> Self {
        let bootstrap = BlockBootstrap::default();
        Self { window: 30, periods_per_year: 365.0, level: 0.9, bootstrap }
    }
}

/// The volatility of all instruments.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct VolatilityTable {
    /// The parameters of the computation.
    pub params: VolatilityParams,
    /// The days, ascending.
    pub days: Vec<NaiveDate>,
    /// The instruments, by name.
    pub instruments: Vec<InstrumentVolatility>,
}

/// The annualised volatility of one instrument, as a fraction: 0.6 is 60 % per √year.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct InstrumentVolatility {
    /// The instrument.
    pub instrument: String,
    /// The volatility of all days, with the interval of the block bootstrap; `n` is the number of
    /// returns.
    pub overall: Estimate,
    /// The volatility of the window that ends with each day; `None` where one of its returns is
    /// missing.
    pub rolling: Vec<Option<f64>>,
}

impl VolatilityTable {
    /// Returns the moving volatility as a long frame: `instrument`, `day`, `volatility`
    /// (annualised; null where the window has a hole).
    ///
    /// # Errors
    /// When the frame cannot be made.
    pub fn frame(&self) -> Result<DataFrame> {
        let instruments = self.instruments.iter();
        let names = instruments.clone().map(|of| of.instrument.as_str());
        let [instrument, day] = daily_columns(names, &self.days)?;
        let rolling = series_column("volatility", instruments.map(|of| &of.rolling));
        Ok(DataFrame::new(day.len(), vec![instrument, day, rolling])?)
    }

    /// Returns the volatility of all days as a frame: `instrument`, and `volatility` with its
    /// interval, level, n and flags.
    ///
    /// # Errors
    /// When the frame cannot be made.
    pub fn overall_frame(&self) -> Result<DataFrame> {
        let instruments = self.instruments.iter();
        let mut columns =
            vec![text_column("instrument", instruments.clone().map(|of| of.instrument.as_str()))];
        columns.extend(estimate_columns("volatility", instruments.map(|of| &of.overall)));
        Ok(DataFrame::new(self.instruments.len(), columns)?)
    }
}

/// Computes the realised volatility of all instruments, s·√(periods per year), where s is the
/// standard deviation (n − 1) of the daily log returns: of all days with an interval, and of a
/// moving window.
///
/// ```
/// use polars::prelude::*;
/// use tidegauge_analytics::market_statistics::{
///     DailyMarket, DailyMarketParams, VolatilityParams, volatility,
/// };
///
/// let prices = df!(
///     "instrument" => ["BTC", "BTC", "BTC"],
///     "at" => ["2026-01-05", "2026-01-06", "2026-01-07"].map(|day| day.parse::<chrono::NaiveDate>().unwrap()),
///     "price" => [100.0, 110.0, 110.0],
/// )?;
/// let end = Some("2026-01-08T00:00:00Z".parse()?);
/// let market = DailyMarket::from_frame(&prices, &DailyMarketParams { end, ..Default::default() })?;
/// let table = volatility(&market, &VolatilityParams { window: 2, ..Default::default() })?;
/// // The returns are ln 1.1 and 0: their standard deviation is ln 1.1/√2.
/// let expected = 1.1_f64.ln() / 2.0_f64.sqrt() * 365.0_f64.sqrt();
/// assert!((table.instruments[0].rolling[2].unwrap() - expected).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When the window is shorter than two days, or another parameter is out of its range.
pub fn volatility(market: &DailyMarket, params: &VolatilityParams) -> Result<VolatilityTable> {
    check_days("window", params.window, 2)?;
    check_positive("periods_per_year", params.periods_per_year)?;
    check_share("level", params.level)?;
    let VolatilityParams { window, periods_per_year, level, bootstrap } = *params;
    let of = |of: &InstrumentSeries| {
        let returns = series::log_returns(&of.prices);
        InstrumentVolatility {
            instrument: of.instrument.clone(),
            overall: series::realized_volatility(&returns, periods_per_year, level, bootstrap),
            rolling: series::rolling_volatility(&returns, window, periods_per_year),
        }
    };
    let instruments = market.instruments.iter().map(of).collect();
    Ok(VolatilityTable { params: *params, days: market.days.clone(), instruments })
}
