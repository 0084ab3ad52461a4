//! Daily series from a user's own frame.

use std::cmp::Ordering;

use polars::prelude::*;
use tidegauge_core::SetAsideReason;

use super::daily_market::DailyMarket;
use super::daily_rows::DailyRows;
use super::frame_input::FrameInput;
use super::params::DailyMarketParams;
use crate::Result;
use crate::dates::DAY;

/// The name of the frame for messages.
const FRAME: &str = "prices";

impl DailyMarket {
    /// Reads daily prices and volumes from a frame: `instrument` (text), `at` (date or datetime, UTC),
    /// `price`, and optionally `volume`.
    ///
    /// The price of a day is that of its last row, the highest of several at one time; the volume
    /// is the sum of its rows, null if all are. The order of rows does not matter.
    ///
    /// ```
    /// use polars::prelude::*;
    /// use tidegauge_analytics::market_statistics::{DailyMarket, DailyMarketParams};
    ///
    /// let prices = df!(
    ///     "instrument" => ["BTC", "BTC", "BTC"],
    ///     "at" => ["2026-01-05", "2026-01-06", "2026-01-08"].map(|day| day.parse::<chrono::NaiveDate>().unwrap()),
    ///     "price" => [100.0, 110.0, 121.0],
    /// )?;
    /// let end = Some("2026-01-09T00:00:00Z".parse()?);
    /// let market = DailyMarket::from_frame(&prices, &DailyMarketParams { end, ..Default::default() })?;
    /// assert_eq!(market.instruments[0].prices, [Some(100.0), Some(110.0), None, Some(121.0)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When a column is missing or of another type; with [`BadRows::Fail`](crate::BadRows::Fail)
    /// when a row lacks a value or has a price that is not above zero; when no price is left.
    pub fn from_frame(frame: &DataFrame, params: &DailyMarketParams) -> Result<Self> {
        read(frame, params)?.finish(params)
    }
}

/// Reads the rows of a frame.
///
/// # Errors
/// When a column is missing or of another type.
fn read(frame: &DataFrame, params: &DailyMarketParams) -> Result<DailyRows> {
    let input = FrameInput { name: FRAME, frame };
    let (instruments, times) = (input.texts("instrument")?, input.times("at")?);
    let (prices, volumes) = (input.required_numbers("price")?, input.numbers("volume")?);
    let mut rows = DailyRows::default();
    let mut traded: Vec<(&str, i64, f64)> = Vec::new();
    for row in 0..frame.height() {
        let day = times.get(row).map(|at| at.div_euclid(DAY));
        let values = (instruments.get(row), times.get(row), prices.get(row));
        let (Some(instrument), Some(at), Some(price)) = values else {
            rows.set_row_aside(FRAME, SetAsideReason::Incomplete, instruments.get(row), day);
            continue;
        };
        if !params.wants(instrument) {
            continue;
        }
        let day = at.div_euclid(DAY);
        rows.add_price(FRAME, (instrument, day), (at, price));
        if let Some(volume) = volumes.as_ref().and_then(|volumes| volumes.get(row)) {
            traded.push((instrument, day, volume));
        }
    }
    // In order of size, so that sums do not depend on the order of rows.
    traded.sort_unstable_by(|one, other| match (one.0, one.1).cmp(&(other.0, other.1)) {
        Ordering::Equal => one.2.total_cmp(&other.2),
        order => order,
    });
    for of_day in traded.chunk_by(|one, other| (one.0, one.1) == (other.0, other.1)) {
        let volume: f64 = of_day.iter().map(|(.., volume)| volume).sum();
        rows.add_volume(of_day[0].0, of_day[0].1, (0, volume));
    }
    Ok(rows)
}
