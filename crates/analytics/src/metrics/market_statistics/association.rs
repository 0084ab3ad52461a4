//! Correlations of instruments, and their betas against a benchmark.

use polars::prelude::*;
use serde::{Deserialize, Serialize};
use tidegauge_models::Estimate;
use tidegauge_models::series::{self, BlockBootstrap};

use super::daily_market::DailyMarket;
use super::params::check_share;
use crate::frames::text_column;
use crate::metrics::estimate_columns::estimate_columns;
use crate::{Error, Result};

/// The parameters of correlations and betas.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AssociationParams {
    /// The nominal level of intervals.
    pub level: f64,
    /// The bootstrap of intervals.
    pub bootstrap: BlockBootstrap,
}

impl Default for AssociationParams {
    /// Returns intervals of 90 %.
    fn default() -> Self {
        Self { level: 0.9, bootstrap: BlockBootstrap::default() }
    }
}

/// The correlations of all pairs of instruments.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CorrelationTable {
    /// The parameters of the computation.
    pub params: AssociationParams,
    /// The instruments, by name.
    pub instruments: Vec<String>,
    /// The pairs above the diagonal of the matrix, row by row.
    pub pairs: Vec<PairCorrelation>,
}

/// The correlation of the returns of two instruments.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PairCorrelation {
    /// The instrument that is first by name.
    pub one: String,
    /// The other instrument.
    pub other: String,
    /// Pearson's correlation of the daily log returns, from −1 to 1; `n` is the number of days on
    /// which both have one.
    pub correlation: Estimate,
}

impl CorrelationTable {
    /// Returns the correlation of two instruments in any order, or `None` if one of them is not
    /// there, or both are the same.
    pub fn get(&self, one: &str, other: &str) -> Option<&Estimate> {
        let is_pair = |pair: &&PairCorrelation| {
            let names = (pair.one.as_str(), pair.other.as_str());
            names == (one, other) || names == (other, one)
        };
        self.pairs.iter().find(is_pair).map(|pair| &pair.correlation)
    }

    /// Returns the pairs as a long frame: `one`, `other`, and `correlation` with its interval,
    /// level, n (days) and flags. Each pair is there once, and no instrument with itself.
    ///
    /// # Errors
    /// When the frame cannot be made.
    pub fn frame(&self) -> Result<DataFrame> {
        let pairs = self.pairs.iter();
        let mut columns = vec![
            text_column("one", pairs.clone().map(|pair| pair.one.as_str())),
            text_column("other", pairs.clone().map(|pair| pair.other.as_str())),
        ];
        columns.extend(estimate_columns("correlation", pairs.map(|pair| &pair.correlation)));
        Ok(DataFrame::new(self.pairs.len(), columns)?)
    }
}

/// The betas of all instruments against a benchmark.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct BetaTable {
    /// The parameters of the computation.
    pub params: AssociationParams,
    /// The benchmark.
    pub benchmark: String,
    /// The other instruments, by name.
    pub instruments: Vec<InstrumentBeta>,
}

/// The beta of one instrument.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct InstrumentBeta {
    /// The instrument.
    pub instrument: String,
    /// The slope of its daily log returns on those of the benchmark: with 1.5 it moves by 1.5 % if
    /// the benchmark moves by 1 %, on average.
    pub beta: Estimate,
}

impl BetaTable {
    /// Returns the betas as a frame: `instrument`, `benchmark`, and `beta` with its interval, level,
    /// n (days) and flags.
    ///
    /// # Errors
    /// When the frame cannot be made.
    pub fn frame(&self) -> Result<DataFrame> {
        let instruments = self.instruments.iter();
        let mut columns = vec![
            text_column("instrument", instruments.clone().map(|of| of.instrument.as_str())),
            text_column("benchmark", instruments.clone().map(|_| self.benchmark.as_str())),
        ];
        columns.extend(estimate_columns("beta", instruments.map(|of| &of.beta)));
        Ok(DataFrame::new(self.instruments.len(), columns)?)
    }
}

