//! Daily prices and volumes of instruments on one grid of days.

use chrono::NaiveDate;
use polars::prelude::*;
use tidegauge_core::SetAside;

use super::daily_columns::{daily_columns, series_column};
use crate::Result;

/// The daily prices and volumes of instruments, all on the same days: the input of all market
/// statistics.
///
/// The price of a day is the last one of the UTC day; a price after the day never counts. A day
/// without a price is a hole: nothing is interpolated or carried forward. Only days that are over
/// at the end of observation are there.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct DailyMarket {
    /// The days, ascending.
    pub days: Vec<NaiveDate>,
    /// The instruments that have a price on one of the days, by name.
    pub instruments: Vec<InstrumentSeries>,
    /// The end of observation, exclusive: the first UTC day that is not over.
    pub end: NaiveDate,
    /// The rows that are left out, by table and reason.
    pub set_aside: Vec<SetAside>,
}

/// The prices and volumes of one instrument, one position for each day.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct InstrumentSeries {
    /// The instrument, as in `BTC`, `AAPL`.
    pub instrument: String,
    /// The last price of each day, in one currency; `None` without a price.
    pub prices: Vec<Option<f64>>,
    /// The volume of each day, in one unit; `None` if it is unknown.
    pub volumes: Vec<Option<f64>>,
}

impl DailyMarket {
    /// Returns the series of an instrument, or `None` if it has no price.
    pub fn get(&self, instrument: &str) -> Option<&InstrumentSeries> {
        self.instruments.iter().find(|series| series.instrument == instrument)
    }

    /// Returns the series as a long frame: `instrument`, `day`, `price`, `volume`.
    ///
    /// # Errors
    /// When the frame cannot be made.
    pub fn frame(&self) -> Result<DataFrame> {
        let names = self.instruments.iter().map(|series| series.instrument.as_str());
        let [instrument, day] = daily_columns(names, &self.days)?;
        let prices = series_column("price", self.instruments.iter().map(|series| &series.prices));
        let volumes =
            series_column("volume", self.instruments.iter().map(|series| &series.volumes));
        Ok(DataFrame::new(day.len(), vec![instrument, day, prices, volumes])?)
    }
}
