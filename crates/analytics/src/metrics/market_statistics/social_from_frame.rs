//! Posts and sentiment from a user's own frame.

use std::collections::BTreeMap;

use polars::prelude::*;

use super::frame_input::FrameInput;
use super::social::{DailySocial, DailySocialParams};
use super::social_rows::SocialRows;
use crate::dates::DAY;
use crate::{Error, Result};

/// The name of the frame for messages.
const FRAME: &str = "posts";

impl DailySocial {
    /// Reads posts and sentiment from a frame: `instrument` (text), `at` (date or datetime, UTC), and
    /// optionally `posts` (a number) and `sentiment` (from −1 to 1; null if not scored).
    ///
    /// The posts of a day are the sum of its rows; without a column `posts` each row is one. The
    /// sentiment of a day is the mean over its rows. The order of rows does not matter.
    ///
    /// ```
    /// use polars::prelude::*;
    /// use tidegauge_analytics::market_statistics::{DailySocial, DailySocialParams};
    ///
    /// let posts = df!(
    ///     "instrument" => ["BTC", "BTC", "BTC"],
    ///     "at" => ["2026-01-05", "2026-01-05", "2026-01-07"].map(|day| day.parse::<chrono::NaiveDate>().unwrap()),
    ///     "sentiment" => [Some(0.5), Some(-0.25), None],
    /// )?;
    /// let end = Some("2026-01-08T00:00:00Z".parse()?);
    /// let social = DailySocial::from_frame(&posts, &DailySocialParams { end, ..Default::default() })?;
    /// let btc = &social.instruments[0];
    /// assert_eq!(btc.posts, [Some(2.0), None, Some(1.0)]);
    /// assert_eq!(btc.sentiment, [Some(0.125), None, None]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When a column is missing or of another type; when a sentiment is not between −1 and 1; with
    /// [`BadRows::Fail`](crate::BadRows::Fail) when a row lacks a value.
    pub fn from_frame(frame: &DataFrame, params: &DailySocialParams) -> Result<Self> {
        read(frame, params)?.finish(params)
    }
}

/// Reads the rows of a frame.
///
/// # Errors
/// When a column is missing or of another type, or a sentiment is not between −1 and 1.
fn read(frame: &DataFrame, params: &DailySocialParams) -> Result<SocialRows> {
    let input = FrameInput { name: FRAME, frame };
    let (instruments, times) = (input.texts("instrument")?, input.times("at")?);
    let counts = match frame.column("posts") {
        Ok(column) if column.dtype().is_integer() => Some(column.cast(&DataType::Int64)?),
        Ok(column) => {
            let (column, found) = ("posts".to_owned(), column.dtype().to_string());
            let wanted = "whole numbers".to_owned();
            return Err(Error::ColumnType { frame: FRAME, column, found, wanted });
        }
        Err(_) => None,
    };
    let counts = counts.as_ref().map(|column| column.i64()).transpose()?;
    let scores = input.numbers("sentiment")?;
    let mut rows = SocialRows::default();
    let mut posts: BTreeMap<(&str, i64), u64> = BTreeMap::new();
    for row in 0..frame.height() {
        let (Some(instrument), Some(at)) = (instruments.get(row), times.get(row)) else {
            rows.set_row_aside(FRAME, instruments.get(row));
            continue;
        };
        if !params.instruments.is_empty() && !params.instruments.iter().any(|of| of == instrument) {
            continue;
        }
        rows.see(at);
        let count = match counts {
            Some(counts) => counts.get(row).map(u64::try_from),
            None => Some(Ok(1)),
        };
        match count {
            Some(Ok(count)) => {
                let of_day = posts.entry((instrument, at.div_euclid(DAY))).or_default();
                *of_day = of_day.saturating_add(count);
            }
            Some(Err(_)) => rows.set_row_aside(FRAME, Some(instrument)),
            None => {}
        }
        if let Some(score) = scores.as_ref().and_then(|scores| scores.get(row)) {
            rows.add_score(FRAME, (instrument, at), score)?;
        }
    }
    for ((instrument, day), posts) in posts {
        rows.add_day(instrument, day, posts);
    }
    Ok(rows)
}
