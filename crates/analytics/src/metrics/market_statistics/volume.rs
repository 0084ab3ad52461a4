//! Unusual volumes.

use chrono::NaiveDate;
use polars::prelude::*;
use serde::{Deserialize, Serialize};
use tidegauge_models::series;

use super::daily_columns::{daily_columns, series_column};
use super::daily_market::{DailyMarket, InstrumentSeries};
use super::params::check_days;
use crate::Result;

/// What a volume is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VolumeScale {
    /// All days: (x − median)/(1.4826·MAD) of the logarithms, which large volumes do not widen.
    #[default]
    Robust,
    /// The days before it: (x − mean)/standard deviation of the logarithms. Later days do not
    /// change a score.
    Rolling {
        /// The number of days.
        window: usize,
    },
}

/// The scores of the volumes of all instruments.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct VolumeScoreTable {
    /// What a volume is compared with.
    pub scale: VolumeScale,
    /// The days, ascending.
    pub days: Vec<NaiveDate>,
    /// The instruments, by name.
    pub instruments: Vec<InstrumentVolumeScores>,
}

/// The scores of the volumes of one instrument.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct InstrumentVolumeScores {
    /// The instrument.
    pub instrument: String,
    /// The volume of each day.
    pub volumes: Vec<Option<f64>>,
    /// The z-score of the logarithm of each volume; `None` without a volume above 0, and where what
    /// it is compared with is incomplete or does not vary.
    pub scores: Vec<Option<f64>>,
}

impl VolumeScoreTable {
    /// Returns the scores as a long frame: `instrument`, `day`, `volume`, `z`.
    ///
    /// # Errors
    /// When the frame cannot be made.
    pub fn frame(&self) -> Result<DataFrame> {
        let instruments = self.instruments.iter();
        let names = instruments.clone().map(|of| of.instrument.as_str());
        let [instrument, day] = daily_columns(names, &self.days)?;
        let volumes = series_column("volume", instruments.clone().map(|of| &of.volumes));
        let scores = series_column("z", instruments.map(|of| &of.scores));
        Ok(DataFrame::new(day.len(), vec![instrument, day, volumes, scores])?)
    }
}

/// Computes how unusual the volume of each day is: the z-score of its logarithm, since volumes
/// differ by factors.
///
/// ```
/// use polars::prelude::*;
/// use tidegauge_analytics::market_statistics::{
///     DailyMarket, DailyMarketParams, VolumeScale, volume_scores,
/// };
///
/// let prices = df!(
///     "instrument" => ["BTC", "BTC", "BTC"],
///     "at" => ["2026-01-05", "2026-01-06", "2026-01-07"].map(|day| day.parse::<chrono::NaiveDate>().unwrap()),
///     "price" => [100.0, 110.0, 130.0],
///     "volume" => [10.0, 1_000.0, 1_000.0],
/// )?;
/// let end = Some("2026-01-08T00:00:00Z".parse()?);
/// let market = DailyMarket::from_frame(&prices, &DailyMarketParams { end, ..Default::default() })?;
/// let table = volume_scores(&market, VolumeScale::Rolling { window: 2 })?;
/// // The logarithms before are 1 and 3 times ln 10: mean 2, standard deviation √2.
/// assert!((table.instruments[0].scores[2].unwrap() - 1.0 / 2.0_f64.sqrt()).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When the window is shorter than two days.
pub fn volume_scores(market: &DailyMarket, scale: VolumeScale) -> Result<VolumeScoreTable> {
    if let VolumeScale::Rolling { window } = scale {
        check_days("window", window, 2)?;
    }
    let log = |volume: &Option<f64>| volume.filter(|volume| *volume > 0.0).map(libm::log);
    let of = |of: &InstrumentSeries| {
        let logs: Vec<Option<f64>> = of.volumes.iter().map(log).collect();
        InstrumentVolumeScores {
            instrument: of.instrument.clone(),
            volumes: of.volumes.clone(),
            scores: match scale {
                VolumeScale::Robust => series::robust_z(&logs),
                VolumeScale::Rolling { window } => series::rolling_z(&logs, window),
            },
        }
    };
    let instruments = market.instruments.iter().map(of).collect();
    Ok(VolumeScoreTable { scale, days: market.days.clone(), instruments })
}
