//! Posts and sentiment by instrument and day.

use chrono::{DateTime, NaiveDate, Utc};
use polars::prelude::*;
use serde::{Deserialize, Serialize};
use tidegauge_core::SetAside;

use super::daily_columns::{daily_columns, series_column};
use crate::Result;
use crate::facts::BadRows;

/// The parameters of posts and sentiment.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct DailySocialParams {
    /// The instruments; all if empty.
    pub instruments: Vec<String>,
    /// The end of observation, exclusive; a UTC day counts if it is over by then. `None`: the start
    /// of the day of the last row, which may not be over.
    pub end: Option<DateTime<Utc>>,
    /// The fewest scored posts of a day that has a sentiment.
    pub min_scored: u64,
    /// The handling of rows that lack a value.
    pub bad_rows: BadRows,
}

impl Default for DailySocialParams {
    /// Returns parameters of all instruments, with a sentiment from the first scored post on.
    fn default() -> Self {
        let (instruments, bad_rows) = (Vec::new(), BadRows::default());
        Self { instruments, end: None, min_scored: 1, bad_rows }
    }
}

/// The posts and the sentiment of instruments, all on the same days.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct DailySocial {
    /// The days, ascending, without gaps.
    pub days: Vec<NaiveDate>,
    /// The instruments, by name.
    pub instruments: Vec<SocialSeries>,
    /// The rows that are left out, by table and reason.
    pub set_aside: Vec<SetAside>,
}

/// The posts and the sentiment of one instrument, one position for each UTC day.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SocialSeries {
    /// The instrument.
    pub instrument: String,
    /// The number of posts that mention it; `None` if a part of the day was not counted.
    pub posts: Vec<Option<f64>>,
    /// The mean sentiment of the scored posts, from −1 (negative) to 1 (positive); `None` with too
    /// few of them.
    pub sentiment: Vec<Option<f64>>,
    /// The number of scored posts.
    pub scored: Vec<u64>,
}

impl DailySocial {
    /// Returns the series as a long frame: `instrument`, `day`, `posts` (a number), `sentiment` (from
    /// −1 to 1), `scored` (the number of posts behind it).
    ///
    /// # Errors
    /// When the frame cannot be made.
    pub fn frame(&self) -> Result<DataFrame> {
        let instruments = self.instruments.iter();
        let names = instruments.clone().map(|of| of.instrument.as_str());
        let [instrument, day] = daily_columns(names, &self.days)?;
        let posts = series_column("posts", instruments.clone().map(|of| &of.posts));
        let sentiment = series_column("sentiment", instruments.clone().map(|of| &of.sentiment));
        let scored: Vec<u64> = instruments.flat_map(|of| of.scored.iter().copied()).collect();
        let scored = Column::new("scored".into(), scored);
        Ok(DataFrame::new(day.len(), vec![instrument, day, posts, sentiment, scored])?)
    }
}
