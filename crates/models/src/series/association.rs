//! Correlation and beta of two series.

use crate::estimate::{Estimate, Interval, Method};

use super::block_bootstrap::{BlockBootstrap, Spread};
use super::error::SeriesError;
use super::moments::{Products, middle_ranks, positions};

/// Computes Pearson's correlation of two series by position, over the positions where both are
/// there.
///
/// The interval is Fisher's, tanh(artanh r ± t·σ), with σ from the block bootstrap: serial
/// dependence makes the interval of independent pairs too narrow. `n` is the number of pairs; fewer
/// than 20 have no interval. Give returns and not prices: trends correlate without meaning.
///
/// # Errors
/// If the series have different lengths.
///
/// ```
/// use tidegauge_models::series::{BlockBootstrap, correlation};
///
/// let x = [Some(1.0), Some(2.0), None, Some(3.0)];
/// let y = [Some(3.0), Some(5.0), Some(0.0), Some(7.0)];
/// let r = correlation(&x, &y, 0.9, BlockBootstrap::default())?;
/// assert!((r.value.unwrap() - 1.0).abs() < 1e-12 && r.n == 3);
/// # Ok::<(), tidegauge_models::series::SeriesError>(())
/// ```
pub fn correlation(
    x: &[Option<f64>],
    y: &[Option<f64>],
    level: f64,
    bootstrap: BlockBootstrap,
) -> Result<Estimate, SeriesError> {
    let (x, y) = pairs(x, y)?;
    Ok(Association::pearson(&x, &y, bootstrap, 0).estimate(level))
}

/// Computes Spearman's correlation, Pearson's of the ranks with ties at their middle rank; interval
/// and arguments as of [`correlation`].
///
/// # Errors
/// If the series have different lengths.
///
/// ```
/// use tidegauge_models::series::{BlockBootstrap, spearman};
///
/// let x = [Some(1.0), Some(2.0), Some(3.0)];
/// let cubes = [Some(1.0), Some(8.0), Some(27.0)];
/// let r = spearman(&x, &cubes, 0.9, BlockBootstrap::default())?;
/// assert!((r.value.unwrap() - 1.0).abs() < 1e-12);
/// # Ok::<(), tidegauge_models::series::SeriesError>(())
/// ```
pub fn spearman(
    x: &[Option<f64>],
    y: &[Option<f64>],
    level: f64,
    bootstrap: BlockBootstrap,
) -> Result<Estimate, SeriesError> {
    let (x, y) = pairs(x, y)?;
    let (x, y) = (positions(&x), positions(&y));
    let statistic = |rows: &[usize]| {
        let ranks = |positions: &[usize]| {
            middle_ranks(&rows.iter().map(|row| positions[*row]).collect::<Vec<usize>>())
        };
        Products::of(ranks(&x).into_iter().zip(ranks(&y))).correlation()
    };
    Ok(Association::of(x.len(), bootstrap, 0, statistic).estimate(level))
}

/// Computes the beta of an asset, the slope of its returns on those of the market, with the
/// interval β ± t·σ by the block bootstrap; arguments as of [`correlation`].
///
/// # Errors
/// If the series have different lengths.
///
/// ```
/// use tidegauge_models::series::{BlockBootstrap, beta};
///
/// let market = [Some(0.01), Some(-0.02), Some(0.03)];
/// let asset = [Some(0.02), Some(-0.04), Some(0.06)];
/// let slope = beta(&asset, &market, 0.9, BlockBootstrap::default())?;
/// assert!((slope.value.unwrap() - 2.0).abs() < 1e-12);
/// # Ok::<(), tidegauge_models::series::SeriesError>(())
/// ```
pub fn beta(
    asset: &[Option<f64>],
    market: &[Option<f64>],
    level: f64,
    bootstrap: BlockBootstrap,
) -> Result<Estimate, SeriesError> {
    let (asset, market) = pairs(asset, market)?;
    let slope = |rows: &mut dyn Iterator<Item = usize>| {
        let pairs: Vec<(f64, f64)> = rows.map(|row| (market[row], asset[row])).collect();
        Products::of(pairs.iter().copied()).slope()
    };
    let n = market.len();
    let Some(value) = slope(&mut (0..n)) else {
        return Ok(Estimate::undetermined(n as u64));
    };
    let spread = bootstrap.spread(n, 0, |rows| slope(&mut rows.iter().copied()));
    let interval = spread.and_then(|spread| spread.reach(level)).and_then(|reach| {
        Interval::new(value - reach, value + reach, level, Method::BlockBootstrap)
    });
    Ok(Estimate::new(value, interval, n as u64))
}

/// Returns the values of the positions where both series are there.
pub(super) fn pairs(
    x: &[Option<f64>],
    y: &[Option<f64>],
) -> Result<(Vec<f64>, Vec<f64>), SeriesError> {
    let (left, right) = (x.len(), y.len());
    if left != right {
        return Err(SeriesError::Length { left, right });
    }
    Ok(x.iter().zip(y).filter_map(|(x, y)| x.zip(*y)).unzip())
}

/// A correlation with its spread on the scale of Fisher's artanh.
#[derive(Debug, Clone, Copy)]
pub(super) struct Association {
    value: Option<f64>,
    spread: Option<Spread>,
    n: usize,
}

impl Association {
    /// Computes Pearson's correlation of paired values.
    pub(super) fn pearson(x: &[f64], y: &[f64], bootstrap: BlockBootstrap, stream: u64) -> Self {
        let statistic =
            |rows: &[usize]| Products::of(rows.iter().map(|row| (x[*row], y[*row]))).correlation();
        Self::of(x.len(), bootstrap, stream, statistic)
    }

    /// Computes a correlation of `n` pairs, given as a function of rows.
    fn of(
        n: usize,
        bootstrap: BlockBootstrap,
        stream: u64,
        correlation: impl Fn(&[usize]) -> Option<f64>,
    ) -> Self {
        let value = correlation(&(0..n).collect::<Vec<usize>>());
        let spread = bootstrap.spread(n, stream, |rows| correlation(rows).map(libm::atanh));
        Self { value, spread, n }
    }

    /// Returns the correlation with Fisher's interval.
    pub(super) fn estimate(&self, level: f64) -> Estimate {
        let n = self.n as u64;
        let Some(value) = self.value else { return Estimate::undetermined(n) };
        let reach = self.spread.and_then(|spread| spread.reach(level));
        let interval = reach.and_then(|reach| {
            let centre = libm::atanh(value);
            let (low, high) = (libm::tanh(centre - reach), libm::tanh(centre + reach));
            Interval::new(low, high, level, Method::BlockBootstrap)
        });
        Estimate::new(value, interval, n)
    }

    /// Returns the probability of a correlation as far from 0 if there is none.
    pub(super) fn p_value(&self) -> Option<f64> {
        Some(self.spread?.p_value(libm::atanh(self.value?)))
    }
}
