//! Falls of prices from their highest so far.

use chrono::NaiveDate;
use polars::prelude::*;
use serde::Serialize;
use tidegauge_models::series;

use super::daily_columns::{daily_columns, series_column};
use super::daily_market::{DailyMarket, InstrumentSeries};
use crate::Result;
use crate::frames::text_column;

/// The drawdowns of all instruments.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct DrawdownTable {
    /// The days, ascending.
    pub days: Vec<NaiveDate>,
    /// The instruments, by name.
    pub instruments: Vec<InstrumentDrawdown>,
}

/// The drawdowns of one instrument, as shares of the highest price so far: 0.25 is a fall by 25 %.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct InstrumentDrawdown {
    /// The instrument.
    pub instrument: String,
    /// The drawdown at each day; `None` without a price.
    pub running: Vec<Option<f64>>,
    /// The largest drawdown; `None` if the price never falls.
    pub maximum: Option<MaxDrawdown>,
}

/// The largest fall of a price.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct MaxDrawdown {
    /// The fall as a share of the price at the peak, from 0 to 1.
    pub depth: f64,
    /// The day of the peak.
    pub peak: NaiveDate,
    /// The day of the lowest price after it.
    pub trough: NaiveDate,
    /// The day on which the price is at the peak again; `None` if it has not been by the end.
    pub recovered: Option<NaiveDate>,
}

impl MaxDrawdown {
    /// Returns the number of days of the calendar from the peak to the trough.
    pub fn days_to_trough(&self) -> i64 {
        (self.trough - self.peak).num_days()
    }

    /// Returns the number of days of the calendar from the trough to the recovery, or `None` if
    /// there is none yet.
    pub fn days_to_recovery(&self) -> Option<i64> {
        Some((self.recovered? - self.trough).num_days())
    }
}

impl DrawdownTable {
    /// Returns the running drawdowns as a long frame: `instrument`, `day`, `drawdown` (share of the
    /// highest price so far; null without a price).
    ///
    /// # Errors
    /// When the frame cannot be made.
    pub fn frame(&self) -> Result<DataFrame> {
        let instruments = self.instruments.iter();
        let names = instruments.clone().map(|of| of.instrument.as_str());
        let [instrument, day] = daily_columns(names, &self.days)?;
        let falls = series_column("drawdown", instruments.map(|of| &of.running));
        Ok(DataFrame::new(day.len(), vec![instrument, day, falls])?)
    }

    /// Returns the largest drawdowns as a frame: `instrument`, `depth` (share of the peak), `peak`,
    /// `trough`, `recovered` (dates), `days_to_trough`, `days_to_recovery`; all null if the price
    /// never falls, the last of each if it has not recovered.
    ///
    /// # Errors
    /// When the frame cannot be made.
    pub fn maximum_frame(&self) -> Result<DataFrame> {
        let falls = || self.instruments.iter().map(|of| of.maximum);
        let dates = |name: &str, of: fn(MaxDrawdown) -> Option<NaiveDate>| -> Result<Column> {
            let days: Vec<Option<i32>> =
                falls().map(|fall| fall.and_then(of).map(|day| day.to_epoch_days())).collect();
            Ok(Column::new(name.into(), days).cast(&DataType::Date)?)
        };
        let days = |name: &str, of: fn(MaxDrawdown) -> Option<i64>| {
            Column::new(name.into(), falls().map(|fall| of(fall?)).collect::<Vec<Option<i64>>>())
        };
        let depths: Vec<Option<f64>> = falls().map(|fall| Some(fall?.depth)).collect();
        let names = self.instruments.iter().map(|of| of.instrument.as_str());
        let columns = vec![
            text_column("instrument", names),
            Column::new("depth".into(), depths),
            dates("peak", |fall| Some(fall.peak))?,
            dates("trough", |fall| Some(fall.trough))?,
            dates("recovered", |fall| fall.recovered)?,
            days("days_to_trough", |fall| Some(fall.days_to_trough())),
            days("days_to_recovery", |fall| fall.days_to_recovery()),
        ];
        Ok(DataFrame::new(self.instruments.len(), columns)?)
    }
}

/// Computes the drawdown of all instruments, 1 − price/highest price so far, at each day, and the
/// largest one with its peak, trough and recovery.
///
/// Only daily prices count: a fall within a day that is made up for by its end is none.
///
/// ```
/// use polars::prelude::*;
/// use tidegauge_analytics::market_statistics::{DailyMarket, DailyMarketParams, drawdowns};
///
/// let day = |text: &str| text.parse::<chrono::NaiveDate>().unwrap();
/// let prices = df!(
///     "instrument" => ["BTC", "BTC", "BTC", "BTC"],
///     "at" => ["2026-01-05", "2026-01-06", "2026-01-07", "2026-01-09"].map(day),
///     "price" => [100.0, 60.0, 75.0, 120.0],
/// )?;
/// let end = Some("2026-01-10T00:00:00Z".parse()?);
/// let market = DailyMarket::from_frame(&prices, &DailyMarketParams { end, ..Default::default() })?;
/// let table = drawdowns(&market);
/// let btc = &table.instruments[0];
/// assert_eq!(btc.running, [Some(0.0), Some(0.4), Some(0.25), None, Some(0.0)]);
/// let fall = btc.maximum.ok_or("the price falls")?;
/// assert_eq!((fall.depth, fall.days_to_trough(), fall.days_to_recovery()), (0.4, 1, Some(3)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn drawdowns(market: &DailyMarket) -> DrawdownTable {
    let day = |at: usize| market.days[at];
    let of = |of: &InstrumentSeries| InstrumentDrawdown {
        instrument: of.instrument.clone(),
        running: series::drawdowns(&of.prices),
        maximum: series::max_drawdown(&of.prices).map(|fall| MaxDrawdown {
            depth: fall.depth,
            peak: day(fall.peak),
            trough: day(fall.trough),
            recovered: fall.recovered.map(day),
        }),
    };
    DrawdownTable {
        days: market.days.clone(),
        instruments: market.instruments.iter().map(of).collect(),
    }
}
