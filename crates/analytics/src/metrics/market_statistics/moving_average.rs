//! Moving averages of prices.

use chrono::NaiveDate;
use polars::prelude::*;
use serde::{Deserialize, Serialize};
use tidegauge_models::series;

use super::daily_columns::{daily_columns, series_column};
use super::daily_market::{DailyMarket, InstrumentSeries};
use super::params::{check_days, check_positive};
use crate::Result;

/// A moving average.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MovingAverage {
    /// The mean of the last days; none where one of them has no price.
    Simple {
        /// The number of days.
        days: usize,
    },
    /// The exponential average e = α·p + (1 − α)·e of the day before, with α = 2/(span + 1), begun
    /// at the first price. A hole leaves it as it is, and has no value.
    Exponential {
        /// The span, in days.
        span: f64,
    },
}

/// The moving average of all instruments.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct MovingAverageTable {
    /// The average.
    pub average: MovingAverage,
    /// The days, ascending.
    pub days: Vec<NaiveDate>,
    /// The instruments, by name.
    pub instruments: Vec<InstrumentAverage>,
}

/// The moving average of one instrument, in the currency of its prices.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct InstrumentAverage {
    /// The instrument.
    pub instrument: String,
    /// The average at each day.
    pub values: Vec<Option<f64>>,
}

impl MovingAverageTable {
    /// Returns the averages as a long frame: `instrument`, `day`, `average` (in the currency of the
    /// prices).
    ///
    /// # Errors
    /// When the frame cannot be made.
    pub fn frame(&self) -> Result<DataFrame> {
        let instruments = self.instruments.iter();
        let names = instruments.clone().map(|of| of.instrument.as_str());
        let [instrument, day] = daily_columns(names, &self.days)?;
        let averages = series_column("average", instruments.map(|of| &of.values));
        Ok(DataFrame::new(day.len(), vec![instrument, day, averages])?)
    }
}

/// Computes a moving average of the prices of all instruments.
///
/// ```
/// use polars::prelude::*;
/// use tidegauge_analytics::market_statistics::{
///     DailyMarket, DailyMarketParams, MovingAverage, moving_average,
/// };
///
/// let prices = df!(
///     "instrument" => ["BTC", "BTC", "BTC"],
///     "at" => ["2026-01-05", "2026-01-06", "2026-01-07"].map(|day| day.parse::<chrono::NaiveDate>().unwrap()),
///     "price" => [100.0, 110.0, 130.0],
/// )?;
/// let end = Some("2026-01-08T00:00:00Z".parse()?);
/// let market = DailyMarket::from_frame(&prices, &DailyMarketParams { end, ..Default::default() })?;
/// let simple = moving_average(&market, MovingAverage::Simple { days: 2 })?;
/// assert_eq!(simple.instruments[0].values, [None, Some(105.0), Some(120.0)]);
/// let exponential = moving_average(&market, MovingAverage::Exponential { span: 3.0 })?;
/// assert_eq!(exponential.instruments[0].values, [Some(100.0), Some(105.0), Some(117.5)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When the number of days is 0, or the span is not above 0.
pub fn moving_average(market: &DailyMarket, average: MovingAverage) -> Result<MovingAverageTable> {
    match average {
        MovingAverage::Simple { days } => check_days("days", days, 1)?,
        MovingAverage::Exponential { span } => check_positive("span", span)?,
    }
    let of = |of: &InstrumentSeries| InstrumentAverage {
        instrument: of.instrument.clone(),
        values: match average {
            MovingAverage::Simple { days } => series::simple_moving_average(&of.prices, days),
            MovingAverage::Exponential { span } => {
                series::exponential_moving_average(&of.prices, span)
            }
        },
    };
    let instruments = market.instruments.iter().map(of).collect();
    Ok(MovingAverageTable { average, days: market.days.clone(), instruments })
}
