//! Correlation of two series at several lags.

use serde::Serialize;

use crate::estimate::Estimate;
use crate::multiple::benjamini_hochberg;

use super::association::{Association, pairs};
use super::block_bootstrap::BlockBootstrap;
use super::error::SeriesError;

/// The correlation of two series at one lag.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LagCorrelation {
    /// The lag k, in positions: the correlation is of xᵢ with yᵢ₊ₖ. Where it is positive, x leads.
    pub lag: isize,
    /// The correlation with its interval, for this lag alone.
    pub correlation: Estimate,
    /// The probability of a correlation as far from 0 if there is none; `None` without interval.
    pub p_value: Option<f64>,
    /// The p-value adjusted for the number of lags (Benjamini and Hochberg).
    pub adjusted: Option<f64>,
}

/// Computes the correlations of two series at the lags −`most` to `most`, ascending: whether x
/// leads y (positive lags) or follows it.
///
/// Each is as [`correlation`](super::correlation) of the shifted series. A lag stands out if its
/// adjusted p-value is small; at 10 %, one in ten of those that do is expected to be false.
///
/// # Errors
/// If the series have different lengths.
///
/// ```
/// use tidegauge_models::series::{BlockBootstrap, cross_correlation};
///
/// // y repeats x one position later.
/// let x: Vec<Option<f64>> = (0..80).map(|at| Some(f64::from(at * at % 17))).collect();
/// let y: Vec<Option<f64>> = [None].into_iter().chain(x[..79].iter().copied()).collect();
/// let lags = cross_correlation(&x, &y, 2, 0.9, BlockBootstrap::default())?;
/// assert_eq!(lags.iter().map(|lag| lag.lag).collect::<Vec<_>>(), [-2, -1, 0, 1, 2]);
/// assert!(lags[3].correlation.value.unwrap() > 0.999);
/// # Ok::<(), tidegauge_models::series::SeriesError>(())
/// ```
pub fn cross_correlation(
    x: &[Option<f64>],
    y: &[Option<f64>],
    most: usize,
    level: f64,
    bootstrap: BlockBootstrap,
) -> Result<Vec<LagCorrelation>, SeriesError> {
    pairs(x, y)?;
    let n = x.len();
    let most = most.min(n.saturating_sub(1));
    let mut lags = Vec::with_capacity(2 * most + 1);
    for (stream, shift) in (0_u64..).zip(0..=2 * most) {
        // x leads by shift − most, or follows by the opposite.
        let (lead, follow) = (shift.saturating_sub(most), most.saturating_sub(shift));
        let (early, late) = (&x[follow..n - lead], &y[lead..n - follow]);
        let (early, late) = pairs(early, late)?;
        let association = Association::pearson(&early, &late, bootstrap, stream);
        lags.push(LagCorrelation {
            lag: lead.cast_signed() - follow.cast_signed(),
            correlation: association.estimate(level),
            p_value: association.p_value(),
            adjusted: None,
        });
    }
    let p_values: Vec<f64> = lags.iter().map(|lag| lag.p_value.unwrap_or(f64::NAN)).collect();
    for (lag, adjusted) in lags.iter_mut().zip(benjamini_hochberg(&p_values)) {
        lag.adjusted = lag.p_value.map(|_| adjusted);
    }
    Ok(lags)
}
