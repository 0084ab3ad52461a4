//! Which of two daily series leads: their correlations at several lags.

use chrono::Datelike;
use polars::prelude::*;
use serde::{Deserialize, Serialize};
use tidegauge_models::Estimate;
use tidegauge_models::multiple::benjamini_hochberg;
use tidegauge_models::series::{self, BlockBootstrap, LagCorrelation};

use super::daily_market::DailyMarket;
use super::params::{check_days, check_share};
use crate::Result;
use crate::frames::text_column;
use crate::metrics::estimate_columns::estimate_columns;

/// A daily move of the market.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarketMove {
    /// The log return: whether a rise goes with more of the other series.
    Return,
    /// The absolute log return: whether a large move in any direction does.
    AbsoluteReturn,
}

impl MarketMove {
    /// Returns the name of the move, as it is serialized.
    pub fn name(self) -> &'static str {
        match self {
            Self::Return => "return",
            Self::AbsoluteReturn => "absolute_return",
        }
    }
}

/// The parameters of lead and lag.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LeadLagParams {
    /// The largest lag in days of the grid, in both directions.
    pub max_lag: usize,
    /// The moves of the market.
    pub moves: Vec<MarketMove>,
    /// The nominal level of intervals.
    pub level: f64,
    /// The share of false findings that is accepted among all lags of all pairs.
    pub false_discovery: f64,
    /// The bootstrap of intervals.
    pub bootstrap: BlockBootstrap,
}

impl Default for LeadLagParams {
    /// Returns lags of up to seven days, returns, intervals of 90 % and one in ten findings false.
    fn default() -> Self {
        let (max_lag, moves) = (7, vec![MarketMove::Return]);
        let bootstrap = BlockBootstrap::default();
        Self { max_lag, moves, level: 0.9, false_discovery: 0.1, bootstrap }
    }
}

/// The side that leads, by the lags that stand out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leader {
    /// The market: only positive lags stand out, or lag 0 with them.
    Market,
    /// The other series: only negative lags stand out, or lag 0 with them.
    Other,
    /// Lags in both directions stand out.
    Both,
    /// Both move on the same day: lag 0 alone stands out.
    SameDay,
    /// No lag stands out: the data do not tell.
    Undetermined,
}

impl Leader {
    /// Returns the name of the side, as it is serialized.
    pub fn name(self) -> &'static str {
        match self {
            Self::Market => "market",
            Self::Other => "other",
            Self::Both => "both",
            Self::SameDay => "same_day",
            Self::Undetermined => "undetermined",
        }
    }
}

/// The lead and lag of the market and other daily series.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LeadLagTable {
    /// The parameters of the computation.
    pub params: LeadLagParams,
    /// The pairs, by instrument, move and measure.
    pub pairs: Vec<LeadLag>,
}

/// The lead and lag of the moves of an instrument and another daily series.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LeadLag {
    /// The instrument.
    pub instrument: String,
    /// The move of the market.
    pub movement: MarketMove,
    /// The name of the other series.
    pub measure: String,
    /// The correlations by lag, ascending: of the move of a day with the other series `lag` days
    /// later. `adjusted` is for all lags of all pairs of the table.
    pub lags: Vec<LagCorrelation>,
    /// The side that leads.
    pub leader: Leader,
}

impl LeadLag {
    /// Returns the lag whose correlation is farthest from 0 among those that stand out; `None` if
    /// none does.
    pub fn strongest(&self, false_discovery: f64) -> Option<&LagCorrelation> {
        let size = |lag: &LagCorrelation| lag.correlation.value.unwrap_or_default().abs();
        let standing = self.lags.iter().filter(|lag| stands_out(lag, false_discovery));
        standing.max_by(|one, other| size(one).total_cmp(&size(other)))
    }
}

impl LeadLagTable {
    /// Returns the pair of an instrument, a move and a measure.
    pub fn get(&self, instrument: &str, movement: MarketMove, measure: &str) -> Option<&LeadLag> {
        let key = (instrument, movement, measure);
        let of = |pair: &LeadLag| {
            (pair.instrument.as_str(), pair.movement, pair.measure.as_str()) == key
        };
        self.pairs.iter().find(|pair| of(pair))
    }

