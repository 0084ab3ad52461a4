//! The parameters of daily series.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::facts::BadRows;
use crate::{Error, Result};

/// The days of a series. A day without a price is a hole, and has no value.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grid {
    /// Every day of the calendar, for coins, which trade at all times.
    #[default]
    EveryDay,
    /// The days on which one of these instruments has a price; of any instrument if none is named.
    /// With stocks these are the trading days, so that the return of a Monday is that since Friday.
    DaysOf(Vec<String>),
}

/// The parameters of daily prices and volumes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DailyMarketParams {
    /// The instruments; all if empty. One without prices is left out.
    pub instruments: Vec<String>,
    /// The days of the series.
    pub grid: Grid,
    /// The end of observation, exclusive; a UTC day counts if it is over by then. `None`: the start
    /// of the day of the last price, which may not be over.
    pub end: Option<DateTime<Utc>>,
    /// The sources of candles in order of precedence, the best one first, each with its family as
    /// in [`PriceParams`](crate::market::PriceParams). Others come after them, by name.
    pub precedence: Vec<String>,
    /// The handling of rows that lack a value, or whose price is not above zero.
    pub bad_rows: BadRows,
}

impl DailyMarketParams {
    /// Returns `true` if the instrument is wanted.
    pub(super) fn wants(&self, instrument: &str) -> bool {
        self.instruments.is_empty() || self.instruments.iter().any(|wanted| wanted == instrument)
    }
}

/// Checks a number of days.
///
/// # Errors
/// When it is less than `least`, which is 1 or 2.
pub(super) fn check_days(name: &'static str, days: usize, least: usize) -> Result<()> {
    let reason = if least > 1 { "must be at least 2 days" } else { "must be at least 1 day" };
    if days < least { Err(Error::Parameter { name, reason }) } else { Ok(()) }
}

/// Checks a nominal level or a share.
///
/// # Errors
/// When it is not between 0 and 1.
pub(super) fn check_share(name: &'static str, share: f64) -> Result<()> {
    let is_share = share > 0.0 && share < 1.0;
    let reason = "must be between 0 and 1";
    if is_share { Ok(()) } else { Err(Error::Parameter { name, reason }) }
}

/// Checks a number that must be above 0.
///
/// # Errors
/// When it is not.
pub(super) fn check_positive(name: &'static str, number: f64) -> Result<()> {
    let is_positive = number.is_finite() && number > 0.0;
    if is_positive { Ok(()) } else { Err(Error::Parameter { name, reason: "must be above 0" }) }
}