/// Computes the correlations of the daily log returns of all pairs of instruments, with intervals
/// of the block bootstrap on Fisher's scale. Of each pair, the days on which both have a return
/// count.
///
/// ```
/// use polars::prelude::*;
/// use tidegauge_analytics::market_statistics::{
///     AssociationParams, DailyMarket, DailyMarketParams, correlations,
/// };
///
/// let days = ["2026-01-05", "2026-01-06", "2026-01-07", "2026-01-08"];
/// let prices = df!(
///     "instrument" => [["BTC"; 4], ["ETH"; 4]].concat(),
///     "at" => [days, days].concat().into_iter().map(|day| day.parse::<chrono::NaiveDate>().unwrap()).collect::<Vec<_>>(),
///     "price" => [1.0, 2.0, 1.0, 4.0, 8.0, 2.0, 8.0, 0.5],
/// )?;
/// let end = Some("2026-01-09T00:00:00Z".parse()?);
/// let market = DailyMarket::from_frame(&prices, &DailyMarketParams { end, ..Default::default() })?;
/// // ETH is 8/BTC²: it moves twice as much, and the other way.
/// let table = correlations(&market, &AssociationParams::default())?;
/// assert!((table.get("ETH", "BTC").unwrap().value.unwrap() + 1.0).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When the level is not between 0 and 1.
pub fn correlations(market: &DailyMarket, params: &AssociationParams) -> Result<CorrelationTable> {
    check_share("level", params.level)?;
    let returns = returns(market);
    let mut pairs = Vec::new();
    for (at, (one, x)) in returns.iter().enumerate() {
        for (other, y) in &returns[at + 1..] {
            let correlation = series::correlation(x, y, params.level, params.bootstrap)?;
            pairs.push(PairCorrelation {
                one: (*one).to_owned(),
                other: (*other).to_owned(),
                correlation,
            });
        }
    }
    let instruments = returns.iter().map(|(name, _)| (*name).to_owned()).collect();
    Ok(CorrelationTable { params: *params, instruments, pairs })
}

/// Computes the beta of all other instruments against a benchmark, cov(r, r of the
/// benchmark)/var(r of the benchmark) of daily log returns, with intervals of the block bootstrap.
///
/// ```
/// use polars::prelude::*;
/// use tidegauge_analytics::market_statistics::{
///     AssociationParams, DailyMarket, DailyMarketParams, betas,
/// };
///
/// let days = ["2026-01-05", "2026-01-06", "2026-01-07", "2026-01-08"];
/// let prices = df!(
///     "instrument" => [["BTC"; 4], ["ETH"; 4]].concat(),
///     "at" => [days, days].concat().into_iter().map(|day| day.parse::<chrono::NaiveDate>().unwrap()).collect::<Vec<_>>(),
///     "price" => [1.0, 2.0, 1.0, 4.0, 8.0, 2.0, 8.0, 0.5],
/// )?;
/// let end = Some("2026-01-09T00:00:00Z".parse()?);
/// let market = DailyMarket::from_frame(&prices, &DailyMarketParams { end, ..Default::default() })?;
/// let table = betas(&market, "BTC", &AssociationParams::default())?;
/// assert!((table.instruments[0].beta.value.unwrap() + 2.0).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When the benchmark has no price, or the level is not between 0 and 1.
pub fn betas(
    market: &DailyMarket,
    benchmark: &str,
    params: &AssociationParams,
) -> Result<BetaTable> {
    check_share("level", params.level)?;
    let reason = "must be an instrument with a price";
    let of_benchmark =
        market.get(benchmark).ok_or(Error::Parameter { name: "benchmark", reason })?;
    let of_benchmark = series::log_returns(&of_benchmark.prices);
    let others = returns(market).into_iter().filter(|(name, _)| *name != benchmark);
    let beta = |(name, returns): (&str, Vec<Option<f64>>)| {
        let beta = series::beta(&returns, &of_benchmark, params.level, params.bootstrap)?;
        Ok(InstrumentBeta { instrument: name.to_owned(), beta })
    };
    let instruments = others.map(beta).collect::<Result<_>>()?;
    Ok(BetaTable { params: *params, benchmark: benchmark.to_owned(), instruments })
}

/// Returns the log returns of all instruments.
fn returns(market: &DailyMarket) -> Vec<(&str, Vec<Option<f64>>)> {
    let of = market.instruments.iter();
    of.map(|of| (of.instrument.as_str(), series::log_returns(&of.prices))).collect()
}