    /// Returns the lags as a long frame: `instrument`, `movement`, `measure`, `lag` (days of the
    /// grid; positive where the market leads), `correlation` with its interval, level, n (days) and
    /// flags, `p_value`, `adjusted` (for all lags of the table), `leader` (of the pair).
    ///
    /// # Errors
    /// When the frame cannot be made.
    pub fn frame(&self) -> Result<DataFrame> {
        let rows: Vec<(&LeadLag, &LagCorrelation)> = self
            .pairs
            .iter()
            .flat_map(|pair| pair.lags.iter().map(move |lag| (pair, lag)))
            .collect();
        let numbers = |name: &str, of: fn(&LagCorrelation) -> Option<f64>| {
            Column::new(name.into(), rows.iter().map(|(_, lag)| of(lag)).collect::<Vec<_>>())
        };
        let lags: Vec<i64> =
            rows.iter().map(|(_, lag)| i64::try_from(lag.lag).unwrap_or_default()).collect();
        let mut columns = vec![
            text_column("instrument", rows.iter().map(|(pair, _)| pair.instrument.as_str())),
            text_column("movement", rows.iter().map(|(pair, _)| pair.movement.name())),
            text_column("measure", rows.iter().map(|(pair, _)| pair.measure.as_str())),
            Column::new("lag".into(), lags),
        ];
        let correlations = rows.iter().map(|(_, lag)| &lag.correlation);
        columns.extend(estimate_columns("correlation", correlations));
        columns.push(numbers("p_value", |lag| lag.p_value));
        columns.push(numbers("adjusted", |lag| lag.adjusted));
        columns.push(text_column("leader", rows.iter().map(|(pair, _)| pair.leader.name())));
        Ok(DataFrame::new(rows.len(), columns)?)
    }
}

/// A daily series that is compared with the moves of the market, on the days of the market.
#[derive(Debug)]
pub(super) struct OtherSeries {
    /// The instrument that it is of; `None`: it is compared with all.
    pub(super) instrument: Option<String>,
    pub(super) measure: String,
    pub(super) values: Vec<Option<f64>>,
}

/// Computes the lead and lag of the moves of all instruments and other series.
///
/// # Errors
/// When a parameter is out of its range.
pub(super) fn lead_lag(
    market: &DailyMarket,
    others: &[OtherSeries],
    params: &LeadLagParams,
) -> Result<LeadLagTable> {
    check_days("max_lag", params.max_lag, 1)?;
    check_share("level", params.level)?;
    check_share("false_discovery", params.false_discovery)?;
    let mut pairs = Vec::new();
    for of in &market.instruments {
        let returns = series::log_returns(&of.prices);
        for movement in &params.moves {
            let moves: Vec<Option<f64>> = match movement {
                MarketMove::Return => returns.clone(),
                MarketMove::AbsoluteReturn => {
                    returns.iter().map(|value| value.map(f64::abs)).collect()
                }
            };
            let of_instrument = |other: &&OtherSeries| {
                other.instrument.as_ref().is_none_or(|name| *name == of.instrument)
            };
            for other in others.iter().filter(of_instrument) {
                let (most, level) = (params.max_lag, params.level);
                let lags = series::cross_correlation(
                    &moves,
                    &other.values,
                    most,
                    level,
                    params.bootstrap,
                )?;
                let (instrument, measure) = (of.instrument.clone(), other.measure.clone());
                let (movement, leader) = (*movement, Leader::Undetermined);
                pairs.push(LeadLag { instrument, movement, measure, lags, leader });
            }
        }
    }
    adjust(&mut pairs);
    for pair in &mut pairs {
        pair.leader = leader(&pair.lags, params.false_discovery);
    }
    Ok(LeadLagTable { params: params.clone(), pairs })
}

/// Adjusts the p-values for the number of all lags of all pairs.
fn adjust(pairs: &mut [LeadLag]) {
    let lags = || pairs.iter().flat_map(|pair| &pair.lags);
    let p_values: Vec<f64> = lags().map(|lag| lag.p_value.unwrap_or(f64::NAN)).collect();
    let adjusted = benjamini_hochberg(&p_values);
    for (lag, adjusted) in pairs.iter_mut().flat_map(|pair| &mut pair.lags).zip(adjusted) {
        lag.adjusted = lag.p_value.map(|_| adjusted);
    }
}

/// Returns `true` if the interval excludes 0, and the adjusted p-value is small.
fn stands_out(lag: &LagCorrelation, false_discovery: f64) -> bool {
    let Estimate { interval: Some(interval), .. } = lag.correlation else { return false };
    !interval.contains(0.0) && lag.adjusted.is_some_and(|adjusted| adjusted <= false_discovery)
}

fn leader(lags: &[LagCorrelation], false_discovery: f64) -> Leader {
    let standing = || lags.iter().filter(|lag| stands_out(lag, false_discovery));
    match (standing().any(|lag| lag.lag > 0), standing().any(|lag| lag.lag < 0)) {
        (true, true) => Leader::Both,
        (true, false) => Leader::Market,
        (false, true) => Leader::Other,
        (false, false) if standing().next().is_some() => Leader::SameDay,
        (false, false) => Leader::Undetermined,
    }
}

/// Returns the daily log changes of counts or amounts, less the mean change of their weekday.
///
/// A day without any has no logarithm: it is a hole.
///
/// # Errors
/// When there are not as many values as days.
pub(super) fn log_changes(
    market: &DailyMarket,
    amounts: &[Option<f64>],
) -> Result<Vec<Option<f64>>> {
    let changes = series::log_returns(amounts);
    let weekdays: Vec<u32> =
        market.days.iter().map(|day| day.weekday().num_days_from_monday()).collect();
    Ok(series::without_group_means(&changes, &weekdays)?)
}
