//! Returns of prices, and their volatility.

use crate::estimate::{Estimate, Interval, Method};

use super::block_bootstrap::BlockBootstrap;
use super::moments::deviation;
use super::rolling::rolling;

/// Returns the logarithmic returns ln(pᵢ/pᵢ₋₁), at the position of the later price; `None` at the
/// first position, and where one of the two prices is missing or not positive.
///
/// ```
/// use tidegauge_models::series::log_returns;
///
/// let returns = log_returns(&[Some(100.0), Some(110.0), None, Some(121.0)]);
/// assert!((returns[1].unwrap() - 1.1_f64.ln()).abs() < 1e-15);
/// assert_eq!((returns[0], returns[2], returns[3]), (None, None, None));
/// ```
#[must_use]
pub fn log_returns(prices: &[Option<f64>]) -> Vec<Option<f64>> {
    let log = |price: &Option<f64>| price.filter(|price| *price > 0.0).map(libm::log);
    let logs: Vec<Option<f64>> = prices.iter().map(log).collect();
    let changes = logs.windows(2).map(|pair| pair[1].zip(pair[0]).map(|(now, then)| now - then));
    prices.first().map(|_| None).into_iter().chain(changes).collect()
}

/// Computes the realised volatility, the standard deviation (n − 1) of the returns times
/// √`periods_per_year`, as a fraction per √year: with daily returns of a market that never closes,
/// `periods_per_year` is 365.25.
///
/// The interval is on the scale of the precision 1/σ², from the block bootstrap: volatility clusters,
/// and an interval for independent returns is too narrow; on the scale of the logarithm, it misses
/// twice as often below as above. None if its upper bound would be infinite. Missing returns are
/// left out.
///
/// ```
/// use tidegauge_models::series::{BlockBootstrap, realized_volatility};
///
/// let returns: Vec<Option<f64>> =
///     (0..60).map(|day| Some(if day % 3 == 0 { 0.02 } else { -0.01 })).collect();
/// let year = realized_volatility(&returns, 365.25, 0.9, BlockBootstrap::default());
/// assert!((year.value.unwrap() - 0.0142615 * 365.25_f64.sqrt()).abs() < 1e-5);
/// ```
#[must_use]
pub fn realized_volatility(
    returns: &[Option<f64>],
    periods_per_year: f64,
    level: f64,
    bootstrap: BlockBootstrap,
) -> Estimate {
    let values: Vec<f64> = returns.iter().flatten().copied().collect();
    let Some(value) = deviation(&values) else {
        return Estimate::undetermined(values.len() as u64);
    };
    let precision = |rows: &[usize]| {
        let sample: Vec<f64> = rows.iter().map(|row| values[*row]).collect();
        deviation(&sample).map(|deviation| deviation.powi(-2))
    };
    let spread = bootstrap.spread(values.len(), 0, precision);
    let year = periods_per_year.sqrt();
    let interval = spread.and_then(|spread| {
        let reach = spread.reach(level)?;
        let bound = |precision: f64| year / precision.sqrt();
        let (low, high) = (bound(value.powi(-2) + reach), bound(value.powi(-2) - reach));
        Interval::new(low, high, level, Method::BlockBootstrap)
    });
    Estimate::new(value * year, interval, values.len() as u64)
}

/// Returns the volatility of the last `window` returns at each position, the standard deviation
/// (n − 1) times √`periods_per_year`; `None` where one of them is missing.
///
/// ```
/// use tidegauge_models::series::rolling_volatility;
///
/// let rolling = rolling_volatility(&[None, Some(0.01), Some(-0.01), Some(-0.01)], 2, 1.0);
/// assert_eq!((rolling[1], rolling[3]), (None, Some(0.0)));
/// assert!((rolling[2].unwrap() - 0.02 / 2.0_f64.sqrt()).abs() < 1e-15);
/// ```
#[must_use]
pub fn rolling_volatility(
    returns: &[Option<f64>],
    window: usize,
    periods_per_year: f64,
) -> Vec<Option<f64>> {
    let year = periods_per_year.sqrt();
    rolling(returns, window, |values| deviation(values).map(|value| value * year))
}
